"""JSON documents: how they are read, what they may hold, how they are kept, and when two are the same.

Two documents are the same if their values are. The order of members does not matter. 1, 1.0 and 1e0 are one number, as are 0.0
and -0.0 (compare RFC 8785). Whole numbers of any size are exact: 2^53 + 1 is not 2^53.
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
"""From here on, a whole number that is also a binary fraction is written as one."""

_SUSPECT = re.compile(r"\.0[,\]}]|\.0$|[0-9]e|[0-9]{20}")
"""Matches a text whose numbers may not be written in the normal way."""


class InvalidDocument(ValueError):
    """A value that is no JSON document. The message begins with the path of the mistake, unless it is the whole."""


def json_text(value: object) -> str:
    """Return a JSON value as the graph holds it: text with sorted keys."""
    return msgspec.json.encode(value, order="sorted").decode()


def canonical(value: object) -> str:
    """Return a JSON value as text. The same values have the same text."""
    return unified(json_text(value))


def unified(text: str) -> str:
    """Return a text of `json_text` in the form of `canonical`."""
    return json_text(uniform(msgspec.json.decode(text))) if _SUSPECT.search(text) else text


def same(one: str, other: str) -> bool:
    """Return whether two texts are the same document."""
    return one == other or canonical(msgspec.json.decode(one)) == canonical(msgspec.json.decode(other))


def uniform(value: Any) -> Any:
    """Return a JSON value whose equal numbers have one type, so they are written in one way."""
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
    """Return the value of a JSON text, which may begin with a byte order mark.

    Numbers that JSON lacks, such as NaN, and numbers that are too large are accepted. Whoever knows the field can explain what
    is wrong with them: `text_of` does. Raises `InvalidDocument` if the text is no JSON.
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
    """Return a free JSON document as the graph holds it. Raises `InvalidDocument` if it is too deep, too long or none."""
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
    """Return the numbers that are not finite, with their paths. Raises `InvalidDocument` if the value is too deep."""
    # Without recursion: a document that is too deep must be refused, not run into Python's limit.
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
