"""Connections: rows in a total order, page by page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from forebear.graph.query.compiler.selected import Arguments, InvalidArgument, Selected
from forebear.graph.query.compiler.statement import Finish, Projection, Statement, finish_all, finish_each
from forebear.graph.query.field import ConnectionPart, PagePart

DEFAULT_FIRST = 20
"""How many rows a connection holds if the client does not say."""

MAX_FIRST = 1000
"""The most rows that a client may ask of one connection."""


@dataclass(frozen=True)
class Rows:
    """The source of a connection's rows, their order and their projection."""

    head: str
    key: str
    value: str | None
    order: str
    descending: bool
    number: bool
    row: Callable[[Selected], Projection]
    edge: Callable[[Selected, str], Projection]
    container: str
    nullable: bool = True
    """Whether the value may be missing."""
    prelude: str = ""
    scope: str | None = None
    """The outer variables that the head may see, if it must see no others: `(n)`."""
    names: Sequence[str] = ()
    """The variables that the head leaves in scope, if a list may hold its rows."""
    bounded: str = ""
    """For rows of a walk: the beginning of the head, after which `truncated` says whether the walk met its bound."""
    bounded_names: Sequence[str] = ()
    """The variables that this beginning leaves in scope."""
    held: str | None = None
    """The list that holds the rows, if one does."""
    walked: str | None = None
    """The list that holds the rows of the walk, if one does."""

    def collect(self, clauses: str, returned: str) -> str:
        """Return all its rows' projections, as a list."""
        return f"COLLECT {{ {self._scoped(f'{self.head}{clauses}{self.prelude}{returned}', 'row')} }}"

    @property
    def count(self) -> str:
        """How many rows it has."""
        if self.held:
            return f"size({self.held})"
        return f"COUNT {{ {self._scoped(f'{self.head} RETURN 1 AS one', 'one')} }}"

    @property
    def truncated(self) -> str:
        """Whether a walk to its rows met its bound."""
        if self.walked:
            return f"size([row IN {self.walked} WHERE row.truncated]) > 0"
        return f"EXISTS {{ {self._scoped(f'{self.bounded} WITH * WHERE truncated RETURN true AS met LIMIT 1', 'met')} }}"

    def once(self, statement: Statement, *, counted: bool, walked: bool, shown: bool) -> Rows:
        """Return the same rows for the selected parts of a connection: a list holds what several parts need.

        Without it each part repeats the clauses. Then Neo4j plans them for each part, and both engines run them for each.
        """
        rows = self
        if self.names and walked and (counted or shown):
            list_, again = rows._listed(statement, self.bounded, self.bounded_names)
            again += self.head.removeprefix(self.bounded)
            rows = replace(rows, head=again, scope=self._seeing(list_), walked=list_)
        if self.names and counted and shown:
            list_, again = rows._listed(statement, rows.head, self.names)
            rows = replace(rows, head=again, scope=self._seeing(list_), held=list_)
        return rows

    def _listed(self, statement: Statement, clauses: str, names: Sequence[str]) -> tuple[str, str]:
        """Return the name of a list with the rows of some clauses, and the clauses that read them from it."""
        members = ", ".join(f"{name}: {name}" for name in names)
        list_ = statement.before(f"COLLECT {{ {self._scoped(f'{clauses} RETURN {{{members}}} AS row', 'row')} }}")
        return list_, f"UNWIND {list_} AS row WITH {', '.join(f'row.{name} AS {name}' for name in names)}"

    def _seeing(self, list_: str) -> str:
        """Return the scope with a list."""
        return f"({', '.join(filter(None, [(self.scope or '')[1:-1], list_]))})"

    def _scoped(self, inner: str, column: str) -> str:
        return inner if self.scope is None else f"CALL {self.scope} {{ {inner} }} RETURN {column}"

    @property
    def ordering(self) -> str:
        """The order of the rows."""
        direction = " DESC" if self.descending else ""
        if self.value is None:
            return f"{self.key}{direction}"
        # By itself Cypher puts nulls first in descending order.
        last = f"{self.value} IS NULL, " if self.descending and self.nullable else ""
        return f"{last}{self.value}{direction}, {self.key}"

    @property
    def cursor(self) -> str:
        """A row's cursor: the order's name, the row's value in that order, and its key."""
        if self.value is None:
            return f"'{self.order}:' + {self.key}"
        return (
            f"'{self.order}' + CASE WHEN {self.value} IS NULL THEN '?' ELSE '=' + toString({self.value}) END "
            f"+ '\\n' + {self.key}"
        )

    def parse(self, cursor: str) -> tuple[str | int | float | None, str]:
        """Return the value and the key in a cursor. Raises `InvalidArgument`."""
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
            # Do not use a binary fraction: whole numbers of 64 bits are exact.
            return int(value) if value.removeprefix("-").isdecimal() else float(value), key
        except ValueError:
            raise bad from None


def page(statement: Statement, s: Selected, rows: Rows, container: str = "o") -> Projection:
    """Return a connection: its rows after the cursor, in order, at most `first`, in the selected forms."""
    parts = [p for p in s.fields(s.type_names()[0]) if p.rule is not None]
    listed = [p for p in parts if p.rule in (ConnectionPart.EDGES, ConnectionPart.NODES)]
    paged = [p for p in parts if p.rule is ConnectionPart.PAGE_INFO]
    rules = {p.rule for p in parts}
    rows = rows.once(
        statement,
        counted=ConnectionPart.TOTAL_COUNT in rules,
        walked=ConnectionPart.TRUNCATED in rules,
        shown=bool(listed or paged),
    )
    texts = []
    for p in parts:
        if p.rule is ConnectionPart.TOTAL_COUNT:
            texts.append(f"`{p.key}`: {statement.hoist(rows.count)}")
        elif p.rule is ConnectionPart.TRUNCATED:
            texts.append(f"`{p.key}`: {statement.hoist(rows.truncated)}")
    finish = None
    if listed or paged:
        direct = len(listed) == 1 and not paged
        text, finish = _direct(statement, s, rows, listed[0]) if direct else _slots(statement, s, rows, listed, paged)
        texts.append(text)
    return f"{container}{{{', '.join(texts)}}}", finish


def _clauses(statement: Statement, arguments: Arguments, rows: Rows, most: str) -> str:
    """Return what cuts the rows to a page."""
    passed = f" WITH * WHERE {after(statement, arguments, rows)}" if arguments.values.get("after") is not None else ""
    return f"{passed} WITH * ORDER BY {rows.ordering} LIMIT {most}"


def _projected(rows: Rows, p: Selected) -> Projection:
    return rows.row(p) if p.rule is ConnectionPart.NODES else rows.edge(p, rows.cursor)


def _direct(statement: Statement, s: Selected, rows: Rows, part: Selected) -> Projection:
    """Return rows in the one selected form, as they are answered."""
    check_first(s.arguments.values.get("first", DEFAULT_FIRST))
    clauses = _clauses(statement, s.arguments, rows, limit(statement, s.arguments, extra=0))
    row, inner = statement.returned(lambda: _projected(rows, part))
    finish_rows = finish_all(inner)
    text = f"`{part.key}`: {statement.hoist(rows.collect(clauses, row))}"
    return text, finish_each({part.key: finish_rows} if finish_rows else {})


def _slots(statement: Statement, s: Selected, rows: Rows, listed: Sequence[Selected], paged: Sequence[Selected]) -> Projection:
    """Return rows with their cursors in all selected forms, and one row more: it says whether others follow."""
    check_first(s.arguments.values.get("first", DEFAULT_FIRST))
    most = limit(statement, s.arguments, extra=1)
    clauses = _clauses(statement, s.arguments, rows, most)
    finishes: dict[str, Finish] = {}

    def slots() -> Projection:
        texts = [f"`~cursor`: {rows.cursor}"]
        for part in listed:
            row, inner = _projected(rows, part)
            texts.append(f"`{part.key}`: {row}")
            if inner:
                finishes[part.key] = inner
        return f"{rows.container}{{{', '.join(texts)}}}", None

    row, _ = statement.returned(slots)
    text = f"`~rows`: {statement.hoist(rows.collect(clauses, row))}"
    limit_name, following = most[1:], s.arguments.values.get("after") is not None
    infos = [(p.key, [(q.key, q.rule) for q in p.fields("PageInfo") if isinstance(q.rule, PagePart)]) for p in paged]

    def finish(value: Any, parameters: Mapping[str, Any]) -> Any:
        rows = value.pop("~rows")
        page = rows[: parameters[limit_name] - 1]
        for part in listed:
            inner = finishes.get(part.key)
            value[part.key] = [inner(r[part.key], parameters) if inner else r[part.key] for r in page]
        facts = {
            PagePart.HAS_NEXT: len(rows) > len(page),
            PagePart.HAS_PREVIOUS: following,
            PagePart.START: page[0]["~cursor"] if page else None,
            PagePart.END: page[-1]["~cursor"] if page else None,
        }
        for key, selected in infos:
            value[key] = {k: facts[rule] for k, rule in selected}
        return value

    return text, finish


def limit(statement: Statement, arguments: Arguments, extra: int) -> str:
    """Return a parameter for `first` rows and some more."""

    def convert(first: Any) -> int:
        first = DEFAULT_FIRST if first is None else first
        check_first(first)
        return int(first) + extra

    return statement.bind(arguments, "first", convert=convert)


def after(statement: Statement, arguments: Arguments, rows: Rows) -> str:
    """Return the condition that a row comes after the cursor."""
    id = statement.bind(arguments, "after", convert=lambda c: rows.parse(c)[1])
    if rows.value is None:
        return f"{rows.key} {'<' if rows.descending else '>'} {id}"
    v = statement.bind(arguments, "after", convert=lambda c: rows.parse(c)[0])
    tie = f"({rows.value} = {v} AND {rows.key} > {id})"
    beyond = f"{rows.value} {'<' if rows.descending else '>'} {v}"
    return f"({beyond} OR {tie} OR ({rows.value} IS NULL AND ({v} IS NOT NULL OR {rows.key} > {id})))"


def check_first(first: Any) -> None:
    """Raise `InvalidArgument` if `first` is out of bounds."""
    if first is None:
        return
    if first < 0:
        raise InvalidArgument(f"first: {first} is negative; ask for 0 to {MAX_FIRST} rows")
    if first > MAX_FIRST:
        raise InvalidArgument(f"first: {first} is more than {MAX_FIRST}; page with `after`")
