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
"""Appends an entry to its subject's chain, and a message to the outbox: `$row` is `{entry, outbox}`. Locks the chain.

Writes only if the chain ends where the entry says. Answers how many it has `written` and, if none, where the chain ends.
"""

CONTINUE = (
    f"UNWIND $batch.rows AS row\n"
    f"{_written('row')}\n"
    f"WITH row\n"
    f"MERGE (chain:{AUDIT_CHAIN} {{id: row.entry.subject}})\n"
    f"SET {_tip('row')}\n"
    f"RETURN count(*) AS written"
)
"""Appends rows `{entry, outbox}` to chains that the transaction has locked, and whose ends it has read.

The entry's unique id is a second guard: an action that appends a number twice has decided on outdated facts.
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
"""Answers which nodes of rows `{id}` actions decide about: they have a chain, or are lines with an adopted policy."""

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
"""Answers how far the chains that grew are covered, and where they end.

It is a statement of its own, since Neo4j may answer again after a wait for a lock what it read before it.
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
    """Return the statement that counts the nodes of a label."""
    return f"MATCH (n:{label}) RETURN count(n) AS count"


def by_id(label: str) -> str:
    """Return the statement that reads the nodes of a label with the ids `$ids`, with all properties.

    Unknown ids are left out.
    """
    return f"UNWIND $ids AS id\nMATCH (n:{label} {{id: id}})\nRETURN id, properties(n) AS properties"


def places(label: str, *, bounded: bool) -> str:
    """Return the statement that reads entries from `$since` to before `$until` (if `bounded`), each with its chain's length."""
    until = " AND n.id < $until" if bounded else ""
    return (
        f"MATCH (n:{label}) WHERE n.id >= $since{until}\n"
        f"OPTIONAL MATCH (chain:{AUDIT_CHAIN} {{id: n.subject}})\n"
        f"RETURN n.id AS id, n.subject AS subject, n.number AS number, chain.length AS length"
    )


def governed(kind: Kind) -> str:
    """Return the statement that reads the ids of a kind's described nodes that are not imported."""
    return f"MATCH (n:{kind.name}) WHERE n.describedAt IS NOT NULL AND NOT coalesce(n.imported, false)\nRETURN n.id AS id"


def values(kind: Kind) -> str:
    """Return the statement that reads the guaranteed values of a kind's nodes with the ids `$ids`."""
    names = ("id", "imported", "recordedAt", "retractedAt", *kind.kept)
    return f"UNWIND $ids AS id\nMATCH (n:{kind.name} {{id: id}})\nRETURN n{{{', '.join(f'.{name}' for name in names)}}} AS node"


def edges(kind: Kind) -> str:
    """Return the statement that reads the current edges of a kind's nodes with the ids `$ids`, except derived ones."""
    types = "|".join(sorted({e.type.name for e in kind.stated}))
    return (
        f"UNWIND $ids AS id\n"
        f"MATCH (n:{kind.name} {{id: id}})-[e:{types}]->(m)\n"
        f"RETURN id, type(e) AS type, m.id AS target, properties(e) AS properties"
    )
