"""Decisions about artifacts: what may be built from what, and what nobody may use any more.

An AVAILABLE artifact was built from a version that is approved for its hardware. Before the approval an artifact can be
registered as EVALUATION_ONLY, since latency is measured on a build. Register it again after the approval, and it becomes
AVAILABLE. Quarantine and deletion are final: a builder that repeats its request must not bring back what somebody took away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from forebear.domain.case import Case
from forebear.domain.digest import malformed
from forebear.domain.interface import Interface, TargetSpec, interface_fits
from forebear.domain.outcome import Connect, Describe, Reason, Revise, Ruling
from forebear.domain.permission import Permission, permission
from forebear.domain.place import not_over
from forebear.domain.recall.standing import RECALLED, recalled
from forebear.domain.reference import UNKNOWN
from forebear.domain.restatement import Restatement, restated
from forebear.domain.standing import RecallRow, Row, UpstreamRow
from forebear.domain.values import against
from forebear.graph.kinds.release import ArtifactState
from forebear.graph.rows import EdgeRow, NodeRow

NOT_FOUND = "NOT_FOUND"
MISSING = "MISSING"
DIGEST_DISAGREES = "DIGEST_DISAGREES"
OTHER_STATE = "OTHER_STATE"
OTHER_TARGET = "OTHER_TARGET"
IN_USE = "IN_USE"

_GROUNDS = ("builtFrom", "target")
_REGISTERED = (ArtifactState.AVAILABLE, ArtifactState.EVALUATION_ONLY)

TAKEN_AWAY = {ArtifactState.QUARANTINED: "quarantinedAt", ArtifactState.DELETED: "deletedAt"}
"""The states in which nobody may use an artifact, each with the property that holds its moment."""


class BuiltVersionRow(Row, frozen=True):
    """A model version's interface. A version without `described_at` is only named by others so far."""

    id: str
    described_at: str | None = None
    rate_hz: float | None = None
    memory_mib: float | None = None
    robot_software: str | None = None

    @property
    def interface(self) -> Interface:
        """The interface of the version."""
        return Interface(self.id, self.rate_hz, self.memory_mib, self.robot_software)


class TargetRow(Row, frozen=True):
    """A hardware target."""

    id: str
    described_at: str | None = None
    memory_mib: float | None = None

    @property
    def target(self) -> TargetSpec:
        """The target in the form in which an interface is compared with it."""
        return TargetSpec(self.id, self.memory_mib)


class ArtifactRow(Row, frozen=True):
    """An artifact. `values` are those of its fact, in the graph's form. Without `described_at` it was only seen so far."""

    id: str
    values: dict[str, Any]
    described_at: str | None = None
    state: ArtifactState | None = None
    revision: int = 0


class ArtifactDeploymentRow(Row, frozen=True):
    """A deployment of the artifact that is not over."""

    id: str
    state: str
    place: str | None


class ArtifactFactsRow(Row, frozen=True):
    """A row of `cypher/actions/artifact_facts.cypher`. The artifact is None if there is none."""

    artifact: ArtifactRow | None = None
    version: BuiltVersionRow | None = None
    target: TargetRow | None = None
    authorized_by: tuple[str, ...] = ()
    deployments: tuple[ArtifactDeploymentRow, ...] = ()
    upstream: tuple[UpstreamRow, ...] = ()
    """What it descends from, itself included, if a recall names any of it."""

    @property
    def recalled(self) -> Reason | None:
        """Return the reason that it may run nowhere, because a recall that stands names it by lineage."""
        return recalled(self.artifact.id, self.upstream) if self.artifact else None

    @property
    def stored(self) -> dict[str, Any]:
        """Return the stored values, in the graph's form, and the ids that its edges lead to."""
        values = {} if self.artifact is None else {**self.artifact.values, "state": self.artifact.state}
        ends = {"builtFrom": self.version, "target": self.target}
        return {**values, **{name: [end.id] if end else [] for name, end in ends.items()}}

    @property
    def is_registered(self) -> bool:
        """Return whether somebody registered it. If not, it was at most seen on a robot."""
        return self.artifact is not None and self.artifact.described_at is not None


def the_one(builds: Iterable[ArtifactFactsRow]) -> ArtifactFactsRow:
    """Return the row that holds the artifact, or an empty row if none does."""
    return next((build for build in builds if build.artifact), ArtifactFactsRow())


class BuildFactsRow(Row, frozen=True):
    """The row of `cypher/actions/build_facts.cypher`: the version and the target that an artifact names."""

    version: BuiltVersionRow | None = None
    target: TargetRow | None = None
    upstream: tuple[UpstreamRow, ...] = ()
    """What the version descends from, itself included, if a recall names any of it."""
    toolchain: tuple[RecallRow, ...] = ()
    """The recalls of the toolchain."""

    def recalled(self, artifact: str) -> Reason | None:
        """Return the reason that an artifact may not be built so, because a recall names its version or its toolchain."""
        version = recalled(self.version.id, self.upstream) if self.version else None
        return version or recalled(artifact, (UpstreamRow(artifact, recalls=self.toolchain),))


def register(
    fact: Mapping[str, Any], row: NodeRow, ground: BuildFactsRow, facts: ArtifactFactsRow, cases: Iterable[Case], now: str
) -> Ruling:
    """Register an artifact: for the first time, after robots reported it, or again with more values.

    `row` is the fact as the graph holds it, and `cases` are the releases of its version. The same request again changes
    nothing, nor does EVALUATION_ONLY for an artifact that is AVAILABLE. Values that were missing are added. Other values are
    refused, and the reason shows both. What is recalled is not registered.
    """
    id = row.id
    state = ArtifactState(fact.get("state") or ArtifactState.AVAILABLE)
    if state not in _REGISTERED:
        verb = "quarantineArtifact" if state is ArtifactState.QUARANTINED else "deleteArtifact"
        return Ruling(id, reasons=(Reason(OTHER_STATE, f"state: an artifact is not registered as {state}", f"use {verb}"),))
    former_state = facts.artifact.state if facts.artifact and facts.is_registered else None
    state = former_state if former_state is ArtifactState.AVAILABLE else state
    barred = facts.recalled or ground.recalled(id)
    ground = BuildFactsRow(ground.version or facts.version, ground.target or facts.target)
    row = replace(row, guaranteed={n: v for n, v in row.guaranteed.items() if n != "state"}, edges=_grounds(row))
    again = _again(row, facts)
    reasons = [
        *_named(row),
        # Its id holds its digest, so a malformed digest already disagrees with the id.
        *against((p for p in row.kind.properties.values() if p.name != "digest"), row.guaranteed, now),
        *_grounded(row, ground, facts),
        *_against_return(id, former_state, state),
        *(
            Reason(OTHER_STATE, f"{n}: an artifact is not registered with it", f"leave it out, or use {verb}")
            for n, verb in (("quarantinedAt", "quarantineArtifact"), ("deletedAt", "deleteArtifact"))
            if n in row.guaranteed
        ),
        *again.reasons,
    ]
    decisions: list[str] = []
    if state is not former_state and ground.version and ground.target:
        reasons += interface_fits(ground.version.interface, ground.target.target)
        if state is ArtifactState.AVAILABLE:
            granted, refused = _permissions(ground.version.id, ground.target.id, cases)
            reasons += (r for r in refused if r.code != RECALLED)
            decisions = list(dict.fromkeys(d for p in granted for d in p.decisions))
    news = {n: v for n, v in row.guaranteed.items() if facts.stored.get(n) is None}
    if barred and (state is not former_state or news or again.effects):
        reasons.append(barred)
    if reasons:
        return Ruling(id, reasons=tuple(reasons))
    if not facts.is_registered:
        values = {"state": state.value, "digest": id.removeprefix("artifact:"), "authorizedBy": decisions}
        return Ruling(id, (Describe({**fact, **values}),))
    news |= {"state": state.value} if state is not former_state else {}
    revised = [Revise(id, {n: facts.stored.get(n) for n in news}, news)] if news else []
    connected = (Connect(id, "authorizedBy", d) for d in decisions if d not in facts.authorized_by)
    return Ruling(id, (*revised, *again.effects, *connected))


def buildable(target: TargetRow | None, cases: Iterable[Case]) -> list[Permission]:
    """Return what allows versions to be built for a hardware target that has enough memory, by line and version."""
    if target is None:
        return []
    every = sorted(cases, key=lambda c: (c.line.id, c.version.id))
    fitting = (c for c in every if not interface_fits(c.version.interface, target.target))
    return [allowed for c in fitting if isinstance(allowed := permission(c), Permission)]


def quarantine(id: str, facts: ArtifactFactsRow, now: str) -> Ruling:
    """Forbid the use of an artifact. Robots that run it go on, and show as drift."""
    return _taken_away(id, facts, ArtifactState.QUARANTINED, now)


def delete(id: str, facts: ArtifactFactsRow, now: str) -> Ruling:
    """Record that an artifact's content is gone. Refuse while a deployment of it is not over."""
    if facts.artifact is not None and facts.artifact.state is not ArtifactState.DELETED and facts.deployments:
        return Ruling(id, reasons=tuple(not_over(IN_USE, d.id, d.state, d.place) for d in facts.deployments))
    return _taken_away(id, facts, ArtifactState.DELETED, now)


def _taken_away(id: str, facts: ArtifactFactsRow, state: ArtifactState, now: str) -> Ruling:
    artifact = facts.artifact
    if artifact is None or not facts.is_registered:
        why = "was seen on a robot and never registered" if artifact else "is not known"
        reason = Reason(NOT_FOUND, f"artifact: {id} {why}", "nothing: what is not registered cannot be deployed")
        return Ruling(id, reasons=(reason,))
    if artifact.state is state:
        return Ruling(id)
    if artifact.state is ArtifactState.DELETED:
        return Ruling(id, reasons=(Reason(OTHER_STATE, f"{id} is DELETED", "nothing: what is deleted cannot be deployed"),))
    since = TAKEN_AWAY[state]
    return Ruling(id, (Revise(id, {"state": artifact.state, since: None}, {"state": state.value, since: now}),))


def _grounds(row: NodeRow) -> tuple[EdgeRow, ...]:
    """Return the edges that the author of a fact knows: what it was built from and for, not what authorised it."""
    return tuple(e for e in row.edges if e.edge.name in _GROUNDS)


def _again(row: NodeRow, facts: ArtifactFactsRow) -> Restatement:
    """Compare a fact with the stored artifact, except for values that the artifact did not have before."""
    if not facts.is_registered:
        return Restatement((), ())
    stored = {n: row.guaranteed.get(n) if v is None and n in row.guaranteed else v for n, v in facts.stored.items()}
    growing = [name for name in _GROUNDS if not facts.stored[name]]
    return restated(row, stored, "register what was built otherwise under its own digest", growing)


def _against_return(id: str, former_state: ArtifactState | None, state: ArtifactState) -> Iterator[Reason]:
    """Explain why an artifact does not come back."""
    if former_state not in (None, *_REGISTERED):
        message = f"state: {id} is {former_state}, and the request says {state}"
        yield Reason(OTHER_STATE, message, "build it anew, and register the new build under its own digest")


def _named(row: NodeRow) -> Iterator[Reason]:
    """Explain what is wrong with an artifact's id. It is its digest, so a digest that a robot reports is already the id."""
    name = row.id.removeprefix("artifact:")
    if reason := malformed("id", name):
        yield reason
    elif (digest := row.guaranteed.get("digest", name)) != name:
        yield Reason(
            DIGEST_DISAGREES, f"digest: {digest} differs from the digest in the id {row.id}", "name it by its content's digest"
        )


def _grounded(row: NodeRow, ground: BuildFactsRow, facts: ArtifactFactsRow) -> Iterator[Reason]:
    """Refuse a version or a target that is missing or unknown."""
    ends = {e.edge.name: e.target for e in row.edges}
    for name, described, what, remedy in (
        ("builtFrom", ground.version, "version", "register the version as a candidate first (registerCandidate)"),
        ("target", ground.target, "hardware target", "record the hardware target first"),
    ):
        end = ends.get(name) or next(iter(facts.stored[name]), None)
        if end is None:
            yield Reason(MISSING, f"{name}: is required", f"name its {what}")
        elif described is None or described.described_at is None:
            yield Reason(UNKNOWN, f"{name}: {end} is not known, or not described yet", remedy)


def _permissions(version: str, target: str, cases: Iterable[Case]) -> tuple[list[Permission], list[Reason]]:
    """Return what allows a version to run for a target, or the reasons if nothing does."""
    every = sorted(cases, key=lambda c: c.line.id)
    lines = [case for case in every if case.line.target == target]
    answers = [permission(case) for case in lines]
    if granted := [p for p in answers if isinstance(p, Permission)]:
        return granted, []
    if lines:
        return [], [r for r in answers if isinstance(r, Reason)]
    others = ", ".join(f"{c.line.id} (for {c.line.target})" for c in every) or "no line"
    message = f"target: {version} is in no release line for {target}; it is in {others}"
    return [], [Reason(OTHER_TARGET, message, f"register it as a candidate in a line for {target}, and have it approved there")]
