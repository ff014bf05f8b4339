"""Enums whose members have an order."""

from __future__ import annotations

from enum import StrEnum


class Scale(StrEnum):
    """An enum whose members go from the least to the greatest. Filters compare its values, and orders follow it.

    Example:
        >>> class Risk(Scale):
        ...     LOW = "LOW"
        ...     HIGH = "HIGH"
        >>> Risk.HIGH.rank
        1
    """

    @property
    def rank(self) -> int:
        """Its place: 0 for the least."""
        return list(type(self)).index(self)
