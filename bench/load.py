"""The bare statement that recording is measured against: the rows of facts by plain `UNWIND … MERGE`.

It checks nothing, keeps no former state and has its rows ready before the clock starts. In all else it is treated as
Forebear treats itself, or else the difference would measure that: the same batches and pieces sorted alike, the next
statement sent while one runs, plans kept as the graph grows, and rows within a map, so that they are planned once and not
for each order of magnitude of their number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from time import perf_counter
from typing import Any

from neo4j import AsyncDriver, AsyncManagedTransaction

from bench.process import Unavailable
from forebear.graph.declaration import EXTERNAL_ID, RETRACTED, REVISION
from forebear.graph.facts import Facts
from forebear.graph.kinds import GRAPH
from forebear.graph.query.dialect import Engine, anchored
from forebear.graph.rows import Amendment, EdgeRow, NodeRow, Row
from forebear.record.stream import BATCH
from forebear.record.writing import MAX_ROWS

Statement = tuple[str, dict[str, Any]]

KEPT = {"recordedAt": "2026-01-01T00:00:00.000000Z", "recordedBy": "bench", "source": "bench"}


@dataclass(frozen=True)
class Recording:
    """How much was written, and how long that took."""

    rows: int
    """Nodes, edges and amendments, each time one was given."""
    seconds: float

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds


async def claim(driver: AsyncDriver) -> None:
    """Makes sure that there is no graph to mix with and, later, to delete. Raises `Unavailable`."""
    records, _, _ = await driver.execute_query("MATCH (n) RETURN count(n) AS nodes", database_="neo4j")
    if nodes := records[0]["nodes"]:
        raise Unavailable(f"that Neo4j holds {nodes:,} nodes: name an empty one")


async def constrain(driver: AsyncDriver) -> None:
    """The uniqueness and the indexes that the declaration asks for."""
    for kind in GRAPH.kinds.values():
        await driver.execute_query(
            f"CREATE CONSTRAINT IF NOT EXISTS FOR (n:{kind.name}) REQUIRE n.id IS UNIQUE", database_="neo4j"
        )
        for p in kind.own_properties:
            if p.indexed:
                await driver.execute_query(f"CREATE INDEX IF NOT EXISTS FOR (n:{kind.name}) ON (n.{p.name})", database_="neo4j")
    await driver.execute_query("CALL db.awaitIndexes()", database_="neo4j")


async def record(driver: AsyncDriver, documents: Iterable[dict[str, Any]]) -> Recording:
    """Writes facts by bare statements, in batches as large as Forebear's.

    The time is engine's and driver's: the rows are made before it.
    """
    facts, documents = Facts(GRAPH), iter(documents)
    count, seconds = 0, 0.0
    while batch := [facts.read(document, imported=True) for document in islice(documents, BATCH)]:
        statements = list(_statements(batch))
        started = perf_counter()
        async with driver.session(database="neo4j") as session:
            await session.execute_write(_run, statements)
        seconds += perf_counter() - started
        count += sum(len(parameters["batch"]["rows"]) for _, parameters in statements)
    return Recording(count, seconds)


async def wipe(driver: AsyncDriver) -> None:
    """Deletes the graph. What a registry keeps of itself stays, and so do constraints and indexes."""
    labels = "|".join((*GRAPH.kinds, REVISION, EXTERNAL_ID))
    async with driver.session(database="neo4j") as session:
        await session.run(f"MATCH (n:{labels}) CALL (n) {{ DETACH DELETE n }} IN TRANSACTIONS OF 10000 ROWS")


async def _run(transaction: AsyncManagedTransaction, statements: list[Statement]) -> None:
    for text, parameters in statements:
        await transaction.run(text, parameters)


def _statements(batch: list[Row]) -> Iterator[Statement]:
    """Statements for each kind of node and of edge, nodes first, then what is corrected and taken back."""
    nodes = [row for row in batch if isinstance(row, NodeRow)]
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in nodes:
        groups[_node(row)].append(
            {"id": row.id, "properties": row.guaranteed | row.updated | {t.of.name: t.value for t in row.told}}
        )
    for row in nodes:
        for edge in row.edges:
            groups[_edge(edge)].append({"source": edge.source, "target": edge.target, "properties": edge.properties})
    amendments = [row for row in batch if isinstance(row, Amendment)]
    for amendment in sorted(amendments, key=lambda a: a.values is None):
        groups[_amendment(amendment)].append({"of": amendment.of, "to": amendment.to, "values": amendment.values})
    for text, rows in groups.items():
        rows.sort(key=lambda row: str(row.get("id") or row.get("source")))
        for start in range(0, len(rows), MAX_ROWS):
            batch = {"rows": rows[start : start + MAX_ROWS], "kept": KEPT, "now": KEPT["recordedAt"]}
            yield anchored(text, Engine.NEO4J), {"batch": batch}


def _node(row: NodeRow) -> str:
    return (
        f"UNWIND $batch.rows AS row MERGE (n:{row.kind.name} {{id: row.id}}) "
        "ON CREATE SET n += $batch.kept, n.revision = 0 "
        "SET n.describedAt = coalesce(n.describedAt, $batch.now), n += row.properties"
    )


def _edge(row: EdgeRow) -> str:
    identity = " {validFrom: row.properties.validFrom}" if row.edge.interval else ""
    return (
        f"UNWIND $batch.rows AS row MATCH (a:{row.edge.source} {{id: row.source}}) "
        f"MERGE (b:{row.target_kind} {{id: row.target}}) ON CREATE SET b += $batch.kept, b.revision = 0 "
        f"MERGE (a)-[e:{row.edge.type.name}{identity}]->(b) ON CREATE SET e += $batch.kept SET e += row.properties"
    )


def _amendment(row: Amendment) -> str:
    if row.edge is None:
        return (
            f"UNWIND $batch.rows AS row MATCH (n:{row.kind.name} {{id: row.of}}) SET n.retractedAt = $batch.now "
            f"WITH n MATCH (n)-[e]->(b) CREATE (n)-[r:{RETRACTED}]->(b) "
            "SET r = properties(e), r.type = type(e), r.retractedAt = $batch.now DELETE e"
        )
    found = (
        f"UNWIND $batch.rows AS row MATCH (:{row.kind.name} {{id: row.of}})-[e:{row.edge.type.name}]->"
        f"(:{row.to_kind} {{id: row.to}}) WITH e, row, startNode(e) AS a, endNode(e) AS b "
    )
    retracted = f"CREATE (a)-[r:{RETRACTED}]->(b) SET r = properties(e), r.type = type(e), r.retractedAt = $batch.now "
    return found + retracted + ("DELETE e" if row.values is None else "SET e += row.values")
