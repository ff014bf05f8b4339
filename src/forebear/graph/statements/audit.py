"""The statements that write the audit trail and read it."""

from __future__ import annotations

from forebear.graph.declaration import AUDIT_CHAIN, AUDIT_ENTRY, AUDIT_HEAD, OUTBOX_ENTRY, Kind


def _written(row: str) -> str:
    return f"CREATE (entry:{AUDIT_ENTRY}) SET entry += {row}.entry CREATE (told:{OUTBOX_ENTRY}) SET told += {row}.outbox"


def _tip(row: str) -> str:
    return f"chain.length = {row}.entry.number + 1, chain.hash = {row}.entry.hash"


APPEND = (
    f"MERGE (chain:{AUDIT_CHAIN} {{id: $row.entry.subject}}) ON CREATE SET chain.length = 0\n"
    f"REMOVE chain.lock\n"
    f"WITH chain, chain.length = $row.entry.number AND (chain.length = 0 OR chain.hash = $row.entry.previous) AS fits\n"
    f"CALL (chain, fits) {{\n"
    f"  WITH chain, fits WHERE fits\n"
    f"  {_written('$row')}\n"
    f"  SET {_tip('$row')}\n"
    f"  RETURN count(*) AS written\n"
    f"}}\n"
    f"RETURN written, chain.length AS length, chain.hash AS hash"
)
"""Appends an entry to its subject's chain, and to the outbox what is told of it: `$row` is `{entry, outbox}`. Locks the chain.

Writes only where the chain ends as the entry says. Answers how many it has `written` and, where none, where the chain ends.
"""

CONTINUE = (
    f"UNWIND $batch.rows AS row\n"
    f"{_written('row')}\n"
    f"WITH row\n"
    f"MERGE (chain:{AUDIT_CHAIN} {{id: row.entry.subject}})\n"
    f"SET {_tip('row')}\n"
    f"RETURN count(*) AS written"
)
"""Appends rows `{entry, outbox}` to chains that the transaction has locked, and of which it has read where they end.

The entry's unique id is a second guard: who appends a number twice has decided on facts that are no more.
"""

BEGUN = (
    f"UNWIND $batch.rows AS row\n"
    f"MATCH (chain:{AUDIT_CHAIN} {{id: row.id}})\n"
    f"RETURN chain.id AS id\n"
    f"UNION\n"
    f"UNWIND $batch.rows AS row\n"
    f"MATCH (line:ReleaseLine {{id: row.id}})<-[governs:GOVERNS]-(policy:ReleasePolicy)\n"
    f"WHERE NOT coalesce(policy.imported, false)\n"
    f"RETURN line.id AS id"
)
"""Which nodes of rows `{id}` actions decide about: they have a chain, or are lines for which a policy was adopted."""

LAST_HEAD = f"MATCH (head:{AUDIT_HEAD})\nWITH head ORDER BY head.number DESC LIMIT 1\nRETURN properties(head) AS head"
"""The last head, if there is one."""

HEAD_NUMBERS = f"MATCH (head:{AUDIT_HEAD})\nWITH head.number AS number ORDER BY number\nRETURN number"
"""The numbers of all heads, in order."""

LOCK_GROWN = (
    f"MATCH (chain:{AUDIT_CHAIN}) WHERE chain.length > coalesce(chain.covered, 0)\n"
    f"WITH chain ORDER BY chain.id LIMIT $most\n"
    f"REMOVE chain.lock\n"
    f"RETURN chain.id AS subject"
)
"""Locks at most `$most` chains that grew since a head covered them."""

GROWN = (
    f"UNWIND $subjects AS subject\n"
    f"MATCH (chain:{AUDIT_CHAIN} {{id: subject}}) WHERE chain.length > coalesce(chain.covered, 0)\n"
    f"RETURN subject, coalesce(chain.covered, 0) AS covered, chain.length AS length, chain.hash AS hash"
)
"""How far those of some chains that grew are covered, and where they end. A statement of its own: what one has read before it
waited for a lock, Neo4j may answer again after it.
"""

COVER = (
    f"CREATE (head:{AUDIT_HEAD}) SET head += $head\n"
    f"WITH head\n"
    f"UNWIND $grown AS row\n"
    f"MATCH (chain:{AUDIT_CHAIN} {{id: row.subject}})\n"
    f"SET chain.covered = row.length\n"
    f"RETURN count(*) AS written"
)
"""Writes `$head`, which covers the chains of rows `{subject, length}`."""


def count(label: str) -> str:
    """How many there are of a label."""
    return f"MATCH (n:{label}) RETURN count(n) AS count"


def by_id(label: str) -> str:
    """The nodes of a label with the ids `$ids`, with all their properties; without those that are not there."""
    return f"UNWIND $ids AS id\nMATCH (n:{label} {{id: id}})\nRETURN id, properties(n) AS properties"


def places(label: str, *, bounded: bool) -> str:
    """Entries from `$since` to before `$until` (unless not `bounded`), with the length of the chain that each says it is in."""
    until = " AND n.id < $until" if bounded else ""
    return (
        f"MATCH (n:{label}) WHERE n.id >= $since{until}\n"
        f"OPTIONAL MATCH (chain:{AUDIT_CHAIN} {{id: n.subject}})\n"
        f"RETURN n.id AS id, n.subject AS subject, n.number AS number, chain.length AS length"
    )


def governed(kind: Kind) -> str:
    """The ids of a kind's nodes that are described and not imported."""
    return f"MATCH (n:{kind.name}) WHERE n.describedAt IS NOT NULL AND NOT coalesce(n.imported, false)\nRETURN n.id AS id"


def values(kind: Kind) -> str:
    """The guaranteed values of the nodes of a kind with the ids `$ids`."""
    names = ("id", "imported", "recordedAt", "retractedAt", *kind.kept)
    return f"UNWIND $ids AS id\nMATCH (n:{kind.name} {{id: id}})\nRETURN n{{{', '.join(f'.{name}' for name in names)}}} AS node"


def edges(kind: Kind) -> str:
    """The edges of the nodes of a kind with the ids `$ids`, as they are now, without those that follow from others."""
    types = "|".join(sorted({e.type.name for e in kind.stated}))
    return (
        f"UNWIND $ids AS id\n"
        f"MATCH (n:{kind.name} {{id: id}})-[e:{types}]->(m)\n"
        f"RETURN id, type(e) AS type, m.id AS target, properties(e) AS properties"
    )
