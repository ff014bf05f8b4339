"""Compiles a selection into one Cypher statement that returns one record: the answer's tree, keyed by response key.

The statement's text depends on the selection's shape alone, never on a value: values are parameters, bound anew for each
request. What Cypher cannot say in the answer's form (pages cut at `first`, JSON kept as text) is finished on the tree.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Any, Protocol

from forebear.graph import search
from forebear.graph.constraints import full_text
from forebear.graph.declaration import OWN_LABELS, RETRACTED, Edge, Graph, Json, Kind, Property
from forebear.graph.dialect import Dialect, known, state
from forebear.graph.field import (
    ColumnField,
    ConnectionField,
    ConnectionPart,
    EdgePart,
    KindField,
    LookupField,
    LookupsField,
    NeighbourField,
    NodeField,
    PagePart,
    PropertyField,
    QuestionField,
    Rule,
)
from forebear.graph.ids import Ids, InvalidId
from forebear.graph.question import Question

DEFAULT_FIRST = 20
"""How many rows a connection holds where the client does not say."""

MAX_FIRST = 1000
"""The most rows that a client may ask of one connection."""

TYPE_KEY = "~type"
"""The key of a node's kind in the tree; no response key can be called so."""


class InvalidArgument(ValueError):
    """An argument that cannot be answered; `code` says which way, the message names argument and reason."""

    def __init__(self, message: str, code: str = "INVALID_ARGUMENT") -> None:
        super().__init__(message)
        self.code = code


class Arguments(Protocol):
    """The arguments of a selected field."""

    @property
    def values(self) -> Mapping[str, Any]:
        """Their coerced values in the request that is compiled; only their shape may enter the text."""

    @property
    def source(self) -> int:
        """Where they are read anew for each request."""


class Selected(Protocol):
    """A selected field."""

    @property
    def key(self) -> str:
        """Its response key."""

    @property
    def rule(self) -> Rule | None:
        """What it means; `None` for what needs nothing of the graph."""

    @property
    def arguments(self) -> Arguments:
        """Its arguments."""

    def fields(self, type_name: str) -> Sequence[Selected]:
        """What is selected of it, where its value is of a type."""

    def type_names(self) -> Sequence[str]:
        """The object types that its value may be of; none for a leaf."""

    def is_abstract(self) -> bool:
        """Whether its type is an interface, so that each value says its type."""


Finish = Callable[[Any, Mapping[str, Any]], Any]
"""Finishes a value of the tree, by the request's parameters."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of the statement: which arguments it is read from, along which path, and how it is converted."""

    name: str
    source: int
    path: tuple[str | int, ...]
    convert: Callable[[Any], Any] | None


@dataclass(frozen=True)
class Compiled:
    """A compiled operation."""

    text: str
    parameters: tuple[Parameter, ...]
    uses_now: bool
    finish: Finish | None


@dataclass(frozen=True)
class Time:
    """The moments that an answer is about: in the world, and of our knowledge (`None`: now). Both are Cypher."""

    at: str
    known: str | None

    def holds(self, edge: str) -> str:
        """The condition that an edge with an interval holds."""
        return f"{edge}.validFrom <= {self.at} AND coalesce({edge}.validTo > {self.at}, true)"


@dataclass
class _Compilation:
    """One run of the compiler."""

    graph: Graph
    dialect: Dialect
    ids: Ids
    parameters: list[Parameter] = field(default_factory=list)
    uses_now: bool = False
    names: int = 0
    scopes: list[list[str]] = field(default_factory=list)
    read_already: set[str] = field(default_factory=set)

    # ── names and parameters ────────────────────────────────────────────────────────────────────────────

    def name(self, stem: str) -> str:
        self.names += 1
        return f"{stem}{self.names}"

    def bind(self, arguments: Arguments, *path: str | int, convert: Callable[[Any], Any] | None = None) -> str:
        name = f"p{len(self.parameters)}"
        self.parameters.append(Parameter(name, arguments.source, path, convert))
        return f"${name}"

    def now(self) -> str:
        self.uses_now = True
        return "$now"

    def time(self, arguments: Arguments, outer: Time | None) -> Time:
        """The moments of a field: its own arguments, else those of the field around it, else now."""
        knowledge = outer.known if outer else None
        if arguments.values.get("asKnownAt") is not None:
            knowledge = self.bind(arguments, "asKnownAt")
        if arguments.values.get("at") is not None:
            return Time(self.bind(arguments, "at"), knowledge)
        if outer and (arguments.values.get("asKnownAt") is None):
            return Time(outer.at, knowledge)
        return Time(knowledge or self.now(), knowledge)

    # ── scopes ──────────────────────────────────────────────────────────────────────────────────────────

    def returned(self, project: Callable[[], tuple[str, Finish | None]]) -> tuple[str, Finish | None]:
        """`… RETURN row AS row` for a projection, after the clauses that it needs computed before."""
        self.scopes.append([])
        row, finish = project()
        return f"{''.join(self.scopes.pop())} RETURN {row} AS row", finish

    def hoist(self, expression: str) -> str:
        """A subquery for use inside a projection.

        Neo4j takes an aggregation inside a subquery for one of the projection around it, and follows every path of a walk
        where its subquery is a part of a larger expression, so such a subquery is computed in a clause of its own before.
        """
        if not _AGGREGATION.search(expression):
            return expression
        name = self.name("f")
        self.scopes[-1].append(f" WITH *, {expression} AS {name}")
        return name

    def once(self, n: str, expression: str) -> str:
        """An expression of a row's projection.

        Where a projection reads one property twice, Neo4j remembers the value between and may answer null for one of them;
        from inside a list it is read anew.
        """

        def read(m: re.Match[str]) -> str:
            if m[0] in self.read_already:
                return f"[{n}][0].{m[1]}"
            self.read_already.add(m[0])
            return m[0]

        return re.sub(rf"\b{n}\.(\w+)", read, expression)

    # ── roots ───────────────────────────────────────────────────────────────────────────────────────────

    def root(self, s: Selected) -> tuple[str, Finish | None]:
        match s.rule:
            case LookupField():
                return self.lookup(s, s.rule)
            case LookupsField():
                return self.lookups(s)
            case KindField():
                return self.all(s, s.rule.kind)
            case QuestionField():
                return self.question(s, s.rule.question, None, None)
        raise AssertionError(f"{s.key}: {s.rule!r} is no rule of a root field")

    def lookup(self, s: Selected, rule: LookupField) -> tuple[str, Finish | None]:
        time = self.time(s.arguments, None)
        kinds = rule.kinds
        if len(kinds) > 1:
            kinds = (self.kind_of(s.arguments.values["id"]),)
        id = self.bind(s.arguments, "id", convert=self.checks_id(rule.kinds))
        n = self.name("n")
        row, finish = self.returned(lambda: self.node(s, n, kinds, time))
        return self.hoist(f"COLLECT {{ MATCH ({n}:{kinds[0]} {{id: {id}}}){self.present(n, time)}{row} }}") + "[0]", finish

    def lookups(self, s: Selected) -> tuple[str, Finish | None]:
        time = self.time(s.arguments, None)
        ids = s.arguments.values["ids"]
        if len(ids) > MAX_FIRST:
            raise InvalidArgument(f"ids: at most {MAX_FIRST} at a time; {len(ids)} were given")
        parts, finishes = [], {}
        for kind in sorted({self.kind_of(id) for id in ids}):
            mine = self.bind(s.arguments, "ids", convert=self.ids_of(kind))
            n = self.name("n")
            row, finishes[kind] = self.returned(partial(self.identified, s, n, kind, time))
            parts.append(
                self.hoist(f"COLLECT {{ UNWIND {mine} AS id MATCH ({n}:{kind} {{id: id}}){self.present(n, time)}{row} }}")
            )
        order = self.bind(s.arguments, "ids")[1:]

        def finish(rows: Any, parameters: Mapping[str, Any]) -> Any:
            found = {}
            for row in rows:
                inner = finishes[self.ids.kind(row["~id"])]
                found[row["~id"]] = inner(row["~row"], parameters) if inner else row["~row"]
            return [found.get(id) for id in parameters[order]]

        return " + ".join(parts) or "[]", finish

    def identified(self, s: Selected, n: str, kind: str, time: Time) -> tuple[str, Finish | None]:
        row, finish = self.node(s, n, (kind,), time)
        return f"{n}{{`~id`: {n}.id, `~row`: {row}}}", finish

    def all(self, s: Selected, kind: Kind) -> tuple[str, Finish | None]:
        time = self.time(s.arguments, None)
        n = self.name("n")
        conditions = [] if time.known else [f"{n}.retractedAt IS NULL"]
        if time.known:
            conditions = [f"{n}.recordedAt <= {time.known}"]
        rows = self.node_rows(s, f"({n}:{kind.name})", n, None, (kind.name,), conditions, time, root=True)
        return self.page(s, rows, time)

    def present(self, n: str, time: Time) -> str:
        """The clauses that keep a looked-up node only if it stood at the time."""
        if time.known is None:
            return f" WHERE {n}.retractedAt IS NULL"
        return (
            f" WHERE {n}.recordedAt <= {time.known} WITH *, {state(n, time.known)} AS {n}_then "
            f"WHERE {n}_then.retractedAt IS NULL"
        )

    # ── ids ─────────────────────────────────────────────────────────────────────────────────────────────

    def kind_of(self, id: str) -> str:
        try:
            return self.ids.kind(id)
        except InvalidId as error:
            raise InvalidArgument(str(error), "INVALID_ID") from None

    def checks_id(self, kinds: Sequence[str]) -> Callable[[Any], Any]:
        def check(id: str) -> str:
            kind = self.kind_of(id)
            if kinds and kind not in kinds:
                raise InvalidArgument(f"{id} is the id of a {kind}; expected one of {' or '.join(kinds)}", "INVALID_ID")
            return id

        return check

    def ids_of(self, kind: str) -> Callable[[Any], Any]:
        return lambda ids: list(dict.fromkeys(id for id in ids if self.kind_of(id) == kind))

    # ── nodes ───────────────────────────────────────────────────────────────────────────────────────────

    def node(self, s: Selected, n: str, kinds: Sequence[str], time: Time) -> tuple[str, Finish | None]:
        """A node's projection; in known time its state must be in scope as `{n}_then`."""
        if not s.is_abstract():
            fields, finishes = self.fields(s.fields(kinds[0]), n, self.graph.kinds[kinds[0]], time)
            return f"{n}{{{', '.join(fields)}}}", _each(finishes)
        branches: dict[str, list[str]] = {}
        by_kind: dict[str, Finish] = {}
        before, after = self.read_already, set(self.read_already)
        for kind in kinds:
            self.read_already = set(before)
            fields, finishes = self.fields(s.fields(kind), n, self.graph.kinds[kind], time)
            after |= self.read_already
            branches.setdefault(", ".join([f"`{TYPE_KEY}`: labels({n})[0]", *fields]), []).append(kind)
            if finish := _each(finishes):
                by_kind[kind] = finish
        self.read_already = after
        if len(branches) == 1:
            row = f"{n}{{{next(iter(branches))}}}"
        else:
            whens = " ".join(
                f"WHEN {' OR '.join(f'{n}:{kind}' for kind in mine)} THEN {n}{{{text}}}" for text, mine in branches.items()
            )
            row = f"CASE {whens} END"
        if not by_kind:
            return row, None

        def finish_one(value: Any, parameters: Mapping[str, Any]) -> Any:
            inner = by_kind.get(value[TYPE_KEY]) if value is not None else None
            return inner(value, parameters) if inner else value

        return row, finish_one

    def fields(self, selected: Sequence[Selected], n: str, kind: Kind, time: Time) -> tuple[list[str], dict[str, Finish]]:
        texts, finishes = [], {}
        for s in selected:
            if s.rule is None:
                continue
            expression, finish = self.field(s, n, kind, time)
            texts.append(f"`{s.key}`: {expression}")
            if finish:
                finishes[s.key] = finish
        return texts, finishes

    def field(self, s: Selected, n: str, kind: Kind, time: Time) -> tuple[str, Finish | None]:
        match s.rule:
            case PropertyField():
                expression = self.kept(n, s.rule.property, time) if s.rule.kept else self.read(n, s.rule.property, time)
                return self.once(n, expression), self.decoded(s, s.rule.property)
            case NodeField.ID:
                return self.once(n, f"{n}.id"), None
            case NodeField.KIND:
                return f"'{kind.name}'", None
            case NodeField.DESCRIBED:
                if time.known:
                    return f"coalesce({n}_then.describedAt <= {time.known}, false)", None
                return self.once(n, f"{n}.describedAt IS NOT NULL"), None
            case NeighbourField():
                return self.neighbour(s, s.rule.edge, n, time)
            case ConnectionField():
                return self.connection(s, s.rule, n, time)
            case QuestionField():
                return self.question(s, s.rule.question, n, time)
        raise AssertionError(f"{s.key}: {s.rule!r} is no rule of a node's field")

    def read(self, n: str, p: Property, time: Time) -> str:
        """A property of a node, as it was known."""
        if time.known is None or p.change.value == "UPDATED":
            return f"{n}.{p.name}"
        return f"CASE WHEN {n}_then.describedAt <= {time.known} THEN {n}_then.{p.name} END"

    def kept(self, n: str, p: Property, time: Time) -> str:
        """A property that Forebear keeps, as it was known."""
        match p.name:
            case "imported" if time.known:
                return f"coalesce({n}_then.describedAt <= {time.known} AND {n}_then.imported, false)"
            case "imported":
                return f"coalesce({self.read(n, p, time)}, false)"
            case "describedAt" if time.known:
                return f"CASE WHEN {n}_then.describedAt <= {time.known} THEN {n}_then.describedAt END"
            case "revision" if time.known:
                return f"coalesce({n}_then.number, {n}_then.revision)"
        return f"{n}.{p.name}"

    def decoded(self, s: Selected, p: Property) -> Finish | None:
        """What makes JSON of a property that is kept as its text."""
        if p.type is Json:
            return lambda text, _: None if text is None else json.loads(text)
        if p.value_type is None:
            return None
        members = [(m.key, m.rule.property.name) for m in s.fields(p.value_type.__name__) if isinstance(m.rule, PropertyField)]
        return lambda text, _: (
            None if text is None else [{key: item.get(name) for key, name in members} for item in json.loads(text)]
        )

    # ── edges ───────────────────────────────────────────────────────────────────────────────────────────

    def pattern(
        self, n: str, e: str, m: str, edge: Edge, incoming: bool, kinds: Sequence[str], time: Time
    ) -> tuple[str, list[str]]:
        """A pattern from a node over an edge to a neighbour, with the conditions that the edge holds and was known."""
        types = edge.type.name + (f"|{RETRACTED}" if time.known else "")
        left, right = ("<", "") if incoming else ("", ">")
        conditions = [known(e, edge.type.name, time.known)] if time.known else []
        return f"({n}){left}-[{e}:{types}]-{right}({m}:{'|'.join(kinds)})", conditions

    def neighbour(self, s: Selected, edge: Edge, n: str, time: Time) -> tuple[str, Finish | None]:
        e, m = self.name("e"), self.name("n")
        match, conditions = self.pattern(n, e, m, edge, False, edge.targets, time)
        row, finish = self.returned(lambda: self.node(s, m, edge.targets, time))
        then = f" WITH *, {state(m, time.known)} AS {m}_then" if time.known else ""
        found = f"COLLECT {{ MATCH {match}{_where(conditions)}{then} WITH * ORDER BY {m}.id LIMIT 1{row} }}"
        return f"{self.hoist(found)}[0]", finish

    def connection(self, s: Selected, rule: ConnectionField, n: str, outer: Time) -> tuple[str, Finish | None]:
        time = self.time(s.arguments, outer)
        edge, incoming = rule.edge, rule.incoming
        kinds = (edge.source,) if incoming else edge.targets
        e, m = self.name("e"), self.name("n")
        match, conditions = self.pattern(n, e, m, edge, incoming, kinds, time)
        if edge.interval and not s.arguments.values.get("allTime"):
            conditions.append(time.holds(e))
        rows = self.node_rows(s, match, m, e, kinds, conditions, time, order_edge=edge if edge.interval else None)
        return self.page(s, rows, time, container=n)

    # ── pages ───────────────────────────────────────────────────────────────────────────────────────────

    def node_rows(
        self,
        s: Selected,
        match: str,
        n: str,
        e: str | None,
        kinds: Sequence[str],
        conditions: list[str],
        time: Time,
        *,
        order_edge: Edge | None = None,
        root: bool = False,
    ) -> _Rows:
        arguments = s.arguments
        head = f"MATCH {match}"
        filters = []
        if arguments.values.get("filter"):
            filters = [self.filter(arguments.values["filter"], ("filter",), arguments, n, kinds, time)]
        order, descending = "id", False
        if by := arguments.values.get("orderBy"):
            order, descending = _text(by["field"]), _text(by["direction"]) == "DESC"
        if root and order == "id" and not descending and not time.known and "after" not in arguments.values:
            # Without a bound the first page would sort the whole label instead of following the index.
            conditions = [*conditions, f"{n}.id > ''"]
        if time.known:
            head += f"{_where(conditions)} WITH *, {state(n, time.known)} AS {n}_then"
            if root:
                filters.insert(0, f"{n}_then.retractedAt IS NULL")
            head += _where(filters)
        else:
            head += _where([*conditions, *filters])

        identity = f"{n}.id"
        if order_edge is not None:
            # The same two nodes may be joined for several intervals.
            identity = f"{n}.id + ' ' + {e}.validFrom"
        if order == "id":
            key, value = identity, None
        else:
            p = self.order_property(order, kinds)
            key, value = (
                identity,
                (self.kept(n, p, time) if p.name == "recordedAt" else self.read(n, p, time)),
            )
        return _Rows(
            head=head,
            key=key,
            value=value,
            order=order,
            descending=descending,
            number=value is not None and self.order_property(order, kinds).type in (int, float),
            row=lambda sub: self.node(sub, n, kinds, time),
            edge=lambda sub, cursor: self.edge(sub, n, e, kinds, time, cursor),
            container=n,
        )

    def order_property(self, name: str, kinds: Sequence[str]) -> Property:
        if name == "recordedAt":
            return Property("recordedAt", datetime, "")
        return self.graph.kinds[kinds[0]].properties[name]

    def edge(
        self, s: Selected, n: str, e: str | None, kinds: Sequence[str], time: Time, cursor: str
    ) -> tuple[str, Finish | None]:
        texts, finishes = [], {}
        for sub in s.fields(s.type_names()[0]):
            match sub.rule:
                case None:
                    continue
                case EdgePart.NODE:
                    text, finish = self.node(sub, n, kinds, time)
                    if finish:
                        finishes[sub.key] = finish
                case EdgePart.CURSOR:
                    text = cursor
                case PropertyField():
                    text = self.once(e or n, f"{e or n}.{sub.rule.property.name}")
            texts.append(f"`{sub.key}`: {text}")
        return f"{n}{{{', '.join(texts)}}}", _each(finishes)

    def page(self, s: Selected, rows: _Rows, time: Time, container: str = "o") -> tuple[str, Finish | None]:
        """A connection: its rows after the cursor, in order, at most `first`, in the forms that were selected."""
        arguments = s.arguments
        parts = [p for p in s.fields(s.type_names()[0]) if p.rule is not None]
        listed = [p for p in parts if p.rule in (ConnectionPart.EDGES, ConnectionPart.NODES)]
        paged = [p for p in parts if p.rule is ConnectionPart.PAGE_INFO]
        counts = [p for p in parts if p.rule is ConnectionPart.TOTAL_COUNT]
        texts = [f"`{p.key}`: {self.hoist(rows.count)}" for p in counts]
        if not listed and not paged:
            return f"{container}{{{', '.join(texts)}}}", None
        first = arguments.values.get("first", DEFAULT_FIRST)
        _check_first(first)
        direct = len(listed) == 1 and not paged
        limit = self.limit(arguments, extra=0 if direct else 1)
        clauses = ""
        if arguments.values.get("after") is not None:
            clauses = f" WITH * WHERE {self.after(arguments, rows)}"
        clauses += f" WITH * ORDER BY {rows.ordering} LIMIT {limit}"

        def projection(p: Selected) -> tuple[str, Finish | None]:
            return rows.row(p) if p.rule is ConnectionPart.NODES else rows.edge(p, rows.cursor)

        if direct:
            part = listed[0]
            row, inner = self.returned(lambda: projection(part))
            texts.append(f"`{part.key}`: {self.hoist(rows.collect(clauses, row))}")
            return f"{container}{{{', '.join(texts)}}}", _each({part.key: _all(inner)} if inner else {})
        finishes: dict[str, Finish] = {}

        def slots() -> tuple[str, Finish | None]:
            texts = [f"`~cursor`: {rows.cursor}"]
            for part in listed:
                row, inner = projection(part)
                texts.append(f"`{part.key}`: {row}")
                if inner:
                    finishes[part.key] = inner
            return f"{rows.container}{{{', '.join(texts)}}}", None

        row, _ = self.returned(slots)
        texts.append(f"`~rows`: {self.hoist(rows.collect(clauses, row))}")
        limit_name, following = limit[1:], arguments.values.get("after") is not None
        infos = [(p.key, [(q.key, q.rule) for q in p.fields("PageInfo") if isinstance(q.rule, PagePart)]) for p in paged]

        def finish(value: Any, parameters: Mapping[str, Any]) -> Any:
            found = value.pop("~rows")
            shown = found[: parameters[limit_name] - 1]
            for part in listed:
                inner = finishes.get(part.key)
                value[part.key] = [inner(r[part.key], parameters) if inner else r[part.key] for r in shown]
            facts = {
                PagePart.HAS_NEXT: len(found) > len(shown),
                PagePart.HAS_PREVIOUS: following,
                PagePart.START: shown[0]["~cursor"] if shown else None,
                PagePart.END: shown[-1]["~cursor"] if shown else None,
            }
            for key, selected in infos:
                value[key] = {k: facts[rule] for k, rule in selected}
            return value

        return f"{container}{{{', '.join(texts)}}}", finish

    def limit(self, arguments: Arguments, extra: int) -> str:
        def convert(first: Any) -> int:
            first = DEFAULT_FIRST if first is None else first
            _check_first(first)
            return int(first) + extra

        return self.bind(arguments, "first", convert=convert)

    def after(self, arguments: Arguments, rows: _Rows) -> str:
        id = self.bind(arguments, "after", convert=lambda c: rows.parse(c)[1])
        if rows.value is None:
            return f"{rows.key} {'<' if rows.descending else '>'} {id}"
        v = self.bind(arguments, "after", convert=lambda c: rows.parse(c)[0])
        tie = f"({rows.value} = {v} AND {rows.key} > {id})"
        if rows.descending:  # nulls come first
            return f"({rows.value} < {v} OR {tie} OR ({v} IS NULL AND ({rows.value} IS NOT NULL OR {rows.key} > {id})))"
        return f"({rows.value} > {v} OR {tie} OR ({rows.value} IS NULL AND ({v} IS NOT NULL OR {rows.key} > {id})))"

    # ── filters ─────────────────────────────────────────────────────────────────────────────────────────

    def filter(
        self,
        value: Mapping[str, Any],
        path: tuple[str | int, ...],
        arguments: Arguments,
        n: str,
        kinds: Sequence[str],
        time: Time,
    ) -> str:
        """A filter as a condition on a node."""
        kind = self.graph.kinds[kinds[0]] if len(kinds) == 1 else None
        conditions = []
        for name, operand in value.items():
            where = (*path, name)
            if operand is None:
                raise InvalidArgument(f"{_dotted(where)}: null filters nothing; leave it out, or use isNull")
            if name in ("and", "or"):
                parts = [self.filter(item, (*where, i), arguments, n, kinds, time) for i, item in enumerate(operand)]
                joined = f" {name.upper()} ".join(f"({p})" for p in parts)
                conditions.append(f"({joined})" if parts else ("true" if name == "and" else "false"))
            elif name == "not":
                conditions.append(f"NOT coalesce({self.filter(operand, where, arguments, n, kinds, time)}, false)")
            elif name == "id":
                conditions += self.compare(f"{n}.id", operand, where, arguments)
            elif name == "recordedAt":
                conditions += self.compare(f"{n}.recordedAt", operand, where, arguments)
            elif name == "described":
                conditions += self.compare(self.described(n, time), operand, where, arguments)
            elif name in (kind.properties if kind else self._common):
                p = (kind.properties if kind else self._common)[name]
                conditions += self.compare(self.read(n, p, time), operand, where, arguments)
            else:
                assert kind is not None
                edge, incoming = self.edge_of(kind, name)
                conditions.append(self.neighbours(operand, where, arguments, n, edge, incoming, time))
        return " AND ".join(conditions) or "true"

    @property
    def _common(self) -> Mapping[str, Property]:
        from forebear.graph.declaration import COMMON

        return {p.name: p for p in COMMON}

    def described(self, n: str, time: Time) -> str:
        return f"coalesce({n}_then.describedAt <= {time.known}, false)" if time.known else f"({n}.describedAt IS NOT NULL)"

    def edge_of(self, kind: Kind, name: str) -> tuple[Edge, bool]:
        for edge in kind.edges:
            if edge.name == name:
                return edge, False
        return next(e for e in self.graph.back_edges(kind.name) if e.back == name), True

    def neighbours(
        self,
        value: Mapping[str, Any],
        path: tuple[str | int, ...],
        arguments: Arguments,
        n: str,
        edge: Edge,
        incoming: bool,
        time: Time,
    ) -> str:
        kinds = (edge.source,) if incoming else edge.targets
        e, m = self.name("e"), self.name("n")
        match, conditions = self.pattern(n, e, m, edge, incoming, kinds, time)
        if edge.interval:
            conditions.append(time.holds(e))
        inner = self.filter(value, path, arguments, m, kinds, time)
        if time.known:
            return (
                f"EXISTS {{ MATCH {match}{_where(conditions)} WITH *, {state(m, time.known)} AS {m}_then "
                f"WHERE {inner} RETURN {m} }}"
            )
        return f"EXISTS {{ MATCH {match}{_where([*conditions, inner])} }}"

    def compare(self, read: str, operand: Mapping[str, Any], path: tuple[str | int, ...], arguments: Arguments) -> list[str]:
        conditions = []
        for operator, value in operand.items():
            where = (*path, operator)
            if value is None:
                raise InvalidArgument(f"{_dotted(where)}: null compares with nothing; use isNull")
            if operator == "isNull":
                given = self.bind(arguments, *where)
                conditions.append(f"({read} IS NULL) = {given}")
                continue
            given = self.bind(arguments, *where, convert=_plain)
            conditions.append(_OPERATORS[operator].format(read=read, given=given))
        return conditions

    # ── questions ───────────────────────────────────────────────────────────────────────────────────────

    def question(self, s: Selected, question: Question, n: str | None, outer: Time | None) -> tuple[str, Finish | None]:
        arguments = s.arguments
        time = self.time(arguments, outer)
        texts: dict[str, str] = {"at": time.at, "asKnownAt": time.known or "", "self": f"{n}.id"}
        checks = []
        for p in question.parameters:
            if p.name == "first":
                texts["first"] = self.limit(arguments, extra=0)
                continue
            given = arguments.values.get(p.name)
            if p.type.name == "ID" and not p.type.many and not set(p.type.kinds) & set(OWN_LABELS):
                allowed = p.type.kinds or tuple(self.graph.kinds)
                if given is None:
                    texts[p.name] = "null"
                    # It stands for another id then, whose kind it has.
                    texts[f"of {p.name}"] = next((t for k, t in texts.items() if k.startswith("of ")), allowed[0])
                    continue
                texts[f"of {p.name}"] = self.kind_of(self.checks_id(allowed)(given))
                texts[p.name] = self.bind(arguments, p.name, convert=self.checks_id(allowed))
                checks.append(self.exists(texts[f"of {p.name}"], texts[p.name], time))
            elif p.name == "text" and "$words" in question.body:
                texts["words"] = self.bind(arguments, p.name, convert=search.words)
                texts["indexes"] = self.bind(
                    arguments,
                    p.name,
                    convert=lambda _: search.indexes(self.dialect.engine, full_text(self.graph)),
                )
            elif p.type.name == "DateTime" and given is None:
                texts[p.name] = self.now()
            else:
                texts[p.name] = self.bind(arguments, p.name, convert=_plain)
        imports = f"({n})" if n else "()"

        def fill(text: str) -> str:
            return self.dialect.fill(self.dialect.rewrite(text, as_known=time.known is not None), texts)

        body = fill(question.body)
        rows = _QuestionRows(self, question, body, fill, time, imports)
        if question.paged:
            answer, finish = self.page(s, rows.paged(), time, container=n or "o")
        else:
            row, finish = self.returned(lambda: rows.row(s))
            answer = self.hoist(f"COLLECT {{ CALL {imports} {{ {body}{rows.prelude}{row} }} RETURN row LIMIT 1 }}") + "[0]"
        if checks:
            answer = f"CASE WHEN {' AND '.join(checks)} THEN {answer} END"
            finish = _unless_null(finish)
        return answer, finish

    def exists(self, label: str, id: str, time: Time) -> str:
        x = self.name("x")
        return f"EXISTS {{ MATCH ({x}:{label} {{id: {id}}}){self.present(x, time)} RETURN {x} }}"

    def columns(
        self, selected: Sequence[Selected], reads: Mapping[str, str], time: Time
    ) -> tuple[list[str], dict[str, Finish]]:
        """The columns of a row, each read by its expression."""
        texts, finishes = [], {}
        for s in selected:
            if not isinstance(s.rule, ColumnField):
                continue
            text, finish = self.column(s, s.rule, self.hoist(reads[s.rule.column.name]), time)
            texts.append(f"`{s.key}`: {text}")
            if finish:
                finishes[s.key] = finish
        return texts, finishes

    def column(self, s: Selected, rule: ColumnField, read: str, time: Time) -> tuple[str, Finish | None]:
        type = rule.column.type
        if not s.type_names():
            if type.name == "JSON":
                return read, lambda value, _: _document(value)
            return read, None
        item = self.name("n")
        then = f" WITH *, {state(item, time.known)} AS {item}_then" if time.known else ""
        if type.name in self.graph.kinds or type.name == "Node":
            kinds = tuple(self.graph.kinds) if type.name == "Node" else (type.name,)
            row, finish = self.returned(lambda: self.node(s, item, kinds, time))
            listed = read if type.many else f"CASE WHEN {read} IS NULL THEN [] ELSE [{read}] END"
            text = self.hoist(f"COLLECT {{ UNWIND {listed} AS {item}{then}{row} }}")
        else:
            fields = s.fields(type.name)
            reads = {f.rule.column.name: f"{item}.{f.rule.column.name}" for f in fields if isinstance(f.rule, ColumnField)}
            container = self.name("o")

            def project() -> tuple[str, Finish | None]:
                texts, finishes = self.columns(fields, reads, time)
                return f"{container}{{{', '.join(texts)}}}", _each(finishes)

            row, finish = self.returned(project)
            listed = read if type.many else f"[{read}]"
            text = self.hoist(f"COLLECT {{ UNWIND {listed} AS {item} WITH *, {{}} AS {container}{row} }}")
        if type.many:
            return text, _all(finish) if finish else None
        return f"{text}[0]", _unless_null(finish)


@dataclass(frozen=True)
class _Rows:
    """Where a connection's rows come from and how they are ordered and projected."""

    head: str
    key: str
    value: str | None
    order: str
    descending: bool
    number: bool
    row: Callable[[Selected], tuple[str, Finish | None]]
    edge: Callable[[Selected, str], tuple[str, Finish | None]]
    container: str
    prelude: str = ""
    scope: str | None = None
    """The outer variables that the head may see, where it must see no other: `(n)`."""

    def collect(self, clauses: str, returned: str) -> str:
        """All its rows' projections, as a list."""
        return f"COLLECT {{ {self._scoped(f'{self.head}{clauses}{self.prelude}{returned}', 'row')} }}"

    @property
    def count(self) -> str:
        """How many rows it has."""
        return f"COUNT {{ {self._scoped(f'{self.head} RETURN 1 AS one', 'one')} }}"

    def _scoped(self, inner: str, column: str) -> str:
        return inner if self.scope is None else f"CALL {self.scope} {{ {inner} }} RETURN {column}"

    @property
    def ordering(self) -> str:
        direction = " DESC" if self.descending else ""
        return f"{self.key}{direction}" if self.value is None else f"{self.value}{direction}, {self.key}"

    @property
    def cursor(self) -> str:
        if self.value is None:
            return f"'{self.order}:' + {self.key}"
        return (
            f"'{self.order}' + CASE WHEN {self.value} IS NULL THEN '?' ELSE '=' + toString({self.value}) END "
            f"+ '\\n' + {self.key}"
        )

    def parse(self, cursor: str) -> tuple[str | float | None, str]:
        """A cursor as the value and the key it stands for. Raises `InvalidArgument`."""
        bad = InvalidArgument(
            f"after: {cursor!r} is no cursor of this connection in this order; pass on one that it gave",
            "INVALID_CURSOR",
        )
        if not cursor.startswith(self.order):
            raise bad
        rest = cursor[len(self.order) :]
        if self.value is None:
            if not rest.startswith(":"):
                raise bad
            return None, rest[1:]
        value, line, key = rest[1:].rpartition("\n")
        if not line or rest[0] not in "?=":
            raise bad
        if rest[0] == "?":
            return None, key
        if not self.number:
            return value, key
        try:
            return float(value), key
        except ValueError:
            raise bad from None


@dataclass(frozen=True)
class _QuestionRows:
    """The rows of a question."""

    compilation: _Compilation
    question: Question
    body: str
    fill: Callable[[str], str]
    time: Time
    imports: str

    @property
    def prelude(self) -> str:
        return " WITH *, {} AS q"

    def row(self, s: Selected) -> tuple[str, Finish | None]:
        fields = s.fields(self.question.row.name)
        reads = {f.rule.column.name: self.fill(f.rule.column.expression) for f in fields if isinstance(f.rule, ColumnField)}
        texts, finishes = self.compilation.columns(fields, reads, self.time)
        return f"q{{{', '.join(texts)}}}", _each(finishes)

    def paged(self) -> _Rows:
        key = " + ' ' + ".join(self.fill(o) for o in self.question.order)

        def edge(s: Selected, cursor: str) -> tuple[str, Finish | None]:
            texts, finishes = [], {}
            for sub in s.fields(s.type_names()[0]):
                if sub.rule is EdgePart.CURSOR:
                    texts.append(f"`{sub.key}`: {cursor}")
                elif sub.rule is EdgePart.NODE:
                    text, finish = self.row(sub)
                    texts.append(f"`{sub.key}`: {text}")
                    if finish:
                        finishes[sub.key] = finish
            return f"q{{{', '.join(texts)}}}", _each(finishes)

        return _Rows(
            head=self.body,
            key=key,
            value=None,
            order=self.question.name.rpartition("/")[2],
            descending=False,
            number=False,
            row=self.row,
            edge=edge,
            container="q",
            prelude=self.prelude,
            scope=self.imports,
        )


_AGGREGATION = re.compile(r"\b(?:collect|count|min|max|sum|avg)\(")

_OPERATORS = {
    "eq": "{read} = {given}",
    "in": "{read} IN {given}",
    "lt": "{read} < {given}",
    "lte": "{read} <= {given}",
    "gt": "{read} > {given}",
    "gte": "{read} >= {given}",
    "contains": "{read} CONTAINS {given}",
    "startsWith": "{read} STARTS WITH {given}",
    "has": "{given} IN {read}",
}


def _plain(value: Any) -> Any:
    """A coerced argument as a parameter: enums by name."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.name if isinstance(value, Enum) else value


def _document(value: str | Mapping[str, Any] | None) -> Any:
    """What makes JSON of a column: a document kept as its text, or a map."""
    return json.loads(value) if isinstance(value, str) else value and dict(sorted(value.items()))


def _text(value: Any) -> str:
    return str(value.value) if isinstance(value, Enum) else str(value)


def _where(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _dotted(path: Sequence[str | int]) -> str:
    return ".".join(str(step) for step in path)


def _check_first(first: Any) -> None:
    if first is None:
        return
    if first < 0:
        raise InvalidArgument(f"first: {first} is negative; ask for 0 to {MAX_FIRST} rows")
    if first > MAX_FIRST:
        raise InvalidArgument(f"first: {first} is more than {MAX_FIRST}; page with `after`")


def _each(finishes: Mapping[str, Finish]) -> Finish | None:
    """Finishes some values of an object."""
    if not finishes:
        return None
    pairs = tuple(finishes.items())

    def finish(value: Any, parameters: Mapping[str, Any]) -> Any:
        if value is not None:
            for key, inner in pairs:
                if key in value:
                    value[key] = inner(value[key], parameters)
        return value

    return finish


def _all(finish: Finish) -> Finish:
    """Finishes the items of a list."""
    return lambda values, parameters: [finish(value, parameters) for value in values]


def _unless_null(finish: Finish | None) -> Finish | None:
    return finish and (lambda value, parameters: None if value is None else finish(value, parameters))


def compile(roots: Sequence[Selected], graph: Graph, dialect: Dialect) -> Compiled:
    """Compiles the root fields of a query. Raises `InvalidArgument`."""
    compilation = _Compilation(graph, dialect, Ids(graph))

    def project() -> tuple[str, Finish | None]:
        texts, finishes = [], {}
        for s in roots:
            if s.rule is None:
                continue
            text, finish = compilation.root(s)
            texts.append(f"`{s.key}`: {text}")
            if finish:
                finishes[s.key] = finish
        return f"o{{{', '.join(texts)}}}", _each(finishes)

    row, finish = compilation.returned(project)
    return Compiled(f"WITH {{}} AS o{row}", tuple(compilation.parameters), compilation.uses_now, finish)
