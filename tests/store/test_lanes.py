"""A few heavy statements run at once, small ones pass them, and what is too much is refused early."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from forebear.store import lanes
from forebear.store.errors import Overloaded, StatementFailed, StatementTimeout
from forebear.store.lanes import HEAVY, SMALL, WAITING, Lanes


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes 5 ms is heavy."""
    monkeypatch.setattr(lanes, "HEAVY_SECONDS", 0.005)
    monkeypatch.setattr(lanes, "KNOWN_SECONDS", 0.01)
    monkeypatch.setattr(lanes, "OVERDUE_SECONDS", 0.03)


@asynccontextmanager
async def running(places: Lanes, *texts: str) -> AsyncIterator[None]:
    """Statements that run for long."""
    async with AsyncExitStack() as stack:
        for text in texts:
            await stack.enter_async_context(places.place(text, 1))
        await asyncio.sleep(0.04)
        yield


async def runs(places: Lanes, text: str, seconds: float = 0.05) -> bool:
    """Whether a statement gets a place."""
    try:
        async with places.place(text, seconds):
            return True
    except Overloaded:
        return False


async def test_small_statements_pass_heavy_ones_and_heavy_ones_wait_for_each_other() -> None:
    places = Lanes(0)
    async with running(places, *["heavy"] * HEAVY):
        assert await runs(places, "small")
        assert not await runs(places, "heavy")
        waiting = asyncio.create_task(runs(places, "heavy", 1))
        await asyncio.sleep(0)
    assert await waiting


async def test_a_text_that_takes_little_again_is_small_again() -> None:
    places = Lanes(0)
    async with running(places, "mostly small"):
        pass
    assert await runs(places, "mostly small")
    async with running(places, *[f"heavy {n}" for n in range(HEAVY)]):
        assert await runs(places, "mostly small")


async def test_heavy_statements_that_nobody_knew_leave_places_for_small_ones() -> None:
    places = Lanes(0)

    async def heavy(n: int) -> str:
        try:
            async with places.place(f"new {n}", 1):
                await asyncio.sleep(0.2)
        except Overloaded:
            return "refused"
        return "done"

    tasks = [asyncio.create_task(heavy(n)) for n in range(SMALL)]
    await asyncio.sleep(0.1)
    assert await runs(places, "small")
    outcomes = await asyncio.gather(*tasks)
    assert (outcomes.count("done"), outcomes.count("refused")) == (HEAVY + SMALL // 2, SMALL - HEAVY - SMALL // 2)


async def test_what_would_wait_too_long_is_refused_at_once_and_told_when_to_come_back() -> None:
    places = Lanes(0)
    async with running(places, *["heavy"] * HEAVY):
        waiting = [asyncio.create_task(runs(places, "heavy", 1)) for _ in range(WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded) as refused:
            async with places.place("heavy", 60):
                pass
        assert refused.value.retry_after >= 1
    assert all(await asyncio.gather(*waiting))


async def test_an_abandoned_statement_keeps_its_place_until_the_engine_lets_go_of_it() -> None:
    places = Lanes(0.2)
    async with running(places, *["heavy"] * (HEAVY - 1)):

        async def abandoned() -> None:
            async with places.place("heavy", 1):
                await asyncio.sleep(60)

        task = asyncio.create_task(abandoned())
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not await runs(places, "heavy", 0.02)
        assert await runs(places, "heavy", 1)


@pytest.mark.parametrize("error", [StatementFailed(), StatementTimeout(1)])
async def test_a_statement_that_fails_gives_its_place_back(error: Exception) -> None:
    places = Lanes(0)
    for _ in range(2 * SMALL):
        with pytest.raises(type(error)):
            async with places.place("failing", 1):
                raise error
    assert await runs(places, "failing")
