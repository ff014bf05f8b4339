"""The compiled statement: its parameters, its names and its projections."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from forebear.graph.complaint import wrong_kind
from forebear.graph.declaration import Graph
from forebear.graph.ids import Ids, InvalidId
from forebear.graph.query.compiler.selected import Arguments, InvalidArgument, Selected
from forebear.graph.query.compiler.time import Time
from forebear.graph.query.dialect import Dialect
from forebear.graph.query.lexer import brace_end

Finish = Callable[[Any, Mapping[str, Any]], Any]
"""Finishes a value of the tree, by the request's parameters."""

Projection = tuple[str, Finish | None]
"""An expression that computes a value of the tree, and what finishes the value."""

ProjectNode = Callable[[Selected, str, Sequence[str], Time], Projection]
"""Projects a node, by its name in the statement and its possible kinds, as of some moments."""

_AGGREGATION = re.compile(r"\b(?:collect|count|min|max|sum|avg)\(")


@dataclass(frozen=True)
class StatementParameter:
    """A parameter of the statement: the arguments that it is read from, the path in them, and its conversion."""

    name: str
    source: int
    path: tuple[str | int, ...]
    convert: Callable[[Any], Any] | None


@dataclass(frozen=True)
class Compiled:
    """A compiled statement, and those behind it."""

    text: str
    parameters: tuple[StatementParameter, ...]
    uses_now: bool
    finish: Finish | None
    behind: tuple[Behind, ...] = ()


@dataclass(frozen=True)
class Behind:
    """A statement behind another: it answers one question about nodes of the other's answer.

    Its rows are `{~id, ~row}`, one for each id in `$ids`.
    """

    compiled: Compiled
    inherits: Mapping[str, str]
    """Its parameters that have the values of parameters of the other, by the names of both."""
    moments: tuple[str, ...]
    """Its parameters that are moments of the node. Nodes with the same moments are asked about together."""
    decision: tuple[str, str] | None
    """For what is decided, which is asked about one node at a time: the question, and its parameter for the node."""


BEHIND = "~behind"
"""The parameter that no statement gets: the parameters of the statements behind it, in their order."""

WAITING = "~waiting"
"""The parameter that no statement gets: for each statement behind, the objects that wait for its answers, with their keys."""


def waiting(finish: Finish | None, keys: Sequence[str]) -> Finish | None:
    """Return what finishes an object, some members of which statements behind answer."""
    if not keys:
        return finish

    def wait(value: Any, parameters: Mapping[str, Any]) -> Any:
        value = finish(value, parameters) if finish else value
        if value is not None:
            for key in keys:
                parameters[WAITING][value[key]["behind"]].append((value, key))
        return value

    return wait


@dataclass
class Statement:
    """A statement while it is written."""

    graph: Graph
    dialect: Dialect
    ids: Ids
    parameters: list[StatementParameter] = field(default_factory=list)
    uses_now: bool = False
    names: int = 0
    scopes: list[list[str]] = field(default_factory=list)
    read_already: set[str] = field(default_factory=set)
    behind: list[Behind] = field(default_factory=list)
    rows_around: int = 0
    """In the rows of how many questions the part that is being written stands."""

    def compiled(self, text: str, finish: Finish | None) -> Compiled:
        """Return the statement with its text."""
        return Compiled(text, tuple(self.parameters), self.uses_now, finish, tuple(self.behind))

    # ── names and parameters ────────────────────────────────────────────────────────────────────────────

    def name(self, stem: str) -> str:
        """Return a new name in the statement."""
        self.names += 1
        return f"{stem}{self.names}"

    def bind(self, arguments: Arguments, *path: str | int, convert: Callable[[Any], Any] | None = None) -> str:
        """Return a new parameter, read from some arguments."""
        name = f"p{len(self.parameters)}"
        self.parameters.append(StatementParameter(name, arguments.source, path, convert))
        return f"${name}"

    def now(self) -> str:
        """Return the parameter with the moment of the request."""
        self.uses_now = True
        return "$now"

    def time(self, arguments: Arguments, outer: Time | None) -> Time:
        """Return the moments of a field: its own arguments, else those of the field around it, else now."""
        knowledge = outer.known if outer else None
        if arguments.values.get("asKnownAt") is not None:
            knowledge = self.bind(arguments, "asKnownAt")
        if arguments.values.get("at") is not None:
            return Time(self.bind(arguments, "at"), knowledge, told=True)
        if outer and (arguments.values.get("asKnownAt") is None):
            return Time(outer.at, knowledge, outer.told)
        return Time(knowledge or self.now(), knowledge)

    # ── ids ─────────────────────────────────────────────────────────────────────────────────────────────

    def kind_of(self, id: str) -> str:
        """Return the kind that an id names. Raises `InvalidArgument`."""
        try:
            return self.ids.kind(id)
        except InvalidId as error:
            raise InvalidArgument(str(error), "INVALID_ID") from None

    def checks_id(self, kinds: Sequence[str]) -> Callable[[Any], Any]:
        """Return a function that passes on an id of some kinds, and raises `InvalidArgument` for another."""

        def check(id: str) -> str:
            kind = self.kind_of(id)
            if kinds and kind not in kinds:
                raise InvalidArgument(wrong_kind(id, kind, kinds), "INVALID_ID")
            return id

        return check

    # ── projections ─────────────────────────────────────────────────────────────────────────────────────

    def returned(self, project: Callable[[], Projection]) -> Projection:
        """Return `… RETURN row AS row` for a projection, after the clauses that it needs before."""
        self.scopes.append([])
        row, finish = project()
        return f"{''.join(self.scopes.pop())} RETURN {row} AS row", finish

    def hoist(self, expression: str) -> str:
        """Return a subquery for use inside a projection.

        Neo4j mistakes an aggregation inside a subquery for one of the projection around it, and follows every path of a walk in
        a subquery inside a larger expression. So such a subquery is computed in a clause of its own before.
        """
        if not _AGGREGATION.search(expression):
            return expression
        return self.before(expression)

    def before(self, expression: str) -> str:
        """Return the name of an expression that is computed in a clause before the projection."""
        name = self.name("f")
        self.scopes[-1].append(f" WITH *, {expression} AS {name}")
        return name

    def shared(self, expressions: Mapping[str, str]) -> dict[str, str]:
        """Return the expressions of one projection.

        A subquery that several of them hold is computed once, in a clause before.
        """
        counts = Counter(block for text in expressions.values() for block in dict.fromkeys(_subqueries(text)))
        texts = dict(expressions)
        for block in (block for block, times in counts.items() if times > 1):
            name = self.before(block)
            texts = {key: text.replace(block, name) for key, text in texts.items()}
        return texts

    def once(self, n: str, expression: str) -> str:
        """Return an expression of a row's projection.

        If a projection reads one property twice, Neo4j remembers the value and may answer null for one of them. From inside a
        list it is read again.
        """

        def read(m: re.Match[str]) -> str:
            if m[0] in self.read_already:
                return f"[{n}][0].{m[1]}"
            self.read_already.add(m[0])
            return m[0]

        return re.sub(rf"\b{n}\.(\w+)", read, expression)


def _subqueries(expression: str) -> Iterator[str]:
    """Return the outermost collecting subqueries of an expression."""
    end = 0
    while (start := expression.find("COLLECT {", end)) >= 0:
        end = brace_end(expression, start + len("COLLECT {")) + 1
        yield expression[start:end]


def object_of(name: str, selected: Mapping[str, Projection]) -> Projection:
    """Return a projection of a variable that is keyed by response key."""
    texts = [f"`{key}`: {text}" for key, (text, _) in selected.items()]
    return f"{name}{{{', '.join(texts)}}}", finish_each({key: finish for key, (_, finish) in selected.items() if finish})


def finish_each(finishes: Mapping[str, Finish]) -> Finish | None:
    """Return what finishes some values of an object."""
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


def finish_all(finish: Finish | None) -> Finish | None:
    """Return what finishes the items of a list."""
    return finish and (lambda values, parameters: [finish(value, parameters) for value in values])


def unless_null(finish: Finish | None) -> Finish | None:
    """Return what finishes a value that may be null."""
    return finish and (lambda value, parameters: None if value is None else finish(value, parameters))
