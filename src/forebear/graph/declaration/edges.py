"""Edges: their types, the kinds that they join, and how a class declares them with `edge`."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from forebear.graph.declaration.properties import Change, DeclarationError, Property, camel, properties_of


class EdgeClass(StrEnum):
    """What it means to follow an edge."""

    LINEAGE = "LINEAGE"
    """Made from: provenance follows it outwards, contamination inwards."""
    AUTHORITY = "AUTHORITY"
    """Allowed because of: a bad evaluation pack or a wrong policy reaches fleets through it."""
    CONTEXT = "CONTEXT"
    """Located, grouped, succeeded: no walk follows it."""


@dataclass(frozen=True)
class EdgeType:
    """A relationship type of the graph, and what it means to follow it."""

    name: str
    edge_class: EdgeClass
    doc: str


INTERVAL = (
    Property(
        "validFrom",
        datetime,
        "Since when the edge holds. It is part of the edge's identity.",
        required=True,
        identity=True,
        ahead=True,
    ),
    Property(
        "validTo",
        datetime,
        "Until when the edge held (exclusive). Null while it holds.",
        Change.APPENDED,
        after="validFrom",
        ahead=True,
    ),
)
"""The properties of an edge that holds for a time."""


@dataclass(frozen=True)
class Edge:
    """One kind of edge: from a source kind to one or more target kinds, named at both ends."""

    source: str
    name: str
    type: EdgeType
    targets: tuple[str, ...]
    doc: str
    back: str
    back_doc: str
    properties: tuple[Property, ...] = ()
    interval: bool = False
    one: bool = False
    derived: bool = False
    """Whether it follows from other facts, so that no fact states it and no audit entry holds it."""

    @property
    def stored_properties(self) -> tuple[Property, ...]:
        """Its own properties and, if it has an interval, `validFrom` and `validTo`."""
        return (*self.properties, *(INTERVAL if self.interval else ()))

    @cached_property
    def identity(self) -> tuple[Property, ...]:
        """The properties by which edges between the same two nodes differ. Empty if there is at most one such edge."""
        return tuple(p for p in self.stored_properties if p.identity)

    @cached_property
    def vague(self) -> Property | None:
        """The property of its identity that a fact may leave out. An edge that lacks it is the only one of its kind there."""
        return next((p for p in self.identity if not p.required), None)


class EdgeProperties:
    """The properties of an edge: a class of `prop` attributes."""

    members: tuple[Property, ...] = ()

    def __init_subclass__(cls) -> None:
        cls.members = properties_of(cls)


@dataclass(frozen=True)
class _EdgeMarker:
    type: EdgeType
    targets: tuple[str, ...]
    doc: str
    back: str
    back_doc: str
    properties: builtins.type[EdgeProperties] | None
    interval: bool
    one: bool
    derived: bool


def edge(
    type: EdgeType,
    *targets: str,
    doc: str,
    back: str,
    back_doc: str,
    properties: builtins.type[EdgeProperties] | None = None,
    interval: bool = False,
    one: bool = False,
    derived: bool = False,
) -> Any:
    """An outgoing edge: its type, the kinds it may lead to, and the name and description of its way back.

    `one`: a node has at most one such edge, so the field is a node and not a connection.
    `interval`: it holds for `[validFrom, validTo)`, and its `validFrom` is part of its identity.
    `derived`: it follows from what is recorded otherwise, so no fact may say it.
    """
    return _EdgeMarker(type, targets, doc, back, back_doc, properties, interval, one, derived)


def edges_of(cls: type) -> tuple[Edge, ...]:
    """Return the edges that a class declares with `edge`. Raises `DeclarationError` if one contradicts itself."""
    return tuple(
        _edge(cls.__name__, attribute, marker) for attribute, marker in vars(cls).items() if isinstance(marker, _EdgeMarker)
    )


def _edge(source: str, attribute: str, marker: _EdgeMarker) -> Edge:
    where = f"{source}.{attribute}"
    if not marker.targets:
        raise DeclarationError(f"{where} leads nowhere: name at least one target kind")
    if marker.one and (marker.interval or marker.properties):
        raise DeclarationError(f"{where} is one=True and cannot also have an interval or properties")
    return Edge(
        source=source,
        name=camel(attribute),
        type=marker.type,
        targets=marker.targets,
        doc=marker.doc,
        back=marker.back,
        back_doc=marker.back_doc,
        properties=marker.properties.members if marker.properties else (),
        interval=marker.interval,
        one=marker.one,
        derived=marker.derived,
    )
