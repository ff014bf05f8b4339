"""A new statement is planned once, for all who ask, and whoever gives up leaves that to go on."""

import asyncio
from collections.abc import Mapping

import pytest

from forebear.store import Store
from forebear.store.errors import EngineUnavailable, StatementFailed
from forebear.store.plans import MAX_PLANS, Plans


class Planner:
    """Plans when it is let, and remembers what."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.let = asyncio.Event()
        self.failure: Exception | None = None

    async def plan(self, text: str, parameters: Mapping[str, object]) -> None:
        self.texts.append(text)
        await self.let.wait()
        if self.failure:
            raise self.failure


async def test_one_has_it_planned_and_the_others_wait() -> None:
    planner = Planner()
    plans = Plans(planner.plan)
    asking = [asyncio.create_task(plans.ready("a", {"id": "x"})) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in asking)
    planner.let.set()
    await asyncio.gather(*asking)
    await plans.ready("a", {"id": "y"})
    assert planner.texts == ["a"]


async def test_it_stays_planned_though_its_first_asker_gave_up() -> None:
    planner = Planner()
    plans = Plans(planner.plan)
    asking = asyncio.create_task(plans.ready("a", {}))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    planner.let.set()
    await plans.ready("a", {})
    assert planner.texts == ["a"]


async def test_what_the_engine_plans_anew_for_is_planned_anew() -> None:
    planner = Planner()
    planner.let.set()
    plans = Plans(planner.plan)
    for parameters in (
        {"x": "a"},
        {"x": None},
        {"x": 1},
        {"x": "a" * 10},
        {"x": ["a"]},
        {"x": ["a"] * 10},
        {"x": "b"},
        {"x": 2},
    ):
        await plans.ready("a", parameters)
    assert planner.texts == ["a"] * 6
    plans.doubt("a")
    await plans.ready("a", {"x": "a"})
    assert planner.texts == ["a"] * 7


async def test_what_was_asked_least_lately_is_forgotten_first() -> None:
    planner = Planner()
    planner.let.set()
    plans = Plans(planner.plan)
    for i in range(MAX_PLANS):
        await plans.ready(str(i), {})
    for text in ("0", "new", "0", "1"):
        await plans.ready(text, {})
    assert planner.texts[MAX_PLANS:] == ["new", "1"]


async def test_an_engine_that_is_not_there_is_said_and_what_it_refuses_is_left_to_the_statement() -> None:
    planner = Planner()
    planner.let.set()
    plans = Plans(planner.plan)
    planner.failure = EngineUnavailable(1)
    with pytest.raises(EngineUnavailable):
        await plans.ready("a", {})
    planner.failure = StatementFailed()
    await plans.ready("a", {})
    assert planner.texts == ["a", "a"]


async def test_what_is_being_planned_ends_with_the_store() -> None:
    planner = Planner()
    plans = Plans(planner.plan)
    asking = asyncio.create_task(plans.ready("a", {}))
    await asyncio.sleep(0)
    await plans.close()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_a_statement_has_its_whole_time_for_its_answer_however_long_it_is_planned(store: Store) -> None:
    parts = (f"COUNT {{ MATCH (a{i}:Nothing)-[r{i}]->(b{i}:Nobody)<-[s{i}]-(c{i}) }}" for i in range(40))
    assert await store.read(f"RETURN {' + '.join(parts)} + $n AS n", {"n": 1}, timeout=1) == [{"n": 1}]
