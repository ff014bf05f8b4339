"""A place where things run: a fleet, or a cohort of one, with its lines, its robots and what was ever deployed there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from forebear.domain import interface
from forebear.domain.course import Report
from forebear.domain.outcome import Reason
from forebear.domain.standing import LineRow, Row
from forebear.graph.kinds.fleet import DeploymentState
from forebear.graph.moments import parse


class PlaceRow(Row, frozen=True):
    """The place itself."""

    id: str


class FleetRow(Row, frozen=True):
    """The fleet that it is or is part of, with the lines that this runs now."""

    id: str
    lines: tuple[LineRow, ...] = ()


class RobotRow(Row, frozen=True):
    """A robot that belongs there now."""

    id: str
    software: str | None = None
    rate_hz: float | None = None

    @property
    def robot(self) -> interface.RobotSpec:
        """The robot as an interface is held against it."""
        return interface.RobotSpec(self.id, self.software, self.rate_hz)


class RetiredRow(Row, frozen=True):
    """A decommissioning that stands: which place is out of service by it, and since when."""

    id: str
    place: str
    since: str


class DeploymentRow(Row, frozen=True):
    """A deployment there, on its fleet, or on a cohort of that.

    What history of another registry did not say is None, and the place that was retracted from under a deployment, which
    older versions allowed.
    """

    id: str
    place: str | None
    artifact: str | None
    state: DeploymentState
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
    def reported(self) -> tuple[Report, ...]:
        """What was reported of it; where nothing was, what its state and interval stand for, as of history from elsewhere."""
        if self.reports is not None:
            reports = json.loads(self.reports)
            return tuple(Report(parse(r["at"]), DeploymentState(r["state"])) for r in reports)
        return tuple(self._implied())

    def _implied(self) -> Iterator[Report]:
        if self.valid_from is not None:
            yield Report(self.valid_from, DeploymentState.ACTIVE)
        if self.state not in (DeploymentState.PLANNED, DeploymentState.ACTIVE):
            yield Report(self.valid_to or self.valid_from or "", self.state)


class NamesakeRow(Row, frozen=True):
    """The deployment that was asked for. Not described: only named by others so far."""

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
    asked: NamesakeRow | None = None
    retired: tuple[RetiredRow, ...] = ()
    """Of the place and its fleets."""

    @property
    def every_robot(self) -> tuple[RobotRow, ...]:
        """Its robots, those of its cohorts among them."""
        return tuple({r.id: r for r in (*self.robots, *self.cohort_robots)}.values())

    @property
    def here(self) -> Sequence[DeploymentRow]:
        """The deployments to this very place."""
        return [d for d in self.deployments if self.place is not None and d.place == self.place.id]


def not_over(code: str, id: str, state: str, place: str | None) -> Reason:
    """That a deployment is not over, which is in the way of what would take its build away."""
    if place is None:
        message = f"{id} is {state}, and its place is unknown"
        return Reason(code, message, f"report {id} ENDED once it has ended (reportDeployment)")
    return Reason(code, f"{id} on {place} is {state}", f"have {place} run something else, or report {id} ENDED")
