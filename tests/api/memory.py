"""The third answer: a plain in-memory graph that answers the API's queries without Cypher.

It is built from facts and the moments at which they were recorded, and knows the declaration and the schema's text.
It shares no code with the compiler, the selection or the shape: graphql-core's ordinary executor asks it field by field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    StringValueNode,
    ValueNode,
    build_schema,
    execute,
    parse,
)

from forebear.graph.declaration import Change, Edge, Graph, Json, Kind, Property, Standing

FINAL = frozenset({Standing.SETTLED, Standing.GOVERNED})
"""Which kinds no fact retracts or corrects."""

FIRST = 20
MOST = 1000


class Refusal(Exception):
    """The request cannot be answered at all."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class State:
    """What was known of a node from a moment on, until the next state."""

    since: str
    described_at: str | None = None
    retracted: bool = False
    imported: bool = False
    revision: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Node:
    """A node with everything that was ever known of it."""

    kind: Kind
    id: str
    recorded: tuple[str, str, str]
    states: list[State]
    updated: dict[str, Any] = field(default_factory=dict)

    def state(self, known: str | None) -> State | None:
        """What was known of it at a moment; `None` before it was recorded."""
        if known is None:
            return self.states[-1]
        return next((s for s in reversed(self.states) if s.since <= known), None)


@dataclass
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


def _literal_instant(node: ValueNode) -> str:
    assert isinstance(node, StringValueNode)
    return instant(node.value)


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


def _agrees(known: Any, given: Any) -> bool:
    """Whether a value may be said beside the one that is known."""
    return known is None or given is None or json.dumps(known) == json.dumps(given)


@dataclass
class Memory:
    """The graph in memory."""

    graph: Graph
    nodes: dict[str, Node] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)

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
                    self._retract(self.nodes[document["of"]], moment)
                case "Correction" if "edge" in document:
                    for link in self._named(document):
                        self._replace(link, document["values"], stamp)
                case "Correction":
                    self._correct(self.nodes[document["of"]], document["values"], moment)
                case _:
                    self._describe(document, stamp)

    def accepts(self, document: Mapping[str, Any]) -> bool:
        """Whether the graph as it is now lets a document be recorded."""
        match document["kind"]:
            case "Retraction" | "Correction" if self.kind_of(document["of"]).standing in FINAL:
                return False
            case "Correction" if "edge" in document:
                return bool(self._named(document))
            case "Retraction" if "edge" in document:
                return True
            case "Retraction":
                return document["of"] in self.nodes
            case "Correction":
                node = self.nodes.get(document["of"])
                return node is not None and node.states[-1].described_at is not None
        kind, node = self.graph.kinds[document["kind"]], self.nodes.get(document["id"])
        known = node.states[-1].values if node else {}
        return all(
            _agrees(known.get(p.name), value_of(p, document.get(p.name)))
            for p in kind.properties.values()
            if p.change is Change.IMMUTABLE
        ) and all(self._accepts_end(document["id"], edge, end) for edge in kind.edges for end in _ends(document.get(edge.name)))

    def _accepts_end(self, id: str, edge: Edge, end: Mapping[str, Any]) -> bool:
        source, target = self.nodes.get(id), self.nodes.get(end["id"])
        if target is not None and target.states[-1].retracted and target is not source:
            return False
        if source is None:
            return True
        if edge.one and any(link.target is not target for link in self.links_of(source, edge, False, None)):
            return False
        own = {p.name: value_of(p, end.get(p.name)) for p in edge.stored_properties}
        return target is None or all(
            _agrees(link.properties.get(name), value)
            for link in self._current(source, edge, target, own.get("validFrom"))
            for name, value in own.items()
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
            if p.change is Change.UPDATED:
                node.updated[p.name] = value
            elif value is not None:
                values[p.name] = value
        last = node.states[-1]
        now = {**last.values, **values}
        revised = last.retracted or (last.described_at is not None and json.dumps(now) != json.dumps(last.values))
        node.states.append(
            State(
                moment,
                last.described_at or moment,
                imported=node.kind.standing is Standing.GOVERNED,
                revision=last.revision + revised,
                values=now,
            )
        )
        for edge in node.kind.edges:
            for end in _ends(document.get(edge.name)):
                own = {p.name: value_of(p, end.get(p.name)) for p in edge.stored_properties}
                self._link(node, edge, end["id"], {k: v for k, v in own.items() if v is not None}, stamp)

    def _link(self, source: Node, edge: Edge, to: str, properties: Mapping[str, Any], stamp: tuple[str, str, str]) -> None:
        target = self._node(to, stamp)
        for link in self._current(source, edge, target, properties.get("validFrom")):
            self._replace(link, properties, stamp)
            return
        self.links.append(Link(edge, source, target, properties, stamp))

    def _current(self, source: Node, edge: Edge, target: Node, valid_from: str | None) -> list[Link]:
        return [
            link
            for link in self.links
            if (link.source, link.edge, link.target) == (source, edge, target)
            and link.retracted_at is None
            and link.properties.get("validFrom") == valid_from
        ]

    def _named(self, document: Mapping[str, Any]) -> list[Link]:
        source, target = self.nodes.get(document["of"]), self.nodes.get(document["to"])
        edge = next(e for e in self.kind_of(document["of"]).edges if e.name == document["edge"])
        since = document.get("validFrom")
        return self._current(source, edge, target, since and instant(since)) if source and target else []

    def _replace(self, link: Link, changes: Mapping[str, Any], stamp: tuple[str, str, str]) -> None:
        declared = {p.name: p for p in link.edge.stored_properties}
        changed = {name: value_of(declared[name], value) for name, value in changes.items()}
        properties = {k: v for k, v in {**link.properties, **changed}.items() if v is not None}
        if properties != link.properties:
            link.retracted_at = stamp[0]
            self.links.append(Link(link.edge, link.source, link.target, properties, stamp))

    def _retract(self, node: Node, moment: str) -> None:
        if node.states[-1].retracted:
            return
        node.states.append(State(moment, retracted=True, revision=node.states[-1].revision + 1))
        node.updated = {}
        for link in self.links:
            if node in (link.source, link.target) and link.retracted_at is None:
                link.retracted_at = moment

    def _correct(self, node: Node, changes: Mapping[str, Any], moment: str) -> None:
        last, changed = node.states[-1], False
        values = dict(last.values)
        for name, given in changes.items():
            p = node.kind.properties[name]
            kept = node.updated if p.change is Change.UPDATED else values
            value = value_of(p, given)
            changed = changed or json.dumps(kept.get(name)) != json.dumps(value)
            kept[name] = value
        node.states.append(replace(last, since=moment, values=values, revision=last.revision + changed))

    # ── asking ──────────────────────────────────────────────────────────────────────────────────────────

    def standing(self, kind: str, known: str | None) -> Iterator[Node]:
        """The nodes of a kind that stood, as known at a moment."""
        for node in self.nodes.values():
            state = node.state(known)
            if node.kind.name == kind and state is not None and not state.retracted:
                yield node

    def links_of(self, node: Node, edge: Edge, incoming: bool, known: str | None) -> Iterator[Link]:
        """A node's links over an edge, one way, as known at a moment."""
        for link in self.links:
            here = link.target if incoming else link.source
            if here is node and link.edge is edge and link.known(known):
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
        if p.change is Change.UPDATED:
            return self.node.updated.get(name)
        state = self.node.state(self.time.known)
        return state.values.get(name) if state else None

    @property
    def described_at(self) -> str | None:
        """When it was described, as it was known."""
        state = self.node.state(self.time.known)
        return state.described_at if state else None


@dataclass(frozen=True)
class Row:
    """A row of a connection: a node and, unless it is a root's, the link that leads to it."""

    seen: Seen
    link: Link | None
    cursor: str

    @property
    def recorded(self) -> tuple[str, str, str]:
        """When, by whom and from where the row was recorded."""
        return self.link.recorded if self.link else self.seen.node.recorded


@dataclass(frozen=True)
class Page:
    """A connection's rows: all that match, and those on this page."""

    total: int
    shown: Sequence[Row]
    more: bool
    following: bool


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, given: value == given,
    "in": lambda value, given: value in given,
    "lt": lambda value, given: value < given,
    "lte": lambda value, given: value <= given,
    "gt": lambda value, given: value > given,
    "gte": lambda value, given: value >= given,
    "contains": lambda value, given: given in value,
    "startsWith": lambda value, given: value.startswith(given),
    "has": lambda value, given: given in value,
}


def schema_in_memory(sdl: str) -> GraphQLSchema:
    """The schema of the API, from its text alone."""
    schema = build_schema(sdl)
    date_time = schema.type_map["DateTime"]
    assert isinstance(date_time, GraphQLScalarType)
    date_time.coerce_input_value = instant
    date_time.coerce_input_literal = _literal_instant
    return schema


class Answers:
    """Answers operations on a graph in memory."""

    def __init__(self, memory: Memory, schema: GraphQLSchema, now: str) -> None:
        self.memory = memory
        self.graph = memory.graph
        self.schema = schema
        self.now = now
        self.lookups = {_lookup(kind): kind for kind in self.graph.kinds.values()}
        self.alls = {kind.plural: kind for kind in self.graph.kinds.values()}

    def answer(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The response to a valid operation, but for `extensions`."""
        self.refusal: Refusal | None = None
        result = execute(
            self.schema,
            parse(query),
            variable_values=dict(variables or {}),
            field_resolver=self.resolve,
            type_resolver=lambda value, info, type_: value.node.kind.name,
        )
        if self.refusal:
            return {"errors": [{"message": str(self.refusal), "extensions": {"code": self.refusal.code}}]}
        unforeseen = [e for e in result.errors or () if e.extensions.get("code") != "NOT_FOUND"]
        if unforeseen:
            raise AssertionError(f"the graph in memory failed: {unforeseen}") from unforeseen[0].original_error
        response: dict[str, Any] = {}
        if result.errors:
            response["errors"] = [dict(e.formatted) for e in result.errors]
        response["data"] = result.data
        return response

    # ── fields ──────────────────────────────────────────────────────────────────────────────────────────

    def resolve(self, source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        """The value of a field."""
        name = info.field_name
        try:
            match source:
                case None:
                    return self.root(name, arguments)
                case Seen():
                    return self.of_node(source, name, arguments)
                case Page():
                    return self.of_page(source, name)
                case Row():
                    return self.of_row(source, name)
        except Refusal as refusal:
            self.refusal = self.refusal or refusal
            raise
        return source[name]

    def root(self, name: str, arguments: Mapping[str, Any]) -> Any:
        known = arguments.get("asKnownAt")
        time = Time(arguments.get("at") or known or self.now, known)
        if name == "node":
            return self.by_id(arguments["id"], None, time)
        if name == "nodes":
            return [self.by_id(id, None, time) for id in arguments["ids"]]
        if name in self.lookups:
            found = self.by_id(arguments["id"], self.lookups[name], time)
            if found is None:
                raise GraphQLError(f"{name}: {arguments['id']} is not known", extensions={"code": "NOT_FOUND"})
            return found
        kind = self.alls[name]
        seen = [Seen(node, time) for node in self.memory.standing(kind.name, known)]
        return self.page([(s, None) for s in seen], arguments, time, None)

    def by_id(self, id: str, kind: Kind | None, time: Time) -> Seen | None:
        node = self.memory.nodes.get(id)
        if node is None:
            return None
        state = node.state(time.known)
        return Seen(node, time) if state is not None and not state.retracted else None

    def of_node(self, seen: Seen, name: str, arguments: Mapping[str, Any]) -> Any:
        node = seen.node
        match name:
            case "id":
                return node.id
            case "kind":
                return node.kind.name
            case "described":
                return seen.described_at is not None
            case "describedAt":
                return seen.described_at
            case "imported":
                state = node.state(seen.time.known)
                return state is not None and state.imported
            case "revision":
                state = node.state(seen.time.known)
                return state.revision if state else 0
            case "recordedAt" | "recordedBy" | "source":
                return node.recorded[("recordedAt", "recordedBy", "source").index(name)]
        if name in node.kind.properties:
            return seen.get(name)
        edge, incoming = self.edge_of(node.kind.name, name)
        if edge.one and not incoming:
            ends = [link.target for link in self.memory.links_of(node, edge, False, seen.time.known)]
            assert len(ends) <= 1, f"{node.id} has several {name}"
            return Seen(ends[0], seen.time) if ends else None
        time = Time(arguments.get("at") or seen.time.at, seen.time.known)
        links = self.memory.links_of(node, edge, incoming, time.known)
        rows = [
            (Seen(link.source if incoming else link.target, time), link)
            for link in links
            if arguments.get("allTime") or link.holds(time.at)
        ]
        return self.page(rows, arguments, time, edge)

    def edge_of(self, kind: str, name: str) -> tuple[Edge, bool]:
        """The edge that a field of a kind follows, and whether against its direction."""
        for edge in self.graph.edges:
            if edge.source == kind and edge.name == name:
                return edge, False
            if kind in edge.targets and edge.back == name:
                return edge, True
        raise AssertionError(f"{kind}.{name}: the graph in memory does not know this field")

    def of_page(self, page: Page, name: str) -> Any:
        match name:
            case "edges":
                return page.shown
            case "nodes":
                return [row.seen for row in page.shown]
            case "totalCount":
                return page.total
            case "pageInfo":
                return {
                    "hasNextPage": page.more,
                    "hasPreviousPage": page.following,
                    "startCursor": page.shown[0].cursor if page.shown else None,
                    "endCursor": page.shown[-1].cursor if page.shown else None,
                }
        raise AssertionError(f"a connection has no {name}")

    def of_row(self, row: Row, name: str) -> Any:
        match name:
            case "node":
                return row.seen
            case "cursor":
                return row.cursor
            case "recordedAt" | "recordedBy" | "source":
                return row.recorded[("recordedAt", "recordedBy", "source").index(name)]
        assert row.link is not None
        return row.link.properties.get(name)

    # ── pages ───────────────────────────────────────────────────────────────────────────────────────────

    def page(
        self,
        rows: Sequence[tuple[Seen, Link | None]],
        arguments: Mapping[str, Any],
        time: Time,
        edge: Edge | None,
    ) -> Page:
        """The rows that match, in order, cut to a page."""
        given = arguments.get("filter")
        matching = [(s, link) for s, link in rows if given is None or self.matches(s, given)]
        by = arguments.get("orderBy") or {"field": "id", "direction": "ASC"}
        name, descending = by["field"], by["direction"] == "DESC"

        def key(seen: Seen, link: Link | None) -> str:
            assert not (edge and edge.interval) or link is not None
            return f"{seen.node.id} {link.properties['validFrom']}" if link and link.edge.interval else seen.node.id

        def value(seen: Seen) -> Any:
            return seen.node.recorded[0] if name == "recordedAt" else seen.get(name)

        placed: list[tuple[Any, str, Row]] = []
        for seen, link in matching:
            k = key(seen, link)
            v = None if name == "id" else value(seen)
            placed.append((v, k, Row(seen, link, cursor(name, v, k))))
        placed.sort(key=lambda r: r[1], reverse=name == "id" and descending)
        if name != "id":
            # The nulls are last going up and first going down; the sort is stable, so that ties stay in order of ids.
            placed.sort(key=lambda r: (r[0] is None, 0 if r[0] is None else r[0]), reverse=False)
            if descending:
                placed = _descending(placed)
        after = arguments.get("after")
        if after is not None:
            kind = rows[0][0].node.kind if rows else None
            number = kind is not None and name in kind.properties and kind.properties[name].type in (int, float)
            passed = position(after, name, number=number)
            placed = [r for r in placed if _follows(r, passed, by_id=name == "id", descending=descending)]
        first = arguments.get("first")
        first = FIRST if first is None else first
        if not 0 <= first <= MOST:
            raise Refusal(
                f"first: {first} is negative; ask for 0 to {MOST} rows"
                if first < 0
                else f"first: {first} is more than {MOST}; page with `after`",
                "INVALID_ARGUMENT",
            )
        shown = [row for _, _, row in placed[:first]]
        return Page(len(matching), shown, len(placed) > first, after is not None)

    # ── filters ─────────────────────────────────────────────────────────────────────────────────────────

    def matches(self, seen: Seen, given: Mapping[str, Any]) -> bool:
        """Whether a node is what a filter asks for."""
        return all(self.fits(seen, name, operand) for name, operand in given.items())

    def fits(self, seen: Seen, name: str, operand: Any) -> bool:
        match name:
            case "and":
                return all(self.matches(seen, item) for item in operand)
            case "or":
                return any(self.matches(seen, item) for item in operand)
            case "not":
                return not self.matches(seen, operand)
            case "id":
                return compares(seen.node.id, operand)
            case "recordedAt":
                return compares(seen.node.recorded[0], operand)
            case "described":
                return compares(seen.described_at is not None, operand)
        if name in seen.node.kind.properties:
            return compares(seen.get(name), operand)
        edge, incoming = self.edge_of(seen.node.kind.name, name)
        return any(
            link.holds(seen.time.at) and self.matches(Seen(link.source if incoming else link.target, seen.time), operand)
            for link in self.memory.links_of(seen.node, edge, incoming, seen.time.known)
        )


def compares(value: Any, operand: Mapping[str, Any]) -> bool:
    """Whether a value stands every comparison; null stands none but `isNull`."""
    return all(
        (value is None) == given if operator == "isNull" else value is not None and OPERATORS[operator](value, given)
        for operator, given in operand.items()
    )


def cursor(order: str, value: Any, key: str) -> str:
    """The text of a cursor."""
    if order == "id":
        return f"id:{key}"
    return f"{order}?\n{key}" if value is None else f"{order}={value}\n{key}"


def position(after: str, order: str, *, number: bool) -> tuple[Any, str]:
    """Where a cursor stands: its value in this order, and its key."""
    if order == "id" and after.startswith("id:"):
        return None, after.removeprefix("id:")
    head, line, key = after.rpartition("\n")
    if order == "id" or not line or not head.startswith(order) or head[len(order)] not in "?=":
        raise Refusal(
            f"after: {after!r} is no cursor of this connection in this order; pass on one that it gave", "INVALID_CURSOR"
        )
    text = head[len(order) + 1 :]
    value = None if head[len(order)] == "?" else float(text) if number else text
    return value, key


def _descending(placed: list[tuple[Any, str, Row]]) -> list[tuple[Any, str, Row]]:
    """Rows in ascending order turned round, but for those of one value, which stay in order of their keys."""
    groups: list[list[tuple[Any, str, Row]]] = []
    for row in placed:
        if not groups or groups[-1][0][0] != row[0]:
            groups.append([])
        groups[-1].append(row)
    return [row for group in reversed(groups) for row in group]


def _follows(row: tuple[Any, str, Row], passed: tuple[Any, str], *, by_id: bool, descending: bool) -> bool:
    (value, key, _), (last, last_key) = row, passed
    if by_id:
        return key < last_key if descending else key > last_key
    if value == last:
        return key > last_key
    if value is None or last is None:
        return (last is None) if descending else (value is None)
    return bool(value < last) if descending else bool(value > last)


def _lookup(kind: Kind) -> str:
    one = kind.name[0].lower() + kind.name[1:]
    return one + "Item" if one == kind.plural else one


_FLOAT_CURSOR = re.compile(r"(\w+=)(-?[\d.]+(?:[eE][-+]?\d+)?)(\n.*)", re.S)


def comparable(response: Mapping[str, Any]) -> str:
    """A response as text that is equal where two answers are the same: numbers in cursors are written in one way."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items()}
        if isinstance(value, list):
            return [plain(v) for v in value]
        if isinstance(value, str) and (m := _FLOAT_CURSOR.fullmatch(value)):
            return f"{m[1]}{float(m[2])!r}{m[3]}"
        return value

    return json.dumps(plain({k: v for k, v in response.items() if k != "extensions"}), indent=1)
