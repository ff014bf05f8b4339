"""What audit entries say of one thing, and what of it is the last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

NEAR = timedelta(seconds=60)
"""Of entries of two chains that are no further apart, either may be the later one: each was stamped when it began."""


@dataclass(frozen=True, slots=True, eq=False)
class AuditStatement:
    """What a chain says last of something: its value, whether it is there or, of a node or link, that it was taken back."""

    chain: str
    number: int
    at: str
    value: Any

    @property
    def entry(self) -> str:
        return f"{self.chain}#{self.number}"


def last(statements: Iterable[AuditStatement], ends: Iterable[AuditStatement]) -> list[AuditStatement]:
    """Of what is said of one thing, what may be the last, by time: the last of each chain, where it is near the last of all."""
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
