"""Questions: Cypher files whose header declares their parameters and their answers.

    // Fleets that run models trained on a dataset.
    //
    // parameter trainedOn ID(Dataset, DatasetVersion)!: What it was trained on.
    // parameter includeDerived Boolean = true: Whether to follow all lineage.
    // answers [FleetRunning]: A fleet with what it runs.
    // column fleet Fleet!: The fleet.
    // column path [Node!]!: Why.
    // type Step: One step.
    //   node Node!: Where it leads.
    MATCH …
    RETURN fleet, nodes(path) AS path
    ORDER BY fleet.id

`answers [Row]` is a paged list whose order must be total, and either ascends or descends (`DESC`) throughout; `answers Row`
is its first row. The last RETURN's items are the
columns, and only those that a client selected are computed, after paging. A parameter of type ID names the kinds that it
may be of, or a label of Forebear's own (such as AuditChain), and is any text then. An Int names its bounds,
`Int(0..50)`. Any other type followed by names in brackets is an enum of them. A column of type Value is the value of a
property, given as `[name, value]`. `input Name: …`, with members like those of a type, is an input type that a parameter may
be of. `one of Name: …` is one of which exactly one member is given. Only what is `decided` takes them. `on Kind, …` makes it a
field of these kinds, and its node is `$self`. `field Kind.name(parameter: member, …): …` makes a root field a field of a kind
as well, whose parameters are taken from the node (`node_question`); such a field is answered by a statement of its own.
`time at` says that the answer depends on `at` (`$at`) besides `asKnownAt`; `time none`, that it is about what is simply
updated, and asked of now alone. A DateTime that is left out is now. `known $from where CONDITION` says that the nodes of such
rows are read as they were known at `$from`; `known $to`, without a condition, speaks of all other rows. `decided`: the answer
rests on a pure decision, taken on facts beforehand, whose rows are `$decided`; such a question is a root field. It is asked of
now alone unless it says `time known`. `faults`: its rows are what is wrong, so the good answer has none. `verb readAudit`: a
root field for those who may do that, in place of `query`.

A walk has a bound, and an answer says whether it met it: one row by a column `truncated`, a list by a line `WITH …, truncated`
of its body. Whether a row has it true there is said beside the list; what follows the line is not computed for that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from forebear.graph.declaration import OWN_LABELS, Graph, camel
from forebear.graph.query.dialect import AS_KNOWN, InvalidStatement
from forebear.graph.query.header import QUESTION, FieldOf, Header, InvalidHeader, Parameter, RowType, read
from forebear.graph.query.lexer import Word, listed, tokens
from forebear.graph.query.pattern import misbegun


@dataclass(frozen=True)
class InputType:
    """An input type of a question's own. With `one_of`, exactly one of its members is given."""

    members: RowType
    one_of: bool


@dataclass(frozen=True)
class Question:
    """One hand-written question."""

    name: str
    doc: str
    on: tuple[str, ...]
    """The kinds that it is a field of. Without any it is a root field."""
    parameters: tuple[Parameter, ...]
    row: RowType
    types: Mapping[str, RowType]
    paged: bool
    timed: bool
    timeless: bool
    decided: bool
    faults: bool
    body: str
    order: tuple[str, ...]
    descending: bool = False
    bounded: str | None = None
    """For a list whose walks have bounds: the body up to where each row says, as `truncated`, whether a bound was met."""
    verb: str = "query"
    """The verb that the actor must be allowed."""
    known: tuple[tuple[str, str], ...] = ()
    """The parameters as of which the nodes of its rows are read, each with the condition on a row; the last one has none."""
    inputs: Mapping[str, InputType] = field(default_factory=dict)
    fields: tuple[FieldOf, ...] = ()
    """The fields of nodes that ask it, too."""
    taking: FieldOf | None = None
    """The one of these fields that asks it. Its parameters are taken from the node then."""

    @property
    def field_name(self) -> str:
        """The name of its field."""
        return self.taking.name if self.taking else camel(self.name.rpartition("/")[2])

    @property
    def moments(self) -> tuple[str, ...]:
        """The parameters that are moments of knowledge for some of its blocks."""
        return tuple(dict.fromkeys(AS_KNOWN.findall(self.body)))

    @property
    def text(self) -> str:
        """The whole statement, as it runs in Neo4j Browser."""
        columns = ",\n  ".join(c.name if c.expression == c.name else f"{c.expression} AS {c.name}" for c in self.row.columns)
        return f"{self.body}\nRETURN {columns}" + (f"\nORDER BY {', '.join(self._ordered)}" if self.order else "")

    @property
    def _ordered(self) -> list[str]:
        return [f"{key} DESC" for key in self.order] if self.descending else [*self.order]


_WRITES = re.compile(
    r"(?<![\w.:$|])(DETACH\s+DELETE|DELETE|CREATE|MERGE|SET|REMOVE|FOREACH|DROP|LOAD\s+CSV|IN\s+TRANSACTIONS)\b(?!\s*:)", re.I
)
_WALKED = re.compile(r"^\s*MATCH (?:walk|path) = ", re.M)
"""Matches a walk of the question's own. A rule stands in one line, and its description says how far it walks."""
_BOUNDED = re.compile(r"^WITH [^\n]*\btruncated$", re.M)
_PARAMETER = re.compile(r"\$(\w+)")
_DESC = " DESC"

_GIVEN = frozenset(["at", "self", "words", "indexes", "digest", "decided"])
"""Parameters that no header declares."""

_TYPES = frozenset(
    ["ID", "String", "Int", "Float", "Boolean", "DateTime", "JSON", "Value", "Node", "EdgeClass", "Kind", "EdgeType"]
)
"""The types of values and columns besides kinds and the enums of properties."""


@dataclass(frozen=True)
class _File:
    """The parts of a question's file."""

    header: Header
    answers: RowType
    text: str
    body: str
    expressions: Mapping[str, str]
    order: tuple[str, ...]
    graph: Graph

    @property
    def ascending(self) -> list[str]:
        """The keys of its order that ascend."""
        return [key for key in self.order if not key.endswith(_DESC)]

    @property
    def used(self) -> set[str]:
        """The parameters in its text."""
        return {*_PARAMETER.findall(self.text)}

    @property
    def bounded(self) -> re.Match[str] | None:
        """For a list: the line of the body that says whether a bound was met."""
        return _BOUNDED.search(self.body) if self.header.paged else None


def parse(name: str, source: str, graph: Graph) -> Question:
    """Return the question of a file. Raises `InvalidStatement`, which names the file and the mistake."""
    try:
        header = read(source, QUESTION)
    except InvalidHeader as error:
        raise InvalidStatement(f"{name}.cypher:{error}") from None
    text = "\n".join(line for line in source.splitlines() if not line.startswith("//")).strip()
    try:
        if header.answers is None:
            raise ValueError("its header does not say what it answers")
        file = _File(header, header.answers, text, *_split(text), graph)
    except ValueError as error:
        raise InvalidStatement(f"{name}.cypher: {error}") from None
    if wrong := next(filter(None, (check(file) for check in _CHECKS)), None):
        raise InvalidStatement(f"{name}.cypher: {wrong}")
    columns = tuple(replace(c, expression=file.expressions[c.name]) for c in file.answers.columns)
    return Question(
        name,
        header.doc,
        header.on,
        tuple(header.parameters),
        replace(file.answers, columns=columns),
        {name: row for name, row in header.types.items() if name not in header.inputs},
        header.paged,
        header.time == "at",
        header.time == "none" or ("decided" in header.marks and header.time != "known"),
        "decided" in header.marks,
        "faults" in header.marks,
        file.body,
        tuple(key.removesuffix(_DESC) for key in file.order),
        bool(file.order) and not file.ascending,
        file.bounded and file.body[: file.bounded.end()],
        header.verb,
        tuple(header.known),
        {name: InputType(header.types[name], one_of) for name, one_of in header.inputs.items()},
        tuple(header.fields),
    )


def _split(text: str) -> tuple[str, dict[str, str], tuple[str, ...]]:
    """Return a statement's body, the expressions of its last RETURN by column, and its order. Raises `ValueError`."""
    at = text.rfind("\nRETURN ")
    if at < 0:
        raise ValueError("it has no RETURN on a line of its own")
    body, tail = text[:at], text[at + len("\nRETURN ") :]
    returned, _, order = tail.partition("\nORDER BY ")
    expressions = {}
    for item in listed(returned):
        expression, _, alias = item.rpartition(" AS ")
        expressions[alias.strip() if expression else item] = expression.strip() or item
    return body, expressions, tuple(listed(order)) if order else ()


def _kinds(file: _File) -> str | None:
    strange = [kind for kind in file.header.on if kind not in file.graph.kinds]
    return f"on {strange[0]}: no such kind" if strange else None


def _columns(file: _File) -> str | None:
    declared = [c.name for c in file.answers.columns]
    if set(file.expressions) != set(declared):
        return f"it returns {', '.join(file.expressions)}; its header declares {', '.join(declared)}"
    return None


def _order(file: _File) -> str | None:
    if file.header.paged and not file.order:
        return "a list is paged, so it needs a total ORDER BY"
    if 0 < len(file.ascending) < len(file.order):
        return f"a list ascends or descends throughout, and {file.ascending[0]} ascends: write DESC behind every key or none"
    return None


def _writing(file: _File) -> str | None:
    # Neo4j refuses a write in a read; the embedded engine does not know what a read is.
    plain = ("''" if token.word in (Word.STRING, Word.COMMENT) else token.text for token in tokens(file.text))
    writes = _WRITES.search("".join(plain))
    return f"{' '.join(writes[0].upper().split())} writes, and a question reads alone" if writes else None


def _walks(file: _File) -> str | None:
    if _WALKED.search(file.text) and not (file.bounded or "truncated" in file.expressions):
        return "it walks, so it must say whether it met a bound: by a column `truncated`, in a list by `WITH …, truncated`"
    return None


def _used(file: _File) -> str | None:
    if strange := file.used - {p.name for p in file.header.parameters} - _GIVEN:
        return f"parameter ${min(strange)} is not declared"
    idle = {p.name for p in file.header.parameters} - file.used - ({"text"} if "words" in file.used else set())
    return f"parameter {min(idle)} is declared and not used" if idle and "decided" not in file.header.marks else None


def _decided(file: _File) -> str | None:
    decided = "decided" in file.header.marks
    if decided != ("decided" in file.used):
        return "`decided` and the use of $decided must go together"
    if decided and (file.header.on or file.header.time not in ("", "known")):
        return "what is decided is a root field, and about now or `time known`: `on` and other times do not go with it"
    if file.header.time == "known" and not decided:
        return "`time known` is for what is decided: any other question may be asked asKnownAt without it"
    if file.header.verb != "query" and (file.header.on or decided):
        return "whoever may see a node, or what is decided, may `query`: `verb` does not go with `on` and `decided`"
    return None


def _timed(file: _File) -> str | None:
    return "`time at` and the use of $at must go together" if (file.header.time == "at") != ("at" in file.used) else None


def _parameter_types(file: _File) -> str | None:
    names = {*_type_names(file.graph), *file.header.inputs}
    return next(filter(None, (_parameter_type(p, file.graph, names) for p in file.header.parameters)), None)


def _parameter_type(p: Parameter, graph: Graph, names: set[str]) -> str | None:
    if p.type.name == "Int" and p.type.bounds is None:
        return f"the parameter {p.name} is an Int, so it names its bounds, such as Int(0..50)"
    if not p.type.is_enum and p.type.name not in names:
        return f"parameter {p.name}: no type is called {p.type.name}"
    if p.type.name == "ID" and (strange := [k for k in p.type.kinds if k not in graph.kinds and k not in OWN_LABELS]):
        return f"parameter {p.name}: no such kind as {strange[0]}"
    if p.type.is_enum and p.default is not None and p.default not in p.type.kinds:
        return f"parameter {p.name}: {p.default!r} is none of {', '.join(p.type.kinds)}"
    return None


def _column_types(file: _File) -> str | None:
    enums = (p.type.name for p in file.header.parameters if p.type.is_enum)
    names = {*_type_names(file.graph), *file.graph.kinds, *file.header.types, *enums}
    for c in chain(file.answers.columns, *(part.columns for part in file.header.types.values())):
        if not c.type.is_enum and c.type.name not in names:
            return f"column {c.name}: no type is called {c.type.name}"
    return None


def _type_names(graph: Graph) -> set[str]:
    """Return the types that a parameter may have."""
    return {*_TYPES, *(p.type.__name__ for k in graph.kinds.values() for p in k.own_properties if p.is_enum)}


_CHECKS: tuple[Callable[[_File], str | None], ...] = (
    _kinds,
    _columns,
    _order,
    _writing,
    lambda file: misbegun(file.text),
    _walks,
    _decided,
    _used,
    _timed,
    _parameter_types,
    _column_types,
)
"""The checks of a file. Each returns a mistake or None, and the first mistake is reported."""
