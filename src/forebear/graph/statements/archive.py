"""The statements that read a whole graph in order, and write one into an empty database.

Nodes are read in ranges of ids: one engine sorts what a range finds rather than reading its index in order, so a range
is bounded on both sides wherever it can be.
"""

from __future__ import annotations

from forebear.graph.declaration import EXTERNAL_ID, IDENTIFIES, MIGRATION, OWN_LABELS, RETRACTED, REVISES, REVISION, Graph
from forebear.graph.ids import Ids

NODE_COUNTS = "MATCH (n) RETURN labels(n)[0] AS name, count(*) AS count"
EDGE_COUNTS = "MATCH ()-[e]->() RETURN type(e) AS name, count(*) AS count"

ORDERED = "UNWIND $marks AS mark WITH mark ORDER BY mark RETURN mark"
"""Marks between ranges in the engine's own order of texts."""


class Layout:
    """The labels and relationship types of a graph, Forebear's own included, and which label an edge's end has."""

    def __init__(self, graph: Graph) -> None:
        self.labels = (*graph.kinds, *(label for label in OWN_LABELS if label != MIGRATION))
        self.types = frozenset({*graph.edge_types, RETRACTED, REVISES, IDENTIFIES})
        self._ids = Ids(graph)

    def ends(self, type: str, source: str, target: str) -> tuple[str, str]:
        """The labels of an edge's ends. Raises `InvalidId`."""
        of_source = {REVISES: REVISION, IDENTIFIES: EXTERNAL_ID}.get(type) or self._ids.kind(source)
        return of_source, self._ids.kind(target)


def ids(label: str) -> str:
    """All ids of a label, in no order."""
    return f"MATCH (n:{label}) RETURN n.id AS id"


def nodes(label: str, *, bounded: bool) -> str:
    """The nodes of a label with all their properties, from `$since` to before `$until` (unless not `bounded`)."""
    return f"MATCH (n:{label})\nWHERE {_range(bounded)}\nWITH n ORDER BY n.id\nRETURN properties(n) AS properties"


def edges(label: str, *, bounded: bool) -> str:
    """The outgoing edges of those nodes, whatever their type, with all their properties."""
    return (
        f"MATCH (n:{label})\nWHERE {_range(bounded)}\nWITH n ORDER BY n.id\nMATCH (n)-[e]->(m)\n"
        f"RETURN type(e) AS type, n.id AS source, m.id AS target, properties(e) AS properties"
    )


def _range(bounded: bool) -> str:
    # The first range begins with the empty text, which an external id may be.
    return "n.id >= $since" + (" AND n.id < $until" if bounded else "")


def create_nodes(label: str) -> str:
    """Creates nodes from `$rows`, their properties."""
    return f"UNWIND $rows AS row\nCREATE (n:{label})\nSET n += row\nRETURN count(*) AS written"


def create_edges(source: str, type: str, target: str) -> str:
    """Creates edges from rows `{from, to, properties}`; answers how many ends were there."""
    return (
        f"UNWIND $rows AS row\n"
        f"MATCH (a:{source} {{id: row.from}})\n"
        f"MATCH (b:{target} {{id: row.to}})\n"
        f"CREATE (a)-[e:{type}]->(b)\n"
        f"SET e += row.properties\n"
        f"RETURN count(*) AS written"
    )
