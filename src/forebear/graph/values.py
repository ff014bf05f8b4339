"""Values: what a property of the declaration may hold, and how the graph holds it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StrictBool,
    WithJsonSchema,
    create_model,
)

from forebear.graph.declaration import Fact, Json, Property, Value
from forebear.graph.moments import parse

MAX_JSON_DEPTH = 64
"""How deep a JSON value may be nested."""

MAX_INT = 2**31 - 1
"""Largest integer: GraphQL's Int has 32 bits."""

CONFIG = ConfigDict(extra="forbid", strict=False, allow_inf_nan=False, use_enum_values=True, protected_namespaces=())
"""How every model of the declaration reads its documents."""


def _moment(value: Any) -> str:
    # Left alone, pydantic reads "2024" and 2024 as seconds, or milliseconds, since 1970.
    if not isinstance(value, str):
        raise ValueError("a moment is a text, such as 2026-11-23T14:52:06Z")
    return parse(value)


Moment = Annotated[
    str,
    PlainValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "description": "RFC 3339 with an offset."}),
]


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a boolean is no number")
    if isinstance(value, str):
        raise ValueError("a text is no number")
    return value


def json_text(value: object) -> str:
    """A JSON value as the graph holds it: text with sorted keys, so that equal values are equal texts."""
    return msgspec.json.encode(value, order="sorted").decode()


def annotation(p: Property) -> Any:
    """What a property's value must be, and how the graph holds it."""
    if p.type in (Json, Fact):
        return Annotated[Any, PlainValidator(_json), WithJsonSchema({})]
    if p.type is datetime:
        return Moment
    if p.type is int:
        return Annotated[int, BeforeValidator(_number), Field(ge=-MAX_INT - 1, le=MAX_INT)]
    if p.type is float:
        return Annotated[float, BeforeValidator(_number)]
    if p.type is bool:
        return StrictBool
    if p.value_type is not None:
        return Annotated[list[_value_model(p.value_type)], AfterValidator(_values)]  # type: ignore[misc]
    return p.type


def _json(value: Any) -> str:
    if _is_deeper(value, MAX_JSON_DEPTH):
        raise ValueError(f"it is nested more than {MAX_JSON_DEPTH} deep")
    try:
        return json_text(value)
    except (TypeError, ValueError, UnicodeError) as error:
        raise ValueError(f"no JSON value: {error}") from None


def _is_deeper(value: Any, most: int) -> bool:
    level, depth = [value], 0
    while level := [v for v in level if isinstance(v, (dict, list))]:
        depth += 1
        if depth > most:
            return True
        level = [m for v in level for m in (v.values() if isinstance(v, dict) else v)]
    return False


def _values(items: list[BaseModel]) -> str:
    return json_text([item.model_dump(exclude_none=True) for item in items])


_value_models: dict[type[Value], type[BaseModel]] = {}


def _value_model(value: type[Value]) -> type[BaseModel]:
    if value not in _value_models:
        fields: dict[str, Any] = {p.name: field(p) for p in value.members}
        _value_models[value] = create_model(value.__name__, __config__=CONFIG, __doc__=value.__doc__, **fields)
    return _value_models[value]


def field(p: Property) -> Any:
    """A property as a field of a pydantic model."""
    made = annotation(p)
    if p.required:
        return made, Field(description=p.doc)
    return made | None, Field(default=None, description=p.doc)
