"""The course of a deployment, computed from reports in any order.

The first and the last report of each state are kept, whatever the order in which they arrive. All else follows from them, and
from when other deployments took its place. So the same reports lead to the same course: late, twice or out of order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from forebear.graph.kinds.fleet import DeploymentState

_ENDS = (DeploymentState.FAILED, DeploymentState.ENDED)


@dataclass(frozen=True, order=True)
class CourseReport:
    """One report: the moment from which a deployment is in a state. An empty moment comes before all others."""

    at: str
    state: DeploymentState


@dataclass(frozen=True)
class Course:
    """The state of a deployment, and its interval."""

    state: DeploymentState
    valid_from: str | None
    valid_to: str | None


def first_and_last(reports: Iterable[CourseReport]) -> tuple[CourseReport, ...]:
    """Return the first and the last report of each state, in the order of moments."""
    by_state: dict[DeploymentState, list[str]] = {}
    for report in reports:
        by_state.setdefault(report.state, []).append(report.at)
    return tuple(sorted({CourseReport(at, state) for state, ats in by_state.items() for at in (min(ats), max(ats))}))


def moments(reports: Iterable[CourseReport], state: DeploymentState) -> list[str]:
    """Return the moments at which a state was reported, in order."""
    return sorted(r.at for r in reports if r.state is state)


def course(
    reports: Iterable[CourseReport], ends: Iterable[str] = (), replaced: Iterable[str] = (), *, rejoins: bool = False
) -> Course:
    """Compute the course of a deployment from its reports.

    It is active from the first report of ACTIVE until what comes first after the last one: a report of its end, or a moment in
    `ends`, at which another deployment became active in its place. A pending one ends by a report, or at a moment in
    `replaced`, at which a deployment that was requested to replace it became active. Progress after an end begins it anew. An
    active one stays active while there is progress. A deployment by which a cohort `rejoins` its fleet is over as soon as it is
    active.
    """
    reports = first_and_last(reports)
    active = moments(reports, DeploymentState.ACTIVE)
    begun = max(moments(reports, DeploymentState.IN_PROGRESS), default=None)
    own = [r for r in reports if r.state in _ENDS]
    since = active[0] if active else None
    ended: str | None = None
    if active and rejoins:
        if not any(r.at >= active[-1] for r in own):
            return Course(DeploymentState.ENDED, since, since)
        ended = since
    elif active:
        ended = min([r.at for r in own if r.at >= active[-1]] + [t for t in ends if t >= active[-1]], default=None)
        if ended is None:
            return Course(DeploymentState.ACTIVE, since, None)
    last = max([r.at for r in own] + ([ended] if ended else []), default=None)
    if last is None or (begun is not None and begun > last):
        if any(begun is None or t >= begun for t in replaced):
            return Course(DeploymentState.ENDED, since, ended)
        return Course(DeploymentState.PLANNED if begun is None else DeploymentState.IN_PROGRESS, since, ended)
    # A deployment that another one ended did not fail, unless a report says so.
    of_its_own = [r for r in own if not active or r.at >= active[-1]]
    state = max(of_its_own, key=_newest).state if of_its_own else DeploymentState.ENDED
    return Course(state, since, ended)


def _newest(report: CourseReport) -> tuple[str, bool]:
    return report.at, report.state is DeploymentState.ENDED
