"""Placeholders: nodes that are only named so far, and how a node with the same name replaces them.

A report names an artifact by its digest or by an external id. If nobody has described one, Forebear makes a placeholder, whose
id contains the name. An id never changes. So if somebody describes a node with that name under another id, it replaces the
placeholder in the same transaction: the edges to the placeholder lead to it now, the former ones stay known as retracted, and
the placeholder is retracted and holds in `sameAs` where its id leads on to.

An `ExternalId` node is the lock of a name: whoever gives a name to a node, or makes a placeholder of it, locks it first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar, cast

from forebear.graph.declaration import EXTERNAL_ID, IDENTIFIES, RETRACTED, REVISES, REVISION, SAME_AS, Edge, Graph, Kind
from forebear.graph.ids import named_id
from forebear.graph.statements.upsert import snapshot

T = TypeVar("T")


def placeholders(kind: Kind, id: str, values: Mapping[str, Any]) -> list[str]:
    """Return the ids of the placeholders that a node with these values would replace."""
    listed = (values.get(name) or () for name in kind.reported_by)
    names = (name for value in listed for name in ((value,) if isinstance(value, str) else value))
    return sorted({named_id(kind.prefix, name) for name in names} - {id})


def ids(graph: Graph, value: object) -> dict[str, list[str]]:
    """Return the texts in a value, by kind, that may be ids of replaced placeholders."""
    kinds = {f"{k.prefix}:": k.name for k in graph.kinds.values() if k.has_other_ids}
    ids_by_kind: dict[str, set[str]] = {}
    for text in _texts(value):
        if kind := kinds.get(text[: text.find(":") + 1]):
            ids_by_kind.setdefault(kind, set()).add(text)
    return {kind: sorted(of_kind) for kind, of_kind in ids_by_kind.items()}


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)


def renamed(value: T, present: Mapping[str, str]) -> T:
    """Return a value with each id replaced by the one that it leads on to."""
    changed: Any = value
    if isinstance(value, str):
        changed = present.get(value, value)
    elif isinstance(value, Mapping):
        changed = {name: renamed(item, present) for name, item in value.items()}
    elif isinstance(value, (list, tuple)):
        changed = type(value)(renamed(item, present) for item in value)
    return cast(T, changed)


class Renamed(Exception):
    """Some ids are those of replaced placeholders. `present` has the ids that they lead on to."""

    def __init__(self, present: Mapping[str, str]) -> None:
        super().__init__(", ".join(f"{former} is {id}" for former, id in present.items()))
        self.present = present


def same_as(kind: str) -> str:
    """Return the statement that answers `{id, present}` for those of `$ids` that lead on."""
    return (
        f"UNWIND $ids AS id\n"
        f"MATCH (n:{kind} {{id: id}}) WHERE n.{SAME_AS} IS NOT NULL\n"
        f"RETURN n.id AS id, n.{SAME_AS} AS present"
    )


HOLD = f"UNWIND $names AS name\nMERGE (external:{EXTERNAL_ID} {{id: name}})\nREMOVE external.lock\nRETURN count(*) AS held"
"""Locks the names `$names`, in their order."""


def waiting(kind: str) -> str:
    """Return the statement that locks the placeholders among `$ids`, and answers each `id` and when an edge to it was last
    recorded.

    It comes after `HOLD` as a statement of its own, since Neo4j may answer again after a wait for a lock what it read before
    it.
    """
    return (
        f"UNWIND $ids AS id\n"
        f"MATCH (p:{kind} {{id: id}}) WHERE p.describedAt IS NULL AND p.{SAME_AS} IS NULL\n"
        f"REMOVE p.lock\n"
        f"WITH p\n"
        f"RETURN p.id AS id, COLLECT {{ MATCH (p)<-[e]-() WHERE e.recordedAt IS NOT NULL "
        f"WITH e ORDER BY e.recordedAt DESC LIMIT 1 RETURN e.recordedAt }}[0] AS recordedAt"
    )


def name(kind: Kind) -> str:
    """Return the statement that gives placeholders the name that they were made from: rows `{id, externalIds}`."""
    return (
        f"UNWIND $batch.rows AS row\n"
        f"MATCH (p:{kind.name} {{id: row.id}})\n"
        f"SET p.externalIds = row.externalIds\n"
        f"WITH p, row\n"
        f"UNWIND row.externalIds AS external\n"
        f"MERGE (x:{EXTERNAL_ID} {{id: external}})\n"
        f"MERGE (x)-[:{IDENTIFIES}]->(p)\n"
        f"RETURN count(*) AS written"
    )


def stand_in(kind: Kind) -> str:
    """Return the statement that keeps ids under which existing nodes were reported: rows `{id}`."""
    return (
        f"UNWIND $batch.rows AS row\n"
        f"MERGE (p:{kind.name} {{id: row.id}}) ON CREATE SET p += $batch.stamp, p.revision = 0\n"
        f"RETURN count(*) AS written"
    )


def join(graph: Graph, kind: Kind) -> str:
    """Return the statement by which nodes replace placeholders: rows `{id, placeholder}`."""
    moved = "".join(_moved(edge) for edge in graph.back_edges(kind.name))
    return (
        f"UNWIND $batch.rows AS row\n"
        f"MATCH (n:{kind.name} {{id: row.id}})\n"
        f"MATCH (p:{kind.name} {{id: row.placeholder}})\n"
        f"REMOVE p.lock\n"
        f"WITH n, p\n"
        f"CREATE (v:{REVISION} {{id: p.id + '#' + toString(p.revision)}})-[:{REVISES}]->(p)\n"
        f"SET v += p{{{', '.join('.' + name for name in snapshot(kind))}}}, v.number = p.revision, "
        f"v.revisedAt = $batch.now, v.revisedBy = $batch.by, v.revisedFrom = $batch.from, v.changed = ['retractedAt'], "
        f"p.revision = p.revision + 1, p.retractedAt = $batch.now, p.{SAME_AS} = n.id\n"
        f"WITH n, p\n"
        f"{moved}"
        f"CALL (p) {{ MATCH (:{EXTERNAL_ID})-[e:{IDENTIFIES}]->(p) DELETE e }}\n"
        f"RETURN count(*) AS written"
    )


def _moved(edge: Edge) -> str:
    """Return the clauses that move the edges of one kind from the placeholder `p` to `n`."""
    parts = ", ".join(f"{p.name}: e.{p.name}" for p in edge.identity if p.required)
    identity = f" {{{parts}}}" if parts else ""
    retired = f"r += {{type: '{edge.type.name}', retractedAt: $batch.now, retractedBy: $batch.by}}"
    return (
        f"CALL (n, p) {{ MATCH (a:{edge.source})-[e:{edge.type.name}]->(p) CREATE (a)-[r:{RETRACTED}]->(p) "
        f"SET r += properties(e), {retired} "
        f"MERGE (a)-[f:{edge.type.name}{identity}]->(n) ON CREATE SET f += properties(e), f += $batch.stamp "
        f"DELETE e }}\n"
    )


def owners(kind: Kind) -> str:
    """Return the statement that answers `{id, owner}` for rows `{id, name}` if exactly one other node has the name.

    `id` is a node that is only named so far, and `name` the name in its id.
    """
    by_property = "".join(
        f"  UNION\n  MATCH (n:{kind.name} {{{p}: row.name}}) WHERE n.describedAt IS NOT NULL\n  RETURN n\n"
        for p in kind.reported_by
        if kind.properties[p].item_type is None
    )
    return (
        f"UNWIND $batch.rows AS row\n"
        f"CALL (row) {{\n"
        f"  MATCH (x:{EXTERNAL_ID} {{id: row.name}})-[:{IDENTIFIES}]->(n:{kind.name}) WHERE n.describedAt IS NOT NULL\n"
        f"  RETURN n\n"
        f"{by_property}"
        f"}}\n"
        f"WITH row, collect(DISTINCT n.id) AS owners WHERE size(owners) = 1 AND owners[0] <> row.id\n"
        f"RETURN row.id AS id, owners[0] AS owner"
    )


def claims(kind: Kind) -> str:
    """Return the statement that answers who has external ids: rows `{id, externalIds}` of nodes that will get them.

    It answers `{id, external, new, had, others}` for each: whether the node is `new` now, whether it `had` the name, and the
    ids of the `others` that have it.
    """
    return (
        f"UNWIND $batch.rows AS row\n"
        f"MATCH (n:{kind.name} {{id: row.id}})\n"
        f"UNWIND row.externalIds AS external\n"
        f"MATCH (x:{EXTERNAL_ID} {{id: external}})\n"
        f"RETURN n.id AS id, external, n.describedAt = $batch.now AS new, "
        f"EXISTS {{ MATCH (x)-[:{IDENTIFIES}]->(n) }} AS had, "
        f"COLLECT {{ MATCH (x)-[:{IDENTIFIES}]->(o:{kind.name}) WHERE o <> n RETURN o.id }} AS others"
    )


def one_each(rows: Iterable[Mapping[str, Any]], order: Mapping[str, int]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Decide about nodes that share an external id that may name only one, from the rows of `claims`.

    Return the ids that lead on to others, and `(id, why)` for each other node that cannot have a name. `order` says which of
    several new nodes comes first and so gets the name.
    """
    owners: dict[str, set[str]] = {}
    present: dict[str, str] = {}
    refused = []
    ordered = sorted(rows, key=lambda row: (order[row["id"]], row["external"]))
    for row in ordered:
        owners.setdefault(row["external"], set()).update(row["others"], [row["id"]] if row["had"] else [])
    for row in ordered:
        id, external = row["id"], row["external"]
        holders = {_last(present, owner) for owner in owners[external]}
        if row["had"] or id in holders:
            continue
        if not holders:
            owners[external].add(id)
        elif len(holders) > 1 or not row["new"] or present.get(id, min(holders)) not in holders:
            beside = f", and another of them {present.pop(id)}" if id in present else ""
            refused.append((id, f"externalIds: {external} names {', '.join(sorted(holders))} already{beside}"))
        else:
            present[id] = min(holders)
    return {id: _last(present, id) for id in present}, refused


def _last(present: Mapping[str, str], id: str) -> str:
    while id in present:
        id = present[id]
    return id
