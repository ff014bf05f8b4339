"""Errors for which somebody's token is not accepted."""

from __future__ import annotations


class Unauthenticated(Exception):
    """There is no token, or one that proves nothing. The message says which, and may be shown."""

    def __init__(self, message: str, *, presented: bool = True) -> None:
        super().__init__(message)
        self.presented = presented
        """Whether there was a token."""


class IssuerUnavailable(Exception):
    """The issuer's keys cannot be fetched, so its tokens cannot be checked now. Try again after a while."""

    retry_after = 30.0
    """Seconds until the next attempt to fetch them."""
