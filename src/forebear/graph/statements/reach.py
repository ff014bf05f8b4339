"""The statements that read what rows of facts would change, and which release lines that belongs to.

Each takes `$batch.rows`, as the statements that write do (`upsert`). `at` of a row is the position of its fact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from forebear.graph.declaration import EXTERNAL_ID, IDENTIFIES, Edge, Graph, Kind
from forebear.graph.kinds.edge_types import COLLECTED_FROM
from forebear.graph.statements.upsert import UNTOLD

Walks = list[tuple[str, str]]
"""Subqueries of `n`, each with the column in which it answers a list of ids."""

Direction = Callable[[Graph], Walks]
"""Returns the walks in one direction."""

_ITSELF = "MATCH (m) WHERE m:ReleaseLine\nWITH m AS line"


def outwards(graph: Graph) -> Walks:
    """Return the walks to the lines that edges lead to from a node, in any number of steps."""
    return [_walk("outwards", "(n)-[:{}*0..50]->(m)", graph.edge_types, _ITSELF)]


def inwards(graph: Graph) -> Walks:
    """Return the walks to the lines from which edges lead to a node in any number of steps, directly or from something in
    them."""
    return _inwards(graph.edge_types)


def made_of(graph: Graph) -> Walks:
    """Return the walks of `inwards` without the place where data was collected: a fleet does not belong to the line of a model
    that learned on it."""
    return _inwards(graph.edge_types.keys() - {COLLECTED_FROM.name})


def _inwards(types: Iterable[str]) -> Walks:
    path = "(n)<-[:{}*0..50]-(m)"
    return [
        _walk("inwards", path, types, "MATCH (m)-[within:IN_LINE]->(line:ReleaseLine) WHERE true"),
        _walk("above", path, types, _ITSELF),
    ]


def beside(graph: Graph) -> Walks:
    """Return the walks to the lines of whatever else leads to the same node."""
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
"""Answers `{at, id}`, the other nodes that have an external id already, for rows `{at, id, external}`."""


def lines(graph: Graph, kind: str, directions: Iterable[Direction]) -> str:
    """Return the statement that answers `{id, lines}`, the lines that nodes of a kind belong to, for rows `{id}`.

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
    """Return the statement that answers `{at, id}` for rows `{at, id, values, told}` that change a stored node.

    `values` also holds what is told without a moment, and `told` what is told with one.
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
    """Return the statement that answers `{at, differs}`: the edges that rows `{at, source, target, properties}` may mean, and
    whether their values differ.

    A part of the identity that one of the two lacks is no difference.
    """
    differs = "any(k IN keys(row.properties) WHERE coalesce(e[k] <> row.properties[k], true))"
    same = " AND ".join(f"coalesce(e.{p.name} = row.properties.{p.name}, true)" for p in edge.identity) or "true"
    return (
        f"UNWIND $batch.rows AS row\n"
        f"MATCH (a:{edge.source} {{id: row.source}})-[e:{edge.type.name}]->(b:{target} {{id: row.target}}) WHERE {same}\n"
        f"RETURN row.at AS at, {differs if edge.stored_properties else 'false'} AS differs"
    )


def ends(edge: Edge) -> str:
    """Return the statement that answers `{at, ends}`, where the edges of nodes lead, for rows `{at, id}`."""
    return (
        f"UNWIND $batch.rows AS row\n"
        f"MATCH (a:{edge.source} {{id: row.id}})\n"
        f"RETURN row.at AS at, COLLECT {{ MATCH (a)-[:{edge.type.name}]->(b:{'|'.join(edge.targets)}) RETURN b.id }} AS ends"
    )
