"""What it means to say a governed fact again, of a node that stands.

Nothing, where it says the same or less; an update of names, labels and the like, which are simply updated; more edges, where
the kind of edge may grow; and otherwise a refusal, with both values.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from forebear.domain.outcome import Connect, Effect, Reason, Update
from forebear.graph.rows import NodeRow

IMMUTABLE = "IMMUTABLE"
"""The code of a refusal because a value would change that cannot."""


@dataclass(frozen=True)
class Restatement:
    """What a fact comes to: what it adds to a node that stands, or why it cannot be said."""

    effects: tuple[Effect, ...]
    reasons: tuple[Reason, ...]


def restated(row: NodeRow, stored: Mapping[str, Any], remedy: str, growing: Collection[str] = ()) -> Restatement:
    """What a fact comes to where `stored` are its node's properties in the graph's form, and the ids that its edges lead to.

    `growing` are the edges that may be added to; `remedy` is what to do instead of changing a value.
    """
    changes = {name: value for name, value in row.updated.items() if stored.get(name) != value}
    update = (Update(row.id, changes),) if changes else ()
    return Restatement((*update, *_grown(row, stored, growing)), tuple(_contradictions(row, stored, remedy, growing)))


def _grown(row: NodeRow, stored: Mapping[str, Any], growing: Collection[str]) -> Iterator[Connect]:
    for e in row.edges:
        if e.edge.name in growing and e.target not in (stored.get(e.edge.name) or ()):
            yield Connect(row.id, e.edge.name, e.target, e.properties)


def _contradictions(row: NodeRow, stored: Mapping[str, Any], remedy: str, growing: Collection[str]) -> Iterator[Reason]:
    for name, value in row.guaranteed.items():
        if (said := stored.get(name)) != value:
            has = "nothing" if said is None else repr(said)
            yield Reason(IMMUTABLE, f"{name}: {row.id} has {has}, said before, and now it is to be {value!r}", remedy)
    edges: dict[str, set[str]] = {}
    for e in row.edges:
        edges.setdefault(e.edge.name, set()).add(e.target)
    for name, ends in edges.items():
        before: set[str] = {*(stored.get(name) or ())}
        if name not in growing and ends != before:
            has = ", ".join(sorted(before)) or "nothing"
            says = ", ".join(sorted(ends))
            yield Reason(IMMUTABLE, f"{name}: {row.id} has {has}, said before, and now it is to be {says}", remedy)
