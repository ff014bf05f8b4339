"""Questions: the statement of a file as a subquery, with its rows projected as selected."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forebear.graph.complaint import shown
from forebear.graph.declaration import BOOKKEEPING, OWN_LABELS, RETRACTED, Graph
from forebear.graph.digest import InvalidDigest, in_name
from forebear.graph.query import search
from forebear.graph.query.compiler.filter import plain
from forebear.graph.query.compiler.page import Rows, page
from forebear.graph.query.compiler.selected import InvalidArgument, Selected
from forebear.graph.query.compiler.statement import Projection, ProjectNode, Statement, finish_all, object_of, unless_null
from forebear.graph.query.compiler.time import Time
from forebear.graph.query.field import ColumnField, EdgePart
from forebear.graph.query.header import Parameter
from forebear.graph.query.mention import left
from forebear.graph.query.question import Question
from forebear.graph.statements.constraints import full_text

_PROPERTY = re.compile(r"(?P<of>\w+)\.\w+")


def answer(
    statement: Statement, project: ProjectNode, s: Selected, question: Question, n: str | None, outer: Time | None
) -> Projection:
    """Return the answer of a question, for node `n` if it is a field of one. Raises `InvalidArgument`.

    `project` projects the nodes of its rows.
    """
    arguments = s.arguments
    dialect, graph = statement.dialect, statement.graph
    time = statement.time(arguments, outer)
    texts: dict[str, str] = {"at": time.at, "asKnownAt": time.known or "", "self": f"{n}.id"}
    ids = []
    for p in _sent(question):
        value = arguments.values.get(p.name)
        if p.type.name == "ID" and not p.type.many and not set(p.type.kinds) & set(OWN_LABELS):
            allowed = p.type.kinds or tuple(graph.kinds)
            if value is None:
                texts[p.name] = "null"
                # An id that is left out has the kind of another id.
                texts[f"of {p.name}"] = next((t for k, t in texts.items() if k.startswith("of ")), allowed[0])
                continue
            texts[f"of {p.name}"] = statement.kind_of(statement.checks_id(allowed)(value))
            texts[p.name] = statement.bind(arguments, p.name, convert=statement.checks_id(allowed))
            ids.append(p.name)
        elif p.name == "text" and "$words" in question.body:
            texts["words"] = statement.bind(arguments, p.name, convert=_searched)
            texts["indexes"] = statement.bind(
                arguments, p.name, convert=lambda _: search.indexes(dialect.engine, full_text(graph))
            )
        elif p.type.name == "DateTime" and value is None:
            taken = question.taking and p.name in question.taking.takes
            texts[p.name] = f"${p.name}" if taken else statement.now()
        else:
            convert = _within(p.name, p.type.bounds) if p.type.bounds else plain
            texts[p.name] = statement.bind(arguments, p.name, convert=convert)
            if p.name == "name" and "$digest" in question.body:
                texts["digest"] = statement.bind(arguments, p.name, convert=_digest)
    if question.decided:
        texts["decided"] = "$decided" if question.taking else statement.bind(arguments, "decided")
    # If a question is about several moments, each node must have been there at one of them, whatever happened since.
    times = [Time(time.at, texts[moment]) for moment in question.moments] or [time]
    checks = [_stood(statement, texts, name, times) for name in ids]
    imports = f"({n})" if n else "()"

    def fill(text: str) -> str:
        return dialect.fill(dialect.rewrite(text, as_known=time.known is not None, within=question.text), texts)

    # A moment that is left out is now, so its nodes are read as they are.
    known_times = [
        (where, Time(texts[m], texts[m]) if arguments.values.get(m) is not None else time) for m, where in question.known
    ]
    rows = _QuestionRows(statement, project, question, fill(question.body), fill, known_times or [("", time)], imports)
    if question.paged:
        text, finish = page(statement, s, rows.paged(), container=n or "o")
    else:
        row, finish = statement.returned(lambda: rows.row(s))
        text = statement.hoist(f"COLLECT {{ CALL {imports} {{ {rows.body}{rows.prelude}{row} }} RETURN row LIMIT 1 }}") + "[0]"
    if checks:
        return f"CASE WHEN {' AND '.join(checks)} THEN {text} END", unless_null(finish)
    return text, finish


def _sent(question: Question) -> list[Parameter]:
    """Return the parameters that the statement takes: some are for the decision alone, and only their ids are checked here."""
    decided = question.decided
    return [p for p in question.parameters if not decided or p.type.name == "ID" or f"${p.name}" in question.text]


def _stood(statement: Statement, texts: Mapping[str, str], name: str, times: Sequence[Time]) -> str:
    """Return the condition that the node of an id was there at one of some times."""
    conditions = []
    for time in times:
        x = statement.name("x")
        conditions.append(f"EXISTS {{ MATCH ({x}:{texts[f'of {name}']} {{id: {texts[name]}}}){time.present(x)} RETURN {x} }}")
    return conditions[0] if len(conditions) == 1 else f"({' OR '.join(conditions)})"


def _searched(text: str) -> list[str]:
    """Return the words of a text to search for. Raises `InvalidArgument` if it is too long."""
    if len(text) > search.MAX_TEXT:
        raise InvalidArgument(f"text: it has more than {search.MAX_TEXT} characters; search for fewer words", "TOO_LONG")
    return search.words(text)


def _digest(name: str) -> str:
    try:
        return in_name(name)
    except InvalidDigest as error:
        raise InvalidArgument(f"name: {shown(name)} {error}") from None


def _within(name: str, bounds: tuple[int, int]) -> Callable[[Any], Any]:
    least, most = bounds

    def check(value: int | None) -> int | None:
        if value is not None and not least <= value <= most:
            raise InvalidArgument(f"{name}: {value} is not within {least} to {most}")
        return value

    return check


def _value(graph: Graph, name: str, value: Any) -> Any:
    """Return the value of a property. A document is kept as its text."""
    return json.loads(value) if name in graph.documents and value is not None else value


def _document(value: str | Mapping[str, Any] | None) -> Any:
    """Return the JSON of a column: a document kept as its text, or an edge's properties.

    Only properties that it has are answered, and none of a later retraction.
    """
    if value is None or isinstance(value, str):
        return value and json.loads(value)
    return {name: value[name] for name in sorted(value) if value[name] is not None and name not in BOOKKEEPING[RETRACTED]}


@dataclass(frozen=True)
class _QuestionRows:
    """The rows of a question."""

    statement: Statement
    project: ProjectNode
    question: Question
    body: str
    fill: Callable[[str], str]
    times: Sequence[tuple[str, Time]]
    """The times of the rows' nodes, each with the condition on a row; the last one has none."""
    imports: str

    prelude = " WITH *, {} AS q"

    def row(self, s: Selected) -> Projection:
        fields = s.fields(self.question.row.name)
        reads = {f.rule.column.name: self.fill(f.rule.column.expression) for f in fields if isinstance(f.rule, ColumnField)}
        return object_of("q", self._columns(fields, self.statement.shared(reads)))

    def paged(self) -> Rows:
        def edge(s: Selected, cursor: str) -> Projection:
            selected: dict[str, Projection] = {}
            for sub in s.fields(s.type_names()[0]):
                if sub.rule is EdgePart.CURSOR:
                    selected[sub.key] = cursor, None
                elif sub.rule is EdgePart.NODE:
                    selected[sub.key] = self.row(sub)
            return object_of("q", selected)

        bounded = self.question.bounded or ""
        return Rows(
            head=self.body,
            key=" + ' ' + ".join(self.fill(o) for o in self.question.order),
            value=None,
            order=self.question.name.rpartition("/")[2],
            descending=self.question.descending,
            number=False,
            row=self.row,
            edge=edge,
            container="q",
            prelude=self.prelude,
            scope=self.imports,
            names=left(self.question.body),
            bounded=self.fill(bounded),
            bounded_names=left(bounded),
        )

    def _columns(self, selected: Sequence[Selected], reads: Mapping[str, str]) -> dict[str, Projection]:
        """Return the columns of a row, each read by its expression."""
        return {
            s.key: self._column(s, s.rule, self.statement.hoist(reads[s.rule.column.name]))
            for s in selected
            if isinstance(s.rule, ColumnField)
        }

    def _column(self, s: Selected, rule: ColumnField, read: str) -> Projection:
        statement, graph, type = self.statement, self.statement.graph, rule.column.type
        if not s.type_names():
            if type.name == "JSON":
                return read, lambda value, _: _document(value)
            if type.name == "Value":
                return read, lambda named, _: _value(graph, *named)
            if m := _PROPERTY.fullmatch(read):
                read = statement.once(m["of"], read)
            return read, None
        if type.name in graph.kinds or type.name == "Node":
            text, finish = self._nodes(s, rule, read)
        else:
            item = statement.name("n")
            fields = s.fields(type.name)
            reads = {f.rule.column.name: f"{item}.{f.rule.column.name}" for f in fields if isinstance(f.rule, ColumnField)}
            container = statement.name("o")
            row, finish = statement.returned(lambda: object_of(container, self._columns(fields, reads)))
            one = f"[{read}]" if type.required else f"[part IN [{read}] WHERE part IS NOT NULL]"
            listed = read if type.many else one
            text = statement.hoist(f"COLLECT {{ UNWIND {listed} AS {item} WITH *, {{}} AS {container}{row} }}")
        if type.many:
            return text, finish_all(finish)
        return f"{text}[0]", unless_null(finish)

    def _nodes(self, s: Selected, rule: ColumnField, read: str) -> Projection:
        """Return the list of a column's nodes, read at the time of the row."""
        type = rule.column.type
        kinds = tuple(self.statement.graph.kinds) if type.name == "Node" else (type.name,)

        def at(time: Time) -> Projection:
            item = self.statement.name("n")
            self.statement.rows_around += 1
            row, finish = self.statement.returned(lambda: self.project(s, item, kinds, time))
            self.statement.rows_around -= 1
            source = f"UNWIND {read} AS {item}" if type.many else f"WITH *, {read} AS {item} WHERE {item} IS NOT NULL"
            return self.statement.hoist(f"COLLECT {{ {source}{time.then(item, row)}{row} }}"), finish

        (*others, (last, finish)) = [at(time) for _, time in self.times]
        cases = [f"WHEN {where} THEN {text}" for (where, _), (text, _) in zip(self.times, others, strict=False)]
        return f"CASE {' '.join(cases)} ELSE {last} END" if cases else last, finish
