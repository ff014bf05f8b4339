"""Messages about wrong values and names, in the words that users meet. All of them are here."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_SAID = {
    "missing": "is required",
    "extra_forbidden": "is not known",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "finite_number": "expected a finite number",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "string_type": "expected a text",
    "list_type": "expected a list",
    "dict_type": "expected an object with fields",
    "model_type": "expected an object with fields",
    "enum": "expected {expected}",
    "literal_error": "expected {expected}",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "string_too_long": "must be at most {max_length} characters long",
    "too_long": "must hold at most {max_length} items; it holds more",
    "int_parsing_size": "expected a whole number",
    "string_pattern_mismatch": "must match '{pattern}'",
}
"""The messages for pydantic's errors, by type, with the values of their context."""

_COMPLETE = frozenset({"missing", "extra_forbidden", "value_error", "model_type", "IN_FUTURE", "INVALID_DIGEST"})
"""The types of error whose message needs no value."""

_SHOWN = 200
"""How many characters of a value or a name a message shows."""

_MOST = 100
"""How many complaints about one document are made."""


def meant(name: str, names: Iterable[str], *, prefix: str = "") -> str:
    """Return the end of a sentence about an unknown name: the similar name that was probably meant, if there is one.

    `prefix` is the beginning of all names. It is left out, because it would make them similar.
    """
    close = difflib.get_close_matches(name, list(names), n=1)
    return f"; did you mean {prefix + close[0]!r}?" if close else ""


def a(noun: str) -> str:
    """Return a noun with its indefinite article: `a Run`, `an Artifact`."""
    return f"{'an' if noun[:1] in 'AEIOaeio' else 'a'} {noun}"


def wrong_kind(id: str, kind: str, expected: Iterable[str]) -> str:
    """Explain that an id is of another kind than expected."""
    return f"{id} is the id of {a(kind)}; expected one of {' or '.join(expected)}"


def complaint(error: ErrorDetails, *, with_value: bool = True) -> str:
    """Explain what is wrong with a value, without the name of its field.

    A short value is part of the message, unless `with_value` is false: a secret must not be.
    """
    text, value = _SAID.get(error["type"]), error["input"]
    context = {name: int(v) if isinstance(v, float) and v.is_integer() else v for name, v in error.get("ctx", {}).items()}
    message = text.format(**context) if text else error["msg"].removeprefix("Value error, ")
    return f"{message}{_given(value)}" if with_value and error["type"] not in _COMPLETE else message


def reasons_of(error: ValidationError, names: Sequence[str] = ()) -> list[str]:
    """Return pydantic's errors as sentences that name the field. If there are very many, the first ones.

    `names` are those that the document may hold, of which an unknown one may be a misspelling.
    """
    reasons = []
    errors = error.errors(include_url=False)
    for e in errors[:_MOST]:
        path = ".".join(_cut(str(step)) for step in e["loc"])
        message = complaint(e)
        if e["type"] == "extra_forbidden":
            message = unknown(e["loc"][-1], names if len(e["loc"]) == 1 else ())
        reasons.append(f"{path}: {message}")
    return reasons + ([f"and {len(errors) - _MOST} more"] if len(errors) > _MOST else [])


def unknown(name: object, names: Sequence[str]) -> str:
    """Return a sentence that a name is unknown, with the similar name that was probably meant."""
    return f"{shown(name)} is not known" + meant(str(name)[:_SHOWN], names)


def shown(value: object) -> str:
    """Return a value as a sentence shows it. A long one is cut."""
    if isinstance(value, int) and value.bit_length() > 8 * _SHOWN:
        return f"a number of {value.bit_length()} bits"
    return _cut(repr(value[: _SHOWN + 1] if isinstance(value, str) else value))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN + 2 else f"{text[:_SHOWN]}…"


def _given(value: Any) -> str:
    return f" (got {shown(value)})" if isinstance(value, (str, int, float, type(None))) else ""
