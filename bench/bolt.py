"""Bolt alone: the hand-written statement by the official driver. No service can be faster."""

from __future__ import annotations

from typing import Any

from neo4j import READ_ACCESS, AsyncDriver

from bench.questions import Answer, Question


class Bolt:
    """Asks by auto-commit reads, one session a question, as a service would."""

    name = "Bolt alone"

    def __init__(self, driver: AsyncDriver) -> None:
        self._driver = driver

    def prepare(self, question: Question, variables: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return question.cypher, variables

    async def ask(self, prepared: tuple[str, dict[str, Any]]) -> Answer:
        async with self._driver.session(database="neo4j", default_access_mode=READ_ACCESS, fetch_size=-1) as session:
            result = await session.run(*prepared)
            return [dict(record) async for record in result]

    def read(self, question: Question, answer: Answer) -> Answer:
        return question.read(answer[0]) if answer else []
