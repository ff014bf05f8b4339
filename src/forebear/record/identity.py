"""The identity of edges: which stored edge a row means, and how to name it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from forebear.graph.declaration import Edge
from forebear.graph.rows import Amendment, EdgeRow

Own = Mapping[str, Any]
"""An edge's declared properties that have a value."""


def own(edge: Edge, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return an edge's declared properties that have a value, out of all that is stored."""
    return {p.name: stored[p.name] for p in edge.stored_properties if stored.get(p.name) is not None}


def standing(edge: Edge, answers: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[Own]]:
    """Return the stored edges by their ends, from the answers of `upsert.edge_facts`."""
    edges: dict[tuple[str, str], list[Own]] = defaultdict(list)
    for row in answers:
        one = own(edge, row["stored"])
        if one not in edges[row["source"], row["target"]]:
            edges[row["source"], row["target"]].append(one)
    return edges


def candidates(row: EdgeRow, there: Sequence[Own]) -> list[Own]:
    """Return the stored edges between a row's ends that the row may mean.

    A row without identity means any of them. A row with identity means the edge that lacks it, which it completes, or else the
    edge with the same identity.
    """
    vague = row.edge.vague
    parts = [p.name for p in row.edge.identity if p != vague]
    there = [one for one in there if all(one.get(name) == row.properties.get(name) for name in parts)]
    if vague is None or row.is_vague:
        return list(there)
    lacking = [one for one in there if one.get(vague.name) is None]
    return lacking or [one for one in there if one.get(vague.name) == row.properties[vague.name]]


def named(amendment: Amendment, there: Sequence[Own]) -> list[Own]:
    """Return the stored edges between an amendment's ends that it names."""
    return [one for one in there if all(one.get(name) == value for name, value in amendment.identity.items())]


def listed(edge: Edge, there: Iterable[Own]) -> str:
    """Return edges between two nodes as text that tells them apart: `role 'train' and role 'validation'`."""
    parts = [p.name for p in edge.identity]
    return " and ".join(
        ", ".join(f"{name} {one[name]!r}" if name in one else f"no {name}" for name in parts)
        for one in sorted(there, key=lambda one: [str(one.get(name, "")) for name in parts])
    )


def identified(row: EdgeRow) -> dict[str, Any]:
    """Return an edge by its identity, as a Retraction or Correction names it."""
    parts = {p.name: row.properties.get(p.name) for p in row.edge.identity}
    return {"of": row.source, "edge": row.edge.name, "to": row.target} | parts


def changed(row: EdgeRow, values: Own) -> EdgeRow:
    """Return an edge with other properties."""
    return replace(row, properties=dict(values))


def ends(row: EdgeRow) -> dict[str, Any]:
    """Return an edge as the statements take it."""
    return {"source": row.source, "target": row.target, "properties": row.properties}


def alike(rows: Iterable[EdgeRow]) -> list[list[EdgeRow]]:
    """Group edges of one kind by the statement that writes them, each group in the order of ids."""
    groups: dict[bool, list[EdgeRow]] = defaultdict(list)
    for row in rows:
        groups[row.is_vague].append(row)
    return [sorted(groups[vague], key=lambda r: (r.source, r.target)) for vague in sorted(groups)]
