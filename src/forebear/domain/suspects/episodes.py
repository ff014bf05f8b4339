"""Episodes: incidents that count once, because they belong together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

HOUR = 3_600_000
"""Within so many milliseconds, incidents of one robot and category are one episode."""


@dataclass(frozen=True)
class Occurrence:
    """An incident for the count: where it happened, its category and its moment in milliseconds since 1970."""

    id: str
    place: str
    category: str | None
    at: int


@dataclass(frozen=True)
class Episode:
    """Incidents of one place and category, each within an hour of the one before. `at` is the moment of the first."""

    place: str
    category: str | None
    at: int
    incidents: tuple[str, ...]


def episodes(occurrences: Iterable[Occurrence]) -> list[Episode]:
    """Group incidents into episodes, in the order of place, category and moment."""
    found: list[Episode] = []
    last = 0
    for one in sorted(occurrences, key=lambda o: (o.place, o.category or "", o.at, o.id)):
        before = found[-1] if found else None
        if before and (before.place, before.category) == (one.place, one.category) and one.at - last <= HOUR:
            found[-1] = Episode(before.place, before.category, before.at, (*before.incidents, one.id))
        else:
            found.append(Episode(one.place, one.category, one.at, (one.id,)))
        last = one.at
    return found
