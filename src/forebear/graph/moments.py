"""Moments in time, as the graph holds them: UTC, microseconds, always 27 characters.

    2026-11-23T14:52:06.000000Z

A text of one length sorts as the moments do, compares alike on every engine and needs no conversion on the way to
a client. The engines' own temporal types do neither (docs/decisions/0002-moments-are-text.md).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

CLOCK_SKEW = timedelta(minutes=5)
"""How far a sender's clock may be ahead of ours."""

_FORM = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:[0-5]\d)?)?", re.ASCII)
"""RFC 3339, section 5.6. A wrong day and a time without an offset have messages of their own."""


def moment(value: datetime) -> str:
    """Return an aware datetime as the graph holds it. Raises `ValueError` without an offset."""
    if value.tzinfo is None:
        raise ValueError("a moment needs an offset, such as Z or +02:00")
    return value.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def read(text: str) -> datetime:
    """Return an RFC 3339 text as a datetime, also if it lacks the offset or is a day. Raises `ValueError`."""
    try:
        # datetime also reads texts that are no RFC 3339: week dates, days without hyphens, any letter between day and time.
        return datetime.fromisoformat(text.upper() if _FORM.fullmatch(text) else "")
    except ValueError:
        raise ValueError(f"{text!r} is not an RFC 3339 moment, such as 2026-11-23T14:52:06Z") from None


def parse(text: str) -> str:
    """Return an RFC 3339 text as the graph holds it, cut to microseconds. Raises `ValueError`."""
    value = read(text)
    if len(text) <= len("2026-11-23"):
        raise ValueError(f"{text!r} is a day: write {value.date()}T00:00:00Z, or another time")
    if value.tzinfo is None:
        raise ValueError(f"{text!r} has no offset: end it with Z, or with one such as +02:00")
    try:
        return moment(value)
    except OverflowError:
        raise ValueError(f"{text!r} lies outside the years 1 to 9999") from None


def latest(now: str | None = None) -> str:
    """Return the latest moment that can have happened by `now`, by default the current moment."""
    return moment((datetime.now(UTC) if now is None else datetime.fromisoformat(now)) + CLOCK_SKEW)
