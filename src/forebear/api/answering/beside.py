"""Long computations, done in threads so that others are answered meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from forebear.store.errors import Overloaded

THREADS = 2
"""How many threads there are. More would only take turns."""

MAX_WAITING = 50
"""How much work may wait for a thread. More is refused, and the client should try again."""

P = ParamSpec("P")
T = TypeVar("T")


class Beside:
    """Threads for the long work of one service."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, "beside")
        self._open = 0

    async def run(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Call `work` in a thread, and return its result. Raises `Overloaded` if too much waits already."""
        if self._open >= THREADS + MAX_WAITING:
            raise Overloaded
        self._open += 1
        future = self._threads.submit(work, *arguments, **named)
        loop = asyncio.get_running_loop()
        # Work keeps its thread until it ends, even if nobody waits for it any more.
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._ended))
        return await asyncio.wrap_future(future)

    def _ended(self) -> None:
        self._open -= 1
