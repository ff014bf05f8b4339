"""Moments in time, as the graph holds them: UTC, microseconds, always 27 characters.

    2026-11-23T14:52:06.000000Z

A text of one length sorts as the moments do, compares alike on every engine and needs no conversion on the way to
a client. The engines' own temporal types do neither (docs/decisions/0002-moments-are-text.md).
"""

from __future__ import annotations

from datetime import UTC, datetime


def moment(value: datetime) -> str:
    """An aware datetime as the graph holds it. Raises `ValueError` where it has no offset."""
    if value.tzinfo is None:
        raise ValueError("a moment needs an offset, such as Z or +02:00")
    return value.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def parse(text: str) -> str:
    """An ISO 8601 text with an offset as the graph holds it. Raises `ValueError`."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not an ISO 8601 moment, such as 2026-11-23T14:52:06Z") from None
    if len(text) <= len("2026-11-23"):
        raise ValueError(f"{text!r} is a day: write {value.date()}T00:00:00Z, or another time")
    if value.tzinfo is None:
        raise ValueError(f"{text!r} has no offset: end it with Z, or with one such as +02:00")
    try:
        return moment(value)
    except OverflowError:
        raise ValueError(f"{text!r} lies outside the years 1 to 9999") from None
