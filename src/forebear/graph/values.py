"""Values: what a property of the declaration may hold, and how the graph holds it.

Every door reads values this way: facts, corrections, imported history and the inputs of actions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StrictBool,
    ValidationInfo,
    WithJsonSchema,
    create_model,
)
from pydantic_core import PydanticCustomError

from forebear.graph import digest
from forebear.graph.declaration import Digest, ExternalName, Fact, Json, Long, Property, Value
from forebear.graph.document import MAX_TEXT, json_text, same, text_of
from forebear.graph.moments import latest, parse

MAX_INT = 2**31 - 1
"""Largest `int`: GraphQL's Int has 32 bits."""

MAX_LONG = 2**63 - 1
"""Largest `Long`."""

MAX_SAFE = 2**53 - 1
"""The largest whole number up to which JavaScript's numbers are exact."""

INVALID_DIGEST = "INVALID_DIGEST"
"""The code of a refusal because a text is no digest."""

IN_FUTURE = "IN_FUTURE"
"""The code of a refusal because something is said to have happened in the future."""

BACKWARDS = "BACKWARDS"
"""The code of a refusal because something ends before it begins."""

BLANK = "BLANK"
"""The code of a refusal because a text that is required is empty, or white space alone."""

CONFIG = ConfigDict(extra="forbid", strict=False, allow_inf_nan=False, use_enum_values=True, protected_namespaces=())
"""How every model of the declaration reads its documents."""

DECIDED = {"decided": True}
"""The context of values that a decision is about.

The decision itself reports malformed digests and moments in the future, among all its other reasons. See `impossible`.
"""


def _moment(value: Any) -> str:
    # Left alone, pydantic reads "2024" and 2024 as seconds, or milliseconds, since 1970.
    if not isinstance(value, str):
        raise ValueError("a moment is a text, such as 2026-11-23T14:52:06Z")
    return parse(value)


def _happened(value: Any, info: ValidationInfo) -> str:
    at = _moment(value)
    if not info.context and at > latest():
        raise PydanticCustomError(IN_FUTURE, "{at} is yet to come; say it when it has happened", {"at": at})
    return at


def written(value: str) -> str:
    """Return a text that is not blank. Raises `PydanticCustomError`."""
    if not value.strip():
        raise PydanticCustomError(BLANK, "must not be blank")
    return value


def _schema_of_moments(description: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "format": "date-time", "description": description})


Moment = Annotated[str, PlainValidator(_moment), _schema_of_moments("RFC 3339 with an offset.")]
Happened = Annotated[str, PlainValidator(_happened), _schema_of_moments("RFC 3339 with an offset; not yet to come.")]


def _digest(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return digest.normal(value)
    except digest.InvalidDigest as error:
        if info.context:
            return value
        context = {"given": repr(value[:200]), "said": str(error), "remedy": digest.REMEDY}
        raise PydanticCustomError(INVALID_DIGEST, "{given} {said}; {remedy}", context) from None


def _external_name(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return digest.in_name(value)
    except digest.InvalidDigest as error:
        context = {"given": repr(value[:200]), "said": str(error)}
        raise PydanticCustomError(INVALID_DIGEST, "{given} {said}; give all of it", context) from None


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a boolean is no number")
    if isinstance(value, str):
        raise ValueError("a text is no number")
    return value


def _long(value: Any) -> Any:
    # Accept a text as well: whole numbers that JavaScript cannot hold exactly are answered so.
    if isinstance(value, str) and value.removeprefix("-").isdecimal() and len(value) <= 20 and abs(int(value)) > MAX_SAFE:
        return int(value)
    return _number(value)


def annotation(p: Property) -> Any:
    """Return the type of a property's value, which also brings it into the graph's form."""
    if p.value_type is not None:
        return Annotated[list[_value_model(p.value_type)], Field(max_length=p.items), AfterValidator(_values)]  # type: ignore[misc]
    if p.item_type is not None:
        return Annotated[list[_scalar(p, p.item_type)], Field(max_length=p.items)]  # type: ignore[misc]
    return _scalar(p, p.type)


def _scalar(p: Property, type: Any) -> Any:
    if type in (Json, Fact):
        return Annotated[
            Any, PlainValidator(text_of), WithJsonSchema({"description": f"At most {MAX_TEXT} characters of JSON."})
        ]
    if type is datetime:
        return Moment if p.ahead else Happened
    if type in (int, Long):
        most = MAX_LONG if type is Long else MAX_INT
        least = -most - 1 if p.least is None else p.least
        before = BeforeValidator(_long if type is Long else _number)
        return Annotated[int, before, Field(ge=least, le=most if p.most is None else p.most)]
    if type is float:
        return Annotated[float, BeforeValidator(_number), Field(ge=p.least, le=p.most)]
    if type is bool:
        return StrictBool
    if type is Digest:
        return Annotated[str, Field(max_length=p.length), BeforeValidator(_digest)]
    if type is ExternalName:
        return Annotated[str, Field(max_length=p.length), BeforeValidator(_external_name)]
    if type is str and p.required and p.item_type is None:
        return Annotated[str, Field(max_length=p.length), AfterValidator(written)]
    return Annotated[str, Field(max_length=p.length)] if type is str else type


def _values(items: list[BaseModel]) -> str:
    return json_text([item.model_dump(exclude_none=True) for item in items])


_value_models: dict[type[Value], type[BaseModel]] = {}


def _value_model(value: type[Value]) -> type[BaseModel]:
    if value not in _value_models:
        fields: dict[str, Any] = {p.name: field(p) for p in value.members}
        _value_models[value] = create_model(value.__name__, __config__=CONFIG, __doc__=value.__doc__, **fields)
    return _value_models[value]


def field(p: Property) -> Any:
    """Return a property as a field of a pydantic model."""
    field_type = annotation(p)
    if p.required:
        return field_type, Field(description=p.doc)
    return field_type | None, Field(default=None, description=p.doc)


def agree(p: Property, one: Any, other: Any) -> bool:
    """Return whether two values of a property, in the graph's form, say the same.

    Documents and digests may be written differently.
    """
    if one == other or one is None or other is None:
        return bool(one == other)
    if p.is_json:
        return same(one, other)
    return p.type is Digest and digest.normal_or_same(one) == digest.normal_or_same(other)


def backwards(properties: Iterable[Property], values: Mapping[str, Any]) -> Iterator[str]:
    """Return the intervals that end before they begin, a sentence each, which begins with the name of the end."""
    for p in properties:
        if p.after is None:
            continue
        since, until = values.get(p.after), values.get(p.name)
        if since is not None and until is not None and until < since:
            yield f"{p.name}: {until} lies before {p.after}, {since}"


def impossible(properties: Iterable[Property], values: Mapping[str, Any], now: str) -> Iterator[tuple[str, str, str]]:
    """Return malformed digests and moments in the future among the values of a decision, as name, code and sentence."""
    for p in properties:
        value = values.get(p.name)
        if value is None:
            continue
        if p.type is datetime and not p.ahead and value > latest(now):
            yield p.name, IN_FUTURE, f"{value} is yet to come"
        elif p.type is Digest:
            try:
                digest.normal(value)
            except digest.InvalidDigest as error:
                yield p.name, INVALID_DIGEST, f"{value[:200]!r} {error}"
