"""What a node is needed for, so that it cannot be retracted: edges lead to it that no plain fact takes back.

A governed or settled node stays on record, and an observation has happened. So the nodes that they lead to stay as well.
Otherwise a deployment would have no place, and a guard that counts what runs there would find nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from forebear.graph.declaration import Edge, Graph, Kind
from forebear.graph.kinds.fleet import Cohort, Fleet, Robot
from forebear.graph.statements import upsert

NAMED = 5
"""How many nodes a refusal names, if there are many."""

COUNTED = 100
"""How many nodes of each edge are counted. A node may have millions."""

ENDING = frozenset(node.kind.name for node in (Robot, Cohort, Fleet))
"""The kinds that an action can end."""


def holders(graph: Graph, kind: Kind) -> str | None:
    """Return the statement that reads what keeps nodes of a kind from retraction. None if nothing can."""
    edges = graph.holding(kind.name)
    return upsert.holders(kind, edges, COUNTED + 1) if edges else None


def refusal(graph: Graph, kind: Kind, row: Mapping[str, Any], *, reads: bool) -> str | None:
    """Return why a node cannot be retracted, from a row of `holders`, or None if it can.

    Ids are only for those who may read.
    """
    leading = {e: row[f"ends{i}"] for i, e in enumerate(graph.holding(kind.name)) if row[f"ends{i}"]}
    if not leading:
        return None
    lead = _listed(leading) if reads else "others lead"
    return f"of: {row['id']} cannot be retracted while {lead} to it; {_remedy(kind, row['id'])}"


def _listed(leading: Mapping[Edge, Sequence[str]]) -> str:
    """Return what leads somewhere, with its verb: a few by name, and how many more."""
    every = [f"{id} ({edge.name})" for edge, ids in leading.items() for id in sorted(ids)]
    if len(every) == 1:
        return f"{every[0]} leads"
    if len(every) <= NAMED:
        return f"{', '.join(every[:-1])} and {every[-1]} lead"
    least = "at least " if any(len(ids) > COUNTED for ids in leading.values()) else ""
    return f"{', '.join(every[:NAMED])} and {least}{len(every) - NAMED} more lead"


def _remedy(kind: Kind, id: str) -> str:
    first = "retract an observation that was wrong first"
    if kind.name in ENDING:
        return f"{first}; what is not used any more is decommissioned (forebear decommission {id})"
    return f"{first}; where values of {id} were wrong, record a Correction"


def lost(id: str, edge: Edge) -> str:
    """Return why the last edge of an observation cannot be retracted alone."""
    return (
        f"edge: without it {id} would have no {edge.name}; where it was not seen so, retract {id} whole, "
        "or record in the same batch where else the edge leads"
    )
