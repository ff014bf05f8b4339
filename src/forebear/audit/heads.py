"""Heads over all chains of the audit trail. They show if an entry or a chain is gone."""

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
"""The most chains of one head. If more grew, further heads follow at once."""


async def write_heads(store: Store) -> Head | None:
    """Write heads until they cover every chain. Return the last one, or None without any chain. Raises `StoreError`."""
    while True:
        last, locked = await store.write(_write_head)
        if locked < MAX_GROWN:
            return last


async def _write_head(transaction: WriteTransaction) -> tuple[Head | None, int]:
    at = moment(datetime.now(UTC))
    # Lock first. That waits for another head that is being written, which is then the last one.
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
    """Write a head at once, and again every `seconds`, but only if a chain grew."""
    return repeated(partial(write_heads, store), seconds, "no audit head could be written")
