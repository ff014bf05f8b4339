"""A place where things run: a fleet, or a cohort of one, with its lines, its robots and all deployments to it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from forebear.domain import interface
from forebear.domain.course import CourseReport
from forebear.domain.outcome import Reason
from forebear.domain.standing import LineRow, Row
from forebear.graph.kinds.fleet import DeploymentState
from forebear.graph.moments import parse


class PlaceRow(Row, frozen=True):
    """The place itself."""

    id: str


class FleetRow(Row, frozen=True):
    """The fleet that the place is or belongs to, with the lines that it runs now."""

    id: str
    lines: tuple[LineRow, ...] = ()


class RobotRow(Row, frozen=True):
    """A robot that belongs there now."""

    id: str
    software: str | None = None
    rate_hz: float | None = None

    @property
    def robot(self) -> interface.RobotSpec:
        """The robot in the form in which an interface is compared with it."""
        return interface.RobotSpec(self.id, self.software, self.rate_hz)


class RetiredRow(Row, frozen=True):
    """A decommissioning that lasts: the place, and since when it is out of service."""

    id: str
    place: str
    since: str


class DeploymentRow(Row, frozen=True):
    """A deployment there, on its fleet, or on a cohort of that.

    A value is None if the history of another registry lacks it. The place is None if it was retracted, which older versions
    allowed. `stop` is the stop that somebody requested after it.
    """

    id: str
    place: str | None
    artifact: str | None
    state: DeploymentState
    stop: str | None = None
    revision: int = 0
    recorded_at: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    reports: str | None = None
    failed_robots: tuple[str, ...] | None = None
    rejoins: bool | None = None
    version: str | None = None
    target: str | None = None
    replaces: tuple[str, ...] = ()
    rolls_back: tuple[str, ...] = ()

    @property
    def is_pending(self) -> bool:
        """Whether it is planned or under way."""
        return self.state in (DeploymentState.PLANNED, DeploymentState.IN_PROGRESS)

    @property
    def is_active(self) -> bool:
        """Whether it is active."""
        return self.state is DeploymentState.ACTIVE

    @property
    def is_unfinished(self) -> bool:
        """Whether it is not over."""
        return self.is_pending or self.is_active

    @property
    def reported(self) -> tuple[CourseReport, ...]:
        """The reports about it. Without any, as in imported history, those that its state and interval imply."""
        if self.reports is not None:
            reports = json.loads(self.reports)
            return tuple(CourseReport(parse(r["at"]), DeploymentState(r["state"])) for r in reports)
        return tuple(self._implied())

    def _implied(self) -> Iterator[CourseReport]:
        if self.valid_from is not None:
            yield CourseReport(self.valid_from, DeploymentState.ACTIVE)
        if self.state not in (DeploymentState.PLANNED, DeploymentState.ACTIVE):
            yield CourseReport(self.valid_to or self.valid_from or "", self.state)


class NamesakeRow(Row, frozen=True):
    """The deployment with the id of the request. Without `described_at` it is only named by others so far."""

    id: str
    described_at: str | None = None
    revision: int = 0
    place: str | None = None
    artifact: str | None = None


class PlaceFactsRow(Row, frozen=True):
    """The row of `cypher/actions/place_facts.cypher`."""

    place: PlaceRow | None = None
    fleets: tuple[FleetRow, ...] = ()
    robots: tuple[RobotRow, ...] = ()
    cohort_robots: tuple[RobotRow, ...] = ()
    deployments: tuple[DeploymentRow, ...] = ()
    namesake: NamesakeRow | None = None
    retired: tuple[RetiredRow, ...] = ()
    """The decommissionings of the place and its fleets."""

    @property
    def every_robot(self) -> tuple[RobotRow, ...]:
        """Its robots and those of its cohorts."""
        return tuple({r.id: r for r in (*self.robots, *self.cohort_robots)}.values())

    @property
    def here(self) -> Sequence[DeploymentRow]:
        """The deployments to this very place."""
        return [d for d in self.deployments if self.place is not None and d.place == self.place.id]


def not_over(code: str, id: str, state: str, place: str | None) -> Reason:
    """Return the reason that a deployment is not over, so its build or its place cannot be taken away."""
    if place is None:
        message = f"{id} is {state}, and its place is unknown"
        return Reason(code, message, f"report {id} ENDED once it has ended (reportDeployment)")
    return Reason(code, f"{id} on {place} is {state}", f"have {place} run something else, or report {id} ENDED")
