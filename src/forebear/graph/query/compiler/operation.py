"""Root fields, and the one statement for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from forebear.graph.declaration import Graph
from forebear.graph.ids import Ids
from forebear.graph.query.compiler.node import Nodes
from forebear.graph.query.compiler.page import MAX_FIRST
from forebear.graph.query.compiler.question import answer
from forebear.graph.query.compiler.selected import InvalidArgument, Selected
from forebear.graph.query.compiler.statement import Compiled, Projection, Statement, object_of
from forebear.graph.query.dialect import Dialect
from forebear.graph.query.field import KindField, LookupField, LookupsField, QuestionField


def compile(roots: Sequence[Selected], graph: Graph, dialect: Dialect) -> Compiled:
    """Compile the root fields of a query. Raises `InvalidArgument`."""
    statement = Statement(graph, dialect, Ids(graph))
    nodes = Nodes(statement)
    row, finish = statement.returned(
        lambda: object_of("o", {s.key: _root(nodes, s) for s in roots if s.rule is not None}),
    )
    return statement.compiled(f"WITH {{}} AS o{row}", finish)


def _root(nodes: Nodes, s: Selected) -> Projection:
    match s.rule:
        case LookupField(kinds):
            return _lookup(nodes, s, kinds)
        case LookupsField():
            return _lookups(nodes, s)
        case KindField(kind):
            return nodes.all(s, kind)
        case QuestionField(question):
            return answer(nodes.statement, nodes.project, s, question, None, None)
    raise AssertionError(f"{s.key}: {s.rule!r} is no rule of a root field")


def _lookup(nodes: Nodes, s: Selected, allowed: Sequence[str]) -> Projection:
    """Return one node by id."""
    statement = nodes.statement
    time = statement.time(s.arguments, None)
    kind = allowed[0] if len(allowed) == 1 else statement.kind_of(s.arguments.values["id"])
    id = statement.bind(s.arguments, "id", convert=statement.checks_id(allowed))
    n = statement.name("n")
    row, finish = statement.returned(lambda: nodes.project(s, n, (kind,), time))
    return statement.hoist(f"COLLECT {{ MATCH ({n}:{kind} {{id: {id}}}){time.present(n)}{row} }}") + "[0]", finish


def _lookups(nodes: Nodes, s: Selected) -> Projection:
    """Return several nodes by their ids: found by kind, and put in the order of the ids."""
    statement = nodes.statement
    time = statement.time(s.arguments, None)
    ids = s.arguments.values["ids"]
    if len(ids) > MAX_FIRST:
        raise InvalidArgument(f"ids: at most {MAX_FIRST} at a time; {len(ids)} were given")
    parts, finishes = [], {}
    for kind in sorted({statement.kind_of(id) for id in ids}):
        mine = statement.bind(s.arguments, "ids", convert=partial(_of_kind, statement, kind))
        n = statement.name("n")

        def identified(n: str = n, kind: str = kind) -> Projection:
            id = statement.once(n, f"{n}.id")
            row, finishes[kind] = nodes.project(s, n, (kind,), time)
            return f"{n}{{`~id`: {id}, `~row`: {row}}}", None

        row, _ = statement.returned(identified)
        text = f"COLLECT {{ UNWIND {mine} AS id MATCH ({n}:{kind} {{id: id}}){time.present(n)}{row} }}"
        parts.append(statement.hoist(text))
    order = statement.bind(s.arguments, "ids")[1:]

    def finish(rows: Any, parameters: Mapping[str, Any]) -> Any:
        answers = {}
        for row in rows:
            inner = finishes[statement.ids.kind(row["~id"])]
            answers[row["~id"]] = inner(row["~row"], parameters) if inner else row["~row"]
        return [answers.get(id) for id in parameters[order]]

    return " + ".join(parts) or "[]", finish


def _of_kind(statement: Statement, kind: str, ids: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(id for id in ids if statement.kind_of(id) == kind))
