"""Work that takes long without waiting for anything: done in threads, so that others are answered meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from forebear.store.errors import Overloaded

THREADS = 2
"""How many threads there are: more would only take turns."""

MAX_WAITING = 50
"""How much work may wait for a thread; more is refused, as what is to be tried again."""

P = ParamSpec("P")
T = TypeVar("T")


class Beside:
    """Threads for the long work of one service."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, "beside")
        self._open = 0

    async def run(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """What `work` returns, called in a thread. Raises `Overloaded` where too much waits already."""
        if self._open >= THREADS + MAX_WAITING:
            raise Overloaded
        self._open += 1
        future = self._threads.submit(work, *arguments, **named)
        loop = asyncio.get_running_loop()
        # Also what nobody waits for any more takes a thread until it ends.
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._ended))
        return await asyncio.wrap_future(future)

    def _ended(self) -> None:
        self._open -= 1
