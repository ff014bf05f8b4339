"""The items of a recall that stands: what there is to do about each deployment, robot and approved release that it names.

Nobody writes the state of an item. It follows from what is on record: deployments and stops that ask for it, reports of
deployments and robots that confirm it, and permissions that ended. So it is as right about a moment in the past as all of
these. An excuse alone is a fact of its own.

Only what a recall names by lineage is an item. An approval that rests on what is recalled by authority alone became stale when
the recall began, and nothing else follows from that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from forebear.domain import lifecycle
from forebear.domain.course import moments
from forebear.domain.outcome import Reason
from forebear.domain.place import DeploymentRow
from forebear.domain.recall.affected import LINEAGE
from forebear.domain.recall.plan import RecallPlan
from forebear.domain.recall.target import RecallStep, RecallTarget
from forebear.domain.standing import Row
from forebear.graph.kinds.fleet import DeploymentState
from forebear.graph.kinds.release import Basis, DecisionType, ReleaseState

KINDS = ("Deployment", "Robot", "Release")
"""The kinds of items, in the order in which they are done: what runs comes first."""


class ItemState(StrEnum):
    """How far an item has come.

    PLANNED: nobody asked for it yet. REQUESTED: a stop or another deployment asks for it, or what is meant to run there is
    something else already. CONFIRMED: reports say that it came about. If the recalled build is seen again, it is REQUESTED
    again. UNREACHABLE: it is requested, and the robot is silent. IMPOSSIBLE: nothing can be requested. EXCUSED: somebody
    excused it.
    """

    PLANNED = "PLANNED"
    REQUESTED = "REQUESTED"
    CONFIRMED = "CONFIRMED"
    UNREACHABLE = "UNREACHABLE"
    IMPOSSIBLE = "IMPOSSIBLE"
    EXCUSED = "EXCUSED"


class ItemStep(StrEnum):
    """What to request: go back, stop, or withdraw the approval of a release."""

    GO_BACK = "GO_BACK"
    STOP = "STOP"
    WITHDRAW = "WITHDRAW"


class ExcuseRow(Row, frozen=True):
    """An excuse, as the recall keeps it."""

    item: str
    reason: str
    actor: str
    at: str


class ItemStopRow(Row, frozen=True):
    """The newest request to stop what runs at a place."""

    id: str
    requested_at: str


class ItemRobotFactsRow(Row, frozen=True):
    """A row of `cypher/actions/item_robot_facts.cypher`: a robot, and what was seen there last, if that lasts."""

    id: str
    artifact: str | None = None
    seen_from: str | None = None
    last_seen_at: str | None = None
    stop: ItemStopRow | None = None


class ItemGroupFactsRow(Row, frozen=True):
    """A row of `cypher/actions/item_group_facts.cypher`. `silent_after`: after how many seconds a robot there is silent."""

    id: str
    silent_after: int | None = None
    stop: ItemStopRow | None = None


class ItemPermitRow(Row, frozen=True):
    """An interval in which a release might run."""

    basis: Basis
    valid_from: str
    valid_to: str | None = None


class ItemReleaseFactsRow(Row, frozen=True):
    """A row of `cypher/actions/item_release_facts.cypher`: a release, its line, its state now, and when it might run."""

    id: str
    line: str
    state: ReleaseState | None = None
    permitted: tuple[ItemPermitRow, ...] = ()


@dataclass(frozen=True)
class RecallItem:
    """An item and its state.

    `step` says what to request, at `place`, and `artifact` what to go back to; None unless it is PLANNED. A robot that is to do
    what its deployment does has this `deployment`, whose item requests it. `request` is the stop or the deployment that asks
    for it. `reasons` say why it is IMPOSSIBLE, or why there is nothing better than to stop.
    """

    kind: str
    id: str
    state: ItemState
    step: ItemStep | None = None
    place: str | None = None
    artifact: str | None = None
    version: str | None = None
    deployment: str | None = None
    request: str | None = None
    last_seen_at: str | None = None
    excuse: ExcuseRow | None = None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Undoing:
    """How far a deployment came and its undoing: when it was requested, when it was over, and what asks that it be undone."""

    row: DeploymentRow
    asked: str
    over: str | None = None
    request: str | None = None

    def is_over(self, at: str) -> bool:
        """Whether it was over at a moment."""
        return self.over is not None and self.over <= at

    @property
    def began(self) -> bool:
        """Whether robots may have got it."""
        return self.row.valid_from is not None or bool(moments(self.row.reported, DeploymentState.IN_PROGRESS))


def asked(deployment: DeploymentRow) -> str:
    """Return when a deployment was requested. Imported history is recorded later, so its beginning counts."""
    return min((m for m in (deployment.recorded_at, deployment.valid_from) if m is not None), default="")


def undoings(deployments: Sequence[DeploymentRow], stops: Mapping[str, Sequence[ItemStopRow]], at: str) -> dict[str, Undoing]:
    """Return how far each deployment and its undoing came until a moment.

    `stops` holds the newest stops of each place and of what it is in.
    """
    later: dict[str, list[DeploymentRow]] = {}
    for by in deployments:
        for id in {*by.replaces, *by.rolls_back}:
            later.setdefault(id, []).append(by)
    return {d.id: _undoing(d, later.get(d.id, ()), stops.get(d.place or "", ()), at) for d in deployments}


def _undoing(d: DeploymentRow, later: Iterable[DeploymentRow], stops: Iterable[ItemStopRow], at: str) -> Undoing:
    since = asked(d)
    requests = [(stop.requested_at, stop.id) for stop in stops if since <= stop.requested_at <= at]
    requests += [(asked(by), by.id) for by in later if asked(by) <= at and not _in_vain(by, at)]
    over = d.valid_to
    if over is None and d.state in _OVER:
        # What was only planned is over once somebody asks for something else, and no report says so.
        over = max((m for state in _OVER for m in moments(d.reported, state) if m), default=min(requests, default=(since,))[0])
    return Undoing(d, since, over, max(requests, default=(None, None))[1])


_OVER = (DeploymentState.FAILED, DeploymentState.ENDED)


def _in_vain(d: DeploymentRow, at: str) -> bool:
    """Return whether a deployment was over before it was active, until a moment."""
    ends = [m for state in _OVER for m in moments(d.reported, state)]
    return d.state in _OVER and d.valid_from is None and max(ends, default="") <= at


@dataclass(frozen=True)
class RecallItems:
    """The items of a recall that began at a moment, as of another, `at`.

    `plan` is of what it affected from then on, without deployments that were over before. `sighted`: it is known when robots
    were seen last, which is not kept for the past.
    """

    plan: RecallPlan
    undoings: Mapping[str, Undoing]
    robots: Mapping[str, ItemRobotFactsRow]
    groups: Mapping[str, ItemGroupFactsRow]
    releases: Sequence[ItemReleaseFactsRow]
    excuses: Mapping[str, ExcuseRow]
    began: str
    at: str
    sighted: bool = True

    @cached_property
    def all(self) -> list[RecallItem]:
        """All items, in the order of kinds and ids."""
        of_deployments = {d.id: d for d in self._deployments()}
        items = [*of_deployments.values(), *self._robots(of_deployments), *self._releases()]
        return sorted(map(self._excused, items), key=lambda item: (KINDS.index(item.kind), item.id))

    def _excused(self, item: RecallItem) -> RecallItem:
        excuse = self.excuses.get(item.id)
        if excuse is None or excuse.at > self.at or item.state is ItemState.CONFIRMED:
            return item
        return RecallItem(item.kind, item.id, ItemState.EXCUSED, last_seen_at=item.last_seen_at, excuse=excuse)

    def _deployments(self) -> Iterator[RecallItem]:
        for each in self.plan.affected:
            if each.kind != "Deployment" or each.way is not LINEAGE:
                continue
            undoing = self.undoings.get(each.id)
            if undoing is not None and undoing.is_over(self.at):
                yield RecallItem("Deployment", each.id, ItemState.CONFIRMED, request=undoing.request)
            elif undoing is not None and undoing.request is not None:
                yield RecallItem("Deployment", each.id, ItemState.REQUESTED, request=undoing.request)
            else:
                yield _planned("Deployment", each.id, self.plan.targets.get(each.id))

    def _robots(self, deployments: Mapping[str, RecallItem]) -> Iterator[RecallItem]:
        for each in self.plan.affected:
            if each.kind == "Robot" and each.way is LINEAGE:
                yield self._robot(each.id, deployments)

    def _robot(self, id: str, deployments: Mapping[str, RecallItem]) -> RecallItem:
        seen = self.robots.get(id) or ItemRobotFactsRow(id)
        places = self.plan.world.members.get(id, ())
        meant, good = self._meant(places, deployments)
        is_bad = seen.artifact in self._bad
        if not is_bad and meant is None and (seen.artifact or id in self._reported or not self._exposed(places, deployments)):
            return RecallItem("Robot", id, ItemState.CONFIRMED, last_seen_at=seen.last_seen_at)
        target = self.plan.targets.get(id)
        if target is not None and target.step is RecallStep.NEITHER:
            return _planned("Robot", id, target, seen.last_seen_at)
        stop = self._stop(id, places, meant)
        if stop is not None:
            request: str | None = stop
        elif meant is not None:
            request = meant.request
        else:
            request = good
        if request is None and (meant is not None or is_bad):
            return _planned("Robot", id, target, seen.last_seen_at)
        state = ItemState.UNREACHABLE if self._is_silent(seen, places) else ItemState.REQUESTED
        return RecallItem("Robot", id, state, request=request, last_seen_at=seen.last_seen_at)

    @cached_property
    def _bad(self) -> frozenset[str]:
        """The artifacts that are recalled."""
        return frozenset(id for id in self.plan.reach.artifacts if self.plan.reach.found[id][0] is LINEAGE)

    @cached_property
    def _reported(self) -> frozenset[str | None]:
        """The robots on which something recalled was seen since the recall began."""
        return frozenset(robot for row in self.plan.reach.rows if row.id in self._bad for _, robot in row.seen)

    def _meant(self, places: Iterable[str], deployments: Mapping[str, RecallItem]) -> tuple[RecallItem | None, str | None]:
        """Return the item whose deployment says what a robot is to run or else the deployment of something else that does."""
        for place in places:
            here = [c for c in self._at.get(place, ()) if not c.is_over(self.at) and c.asked <= self.at]
            if bad := [c for c in here if c.row.id in deployments]:
                return deployments[max(bad, key=_newest).row.id], None
            if good := [c for c in here if c.row.is_active and c.request is None and c.row.artifact not in self._bad]:
                return None, max(good, key=_newest).row.id
        return None, None

    def _exposed(self, places: Iterable[str], deployments: Mapping[str, RecallItem]) -> bool:
        """Return whether a deployment of something recalled began at any of some places."""
        return any(c.began for place in places for c in self._at.get(place, ()) if c.row.id in deployments)

    @cached_property
    def _at(self) -> Mapping[str, Sequence[Undoing]]:
        at: dict[str, list[Undoing]] = {}
        for undoing in self.undoings.values():
            at.setdefault(undoing.row.place or "", []).append(undoing)
        return at

    def _stop(self, robot: str, places: Iterable[str], meant: RecallItem | None) -> str | None:
        """Return the newest stop that a robot is to obey, unless what it is meant to run was requested later."""
        rows = [self.robots.get(robot), *(self.groups.get(place) for place in places)]
        stops = [(row.stop.requested_at, row.stop.id) for row in rows if row and row.stop]
        since = self.undoings[meant.id].asked if meant and meant.id in self.undoings else ""
        newest = max((stop for stop in stops if since <= stop[0] <= self.at), default=None)
        return newest[1] if newest else None

    def _is_silent(self, robot: ItemRobotFactsRow, places: Iterable[str]) -> bool:
        """Return whether a robot's last report, or the beginning of the recall, is longer ago than its fleet allows."""
        allowed = [group.silent_after for id in places if (group := self.groups.get(id)) and group.silent_after is not None]
        if not allowed or not self.sighted:
            return False
        last = robot.last_seen_at or robot.seen_from or self.began
        return datetime.fromisoformat(self.at) - datetime.fromisoformat(last) > timedelta(seconds=min(allowed))

    def _releases(self) -> Iterator[RecallItem]:
        named = {each.id for each in self.plan.affected if each.way is LINEAGE}
        for row in self.releases:
            approved = [p for p in row.permitted if p.basis in _APPROVED and p.valid_from <= self.at and row.id in named]
            if not any(p.valid_to is None or p.valid_to > self.began for p in approved):
                continue
            holding = [p for p in approved if p.valid_to is None or p.valid_to > self.at]
            if not holding:
                yield RecallItem("Release", row.id, ItemState.CONFIRMED)
                continue
            # The state is that of now. An approval that ended since could be withdrawn.
            lasts = any(p.valid_to is None for p in holding)
            against = lifecycle.allowed(row.state, DecisionType.WITHDRAWAL) if row.state and lasts else None
            if isinstance(against, Reason):
                yield RecallItem("Release", row.id, ItemState.IMPOSSIBLE, reasons=(against,))
            else:
                yield RecallItem("Release", row.id, ItemState.PLANNED, ItemStep.WITHDRAW)


_APPROVED = (Basis.APPROVAL, Basis.STALE_APPROVAL)


def _newest(undoing: Undoing) -> tuple[bool, str, str]:
    return undoing.row.is_active, undoing.row.valid_from or "", undoing.row.id


def _planned(kind: str, id: str, target: RecallTarget | None, last_seen_at: str | None = None) -> RecallItem:
    """Return an item that nobody asked for yet, with what to request."""
    if target is None:
        return RecallItem(kind, id, ItemState.PLANNED, last_seen_at=last_seen_at)
    if target.step is RecallStep.NEITHER:
        return RecallItem(kind, id, ItemState.IMPOSSIBLE, place=target.place, last_seen_at=last_seen_at, reasons=target.reasons)
    return RecallItem(
        kind,
        id,
        ItemState.PLANNED,
        ItemStep(target.step.value),
        target.place,
        target.artifact,
        target.version,
        target.deployment,
        last_seen_at=last_seen_at,
        reasons=target.reasons,
    )
