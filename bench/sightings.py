"""How long 10,000 robots take that say what they run: once when all of it is new, and again when nothing is."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import httpx

from bench.forebear import Forebear
from bench.process import Unavailable
from forebear.graph.moments import moment

ROBOTS = 10_000
SECONDS = 1.0
"""How long sightings of so many robots may take that say nothing new."""


@dataclass(frozen=True)
class Sighted:
    """Seconds over HTTP: of sightings that are all new, and the first, the median and the longest of those that are not."""

    new: float
    first: float
    median: float
    longest: float


def measure(ours: Forebear, rounds: int) -> Sighted:
    """Posts sightings of all robots. Raises `Unavailable` if one is not taken as it should be."""
    began = datetime.now(UTC) - timedelta(days=1)
    with httpx.Client(timeout=300, trust_env=False) as client:
        took = [_posted(client, ours, moment(began + timedelta(minutes=n)), new=n == 0) for n in range(rounds + 1)]
    new, first, *others = took
    return Sighted(new, first, statistics.median(others), max(others))


def _posted(client: httpx.Client, ours: Forebear, at: str, *, new: bool) -> float:
    sightings = [{"robot": f"robot:sighted-{n}", "digest": f"sha256:{n % 5:064x}", "at": at} for n in range(ROBOTS)]
    start = perf_counter()
    response = client.post(f"http://127.0.0.1:{ours.port}/sightings", json=sightings)
    seconds = perf_counter() - start
    outcome: dict[str, Any] = response.json()
    if len(outcome.get("changed", ())) != (ROBOTS if new else 0) or outcome.get("rejected"):
        raise Unavailable(f"sightings were not taken: {response.text[:500]}")
    return seconds
