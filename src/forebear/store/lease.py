"""Leases: which of several services on one database does work that only one may do at a time.

A lease holds for `SECONDS` and is prolonged before it ends. If its holder dies, the next one takes it after that time. Services
compare moments, so their clocks may differ by a few seconds at most.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from forebear.graph.moments import moment
from forebear.graph.statements import lease
from forebear.store.bolt import Store, WriteTransaction

SECONDS = 20.0
"""How long a lease holds if nobody prolongs it."""

PROLONGED_SECONDS = 5.0
"""How old a lease is when its holder prolongs it."""


class Lease:
    """A lease of one name, as one service takes it. `clock` counts seconds."""

    def __init__(self, store: Store, name: str, clock: Callable[[], float] = monotonic) -> None:
        self._store = store
        self._name = name
        self._by = secrets.token_hex(8)
        self._clock = clock
        self._until: float | None = None

    def holds(self, seconds: float = 0) -> bool:
        """Return whether the lease is ours for so many seconds more."""
        return self._until is not None and self._clock() + seconds < self._until

    async def take(self) -> bool:
        """Take or prolong the lease, if that is due. Return whether it is ours. Raises `StoreError`."""
        if self.holds(SECONDS - PROLONGED_SECONDS):
            return True
        # On the embedded engine there is no other service, so the lease of one that died there binds nobody.
        if self._store.embedded is not None:
            self._until = self._clock() + SECONDS
            return True
        asked, now = self._clock(), datetime.now(UTC)
        until = moment(now + timedelta(seconds=SECONDS))
        taken = await self._run(lease.TAKE, {"id": self._name, "by": self._by, "now": moment(now), "until": until})
        self._until = asked + SECONDS if taken[0]["taken"] else None
        return self.holds()

    async def alone(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do some work if the lease is ours. Raises `StoreError`."""
        if await self.take():
            await work()

    async def end(self) -> None:
        """End the lease, so that another service need not wait. Raises `StoreError`."""
        if self._until is not None and self._store.embedded is None:
            await self._run(lease.END, {"id": self._name, "by": self._by})
        self._until = None

    async def _run(self, text: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        async def work(transaction: WriteTransaction) -> list[dict[str, Any]]:
            return await transaction.run(text, parameters)

        return await self._store.write(work)
