"""References to nodes that are unknown."""

from __future__ import annotations

from forebear.domain.outcome import Reason

UNKNOWN = "UNKNOWN"
"""The code of a refusal because a fact names something that is unknown or not described yet."""


def unknown(field: str, id: str, remedy: str | None = None) -> Reason:
    """Return the reason that a field names an unknown id. Without `remedy`, a plain fact can make it known."""
    message = f"{field}: {id} is not known, or only named by others so far"
    return Reason(UNKNOWN, message, remedy or f"record {id} first, as a fact of its own")
