"""Which difference explains incidents: how long the answer takes with 10,000 robots and about 1,000 incidents."""

from __future__ import annotations

import statistics
from itertools import islice
from time import perf_counter

from bench.graphql import Refused
from forebear.app import Forebear
from forebear.cli import warehouses
from forebear.settings import Settings
from tests.record.asking import ask, history

ROBOTS, INCIDENTS = 10_000, 1_000
BATCH = 2_000
ASKED = """query ($about: SuspectsAbout!) { suspects(about: $about) { standing episodes hours tests suspects {
    rank standing names { dimension value } incidentsWith hoursWith incidentsWithout hoursWithout adjustedP rateRatio } } }"""


async def measure(settings: Settings, rounds: int = 5) -> float:
    """Records the further fleet of the demo with more robots, and asks: the median in seconds, warm. Raises `Refused`."""
    facts = warehouses.facts(ROBOTS, warehouses.HOURS_PER_DROP * ROBOTS * 154 / warehouses.ROBOTS / INCIDENTS)
    about = {"selection": {"category": warehouses.DROPPED}}
    took: list[float] = []
    async with Forebear.open(settings) as registry:
        while batch := [*islice(facts, BATCH)]:
            await history(registry, *batch)
        for _ in range(1 + rounds):
            began = perf_counter()
            first = (await ask(registry, ASKED, about=about))["suspects"]["suspects"][0]
            took.append(perf_counter() - began)
            if first["names"] != [{"dimension": "DatasetVersion", "value": warehouses.CAUSE}]:
                raise Refused(f"suspects: {first}")
    return statistics.median(took[1:])
