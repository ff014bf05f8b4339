"""Saying a governed fact again about a node that is on record.

The same or less changes nothing. Names, labels and the like are updated. Edges are added if their kind may grow, and missing
values if they may still be completed. Anything else is refused, and the reason shows both values.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from forebear.domain.outcome import Connect, Effect, Reason, Revise, Update
from forebear.graph.complaint import shown
from forebear.graph.rows import NodeRow
from forebear.graph.values import agree

IMMUTABLE = "IMMUTABLE"
"""The code of a refusal because a value would change that cannot."""


@dataclass(frozen=True)
class Restatement:
    """What a fact leads to: the effects on a node that is on record, or the reasons against it."""

    effects: tuple[Effect, ...]
    reasons: tuple[Reason, ...]


def restated(
    row: NodeRow,
    stored: Mapping[str, Any],
    remedy: str,
    growing: Collection[str] = (),
    completing: Collection[str] = (),
) -> Restatement:
    """Compare a fact with `stored`: its node's properties in the graph's form, and the ids that its edges lead to.

    `growing` are the edges that may be added to. `completing` are the properties and edges that may be given once. `remedy`
    says what to do instead of changing a value.
    """
    properties = row.kind.properties
    changes = {name: v for name, v in row.updated.items() if not agree(properties[name], stored.get(name), v)}
    values = {name: value for name, value in row.guaranteed.items() if name in completing}
    effects: list[Effect] = [Update(row.id, changes)] if changes else []
    effects += [Revise(row.id, dict.fromkeys(values), values)] if values else []
    effects += _grown(row, stored, {*growing, *completing})
    return Restatement(tuple(effects), tuple(_contradictions(row, stored, remedy, {*growing, *completing})))


def unsaid(row: NodeRow, stored: Mapping[str, Any], growing: Collection[str] = ()) -> list[str]:
    """Return the properties and edges of a fact that its node lacks, except for edges that may grow."""
    edges = dict.fromkeys(e.edge.name for e in row.edges if e.edge.name not in growing)
    return [
        *(name for name in row.guaranteed if stored.get(name) is None),
        *(name for name in edges if not stored.get(name)),
    ]


def _grown(row: NodeRow, stored: Mapping[str, Any], growing: Collection[str]) -> Iterator[Connect]:
    for e in row.edges:
        if e.edge.name in growing and e.target not in (stored.get(e.edge.name) or ()):
            yield Connect(row.id, e.edge.name, e.target, e.properties)


def _contradictions(row: NodeRow, stored: Mapping[str, Any], remedy: str, open: Collection[str]) -> Iterator[Reason]:
    for name, value in row.guaranteed.items():
        if name not in open and not agree(row.kind.properties[name], former := stored.get(name), value):
            yield _differs(name, row.id, None if former is None else shown(former), shown(value), remedy)
    edges: dict[str, set[str]] = {}
    for e in row.edges:
        edges.setdefault(e.edge.name, set()).add(e.target)
    for name, ends in edges.items():
        before: set[str] = {*(stored.get(name) or ())}
        if name not in open and ends != before:
            yield _differs(name, row.id, ", ".join(sorted(before)) or None, ", ".join(sorted(ends)), remedy)


def _differs(name: str, id: str, has: str | None, says: str, remedy: str) -> Reason:
    """Return the reason that an immutable value would become `says`. The stored value is for readers only."""
    if has is None:
        return Reason(IMMUTABLE, f"{name}: {id} was described without it, and the request says {says}", remedy)
    differs = Reason(IMMUTABLE, f"{name}: {id} has another value already, and the request says {says}", remedy)
    return Reason(IMMUTABLE, f"{name}: {id} has {has} already, and the request says {says}", remedy, differs)
