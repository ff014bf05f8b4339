"""Reading the outbox as it grows, each message once, each subject's in the order of its numbers.

Reading locks nothing. A message may appear late, with an id before others that are there already, by the write timeout at most.
So what is younger than that is read again and again, until it is settled.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from forebear.domain.webhook import unsettled
from forebear.graph.moments import moment
from forebear.store import Store
from forebear.store.statements import statements


class Tail:
    """The messages since an id or a moment. `late` is how long after its moment a message may still appear."""

    def __init__(self, store: Store, since: str, late: timedelta) -> None:
        self.since = since
        self._store = store
        self._late = late
        self._seen: set[str] = set()
        self._settled = since

    async def new(self) -> list[str]:
        """Return the ids of the messages that were not taken yet. Raises `StoreError`."""
        self._settled = moment(datetime.now(UTC) - self._late)
        first = await self._entries()
        return [] if self._seen.issuperset(first) else unsettled(self._seen, first, await self._entries())

    def take(self, entries: Iterable[str]) -> None:
        """Note that all that `new` returned last is taken."""
        self._seen.update(entries)
        if self._settled > self.since:
            self.since = self._settled
            self._seen = {entry for entry in self._seen if entry >= self.since}

    async def _entries(self) -> list[str]:
        rows = await self._store.read(statements("webhooks")["entries_since"], {"since": self.since})
        return [str(row["id"]) for row in rows]
