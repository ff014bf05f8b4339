"""Facts and actions as the JSON that the registry reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from pathlib import PurePath
from typing import Any

from forebear.graph.declaration import Fact, Node
from forebear.graph.kinds import GRAPH
from forebear.graph.moments import moment
from forebear.verbs.verb import Verb


def document(fact: Fact) -> dict[str, Any]:
    """Return a fact, which is an instance of a kind or a document, as JSON.

    Raises `TypeError` for a value that JSON cannot hold, and `ValueError` for a moment without an offset.
    """
    return {name: plain(value) for name, value in fact.items()}


def variables(verb: Verb[Any]) -> dict[str, Any]:
    """Return an action as the variables of its mutation. Raises as `document` does."""
    values: dict[str, Any] = {}
    for member in verb.members:
        value = getattr(verb, verb.attributes[member.name])
        if value is None:
            continue
        if not member.is_fact:
            values[member.name] = plain(value)
        elif member.item_type is None:
            values[member.name] = _input(member.names[0], value)
        else:
            values[member.name] = [_input(member.names[0], each) for each in value]
    return values


def _input(kind: str, fact: Fact) -> dict[str, Any]:
    """Return a fact as an input of GraphQL: without its kind, and each end of an edge in the edge's own form."""
    members = document(fact)
    if (named := members.pop("kind", kind)) != kind:
        raise TypeError(f"expected a fact of the kind {kind}, not {named}")
    for edge in GRAPH.kinds[kind].stated:
        if edge.name in members:
            ends = members[edge.name] if not edge.one else [members[edge.name]]
            formed = [_end(end, with_properties=bool(edge.stored_properties)) for end in ends]
            members[edge.name] = formed[0] if edge.one else formed
    return members


def _end(end: Any, *, with_properties: bool) -> Any:
    if with_properties:
        return {"id": end} if isinstance(end, str) else end
    return end["id"] if isinstance(end, dict) and end.keys() == {"id"} else end


def plain(value: Any) -> Any:
    """Return a value as JSON has it: moments and enums as texts, a node as its id. Raises `TypeError` and `ValueError`."""
    match value:
        case Enum():
            return plain(value.value)
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return moment(value)
        case PurePath():
            return str(value)
        case Node():
            return value.id
        case Mapping():
            return {_name(name): plain(each) for name, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
    raise TypeError(f"JSON holds no {type(value).__qualname__}: {value!r:.200}")


def _name(name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError(f"the members of a JSON object have texts for names, and {name!r:.200} is none")
    return name
