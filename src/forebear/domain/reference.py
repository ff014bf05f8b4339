"""What a fact names, and is not known."""

from __future__ import annotations

from forebear.domain.outcome import Reason

UNKNOWN = "UNKNOWN"
"""The code of a refusal because something is named that is not known, or that nobody has described yet."""


def unknown(field: str, id: str, remedy: str | None = None) -> Reason:
    """Why a field cannot name an id; without a remedy, what is missing is a plain fact."""
    message = f"{field}: {id} is not known, or only named by others so far"
    return Reason(UNKNOWN, message, remedy or f"record {id} first, as a fact of its own")
