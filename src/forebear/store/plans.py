"""The statements that the engine has planned, so that planning takes no time from an answer."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping
from contextlib import suppress

from forebear.store.errors import StatementFailed, StoreError

MAX_PLANS = 500
"""How many plans the engine is assumed to keep. Neo4j keeps 1,000 by default."""

Key = tuple[str, Hashable]


class Plans:
    """The plans of one engine. If several ask for the same new one, the first has it made and the others wait."""

    def __init__(self, make: Callable[[str, Mapping[str, object]], Awaitable[None]]) -> None:
        self._make = make
        self._made: OrderedDict[Key, None] = OrderedDict()
        self._making: dict[Key, asyncio.Task[None]] = {}

    async def ready(self, text: str, parameters: Mapping[str, object]) -> None:
        """Wait until a statement is planned. Raises `StoreError`.

        If the caller stops waiting, planning goes on, so that the next one finds it done.
        """
        key = text, tuple((name, _size(value)) for name, value in parameters.items())
        if key in self._made:
            self._made.move_to_end(key)
            return
        task = self._making.get(key)
        if task is None:
            task = self._making[key] = asyncio.create_task(self._plan(key, text, parameters))
            # When it fails, maybe nobody waits any more, so take the error here.
            task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        await asyncio.shield(task)

    def doubt(self, text: str) -> None:
        """Have a statement planned again before it runs again: the graph may have outgrown its plan."""
        for key in [key for key in self._made if key[0] == text]:
            del self._made[key]

    async def close(self) -> None:
        """Stop planning."""
        for task in (tasks := [*self._making.values()]):
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError, StoreError):
                await task

    async def _plan(self, key: Key, text: str, parameters: Mapping[str, object]) -> None:
        try:
            # A statement that cannot be planned fails again when it runs, with a better message.
            with suppress(StatementFailed):
                await self._make(text, parameters)
            self._made[key] = None
            if len(self._made) > MAX_PLANS:
                self._made.popitem(last=False)
        finally:
            del self._making[key]


def _size(value: object) -> Hashable:
    """Return a parameter's part of the key of a plan on Neo4j: its type, and the order of magnitude of its length."""
    return type(value), len(str(len(value))) if isinstance(value, (str, list)) else 0
