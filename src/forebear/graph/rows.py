"""Rows: what documents of facts come to, ready to be written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from forebear.graph.declaration import Edge, Kind


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """One edge of a fact, ready to be written."""

    edge: Edge
    source: str
    target: str
    target_kind: str
    properties: dict[str, Any]


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


@dataclass(frozen=True, slots=True)
class Amendment:
    """A retraction (`values` is `None`) or a correction of a node, or of the edge named by `edge`, `to` and `valid_from`."""

    kind: Kind
    of: str
    reason: str
    values: dict[str, Any] | None = None
    edge: Edge | None = None
    to: str | None = None
    to_kind: str | None = None
    valid_from: str | None = None


Row = NodeRow | Amendment


class InvalidFact(ValueError):
    """A document that is no fact of this graph, with every reason, each naming the field."""

    def __init__(self, id: str | None, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.id = id
        self.reasons = tuple(reasons)
