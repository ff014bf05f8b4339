"""Questions: Cypher files whose header declares what they take and what they answer.

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

`answers [Row]` is a paged list whose order must be total; `answers Row` is its first row. The last RETURN's items are the
columns, and only those that a client selected are computed, after paging. A parameter of type ID names the kinds that it
may be of, or a label of Forebear's own (such as AuditChain), and is any text then. An Int names its bounds,
`Int(0..50)`. Any other type followed by names in brackets is an enum of them. A column of type Value is the value of a
property, given as `[name, value]`. `on Kind, …` makes it a field of these kinds, and its node is `$self`.
`time at` says that the answer depends on `at` (`$at`) besides `asKnownAt`; `time none`, that it is about what is simply
updated, and asked of now alone. A DateTime that is left out is now. `decided`: the answer rests on a pure decision, taken on
facts beforehand, whose rows are `$decided`; such a question is a root field and asked of now alone. `faults`: its rows are
what is wrong, so the good answer has none. `verb readAudit`: a root field for those who may do that, in place of `query`.

A walk has a bound, and an answer says whether it met it: one row by a column `truncated`, a list by a line `WITH …, truncated`
of its body. Whether a row has it true there is said beside the list; what follows the line is not computed for that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from forebear.graph.declaration import OWN_LABELS, Graph
from forebear.graph.query.dialect import AS_KNOWN, InvalidStatement, misbegun


@dataclass(frozen=True)
class TypeRef:
    """A type as a header writes it: `[Node!]!`."""

    name: str
    required: bool = False
    many: bool = False
    kinds: tuple[str, ...] = ()
    """Of an ID: the kinds that it may name; empty for any. Of another type: an enum's names."""
    bounds: tuple[int, int] | None = None
    """Of an Int: the least and the most that it may be."""

    @property
    def is_enum(self) -> bool:
        """Whether it is an enum of the question's own."""
        return bool(self.kinds) and self.name != "ID"


@dataclass(frozen=True)
class Parameter:
    """What a question takes."""

    name: str
    type: TypeRef
    default: str | None
    doc: str


@dataclass(frozen=True)
class Column:
    """One column of a row: its type and, at the top level, the Cypher expression it is computed by."""

    name: str
    type: TypeRef
    doc: str
    expression: str = ""


@dataclass(frozen=True)
class RowType:
    """A row of an answer, or a part of one."""

    name: str
    doc: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Question:
    """One hand-written question."""

    name: str
    doc: str
    on: tuple[str, ...]
    """The kinds that it is a field of; none: it is a root field."""
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
    bounded: str | None = None
    """Of a list whose walks have bounds: the body up to where each row says, as `truncated`, whether a bound was met."""
    verb: str = "query"
    """What one must be allowed to do to ask it."""

    @property
    def moments(self) -> tuple[str, ...]:
        """The parameters that are moments of knowledge which blocks of it are asked as of."""
        return tuple(dict.fromkeys(AS_KNOWN.findall(self.body)))

    @property
    def text(self) -> str:
        """The whole statement, as it runs in Neo4j Browser."""
        columns = ", ".join(f"{c.expression} AS {c.name}" for c in self.row.columns)
        return f"{self.body}\nRETURN {columns}" + (f"\nORDER BY {', '.join(self.order)}" if self.order else "")


_TYPE = re.compile(
    r"(?P<open>\[)?(?P<name>\w+)(?:\((?P<least>\d+)\.\.(?P<most>\d+)\)|\((?P<kinds>[\w, ]+)\))?"
    r"(?P<inner>!)?(?P<close>\])?(?P<outer>!)?"
)
_PARAMETER = re.compile(r"parameter (?P<name>\w+) (?P<type>[^=:]+?)(?: = (?P<default>[^:]+))?: (?P<doc>.+)")
_COLUMN = re.compile(r"(?:column )?(?P<name>\w+) (?P<type>[^:]+): (?P<doc>.+)")
_ANSWERS = re.compile(r"answers (?P<open>\[)?(?P<name>\w+)\]?: (?P<doc>.+)")
_ROW = re.compile(r"type (?P<name>\w+): (?P<doc>.+)")
_TEXT = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`|/\*.*?\*/""", re.S)
_WRITES = re.compile(
    r"(?<![\w.:$|])(DETACH\s+DELETE|DELETE|CREATE|MERGE|SET|REMOVE|FOREACH|DROP|LOAD\s+CSV|IN\s+TRANSACTIONS)\b(?!\s*:)", re.I
)
_WALKED = re.compile(r"\bMATCH (?:walk|path) = ")
_BOUNDED = re.compile(r"^WITH [^\n]*\btruncated$", re.M)


def parse(name: str, source: str, graph: Graph) -> Question:
    """A question from its file. Raises `InvalidStatement`, naming the file and the mistake."""
    lines = source.splitlines()
    header = [line[2:].removeprefix(" ") for line in lines if line.startswith("//")]
    text = "\n".join(line for line in lines if not line.startswith("//")).strip()
    # Neo4j refuses a write in a read; the embedded engine does not know what a read is.
    writes = _WRITES.search(_TEXT.sub("''", text))

    def fail(message: str) -> InvalidStatement:
        return InvalidStatement(f"{name}.cypher: {message}")

    doc: list[str] = []
    on: tuple[str, ...] = ()
    time = ""
    flags = {"decided": False, "faults": False}
    verb = "query"
    parameters: list[Parameter] = []
    columns: list[Column] = []
    answers: re.Match[str] | None = None
    types: dict[str, tuple[str, list[Column]]] = {}
    current: list[Column] = columns
    for line in header:
        if line.startswith("parameter "):
            m = _PARAMETER.fullmatch(line)
            if not m:
                raise fail(f"cannot read {line!r}")
            parameters.append(Parameter(m["name"], _type(m["type"], fail), m["default"], m["doc"]))
        elif line.startswith("answers "):
            answers = _ANSWERS.fullmatch(line)
            current = columns
        elif line.startswith("type "):
            m = _ROW.fullmatch(line)
            if not m:
                raise fail(f"cannot read {line!r}")
            current = []
            types[m["name"]] = (m["doc"], current)
        elif line.startswith(("column ", "  ")) and line.strip():
            m = _COLUMN.fullmatch(line.strip())
            if not m:
                raise fail(f"cannot read {line!r}")
            (columns if line.startswith("column ") else current).append(Column(m["name"], _type(m["type"], fail), m["doc"]))
        elif line.startswith("on "):
            on = tuple(kind.strip() for kind in line[3:].split(","))
            if strange := [kind for kind in on if kind not in graph.kinds]:
                raise fail(f"on {strange[0]}: no such kind")
        elif line.startswith("time "):
            time = line[5:].strip()
            if time not in ("at", "none"):
                raise fail(f"{line!r}: the answer depends on `time at` or `time none`")
        elif line in flags:
            flags[line] = True
        elif line.startswith("verb "):
            verb = line[5:].strip()
        elif line.strip():
            doc.append(line.strip())
    if answers is None:
        raise fail("its header does not say what it answers")
    decided = flags["decided"]
    body, expressions, order = _split(text, fail)
    if set(expressions) != {c.name for c in columns}:
        raise fail(f"it returns {', '.join(expressions)}; its header declares {', '.join(c.name for c in columns)}")
    if answers["open"] and not order:
        raise fail("a list is paged, so it needs a total ORDER BY")
    if writes:
        raise fail(f"{' '.join(writes[0].upper().split())} writes, and a question reads alone")
    if wrong := misbegun(text):
        raise fail(wrong)
    bounded = _BOUNDED.search(body) if answers["open"] else None
    if _WALKED.search(text) and not (bounded or "truncated" in expressions):
        raise fail("it walks, so it must say whether it met a bound: by a column `truncated`, in a list by `WITH …, truncated`")
    declared = {p.name for p in parameters} | {"at", "self", "words", "indexes", "digest", "decided"}
    used = set(re.findall(r"\$(\w+)", text))
    if used - declared:
        raise fail(f"parameter ${min(used - declared)} is not declared")
    if decided != ("decided" in used):
        raise fail("`decided` and the use of $decided must go together")
    if decided and (on or time):
        raise fail("what is decided is a root field, and about now: `on` and `time` do not go with it")
    if verb != "query" and (on or decided):
        raise fail("whoever may see a node, or what is decided, may `query`: `verb` does not go with `on` and `decided`")
    if not decided and (missing := {p.name for p in parameters} - used - ({"text"} if "words" in used else set())):
        raise fail(f"parameter {min(missing)} is declared and not used")
    if (time == "at") != ("at" in used):
        raise fail("`time at` and the use of $at must go together")
    row = RowType(
        answers["name"],
        answers["doc"],
        tuple(Column(c.name, c.type, c.doc, expressions[c.name]) for c in columns),
    )
    parts = {n: RowType(n, d, tuple(cs)) for n, (d, cs) in types.items()}
    known = {
        "ID",
        "String",
        "Int",
        "Float",
        "Boolean",
        "DateTime",
        "JSON",
        "Value",
        "Node",
        "EdgeClass",
        "Kind",
        "EdgeType",
    }
    known |= {p.type.__name__ for k in graph.kinds.values() for p in k.own_properties if p.is_enum}
    if unbounded := [p.name for p in parameters if p.type.name == "Int" and p.type.bounds is None]:
        raise fail(f"the parameter {unbounded[0]} is an Int, so it names its bounds, such as Int(0..50)")
    for p in parameters:
        where = f"parameter {p.name}"
        if not p.type.is_enum and p.type.name not in known:
            raise fail(f"{where}: no type is called {p.type.name}")
        if p.type.name == "ID" and (unknown := [k for k in p.type.kinds if k not in graph.kinds and k not in OWN_LABELS]):
            raise fail(f"{where}: no such kind as {unknown[0]}")
        if p.type.is_enum and p.default is not None and p.default not in p.type.kinds:
            raise fail(f"{where}: {p.default!r} is none of {', '.join(p.type.kinds)}")
    for t in (row, *parts.values()):
        for i, c in enumerate(t.columns):
            if c.name in (other.name for other in t.columns[:i]):
                raise fail(f"column {c.name} is declared twice")
            if not c.type.is_enum and c.type.name not in known and c.type.name not in graph.kinds and c.type.name not in parts:
                raise fail(f"column {c.name}: no type is called {c.type.name}")
    return Question(
        name,
        " ".join(doc),
        on,
        tuple(parameters),
        row,
        parts,
        bool(answers["open"]),
        time == "at",
        time == "none" or decided,
        decided,
        flags["faults"],
        body,
        order,
        bounded and body[: bounded.end()],
        verb,
    )


def _type(text: str, fail: Callable[[str], Exception]) -> TypeRef:
    m = _TYPE.fullmatch(text.strip())
    if not m or bool(m["open"]) != bool(m["close"]):
        raise fail(f"cannot read the type {text!r}")
    many = bool(m["open"])
    kinds = tuple(k.strip() for k in (m["kinds"] or "").split(",") if k.strip())
    bounds = (int(m["least"]), int(m["most"])) if m["least"] else None
    if bounds and m["name"] != "Int":
        raise fail(f"{text!r}: only an Int has bounds")
    return TypeRef(m["name"], bool(m["outer"] if many else (m["inner"] or m["outer"])), many, kinds, bounds)


def _split(text: str, fail: Callable[[str], Exception]) -> tuple[str, dict[str, str], tuple[str, ...]]:
    """A statement as its body, the expressions of its last RETURN by column, and its order."""
    at = text.rfind("\nRETURN ")
    if at < 0:
        raise fail("it has no RETURN on a line of its own")
    body, tail = text[:at], text[at + len("\nRETURN ") :]
    returned, _, order = tail.partition("\nORDER BY ")
    expressions = {}
    for item in items(returned):
        expression, _, alias = item.rpartition(" AS ")
        expressions[alias.strip() if expression else item] = expression.strip() or item
    return body, expressions, tuple(items(order)) if order else ()


def items(text: str) -> list[str]:
    """A list of expressions, cut at its commas outside of brackets and quotes."""
    parts, depth, start, quote = [], 0, 0, ""
    for i, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"`":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    return [*parts, text[start:].strip()]
