"""What a database must hold for a graph: unique ids, indexes for look-ups, searchable names."""

from __future__ import annotations

from forebear.graph.declaration import IDENTIFIES, OWN_INDEXES, OWN_LABELS, RETRACTED, REVISES, SAME_AS, Graph
from forebear.graph.statements.indexes import EdgeTypes, FullText, Index, PropertyKeys, Uniqueness

LOCK = "lock"
"""A property that no node has. Its removal takes a node's write lock."""

SEARCH = "forebear_search"
"""The name of the full-text index."""


def full_text(graph: Graph) -> FullText:
    """Return the full-text index over every kind's searchable properties."""
    return FullText(SEARCH, {k.name: tuple(p.name for p in k.searchable) for k in graph.kinds.values()})


def wanted(graph: Graph) -> list[Uniqueness | Index | FullText | EdgeTypes | PropertyKeys]:
    """Return all constraints and indexes of a graph."""
    labels = (*graph.kinds, *OWN_LABELS)
    indexes = [Index(kind.name, p.name) for kind in graph.kinds.values() for p in kind.properties.values() if p.indexed]
    indexes += [Index(label, name) for label, name in OWN_INDEXES]
    types = EdgeTypes((*sorted(graph.edge_types), IDENTIFIES, RETRACTED, REVISES))
    return [*(Uniqueness(label, "id") for label in labels), *indexes, full_text(graph), types, PropertyKeys((LOCK, SAME_AS))]
