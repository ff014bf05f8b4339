"""Which action a governed fact is: the same as its mutation, so that there is one way in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from forebear.graph.ids import release_id
from forebear.graph.kinds.fleet import DeploymentState
from forebear.graph.kinds.release import ArtifactState, DecisionType, ReleaseState
from forebear.graph.kinds.release import Verdict as Came

Document = Mapping[str, Any]


class NoAction(ValueError):
    """No action comes to what a governed fact says; the messages say why, each beginning with the member."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True)
class Asked:
    """The action that a governed fact asks for, its input, and the fact's member that each part of the input is.

    `read`: members that say which action it is, or what must hold already. `key` is its idempotency key, if it has one.
    """

    verb: str
    input: dict[str, Any]
    members: Mapping[str, str] = field(default_factory=dict)
    read: Collection[str] = ()
    key: str | None = None

    def said(self, message: str) -> str:
        """What the action says of its input, said of the fact's member."""
        path, colon, rest = message.partition(":")
        name, dot, below = path.partition(".")
        return f"{self.members.get(name, name)}{dot}{below}{colon}{rest}"


def _named(verb: str, fact: Document, *read: str, **members: str) -> Asked:
    """An action that takes members of a fact, by its own names for them."""
    return Asked(verb, {name: fact[of] for name, of in members.items() if of in fact}, members, read)


def _version(fact: Document) -> Asked:
    return Asked("registerCandidate", {"versions": [fact], "lines": []}, read=fact)


def _release(fact: Document) -> Asked:
    if fact["state"] != ReleaseState.CANDIDATE:
        raise NoAction("state: a release begins as a CANDIDATE; decisions about it change its state")
    if unsaid := [f"{name}: is missing" for name in ("version", "line") if name not in fact]:
        raise NoAction(*unsaid)
    version, line = fact["version"], fact["line"]
    if fact["id"] != (expected := release_id(version, line)):
        raise NoAction(f"id: the release of {version} in {line} is {expected}")
    input = {"versions": [{"kind": "ModelVersion", "id": version}], "lines": [line]}
    return Asked("registerCandidate", input, {"versions": "version", "lines": "line"}, ("id", "state"))


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


_OWN_MEMBERS = {"override": "expiresAt", "deprecate": "rollbackAllowed"}
"""What a decision says that no other does."""


def _decision(fact: Document) -> Asked:
    if "type" not in fact:
        raise NoAction("type: is required, since it says what is to be decided")
    verb = _DECIDED_BY.get(fact["type"])
    if verb is None:
        raise NoAction(f"type: nobody takes a decision of type {fact['type']}: the policy does, when evidence arrives")
    if fact.get("verdict", Came.GRANTED) != Came.GRANTED:
        raise NoAction("verdict: a request says GRANTED; only the registry answers REFUSED")
    about = fact.get("about", [])
    if len(about) != 1:
        raise NoAction(f"about: a decision is about one release; {len(about)} are named")
    input, members = {"release": about[0]}, {"release": "about", "reason": "reasons"}
    if reasons := fact.get("reasons"):
        input["reason"] = "; ".join(reasons)
    if own := _OWN_MEMBERS.get(verb):
        members[own] = own
        input |= {name: fact[name] for name in (own,) if name in fact}
    # A decision has no other identity than its fact's id, so that the same fact twice is one decision.
    return Asked(verb, input, members, ("id", "type", "verdict"), key=fact["id"])


def _artifact(fact: Document) -> Asked:
    verb = _TAKEN_AWAY_BY.get(fact.get("state", ""))
    if verb is None:
        return Asked("registerArtifact", {"artifact": fact}, read=fact)
    asked = _named(verb, fact, "state", artifact="id", reason="description")
    asked.input.setdefault("reason", "Recorded as a fact.")
    return asked


_TAKEN_AWAY_BY = {ArtifactState.QUARANTINED: "quarantineArtifact", ArtifactState.DELETED: "deleteArtifact"}


def _deployment(fact: Document) -> Asked:
    if fact["state"] == DeploymentState.PLANNED and fact.get("rollsBack"):
        return _named("rollBack", fact, "state", "rollsBack", id="id", to="artifact", on="on", reason="reason")
    if fact["state"] == DeploymentState.PLANNED:
        names = {"artifact": "artifact", "on": "on", "reason": "reason", "plannedFor": "plannedFor"}
        return _named("requestDeployment", fact, "state", id="id", **names)
    when = {"at": "validTo", "activeFrom": "validFrom"} if "validTo" in fact else {"at": "validFrom"}
    names = {"state": "state", "failedRobots": "failedRobots", "reason": "reason", **when}
    return _named("reportDeployment", fact, deployment="id", **names)


def _decommissioning(fact: Document) -> Asked:
    # As a decision, it has no other identity than its fact's id.
    return replace(_named("decommission", fact, "id", place="place", reason="reason"), key=fact["id"])


def _policy(fact: Document) -> Asked:
    if "description" not in fact:
        raise NoAction("description: is missing; say there why the policy is adopted")
    return Asked("adoptPolicy", {"policy": fact, "reason": fact["description"]}, {"reason": "description"}, fact)


_ASKED: Mapping[str, Callable[[Document], Asked]] = {
    "ModelVersion": _version,
    "Release": _release,
    "Correction": lambda fact: _named("correct", fact, of="of", values="values", reason="reason"),
    "Evidence": lambda fact: Asked("attachEvidence", {"evidence": fact}, read=fact),
    "ReleasePolicy": _policy,
    "Decision": _decision,
    "Artifact": _artifact,
    "Deployment": _deployment,
    "Decommissioning": _decommissioning,
}

VERBS = (
    "registerCandidate",
    "attachEvidence",
    "adoptPolicy",
    *dict.fromkeys(_DECIDED_BY.values()),
    "correct",
    "registerArtifact",
    *_TAKEN_AWAY_BY.values(),
    "requestDeployment",
    "reportDeployment",
    "rollBack",
    "decommission",
)
"""The actions that facts may be."""


def is_action(kind: str) -> bool:
    """Whether facts of a governed kind are actions."""
    return kind in _ASKED


def asked(fact: Document) -> Asked:
    """The action that a governed fact asks for; the fact as a tidy document. Raises `NoAction`."""
    make = _ASKED.get(str(fact["kind"]))
    if make is None:
        raise NoAction(f"kind: {fact['kind']} is governed, and no action records one yet")
    found = make(fact)
    if beside := sorted({*fact} - {"kind", *found.members.values(), *found.read}):
        raise NoAction(*(f"{name}: this fact asks for {found.verb}, which takes no {name}; leave it out" for name in beside))
    return found
