"""Work that a service does from time to time, beside its answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

from forebear.store.errors import StoreError

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def repeated(work: Callable[[], Awaitable[object]], seconds: float, failing: str) -> AsyncIterator[None]:
    """Do some work at once, and again every `seconds`. Log what the store could not do."""

    async def keep() -> None:
        while True:
            try:
                await work()
            except StoreError as error:
                _log.warning(failing, error=str(error))
            await asyncio.sleep(seconds)

    task = asyncio.create_task(keep())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
