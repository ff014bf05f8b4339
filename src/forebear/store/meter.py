"""The statements of a piece of work, and their time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Meter:
    """How many statements a piece of work has run, and how many seconds it has waited for their rows."""

    statements: int = 0
    seconds: float = 0.0


_meter: ContextVar[Meter | None] = ContextVar("meter", default=None)


@contextmanager
def metered() -> Iterator[Meter]:
    """Meter the statements of the work inside, and of the tasks that it starts."""
    meter = Meter()
    token = _meter.set(meter)
    try:
        yield meter
    finally:
        _meter.reset(token)


def count(seconds: float) -> None:
    """Count a statement for its work, if that is metered."""
    if (meter := _meter.get()) is not None:
        meter.statements += 1
        meter.seconds += seconds
