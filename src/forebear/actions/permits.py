"""Mending the intervals in which releases may go on running, if they do not follow from the releases' history.

An action writes them itself. Imported history and older versions of Forebear leave them out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial

import msgspec

from forebear.domain.permit_history import History, mending
from forebear.graph.moments import moment
from forebear.store import Store, WriteTransaction
from forebear.store.statements import statements

BATCH = 200
"""How many releases one transaction mends."""

RECORDER = "evaluation"
"""The name under which an unexplained interval is retracted."""


async def mend(store: Store, releases: Iterable[str]) -> int:
    """Mend the intervals of releases. Return how many were added or retracted. Raises `StoreError`."""
    ids = sorted({*releases})
    return sum([await store.write(partial(mend_within, releases=ids[n : n + BATCH])) for n in range(0, len(ids), BATCH)])


async def mend_unsettled(store: Store) -> int:
    """Mend the intervals of the releases whose state contradicts them. Raises `StoreError`."""
    rows = await store.read(statements("permits")["unsettled"], {"now": moment(datetime.now(UTC))})
    return await mend(store, (str(row["release"]) for row in rows))


async def mend_within(
    transaction: WriteTransaction, releases: Sequence[str], versions: Sequence[str] = (), decisions: Sequence[str] = ()
) -> int:
    """Mend the intervals of releases, of the versions' releases, and of those that decisions are about.

    Return how many were added or retracted. Raises `StoreError`.
    """
    if not (releases or versions or decisions):
        return 0
    text = statements("permits")
    named = {"releases": [*releases], "versions": [*versions], "decisions": [*decisions]}
    rows = await transaction.run(text["history"], named)
    now = moment(datetime.now(UTC))
    changes = [mending(msgspec.convert(row, History), now, RECORDER) for row in rows]
    retired = [each for change in changes for each in change.retired]
    permits = [each for change in changes for each in change.current]
    former = [each for change in changes for each in change.former]
    if retired:
        await transaction.run(text["retire"], {"retired": retired})
    if permits or former:
        await transaction.run(text["record"], {"current": permits, "former": former})
    return len(retired) + len(permits) + len(former)
