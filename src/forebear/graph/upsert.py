"""The statements that write rows of the declaration, in bulk.

Each takes `$rows` (sorted by id, ids unique within one statement) and `$now`, `$by` and `$from` (moment, recorder,
source). Node statements answer with the rows that the graph did not take as they are, so that the writer can tell a
conflict from a revision; edge statements likewise. Nothing is ever overwritten by the fast path.
"""

from __future__ import annotations

from forebear.graph.declaration import (
    EXTERNAL_ID,
    IDENTIFIES,
    RETRACTED,
    REVISES,
    REVISION,
    Edge,
    Kind,
)

STAMP = "recordedAt: $now, recordedBy: $by, source: $from"

SNAPSHOT_OF_KEPT = ("recordedAt", "describedAt", "retractedAt", "imported")


def snapshot(kind: Kind) -> tuple[str, ...]:
    """What a revision record keeps of a node: every guaranteed property and when it was known."""
    return (*SNAPSHOT_OF_KEPT, *(p.name for p in kind.guaranteed))


def describe(kind: Kind) -> str:
    """Upserts nodes from rows `{id, guaranteed, updated}`; `guaranteed` holds `describedAt: $now`.

    Answers `{described, trouble}`: how many it described anew, and as `{id, stored}` each node that stands with other
    guaranteed values or was retracted. Of those nothing was written but what is simply updated.
    """
    differs = "".join(
        f" OR coalesce(n.{name} <> row.guaranteed.{name}, row.guaranteed.{name} IS NOT NULL)"
        for name in (p.name for p in kind.guaranteed)
    )
    stored = ", ".join(f".{name}" for name in ("id", "retractedAt", *(p.name for p in kind.guaranteed)))
    return (
        f"UNWIND $rows AS row\n"
        f"MERGE (n:{kind.name} {{id: row.id}}) ON CREATE SET n += {{{STAMP}, revision: 0}}\n"
        f"REMOVE n.lock\n"
        f"SET n += CASE WHEN n.describedAt IS NULL AND n.retractedAt IS NULL THEN row.guaranteed ELSE {{}} END, "
        f"n += row.updated\n"
        f"WITH n, n.retractedAt IS NOT NULL{differs} AS differs\n"
        f"RETURN sum(CASE WHEN n.describedAt = $now THEN 1 ELSE 0 END) AS described, "
        f"collect(CASE WHEN differs THEN n{{{stored}}} END) AS trouble"
    )


def create(kind: Kind) -> str:
    """Describes nodes that nobody has described: rows `{id, values}`, where `values` holds `describedAt: $now`."""
    return (
        f"UNWIND $rows AS row\n"
        f"MERGE (n:{kind.name} {{id: row.id}}) ON CREATE SET n += {{{STAMP}, revision: 0}}\n"
        f"SET n += row.values\n"
        f"RETURN count(*) AS written"
    )


def revise(kind: Kind) -> str:
    """Changes guaranteed properties: rows `{id, changes, changed}`; keeps what was before in a revision record.

    `changed` names the properties; a null in `changes` takes one away. `$reason` says why, or is null.
    """
    return (
        f"UNWIND $rows AS row\n"
        f"MATCH (n:{kind.name} {{id: row.id}})\n"
        f"REMOVE n.lock\n"
        f"WITH n, row\n"
        f"CREATE (v:{REVISION} {{id: n.id + '#' + toString(n.revision)}})-[:{REVISES}]->(n)\n"
        f"SET v += n{{{', '.join('.' + name for name in snapshot(kind))}}}, v.number = n.revision, "
        f"v.revisedAt = $now, v.revisedBy = $by, v.revisedFrom = $from, v.revisedFor = $reason, v.changed = row.changed, "
        f"n.revision = n.revision + 1, n += row.changes\n"
        f"RETURN count(*) AS written"
    )


def connect(edge: Edge, target: str) -> str:
    """Upserts edges from rows `{source, target, properties, validFrom}`.

    Answers `{connected, undescribed, trouble}`: how many are new, the targets that no fact has described, and as
    `{source, target, stored, gone, others}` each edge that stands with other properties, leads to a retracted node
    (`gone`: since when) or, of a to-one edge, stands beside others (`others`: where they lead).
    """
    identity = " {validFrom: row.validFrom}" if edge.interval else ""
    differs = "".join(
        f" OR coalesce(e.{p.name} <> row.properties.{p.name}, row.properties.{p.name} IS NOT NULL)"
        for p in edge.stored_properties
        if p.name != "validFrom"
    )
    # Only nodes of this declaration's targets count: the same type may lead elsewhere, as OF and FOR do.
    others = (
        f"COLLECT {{ MATCH (a)-[:{edge.type.name}]->(o:{'|'.join(edge.targets)}) WHERE o.id <> row.target RETURN o.id }}"
        if edge.one
        else "[]"
    )
    return (
        f"UNWIND $rows AS row\n"
        f"MATCH (a:{edge.source} {{id: row.source}})\n"
        f"MERGE (b:{target} {{id: row.target}}) ON CREATE SET b += {{{STAMP}, revision: 0}}\n"
        f"MERGE (a)-[e:{edge.type.name}{identity}]->(b)\n"
        f"ON CREATE SET e += row.properties, e += {{{STAMP}}}\n"
        f"WITH row, b, e, {others} AS others\n"
        f"WITH row, b, e, others, b.retractedAt IS NOT NULL OR size(others) > 0{differs} AS differs\n"
        f"RETURN sum(CASE WHEN e.recordedAt = $now THEN 1 ELSE 0 END) AS connected, "
        f"collect(DISTINCT CASE WHEN b.describedAt IS NULL THEN b.id END) AS undescribed, "
        f"collect(CASE WHEN differs THEN e{{source: row.source, target: row.target, validFrom: row.validFrom, "
        f"stored: properties(e), gone: b.retractedAt, others: others}} END) AS trouble"
    )


def join(edge: Edge, target: str) -> str:
    """Adds edges that are known not to contradict any: rows `{source, target, properties, validFrom}`."""
    identity = " {validFrom: row.validFrom}" if edge.interval else ""
    return (
        f"UNWIND $rows AS row\n"
        f"MATCH (a:{edge.source} {{id: row.source}})\n"
        f"MERGE (b:{target} {{id: row.target}}) ON CREATE SET b += {{{STAMP}, revision: 0}}\n"
        f"MERGE (a)-[e:{edge.type.name}{identity}]->(b)\n"
        f"ON CREATE SET e += row.properties, e += {{{STAMP}}}\n"
        f"RETURN count(*) AS written"
    )


def identify(kind: Kind) -> str:
    """Points external ids at nodes: rows `{id, externalIds}`; ids that a row no longer names let go of its node."""
    return (
        f"UNWIND $rows AS row\n"
        f"MATCH (n:{kind.name} {{id: row.id}})\n"
        f"OPTIONAL MATCH (old:{EXTERNAL_ID})-[former:{IDENTIFIES}]->(n) WHERE NOT old.id IN row.externalIds\n"
        f"DELETE former\n"
        f"WITH DISTINCT n, row\n"
        f"UNWIND row.externalIds AS external\n"
        f"MERGE (x:{EXTERNAL_ID} {{id: external}})\n"
        f"MERGE (x)-[:{IDENTIFIES}]->(n)\n"
        f"RETURN count(*) AS written"
    )


def retire(edge: Edge, target: str) -> str:
    """Takes edges out of their type, to `RETRACTED`: rows `{source, target, validFrom}`; `$reason` says why."""
    identity = " {validFrom: row.validFrom}" if edge.interval else ""
    return (
        f"UNWIND $rows AS row\n"
        f"MATCH (a:{edge.source} {{id: row.source}})-[e:{edge.type.name}{identity}]->(b:{target} {{id: row.target}})\n"
        f"CREATE (a)-[r:{RETRACTED}]->(b)\n"
        f"SET r += properties(e), r += {{type: '{edge.type.name}', retractedAt: $now, retractedBy: $by, "
        f"retractedFor: $reason}}\n"
        f"DELETE e\n"
        f"RETURN count(*) AS written"
    )


def detach(kind: str, types: tuple[str, ...]) -> str:
    """Takes every edge of some nodes out of its type, at both ends: rows `{id}`; `$reason` says why."""
    union = "|".join(types)
    gone = "r += {type: type(e), retractedAt: $now, retractedBy: $by, retractedFor: $reason}"
    return (
        f"UNWIND $rows AS row\n"
        f"MATCH (n:{kind} {{id: row.id}})\n"
        f"CALL (n) {{ MATCH (n)-[e:{union}]->(b) CREATE (n)-[r:{RETRACTED}]->(b) SET r += properties(e), {gone} DELETE e }}\n"
        f"CALL (n) {{ MATCH (a)-[e:{union}]->(n) CREATE (a)-[r:{RETRACTED}]->(n) SET r += properties(e), {gone} DELETE e }}\n"
        f"CALL (n) {{ MATCH (:{EXTERNAL_ID})-[e:{IDENTIFIES}]->(n) DELETE e }}\n"
        f"RETURN count(*) AS written"
    )


def node_facts(kind: Kind) -> str:
    """What an amendment must know of nodes: rows `{id}`; answers each node's stored properties."""
    stored = ", ".join(f".{name}" for name in ("id", "describedAt", "retractedAt", *kind.properties))
    return f"UNWIND $rows AS row\nMATCH (n:{kind.name} {{id: row.id}})\nREMOVE n.lock\nRETURN n{{{stored}}} AS stored"


def edge_facts(edge: Edge, target: str) -> str:
    """What an amendment must know of edges: rows `{source, target, validFrom}`; answers these with `stored`, the properties."""
    identity = " {validFrom: row.validFrom}" if edge.interval else ""
    return (
        f"UNWIND $rows AS row\n"
        f"MATCH (a:{edge.source} {{id: row.source}})\n"
        f"REMOVE a.lock\n"
        f"WITH a, row\n"
        f"MATCH (a)-[e:{edge.type.name}{identity}]->(b:{target} {{id: row.target}})\n"
        f"RETURN row.source AS source, row.target AS target, row.validFrom AS validFrom, properties(e) AS stored"
    )
