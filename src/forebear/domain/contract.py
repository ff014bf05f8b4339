"""The contract of a deployment: what may run at a place, and every reason against what may not.

The artifact is registered and available. Its version may run in a line of the place's fleet, and the artifact is built for that
line's hardware. The version's interface fits the robots of the place. There was a canary, if the line's policy asks for one.
What holds for one hardware target, or in one line, never counts for another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from forebear.domain.artifact import OTHER_TARGET, ArtifactFactsRow
from forebear.domain.canary import Observation
from forebear.domain.case import Case
from forebear.domain.interface import interface_fits
from forebear.domain.outcome import Reason
from forebear.domain.permission import Permission, overridden, permission
from forebear.domain.place import FleetRow, PlaceFactsRow
from forebear.domain.recall.standing import RECALLED
from forebear.domain.reference import UNKNOWN
from forebear.domain.standing import LineRow
from forebear.graph.kinds.release import ArtifactState, Basis

DECOMMISSIONED = "DECOMMISSIONED"
NO_FLEET = "NO_FLEET"
NO_LINE = "NO_LINE"
NOT_IN_LINE = "NOT_IN_LINE"
NOT_AVAILABLE = "NOT_AVAILABLE"
NOT_BUILT = "NOT_BUILT"
OVER = "OVER"
STOPPED = "STOPPED"


@dataclass(frozen=True)
class Grounds:
    """What a permission rests on: releases, and what robots were observed to run where policies ask for canaries."""

    cases: Sequence[Case]
    observations: Sequence[Observation] = ()
    goes_back: bool = False
    """Whether it is to run again. Then what `permission` says of that holds, and no policy asks for a canary."""

    def permission(self, case: Case, build: str, place: PlaceFactsRow) -> Iterable[Permission | Reason]:
        """Return what lets a release's artifact run at a place, or every reason why nothing does.

        An override lifts what a canary lacks.
        """
        granted = permission(case, goes_back=self.goes_back)
        if self.goes_back or isinstance(granted, Reason) or granted.basis is Basis.OVERRIDE:
            return [granted]
        seen = (o for o in self.observations if (o.row.artifact, o.row.line) == (build, case.line.id))
        lacks = [reason for each in seen for reason in each.lacks(place, case.release.id)]
        if lacks and (override := overridden(case)):
            return [override]
        return lacks or [granted]


def may_run(
    build: ArtifactFactsRow, place: PlaceFactsRow, grounds: Grounds
) -> tuple[tuple[Permission, ...], tuple[Reason, ...]]:
    """Return the permissions by which an artifact may run at a place, one a fleet, and every reason against it."""
    permissions: dict[str, Permission] = {}
    reasons = [*_unusable(build), *_nowhere(place)]
    if build.version is not None and build.target is not None:
        for fleet in place.fleets:
            answers = [*_by_line(build, fleet, place, grounds)]
            granted = [p for p in answers if isinstance(p, Permission)]
            permissions |= {p.case.release.id: p for p in granted}
            # That its version is recalled, the artifact says itself.
            reasons += [] if granted else [r for r in answers if isinstance(r, Reason) and r.code != RECALLED]
        robots = [r.robot for r in place.every_robot]
        reasons += interface_fits(build.version.interface, build.target.target, robots)
    return tuple(permissions.values()), tuple(dict.fromkeys(reasons))


@dataclass(frozen=True)
class Eligible:
    """An artifact, or a version without one, and whether it may run at a place: its permissions, or the reasons against it."""

    artifact: str | None
    version: str | None
    permissions: tuple[Permission, ...]
    reasons: tuple[Reason, ...]

    @property
    def allowed(self) -> bool:
        """Whether it may be deployed there now."""
        return not self.reasons


def eligible(builds: Iterable[ArtifactFactsRow], place: PlaceFactsRow, grounds: Grounds) -> list[Eligible]:
    """Return all artifacts, and all versions in a place's lines without an artifact for it.

    Those that may run there come first.
    """
    artifacts = []
    built = set()
    for build in builds:
        if build.artifact is not None:
            version, target = (end.id if end else None for end in (build.version, build.target))
            built.add((version, target))
            artifacts.append(Eligible(build.artifact.id, version, *may_run(build, place, grounds)))
    for case in grounds.cases:
        if (case.version.id, case.line.target) not in built:
            artifacts.append(_not_built(case))
    return sorted(artifacts, key=lambda e: (not e.allowed, e.version or "", e.artifact or ""))


def permitted(deployment: str, place: PlaceFactsRow, build: ArtifactFactsRow, grounds: Grounds) -> Eligible:
    """Decide whether a deployment may start now, whatever authorised it when it was requested.

    `place` and `build` are its own. A rollback may start on a stale approval, on that of a deprecated release, and without a
    canary.
    """
    intent = next((d for d in place.deployments if d.id == deployment), None)
    if intent is None:
        missing = Reason(UNKNOWN, f"nobody requested {deployment}", "request it (requestDeployment)")
        return Eligible(None, None, (), (missing,))
    if place.place is None:
        nowhere = Reason(UNKNOWN, f"the place of {deployment} is unknown", "request it anew (requestDeployment)")
        return Eligible(intent.artifact, intent.version, (), (nowhere,))
    permissions, reasons = may_run(build, place, replace(grounds, goes_back=bool(intent.rolls_back)))
    if not (intent.is_pending or intent.is_active):
        reasons = (Reason(OVER, f"{deployment} is {intent.state}", "request it again (requestDeployment)"), *reasons)
    elif intent.stop is not None:
        message = f"{intent.stop} asks to stop what was requested on {intent.place} before, {deployment} included"
        reasons = (Reason(STOPPED, message, "do not start it; request what is to run there (requestDeployment)"), *reasons)
    return Eligible(intent.artifact, intent.version, permissions, reasons)


def _not_built(case: Case) -> Eligible:
    granted = permission(case)
    message = f"{case.version.id} is not built for {case.line.target}, which {case.line.id} is for"
    missing = Reason(NOT_BUILT, message, "build it, and register the artifact (registerArtifact)")
    if isinstance(granted, Permission):
        return Eligible(None, case.version.id, (granted,), (missing,))
    return Eligible(None, case.version.id, (), (granted, missing))


def _unusable(build: ArtifactFactsRow) -> Iterator[Reason]:
    """Explain why nobody can deploy an artifact anywhere."""
    artifact = build.artifact
    if artifact is None:
        return
    if build.recalled:
        yield build.recalled
    if not build.is_registered:
        yield Reason(UNKNOWN, f"artifact: {artifact.id} is not registered", "register it first (registerArtifact)")
    elif artifact.state is not ArtifactState.AVAILABLE:
        yield Reason(NOT_AVAILABLE, f"{artifact.id} is {artifact.state or 'in no state'}", _REMEDIES[artifact.state])
    elif build.version is None or build.target is None:
        message = f"nobody has said what {artifact.id} was built {'from' if build.version is None else 'for'}"
        yield Reason(UNKNOWN, message, "register it again with its version and hardware target (registerArtifact)")


_REMEDIES = {
    None: "register it again (registerArtifact)",
    ArtifactState.EVALUATION_ONLY: "register it again once its version is approved (registerArtifact)",
    ArtifactState.QUARANTINED: "build it anew, and register the new build",
    ArtifactState.DELETED: "build it anew, and register the new build",
}


def _nowhere(place: PlaceFactsRow) -> Iterator[Reason]:
    """Explain why nobody can deploy anything at a place."""
    if place.place is None:
        return
    for out in place.retired:
        yield Reason(
            DECOMMISSIONED,
            f"{out.place} is out of service since {out.since}",
            f"put it into service again first (recommission): forebear recommission {out.place} --reason REASON",
        )
    if not place.fleets and not place.retired:
        message = f"{place.place.id} is part of no fleet now"
        yield Reason(NO_FLEET, message, "record which fleet it is part of (fleets)")
    for fleet in place.fleets:
        if not fleet.lines:
            yield Reason(NO_LINE, f"{fleet.id} is in no release line now", "record which release lines it runs (lines)")


def _by_line(build: ArtifactFactsRow, fleet: FleetRow, place: PlaceFactsRow, grounds: Grounds) -> Iterator[Permission | Reason]:
    """Return the answers of each line of a fleet about an artifact.

    Lines for other hardware answer only if there is no other.
    """
    assert build.artifact is not None
    assert build.version is not None
    assert build.target is not None
    of_it = {c.line.id: c for c in grounds.cases if c.version.id == build.version.id}
    fitting = [line for line in fleet.lines if line.target == build.target.id]
    if not fitting:
        yield from (_other_target(build, fleet, line) for line in fleet.lines)
    for line in fitting:
        if line.id in of_it:
            yield from grounds.permission(of_it[line.id], build.artifact.id, place)
        else:
            yield _not_in_line(build.version.id, fleet, line, of_it.values())


def _other_target(build: ArtifactFactsRow, fleet: FleetRow, line: LineRow) -> Reason:
    assert build.artifact is not None
    assert build.version is not None
    assert build.target is not None
    needed = line.target or "no hardware target"
    return Reason(
        OTHER_TARGET,
        f"{build.artifact.id} is built for {build.target.id}, and {line.id}, which {fleet.id} runs, is for {needed}",
        f"build {build.version.id} for {line.target}, and register it" if line.target else f"name the target of {line.id}",
    )


def _not_in_line(version: str, fleet: FleetRow, line: LineRow, others: Iterable[Case]) -> Reason:
    elsewhere = sorted(c.line.id for c in others if c.is_approved)
    also = f"; its approval in {', '.join(elsewhere)} does not count here" if elsewhere else ""
    return Reason(
        NOT_IN_LINE,
        f"{version} is not in {line.id}, which {fleet.id} runs{also}",
        f"register it as a candidate in {line.id} (registerCandidate), and have it approved there",
    )
