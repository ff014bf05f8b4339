"""Rolling back: which artifacts a place can go back to, in which order, and the request that does it.

A rollback may use the approval that the artifact ran on before, even if it is stale by now or the release is deprecated. The
deployment says so. An artifact that a rollback undid is no default target until somebody deploys it there again: two rollbacks
go further back, never forward. A rollback undoes the very build, and with it builds of its version that never ran there.

A rollback does not wait: it takes the place of whatever is pending there. A planned deployment is over at once, or a manager
would begin both. One that is under way is over when a report says so.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from forebear.domain.artifact import ArtifactFactsRow
from forebear.domain.case import Case
from forebear.domain.contract import Grounds, may_run
from forebear.domain.course import moments
from forebear.domain.deployment import Request, canaries, intent, stated_before, unknown
from forebear.domain.outcome import Option, Reason, Revise, Ruling
from forebear.domain.permission import Permission, weakest
from forebear.domain.place import DeploymentRow, PlaceFactsRow
from forebear.domain.remedy import whoever
from forebear.domain.roles import Role
from forebear.domain.standing import Row
from forebear.graph.kinds.fleet import DeploymentState
from forebear.graph.kinds.release import Basis

NOTHING_RUNS = "NOTHING_RUNS"
NEVER_RAN = "NEVER_RAN"
NO_TARGET = "NO_TARGET"
UNDONE = "UNDONE"


class IncidentRow(Row, frozen=True):
    """An incident at the place, and when it began."""

    id: str
    valid_from: str


class OpenIncidentRow(Row, frozen=True):
    """An open incident, and a version that it touches."""

    incident: str
    version: str


class IncidentFactsRow(Row, frozen=True):
    """The row of `cypher/actions/incident_facts.cypher`."""

    incidents: tuple[IncidentRow, ...] = ()
    open: tuple[OpenIncidentRow, ...] = ()


@dataclass(frozen=True)
class ActiveInterval:
    """An interval in which an artifact was active at the place, whether it then failed, and the incidents that began in it."""

    since: str
    until: str | None
    failed: bool
    incidents: tuple[IncidentRow, ...]
    now: str

    @property
    def lasted(self) -> timedelta:
        """How long it ran."""
        return _moment(self.until or self.now) - _moment(self.since)

    @property
    def went_well(self) -> timedelta:
        """How long it ran until the first incident, or its end."""
        first = min((i.valid_from for i in self.incidents), default=self.until or self.now)
        return _moment(first) - _moment(self.since)


@dataclass(frozen=True)
class RollbackTarget:
    """An artifact that the place can go back to: how its version ran there, and whether it may run now.

    `undone_by`: the rollback that undid it there. `later`: it ran there later than what the rollback would undo now.
    """

    artifact: str
    version: str | None
    runs: tuple[ActiveInterval, ...]
    other_runs: tuple[ActiveInterval, ...]
    open: tuple[str, ...]
    permissions: tuple[Permission, ...]
    reasons: tuple[Reason, ...]
    undone_by: str | None = None
    later: bool = False

    @property
    def allowed(self) -> bool:
        """Whether a rollback to it is allowed."""
        return not self.reasons

    @property
    def is_default(self) -> bool:
        """Whether a rollback may choose it by itself."""
        return self.allowed and self.undone_by is None

    @property
    def is_deprecated(self) -> bool:
        """Whether it may run only on a deprecated release."""
        return any(p.is_deprecated for p in self.permissions)

    @cached_property
    def every_run(self) -> tuple[ActiveInterval, ...]:
        """The runs of its version there."""
        return (*self.runs, *self.other_runs)

    @property
    def incidents(self) -> list[str]:
        """The incidents that began there while its version ran."""
        return sorted({i.id for run in self.every_run for i in run.incidents})

    @property
    def failed(self) -> bool:
        """Whether a deployment of its version failed there after it had run."""
        return any(run.failed for run in self.every_run)

    @property
    def last_ran(self) -> str:
        """The moment until which its version ran there last. It is now if it still runs."""
        return max(run.until or run.now for run in self.every_run)

    @property
    def went_well(self) -> timedelta:
        """How long its version ran there well: in each run until the first incident."""
        return sum((run.went_well for run in self.every_run), timedelta())

    @property
    def remarks(self) -> tuple[str, ...]:
        """Remarks for it and against it."""
        return tuple(self._remarks())

    def _remarks(self) -> Iterator[str]:
        lasted = _duration(sum((run.lasted for run in self.every_run), timedelta()))
        what = "it" if self.runs else f"another build of {self.version}"
        still = any(run.until is None for run in self.every_run)
        when = "and runs there now" if still else f"last until {self.last_ran[:16]}Z"
        well = f"{', '.join(self.incidents)} began meanwhile" if self.incidents else "without an incident"
        yield f"{what} ran there for {lasted}, {when}, {well}{', and failed' if self.failed else ''}"
        if self.undone_by is not None:
            yield f"{self.undone_by} undid it there, so rollBack goes back to it only if you name it"
        for id in self.open:
            yield f"{id} is open and touches {self.version}"
        for p in self.permissions:
            if p.basis is Basis.STALE_APPROVAL:
                yield f"the approval of {p.case.release.id} is stale since {(p.case.release.stale_from or '')[:16]}Z"
            elif p.basis is Basis.OVERRIDE:
                yield f"{p.case.release.id} may run only by an override"
            if p.is_deprecated:
                yield f"{p.case.release.id} is deprecated, and you may go back to it"
            elif p.is_restored:
                yield f"{p.case.release.id} was deprecated, and restored"

    def _rank(self) -> tuple[object, ...]:
        basis = weakest(self.permissions)
        return (
            not self.allowed,
            self.undone_by is not None,
            self.is_deprecated,
            bool(self.open),
            _BETTER.index(basis) if basis else len(_BETTER),
            self.later,
            not self.runs,
            bool(self.incidents) or self.failed,
        )


_BETTER = (Basis.APPROVAL, Basis.OVERRIDE, Basis.STALE_APPROVAL)
"""The bases that a target may run on, the best first."""


def under_way(place: PlaceFactsRow) -> DeploymentRow | None:
    """Return a pending rollback at the place that nobody asked to stop, if there is one."""
    return next((d for d in place.here if d.is_pending and d.rolls_back and d.stop is None), None)


def undone(place: PlaceFactsRow) -> DeploymentRow | None:
    """Return the deployment that a rollback undoes. A cohort without one takes that of its fleet.

    It is what is under way there; else the newest that failed, if nothing ran there since; else what is active; else what ran
    last before somebody asked to stop it. A rollback that never became active undid nothing, so it is not it. If such a
    rollback failed, and what it was to undo is over, a rollback undoes that deployment.
    """
    fleets = {f.id for f in place.fleets}
    here, wider = ([d for d in deployments if not _came_to_nothing(d)] for deployments in (place.here, _on(place, fleets)))
    return next(filter(None, (_undone_of(deployments, place) for deployments in (here, wider))), None) or _still_undone(place)


def _still_undone(place: PlaceFactsRow) -> DeploymentRow | None:
    """Return what the newest rollback that failed before it was active was to undo, if nothing ran there since."""
    failed = (d for d in place.here if _came_to_nothing(d) and d.state is DeploymentState.FAILED)
    vain = [d for d in failed if not _superseded(d, place, _failed_at(d))]
    newest = max(vain, key=lambda d: (_failed_at(d), d.id), default=None)
    return next((d for d in place.deployments if newest and d.id in newest.rolls_back), None)


def _undone_of(deployments: Sequence[DeploymentRow], place: PlaceFactsRow) -> DeploymentRow | None:
    if begun := [d for d in deployments if d.state is DeploymentState.IN_PROGRESS]:
        return max(begun, key=_newest)
    if failed := [d for d in deployments if d.state is DeploymentState.FAILED and not _superseded(d, place, _failed_at(d))]:
        return max(failed, key=lambda d: (_failed_at(d), d.id))
    if active := [d for d in deployments if d.is_active]:
        return max(active, key=_newest)
    stopped = [d for d in deployments if d.stop and d.state is DeploymentState.ENDED and not d.rejoins]
    last = [(d.valid_to, d.id, d) for d in stopped if d.valid_to and not _superseded(d, place, d.valid_to)]
    return max(last, key=lambda each: each[:2])[2] if last else None


def _on(place: PlaceFactsRow, spots: Container[str]) -> list[DeploymentRow]:
    return [d for d in place.deployments if d.place in spots]


def _spots(place: PlaceFactsRow) -> set[str]:
    """Return the place and its fleets: what runs on these runs there."""
    return {f.id for f in place.fleets} | ({place.place.id} if place.place else set())


def _newest(d: DeploymentRow) -> tuple[str, str]:
    return d.valid_from or d.recorded_at or "", d.id


def _came_to_nothing(d: DeploymentRow) -> bool:
    """Return whether it is a rollback that is pending, or was over before it was active."""
    return bool(d.rolls_back) and (d.is_pending or d.valid_from is None)


def _asked_for(d: DeploymentRow) -> tuple[str, str, str]:
    """Return a sort key: when the deployment was requested at the latest. Imported history is recorded after it began."""
    return min((m for m in (d.recorded_at, d.valid_from) if m is not None), default=""), d.recorded_at or "", d.id


def _undoing(artifact: str | None, deployments: Sequence[DeploymentRow], artifacts: Mapping[str, str | None]) -> str | None:
    """Return the newest rollback that undid an artifact there, unless somebody deployed it there again since.

    `artifacts` holds the artifact of each deployment. To name it in a rollback also deploys it again.
    """
    undid = [r for r in deployments if any(artifacts.get(id) == artifact for id in (*r.rolls_back, *_stopped(r, deployments)))]
    newest = max(undid, key=_asked_for, default=None)
    if newest is None:
        return None
    former = (*newest.rolls_back, *newest.replaces)
    again = any(d.artifact == artifact and d.id not in former and _asked_for(d) > _asked_for(newest) for d in deployments)
    return None if again else newest.id


def _stopped(back: DeploymentRow, deployments: Sequence[DeploymentRow]) -> Iterator[str]:
    """Return what a rollback to something else replaced besides what it rolled back, such as a rollout that failed."""
    if back.rolls_back:
        yield from (d.id for d in deployments if d.id in back.replaces and d.artifact != back.artifact)


def _turn(d: DeploymentRow, deployments: Sequence[DeploymentRow]) -> tuple[str, str, str]:
    """Return the place of a deployment in the order of deployments. A rollback has the place of what it went back to."""
    earlier = [e for e in deployments if _asked_for(e) < _asked_for(d)] if d.rolls_back else []
    same = [e for e in earlier if e.artifact == d.artifact] or [e for e in earlier if e.version and e.version == d.version]
    return _turn(max(same, key=_asked_for), deployments) if same else _asked_for(d)


def _failed_at(d: DeploymentRow) -> str:
    return max(moments(d.reported, DeploymentState.FAILED), default="")


def _superseded(d: DeploymentRow, place: PlaceFactsRow, since: str) -> bool:
    """Return whether something other than a deployment was reported to run there since a moment."""
    others = (other for other in _on(place, _spots(place)) if other.id != d.id)
    return any(at >= since for other in others for at in moments(other.reported, DeploymentState.ACTIVE))


def targets(
    builds: Iterable[ArtifactFactsRow],
    place: PlaceFactsRow,
    cases: Sequence[Case],
    incidents: IncidentFactsRow,
    now: str,
    *,
    bad: DeploymentRow | None = None,
) -> list[RollbackTarget]:
    """Return what a place can go back to, the best first: builds of versions that ran there, except what is undone.

    `bad` is the deployment that is undone, by default what a rollback would undo.

    The order: what may run at all; what no rollback undid; what is not deprecated; what no open incident touches; what runs on
    a valid approval, then on an override, then on a stale approval; what ran there before what is undone; the very build that
    ran there; what had no incident there and did not fail; what ran there last; what ran longest.
    """
    bad = bad or undone(place)
    deployments = [d for d in _on(place, _spots(place)) if d.valid_from is not None]
    artifacts = {d.id: d.artifact for d in place.deployments}
    undid = {d.artifact: _undoing(d.artifact, deployments, artifacts) for d in deployments}
    # Another build of a version that was undone is no target, unless that very build ran there.
    versions = {d.version for d in deployments if undid[d.artifact]} | ({bad.version} if bad else set())
    options = []
    for build in builds:
        if build.artifact is None or (bad is not None and build.artifact.id == bad.artifact):
            continue
        id, version = build.artifact.id, build.version.id if build.version else None
        of_it = [d for d in deployments if d.artifact == id]
        others = [d for d in deployments if d not in of_it and version is not None and d.version == version]
        if of_it or (others and version not in versions):
            permissions, reasons = may_run(build, place, Grounds(cases, goes_back=True))
            touching = tuple(sorted({t.incident for t in incidents.open if t.version == version}))
            runs, other_runs = _runs(of_it, incidents, now), _runs(others, incidents, now)
            later = bad is not None and _is_later(of_it or others, bad, deployments)
            options.append(RollbackTarget(id, version, runs, other_runs, touching, permissions, reasons, undid.get(id), later))
    options.sort(key=lambda t: t.artifact)
    options.sort(key=lambda t: (t.last_ran, t.went_well), reverse=True)
    return sorted(options, key=lambda t: t._rank())


def _is_later(of_it: Sequence[DeploymentRow], bad: DeploymentRow, deployments: Sequence[DeploymentRow]) -> bool:
    """Return whether an artifact was deployed later than what is undone, and no longer runs. (A canary goes back to what
    runs.)"""
    return not any(d.is_active for d in of_it) and max(_turn(d, deployments) for d in of_it) > _turn(bad, deployments)


def roll_back(request: Request, place: PlaceFactsRow, targets: Sequence[RollbackTarget]) -> Ruling:
    """Request the deployment of a target, by default the first one, in the place of all that is not over there.

    If a rollback is under way there already, nothing changes, unless the request names another target.
    """
    if again := stated_before(request, place):
        return again
    bad, going = undone(place), under_way(place)
    options = tuple(Option(t.artifact, t.artifact == request.artifact, t.reasons, t.remarks) for t in targets)
    if going is not None and request.artifact in (None, going.artifact):
        return Ruling(going.id, considered=options)
    reasons = tuple(unknown(request, place)) or _nothing(request, bad) or _against(request, targets)
    if reasons:
        return Ruling(request.id, reasons=reasons)
    assert bad is not None
    chosen = next(t for t in targets if t.artifact == request.artifact or (request.artifact is None and t.is_default))
    over = [d.id for d in place.here if d.is_pending or d.is_active]
    over += [d.id for d in canaries(place, chosen.artifact) if d.is_active]
    intended = intent(
        replace(request, artifact=chosen.artifact),
        chosen.permissions,
        replaces=over,
        rolls_back=[bad.id],
        rejoins=_rejoins(place, chosen.artifact),
    )
    options = tuple(replace(o, chosen=o.id == chosen.artifact) for o in options)
    return Ruling(request.id, (intended, *_dropped(place)), considered=options)


def _rejoins(place: PlaceFactsRow, artifact: str) -> bool:
    """Return whether the place is a cohort, and all of its fleets run the artifact."""
    fleets = {f.id for f in place.fleets}
    running = {d.place for d in place.deployments if d.is_active and d.stop is None and d.artifact == artifact}
    return place.place is not None and place.place.id not in fleets and bool(fleets) and fleets <= running


def _dropped(place: PlaceFactsRow) -> Iterator[Revise]:
    """End what is only planned there. If it began without a report, a late report says so as ever."""
    planned, ended = DeploymentState.PLANNED, DeploymentState.ENDED
    for d in place.here:
        if d.state is planned:
            yield Revise(d.id, {"state": planned.value}, {"state": ended.value})


def _nothing(request: Request, bad: DeploymentRow | None) -> tuple[Reason, ...]:
    if bad is not None:
        return ()
    message = f"nothing is under way, active, failed or stopped on {request.on}, so there is nothing to undo"
    return (Reason(NOTHING_RUNS, message, "request what is to run there (requestDeployment)"),)


def _against(request: Request, targets: Sequence[RollbackTarget]) -> tuple[Reason, ...]:
    if request.artifact is not None:
        chosen = next((t for t in targets if t.artifact == request.artifact), None)
        if chosen is not None:
            return chosen.reasons
        message = f"to: {request.artifact} did not run on {request.on} before the deployment that the rollback would undo"
        return (
            Reason(NEVER_RAN, message, "request it as a deployment (requestDeployment); rollbackTargets lists what ran there"),
        )
    if any(t.is_default for t in targets):
        return ()
    any_allowed = any(t.allowed for t in targets)
    message = (
        f"a rollback undid everything that ran on {request.on} before and may run there now"
        if any_allowed
        else (f"nothing that ran on {request.on} before may run there now")
    )
    name = "name what to go back to (to)" if any_allowed else "make one of these possible"
    none = Reason(NO_TARGET, message, f"{name}, or request another artifact (eligible lists what may run there)")
    return (none, *(reason for t in targets for reason in against(request.on, t)))


def against(place: str, target: RollbackTarget) -> Iterator[Reason]:
    """Explain why a rollback does not choose a target by itself, and what to do about it."""
    if target.allowed:
        message = f"{target.artifact}: {target.undone_by} undid it there, and nobody deployed it there again"
        yield Reason(UNDONE, message, whoever("name it", "rollBack", Role.OPERATOR, place, to=target.artifact, reason="…"))
    for r in target.reasons:
        yield Reason(r.code, f"{target.artifact}: {r.message}", r.remedy)


def _runs(deployments: Iterable[DeploymentRow], incidents: IncidentFactsRow, now: str) -> tuple[ActiveInterval, ...]:
    runs = []
    for d in deployments:
        since, until = d.valid_from or "", d.valid_to
        began = (i for i in incidents.incidents if since <= i.valid_from and (until is None or i.valid_from < until))
        runs.append(ActiveInterval(since, until, d.state is DeploymentState.FAILED, tuple(began), now))
    return tuple(sorted(runs, key=lambda run: run.since))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _duration(lasted: timedelta) -> str:
    """A duration as people say it, in its largest unit."""
    seconds = lasted.total_seconds()
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            n = int(seconds // size)
            return f"{n} {unit}" + ("s" if n > 1 else "")
    return "less than a minute"
