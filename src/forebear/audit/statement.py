"""The audit statements about one thing, and which of them is the last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

NEAR = timedelta(seconds=60)
"""If entries of two chains are no further apart, either may be the later one: each was stamped when it began."""


@dataclass(frozen=True, slots=True, eq=False)
class AuditStatement:
    """The last word of a chain about something: its value, or that a node or link was retracted."""

    chain: str
    number: int
    at: str
    value: Any

    @property
    def entry(self) -> str:
        return f"{self.chain}#{self.number}"


def last(statements: Iterable[AuditStatement], ends: Iterable[AuditStatement]) -> list[AuditStatement]:
    """Return the statements that may be the last one by time: the last of each chain, if it is near the last of all."""
    of_chain: dict[str, list[AuditStatement]] = defaultdict(list)
    for s in (*ends, *statements):
        newest_of_chain = of_chain[s.chain]
        if not newest_of_chain or newest_of_chain[0].number == s.number:
            newest_of_chain.append(s)
        elif newest_of_chain[0].number < s.number:
            of_chain[s.chain] = [s]
    ordered = sorted((s for each in of_chain.values() for s in each), key=lambda s: s.at)
    newest = datetime.fromisoformat(ordered[-1].at)
    return [s for s in ordered if newest - datetime.fromisoformat(s.at) <= NEAR]
