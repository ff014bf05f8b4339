"""JSON documents: how they are read, what they may hold, how they are kept and when two of them are the same.

Two documents are the same where their values are: the order of members says nothing, and 1, 1.0 and 1e0 are one number, as
are 0.0 and -0.0 (compare RFC 8785). Whole numbers of any size are exact: 2^53 + 1 is not 2^53.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

MAX_TEXT = 1024 * 1024
"""The longest document, in characters of its JSON text."""

MAX_DEPTH = 64
"""How deep lists and objects of a document may be nested."""

_EXACT = 2**64
"""From here on a whole number that a binary fraction can hold as well is written as one."""

_SUSPECT = re.compile(r"\.0[,\]}]|\.0$|[0-9]e|[0-9]{20}")
"""What a text may hold whose numbers are not all written in the one way."""


class InvalidDocument(ValueError):
    """A value that is no JSON document; the message begins with where in it, if not all of it is meant."""


def json_text(value: object) -> str:
    """A JSON value as the graph holds it: text with sorted keys."""
    return msgspec.json.encode(value, order="sorted").decode()


def canonical(value: object) -> str:
    """A JSON value as a text that is the same for the same values."""
    return unified(json_text(value))


def unified(text: str) -> str:
    """A text of `json_text` as the one that is the same for the same values."""
    return json_text(uniform(msgspec.json.decode(text))) if _SUSPECT.search(text) else text


def same(one: str, other: str) -> bool:
    """Whether two texts are of the same document."""
    return one == other or canonical(msgspec.json.decode(one)) == canonical(msgspec.json.decode(other))


def uniform(value: Any) -> Any:
    """A JSON value whose equal numbers are of one type, so that they are written in one way."""
    match value:
        case dict():
            return {k: uniform(v) for k, v in value.items()}
        case list():
            return [uniform(v) for v in value]
        case float() if value.is_integer() and abs(value) < _EXACT:
            return int(value)
        case int() if abs(value) >= _EXACT and _is_fraction(value):
            return float(value)
    return value


def _is_fraction(value: int) -> bool:
    try:
        return int(float(value)) == value
    except OverflowError:
        return False


def decode(data: bytes | str) -> Any:
    """The value of a JSON text, behind a byte order mark, if there is one.

    Numbers that JSON has no words for, such as NaN, and such as are too large are taken as they come, since who knows
    the field can say of it what is wrong: `text_of` does. Raises `InvalidDocument` where it is no JSON.
    """
    data = data.removeprefix(codecs.BOM_UTF8) if isinstance(data, bytes) else data.removeprefix("\ufeff")
    try:
        return msgspec.json.decode(data)
    except UnicodeDecodeError:
        raise InvalidDocument("it is not UTF-8") from None
    except RecursionError:
        raise InvalidDocument("it is nested too deeply") from None
    except msgspec.MsgspecError as error:
        with contextlib.suppress(ValueError, RecursionError):
            value = json.loads(data)
            if any(not_finite(value)):
                return value
        raise InvalidDocument(str(error)) from None


def text_of(value: object) -> str:
    """A free JSON document as the graph holds it. Raises `InvalidDocument` where it is too deep, too long or none."""
    for where, number in not_finite(value):
        raise InvalidDocument(f"{where}{': ' if where else ''}{number} is no number of JSON, which knows finite ones only")
    try:
        text = json_text(value)
    except (TypeError, ValueError, UnicodeError) as error:
        raise InvalidDocument(f"no JSON value: {error}") from None
    if len(text) > MAX_TEXT:
        raise InvalidDocument(f"must be at most {MAX_TEXT} characters of JSON long; it has {len(text)}")
    return text


def not_finite(value: object) -> Iterator[tuple[str, float]]:
    """The numbers of a value that are not finite, with where they are. Raises `InvalidDocument` where it is too deep."""
    # Not by recursion: what is too deep shall be refused, not run into a limit.
    rest: list[tuple[tuple[Any, ...], object]] = [((), value)]
    while rest:
        path, each = rest.pop()
        if isinstance(each, float):
            if not math.isfinite(each):
                yield ".".join(str(step)[:100] for step in path), each
        elif isinstance(each, (Mapping, list)):
            if len(path) >= MAX_DEPTH:
                raise InvalidDocument(f"must be nested at most {MAX_DEPTH} deep")
            items = [*(each.items() if isinstance(each, Mapping) else enumerate(each))]
            rest += (((*path, step), v) for step, v in reversed(items) if isinstance(v, (float, Mapping, list)))
