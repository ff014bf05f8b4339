"""Migrations: numbered steps that bring a database of an older version of Forebear up to this one. Each is taken once.

They run when the store is opened, before anything is answered. If several services start together, a claim in the database says
who works at a step, and the others wait. A claim that is not renewed ends, so after a crash the next service goes on. A step
may be repeated from the beginning. It writes nothing that is done already.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast

import structlog

from forebear.actions.permits import BATCH, mend
from forebear.domain.artifact import TAKEN_AWAY
from forebear.graph.kinds.release import ArtifactState
from forebear.graph.moments import moment
from forebear.graph.statements.archive import ids
from forebear.store import Store, WriteTransaction
from forebear.store.statements import statements

_log = structlog.get_logger(__name__)

CLAIM = timedelta(seconds=15)
"""How long a claim holds without renewal. A part of a step takes far less."""

PAUSE = 0.5
"""How many seconds a service waits before it looks again whether another one finished a step."""


@dataclass(frozen=True)
class Migration:
    """A step: its name, what it does in one sentence, and its work, part by part, each with how much it changed."""

    name: str
    doc: str
    work: Callable[[Store], AsyncIterator[int]]


class Displaced(Exception):
    """Another service has claimed the step, since a part of it took too long here."""


async def migrate(store: Store, steps: Iterable[Migration] | None = None) -> list[str]:
    """Take the steps that a database has not had. Return their names. Raises `StoreError`."""
    by = secrets.token_hex(8)
    applied = []
    for step in MIGRATIONS if steps is None else steps:
        while not (claim := await _claim(store, step, by))["finished"]:
            if not claim["claimed"]:
                _log.info("waiting for another service's migration", migration=step.name)
                await asyncio.sleep(PAUSE)
                continue
            try:
                changed = await _take(store, step, by)
            except Displaced:
                continue
            await store.write(partial(_run, "finish", {"id": step.name, "now": moment(datetime.now(UTC))}))
            applied.append(step.name)
            _log.info("migrated", migration=step.name, changed=changed)
    return applied


async def reopen(store: Store, had: int) -> None:
    """Make all steps after the first `had` run again, for a restored graph. Raises `StoreError`."""
    await store.write(partial(_run, "reopen", {"ids": [step.name for step in MIGRATIONS[had:]]}))


async def _take(store: Store, step: Migration, by: str) -> int:
    changed = 0
    async for part in step.work(store):
        changed += part
        if not (await _claim(store, step, by))["claimed"]:
            raise Displaced
    return changed


async def _claim(store: Store, step: Migration, by: str) -> Mapping[str, Any]:
    now = datetime.now(UTC)
    parameters = {"id": step.name, "by": by, "now": moment(now), "until": moment(now + CLAIM)}
    (answer,) = await store.write(partial(_run, "claim", parameters))
    return answer


async def _run(name: str, parameters: Mapping[str, Any], transaction: WriteTransaction) -> list[Mapping[str, Any]]:
    return [*await transaction.run(statements("migrations")[name], parameters)]


# ── the steps ───────────────────────────────────────────────────────────────────────────────────────────────


async def _permits(store: Store) -> AsyncIterator[int]:
    for row in await store.read(statements("migrations")["0001_taken_away"]):
        yield await store.write(partial(_date, cast(Mapping[str, Any], row)))
    releases = sorted(str(row["id"]) for row in await store.read(ids("Release")))
    for n in range(0, len(releases), BATCH):
        yield await mend(store, releases[n : n + BATCH])


async def _date(row: Mapping[str, Any], transaction: WriteTransaction) -> int:
    """Set the moment from which an artifact must not be used, from the revision that changed its state."""
    states = list(row["stood"])
    after = [*(before["state"] for before in states[1:]), row["state"]]
    values: dict[str, str] = {}
    revisions = []
    for before, state in zip(states, after if states else (), strict=True):
        if values:
            revisions.append({"id": before["id"], "values": dict(values)})
        if state != before["state"] and state in TAKEN_AWAY:
            values[TAKEN_AWAY[ArtifactState(state)]] = before["revisedAt"]
    if not values:
        return 0
    parameters = {"artifacts": [{"id": row["id"], "values": values}], "revisions": revisions}
    await transaction.run(statements("migrations")["0001_date"], parameters)
    return len(revisions) + 1


MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "0001_permits",
        "Writes when releases may go on running, and since when artifacts must not be used, with the moments at which what "
        "caused it was recorded.",
        _permits,
    ),
)
"""All steps, in order. Archives say how many their graph has had."""
