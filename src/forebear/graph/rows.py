"""Rows: documents of facts, ready to be written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from forebear.graph.declaration import Edge, Kind
from forebear.graph.telling import Telling


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """One edge of a fact, ready to be written."""

    edge: Edge
    source: str
    target: str
    target_kind: str
    properties: dict[str, Any]

    @property
    def identity(self) -> tuple[Any, ...]:
        """What tells it from other edges of its kind between the same two nodes, in the order of `Edge.identity`."""
        return tuple(self.properties.get(p.name) for p in self.edge.identity)

    @property
    def place(self) -> tuple[Any, ...]:
        """What it shares with all edges that a vague one there may mean."""
        return (self.edge.source, self.edge.name, self.source, self.target, self.properties.get("validFrom"))

    @property
    def says_more(self) -> bool:
        """Whether it has values besides its identity."""
        return not self.properties.keys() <= {p.name for p in self.edge.identity}

    @property
    def is_vague(self) -> bool:
        """Whether it lacks a part of its identity, and so means whichever edge there is."""
        return self.edge.vague is not None and self.properties.get(self.edge.vague.name) is None


@dataclass(frozen=True, slots=True)
class NodeRow:
    """One described node, ready to be written, with its edges.

    `guaranteed` and `updated` hold the given properties by how they may change; JSON is already text.
    """

    kind: Kind
    id: str
    guaranteed: dict[str, Any]
    updated: dict[str, Any]
    edges: tuple[EdgeRow, ...]
    told: tuple[Telling, ...] = ()
    """Its values that change in the world."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """A retraction (`values` is None) or a correction of a node, or of the edge with `edge`, `to` and `identity`."""

    kind: Kind
    of: str
    reason: str
    values: dict[str, Any] | None = None
    edge: Edge | None = None
    to: str | None = None
    to_kind: str | None = None
    identity: Mapping[str, Any] = field(default_factory=dict)
    """The parts of the edge's identity that it names."""
    as_of: str | None = None
    """The moment at which the corrected told value held. None is the present."""


Row = NodeRow | Amendment


class InvalidFact(ValueError):
    """A document that is no fact of this graph, with every reason. Each names the field."""

    def __init__(self, id: str | None, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.id = id
        self.reasons = tuple(reasons)
