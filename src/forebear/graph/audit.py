"""The statements that write the audit trail and read it."""

from __future__ import annotations

from forebear.graph.declaration import AUDIT_CHAIN, AUDIT_ENTRY, OUTBOX_ENTRY

APPEND = (
    f"MERGE (chain:{AUDIT_CHAIN} {{id: $entry.subject}}) ON CREATE SET chain.length = 0\n"
    f"REMOVE chain.lock\n"
    f"WITH chain, chain.length = $entry.number AND (chain.length = 0 OR chain.hash = $entry.previous) AS fits\n"
    f"CALL (chain, fits) {{\n"
    f"  WITH chain, fits WHERE fits\n"
    f"  CREATE (entry:{AUDIT_ENTRY}) SET entry += $entry\n"
    f"  CREATE (told:{OUTBOX_ENTRY}) SET told += $told\n"
    f"  SET chain.length = $entry.number + 1, chain.hash = $entry.hash\n"
    f"  RETURN count(*) AS written\n"
    f"}}\n"
    f"RETURN written, chain.length AS length, chain.hash AS hash"
)
"""Appends `$entry` to its subject's chain and `$told` to the outbox, where the chain ends as the entry says; locks the chain.

Answers how many it `written`, and where the chain ends now.
"""
