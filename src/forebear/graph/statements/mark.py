"""The statements that remember how far a file has been recorded.

A mark is named by the file's source and a digest of what came before; it says, as a digest, what came next. What is recorded
anew leaves open what came after it, since that was recorded after something else.
"""

from __future__ import annotations

from forebear.graph.declaration import IMPORT_MARK

CLAIM = (
    f"MERGE (mark:{IMPORT_MARK} {{id: $id}})\n"
    f"REMOVE mark.lock\n"
    f"RETURN mark.digest AS digest, mark.left AS left, mark.undescribed AS undescribed"
)
"""Locks the mark `$id`; answers what it says, nulls where it says nothing yet."""

SET = (
    f"MATCH (mark:{IMPORT_MARK} {{id: $id}})\n"
    f"SET mark += $mark\n"
    f"WITH mark\n"
    f"OPTIONAL MATCH (next:{IMPORT_MARK} {{id: $next}})\n"
    f"DELETE next\n"
    f"RETURN count(*) AS written"
)
"""Has the mark `$id` say `$mark`, and forgets the mark `$next`."""
