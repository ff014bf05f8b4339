"""The statements that remember how far a file has been recorded.

A mark is named by the file's source and a digest of what came before. It holds a digest of what came next. If a part is
recorded again, what came after it is open again, since it was recorded after something else.
"""

from __future__ import annotations

from forebear.graph.declaration import IMPORT_MARK

CLAIM = (
    f"MERGE (mark:{IMPORT_MARK} {{id: $id}})\n"
    f"REMOVE mark.lock\n"
    f"RETURN mark.digest AS digest, mark.left AS left, mark.undescribed AS undescribed"
)
"""Locks the mark `$id`. Answers its content, nulls if it has none yet."""

SET = (
    f"MATCH (mark:{IMPORT_MARK} {{id: $id}})\n"
    f"SET mark += $mark\n"
    f"WITH mark\n"
    f"OPTIONAL MATCH (next:{IMPORT_MARK} {{id: $next}})\n"
    f"DELETE next\n"
    f"RETURN count(*) AS written"
)
"""Writes `$mark` into the mark `$id`, and forgets the mark `$next`."""
