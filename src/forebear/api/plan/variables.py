"""The variables of a request, read by the schema, and the shape that chooses a plan. A value is never part of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLError, GraphQLSchema
from graphql.execution.values import VariableValues, get_variable_values

from forebear.api.document import limits
from forebear.api.document.documents import Document
from forebear.api.document.errors import RequestError, error_of
from forebear.graph.ids import Ids, InvalidId


def used(document: Document, variables: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the variables that the operation declares. Others are not looked at. Raises `RequestError`."""
    if variables is not None and not isinstance(variables, Mapping):
        raise RequestError([error_of("variables must be an object", "INVALID_VARIABLES")])
    declared = {definition.variable.name.value for definition in document.operation.variable_definitions or ()}
    return {name: value for name, value in (variables or {}).items() if name in declared}


def coerce(schema: GraphQLSchema, document: Document, variables: Mapping[str, Any] | None) -> VariableValues:
    """Return the variables that the operation declares, as the schema reads them. Raises `RequestError`."""
    declared = used(document, variables)
    try:
        limits.check_variables(declared, reads=document.is_query)
    except GraphQLError as beyond:
        raise RequestError([beyond]) from None
    coerced = get_variable_values(schema, document.operation.variable_definitions or (), dict(declared))
    if isinstance(coerced, list):
        for error in coerced:
            error.extensions = {"code": "INVALID_VARIABLES"}
        raise RequestError(coerced)
    return coerced


def shape(ids: Ids, document: Document, coerced: Mapping[str, Any]) -> object:
    """Return what chooses the plan: the form of variables, the kinds that ids name, and the values of conditions."""
    parts: list[object] = []
    for name in sorted(coerced):
        value = coerced[name]
        if name in document.ids and value is not None:
            parts.append((name, frozenset(_kind(ids, id) for id in value) if isinstance(value, list) else _kind(ids, value)))
        elif name in document.conditions:
            parts.append((name, value))
        else:
            parts.append((name, _form(value)))
    return tuple(parts)


def _kind(ids: Ids, id: str) -> str | None:
    """Return the kind that an id names. A text that is no id may still be compared with ids."""
    try:
        return ids.kind(id)
    except InvalidId:
        return None


def _form(value: Any) -> object:
    """Return the part of a variable's value that enters a statement's text: its form and the names of enums, never a value."""
    if value is None:
        return None
    if isinstance(value, dict):
        return tuple((k, _form(value[k])) for k in sorted(value))
    if isinstance(value, list):
        if any(isinstance(item, (dict, list)) or item is None for item in value):
            return ("list", *map(_form, value))
        return "list"
    if hasattr(value, "name"):
        return value.name
    return type(value).__name__ if isinstance(value, bool) else "scalar"
