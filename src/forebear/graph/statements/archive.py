"""The statements that read a whole graph in order, and write one into an empty database.

Nodes are read in ranges of ids. One engine sorts a range instead of reading its index in order, so a range is bounded on both
sides if possible.
"""

from __future__ import annotations

from forebear.graph.declaration import EXTERNAL_ID, IDENTIFIES, OF_THE_DATABASE, OWN_LABELS, RETRACTED, REVISES, REVISION, Graph
from forebear.graph.ids import Ids

NODE_COUNTS = "MATCH (n) RETURN labels(n)[0] AS name, count(*) AS count"
EDGE_COUNTS = "MATCH ()-[e]->() RETURN type(e) AS name, count(*) AS count"

ORDERED = "UNWIND $marks AS mark WITH mark ORDER BY mark RETURN mark"
"""Puts marks between ranges into the engine's own order of texts."""


class Layout:
    """The labels and relationship types of a graph, with Forebear's own, and the labels of edges' ends."""

    def __init__(self, graph: Graph) -> None:
        self.labels = (*graph.kinds, *(label for label in OWN_LABELS if label not in OF_THE_DATABASE))
        self.types = frozenset({*graph.edge_types, RETRACTED, REVISES, IDENTIFIES})
        self._ids = Ids(graph)

    def ends(self, type: str, source: str, target: str) -> tuple[str, str]:
        """Return the labels of an edge's ends. Raises `InvalidId`."""
        of_source = {REVISES: REVISION, IDENTIFIES: EXTERNAL_ID}.get(type) or self._ids.kind(source)
        return of_source, self._ids.kind(target)


def ids(label: str) -> str:
    """Return the statement that reads all ids of a label, in no order."""
    return f"MATCH (n:{label}) RETURN n.id AS id"


def nodes(label: str, *, bounded: bool) -> str:
    """Return the statement that reads the nodes of a label with all properties, from `$since` to before `$until` (if
    `bounded`)."""
    return f"MATCH (n:{label})\nWHERE {_range(bounded)}\nWITH n ORDER BY n.id\nRETURN properties(n) AS properties"


def edges(label: str, *, bounded: bool) -> str:
    """Return the statement that reads the outgoing edges of those nodes, of any type, with all properties."""
    return (
        f"MATCH (n:{label})\nWHERE {_range(bounded)}\nWITH n ORDER BY n.id\nMATCH (n)-[e]->(m)\n"
        f"RETURN type(e) AS type, n.id AS source, m.id AS target, properties(e) AS properties"
    )


def _range(bounded: bool) -> str:
    # The first range begins with the empty text, since an external id may be empty.
    return "n.id >= $since" + (" AND n.id < $until" if bounded else "")


def create_nodes(label: str) -> str:
    """Return the statement that creates nodes from `$rows`, their properties."""
    return f"UNWIND $rows AS row\nCREATE (n:{label})\nSET n += row\nRETURN count(*) AS written"


def create_edges(source: str, type: str, target: str) -> str:
    """Return the statement that creates edges from rows `{from, to, properties}` and answers how many ends it found."""
    return (
        f"UNWIND $rows AS row\n"
        f"MATCH (a:{source} {{id: row.from}})\n"
        f"MATCH (b:{target} {{id: row.to}})\n"
        f"CREATE (a)-[e:{type}]->(b)\n"
        f"SET e += row.properties\n"
        f"RETURN count(*) AS written"
    )
