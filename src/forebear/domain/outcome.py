"""What comes of an action: done, refused with every reason, or a conflict with what somebody else did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """One reason of a refusal: a stable code, what is in the way, and what would satisfy it."""

    code: str
    message: str
    remedy: str
