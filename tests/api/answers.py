"""The third answer: a plain graph in memory answers the API's queries without Cypher.

It knows the declaration and the schema's text. It shares no code with the compiler, the selection or the shape:
graphql-core's ordinary executor asks it field by field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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
    get_named_type,
    parse,
)

from forebear.graph.declaration import Edge, Kind, Long, Property
from tests.api.memory import Link, Memory, Node, Seen, Time, instant
from tests.api.questions import QUESTIONS, Asking
from tests.api.questions.view import View

FIRST = 20
MOST = 1000


class Refusal(Exception):
    """The request cannot be answered at all."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def _literal_instant(node: ValueNode) -> str:
    assert isinstance(node, StringValueNode)
    return instant(node.value)


@dataclass(frozen=True)
class Row:
    """A row of a connection: a node and, unless it is a root's, the link that leads to it; or the columns of an answer."""

    node: Seen | Mapping[str, Any]
    link: Link | None
    cursor: str

    @property
    def recorded(self) -> tuple[str, str, str]:
        """When, by whom and from where the row was recorded."""
        if self.link:
            return self.link.recorded
        assert isinstance(self.node, Seen)
        return self.node.node.recorded


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
    "containsIgnoringCase": lambda value, given: given.lower() in value.lower(),
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

    def answer(
        self, query: str, variables: Mapping[str, Any] | None = None, checked: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The response to a valid operation, but for `extensions`.

        What a question leaves open, such as which of several shortest paths it shows, is as in `checked`, the response that
        it is compared with, where that is a right one.
        """
        self.refusal: Refusal | None = None
        self.checked = checked or {}
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
                case None if f"Query.{name}" in QUESTIONS:
                    known = arguments.get("asKnownAt")
                    return self.question(None, Time(arguments.get("at") or known or self.now, known), info, arguments)
                case None:
                    return self.root(name, arguments)
                case Seen() if f"{source.node.kind.name}.{name}" in QUESTIONS:
                    time = Time(arguments.get("at") or source.time.at, source.time.known)
                    return self.question(source.node, time, info, arguments)
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

    def question(
        self, subject: Node | None, time: Time, info: GraphQLResolveInfo, arguments: Mapping[str, Any]
    ) -> Page | Mapping[str, Any]:
        """The answer to a question: a page of rows, or one row."""
        field = f"{info.parent_type.name}.{info.field_name}"
        question = QUESTIONS[field]
        for name, (least, most) in question.bounds.items():
            if not least <= arguments[name] <= most:
                raise Refusal(f"{name}: {arguments[name]} is not within {least} to {most}", "INVALID_ARGUMENT")
        if "after" in info.parent_type.fields[info.field_name].args:
            _cut([], arguments, question.file, by_key=True)
        given = {name: value for name, value in arguments.items() if value is not None}
        ids = {n: given[n] for n, a in info.parent_type.fields[info.field_name].args.items() if n in given and _is_id(a.type)}
        for name, id in ids.items():
            kind, kinds = self.memory.kind_of(id).name, question.kinds.get(name, ())
            if kinds and kind not in kinds:
                article = "an" if kind[0] in "AEIO" else "a"
                raise Refusal(f"{id} is the id of {article} {kind}; expected one of {' or '.join(kinds)}", "INVALID_ID")
            times = [Time(time.at, given.get(moment)) for moment in question.moments] or [time]
            given[name] = next((seen for t in times if (seen := self.by_id(id, None, t))), None)
        if None in given.values():
            message = f"{info.field_name}: {' or '.join(ids.values())} is not known"
            raise GraphQLError(message, extensions={"code": "NOT_FOUND"})
        given |= {name: given[name].node for name in ids}
        found = question.answer(Asking(View(self.memory, time), given, subject, self.left_open(info), self.now))
        if isinstance(found, Mapping):
            return _seen(found, time)
        placed = sorted(
            ((" ".join(row.order), row.columns) for row in found), key=lambda row: row[0], reverse=question.descending
        )
        rows = [
            (None, key, Row(_seen(columns, _then(time, given.get(question.known(columns)))), None, f"{question.file}:{key}"))
            for key, columns in placed
        ]
        return _cut(rows, arguments, question.file, by_key=True, descending=question.descending)

    def left_open(self, info: GraphQLResolveInfo) -> Any:
        """What is answered in a field's place by the response that is compared."""
        found = self.checked.get("data")
        for key in info.path.as_list():
            found = found[key] if found else None
        return found or {}

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
            at = arguments.get("at")
            return (replace(seen, time=replace(seen.time, at=at)) if at else seen).get(name)
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
                return [row.node for row in page.shown]
            case "totalCount":
                return page.total
            case "truncated":
                return False
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
                return row.node
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
            parts = [link.properties.get(p.name, "").replace("\n", " ") for p in link.edge.identity] if link else []
            return " ".join((seen.node.id, *parts))

        def value(seen: Seen) -> Any:
            if name == "recordedAt":
                return seen.node.recorded[0]
            return ranked(seen.node.kind.properties[name], seen.get(name))

        placed: list[tuple[Any, str, Row]] = []
        for seen, link in matching:
            k = key(seen, link)
            v = None if name == "id" else value(seen)
            placed.append((v, k, Row(seen, link, cursor(name, v, k))))
        placed.sort(key=lambda r: r[1], reverse=name == "id" and descending)
        if name != "id":
            # The nulls are last going up and going down; the sort is stable, so that ties stay in order of ids.
            placed.sort(key=lambda r: (r[0] is None, 0 if r[0] is None else r[0]), reverse=False)
            if descending:
                placed = _descending(placed)
        kind = rows[0][0].node.kind if rows else None
        p = kind.properties.get(name) if kind is not None else None
        number = p is not None and (p.type in (int, Long, float) or p.scale is not None)
        return _cut(placed, arguments, name, by_key=name == "id", number=number, descending=descending)

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
            p, value = seen.node.kind.properties[name], seen.get(name)
            ranks = {
                operator: ranked(p, given) for operator, given in operand.items() if operator in ("lt", "lte", "gt", "gte")
            }
            rest = {operator: given for operator, given in operand.items() if operator not in ranks}
            return compares(value, rest) and compares(ranked(p, value), ranks)
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


def ranked(p: Property, value: Any) -> Any:
    """A value, or its place on its scale."""
    return value if p.scale is None or value is None else [*p.scale].index(value)


def cursor(order: str, value: Any, key: str) -> str:
    """The text of a cursor."""
    if order == "id":
        return f"id:{key}"
    return f"{order}?\n{key}" if value is None else f"{order}={value}\n{key}"


def position(after: str, order: str, *, by_key: bool, number: bool) -> tuple[Any, str]:
    """Where a cursor stands: its value in this order, and its key."""
    if by_key and after.startswith(f"{order}:"):
        return None, after.removeprefix(f"{order}:")
    head, line, key = after.rpartition("\n")
    if by_key or not line or not head.startswith(order) or head[len(order)] not in "?=":
        raise Refusal(
            f"after: {after!r} is no cursor of this connection in this order; pass on one that it gave", "INVALID_CURSOR"
        )
    text = head[len(order) + 1 :]
    value = None if head[len(order)] == "?" else float(text) if number else text
    return value, key


def _cut(
    placed: Sequence[tuple[Any, str, Row]],
    arguments: Mapping[str, Any],
    order: str,
    *,
    by_key: bool,
    number: bool = False,
    descending: bool = False,
) -> Page:
    """The page of some rows in their order that was asked for."""
    total, after, first = len(placed), arguments.get("after"), arguments.get("first")
    if after is not None:
        passed = position(after, order, by_key=by_key, number=number)
        placed = [r for r in placed if _follows(r, passed, by_key=by_key, descending=descending)]
    first = FIRST if first is None else first
    if not 0 <= first <= MOST:
        raise Refusal(
            f"first: {first} is negative; ask for 0 to {MOST} rows"
            if first < 0
            else f"first: {first} is more than {MOST}; page with `after`",
            "INVALID_ARGUMENT",
        )
    shown = [row for _, _, row in placed[:first]]
    return Page(total, shown, len(placed) > first, after is not None)


def _descending(placed: list[tuple[Any, str, Row]]) -> list[tuple[Any, str, Row]]:
    """Rows in ascending order turned round, but for those of one value, which stay in order of their keys."""
    groups: list[list[tuple[Any, str, Row]]] = []
    for row in placed:
        if not groups or groups[-1][0][0] != row[0]:
            groups.append([])
        groups[-1].append(row)
    # Those without a value stay last.
    without = groups.pop() if groups and groups[-1][0][0] is None else []
    return [*(row for group in reversed(groups) for row in group), *without]


def _follows(row: tuple[Any, str, Row], passed: tuple[Any, str], *, by_key: bool, descending: bool) -> bool:
    (value, key, _), (last, last_key) = row, passed
    if by_key:
        return key < last_key if descending else key > last_key
    if value == last:
        return key > last_key
    if value is None or last is None:
        return value is None
    return bool(value < last) if descending else bool(value > last)


def _is_id(type_: Any) -> bool:
    return get_named_type(type_).name == "ID"


def _then(time: Time, known: str | None) -> Time:
    """The time of a question, or that of the moment of knowledge that a row is about."""
    return time if known is None or known == time.known else Time(known, known)


def _seen(found: Any, time: Time) -> Any:
    """What a question found, with its nodes seen at a time."""
    match found:
        case Node():
            return Seen(found, time)
        case list():
            return [_seen(item, time) for item in found]
        case dict():
            return {name: _seen(value, time) for name, value in found.items()}
    return found


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
