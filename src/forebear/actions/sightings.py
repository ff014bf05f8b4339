"""Taking sightings: those that change nothing in one statement, and the others as decisions, some hundred at a time.

A robot tells every minute what it runs, and runs the same for weeks. So first one statement moves `lastSeenAt` on for all
sightings that say nothing new. Of the others the earliest of each robot is decided, which may leave the later ones nothing to
say, and so on until all are taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from forebear.domain.installation import Sighting
from forebear.domain.outcome import Done, Outcome, Reason, Refused
from forebear.graph.moments import moment
from forebear.store import Engine, Store, WriteTransaction
from forebear.store.statements import statements, unlocked
from forebear.verbs.sighting import cannot_be, sighting

PART = 200
"""How many sightings are decided in one transaction. While it lasts, its robots are locked."""

Documents = Sequence[Mapping[str, Any]]
Decide = Callable[[Documents], Awaitable[Outcome]]
"""Decides about sightings of different robots, in one transaction."""


async def take(store: Store, documents: Documents, decide: Decide) -> Outcome:
    """Take sightings, and return one outcome for all of them. Raises `StoreError`; what was taken by then stays.

    The same sightings again change nothing, so whoever gets no answer sends them again.
    """
    if not documents:
        return Refused((Reason("INVALID_INPUT", "sightings: is empty", "report a sighting at least"),))
    now = moment(datetime.now(UTC))
    sightings, rejected = await asyncio.to_thread(_possible, documents, now)
    left = sorted(sightings, key=lambda n: (sightings[n].robot, sightings[n].since, n))
    decided: set[int] = set()
    changed: list[str] = []
    undescribed: set[str] = set()
    while left:
        settled = await store.write(partial(_settle, store.engine, sightings={n: sightings[n] for n in left}))
        undescribed |= settled.undescribed
        left = [n for n in left if n not in settled.unchanged]
        first: dict[str, int] = {}
        for n in left:
            if n not in decided:
                first.setdefault(sightings[n].robot, n)
        if not first:
            break
        earliest = [*first.values()]
        for start in range(0, len(earliest), PART):
            part = earliest[start : start + PART]
            outcome = await decide([documents[n] for n in part])
            if not isinstance(outcome, Done):
                return outcome
            decided |= {*part}
            changed += outcome.changed
            undescribed |= {*outcome.undescribed}
            for reason in outcome.rejected:
                _, number, rest = reason.message.split(".", 2)
                rejected[part[int(number)]] = (replace(reason, message=f"sightings.{part[int(number)]}.{rest}"),)
    reasons = tuple(reason for n in sorted(rejected) for reason in rejected[n])
    if len(rejected) == len(documents):
        return Refused(reasons)
    ids = tuple(dict.fromkeys(changed))
    return Done(documents[0]["robot"], (), ids, not ids, tuple(sorted(undescribed)), reasons)


def _possible(documents: Documents, now: str) -> tuple[dict[int, Sighting], dict[int, tuple[Reason, ...]]]:
    """Return the sightings that can be, and the reasons against the others, by number."""
    sightings = dict(enumerate(map(sighting, documents)))
    rejected = {n: reasons for n, each in sightings.items() if (reasons := cannot_be(n, each, now))}
    return {n: each for n, each in sightings.items() if n not in rejected}, rejected


@dataclass(frozen=True)
class _Settled:
    """The numbers of sightings that changed nothing, and the nodes among theirs that nobody described."""

    unchanged: frozenset[int]
    undescribed: frozenset[str]


async def _settle(engine: Engine, transaction: WriteTransaction, sightings: Mapping[int, Sighting]) -> _Settled:
    """Move on when installations were seen last, as far as sightings say nothing else."""
    text = statements("sightings")
    # On the embedded engine writes take turns anyway, and locks take half of the time.
    unchanged = unlocked(text["unchanged"]) if engine is Engine.EMBEDDED else text["unchanged"]
    named: dict[tuple[str, str], int] = {}
    for each in sightings.values():
        named.setdefault((each.unknown, each.name), len(named))
    names = [{"n": n, "id": unknown, "name": name} for (unknown, name), n in named.items()]
    meant: dict[Any, Any] = {row["n"]: row["ids"] for row in await transaction.run(text["artifacts"], {"names": names})}
    rows = [
        {"n": n, "robot": each.robot, "at": each.since, "artifacts": ids}
        for n, each in sightings.items()
        if (ids := meant.get(named[each.unknown, each.name]))
    ]
    (row,) = await transaction.run(unchanged, {"rows": rows})
    found: Any = row
    return _Settled(frozenset(found["unchanged"]), frozenset(found["robots"]) | frozenset(found["artifacts"]))
