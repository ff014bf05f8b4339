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
from functools import lru_cache
from itertools import pairwise

from forebear.domain.standing import Row
from forebear.domain.suspects.exposure import SITE, TARGET, Profile, Stretch
from forebear.domain.suspects.groups import ARTIFACT

FLEET, CUSTOMER, SOFTWARE, ROBOT_CLASS = "fleet", "customer", "robotSoftware", "robotClass"


class SpanRow(Row, frozen=True):
    """Something that held for an interval."""

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


class SightingRow(Row, frozen=True):
    """An artifact that was seen on a robot. `seen` is when it was seen last."""

    artifact: str
    since: str
    until: str | None = None
    seen: str | None = None


class EarlierRow(Row, frozen=True):
    """What the software of a robot was until a moment."""

    until: str
    software: str | None = None


class RobotHistoryFactsRow(Row, frozen=True):
    """A row of `cypher/actions/robot_history_facts.cypher`."""

    id: str
    robot_class: str | None
    software: str | None
    earlier: list[EarlierRow]
    installations: list[SightingRow]
    groups: list[SpanRow]
    maintained: list[str]


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
class Whereabouts:
    """What is on record of groups and builds, and the interval in question."""

    groups: Mapping[str, GroupHistoryFactsRow]
    builds: Mapping[str, BuildHistoryFactsRow]
    begin: int
    end: int

    def fleets(self, robot: RobotHistoryFactsRow, at: int) -> list[GroupHistoryFactsRow]:
        """The fleets that a robot belonged to, by itself or with a cohort."""
        found: dict[str, GroupHistoryFactsRow] = {}
        for span in robot.groups:
            group = self.groups.get(span.id)
            if group is None or not span.holds(at):
                continue
            if group.fleet:
                found[group.id] = group
            found |= {part.id: self.groups[part.id] for part in group.fleets if part.holds(at) and part.id in self.groups}
        return [found[id] for id in sorted(found)]

    def cuts(self, robot: RobotHistoryFactsRow) -> Iterator[int]:
        """Every moment at which something about a robot's surroundings changed."""
        for span in robot.groups:
            yield from span.bounds
            if group := self.groups.get(span.id):
                above = [self.groups[part.id] for part in group.fleets if part.id in self.groups]
                yield from (at for part in group.fleets for at in part.bounds)
                yield from (at for g in (group, *above) for each in (*g.sites, *g.customers) for at in each.bounds)

    def maintenance(self, robot: RobotHistoryFactsRow) -> list[int]:
        """When a robot was maintained: itself, or with its group or the site of that."""
        found = {milliseconds(text) for text in robot.maintained}
        for span in robot.groups:
            if group := self.groups.get(span.id):
                above = [self.groups[part.id] for part in group.fleets if part.id in self.groups]
                moments = (milliseconds(t) for g in (group, *above) for t in (*g.maintained, *g.maintained_sites))
                found |= {at for at in moments if span.holds(at)}
        return sorted(found)


def history(robots: Iterable[RobotHistoryFactsRow], where: Whereabouts) -> RobotHistory:
    """The stretches of all robots within the interval."""
    made = RobotHistory()
    places: dict[tuple[tuple[str, str], ...], int] = {}
    for robot in robots:
        if not robot.installations:
            made.unseen.append(robot.id)
        for stretch, profile in _lived(robot, where):
            key = tuple(profile.items())
            if key not in places:
                places[key] = len(made.profiles)
                made.profiles.append(profile)
            made.stretches.append(stretch._replace(profile=places[key]))
    return made


def _lived(robot: RobotHistoryFactsRow, where: Whereabouts) -> Iterator[tuple[Stretch, dict[str, str]]]:
    """The stretches of one robot, each with its profile."""
    spans = _installations(robot.installations, where.end)
    maintained = where.maintenance(robot)
    told = sorted((milliseconds(e.until), e.software) for e in robot.earlier)
    moments = {where.begin, where.end, *where.cuts(robot), *maintained, *(at for at, _ in told)}
    moments |= {at for begin, end, *_ in spans for at in (begin, end)}
    cuts = sorted(at for at in moments if where.begin <= at <= where.end)
    runs: tuple[str, int] | None = None
    """The artifact that ran until the last cut, and since when."""
    for begin, end in pairwise(cuts):
        now = next((s for s in reversed(spans) if s[0] <= begin < s[1]), None)
        if now is None:
            runs = None
            continue
        since, _, artifact, unsure = now
        runs = runs if runs and runs[0] == artifact else (artifact, since)
        before = bisect_right(maintained, begin)
        software = next((value for at, value in told if begin < at), robot.software)
        yield (
            Stretch(robot.id, begin, end, runs[1], maintained[before - 1] if before else None, 0, unsure),
            _profile(robot, artifact, software, where.fleets(robot, begin), where, begin),
        )


def _installations(rows: Sequence[SightingRow], now: int) -> list[tuple[int, int, str, bool]]:
    """Beginning, end and artifact of each installation, in the order of their beginnings, and whether its end is unsure."""
    found = []
    for row in rows:
        end = row.until or row.seen
        found.append((milliseconds(row.since), milliseconds(end) if end else now, row.artifact, end is None))
    return sorted(found)


def _profile(
    robot: RobotHistoryFactsRow,
    artifact: str,
    software: str | None,
    fleets: Sequence[GroupHistoryFactsRow],
    where: Whereabouts,
    at: int,
) -> dict[str, str]:
    build = where.builds.get(artifact)
    values = {
        ARTIFACT: artifact,
        "toolchain": build and build.toolchain,
        "precision": build and build.precision,
        TARGET: build and build.target,
        ROBOT_CLASS: robot.robot_class,
        SOFTWARE: software,
        FLEET: joined(fleet.id for fleet in fleets),
        SITE: joined(span.id for fleet in fleets for span in fleet.sites if span.holds(at)),
        CUSTOMER: joined(span.id for fleet in fleets for span in fleet.customers if span.holds(at)),
    }
    return {dimension: value for dimension, value in values.items() if value}


def joined(ids: Iterable[str]) -> str:
    """Several ids as one value, in their order."""
    return ", ".join(sorted(set(ids)))
