"""How long systems take for the same questions, asked in turn: what else the machine does hits all alike."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol

from neo4j import AsyncDriver

from bench.questions import Answer, Question


class System(Protocol):
    """What answers questions."""

    @property
    def name(self) -> str: ...

    def prepare(self, question: Question, variables: dict[str, Any]) -> Any:
        """A request, made before the clock starts."""

    async def ask(self, prepared: Any) -> Any:
        """What the clock sees: the request sent and the whole answer there."""

    def read(self, question: Question, answer: Any) -> Answer:
        """What must be alike in all systems. Raises where the answer is an error."""


class Disagreement(Exception):
    """Two systems answered differently, so their times say nothing."""


@dataclass(frozen=True)
class Timing:
    """How long one system took for one question, in ms."""

    first: float
    """With Neo4j's plans forgotten."""
    p50: float
    p95: float


async def measure(driver: AsyncDriver, systems: Sequence[System], question: Question, rounds: int) -> dict[str, Timing]:
    """Each system's times for a question, by its name, over so many requests. Raises `Disagreement`."""
    prepared = _prepared(systems, question)
    firsts = {}
    for system in systems:
        await driver.execute_query("CALL db.clearQueryCaches()", database_="neo4j")
        firsts[system.name] = await _timed(system, prepared[system.name][0])
    await _agree(systems, question, prepared)
    times: dict[str, list[float]] = {system.name: [] for system in systems}
    for n in range(-rounds, rounds):  # the first half settles plans and caches
        for offset in range(len(systems)):
            system = systems[(n + offset) % len(systems)]
            variants = prepared[system.name]
            took = await _timed(system, variants[n % len(variants)])
            if n >= 0:
                times[system.name].append(took)
    return {
        name: Timing(firsts[name], statistics.median(took), statistics.quantiles(took, n=20)[-1])
        for name, took in times.items()
    }


async def warm(systems: Sequence[System], questions: Sequence[Question], seconds: float) -> None:
    """Asks everything for a while, so that no question pays for the code that an engine compiles."""
    prepared = [(s, p) for question in questions for s in systems for p in _prepared([s], question)[s.name]]
    until = perf_counter() + seconds
    while perf_counter() < until:
        for system, request in prepared:
            await system.ask(request)


def _prepared(systems: Sequence[System], question: Question) -> dict[str, list[Any]]:
    """Every variant of a question as a request, by the system's name."""
    return {s.name: [s.prepare(question, variables) for variables in question.variables] for s in systems}


async def _timed(system: System, prepared: Any) -> float:
    began = perf_counter()
    await system.ask(prepared)
    return (perf_counter() - began) * 1e3


async def _agree(systems: Sequence[System], question: Question, prepared: dict[str, list[Any]]) -> None:
    size = 0
    for n, variables in enumerate(question.variables):
        answers = {s.name: s.read(question, await s.ask(prepared[s.name][n])) for s in systems}
        (name, expected), *others = answers.items()
        size += len(expected)
        for other, answer in others:
            if answer != expected:
                raise Disagreement(
                    f"{question.name} {variables}: {name} and {other} answer differently: "
                    f"{len(expected)} and {len(answer)} rows, such as {expected[:1]} and {answer[:1]}"
                )
    if not size:
        raise Disagreement(f"{question.name}: every answer is empty")
