"""The scalars of the API beyond GraphQL's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NewType

from graphql import EnumValueNode, ListValueNode, ObjectValueNode, ValueNode
from graphql.utilities import value_from_ast_untyped

from forebear.graph import moments
from forebear.graph.complaint import shown
from forebear.graph.values import MAX_LONG, MAX_SAFE


def _parse_moment(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not an RFC 3339 moment, such as 2026-11-23T14:52:06Z")
    return moments.parse(value)


def _parse_long(value: Any) -> int:
    exact = value
    if (isinstance(value, float) and value.is_integer()) or (
        isinstance(value, str) and value.removeprefix("-").isdecimal() and len(value) <= 20
    ):
        exact = int(value)
    if isinstance(exact, bool) or not isinstance(exact, int):
        raise ValueError(f"{shown(value)} is no whole number")
    if not -MAX_LONG - 1 <= exact <= MAX_LONG:
        raise ValueError(f"{shown(value)} has more than 64 bits: it must be from {-MAX_LONG - 1} to {MAX_LONG}")
    return exact


def _read_json(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
    """Return a value in a document. GraphQL would read a bare word, such as NaN, as a text."""
    if word := next(_words(node), None):
        raise ValueError(f"{shown(word)} is no value of JSON; a text is put in quotes")
    return value_from_ast_untyped(node, variables)


def _words(node: ValueNode) -> Iterator[str]:
    if isinstance(node, EnumValueNode):
        yield node.value
    elif isinstance(node, ListValueNode):
        for item in node.values:
            yield from _words(item)
    elif isinstance(node, ObjectValueNode):
        for field in node.fields:
            yield from _words(field.value)


DateTime = NewType("DateTime", str)
Long = NewType("Long", int)
JSON = NewType("JSON", object)


@dataclass(frozen=True)
class Scalar:
    """A scalar: its Python type, how a value is read, and how it is answered."""

    type: Any
    name: str
    doc: str
    parse: Callable[[Any], Any]
    serialize: Callable[[Any], Any]
    parse_literal: Callable[..., Any] | None = None
    specified_by: str | None = None


SCALARS = (
    Scalar(
        DateTime,
        "DateTime",
        "A moment: RFC 3339 with an offset; answered in UTC with microseconds, 2026-11-23T14:52:06.000000Z.",
        _parse_moment,
        str,
        specified_by="https://scalars.graphql.org/andimarek/date-time",
    ),
    Scalar(
        Long,
        "Long",
        "A whole number of 64 bits. Answered as a number where JavaScript's numbers are exact, from -(2^53 - 1) to "
        "2^53 - 1, and as a text of its digits beyond; taken in both forms.",
        _parse_long,
        lambda value: value if isinstance(value, str) or -MAX_SAFE <= value <= MAX_SAFE else str(value),
    ),
    Scalar(JSON, "JSON", "Any JSON value.", lambda value: value, lambda value: value, _read_json),
)
