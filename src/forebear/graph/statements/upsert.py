"""The statements that write rows of the declaration, in bulk.

Each takes one parameter, `$batch`: `rows` (sorted by id, ids unique within one statement), `now`, `by` and `from` (moment,
recorder, source), the same as a `stamp` for nodes and edges, and a `reason`. Node statements answer with the rows that the
graph did not take as they are, so that the writer can tell a conflict from a revision; edge statements likewise. Nothing is
ever overwritten by the fast path.

It is one map because Neo4j plans a statement anew for each order of magnitude of a list that is a parameter itself, and for
each type of another parameter, a null included.
"""

from __future__ import annotations

from collections.abc import Sequence

from forebear.graph.declaration import (
    EXTERNAL_ID,
    IDENTIFIES,
    RETRACTED,
    REVISES,
    REVISION,
    Change,
    Edge,
    Kind,
)

SNAPSHOT_OF_KEPT = ("recordedAt", "describedAt", "retractedAt", "imported")


def snapshot(kind: Kind) -> tuple[str, ...]:
    """Return what a revision record keeps of a node: every guaranteed property and when it was known."""
    return (*SNAPSHOT_OF_KEPT, *kind.kept)


def describe(kind: Kind) -> str:
    """Upserts nodes from rows `{id, guaranteed, updated}`, of a kind of which something is told with `first` and `told`: all
    guaranteed values that one gets which nobody has described, and what is told with a moment.

    Answers `{described, updated, trouble}`: how many it described anew, in how many others it replaced what is simply updated,
    and all that is stored of each node that stands with other guaranteed values or was retracted. Of those nothing was written
    but what is simply updated.
    """
    # Lock before reading what decides: ON MATCH keeps the order. A new node is the writer's own.
    first, untold = ("row.first", f" OR {UNTOLD}") if kind.told else ("row.guaranteed", "")
    # Of such a moment the latest is kept, in whichever order facts come.
    latest = [p.name for p in kind.properties.values() if p.change is Change.LATEST]
    passed = "".join(f" AND NOT (k = '{name}' AND coalesce(n[k] >= row.updated[k], n[k] IS NOT NULL))" for name in latest)
    before = "".join(f", n.{name} AS {name}" for name in latest)
    kept = "".join(
        f"SET n.{name} = CASE WHEN coalesce({name} > n.{name}, {name} IS NOT NULL) THEN {name} ELSE n.{name} END\n"
        for name in latest
    )
    return (
        f"UNWIND $batch.rows AS row\n"
        f"MERGE (n:{kind.name} {{id: row.id}})\n"
        f"ON CREATE SET n += $batch.stamp, n.revision = 0, n.describedAt = $batch.now, n += {first}, n += row.updated\n"
        f"ON MATCH SET n.lock = null, "
        f"n += CASE WHEN n.describedAt IS NULL AND n.retractedAt IS NULL THEN {first} ELSE {{}} END, "
        f"n.describedAt = CASE WHEN n.retractedAt IS NULL THEN coalesce(n.describedAt, $batch.now) END\n"
        f"WITH n, row, n.retractedAt IS NOT NULL OR {_differs('n', 'row.guaranteed')}{untold} AS differs, "
        f"any(k IN keys(row.updated) WHERE coalesce(n[k] <> row.updated[k], n[k] IS NOT NULL OR row.updated[k] IS NOT NULL)"
        f"{passed}) AS outdated{before}\n"
        f"SET n += CASE WHEN outdated THEN row.updated ELSE {{}} END\n"
        f"{kept}"
        f"RETURN sum(CASE WHEN n.describedAt = $batch.now THEN 1 ELSE 0 END) AS described, "
        f"sum(CASE WHEN outdated AND coalesce(n.describedAt <> $batch.now, true) THEN 1 ELSE 0 END) AS updated, "
        f"collect(CASE WHEN differs THEN properties(n) END) AS trouble"
    )


UNTOLD = (
    "any(t IN row.told WHERE none(i IN range(0, size(coalesce(n[t.since], [])) - 1) "
    "WHERE n[t.since][i] = t.asOf AND n[t.told][i] = t.value))"
)
"""Whether a row has a telling with a moment that the node lacks."""


def create(kind: Kind) -> str:
    """Return the statement that describes nodes that nobody has described: rows `{id, values}`."""
    return (
        f"UNWIND $batch.rows AS row\n"
        f"MERGE (n:{kind.name} {{id: row.id}}) ON CREATE SET n += $batch.stamp, n.revision = 0\n"
        f"SET n.describedAt = $batch.now, n += row.values\n"
        f"RETURN count(*) AS written"
    )


def update(kind: Kind) -> str:
    """Return the statement that makes plain updates: rows `{id, values}`."""
    return f"UNWIND $batch.rows AS row\nMATCH (n:{kind.name} {{id: row.id}})\nSET n += row.values\nRETURN count(*) AS written"


def _differs(stored: str, incoming: str) -> str:
    """Return the condition that a node or an edge lacks a value of a map, or holds another.

    It is short, however many are declared.
    """
    return f"any(k IN keys({incoming}) WHERE coalesce({stored}[k] <> {incoming}[k], true))"


def revise(kind: Kind) -> str:
    """Return the statement that changes guaranteed properties, with revision records: rows `{id, changes, changed}`.

    `changed` names the properties. Null in `changes` removes a value. `reason` says why, or is null.
    """
    return (
        f"UNWIND $batch.rows AS row\n"
        f"MATCH (n:{kind.name} {{id: row.id}})\n"
        f"REMOVE n.lock\n"
        f"WITH n, row\n"
        f"CREATE (v:{REVISION} {{id: n.id + '#' + toString(n.revision)}})-[:{REVISES}]->(n)\n"
        f"SET v += n{{{', '.join('.' + name for name in snapshot(kind))}}}, v.number = n.revision, "
        f"v.revisedAt = $batch.now, v.revisedBy = $batch.by, v.revisedFrom = $batch.from, v.revisedFor = $batch.reason, "
        f"v.changed = row.changed, n.revision = n.revision + 1, n += row.changes\n"
        f"RETURN count(*) AS written"
    )


def connect(edge: Edge, target: str, *, vague: bool = False, locks: bool = False) -> str:
    """Upserts edges from rows `{source, target, properties}`; `vague` those that leave out what tells an edge from others.

    Where they hold their target (`Graph.holding`), it is locked.

    Answers `{connected, undescribed, trouble}`: how many are new, the targets that no fact has described, and as
    `{source, target, stored, gone}`, with what the row says of the edge's identity, each edge that stands with other
    properties, leads to a retracted node (`gone`: since when), is new beside one that lacks a part of its identity or, of
    a to-one edge, stands beside others.
    """
    # Neo4j makes an edge to a node of many edges without a lock of it, so that its retraction would not be noticed.
    lock = "REMOVE b.lock\n" if locks else ""
    beside, new, replaced = "", "", ""
    if edge.vague:
        # A vague row means whichever edges there are. It makes one only if there is none.
        lacking = f"(a)-[x:{edge.type.name}{_identity(edge, vague=True)}]->(b) WHERE x.{edge.vague.name} IS NULL"
        is_beside = "false" if vague else f"e.recordedAt = $batch.now AND EXISTS {{ {lacking} }}"
        beside, new, replaced = f", {is_beside} AS beside", " AND NOT beside", " OR beside"
    differs = f" OR {_differs('e', 'row.properties')}" if edge.stored_properties else ""
    crowded = f" OR COUNT {{ (a)-[:{edge.type.name}]->(:{'|'.join(edge.targets)}) }} > 1" if edge.one else ""
    return (
        f"UNWIND $batch.rows AS row\n"
        f"MATCH (a:{edge.source} {{id: row.source}})\n"
        f"MERGE (b:{target} {{id: row.target}}) ON CREATE SET b += $batch.stamp, b.revision = 0\n"
        f"{lock}"
        f"MERGE (a)-[e:{edge.type.name}{_identity(edge, vague=vague)}]->(b) "
        f"ON CREATE SET e += row.properties, e += $batch.stamp\n"
        f"WITH row, b, e, b.retractedAt IS NOT NULL{crowded}{differs} AS differs{beside}\n"
        f"RETURN sum(CASE WHEN e.recordedAt = $batch.now{new} THEN 1 ELSE 0 END) AS connected, "
        f"collect(DISTINCT CASE WHEN b.describedAt IS NULL THEN b.id END) AS undescribed, "
        f"collect(CASE WHEN differs{replaced} THEN e{{source: row.source, target: row.target, {_named(edge)}"
        f"stored: properties(e), gone: b.retractedAt}} END) AS trouble"
    )


def _identity(edge: Edge, *, vague: bool) -> str:
    """Return a pattern's part of an edge's identity. A part that may be missing is left out."""
    parts = [f"{p.name}: row.properties.{p.name}" for p in edge.identity if not (vague and p == edge.vague)]
    return f" {{{', '.join(parts)}}}" if parts else ""


def _exactly(edge: Edge) -> str:
    """Return the condition that an edge is the one that a row names, also if it lacks what may be missing."""
    if not edge.vague:
        return ""
    stored, named = f"e.{edge.vague.name}", f"row.properties.{edge.vague.name}"
    return f" WHERE {stored} = {named} OR ({stored} IS NULL AND {named} IS NULL)"


def _named(edge: Edge) -> str:
    return "".join(f"{p.name}: row.properties.{p.name}, " for p in edge.identity)


def others(edge: Edge) -> str:
    """Return the statement that answers where else a to-one edge leads: rows `{source, target}` with `others`, ids."""
    # Only nodes of this declaration's targets count: the same type may lead elsewhere, as OF and FOR do.
    return (
        f"UNWIND $batch.rows AS row\n"
        f"MATCH (a:{edge.source} {{id: row.source}})-[:{edge.type.name}]->(o:{'|'.join(edge.targets)}) "
        f"WHERE o.id <> row.target\n"
        f"RETURN row.source AS source, row.target AS target, collect(o.id) AS others"
    )


def join(edge: Edge, target: str, *, vague: bool = False) -> str:
    """Return the statement that adds edges that contradict none: rows `{source, target, properties}`; `vague` as in
    `connect`."""
    return (
        f"UNWIND $batch.rows AS row\n"
        f"MATCH (a:{edge.source} {{id: row.source}})\n"
        f"MERGE (b:{target} {{id: row.target}}) ON CREATE SET b += $batch.stamp, b.revision = 0\n"
        f"MERGE (a)-[e:{edge.type.name}{_identity(edge, vague=vague)}]->(b) "
        f"ON CREATE SET e += row.properties, e += $batch.stamp\n"
        f"RETURN count(*) AS written"
    )


def renew(edge: Edge, target: str, *, vague: bool) -> str:
    """Return the statement that replaces retired edges: rows `{source, target, properties}`.

    One that exists gets the properties.
    """
    return (
        f"UNWIND $batch.rows AS row\n"
        f"MATCH (a:{edge.source} {{id: row.source}})\n"
        f"MATCH (b:{target} {{id: row.target}})\n"
        f"MERGE (a)-[e:{edge.type.name}{_identity(edge, vague=vague)}]->(b)\n"
        f"SET e += row.properties, e += $batch.stamp\n"
        f"RETURN count(*) AS written"
    )


def identify(kind: Kind) -> str:
    """Return the statement that points external ids at nodes: rows `{id, externalIds}`.

    Ids that a row no longer has are released.
    """
    return (
        f"UNWIND $batch.rows AS row\n"
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
    """Return the statement that turns edges into `RETRACTED` ones: rows `{source, target, properties}`; `reason` says why."""
    # Find the source first: a target may be a hub, from which nobody should walk.
    return (
        f"UNWIND $batch.rows AS row\n"
        f"MATCH (a:{edge.source} {{id: row.source}})\n"
        f"WITH a, row\n"
        f"MATCH (a)-[e:{edge.type.name}{_identity(edge, vague=True)}]->(b:{target} {{id: row.target}}){_exactly(edge)}\n"
        f"CREATE (a)-[r:{RETRACTED}]->(b)\n"
        f"SET r += properties(e), r += {{type: '{edge.type.name}', retractedAt: $batch.now, retractedBy: $batch.by, "
        f"retractedFor: $batch.reason}}\n"
        f"DELETE e\n"
        f"RETURN count(*) AS written"
    )


def detach(kind: str, types: tuple[str, ...]) -> str:
    """Return the statement that turns all edges of nodes, at both ends, into `RETRACTED` ones: rows `{id}`; `reason` says
    why."""
    union = "|".join(types)
    retracted = "r += {type: type(e), retractedAt: $batch.now, retractedBy: $batch.by, retractedFor: $batch.reason}"
    return (
        f"UNWIND $batch.rows AS row\n"
        f"MATCH (n:{kind} {{id: row.id}})\n"
        f"CALL (n) {{ MATCH (n)-[e:{union}]->(b) CREATE (n)-[r:{RETRACTED}]->(b) "
        f"SET r += properties(e), {retracted} DELETE e }}\n"
        f"CALL (n) {{ MATCH (a)-[e:{union}]->(n) CREATE (a)-[r:{RETRACTED}]->(n) "
        f"SET r += properties(e), {retracted} DELETE e }}\n"
        f"CALL (n) {{ MATCH (:{EXTERNAL_ID})-[e:{IDENTIFIES}]->(n) DELETE e }}\n"
        f"RETURN count(*) AS written"
    )


def node_facts(kind: Kind) -> str:
    """Return the statement that reads what an amendment needs of nodes: rows `{id}`. It answers their stored properties."""
    names = dict.fromkeys(("id", "describedAt", "retractedAt", *kind.properties, *kind.kept))
    stored = ", ".join(f".{name}" for name in names)
    return f"UNWIND $batch.rows AS row\nMATCH (n:{kind.name} {{id: row.id}})\nREMOVE n.lock\nRETURN n{{{stored}}} AS stored"


def edge_facts(edge: Edge, target: str) -> str:
    """Return the statement that reads what an amendment needs of edges: rows `{source, target}`.

    It answers `{source, target, stored}` for every such edge. `stored` holds the properties.
    """
    return (
        f"UNWIND $batch.rows AS row\n"
        f"MATCH (a:{edge.source} {{id: row.source}})\n"
        f"REMOVE a.lock\n"
        f"WITH a, row\n"
        f"MATCH (a)-[e:{edge.type.name}]->(b:{target} {{id: row.target}})\n"
        f"RETURN row.source AS source, row.target AS target, properties(e) AS stored"
    )


def holders(kind: Kind, edges: Sequence[Edge], most: int) -> str:
    """Return the statement that reads what keeps nodes from retraction: rows `{id}`; answers `{id, ends0, ends1, …}`.

    `edges` lead to the kind. Of each, at most `most` ids are answered.
    """
    ends = (
        f"COLLECT {{ MATCH (n)<-[:{e.type.name}]-(a:{e.source}) WITH a LIMIT {most} RETURN a.id }} AS ends{i}"
        for i, e in enumerate(edges)
    )
    return f"UNWIND $batch.rows AS row\nMATCH (n:{kind.name} {{id: row.id}})\nRETURN n.id AS id, {', '.join(ends)}"


def footless(edge: Edge) -> str:
    """Return the statement that answers which of some nodes have no edge of a kind: rows `{id}`; answers `{id}`."""
    return (
        f"UNWIND $batch.rows AS row\n"
        f"MATCH (a:{edge.source} {{id: row.id}})\n"
        f"WHERE a.retractedAt IS NULL AND NOT EXISTS {{ MATCH (a)-[:{edge.type.name}]->(:{'|'.join(edge.targets)}) }}\n"
        f"RETURN a.id AS id"
    )
