"""The shape of an answer: one msgspec struct per selected object, which checks types and nulls and orders the fields.

A tree that does not fit is irregular. Then graphql-core's executor answers, with the specification's errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Optional

import msgspec
from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    is_leaf_type,
)

from forebear.api.plan.selection import SelectedField
from forebear.graph.query.compiler import TYPE_KEY
from forebear.graph.values import MAX_SAFE

_SCALARS: dict[str, Any] = {
    "ID": str,
    "String": str,
    "Boolean": bool,
    "DateTime": str,
    "JSON": Any,
    "Long": Annotated[int, msgspec.Meta(ge=-MAX_SAFE, le=MAX_SAFE)] | str,
    # GraphQL's Int has 32 bits, and its Float no infinities or NaN.
    "Int": Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)],
    "Float": Annotated[float, msgspec.Meta(ge=-1.7976931348623157e308, le=1.7976931348623157e308)],
}


class TypedPlace:
    """A place whose values name their type: a struct for each type, made when the type first occurs."""

    __slots__ = ()
    selected: SelectedField
    structs: dict[str, type[msgspec.Struct]]


def convert(place: type, value: Any) -> Any:
    """msgspec's hook for places with several types. A node names its type as `TYPE_KEY`, an outcome as `__typename`."""
    if not issubclass(place, TypedPlace):
        raise NotImplementedError
    name = value.get(TYPE_KEY) or value.get("__typename") if isinstance(value, dict) else None
    if name not in place.structs:
        if name not in place.selected.type_names():
            raise ValueError(f"{name!r} is no type of this place")
        place.structs[name] = struct(name, place.selected.fields(name), place)
    return msgspec.convert(value, place.structs[name], dec_hook=convert)


def struct(name: str, selected: Sequence[SelectedField], base: type | None = None) -> type[msgspec.Struct]:
    """Return a struct with a field for each response key, in the order of the selection."""
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    keys = {}
    for i, s in enumerate(selected):
        attribute = f"f{i}"
        keys[attribute] = s.key
        if s.name == "__typename":
            fields.append((attribute, Literal[name], name))
        else:
            fields.append((attribute, _type(s, s.type)))
    bases = (base,) if base else None
    return msgspec.defstruct(name, fields, bases=bases, rename=keys, kw_only=True, gc=False)


def _type(s: SelectedField, declared: GraphQLOutputType | None) -> Any:
    if isinstance(declared, GraphQLNonNull):
        return _bare(s, declared.of_type)
    return Optional[_bare(s, declared)]  # noqa: UP045 - a Literal or a struct made at run time


def _bare(s: SelectedField, declared: Any) -> Any:
    if isinstance(declared, GraphQLList):
        return list[_type(s, declared.of_type)]  # type: ignore[misc]
    if isinstance(declared, GraphQLEnumType):
        return Literal[tuple(declared.values)]
    if is_leaf_type(declared):
        return _SCALARS[declared.name]
    if not s.is_abstract():
        return struct(declared.name, s.fields(declared.name))
    return type("TypedPlace", (TypedPlace,), {"__slots__": (), "selected": s, "structs": {}})
