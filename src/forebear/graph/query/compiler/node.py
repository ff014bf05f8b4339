"""Nodes, and what edges lead to from them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from forebear.graph.declaration import Change, Edge, Json, Kind, Long, Property
from forebear.graph.query.compiler.behind import behind
from forebear.graph.query.compiler.filter import Filter, ranked, where
from forebear.graph.query.compiler.page import Rows, page
from forebear.graph.query.compiler.question import answer
from forebear.graph.query.compiler.selected import Selected
from forebear.graph.query.compiler.statement import Finish, Projection, Statement, object_of, waiting
from forebear.graph.query.compiler.time import Time
from forebear.graph.query.field import (
    ConnectionField,
    EdgePart,
    NeighbourField,
    NodeField,
    PropertyField,
    QuestionField,
)
from forebear.graph.query.question import Question
from forebear.graph.values import MAX_SAFE

TYPE_KEY = "~type"
"""The key of a node's kind in the tree. No response key can have this name."""


@dataclass(frozen=True)
class Nodes:
    """Projects the nodes of a statement."""

    statement: Statement

    def project(self, s: Selected, n: str, kinds: Sequence[str], time: Time) -> Projection:
        """Return a node's projection. In known time its state must be in scope as `{n}_then`."""
        graph, statement = self.statement.graph, self.statement
        if not s.is_abstract():
            fields = s.fields(kinds[0])
            row, finish = object_of(n, self._fields(fields, n, graph.kinds[kinds[0]], time))
            return row, waiting(finish, self._behind(fields))
        branches: dict[str, list[str]] = {}
        by_kind: dict[str, Finish] = {}
        before, after = statement.read_already, set(statement.read_already)
        for kind in kinds:
            statement.read_already = set(before)
            type_ = {TYPE_KEY: (f"labels({n})[0]", None)}
            fields = s.fields(kind)
            row, finish = object_of(n, type_ | self._fields(fields, n, graph.kinds[kind], time))
            finish = waiting(finish, self._behind(fields))
            after |= statement.read_already
            branches.setdefault(row, []).append(kind)
            if finish:
                by_kind[kind] = finish
        statement.read_already = after
        if len(branches) == 1:
            row = next(iter(branches))
        else:
            whens = " ".join(f"WHEN {' OR '.join(f'{n}:{kind}' for kind in mine)} THEN {row}" for row, mine in branches.items())
            row = f"CASE {whens} END"
        if not by_kind:
            return row, None

        def finish_one(value: Any, parameters: Mapping[str, Any]) -> Any:
            inner = by_kind.get(value[TYPE_KEY]) if value is not None else None
            return inner(value, parameters) if inner else value

        return row, finish_one

    def _fields(self, selected: Sequence[Selected], n: str, kind: Kind, time: Time) -> dict[str, Projection]:
        return {s.key: self._field(s, n, kind, time) for s in selected if s.rule is not None}

    def _behind(self, selected: Sequence[Selected]) -> list[str]:
        """Return the response keys of the fields that statements behind this one answer."""
        return [s.key for s in selected if isinstance(s.rule, QuestionField) and self._is_behind(s.rule.question)]

    def _is_behind(self, question: Question) -> bool:
        """Return whether a question about a node is a statement of its own.

        It is, if its moments are those of the node, or if a decision comes first. And Neo4j plans a question within the rows
        of another for longer than the two by themselves.
        """
        return question.taking is not None or self.statement.rows_around > 0

    def _field(self, s: Selected, n: str, kind: Kind, time: Time) -> Projection:
        once = self.statement.once
        match s.rule:
            case PropertyField(p, is_kept):
                if p.change is Change.TOLD:
                    time = self.statement.time(s.arguments, time)
                read = time.kept(n, p) if is_kept else time.read(n, p)
                return once(n, _exact(read) if p.type is Long else read), _decoded(s, p)
            case NodeField.ID:
                return once(n, f"{n}.id"), None
            case NodeField.KIND:
                return f"'{kind.name}'", None
            case NodeField.DESCRIBED:
                return once(n, time.described(n)), None
            case NeighbourField(edge):
                return self.neighbour(s, edge, n, time)
            case ConnectionField():
                return self.connection(s, s.rule, n, time)
            case QuestionField(question) if self._is_behind(question):
                return behind(self.statement, lambda inner: Nodes(inner).project, s, question, n, kind, time)
            case QuestionField(question):
                return answer(self.statement, self.project, s, question, n, time)
        raise AssertionError(f"{s.key}: {s.rule!r} is no rule of a node's field")

    # ── edges ───────────────────────────────────────────────────────────────────────────────────────────

    def neighbour(self, s: Selected, edge: Edge, n: str, time: Time) -> Projection:
        """Return the one node at the other end of an edge."""
        statement = self.statement
        e, m = statement.name("e"), statement.name("n")
        match, conditions = time.pattern(n, e, m, edge, False, edge.targets)
        row, finish = statement.returned(lambda: self.project(s, m, edge.targets, time))
        text = f"COLLECT {{ MATCH {match}{where(conditions)} WITH * ORDER BY {m}.id LIMIT 1{time.then(m, row)}{row} }}"
        return f"{statement.hoist(text)}[0]", finish

    def connection(self, s: Selected, rule: ConnectionField, n: str, outer: Time) -> Projection:
        """Return the nodes at the other end of edges, as a connection."""
        statement = self.statement
        time = statement.time(s.arguments, outer)
        edge, incoming = rule.edge, rule.incoming
        kinds = (edge.source,) if incoming else edge.targets
        e, m = statement.name("e"), statement.name("n")
        match, conditions = time.pattern(n, e, m, edge, incoming, kinds)
        if edge.interval and not s.arguments.values.get("allTime"):
            conditions.append(time.holds(e))
        # The same two nodes may be joined by several edges. A cursor's last line is its key, so no text in it breaks the line.
        texts = (f"{e}.{p.name}" if p.required else f"coalesce({e}.{p.name}, '')" for p in edge.identity)
        parts = (f"replace({t}, '\\n', ' ')" if p.type is str else t for t, p in zip(texts, edge.identity, strict=True))
        key = " + ' ' + ".join((f"{m}.id", *parts))
        return page(statement, s, self.rows(s, match, m, e, kinds, conditions, time, key=key), container=n)

    def all(self, s: Selected, kind: Kind) -> Projection:
        """Return all nodes of a kind, as a connection."""
        statement = self.statement
        time = statement.time(s.arguments, None)
        n = statement.name("n")
        conditions = [f"{n}.recordedAt <= {time.known}" if time.known else f"{n}.retractedAt IS NULL"]
        match = f"({n}:{kind.name})"
        return page(statement, s, self.rows(s, match, n, None, (kind.name,), conditions, time, key=f"{n}.id"))

    def rows(
        self,
        s: Selected,
        match: str,
        n: str,
        e: str | None,
        kinds: Sequence[str],
        conditions: Sequence[str],
        time: Time,
        key: str,
    ) -> Rows:
        """Return the rows of a connection: nodes at the other end of an edge, or all of a kind."""
        arguments = s.arguments.values
        filters = []
        if filter := arguments.get("filter"):
            filters = [Filter(self.statement, s.arguments).condition(filter, ("filter",), n, kinds, time)]
        order, descending = "id", False
        if by := arguments.get("orderBy"):
            order, descending = _text(by["field"]), _text(by["direction"]) == "DESC"
        if e is None and order == "id" and not descending and not time.known and "after" not in arguments:
            # Without a bound the first page would sort the whole label instead of following the index.
            conditions = [*conditions, f"{n}.id > ''"]
        if time.known:
            present = [f"{n}_then.retractedAt IS NULL"] if e is None else []
            head = f"MATCH {match}{where(conditions)}{time.then(n)}{where([*present, *filters])}"
        else:
            head = f"MATCH {match}{where([*conditions, *filters])}"
        value, number = None, False
        if order == "recordedAt":
            value = f"{n}.recordedAt"
        elif order != "id":
            p = self.statement.graph.kinds[kinds[0]].properties[order]
            value, number = time.read(n, p), p.type in (int, Long, float)
            if p.scale:
                value, number = ranked(value, p.scale), True
        return Rows(
            head=head,
            key=key,
            value=value,
            order=order,
            descending=descending,
            number=number,
            nullable=order != "recordedAt",
            row=lambda sub: self.project(sub, n, kinds, time),
            edge=lambda sub, cursor: self.edge(sub, n, e, kinds, time, cursor),
            container=n,
        )

    def edge(self, s: Selected, n: str, e: str | None, kinds: Sequence[str], time: Time, cursor: str) -> Projection:
        """Return a row of a connection: its node with the properties of the edge, if there is one."""
        selected: dict[str, Projection] = {}
        for sub in s.fields(s.type_names()[0]):
            match sub.rule:
                case EdgePart.NODE:
                    selected[sub.key] = self.project(sub, n, kinds, time)
                case EdgePart.CURSOR:
                    selected[sub.key] = cursor, None
                case PropertyField(p):
                    selected[sub.key] = self.statement.once(e or n, f"{e or n}.{p.name}"), None
        return object_of(n, selected)


def _exact(read: str) -> str:
    """Return a whole number of 64 bits as clients get it: as a text if JavaScript's numbers are not exact for it."""
    # An older version may have stored it as a binary fraction.
    whole = f"toInteger({read})"
    return f"CASE WHEN {read} > {MAX_SAFE} OR {read} < -{MAX_SAFE} THEN toString({whole}) ELSE {whole} END"


def _decoded(s: Selected, p: Property) -> Finish | None:
    """Return what turns a property that is kept as text into JSON."""
    if p.type is Json:
        return lambda text, _: None if text is None else json.loads(text)
    if p.value_type is None:
        return None
    members = [(m.key, m.rule.property.name) for m in s.fields(p.value_type.__name__) if isinstance(m.rule, PropertyField)]
    return lambda text, _: (
        None if text is None else [{key: item.get(name) for key, name in members} for item in json.loads(text)]
    )


def _text(value: Any) -> str:
    return str(value.value) if isinstance(value, Enum) else str(value)
