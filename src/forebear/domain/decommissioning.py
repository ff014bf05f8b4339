"""Taking a robot, a cohort or a fleet out of service, and putting it back.

A place that ends is decommissioned, not retracted: what ran there stays on record. Each decommissioning is an interval of its
own. It ends the memberships of the place, and the installations of robots that then belong to no fleet. Later reports about
them are recorded as ever, and are drift.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from forebear.domain.outcome import Connect, Describe, Disconnect, Effect, Reason, Revise, Ruling
from forebear.domain.place import RetiredRow
from forebear.domain.reference import unknown
from forebear.domain.standing import Row
from forebear.graph.kinds.fleet import DeploymentState

NOT_OVER = "NOT_OVER"
"""The code of a refusal because a deployment there is not over."""


class SpotRow(Row, frozen=True):
    """The place."""

    id: str


class ServiceFleetRow(Row, frozen=True):
    """A fleet that the place is or belongs to, or belonged to until it was decommissioned, with the lines that it runs now."""

    id: str
    lines: tuple[str, ...]
    former: bool


class RunningRow(Row, frozen=True):
    """A deployment at the place, or on a cohort of it, that is not over."""

    id: str
    state: DeploymentState
    place: str


class MembershipRow(Row, frozen=True):
    """An edge by which the place belongs to another, or another to it: from `id`, by the field `edge`, to `to`."""

    id: str
    edge: str
    to: str
    valid_from: str
    valid_to: str | None = None


class RobotGroupRow(Row, frozen=True):
    """A group that a robot belongs to, and its fleet. The group is the fleet itself or a cohort of it."""

    group: str
    fleet: str


class RobotInstallationRow(Row, frozen=True):
    """An installation on a robot."""

    id: str
    valid_to: str | None = None


class ServiceRobotRow(Row, frozen=True):
    """The place if it is a robot, or a robot that belongs to it."""

    id: str
    belongs: tuple[RobotGroupRow, ...] = ()
    installations: tuple[RobotInstallationRow, ...] = ()


class DecommissionFactsRow(Row, frozen=True):
    """The row of `cypher/actions/decommission_facts.cypher`."""

    place: SpotRow | None = None
    retired: tuple[RetiredRow, ...] = ()
    fleets: tuple[ServiceFleetRow, ...] = ()
    deployments: tuple[RunningRow, ...] = ()
    memberships: tuple[MembershipRow, ...] = ()
    robots: tuple[ServiceRobotRow, ...] = ()

    @property
    def lines(self) -> set[str]:
        """The release lines that its fleets run."""
        return {line for fleet in self.fleets for line in fleet.lines}

    @property
    def released(self) -> Iterable[ServiceRobotRow]:
        """The robots that belong to no fleet once the place is out of service."""
        place = self.place.id if self.place else None
        return [r for r in self.robots if r.id == place or all(place in (b.group, b.fleet) for b in r.belongs)]


@dataclass(frozen=True)
class ServiceChange:
    """A request to take a place out of service or to put it back, now, for a reason. `id` is that of a new decommissioning."""

    place: str
    reason: str
    now: str
    id: str


def decommission(change: ServiceChange, service: DecommissionFactsRow) -> Ruling:
    """Take a place out of service. Refuse while a deployment there is not over. Do nothing if it is out of service already."""
    if reasons := tuple(_unknown(change, service)):
        return Ruling(change.place, reasons=reasons)
    if service.retired:
        return Ruling(change.place)
    if reasons := tuple(_not_over(d, change.now) for d in service.deployments):
        return Ruling(change.place, reasons=reasons)
    document = {
        "kind": "Decommissioning",
        "id": change.id,
        "validFrom": change.now,
        "reason": change.reason,
        "place": change.place,
        "fleets": [fleet.id for fleet in service.fleets if not fleet.former],
        "robots": [robot.id for robot in service.released],
    }
    effects = (Describe(document), *_membership_ends(service.memberships, change.now), *_stopped(service.released, change.now))
    return Ruling(change.place, effects, told_by=change.id)


def recommission(change: ServiceChange, service: DecommissionFactsRow) -> Ruling:
    """Put a place back into service. Its former memberships do not come back: record them anew."""
    if reasons := tuple(_unknown(change, service)):
        return Ruling(change.place, reasons=reasons)
    ends: list[Effect] = [Revise(r.id, {"validTo": None}, {"validTo": change.now}) for r in service.retired]
    return Ruling(change.place, tuple(ends))


def _unknown(change: ServiceChange, service: DecommissionFactsRow) -> Iterator[Reason]:
    if service.place is None:
        yield unknown("place", change.place)


def _not_over(d: RunningRow, now: str) -> Reason:
    command = f"forebear report-deployment {d.id} --state ENDED --at {now}"
    return Reason(NOT_OVER, f"{d.id} is {d.state} on {d.place}", f"end it, and report that (reportDeployment): {command}")


def _membership_ends(memberships: Iterable[MembershipRow], now: str) -> Iterator[Effect]:
    """End memberships. One that would begin later is retracted."""
    for m in memberships:
        yield Disconnect(m.id, m.edge, m.to, {"validFrom": m.valid_from})
        if m.valid_from < now:
            yield Connect(m.id, m.edge, m.to, {"validFrom": m.valid_from, "validTo": now})


def _stopped(robots: Iterable[ServiceRobotRow], now: str) -> Iterator[Effect]:
    for installation in (installation for robot in robots for installation in robot.installations):
        yield Revise(installation.id, {"validTo": installation.valid_to}, {"validTo": now})
