"""Which action a governed fact is: the same as its mutation, so that there is one way in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from forebear.graph.ids import release_id
from forebear.graph.kinds import ArtifactState, DecisionType, DeploymentState, ReleaseState
from forebear.graph.kinds import Verdict as Came

Document = Mapping[str, Any]


class NoAction(ValueError):
    """No action comes to what a governed fact says; the message says what does."""


def _version(fact: Document) -> tuple[str, dict[str, Any]]:
    return "registerCandidate", {"versions": [fact], "lines": []}


def _end(value: object) -> str | None:
    """Where an edge of a fact leads, as far as can be told before it is checked."""
    id = value.get("id") if isinstance(value, Mapping) else value
    return id if isinstance(id, str) else None


def _release(fact: Document) -> tuple[str, dict[str, Any]]:
    if fact.get("state", ReleaseState.CANDIDATE) != ReleaseState.CANDIDATE:
        raise NoAction("state: a release begins as a CANDIDATE; decisions about it change its state")
    version, line = _end(fact.get("version")), _end(fact.get("line"))
    if version and line and fact.get("id") != (expected := release_id(version, line)):
        raise NoAction(f"id: the release of {version} in {line} is {expected}")
    return "registerCandidate", {"versions": [{"kind": "ModelVersion", "id": version}], "lines": [line]}


_DECIDED_BY = {
    DecisionType.VOTE: "approve",
    DecisionType.APPROVAL: "approve",
    DecisionType.REJECTION: "reject",
    DecisionType.WITHDRAWAL: "withdrawApproval",
    DecisionType.DEPRECATION: "deprecate",
    DecisionType.ARCHIVAL: "archive",
    DecisionType.RESTORATION: "restore",
    DecisionType.OVERRIDE: "override",
}


def _decision(fact: Document) -> tuple[str, dict[str, Any]]:
    if fact.get("type") is None:
        raise NoAction("type: is required, since it says what is to be decided")
    verb = _DECIDED_BY.get(fact["type"])
    if verb is None:
        raise NoAction(f"type: nobody takes a decision of type {fact.get('type')}: the policy does, when evidence arrives")
    if fact.get("verdict", Came.GRANTED) != Came.GRANTED:
        raise NoAction("verdict: what is asked for is GRANTED; REFUSED is an answer of the registry's")
    about = fact.get("about") or []
    if len(about) != 1:
        raise NoAction(f"about: a decision is about one release; {len(about)} are named")
    input: dict[str, Any] = {"release": about[0], "reason": "; ".join(fact.get("reasons") or ()) or None}
    if verb == "override":
        input["expiresAt"] = fact.get("expiresAt")
    return verb, input


def _artifact(fact: Document) -> tuple[str, dict[str, Any]]:
    reason = fact.get("description") or "Recorded as a fact."
    match fact.get("state"):
        case ArtifactState.QUARANTINED:
            return "quarantineArtifact", {"artifact": fact["id"], "reason": reason}
        case ArtifactState.DELETED:
            return "deleteArtifact", {"artifact": fact["id"], "reason": reason}
    return "registerArtifact", {"artifact": fact}


def _deployment(fact: Document) -> tuple[str, dict[str, Any]]:
    state, back = fact.get("state"), fact.get("rollsBack")
    if state == DeploymentState.PLANNED and back:
        return "rollBack", _named(fact, id="id", to="artifact", on="on", reason="reason")
    if state == DeploymentState.PLANNED:
        return "requestDeployment", _named(
            fact, id="id", artifact="artifact", on="on", reason="reason", plannedFor="plannedFor"
        )
    input = _named(fact, deployment="id", state="state", failedRobots="failedRobots", reason="reason")
    if (until := fact.get("validTo")) is None:
        return "reportDeployment", input | {"at": fact.get("validFrom")}
    return "reportDeployment", input | {"at": until, "activeFrom": fact.get("validFrom")}


def _named(fact: Document, **names: str) -> dict[str, Any]:
    """Values of a fact by the names that an action has for them."""
    return {name: fact.get(of) for name, of in names.items()}


_ASKED: Mapping[str, Callable[[Document], tuple[str, dict[str, Any]]]] = {
    "ModelVersion": _version,
    "Release": _release,
    "Correction": lambda fact: ("correct", {name: fact.get(name) for name in ("of", "values", "reason")}),
    "Evidence": lambda fact: ("attachEvidence", {"evidence": fact}),
    "ReleasePolicy": lambda fact: ("adoptPolicy", {"policy": fact, "reason": fact.get("description")}),
    "Decision": _decision,
    "Artifact": _artifact,
    "Deployment": _deployment,
}


def is_action(kind: str) -> bool:
    """Whether facts of a governed kind are actions."""
    return kind in _ASKED


def asked(fact: Document) -> tuple[str, dict[str, Any]]:
    """The action that a governed fact asks for, and its input. Raises `NoAction`."""
    make = _ASKED.get(str(fact["kind"]))
    if make is None:
        raise NoAction(f"kind: {fact['kind']} is governed, and no action records one yet")
    verb, input = make(fact)
    return verb, {name: value for name, value in input.items() if value is not None}
