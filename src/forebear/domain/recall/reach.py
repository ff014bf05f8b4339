"""How far a recall reaches: from its subject to everything made from it or allowed by it, and to where that runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from forebear.domain.place import DeploymentRow, RetiredRow, RobotRow
from forebear.domain.recall.affected import AUTHORITY, KINDS, LINEAGE, Affected, AffectingEdge, paths
from forebear.domain.recall.subject import Subject, SubjectKind
from forebear.domain.standing import LineRow, Row
from forebear.graph.declaration import EdgeClass

PLACES = ("Robot", "Cohort", "Fleet", "Site", "Customer")


class RecalledFactsRow(Row, frozen=True):
    """A row of `cypher/actions/recalled_facts.cypher`: a node with what it was made from and what allows it.

    `origin` is the path from where a recall begins to its subject; None for other nodes. `place` is where a deployment runs,
    and `seen` holds the installations of an artifact, each with its robot. `beyond`: it is more than 50 edges away.
    """

    id: str
    kind: str
    recorded_at: str = ""
    made: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    origin: tuple[str, ...] | None = None
    configuration: str | None = None
    place: str | None = None
    seen: tuple[tuple[str, str | None], ...] = ()
    beyond: bool = False


class RecalledRobotFactsRow(Row, frozen=True):
    """A row of `cypher/actions/recalled_robot_facts.cypher`: a robot that is in service nowhere, its groups, and since when."""

    id: str
    groups: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()


class RecalledGroupFactsRow(Row, frozen=True):
    """A row of `cypher/actions/recalled_group_facts.cypher`: a fleet or a cohort. A cohort has `fleets`."""

    id: str
    fleet: bool
    fleets: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    lines: tuple[LineRow, ...] = ()
    robots: tuple[RobotRow, ...] = ()
    deployments: tuple[DeploymentRow, ...] = ()
    retired: tuple[RetiredRow, ...] = ()

    @property
    def intended(self) -> DeploymentRow | None:
        """The deployment that is active there, the newest of several."""
        return max((d for d in self.deployments if d.is_active), key=lambda d: (d.valid_from or "", d.id), default=None)


Found = dict[str, tuple[EdgeClass, tuple[str, ...]]]
"""By id of a node: the way by which the recall reaches it, and its path."""


@dataclass(frozen=True)
class Reach:
    """What descends from a subject, or is allowed because of it: before it is asked where that runs."""

    subject: Subject
    rows: Sequence[RecalledFactsRow]

    @cached_property
    def found(self) -> Found:
        """Everything that the subject reaches. Where it is a setting, from the runs that have it."""
        setting = self.subject.kind is SubjectKind.SETTING
        origins = {
            row.id: row.origin
            for row in self.rows
            if row.origin is not None and (not setting or self.subject.begins(row.configuration))
        }
        known = {row.id for row in self.rows if not row.beyond}
        links = [
            AffectingEdge(row.id, source, way)
            for row in self.rows
            if row.id in known
            for way, sources in ((LINEAGE, row.made), (AUTHORITY, row.allowed))
            for source in sources
            if source in known
        ]
        links += [AffectingEdge(seen, row.id, LINEAGE) for row in self.rows for seen, _ in row.seen]
        return paths(origins, links)

    @property
    def truncated(self) -> bool:
        """Whether more may be affected, more than 50 edges away."""
        return any(row.beyond for row in self.rows)

    @cached_property
    def kinds(self) -> Mapping[str, str]:
        """The kind of each node by its id."""
        seen = {id: "Installation" for row in self.rows for id, _ in row.seen}
        return seen | {row.id: row.kind for row in self.rows}

    @cached_property
    def things(self) -> Mapping[str, str | None]:
        """The affected deployments and installations, each with the fleet, cohort or robot where it is."""
        places = {id: robot for row in self.rows for id, robot in row.seen}
        places |= {row.id: row.place for row in self.rows if row.kind == "Deployment"}
        return {id: place for id, place in places.items() if id in self.found}

    def places(self, kind: str) -> list[str]:
        """Return the ids of the places of the affected deployments or installations."""
        return sorted({place for id, place in self.things.items() if place is not None and self.kinds[id] == kind})

    @cached_property
    def artifacts(self) -> frozenset[str]:
        """The affected artifacts."""
        return frozenset(id for id in self.found if self.kinds[id] == "Artifact")


@dataclass(frozen=True)
class World:
    """Where affected things run: fleets and cohorts with what is around them.

    `robots` are those that are in service in none of the groups.
    """

    robots: Mapping[str, RecalledRobotFactsRow]
    groups: Mapping[str, RecalledGroupFactsRow]

    @cached_property
    def cohorts(self) -> Mapping[str, tuple[str, ...]]:
        """The cohorts of each fleet."""
        of: dict[str, list[str]] = {}
        for group in self.groups.values():
            for fleet in group.fleets:
                of.setdefault(fleet, []).append(group.id)
        return {fleet: tuple(sorted(cohorts)) for fleet, cohorts in of.items()}

    @cached_property
    def members(self) -> Mapping[str, tuple[str, ...]]:
        """The places of each robot: its cohorts, then the fleets of these and its own."""
        return {id: self._places(groups) for id, groups in self.own.items()}

    @cached_property
    def own(self) -> Mapping[str, set[str]]:
        """The groups that each robot itself belongs to."""
        own: dict[str, set[str]] = {robot.id: set(robot.groups) for robot in self.robots.values()}
        for group in self.groups.values():
            for robot in group.robots:
                own.setdefault(robot.id, set()).add(group.id)
        return own

    def _places(self, groups: Iterable[str]) -> tuple[str, ...]:
        known = [self.groups[id] for id in sorted(groups) if id in self.groups]
        cohorts = [group.id for group in known if not group.fleet]
        fleets = {group.id for group in known if group.fleet} | {f for id in cohorts for f in self.groups[id].fleets}
        return (*cohorts, *sorted(fleets & self.groups.keys()))

    def reached(self, reach: Reach) -> Iterator[tuple[str, str, EdgeClass, tuple[str, ...]]]:
        """Return kind, id, way and path of each place, once for each path from an affected deployment or installation."""
        for thing, place in reach.things.items():
            if place is None:
                continue
            way, path = reach.found[thing]
            for kind, steps in self._around(place, reach.kinds[thing] == "Deployment"):
                yield kind, steps[0], way, (*steps, *path)

    def _around(self, place: str, deployed: bool) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Return the kind of each place that something affects which runs at a place, with the ids from there to the place."""
        if group := self.groups.get(place):
            yield from self._above(group, ())
            if deployed:
                yield from self._below(group)
            return
        yield "Robot", (place,)
        for id in self.own.get(place, ()):
            if id in self.groups:
                yield from self._above(self.groups[id], (place,))

    def _above(self, group: RecalledGroupFactsRow, steps: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
        here = (group.id, *steps)
        yield "Fleet" if group.fleet else "Cohort", here
        yield from (("Site", (site, *here)) for site in group.sites)
        yield from (("Customer", (customer, *here)) for customer in group.customers)
        for fleet in group.fleets:
            if fleet in self.groups:
                yield from self._above(self.groups[fleet], here)

    def _below(self, group: RecalledGroupFactsRow) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Return the robots that a deployment to a group is meant for: those of a cohort only if no other is active there."""
        yield from (("Robot", (robot.id, group.id)) for robot in group.robots)
        for id in self.cohorts.get(group.id, ()):
            cohort = self.groups[id]
            if cohort.intended is None:
                yield from (("Robot", (robot.id, id, group.id)) for robot in cohort.robots)


def affected(reach: Reach, world: World) -> list[Affected]:
    """Return everything that is affected, in the order of kinds and ids.

    A place whose data is recalled is affected only if what was made of the data runs there.
    """
    best: dict[str, Affected] = {}
    for id, (way, path) in reach.found.items():
        if reach.kinds[id] in KINDS and reach.kinds[id] not in PLACES:
            best[id] = Affected(reach.kinds[id], id, way, path)
    for kind, id, way, path in world.reached(reach):
        here = best.get(id)
        if here is None or _order(way, path) < _order(here.way, here.path):
            best[id] = Affected(kind, id, way, path)
    return sorted(best.values(), key=lambda each: (KINDS.index(each.kind), each.id))


def _order(way: EdgeClass, path: tuple[str, ...]) -> tuple[bool, int, tuple[str, ...]]:
    return way is AUTHORITY, len(path), path
