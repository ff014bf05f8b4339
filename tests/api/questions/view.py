"""The graph in memory as the questions see it: what was known at one moment, of the world at another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from forebear.graph.declaration import EdgeClass
from tests.api.memory import Link, Memory, Node, Seen, Time

LONGEST = 50
"""How many edges a walk follows at most."""

WIDER = ("MEMBER_OF", "PART_OF", "AT", "FOR")
"""From a place to those around it: robot, cohort, fleet, site and customer."""


@dataclass(frozen=True)
class View:
    """A graph in memory, seen at a time."""

    memory: Memory
    time: Time

    def known_at(self, moment: str | None) -> View:
        """The same graph as it was known at another moment."""
        return View(self.memory, Time(self.time.at, moment))

    @property
    def lineage(self) -> frozenset[str]:
        """The edge types that say what a thing was made from."""
        return frozenset(self.memory.graph.types_of(EdgeClass.LINEAGE))

    @property
    def authority(self) -> frozenset[str]:
        """The edge types that say what a thing was made from or is allowed because of."""
        return frozenset(self.memory.graph.types_of(EdgeClass.LINEAGE, EdgeClass.AUTHORITY))

    def all(self, kind: str) -> Iterator[Node]:
        """The nodes of a kind."""
        return self.memory.standing(kind, self.time.known)

    def get(self, node: Node, name: str) -> Any:
        """A property of a node."""
        return Seen(node, self.time).get(name)

    def described(self, node: Node) -> bool:
        """Whether a node's own fact had arrived."""
        return Seen(node, self.time).described_at is not None

    # ── neighbours ──────────────────────────────────────────────────────────────────────────────────────

    def out(self, node: Node, types: Iterable[str]) -> Iterator[Link]:
        """The links from a node."""
        return (link for link in node.outgoing if link.edge.type.name in types and link.known(self.time.known))

    def into(self, node: Node, types: Iterable[str]) -> Iterator[Link]:
        """The links to a node."""
        return (link for link in node.incoming if link.edge.type.name in types and link.known(self.time.known))

    def ends(self, nodes: Iterable[Node], type: str, *kinds: str) -> list[Node]:
        """What some nodes lead to over one type of edge, each once, by id."""
        found = {link.target for node in nodes for link in self.out(node, (type,))}
        return by_id(node for node in found if not kinds or node.kind.name in kinds)

    def origins(self, nodes: Iterable[Node], type: str, *kinds: str) -> list[Node]:
        """What leads to some nodes over one type of edge, each once, by id."""
        found = {link.source for node in nodes for link in self.into(node, (type,))}
        return by_id(node for node in found if not kinds or node.kind.name in kinds)

    def end(self, node: Node | None, type: str, *kinds: str) -> Node | None:
        """The one node that a node leads to."""
        return next(iter(self.ends([node], type, *kinds)), None) if node else None

    # ── walks ───────────────────────────────────────────────────────────────────────────────────────────

    def walk(self, starts: Iterable[Node], types: frozenset[str], *, inwards: bool) -> dict[Node, int]:
        """Every node that is reached, with its distance."""
        depths = dict.fromkeys(starts, 0)
        front = list(depths)
        for depth in range(1, LONGEST + 1):
            ends = [
                link.source if inwards else link.target
                for node in front
                for link in (self.into(node, types) if inwards else self.out(node, types))
            ]
            front = [node for node in dict.fromkeys(ends) if node not in depths]
            depths.update(dict.fromkeys(front, depth))
        assert not front, "no generated history is so deep, so `truncated` is false of the whole; tests/record has deeper ones"
        return depths

    def shortest(self, start: Node, end: Node, types: frozenset[str]) -> list[tuple[Link, ...]]:
        """All shortest ways from one node outwards to another; none from a node to itself."""
        left = self.walk([end], types, inwards=True)

        def ways(node: Node) -> Iterator[tuple[Link, ...]]:
            if node is end:
                yield ()
                return
            for link in self.out(node, types):
                if left.get(link.target) == left[node] - 1:
                    yield from ((link, *rest) for rest in ways(link.target))

        return list(ways(start)) if start in left and start is not end else []

    # ── places ──────────────────────────────────────────────────────────────────────────────────────────

    def current(self, thing: Node, at: str) -> bool:
        """Whether a deployment was active, an installation there or a place out of service at a moment."""
        since, until = self.get(thing, "validFrom"), self.get(thing, "validTo")
        return since is not None and since <= at and (until is None or until > at)

    def around(self, place: Node, at: str | None) -> Iterator[tuple[Link, ...]]:
        """The ways from a place to every place around it, itself first; those that held at a moment, or at any."""
        yield ()
        for link in self.out(place, WIDER):
            if at is None or link.holds(at):
                yield from ((link, *rest) for rest in self.around(link.target, at))

    def inside(self, place: Node, at: str) -> Iterator[tuple[Link, ...]]:
        """The ways from a fleet or cohort to its robots at a moment."""
        for link in self.into(place, ("MEMBER_OF", "PART_OF")):
            if link.holds(at):
                if link.source.kind.name == "Robot":
                    yield (link,)
                else:
                    yield from ((link, *rest) for rest in self.inside(link.source, at))

    def places(self, place: Node, at: str, *kinds: str) -> list[Node]:
        """A place and those around it at a moment, of some kinds, by id."""
        found = {way[-1].target if way else place for way in self.around(place, at)}
        return by_id(node for node in found if node.kind.name in kinds)

    def robots(self, place: Node, at: str) -> list[Node]:
        """A robot itself, or all robots of a fleet or cohort at a moment, by id."""
        return [place] if place.kind.name == "Robot" else by_id({way[-1].source for way in self.inside(place, at)})

    def seen_on(self, robot: Node, at: str) -> list[Node]:
        """The installations on a robot at a moment, the newest first."""
        return self.newest(thing for thing in self.origins([robot], "ON", "Installation") if self.current(thing, at))

    def meant_for(self, robot: Node, at: str, stop: Node | None = None) -> list[Node]:
        """The deployments that say what should run on a robot at a moment: those on its cohorts before those on its fleets.

        Those that were requested before a stop say nothing any more.
        """
        for kind in ("Cohort", "Fleet"):
            on = self.origins(self.places(robot, at, kind), "ON", "Deployment")
            if active := [thing for thing in on if self.current(thing, at) and not self.stopped(thing, stop)]:
                return self.newest(active)
        return []

    def spots(self, place: Node, at: str) -> list[Node]:
        """A robot, a cohort or a fleet, with the cohorts and fleets around it: where stops and deployments reach it."""
        return self.places(place, at, "Robot", "Cohort", "Fleet")

    def newest_stop(self, spots: Iterable[Node], at: str) -> Node | None:
        """The newest stop that was requested at any of some places which did not leave service since."""
        found = []
        for spot in spots:
            left = [self.get(out, "validFrom") or "" for out in self.origins([spot], "DECOMMISSIONS")]
            for stop in self.origins([spot], "ON", "Stop"):
                asked = self.get(stop, "requestedAt")
                if asked is not None and asked <= at and not any(asked <= since <= at for since in left):
                    found.append((asked, stop.id, stop))
        return max(found, key=lambda each: each[:2], default=(None, None, None))[2]

    def stopped(self, deployment: Node, stop: Node | None) -> bool:
        """Whether a stop was requested after a deployment."""
        state = deployment.state(self.time.known)
        recorded = deployment.recorded[0]
        asked = (self.get(deployment, "validFrom") or recorded) if state is not None and state.imported else recorded
        return stop is not None and bool(asked <= self.get(stop, "requestedAt"))

    def standing_stop(self, spots: Iterable[Node], at: str) -> Node | None:
        """The newest stop at some places, unless a deployment that was requested later began there."""
        spots = [*spots]
        stop = self.newest_stop(spots, at)
        for deployment in self.origins([spot for spot in spots if spot.kind.name != "Robot"], "ON", "Deployment"):
            since = self.get(deployment, "validFrom")
            if since is not None and since <= at and not self.stopped(deployment, stop):
                return None
        return stop

    def newest(self, things: Iterable[Node]) -> list[Node]:
        """Deployments or installations, the newest first."""
        return sorted(things, key=lambda thing: (self.get(thing, "validFrom"), thing.id), reverse=True)


def by_id(nodes: Iterable[Node]) -> list[Node]:
    """Nodes in the order of their ids."""
    return sorted(nodes, key=lambda node: node.id)
