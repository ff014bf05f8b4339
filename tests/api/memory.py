"""A plain graph in memory, built from facts and the moments at which they were recorded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from forebear.graph.declaration import Admission, Change, Edge, Graph, Json, Kind, Property

FINAL = frozenset({Admission.SETTLED, Admission.GOVERNED})
"""Which kinds no fact retracts or corrects."""


@dataclass(frozen=True)
class State:
    """What was known of a node from a moment on, until the next state."""

    since: str
    described_at: str | None = None
    retracted: bool = False
    imported: bool = False
    revision: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)
    told: Mapping[str, Sequence[tuple[str, Any]]] = field(default_factory=dict)
    """Of what changes in the world, each value with the moment from which it holds, in their order."""
    by: str = ""
    """Who recorded it."""


@dataclass(eq=False)
class Node:
    """A node with everything that was ever known of it."""

    kind: Kind
    id: str
    recorded: tuple[str, str, str]
    states: list[State]
    updated: dict[str, Any] = field(default_factory=dict)
    outgoing: list[Link] = field(default_factory=list, repr=False)
    incoming: list[Link] = field(default_factory=list, repr=False)

    def state(self, known: str | None) -> State | None:
        """What was known of it at a moment; `None` before it was recorded."""
        if known is None:
            return self.states[-1]
        return next((s for s in reversed(self.states) if s.since <= known), None)


@dataclass(eq=False)
class Link:
    """An edge, from when it was recorded until it was retracted or replaced."""

    edge: Edge
    source: Node
    target: Node
    properties: Mapping[str, Any]
    recorded: tuple[str, str, str]
    retracted_at: str | None = None

    def known(self, at: str | None) -> bool:
        """Whether it was part of the graph as known at a moment."""
        if at is None:
            return self.retracted_at is None
        return self.recorded[0] <= at and (self.retracted_at is None or self.retracted_at > at)

    def holds(self, at: str) -> bool:
        """Whether its interval covers a moment of the world."""
        if not self.edge.interval:
            return True
        end = self.properties.get("validTo")
        return bool(self.properties["validFrom"] <= at and (end is None or end > at))


def instant(text: str) -> str:
    """A moment as it is answered: UTC, microseconds."""
    return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def value_of(p: Property, given: Any) -> Any:
    """A fact's value as it is answered."""
    if given is None:
        return None
    if p.type is Json:
        return json.loads(json.dumps(given, sort_keys=True))
    if p.value_type is not None:
        return [{m.name: value_of(m, item.get(m.name)) for m in p.value_type.members} for item in given]
    if p.type is datetime:
        return instant(given)
    if p.type is float:
        return float(given)
    return given


def _ends(given: Any) -> list[Mapping[str, Any]]:
    """The ends of a fact's edges, however they are written."""
    ends = [given] if isinstance(given, (str, dict)) else given or []
    return [{"id": end} if isinstance(end, str) else end for end in ends]


def _backwards(properties: Iterable[Property], known: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    """Whether an interval would end before it begins, by what is known and what is said now."""
    values = {**known, **{p.name: value_of(p, given[p.name]) for p in properties if given.get(p.name) is not None}}
    values = {name: value for name, value in values.items() if not (name in given and given[name] is None)}
    ends = [(values.get(p.after), values.get(p.name)) for p in properties if p.after]
    return any(since and until and until < since for since, until in ends)


def _agrees(known: Any, given: Any) -> bool:
    """Whether a value may be said beside the one that is known."""
    return known is None or given is None or json.dumps(known) == json.dumps(given)


def _says_nothing(edge: Edge, own: Mapping[str, Any], meant: Iterable[Link]) -> bool:
    """Whether an edge without a role says nothing that one which stands does not."""
    said = {name: value for name, value in own.items() if value is not None}
    return (
        any(p.name == "role" for p in edge.identity)
        and "role" not in said
        and any(link.properties.items() >= said.items() for link in meant)
    )


Tellings = Sequence[tuple[str, Any]]


def _told(known: Tellings, value: Any, as_of: str | None, moment: str) -> list[tuple[str, Any]]:
    """What is told of a property once one more is: in the order of the moments from which each holds, then of recording."""
    telling = (as_of or moment, value)
    # As texts, since 0 and false are the same to Python.
    text = json.dumps(telling)
    if text in map(json.dumps, known) if as_of else known and json.dumps(known[-1][1]) == json.dumps(value):
        return list(known)
    return sorted([*(t for t in known if json.dumps(t) != text), telling], key=lambda t: t[0])


def _put_right(known: list[tuple[str, Any]], value: Any, as_of: str | None, moment: str) -> list[tuple[str, Any]]:
    """What is told of a property once the one that held at a moment was corrected or, by a null, taken back."""
    held = [t for t in known if as_of is None or t[0] <= as_of]
    if not held:
        return known if value is None else _told(known, value, as_of, moment)
    place = len(held) - 1
    return [*known[:place], *([] if value is None else [(known[place][0], value)]), *known[place + 1 :]]


@dataclass
class Memory:
    """The graph in memory."""

    graph: Graph
    nodes: dict[str, Node] = field(default_factory=dict)

    # ── recording ───────────────────────────────────────────────────────────────────────────────────────

    def record(self, documents: Iterable[Mapping[str, Any]], moment: str, by: str, source: str) -> None:
        """Takes documents that the recorder took at a moment."""
        stamp = (moment, by, source)
        for document in documents:
            match document["kind"]:
                case "Retraction" if "edge" in document:
                    for link in self._named(document):
                        link.retracted_at = moment
                case "Retraction":
                    self._retract(self.nodes[document["of"]], moment, by)
                case "Correction" if "edge" in document:
                    for link in self._named(document):
                        self._replace(link, document["values"], stamp)
                case "Correction":
                    self._correct(self.nodes[document["of"]], document["values"], document.get("asOf"), moment, by)
                case _:
                    self._describe(document, stamp)

    def accepts(self, document: Mapping[str, Any]) -> bool:
        """Whether the graph as it is now lets a document be recorded."""
        match document["kind"]:
            case "Retraction" | "Correction" if self.kind_of(document["of"]).standing in FINAL:
                return False
            case "Correction" if "edge" in document:
                links = self._named(document)
                return (
                    len(links) == 1
                    and not self._clashes(links[0], document["values"])
                    and not _backwards(links[0].edge.stored_properties, links[0].properties, document["values"])
                )
            case "Retraction" if "edge" in document:
                return len(self._named(document)) <= 1 and self._keeps_footing(document)
            case "Retraction":
                return document["of"] in self.nodes and not self._is_held(document["of"])
            case "Correction":
                node = self.nodes.get(document["of"])
                return (
                    node is not None
                    and node.states[-1].described_at is not None
                    and not _backwards(node.kind.properties.values(), node.states[-1].values, document["values"])
                )
        kind, node = self.graph.kinds[document["kind"]], self.nodes.get(document["id"])
        known = node.states[-1].values if node else {}
        said = {n: v for n, v in document.items() if v is not None}
        # What is told of an earlier moment is not the present value.
        present = {n: v for n, v in said.items() if n not in {p.name for p in kind.told}}
        if any(_backwards(kind.properties.values(), known, values) for values in (said, present)):
            return False
        return all(
            _agrees(known.get(p.name), value_of(p, document.get(p.name)))
            for p in kind.properties.values()
            if p.change is Change.IMMUTABLE
        ) and all(self._accepts_end(document["id"], e, end) for e in kind.stated for end in _ends(document.get(e.name)))

    def _is_held(self, id: str) -> bool:
        """Whether an edge that no plain fact takes back leads to a node."""
        held = (link for link in self.nodes[id].incoming if link.retracted_at is None)
        return any(self.kind_of(link.source.id).standing is not Admission.PLAIN for link in held)

    def _keeps_footing(self, document: Mapping[str, Any]) -> bool:
        """Whether an observation keeps an edge of the kind of one that is taken back."""
        if self.kind_of(document["of"]).standing is not Admission.OBSERVED or not (gone := self._named(document)):
            return True
        source, edge = self.nodes[document["of"]], gone[0].edge
        return any(link not in gone for link in self.links_of(source, edge, False, None))

    def _accepts_end(self, id: str, edge: Edge, end: Mapping[str, Any]) -> bool:
        source, target = self.nodes.get(id), self.nodes.get(end["id"])
        if target is not None and target.states[-1].retracted and target is not source:
            return False
        if source is None:
            return True
        if edge.one and any(link.target is not target for link in self.links_of(source, edge, False, None)):
            return False
        if target is None:
            return True
        own = {p.name: value_of(p, end.get(p.name)) for p in edge.stored_properties}
        meant = self._meant(source, edge, target, own)
        if _says_nothing(edge, own, meant):
            return True
        return (
            len(meant) <= 1
            and all(_agrees(link.properties.get(name), value) for link in meant for name, value in own.items())
            and not any(_backwards(edge.stored_properties, link.properties, end) for link in meant)
        )

    def kind_of(self, id: str) -> Kind:
        """The kind that an id names, by its prefix and whether it has a version."""
        prefix, _, rest = id.partition(":")
        return next(k for k in self.graph.kinds.values() if (k.prefix, k.versioned) == (prefix, "@" in rest))

    def _node(self, id: str, stamp: tuple[str, str, str]) -> Node:
        if id not in self.nodes:
            self.nodes[id] = Node(self.kind_of(id), id, stamp, [State(stamp[0])])
        return self.nodes[id]

    def _describe(self, document: Mapping[str, Any], stamp: tuple[str, str, str]) -> None:
        node = self._node(document["id"], stamp)
        moment = stamp[0]
        values = {}
        for p in node.kind.properties.values():
            if p.name not in document:
                continue
            value = value_of(p, document[p.name])
            if p.change is Change.LATEST:
                node.updated[p.name] = max(filter(None, (node.updated.get(p.name), value)), default=None)
            elif not p.is_guaranteed:
                node.updated[p.name] = value
            elif value is not None:
                values[p.name] = value
        last = node.states[-1]
        told = dict(last.told)
        as_of = document.get("asOf")
        for p in node.kind.told:
            if p.name in values:
                told[p.name] = _told(told.get(p.name, ()), values[p.name], as_of and instant(as_of), moment)
                values[p.name] = told[p.name][-1][1]
        now = {**last.values, **values}
        same = json.dumps([now, told]) == json.dumps([last.values, dict(last.told)])
        revised = last.retracted or (last.described_at is not None and not same)
        node.states.append(
            State(
                moment,
                last.described_at or moment,
                imported=node.kind.standing is Admission.GOVERNED,
                revision=last.revision + revised,
                values=now,
                told=told,
                by=stamp[1],
            )
        )
        for edge in node.kind.stated:
            for end in _ends(document.get(edge.name)):
                own = {p.name: value_of(p, end.get(p.name)) for p in edge.stored_properties}
                self._link(node, edge, end["id"], {k: v for k, v in own.items() if v is not None}, stamp)

    def _link(self, source: Node, edge: Edge, to: str, properties: Mapping[str, Any], stamp: tuple[str, str, str]) -> None:
        target = self._node(to, stamp)
        meant = self._meant(source, edge, target, properties)
        if _says_nothing(edge, properties, meant):
            return
        for link in meant:
            self._replace(link, properties, stamp)
            return
        self.add(Link(edge, source, target, properties, stamp))

    def add(self, link: Link) -> None:
        """Takes a link."""
        link.source.outgoing.append(link)
        link.target.incoming.append(link)

    def _meant(self, source: Node, edge: Edge, target: Node, own: Mapping[str, Any]) -> list[Link]:
        """The links that stand and that a fact's edge may mean: without a role any, with one that without a role or its own."""
        links = [
            link
            for link in source.outgoing
            if link.edge is edge
            and link.target is target
            and link.retracted_at is None
            and link.properties.get("validFrom") == own.get("validFrom")
        ]
        if not edge.identity or own.get("role") is None:
            return links
        without = [link for link in links if link.properties.get("role") is None]
        return without or [link for link in links if link.properties.get("role") == own["role"] or edge.interval]

    def _clashes(self, link: Link, changes: Mapping[str, Any]) -> bool:
        """Whether a corrected link would be one that stands beside it."""
        properties = {k: v for k, v in {**link.properties, **changes}.items() if v is not None}
        return any(other is not link for other in self._meant(link.source, link.edge, link.target, properties))

    def _named(self, document: Mapping[str, Any]) -> list[Link]:
        source, target = self.nodes.get(document["of"]), self.nodes.get(document["to"])
        edge = next(e for e in self.kind_of(document["of"]).edges if e.name == document["edge"])
        if not (source and target):
            return []
        since = document.get("validFrom")
        links = self._meant(source, edge, target, {"validFrom": since and instant(since)})
        return [link for link in links if link.properties.get("role") == document.get("role", link.properties.get("role"))]

    def _replace(self, link: Link, changes: Mapping[str, Any], stamp: tuple[str, str, str]) -> None:
        declared = {p.name: p for p in link.edge.stored_properties}
        changed = {name: value_of(declared[name], value) for name, value in changes.items()}
        properties = {k: v for k, v in {**link.properties, **changed}.items() if v is not None}
        if properties != link.properties:
            link.retracted_at = stamp[0]
            self.add(Link(link.edge, link.source, link.target, properties, stamp))

    def _retract(self, node: Node, moment: str, by: str) -> None:
        if node.states[-1].retracted:
            return
        node.states.append(State(moment, retracted=True, revision=node.states[-1].revision + 1, by=by))
        node.updated = {}
        for link in node.outgoing + node.incoming:
            if link.retracted_at is None:
                link.retracted_at = moment

    def _correct(self, node: Node, changes: Mapping[str, Any], as_of: str | None, moment: str, by: str) -> None:
        last, changed = node.states[-1], False
        values, told = dict(last.values), dict(last.told)
        for name, given in changes.items():
            p = node.kind.properties[name]
            if p.change is Change.TOLD:
                known = list(told.get(name, ()))
                told[name] = _put_right(known, value_of(p, given), as_of and instant(as_of), moment)
                values[name] = told[name][-1][1] if told[name] else None
                changed = changed or json.dumps(told[name]) != json.dumps(known)
                continue
            kept = values if p.is_guaranteed else node.updated
            value = value_of(p, given)
            changed = changed or (kept is values and json.dumps(kept.get(name)) != json.dumps(value))
            kept[name] = value
        node.states.append(replace(last, since=moment, values=values, told=told, revision=last.revision + changed, by=by))

    # ── asking ──────────────────────────────────────────────────────────────────────────────────────────

    def standing(self, kind: str, known: str | None) -> Iterator[Node]:
        """The nodes of a kind that stood, as known at a moment."""
        for node in self.nodes.values():
            state = node.state(known)
            if node.kind.name == kind and state is not None and not state.retracted:
                yield node

    def links_of(self, node: Node, edge: Edge, incoming: bool, known: str | None) -> Iterator[Link]:
        """A node's links over an edge, one way, as known at a moment."""
        for link in node.incoming if incoming else node.outgoing:
            if link.edge is edge and link.known(known):
                yield link


@dataclass(frozen=True)
class Time:
    """The moments that an answer is about: in the world, and of our knowledge (`None`: all of it)."""

    at: str
    known: str | None


@dataclass(frozen=True)
class Seen:
    """A node, as seen at some time."""

    node: Node
    time: Time

    def get(self, name: str) -> Any:
        """A property as it was known."""
        p = self.node.kind.properties[name]
        if p.change is Change.LATEST and self.time.known is not None:
            return None
        if not p.is_guaranteed:
            return self.node.updated.get(name)
        state = self.node.state(self.time.known)
        if state and p.change is Change.TOLD:
            return next((value for since, value in reversed(state.told.get(name, ())) if since <= self.time.at), None)
        return state.values.get(name) if state else None

    @property
    def described_at(self) -> str | None:
        """When it was described, as it was known."""
        state = self.node.state(self.time.known)
        return state.described_at if state else None
