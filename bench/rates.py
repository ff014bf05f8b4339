"""A plant at work: sightings, facts and actions come at a steady rate, and reads go on beside them."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, count
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
import msgspec

from bench.actions import ACTS, company, shared
from bench.forebear import Forebear
from bench.process import Unavailable
from bench.questions import QUESTIONS
from forebear.graph.moments import moment

SIGHTINGS, FACTS, ACTIONS = 150, 40, 10
"""What comes a second."""

TOGETHER = 10
"""How many sightings a gateway sends at a time, and facts a recorder."""

READS = 20
"""How many questions are asked a second."""

WARM = 50
"""How often each is done before, one after the other."""

ROBOTS = 1_000
COMPANIES = 50
SLOWER = 2.0
"""How many times their quiet p95 reads may take."""

BEHIND = 5.0
"""How many seconds after it was due the last of all requests may be answered, or else the rate is not held."""


@dataclass(frozen=True)
class Rates:
    """A share of the rates, tried for some seconds, and p95 of reads in ms: without it, and beside it."""

    share: float
    seconds: float
    quiet: float
    busy: float
    refused: int
    """How many requests were refused as too much."""
    behind: float
    """How many seconds after it was due the last request was answered."""

    @property
    def held(self) -> bool:
        """Whether reads stayed quick, and nothing was refused or left behind."""
        return not self.refused and self.busy <= SLOWER * self.quiet and self.behind <= BEHIND


async def measure(ours: Forebear, workspace: Path, seconds: float) -> list[Rates]:
    """Tries all of the rates and, while that is not held, a smaller share of them. Raises `Unavailable`."""
    facts = chain(shared(), *(company(f"plant-{n}") for n in range(COMPANIES)))
    (file := workspace / "plant.ndjson").write_bytes(b"".join(msgspec.json.encode(fact) + b"\n" for fact in facts))
    ours.record(file)
    return await _measured(ours.port, seconds)


async def _measured(port: int, seconds: float) -> list[Rates]:
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
    tried: list[Rates] = []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120, trust_env=False, limits=limits) as client:
        plant = _Plant(client)
        # Everything is planned and every robot known before the clock starts.
        await plant.sighted(ROBOTS)
        for _ in range(WARM):
            for each in (plant.read, plant.read, plant.recorded, plant.acted, plant.reported):
                await each()
        plant.took.clear()
        await _steady(min(30, seconds), (READS, plant.read))
        quiet = _p95(plant.took)
        for share in (1.0, 0.75, 0.5, 0.25):
            plant.took.clear()
            plant.refused = 0
            behind = await _steady(
                seconds,
                (READS, plant.read),
                (share * SIGHTINGS / TOGETHER, plant.reported),
                (share * FACTS / TOGETHER, plant.recorded),
                (share * ACTIONS, plant.acted),
            )
            tried.append(Rates(share, seconds, quiet, _p95(plant.took), plant.refused, behind))
            if tried[-1].held:
                break
    return tried


class _Plant:
    """What comes from a plant. Each raises `Unavailable` if it is not taken."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.took: list[float] = []
        """How long each read took, in ms."""
        self.refused = 0
        self._client = client
        self._n = count()
        self._robot = count()
        self._questions = [question for question in QUESTIONS if question.bounded and question.ids]

    async def read(self) -> None:
        question = self._questions[(n := next(self._n)) % len(self._questions)]
        variables = {"id": question.ids[n % len(question.ids)]}
        began = perf_counter()
        await self._asked(question.forebear, variables)
        self.took.append(1e3 * (perf_counter() - began))

    async def sighted(self, robots: int) -> None:
        """Says of many robots what they run."""
        at = moment(datetime.now(UTC) - timedelta(seconds=1))
        said = [{"robot": f"robot:plant-{n}", "digest": f"sha256:{n % 5:064x}", "at": at} for n in range(robots)]
        await self._posted("/sightings", said)

    async def reported(self) -> None:
        at = moment(datetime.now(UTC) - timedelta(seconds=1))
        robots = [next(self._robot) for _ in range(TOGETHER)]
        # One sighting of a hundred says something new.
        said = [
            {"robot": f"robot:plant-{n % ROBOTS}", "digest": f"sha256:{(n + (n % 100 == 0) * n) % 5:064x}", "at": at}
            for n in robots
        ]
        await self._posted("/sightings", said)

    async def recorded(self) -> None:
        n = next(self._n)
        facts = [{"kind": "Run", "id": f"run:plant-{n}-{m}", "configuration": {"lr": m}} for m in range(TOGETHER)]
        await self._posted("/facts", facts)

    async def acted(self) -> None:
        n = next(self._n)
        (attach,) = (act for act in ACTS if act.verb == "attachEvidence")
        variables = attach.input(f"plant-{n % COMPANIES}")
        del variables["evidence"]["kind"]
        variables["evidence"]["id"] = f"evidence:plant-{n}"
        await self._asked(attach.mutation, variables)

    async def _asked(self, query: str, variables: dict[str, Any]) -> None:
        response = await self._client.post("/graphql", json={"query": query, "variables": variables})
        if self._is_refused(response):
            return
        answer = response.json()
        if "errors" in answer or "Refused" in str(answer["data"])[:200]:
            raise Unavailable(f"it was not answered: {answer}")

    def _is_refused(self, response: httpx.Response) -> bool:
        self.refused += response.status_code == 503
        return response.status_code == 503

    async def _posted(self, path: str, body: Any) -> None:
        response = await self._client.post(path, json=body)
        if self._is_refused(response):
            return
        if not response.is_success or response.json().get("rejected") or response.json().get("rejections"):
            raise Unavailable(f"{path} did not take it: {response.text[:500]}")


async def _steady(seconds: float, *streams: tuple[float, Callable[[], Coroutine[Any, Any, None]]]) -> float:
    """Sends streams at so many a second each, whether or not answers come. Return how late the last answer came."""
    began = perf_counter()

    async def due(rate: float) -> AsyncIterator[None]:
        for n in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, began + n / rate - perf_counter()))
            yield

    async def sent(rate: float, send: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async with asyncio.TaskGroup() as requests:
            async for _ in due(rate):
                requests.create_task(send())

    await asyncio.gather(*(sent(rate, send) for rate, send in streams))
    return perf_counter() - began - seconds


def _p95(took: list[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]
