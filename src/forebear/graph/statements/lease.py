"""The statements that take and end leases."""

from __future__ import annotations

from forebear.graph.declaration import LEASE

TAKE = (
    f"MERGE (lease:{LEASE} {{id: $id}})\n"
    f"REMOVE lease.lock\n"
    f"WITH lease, coalesce(lease.heldUntil <= $now, true) OR lease.heldBy = $by AS free\n"
    f"SET lease += CASE WHEN free THEN {{heldBy: $by, heldUntil: $until}} ELSE {{}} END\n"
    f"RETURN free AS taken"
)
"""Takes a lease until a moment, unless somebody else holds it. Whoever holds it prolongs it so."""

END = (
    f"MATCH (lease:{LEASE} {{id: $id}}) WHERE lease.heldBy = $by\n"
    f"REMOVE lease.heldBy, lease.heldUntil\n"
    f"RETURN count(*) AS ended"
)
"""Ends a lease before its time."""
