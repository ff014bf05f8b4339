"""Decisions about deployments: requests that are authorised, and the reports of the deployment manager.

A request is refused for every reason that the contract has. A report is never refused for want of permission. One deployment is
active at a place: it is over once another becomes active there. A canary is over once its fleet runs the same artifact. A
cohort that runs another artifact keeps it.

A request is refused while another is pending at the same place. The other may be under way already, and only a report can end
it: to replace it silently would drop what somebody else was authorised to do. A rollback is the exception (`rollback`), and so
is a pending deployment that somebody asked to stop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from forebear.domain.adoption import IN_PAST
from forebear.domain.artifact import NOT_FOUND, ArtifactFactsRow, ArtifactRow
from forebear.domain.contract import Grounds, may_run
from forebear.domain.course import Course, CourseReport, course, first_and_last, moments
from forebear.domain.lifecycle import Event, observed
from forebear.domain.outcome import Describe, Effect, Reason, Revise, Ruling
from forebear.domain.permission import Permission, weakest
from forebear.domain.place import DeploymentRow, PlaceFactsRow
from forebear.domain.reference import UNKNOWN
from forebear.domain.restatement import IMMUTABLE
from forebear.domain.standing import Row
from forebear.graph.document import json_text
from forebear.graph.kinds.fleet import DeploymentState
from forebear.graph.kinds.release import ReleaseState
from forebear.graph.moments import CLOCK_SKEW, latest, moment
from forebear.graph.values import BACKWARDS, IN_FUTURE

PENDING = "PENDING"
NOT_REPORTED = "NOT_REPORTED"

_ACTIVE = DeploymentState.ACTIVE


@dataclass(frozen=True)
class Request:
    """A request to run an artifact at a place: its id, the reason and the moment.

    Without an artifact: the best rollback target.
    """

    id: str
    artifact: str | None
    on: str
    reason: str
    planned_for: str | None = None


def request(request: Request, place: PlaceFactsRow, build: ArtifactFactsRow, grounds: Grounds, now: str) -> Ruling:
    """Authorise a deployment and record it as PLANNED, or refuse it for every reason.

    The same request again changes nothing.
    """
    if again := stated_before(request, place):
        return again
    build = build if build.artifact else ArtifactFactsRow(artifact=ArtifactRow(request.artifact or "", {}))
    permissions, reasons = may_run(build, place, grounds)
    reasons = (*unknown(request, place), *reasons, *_pending(place), *_past(request, now))
    if reasons:
        return Ruling(request.id, reasons=reasons)
    replaces = [d.id for d in (*place.here, *canaries(place, request.artifact)) if d.is_active or (d.is_pending and d.stop)]
    return Ruling(request.id, (intent(request, permissions, replaces=replaces),))


def stated_before(request: Request, place: PlaceFactsRow) -> Ruling | None:
    """Return the answer to a request whose id is taken: no change if it says the same, else a refusal."""
    namesake = place.namesake
    if namesake is None or namesake.described_at is None:
        return None
    if namesake.place == request.on and request.artifact in (None, namesake.artifact):
        return Ruling(request.id)
    before, this = f"of {namesake.artifact} on {namesake.place}", f"of {request.artifact or 'another'} on {request.on}"
    message = f"id: {request.id} is {before} already, and this request is {this}"
    return Ruling(request.id, reasons=(Reason(IMMUTABLE, message, "give the other deployment another id, or none"),))


def intent(
    request: Request,
    permissions: Sequence[Permission],
    *,
    replaces: Iterable[str],
    rolls_back: Iterable[str] = (),
    rejoins: bool = False,
) -> Describe:
    """Return the deployment that a request leads to.

    It rests on the weakest of its permissions, such as those of two fleets.
    """
    basis = weakest(permissions)
    document: dict[str, Any] = {
        "kind": "Deployment",
        "id": request.id,
        "state": DeploymentState.PLANNED.value,
        "reason": request.reason,
        "basis": basis.value if basis else None,
        "artifact": request.artifact,
        "on": request.on,
        "authorizedBy": list(dict.fromkeys(d for p in permissions for d in p.decisions)),
        "replaces": list(dict.fromkeys(replaces)),
        "rollsBack": list(rolls_back),
    }
    if request.planned_for is not None:
        document["plannedFor"] = request.planned_for
    if rejoins:
        document["rejoins"] = True
    return Describe(document)


def canaries(place: PlaceFactsRow, artifact: str | None) -> list[DeploymentRow]:
    """Return the deployments of an artifact to cohorts of a fleet, which a deployment to the fleet promotes."""
    fleets = {f.id for f in place.fleets}
    if place.place is None or place.place.id not in fleets:
        return []
    return [d for d in place.deployments if d.place not in (None, *fleets) and d.artifact == artifact]


def unknown(request: Request, place: PlaceFactsRow) -> Iterable[Reason]:
    """Refuse a place that is unknown."""
    if place.place is None:
        yield Reason(UNKNOWN, f"on: {request.on} is not known", "record the fleet or cohort first")


def _pending(place: PlaceFactsRow) -> Iterable[Reason]:
    for d in place.here:
        if d.is_pending and d.stop is None:
            yield Reason(
                PENDING,
                f"{d.id} is {d.state} on {d.place} already",
                f"report {d.id} ACTIVE, FAILED or ENDED first; to undo it, roll back (rollBack)",
            )


def _past(request: Request, now: str) -> Iterable[Reason]:
    if request.planned_for is not None and request.planned_for < moment(datetime.fromisoformat(now) - CLOCK_SKEW):
        remedy = "give a moment to come, or leave it out to begin at once"
        yield Reason(IN_PAST, f"plannedFor: {request.planned_for} is past", remedy)


class ReleaseDeploymentRow(Row, frozen=True):
    """A deployment of a release: in its line, of its version, for the line's hardware."""

    id: str
    state: DeploymentState


class DeployedReleaseRow(Row, frozen=True):
    """A release and its state."""

    id: str
    state: ReleaseState
    revision: int


class DeployedFactsRow(Row, frozen=True):
    """A row of `cypher/actions/deployed_facts.cypher`. The release is None if there is none."""

    release: DeployedReleaseRow | None = None
    line: str | None = None
    deployments: tuple[ReleaseDeploymentRow, ...] = ()


@dataclass(frozen=True)
class StateReport:
    """A report: from when a deployment is in a state, maybe from when it was active, and which robots failed."""

    deployment: str
    state: DeploymentState
    at: str
    active_from: str | None = None
    failed_robots: tuple[str, ...] = ()

    @property
    def reports(self) -> tuple[CourseReport, ...]:
        """The states that it reports."""
        active = () if self.active_from is None else (CourseReport(self.active_from, _ACTIVE),)
        return (*active, CourseReport(self.at, self.state))


def report(state_report: StateReport, place: PlaceFactsRow, releases: Iterable[DeployedFactsRow], now: str) -> Ruling:
    """Take a report: change the deployment, those that it replaces, and releases.

    The same report again changes nothing, and reports may come in any order (`course`). Forebear refuses only what cannot be: a
    report of a deployment that nobody requested, or of a moment in the future.
    """
    if reasons := tuple(_impossible(state_report, place, now)):
        return Ruling(state_report.deployment, reasons=reasons)
    deployments = {d.id: d for d in place.deployments}
    subject = _with(deployments[state_report.deployment], state_report)
    rows = deployments | {subject.id: subject}
    touched = [d for d in rows.values() if d.id == subject.id or _takes(subject, d, place) or d.id in subject.replaces]
    active = {d.id: moments(d.reported, _ACTIVE) for d in rows.values()}
    after = {d.id: _course(d, rows.values(), active, place) for d in touched}
    effects: list[Effect] = [e for d in touched if (e := _revised(deployments[d.id], d, after[d.id], d is subject))]
    states = {id: course.state for id, course in after.items()}
    effects += (e for row in releases if (e := _released(row, states)))
    return Ruling(state_report.deployment, tuple(effects))


def lines_concerned(id: str, verdict: Ruling, releases: Iterable[DeployedFactsRow]) -> set[str]:
    """Return the lines of the deployment's releases, and of the releases that a report changes."""
    changed = {e.id for e in verdict.effects if isinstance(e, Revise)}
    concerned = (r for r in releases if r.release and (r.release.id in changed or id in {d.id for d in r.deployments}))
    return {r.line for r in concerned if r.line is not None}


def _impossible(report: StateReport, place: PlaceFactsRow, now: str) -> Iterable[Reason]:
    if report.deployment not in {d.id for d in place.deployments}:
        yield Reason(
            NOT_FOUND,
            f"deployment: {report.deployment} is not known",
            "request it first under this id (requestDeployment); what robots run is reported in any case (reportInstallation)",
        )
    if report.state is DeploymentState.PLANNED:
        yield Reason(NOT_REPORTED, "state: PLANNED is what a request says", "report IN_PROGRESS, ACTIVE, FAILED or ENDED")
    for name, at in (("at", report.at), ("activeFrom", report.active_from)):
        if at is not None and at > latest(now):
            remedy = "report it when it has happened, or set the clock right"
            yield Reason(IN_FUTURE, f"{name}: {at} is yet to come", remedy)
    if report.active_from is not None and report.active_from > report.at and report.state is not DeploymentState.IN_PROGRESS:
        message = f"activeFrom: {report.active_from} lies after at, {report.at}, when it was {report.state.value}"
        yield Reason(BACKWARDS, message, "report since when it was active, and when it was over")


def _with(d: DeploymentRow, report: StateReport) -> DeploymentRow:
    """Return a deployment with the new report."""
    failed = tuple(sorted({*(d.failed_robots or ()), *report.failed_robots})) or None
    reports = _text(first_and_last([*d.reported, *report.reports]))
    return msgspec.structs.replace(d, reports=reports, failed_robots=failed)


def _text(reports: Iterable[CourseReport]) -> str:
    """Return reports as the graph holds them. The history of another registry may lack a moment."""
    return json_text([{"at": r.at, "state": r.state.value} for r in reports if r.at])


def _takes(taker: DeploymentRow, d: DeploymentRow, place: PlaceFactsRow) -> bool:
    """Return whether a deployment replaces another once it is active."""
    fleets = {f.id for f in place.fleets}
    promotes = taker.place in fleets and d.place not in fleets and taker.artifact == d.artifact
    return taker.id != d.id and (taker.place == d.place or promotes)


def _course(
    d: DeploymentRow, deployments: Iterable[DeploymentRow], active: Mapping[str, Sequence[str]], place: PlaceFactsRow
) -> Course:
    """Return the course of a deployment among others. `active` holds the moments at which each was reported active."""
    last = max(active[d.id], default="")
    replaced = [at for other in deployments if d.id in other.replaces for at in active[other.id]]
    # If two became active at once, the one with the greater id counts as the later.
    ends = [
        at
        for other in deployments
        if d.id in other.replaces or _takes(other, d, place)
        for at in active[other.id]
        if (at, other.id) > (last, d.id)
    ]
    return course(d.reported, ends, replaced, rejoins=bool(d.rejoins))


def _revised(before: DeploymentRow, d: DeploymentRow, after: Course, is_subject: bool) -> Revise | None:
    """Return what changes of a deployment."""
    was: dict[str, Any] = {"state": before.state.value, "validFrom": before.valid_from, "validTo": before.valid_to}
    now: dict[str, Any] = {"state": after.state.value, "validFrom": after.valid_from, "validTo": after.valid_to}
    if was == now and not is_subject:
        return None
    was |= {"reports": before.reports, "failedRobots": before.failed_robots and list(before.failed_robots)}
    now |= {
        "reports": d.reports or _text(first_and_last(d.reported)),
        "failedRobots": d.failed_robots and list(d.failed_robots),
    }
    changed = [name for name in now if was[name] != now[name]]
    return Revise(d.id, {n: was[n] for n in changed}, {n: now[n] for n in changed}) if changed else None


def _released(row: DeployedFactsRow, states: Mapping[str, DeploymentState]) -> Revise | None:
    """Return what changes of a release, given the states of its deployments."""
    if row.release is None or not any(d.id in states for d in row.deployments):
        return None
    runs = any(states.get(d.id, d.state) is _ACTIVE for d in row.deployments)
    state = observed(row.release.state, Event.DEPLOYMENT_ACTIVE if runs else Event.LAST_DEPLOYMENT_ENDED)
    if state is row.release.state:
        return None
    return Revise(row.release.id, {"state": row.release.state.value}, {"state": state.value})
