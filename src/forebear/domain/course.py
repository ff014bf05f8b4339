"""The course of a deployment, as the reports of it tell it, in whatever order they came.

Of each state the first report and the last are kept, which no order of arrival changes; all else follows from them, and from
when other deployments took its place. So the same reports end in the same course, late, twice and out of order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from forebear.graph.kinds.fleet import DeploymentState

_ENDS = (DeploymentState.FAILED, DeploymentState.ENDED)


@dataclass(frozen=True, order=True)
class Report:
    """What was reported of a deployment: since when it stands in a state. An empty moment is before all others."""

    at: str
    state: DeploymentState


@dataclass(frozen=True)
class Course:
    """Where a deployment stands, and its interval."""

    state: DeploymentState
    valid_from: str | None
    valid_to: str | None


def kept(reports: Iterable[Report]) -> tuple[Report, ...]:
    """What of reports is kept: of each state the first and the last, in the order of moments."""
    by_state: dict[DeploymentState, list[str]] = {}
    for report in reports:
        by_state.setdefault(report.state, []).append(report.at)
    return tuple(sorted({Report(at, state) for state, ats in by_state.items() for at in (min(ats), max(ats))}))


def moments(reports: Iterable[Report], state: DeploymentState) -> list[str]:
    """When a state was reported, in order."""
    return sorted(r.at for r in reports if r.state is state)


def course(
    reports: Iterable[Report], ends: Iterable[str] = (), replaced: Iterable[str] = (), *, rejoins: bool = False
) -> Course:
    """The course that reports tell of a deployment.

    It is active from the first report of that until what came first after the last one: a report of its end, or a moment in
    `ends`, when another deployment became active in its place. One that is pending ends by a report, or at a moment in
    `replaced`, when a deployment that was requested to replace it became active. Progress after an end begins it
    anew; what is active stays so while there is progress. One by which a cohort `rejoins` its fleet is over in the moment that
    it is active first.
    """
    reports = kept(reports)
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
    # What another deployment ended did not fail, unless it was reported to.
    of_its_own = [r for r in own if not active or r.at >= active[-1]]
    state = max(of_its_own, key=_newest).state if of_its_own else DeploymentState.ENDED
    return Course(state, since, ended)


def _newest(report: Report) -> tuple[str, bool]:
    return report.at, report.state is DeploymentState.ENDED
