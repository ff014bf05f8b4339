"""What stands on a node, so that it cannot be retracted: edges that no plain fact takes back lead to it.

What is governed or settled stays on record, and an observation has happened. So what they lead to stays as well: without it
a deployment would be nowhere, and a guard that counts what runs there would find nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from forebear.graph.declaration import Edge, Graph, Kind
from forebear.graph.kinds.fleet import Cohort, Fleet, Robot
from forebear.graph.statements import upsert

NAMED = 5
"""How many nodes a refusal names, of many."""

COUNTED = 100
"""How many nodes of each edge are counted; a node may have millions."""

ENDING = frozenset(node.kind.name for node in (Robot, Cohort, Fleet))
"""The kinds that have an end of their own, by an action."""


def holders(graph: Graph, kind: Kind) -> str | None:
    """The statement that reads what keeps nodes of a kind from being retracted; None where nothing can."""
    edges = graph.holding(kind.name)
    return upsert.holders(kind, edges, COUNTED + 1) if edges else None


def refusal(graph: Graph, kind: Kind, row: Mapping[str, Any], *, reads: bool) -> str | None:
    """Why a node cannot be retracted, by what `holders` answered of it; None where it can. Ids are for whoever `reads`."""
    leading = {e: row[f"ends{i}"] for i, e in enumerate(graph.holding(kind.name)) if row[f"ends{i}"]}
    if not leading:
        return None
    lead = _listed(leading) if reads else "others lead"
    return f"of: {row['id']} cannot be retracted while {lead} to it; {_remedy(kind, row['id'])}"


def _listed(leading: Mapping[Edge, Sequence[str]]) -> str:
    """What leads somewhere, with its verb: a few by name, and how many more."""
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
    """Why the last edge of an observation cannot be retracted alone."""
    return (
        f"edge: without it {id} would have no {edge.name}; where it was not seen so, retract {id} whole, "
        "or record in the same batch where else the edge leads"
    )
