"""From what is on record of robots to stretches of exposure: who ran what, when, where and for whom.

Hours are hours installed: from when a robot was first seen to run an artifact until it was seen to run another, or until the
report of the end. An installation that nobody ended counts until it was last seen or, if nobody said when that was, until
now. A robot runs the newest of several installations that hold at once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import pairwise

from forebear.domain.standing import Row
from forebear.domain.suspects.exposure import SITE, TARGET, Profile, Stretch
from forebear.domain.suspects.groups import ARTIFACT

FLEET, CUSTOMER, SOFTWARE, ROBOT_CLASS = "fleet", "customer", "robotSoftware", "robotClass"


class SpanRow(Row, frozen=True, array_like=True):
    """Something that held for an interval. Rows of which there are many are lists: an engine sends no names with them."""

    id: str
    since: str | None = None
    until: str | None = None

    def holds(self, at: int) -> bool:
        """Whether it held at a moment."""
        return (self.since is None or milliseconds(self.since) <= at) and (self.until is None or at < milliseconds(self.until))

    @property
    def bounds(self) -> Iterator[int]:
        """Its beginning and its end, as far as they are on record."""
        yield from (milliseconds(text) for text in (self.since, self.until) if text is not None)


class SightingRow(Row, frozen=True, array_like=True):
    """An artifact that was seen on a robot. `seen` is when it was seen last."""

    artifact: str
    since: str
    until: str | None = None
    seen: str | None = None


class EarlierRow(Row, frozen=True, array_like=True):
    """What the software of a robot was until a moment."""

    until: str
    software: str | None = None


class RobotHistoryRow(Row, frozen=True, array_like=True):
    """What is on record of a robot."""

    id: str
    robot_class: str | None
    software: str | None
    earlier: list[EarlierRow]
    installations: list[SightingRow]
    groups: tuple[SpanRow, ...]
    maintained: list[str]


class RobotHistoryFactsRow(Row, frozen=True):
    """A row of `cypher/actions/robot_history_facts.cypher`."""

    robots: list[RobotHistoryRow]


class GroupHistoryFactsRow(Row, frozen=True):
    """A row of `cypher/actions/group_history_facts.cypher`."""

    id: str
    fleet: bool
    sites: list[SpanRow]
    customers: list[SpanRow]
    fleets: list[SpanRow]
    maintained: list[str]
    maintained_sites: list[str]


class BuildHistoryFactsRow(Row, frozen=True):
    """A row of `cypher/actions/build_history_facts.cypher`."""

    id: str
    toolchain: str | None
    precision: str | None
    target: str | None


Ran = tuple[str, str | None, str | None, tuple[str, str, str]]
"""What decides about a profile: artifact, robot class, software; and fleets, sites and customers."""


@lru_cache(maxsize=100_000)
def milliseconds(text: str) -> int:
    """A moment of the graph in milliseconds since 1970."""
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@dataclass
class RobotHistory:
    """Stretches with their profiles, and the robots on which nothing was ever seen."""

    stretches: list[Stretch] = field(default_factory=list)
    profiles: list[Profile] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Surroundings:
    """Where a robot belonged with some memberships: when that changed, and from each of these moments on its fleets, their
    sites and their customers. The first of `places` is what held before. `maintained` is when its groups or their sites were.
    """

    cuts: Sequence[int]
    places: Sequence[tuple[str, str, str]]
    maintained: frozenset[int]

    def at(self, moment: int) -> tuple[str, str, str]:
        """The fleets, sites and customers at a moment."""
        return self.places[bisect_right(self.cuts, moment)]


@dataclass(frozen=True)
class Whereabouts:
    """What is on record of groups and builds, and the interval in question."""

    groups: Mapping[str, GroupHistoryFactsRow]
    builds: Mapping[str, BuildHistoryFactsRow]
    begin: int
    end: int

    @cached_property
    def _around(self) -> dict[tuple[SpanRow, ...], Surroundings]:
        return {}

    def around(self, memberships: tuple[SpanRow, ...]) -> Surroundings:
        """Where a robot belonged. Many robots have the same memberships, so each is looked at once."""
        if memberships not in self._around:
            cuts = sorted({at for span in memberships for at in self._cuts(span)})
            moments = (cuts[0] - 1, *cuts) if cuts else (self.begin,)
            places = [self._places(self._fleets(memberships, at), at) for at in moments]
            maintained = frozenset(at for span in memberships for at in self._maintenance(span) if span.holds(at))
            self._around[memberships] = Surroundings(cuts, places, maintained)
        return self._around[memberships]

    def _fleets(self, memberships: Iterable[SpanRow], at: int) -> list[GroupHistoryFactsRow]:
        """The fleets that a robot belonged to, by itself or with a cohort."""
        found: dict[str, GroupHistoryFactsRow] = {}
        for span in memberships:
            group = self.groups.get(span.id)
            if group is None or not span.holds(at):
                continue
            if group.fleet:
                found[group.id] = group
            found |= {part.id: self.groups[part.id] for part in group.fleets if part.holds(at) and part.id in self.groups}
        return [found[id] for id in sorted(found)]

    @staticmethod
    def _places(fleets: Sequence[GroupHistoryFactsRow], at: int) -> tuple[str, str, str]:
        return (
            joined(fleet.id for fleet in fleets),
            joined(span.id for fleet in fleets for span in fleet.sites if span.holds(at)),
            joined(span.id for fleet in fleets for span in fleet.customers if span.holds(at)),
        )

    def _chain(self, span: SpanRow) -> list[GroupHistoryFactsRow]:
        """The group of a membership, and the fleets that it was part of."""
        group = self.groups.get(span.id)
        return [group, *(self.groups[part.id] for part in group.fleets if part.id in self.groups)] if group else []

    def _cuts(self, span: SpanRow) -> Iterator[int]:
        """Every moment at which something about a membership or its groups changed."""
        yield from span.bounds
        for group in self._chain(span):
            yield from (at for each in (*group.fleets, *group.sites, *group.customers) for at in each.bounds)

    def _maintenance(self, span: SpanRow) -> Iterator[int]:
        """When the groups of a membership or their sites were maintained."""
        for group in self._chain(span):
            yield from map(milliseconds, (*group.maintained, *group.maintained_sites))


def history(robots: Iterable[RobotHistoryRow], where: Whereabouts) -> RobotHistory:
    """The stretches of all robots within the interval."""
    made = RobotHistory()
    places: dict[Ran, int] = {}
    for robot in robots:
        if not robot.installations:
            made.unseen.append(robot.id)
        for stretch, ran in _lived(robot, where):
            place = places.get(ran)
            if place is None:
                place = places[ran] = len(made.profiles)
                made.profiles.append(_profile(ran, where))
            made.stretches.append(Stretch(robot.id, *stretch[:4], place, stretch[4]))
    return made


def _lived(robot: RobotHistoryRow, where: Whereabouts) -> Iterator[tuple[tuple[int, int, int, int | None, bool], Ran]]:
    """The stretches of one robot, each with what ran where: begin, end, installed, maintained and unsure of `Stretch`."""
    spans = _installations(robot.installations, where.end)
    around = where.around(robot.groups)
    maintained = sorted(around.maintained.union(map(milliseconds, robot.maintained)))
    told = sorted((milliseconds(e.until), e.software) for e in robot.earlier)
    moments = {where.begin, where.end, *around.cuts, *maintained, *(at for at, _ in told)}
    for span in spans:
        moments.update(span[:2])
    cuts = sorted(at for at in moments if where.begin <= at <= where.end)
    runs: tuple[str, int] | None = None
    """The artifact that ran until the last cut, and since when."""
    for begin, end in pairwise(cuts):
        now = next((span for span in reversed(spans) if span[0] <= begin < span[1]), None)
        if now is None:
            runs = None
            continue
        since, _, artifact, unsure = now
        runs = runs if runs and runs[0] == artifact else (artifact, since)
        before = bisect_right(maintained, begin)
        software = next((value for at, value in told if begin < at), robot.software) if told else robot.software
        last = maintained[before - 1] if before else None
        yield (begin, end, runs[1], last, unsure), (artifact, robot.robot_class, software, around.at(begin))


def _installations(rows: Sequence[SightingRow], now: int) -> list[tuple[int, int, str, bool]]:
    """Beginning, end and artifact of each installation, in the order of their beginnings, and whether its end is unsure."""
    found = []
    for row in rows:
        end = row.until or row.seen
        found.append((milliseconds(row.since), milliseconds(end) if end else now, row.artifact, end is None))
    return sorted(found)


def _profile(ran: Ran, where: Whereabouts) -> dict[str, str]:
    artifact, robot_class, software, (fleet, site, customer) = ran
    build = where.builds.get(artifact)
    values = {
        ARTIFACT: artifact,
        "toolchain": build and build.toolchain,
        "precision": build and build.precision,
        TARGET: build and build.target,
        ROBOT_CLASS: robot_class,
        SOFTWARE: software,
        FLEET: fleet,
        SITE: site,
        CUSTOMER: customer,
    }
    return {dimension: value for dimension, value in values.items() if value}


def joined(ids: Iterable[str]) -> str:
    """Several ids as one value, in their order."""
    return ", ".join(sorted(set(ids)))
