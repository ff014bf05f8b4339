"""Headers: the declarations in the comments at the beginning of a Cypher file.

Each line is read by the reader whose word it begins with; a line that begins with none of them is a part of the file's
description. `PARAMETERS` are the words of what decisions rest on, `RULE` those of a rule and `QUESTION` those of a question.

    // What it is for.
    //
    // parameter id ID(Run)!: The run.
    // parameter order Order(FIRST, LAST)! = FIRST: Which comes first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class TypeRef:
    """A type in a header: `[Node!]!`."""

    name: str
    required: bool = False
    many: bool = False
    kinds: tuple[str, ...] = ()
    """For an ID: the kinds that it may name, empty for any. For another type: an enum's names."""
    bounds: tuple[int, int] | None = None
    """For an Int: the least and the greatest value."""

    @property
    def is_enum(self) -> bool:
        """Whether it is an enum of the question's own."""
        return bool(self.kinds) and self.name != "ID"

    def __str__(self) -> str:
        """The type as a header writes it."""
        within = f"({', '.join(self.kinds)})" if self.kinds else "({}..{})".format(*self.bounds) if self.bounds else ""
        required = "!" if self.required else ""
        return f"[{self.name}{within}!]{required}" if self.many else f"{self.name}{within}{required}"


ANY = TypeRef("Any")
"""The type of a rule's parameters: any expression."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a statement."""

    name: str
    type: TypeRef
    default: str | None
    doc: str


@dataclass(frozen=True)
class Column:
    """One column of a row: its type and, at the top level, the Cypher expression that computes it."""

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
class FieldOf:
    """A field of a kind that asks the question about a node."""

    kind: str
    name: str
    takes: Mapping[str, str]
    """Parameters by the members of the node that they are taken from: `id`, an edge, or a property that holds a moment."""
    doc: str


class InvalidHeader(Exception):
    """A line of a header that cannot be read. The message begins with the line's number."""


@dataclass
class Header:
    """The declarations of a file."""

    lines: list[str] = field(default_factory=list)
    """Its description."""
    parameters: list[Parameter] = field(default_factory=list)
    answers: RowType | None = None
    paged: bool = False
    """Whether the answer is a list."""
    types: dict[str, RowType] = field(default_factory=dict)
    """Parts of rows, by name."""
    inputs: dict[str, bool] = field(default_factory=dict)
    """Of `types`, the ones that parameters are made of, each with whether exactly one of its members is given."""
    part: str | None = None
    """The type whose members are being read."""
    on: tuple[str, ...] = ()
    fields: list[FieldOf] = field(default_factory=list)
    """The fields that ask it about a node, besides the root field."""
    time: str = ""
    known: list[tuple[str, str]] = field(default_factory=list)
    """The parameters as of which the nodes of its rows are read, each with the condition on a row."""
    verb: str = "query"
    marks: set[str] = field(default_factory=set)
    """The words that stand alone, such as `decided`."""

    @property
    def doc(self) -> str:
        """Its description, in one line."""
        return " ".join(self.lines)


Reader = Callable[[Header, str], None]
"""Reads the rest of a line, after the reader's word, into a header. Raises `ValueError`."""

_TYPE = re.compile(
    r"(?P<open>\[)?(?P<name>\w+)(?:\((?P<least>\d+)\.\.(?P<most>\d+)\)|\((?P<kinds>[\w, ]+)\))?"
    r"(?P<inner>!)?(?P<close>\])?(?P<outer>!)?"
)
_PARAMETER = re.compile(r"(?P<name>\w+) (?P<type>[^=:]+?)(?: = (?P<default>(?:[^:]|:(?! ))+))?: (?P<doc>.+)")
_UNTYPED = re.compile(r"(?P<name>[a-z]\w*): (?P<doc>.+)")
_COLUMN = re.compile(r"(?P<name>\w+) (?P<type>[^:]+): (?P<doc>.+)")
_ANSWERS = re.compile(r"(?:\[(?P<row>\w+)\]|(?P<only>\w+)): (?P<doc>.+)")
_ROW = re.compile(r"(?P<name>\w+): (?P<doc>.+)")
_FIELD = re.compile(r"(?P<kind>\w+)\.(?P<name>\w+)\((?P<takes>\w+: \w+(?:, \w+: \w+)*)\): (?P<doc>.+)")


def read(source: str, readers: Mapping[str, Reader]) -> Header:
    """Return the header of a file. Raises `InvalidHeader`."""
    header = Header()
    for number, line in enumerate(source.splitlines(), 1):
        if not line.startswith("//") or not line[2:].strip():
            continue
        text = line[2:].removeprefix(" ")
        word = next((word for word in readers if text == word or (word[-1] == " " and text.startswith(word))), None)
        try:
            if word is None:
                header.lines.append(text.strip())
            else:
                readers[word](header, text.removeprefix(word).strip())
        except _Unreadable:
            raise InvalidHeader(f"{number}: cannot read {text.strip()!r}") from None
        except ValueError as error:
            raise InvalidHeader(f"{number}: {error}") from None
    return header


class _Unreadable(ValueError):
    """A line that does not have the form of its word."""


def type_of(text: str) -> TypeRef:
    """Return the type that a text writes. Raises `ValueError`."""
    m = _TYPE.fullmatch(text.strip())
    if not m or bool(m["open"]) != bool(m["close"]):
        raise ValueError(f"cannot read the type {text!r}")
    many = bool(m["open"])
    kinds = tuple(k.strip() for k in (m["kinds"] or "").split(",") if k.strip())
    bounds = (int(m["least"]), int(m["most"])) if m["least"] else None
    if bounds and m["name"] != "Int":
        raise ValueError(f"{text!r}: only an Int has bounds")
    return TypeRef(m["name"], bool(m["outer"] if many else (m["inner"] or m["outer"])), many, kinds, bounds)


def _matched(form: re.Pattern[str], text: str) -> re.Match[str]:
    m = form.fullmatch(text)
    if not m:
        raise _Unreadable
    return m


def _add(header: Header, parameter: Parameter) -> None:
    if any(other.name == parameter.name for other in header.parameters):
        raise ValueError(f"parameter {parameter.name} is declared twice")
    header.parameters.append(parameter)


def _parameter(header: Header, text: str) -> None:
    m = _matched(_PARAMETER, text)
    _add(header, Parameter(m["name"], type_of(m["type"]), m["default"], m["doc"]))


def _untyped(header: Header, text: str) -> None:
    m = _matched(_UNTYPED, text)
    _add(header, Parameter(m["name"], ANY, None, m["doc"]))


def _answers(header: Header, text: str) -> None:
    m = _matched(_ANSWERS, text)
    header.answers = RowType(m["row"] or m["only"], m["doc"], ())
    header.paged = bool(m["row"])
    header.part = None


def _column(header: Header, text: str) -> None:
    if header.answers is None:
        raise ValueError("say what it answers before its columns")
    header.answers = _with(header.answers, text)


def _part(header: Header, text: str) -> None:
    m = _matched(_ROW, text)
    header.types[m["name"]] = RowType(m["name"], m["doc"], ())
    header.part = m["name"]


def _input(*, one_of: bool) -> Reader:
    def read(header: Header, text: str) -> None:
        _part(header, text)
        assert header.part is not None
        header.inputs[header.part] = one_of

    return read


def _member(header: Header, text: str) -> None:
    if header.part is None:
        raise ValueError("name the type before its members")
    header.types[header.part] = _with(header.types[header.part], text)


def _with(row: RowType, text: str) -> RowType:
    """Return a row with one more column."""
    m = _matched(_COLUMN, text)
    if any(other.name == m["name"] for other in row.columns):
        raise ValueError(f"column {m['name']} is declared twice")
    return RowType(row.name, row.doc, (*row.columns, Column(m["name"], type_of(m["type"]), m["doc"])))


def _on(header: Header, text: str) -> None:
    header.on = tuple(kind.strip() for kind in text.split(","))


def _field(header: Header, text: str) -> None:
    m = _matched(_FIELD, text)
    takes = dict(each.split(": ") for each in m["takes"].split(", "))
    header.fields.append(FieldOf(m["kind"], m["name"], takes, m["doc"]))


def _time(header: Header, text: str) -> None:
    if text not in ("at", "none", "known"):
        raise ValueError(f"'time {text}': the answer depends on `time at`, `time known` or `time none`")
    header.time = text


def _known(header: Header, text: str) -> None:
    moment, _, condition = text.partition(" where ")
    if not re.fullmatch(r"\$\w+", moment):
        raise ValueError(f"'known {text}': write the moment as a parameter, such as $from, and `where` it is meant")
    header.known.append((moment[1:], condition))


def _verb(header: Header, text: str) -> None:
    header.verb = text


def _mark(word: str) -> Reader:
    return lambda header, _: header.marks.add(word)


PARAMETERS: Mapping[str, Reader] = {"parameter ": _parameter}
RULE: Mapping[str, Reader] = {"parameter ": _untyped}
QUESTION: Mapping[str, Reader] = {
    **PARAMETERS,
    "answers ": _answers,
    "column ": _column,
    "type ": _part,
    "input ": _input(one_of=False),
    "one of ": _input(one_of=True),
    "  ": _member,
    "on ": _on,
    "field ": _field,
    "time ": _time,
    "known ": _known,
    "verb ": _verb,
    **{word: _mark(word) for word in ("decided", "faults")},
}
