"""How many statements read at once: a few heavy ones, which small ones pass."""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from forebear.store.errors import Overloaded, StatementTimeout, StoreError

HEAVY_SECONDS = 0.05
"""A statement that has run for so long is heavy, and moves to a heavy place when one is free."""

KNOWN_SECONDS = 0.25
"""The text of a statement that has run for so long is heavy: it waits for a heavy place until it takes less again."""

OVERDUE_SECONDS = 0.5
"""A statement that has run for so long in a small place is broken off if too many others have as well."""

HEAVY = 4
"""How many heavy statements run at once."""

SMALL = 16
"""How many others run at once. At most half of them are heavy ones for which no heavy place was free."""

WAITING = 32
"""How many heavy statements may wait for a place. More are refused. Small ones wait, if it is not for too long."""

REMEMBERED = 1_000
"""How many heavy texts are remembered."""


class _Lane:
    def __init__(self, places: int, most: float) -> None:
        self.places = places
        self._most = most
        self.free = places
        self.mean = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self, seconds: float) -> None:
        """Take a place within so many seconds. Raises `Overloaded`, early if that is certain."""
        if self.free > 0:
            self.free -= 1
            return
        self._waiting = deque(w for w in self._waiting if not w.done())
        expected = (len(self._waiting) + 1) * self.mean / self.places
        if len(self._waiting) >= self._most or expected > seconds:
            raise Overloaded(expected)
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            async with asyncio.timeout(seconds):
                await place
        except (TimeoutError, asyncio.CancelledError) as error:
            if place.done() and not place.cancelled():
                self.leave()
            if isinstance(error, TimeoutError):
                raise Overloaded(expected) from None
            raise

    def leave(self) -> None:
        """Hand the place on to whoever has waited longest."""
        while self._waiting:
            if not (place := self._waiting.popleft()).done():
                place.set_result(None)
                return
        self.free += 1


class Lanes:
    """The places of the statements that one engine runs.

    `limit`: for how many seconds the engine goes on with a statement that nobody waits for any more; 0 if it stops at once. The
    statement keeps its place for that time.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._heavy, self._small = _Lane(HEAVY, WAITING), _Lane(SMALL, math.inf)
        self._texts: OrderedDict[str, None] = OrderedDict()
        self._overdue = 0

    @asynccontextmanager
    async def place(self, text: str, seconds: float) -> AsyncIterator[None]:
        """Hold a place for a statement, after waiting at most so many seconds. Raises `Overloaded`."""
        lane = await self._enter(text, seconds)
        loop = asyncio.get_running_loop()
        started, overdue, ended = loop.time(), False, False
        growing: asyncio.TimerHandle

        def grew() -> None:
            nonlocal lane, overdue, growing
            took = loop.time() - started
            if took >= KNOWN_SECONDS:
                self._remember(text)
            if lane is self._small and self._heavy.free > 0:
                self._heavy.free -= 1
                self._small.leave()
                lane = self._heavy
                self._overdue -= overdue
                overdue = False
            elif lane is self._small and not overdue:
                overdue = True
                self._overdue += 1
            elif lane is self._small and took >= OVERDUE_SECONDS and self._overdue > SMALL // 2:
                overdue = False
                self._overdue -= 1
                deadline.reschedule(loop.time())
                return
            growing = loop.call_later(HEAVY_SECONDS, grew)

        growing = loop.call_later(HEAVY_SECONDS, grew)
        try:
            async with asyncio.timeout(None) as deadline:
                yield
                ended = True
        except TimeoutError:
            if deadline.expired():
                raise Overloaded(self._heavy.mean) from None
            raise
        except StoreError as error:
            ended = not isinstance(error, StatementTimeout)
            raise
        finally:
            growing.cancel()
            took = loop.time() - started
            self._overdue -= overdue
            if took < KNOWN_SECONDS:
                self._texts.pop(text, None)
            if lane is self._heavy:
                lane.mean += (took - lane.mean) / 8
            if ended or self._limit <= took:
                lane.leave()
            else:
                loop.call_later(self._limit - took, lane.leave)

    async def _enter(self, text: str, seconds: float) -> _Lane:
        if text not in self._texts:
            await self._small.enter(seconds)
            if text not in self._texts:
                return self._small
            # The text turned out to be heavy while this one waited.
            self._small.leave()
        await self._heavy.enter(seconds)
        return self._heavy

    def _remember(self, text: str) -> None:
        self._texts[text] = None
        self._texts.move_to_end(text)
        if len(self._texts) > REMEMBERED:
            self._texts.popitem(last=False)
