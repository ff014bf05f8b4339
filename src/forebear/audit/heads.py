"""Heads over all chains of the audit trail: they make it visible when an entry or a chain is gone."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

from forebear.audit.chain import Head, Tip, head
from forebear.graph.moments import moment
from forebear.graph.statements import audit
from forebear.store import Store, WriteTransaction
from forebear.store.upkeep import repeated

MAX_GROWN = 1_000
"""The most chains of one head; where more grew, further heads follow at once."""


async def write_heads(store: Store) -> Head | None:
    """Writes heads until they cover every chain; answers the last, `None` where there is no chain. Raises `StoreError`."""
    while True:
        last, locked = await store.write(_write_head)
        if locked < MAX_GROWN:
            return last


async def _write_head(transaction: WriteTransaction) -> tuple[Head | None, int]:
    at = moment(datetime.now(UTC))
    # Asked for first, since it waits for another head that is being written: that is the last one then.
    locked = await transaction.run(audit.LOCK_GROWN, {"most": MAX_GROWN})
    subjects = [row["subject"] for row in locked]
    grown = cast(list[dict[str, Any]], await transaction.run(audit.GROWN, {"subjects": subjects}) if subjects else [])
    rows = await transaction.run(audit.LAST_HEAD)
    last = Head.stored(cast(dict[str, Any], rows[0]["head"])) if rows else None
    if not grown:
        return last, len(locked)
    tips = {row["subject"]: (row["covered"], Tip(row["length"], row["hash"])) for row in grown}
    last = head(last, at=at, grown=tips)
    await transaction.run(audit.COVER, {"head": last.properties, "grown": grown})
    return last, len(locked)


def heads_kept(store: Store, seconds: float) -> AbstractAsyncContextManager[None]:
    """Writes a head at once, and again whenever so many seconds have passed; only where a chain grew."""
    return repeated(partial(write_heads, store), seconds, "no audit head could be written")
