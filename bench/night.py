"""The night of an incident: what ran on a robot, and the card of an incident, over HTTP on a graph of any size."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import msgspec
from neo4j import AsyncDriver

from bench.forebear import Forebear
from bench.graphql import Refused
from bench.measure import Timing
from bench.questions import SAMPLED
from bench.wire import Wire
from forebear.view.incidents import INCIDENT


@dataclass(frozen=True)
class Asked:
    """A question as GraphQL, what `$id` is in turn, and how long 95 % of its answers may take."""

    name: str
    document: str
    ids: Sequence[str]
    limit: float
    """In ms."""


NIGHT = (
    Asked(
        "whatWasRunning of a robot",
        """query ($id: ID!) { whatWasRunning(place: $id) { nodes { robot { id } standing observed { id } observedVersion { id }
          intended { id } deployment { id } authorized basis lastSeenAt fleets { id } sites { id } customers { id } } } }""",
        [f"robot:p{p}-f{f}-r1" for p in SAMPLED for f in (0, 1)],
        20.0,
    ),
    Asked(
        "the card of an incident", INCIDENT, [f"incident:p{p}-f{f}-{i}" for p in SAMPLED for f in (0, 1) for i in (0, 1)], 100.0
    ),
)


async def measure(driver: AsyncDriver, ours: Forebear, rounds: int) -> dict[str, Timing]:
    """How long each takes: the first time, with Neo4j's plans forgotten, and then warm. Raises `Refused`."""
    return {asked.name: await _timed(driver, Wire(ours.port), asked, rounds) for asked in NIGHT}


async def _timed(driver: AsyncDriver, wire: Wire, asked: Asked, rounds: int) -> Timing:
    requests = [wire.request(asked.document, {"id": id}) for id in asked.ids]
    await driver.execute_query("CALL db.clearQueryCaches()", database_="neo4j")
    first = _seconds(wire, requests[0])
    for answer in (msgspec.json.decode(wire.send(request)) for request in requests):
        if answer.get("errors") or not _leaves(answer["data"]):
            raise Refused(f"{asked.name}: {answer}")
    took = [_seconds(wire, requests[n % len(requests)]) for n in range(2 * rounds)][rounds:]  # the first half warms
    return Timing(1e3 * first, 1e3 * statistics.median(took), 1e3 * statistics.quantiles(took, n=20)[-1])


def _seconds(wire: Wire, request: bytes) -> float:
    began = perf_counter()
    wire.send(request)
    return perf_counter() - began


def _leaves(tree: Any) -> int:
    """How many values an answer has: one that knows nothing would be fast."""
    if isinstance(tree, dict | list):
        return sum(map(_leaves, tree.values() if isinstance(tree, dict) else tree))
    return tree is not None
