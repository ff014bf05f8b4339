"""A GraphQL service that is asked over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from bench.questions import Answer, Question
from bench.wire import Wire


class Refused(Exception):
    """A service answered with errors, so there is nothing to time."""


class GraphQL:
    """Asks a service by its own document of a question; the clock sees bytes, not their meaning."""

    def __init__(
        self,
        name: str,
        port: int,
        document: Callable[[Question], str],
        read: Callable[[Question, Answer], Answer],
    ) -> None:
        self.name = name
        self._document = document
        self._read = read
        self._wire = Wire(port)

    def prepare(self, question: Question, variables: dict[str, Any]) -> bytes:
        return self._wire.request(self._document(question), variables)

    async def ask(self, prepared: bytes) -> bytes:
        return self._wire.send(prepared)

    def read(self, question: Question, answer: bytes) -> Answer:
        response = msgspec.json.decode(answer)
        if response.get("errors"):
            raise Refused(f"{self.name}, {question.name}: {response['errors']}")
        return self._read(question, response["data"])
