"""First asks: how long an engine plans what nobody has asked it yet, for each question with all that it answers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import perf_counter

from forebear.app import Forebear
from forebear.graph.query.dialect import Engine
from forebear.settings import Settings
from forebear.store.statements import questions
from forebear.view.questions import likely_queries


@dataclass
class First:
    """The slowest first ask of a question, of those about different kinds, in seconds."""

    now: float = 0.0
    known: float = 0.0
    """The same `asKnownAt`; 0 for a question that is asked of now alone."""


async def measure(settings: Settings) -> dict[str, First]:
    """Asks each question for the first time: compiles its statement, and has an engine without plans plan it."""
    firsts: dict[str, First] = {}
    async with Forebear.open(settings) as registry:
        store, graph = registry.store, registry.schema.graph
        if store.engine is Engine.NEO4J:
            await store.read("CALL db.clearQueryCaches()")
        for question in questions(graph):
            if question.decided or question.verb != "query":
                continue
            first = firsts[question.name] = First()
            for document, variables in likely_queries(question, graph):
                began = perf_counter()
                for statement in await asyncio.to_thread(registry.executor.statements, document, variables):
                    await store.plans.ready(*statement)
                took = perf_counter() - began
                if "asKnownAt" in variables:
                    first.known = max(first.known, took)
                else:
                    first.now = max(first.now, took)
    return firsts
