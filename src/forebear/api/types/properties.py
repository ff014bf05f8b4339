"""The types of properties, in answers and in facts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from forebear.api.types.made import ID, Field, Input, Types, list_of, optional
from forebear.api.types.scalars import JSON, DateTime, Long
from forebear.graph import declaration
from forebear.graph.declaration import Property, Value
from forebear.graph.query.field import PropertyField

_SCALARS: Mapping[Any, Any] = {
    str: str, int: int, float: float, bool: bool, datetime: DateTime, declaration.Json: JSON, declaration.Long: Long,
    declaration.Digest: str, declaration.ExternalName: str,
}  # fmt: skip


class PropertyTypes:
    """The types of properties: scalars, enums, and structured values."""

    def __init__(self, types: Types) -> None:
        self._types = types

    def output(self, p: Property, *, nullable: bool = True) -> Any:
        """Return a property's GraphQL type in answers."""
        return optional(self.annotation(p, input=False), nullable)

    def annotation(self, p: Property, *, input: bool) -> Any:
        """Return a property's GraphQL type, regardless of null."""
        if p.value_type is not None:
            return list_of(self.value(p.value_type, input=input))
        if p.names:
            return list_of(ID) if p.item_type is not None else ID
        if p.item_type is not None:
            return list_of(_SCALARS[p.item_type])
        if p.is_enum:
            return self._types.enum(p.type.__name__, {m.name: "" for m in p.type}, docstring(p.type))
        return _SCALARS[p.type]

    def input(self, p: Property) -> Any:
        """Return a property's GraphQL type in facts."""
        return optional(self.annotation(p, input=True), not p.required)

    def value(self, value: type[Value], *, input: bool) -> Any:
        """Return a structured value's type, in answers or in facts."""
        name = value.__name__ + ("Input" if input else "")
        if name not in self._types:
            if input:
                members = {p.name: Input(self.input(p), p.doc) for p in value.members}
                self._types.input(name, docstring(value), members)
            else:
                fields = {
                    p.name: Field(self.output(p, nullable=not p.required), p.doc, PropertyField(p)) for p in value.members
                }
                self._types.make(name, docstring(value), fields)
        return self._types.named(name)


def docstring(cls: type) -> str:
    """Return the docstring of a class, on one line."""
    return " ".join((cls.__doc__ or "").split())
