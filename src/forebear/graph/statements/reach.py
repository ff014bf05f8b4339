"""The statements that read what rows of facts would change, and to which release lines that belongs.

Each takes `$batch.rows`, as those that write do (`upsert`); `at` of a row is the position of its fact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from forebear.graph.declaration import EXTERNAL_ID, IDENTIFIES, Edge, Graph, Kind
from forebear.graph.kinds.edge_types import COLLECTED_FROM
from forebear.graph.statements.upsert import UNTOLD

Walks = list[tuple[str, str]]
"""Subqueries of `n`, each with the column in which it answers a list of ids."""

Direction = Callable[[Graph], Walks]
"""What walks one way."""

_ITSELF = "MATCH (m) WHERE m:ReleaseLine\nWITH m AS line"


def outwards(graph: Graph) -> Walks:
    """The lines that edges lead to from a node, in any number of steps."""
    return [_walk("outwards", "(n)-[:{}*0..50]->(m)", graph.edge_types, _ITSELF)]


def inwards(graph: Graph) -> Walks:
    """The lines in which something stands, or which themselves are, that edges lead from to a node, in any number of steps."""
    return _inwards(graph.edge_types)


def made_of(graph: Graph) -> Walks:
    """As inwards, but for where data was collected: that a model learned on a fleet does not make the fleet its line's."""
    return _inwards(graph.edge_types.keys() - {COLLECTED_FROM.name})


def _inwards(types: Iterable[str]) -> Walks:
    path = "(n)<-[:{}*0..50]-(m)"
    return [
        _walk("inwards", path, types, "MATCH (m)-[within:IN_LINE]->(line:ReleaseLine) WHERE true"),
        _walk("above", path, types, _ITSELF),
    ]


def beside(graph: Graph) -> Walks:
    """The lines that what leads to a node leads to besides."""
    types = "|".join(sorted(graph.edge_types))
    before = f"MATCH (n)<-[into:{types}]-(k) WHERE true\nWITH DISTINCT k\n"
    return [_walk("beside", "(k)-[:{}*0..50]->(m)", graph.edge_types, _ITSELF, before)]


def _walk(column: str, path: str, types: Iterable[str], start: str, before: str = "") -> tuple[str, str]:
    return column, (
        f"CALL (n) {{\n{before}MATCH walk = {path.format('|'.join(sorted(types)))}\n"
        f"WITH m, min(length(walk)) AS depth\n{start}\n"
        f"RETURN collect(DISTINCT line.id) AS {column}\n}}"
    )


NAMED = (
    f"UNWIND $batch.rows AS row\n"
    f"MATCH (x:{EXTERNAL_ID} {{id: row.external}})-[:{IDENTIFIES}]->(m) WHERE m.id <> row.id\n"
    f"RETURN row.at AS at, m.id AS id"
)
"""Which other nodes have an external id already: rows `{at, id, external}`; answers `{at, id}`."""


def lines(graph: Graph, kind: str, directions: Iterable[Direction]) -> str:
    """The lines that nodes of a kind belong to, in some directions: rows `{id}`; answers `{id, lines}`.

    It walks, so a dialect must rewrite it.
    """
    walks = [walk for direction in directions for walk in direction(graph)]
    return "\n".join(
        (
            "UNWIND $batch.rows AS row",
            f"MATCH (n:{kind} {{id: row.id}}) WHERE true",
            *(call for _, call in walks),
            f"RETURN n.id AS id, {' + '.join(column for column, _ in walks)} AS lines",
        )
    )


def differing(kind: Kind) -> str:
    """The nodes of which facts say something new: rows `{at, id, values, told}`; answers `{at, id}`, and no node that is new.

    `values` holds what is told without a moment, too, and `told` what is told with one.
    """
    untold = f" OR {UNTOLD}" if kind.told else ""
    return (
        f"UNWIND $batch.rows AS row\n"
        f"MATCH (n:{kind.name} {{id: row.id}})\n"
        f"WHERE n.describedAt IS NULL OR any(k IN keys(row.values) "
        f"WHERE coalesce(n[k] <> row.values[k], (n[k] IS NULL) <> (row.values[k] IS NULL))){untold}\n"
        f"RETURN row.at AS at, n.id AS id"
    )


def standing(edge: Edge, target: str) -> str:
    """The edges that rows `{at, source, target, properties}` may mean: answers `{at, differs}`, whether with other values.

    A part of the identity that either of the two lacks is no difference.
    """
    differs = "any(k IN keys(row.properties) WHERE coalesce(e[k] <> row.properties[k], true))"
    same = " AND ".join(f"coalesce(e.{p.name} = row.properties.{p.name}, true)" for p in edge.identity) or "true"
    return (
        f"UNWIND $batch.rows AS row\n"
        f"MATCH (a:{edge.source} {{id: row.source}})-[e:{edge.type.name}]->(b:{target} {{id: row.target}}) WHERE {same}\n"
        f"RETURN row.at AS at, {differs if edge.stored_properties else 'false'} AS differs"
    )


def ends(edge: Edge) -> str:
    """Where the edges of nodes lead: rows `{at, id}`; answers `{at, ends}`, ids."""
    return (
        f"UNWIND $batch.rows AS row\n"
        f"MATCH (a:{edge.source} {{id: row.id}})\n"
        f"RETURN row.at AS at, COLLECT {{ MATCH (a)-[:{edge.type.name}]->(b:{'|'.join(edge.targets)}) RETURN b.id }} AS ends"
    )
