"""Decisions about artifacts: what may be built of what, and what must not be used any more.

An artifact that is AVAILABLE was built from a version that is approved for its hardware. Before that it may be registered
EVALUATION_ONLY, since latency is measured on a build; once the version is approved, registering it again makes it AVAILABLE.
Quarantine and deletion are final: a builder that repeats its request must not bring back what somebody took away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from forebear.domain.interface import Interface, Target, interface_fits
from forebear.domain.outcome import Connect, Describe, Effect, Reason, Revise, Verdict
from forebear.domain.permission import Permission, permission
from forebear.domain.standing import Case, Row
from forebear.graph.declaration import Change, Property
from forebear.graph.facts import json_text
from forebear.graph.kinds import Artifact, ArtifactState
from forebear.graph.moments import parse

NOT_FOUND = "NOT_FOUND"
MISSING = "MISSING"
DIGEST_DISAGREES = "DIGEST_DISAGREES"
OTHER_STATE = "OTHER_STATE"
OTHER_VALUE = "OTHER_VALUE"
OTHER_TARGET = "OTHER_TARGET"
IN_USE = "IN_USE"

_NAME = re.compile(r"artifact:(?P<digest>[a-z0-9]+:[0-9a-f]+)")
_REGISTERED = (ArtifactState.AVAILABLE, ArtifactState.EVALUATION_ONLY)


class VersionRow(Row, frozen=True):
    """A model version's interface. Not described: only named by others so far."""

    id: str
    described_at: str | None = None
    rate_hz: float | None = None
    memory_mib: float | None = None
    robot_software: str | None = None

    @property
    def interface(self) -> Interface:
        """What it needs."""
        return Interface(self.id, self.rate_hz, self.memory_mib, self.robot_software)


class TargetRow(Row, frozen=True):
    """A hardware target."""

    id: str
    described_at: str | None = None
    memory_mib: float | None = None

    @property
    def target(self) -> Target:
        """The target as an interface is held against it."""
        return Target(self.id, self.memory_mib)


class ArtifactRow(Row, frozen=True):
    """An artifact as it stands: `values` are those of its fact, in the graph's form. Not described: only seen so far."""

    id: str
    values: dict[str, Any]
    described_at: str | None = None
    state: ArtifactState | None = None
    revision: int = 0


class DeploymentRow(Row, frozen=True):
    """A deployment of it that is not over."""

    id: str
    state: str
    place: str


class Build(Row, frozen=True):
    """A row of `cypher/actions/artifact_facts.cypher`; its artifact is null where there is none."""

    artifact: ArtifactRow | None = None
    version: VersionRow | None = None
    target: TargetRow | None = None
    authorized_by: tuple[str, ...] = ()
    deployments: tuple[DeploymentRow, ...] = ()

    @property
    def is_registered(self) -> bool:
        """Whether it was ever registered, rather than only seen somewhere."""
        return self.artifact is not None and self.artifact.described_at is not None


class Ground(Row, frozen=True):
    """The row of `cypher/actions/build_facts.cypher`: what an artifact is said to be built from and for."""

    version: VersionRow | None = None
    target: TargetRow | None = None


def register(fact: Mapping[str, Any], ground: Ground, known: Build, cases: Iterable[Case]) -> Verdict:
    """An artifact is registered: for the first time, completing what robots reported, or again, with what is new about it.

    `cases` are the releases of its version. The same again changes nothing, and so does EVALUATION_ONLY of what is AVAILABLE;
    other values are refused, both shown.
    """
    id = str(fact["id"])
    state = ArtifactState(fact.get("state") or ArtifactState.AVAILABLE)
    if state not in _REGISTERED:
        verb = "quarantineArtifact" if state is ArtifactState.QUARANTINED else "deleteArtifact"
        return Verdict(id, reasons=(Reason(OTHER_STATE, f"state: an artifact is not registered as {state}", f"use {verb}"),))
    stands = known.artifact.state if known.artifact and known.is_registered else None
    if stands is ArtifactState.AVAILABLE:
        state = stands
    ground = Ground(ground.version or known.version, ground.target or known.target)
    fact = {
        **fact,
        "state": state.value,
        "builtFrom": _end(fact, "builtFrom", known.version),
        "target": _end(fact, "target", known.target),
        "authorizedBy": [],
    }
    reasons = [*_named(fact), *_grounded(fact, ground), *_unlike(fact, known)]
    if state is not stands and ground.version and ground.target:
        reasons += interface_fits(ground.version.interface, ground.target.target)
        if state is ArtifactState.AVAILABLE:
            granted, refused = _permissions(ground.version.id, ground.target.id, cases)
            reasons += refused
            fact["authorizedBy"] = list(dict.fromkeys(d for p in granted for d in p.decisions))
    if reasons:
        return Verdict(id, reasons=tuple(reasons))
    if not known.is_registered:
        return Verdict(id, (Describe({**fact, "digest": id.removeprefix("artifact:")}),))
    return Verdict(id, tuple(_completed(fact, known)))


def quarantine(id: str, known: Build) -> Verdict:
    """An artifact must not be used any more. What runs of it goes on, and shows as drift."""
    return _taken_away(id, known, ArtifactState.QUARANTINED)


def delete(id: str, known: Build) -> Verdict:
    """An artifact's content is gone, and its record stays. Refused while a deployment of it is not over."""
    if known.artifact is not None and known.artifact.state is not ArtifactState.DELETED and known.deployments:
        reasons = (
            Reason(IN_USE, f"{d.id} on {d.place} is {d.state}", f"have {d.place} run something else, or report {d.id} ENDED")
            for d in known.deployments
        )
        return Verdict(id, reasons=tuple(reasons))
    return _taken_away(id, known, ArtifactState.DELETED)


def _taken_away(id: str, known: Build, state: ArtifactState) -> Verdict:
    artifact = known.artifact
    if artifact is None or not known.is_registered:
        seen = "was seen on a robot and never registered" if artifact else "is not known"
        reason = Reason(NOT_FOUND, f"artifact: {id} {seen}", "nothing: what is not registered cannot be deployed")
        return Verdict(id, reasons=(reason,))
    if artifact.state is state:
        return Verdict(id)
    if artifact.state is ArtifactState.DELETED:
        return Verdict(id, reasons=(Reason(OTHER_STATE, f"{id} is DELETED", "nothing: what is deleted cannot be deployed"),))
    return Verdict(id, (Revise(id, {"state": artifact.state}, {"state": state.value}),))


def _end(fact: Mapping[str, Any], name: str, known: VersionRow | TargetRow | None) -> str | None:
    """Where an edge of the fact leads, or led already."""
    given = fact.get(name)
    if given is not None:
        return str(given["id"] if isinstance(given, Mapping) else given)
    return known.id if known else None


def _named(fact: Mapping[str, Any]) -> Iterator[Reason]:
    """What is wrong with an artifact's name: it is its digest, so that a digest that a robot reports is already its id."""
    found = _NAME.fullmatch(fact["id"])
    if found is None:
        said = f"id: {fact['id']} does not name an artifact by its digest"
        yield Reason(DIGEST_DISAGREES, said, "name it artifact:algorithm:hex, such as artifact:sha256:3019…, in lower case")
    elif fact.get("digest") not in (None, found["digest"]):
        said = f"digest: {fact['digest']} is not the digest that names {fact['id']}"
        yield Reason(DIGEST_DISAGREES, said, "name it by the digest of its content")


def _grounded(fact: Mapping[str, Any], ground: Ground) -> Iterator[Reason]:
    """What an artifact must be built from and for, and is not known."""
    for name, found, remedy in (
        ("builtFrom", ground.version, "register the version as a candidate first (registerCandidate)"),
        ("target", ground.target, "record the hardware target first"),
    ):
        if fact[name] is None:
            what = "version that it was built from" if name == "builtFrom" else "hardware target that it was built for"
            yield Reason(MISSING, f"{name}: is required", f"name the {what}")
        elif found is None or found.described_at is None:
            yield Reason(NOT_FOUND, f"{name}: {fact[name]} is not known, or not described yet", remedy)


def _unlike(fact: Mapping[str, Any], known: Build) -> Iterator[Reason]:
    """What the fact says otherwise than what is registered."""
    artifact = known.artifact
    if artifact is None or not known.is_registered:
        return
    if artifact.state not in (None, *_REGISTERED):
        said = f"state: {artifact.id} is {artifact.state}, and this says {fact['state']}"
        yield Reason(OTHER_STATE, said, "build it anew, and register the new build under its own digest")
    other = "register what was built otherwise under its own digest"
    for name, row in (("builtFrom", known.version), ("target", known.target)):
        if row is not None and fact[name] not in (None, row.id):
            said = f"{name}: {artifact.id} has {row.id}, registered before, and this says {fact[name]}"
            yield Reason(OTHER_VALUE, said, other)
    for p, before, value in _given(fact, artifact):
        if p.change is Change.IMMUTABLE and before not in (None, value):
            said = f"{p.name}: {artifact.id} has {before!r}, registered before, and this says {value!r}"
            yield Reason(OTHER_VALUE, said, other)


def _given(fact: Mapping[str, Any], artifact: ArtifactRow) -> Iterator[tuple[Property, Any, Any]]:
    """The properties that a fact gives, but for the state: what the graph has of each, and what the fact says."""
    for p in Artifact.kind.properties.values():
        if p.name != "state" and fact.get(p.name) is not None:
            yield p, artifact.values.get(p.name), _stored(p, fact[p.name])


def _stored(p: Property, value: Any) -> Any:
    """A value of a fact as the graph holds it."""
    if p.is_json:
        return json_text(value)
    return parse(value) if p.type is datetime else value


def _permissions(version: str, target: str, cases: Iterable[Case]) -> tuple[list[Permission], list[Reason]]:
    """What lets a version run in some line for a target; where nothing does, why."""
    every = sorted(cases, key=lambda c: c.line.id)
    lines = [case for case in every if case.line.target == target]
    found = [permission(case) for case in lines]
    if granted := [p for p in found if isinstance(p, Permission)]:
        return granted, []
    if lines:
        return [], [r for r in found if isinstance(r, Reason)]
    others = ", ".join(f"{c.line.id} (for {c.line.target})" for c in every) or "no line"
    said = f"target: {version} stands in no release line for {target}; it stands in {others}"
    return [], [Reason(OTHER_TARGET, said, f"register it as a candidate in a line for {target}, and have it approved there")]


def _completed(fact: Mapping[str, Any], known: Build) -> Iterator[Effect]:
    """What registering again adds to an artifact that is registered: values that were not known, its release, decisions."""
    artifact = known.artifact
    assert artifact is not None
    changed = {p.name: (before, value) for p, before, value in _given(fact, artifact) if before != value}
    if fact["state"] != artifact.state:
        changed["state"] = (artifact.state, fact["state"])
    if changed:
        before, after = ({name: pair[i] for name, pair in changed.items()} for i in (0, 1))
        yield Revise(artifact.id, before, after)
    for name, row in (("builtFrom", known.version), ("target", known.target)):
        if row is None:
            yield Connect(artifact.id, name, fact[name])
    yield from (Connect(artifact.id, "authorizedBy", d) for d in fact["authorizedBy"] if d not in known.authorized_by)
