"""The audit trail as it is written: entries in the transactions that they tell of, and heads over all chains."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

from forebear.domain.audit import Entry, Head, Tip, entry, head
from forebear.graph.document import json_text
from forebear.graph.moments import moment
from forebear.graph.statements import audit
from forebear.store import Store, WriteTransaction
from forebear.store.upkeep import repeated

FACTS = "facts/"
"""How the subjects of batches of facts begin; the recorder's name follows, so that recorders do not wait for each other."""

MAX_GROWN = 1_000
"""The most chains of one head; where more grew, further heads follow at once."""


def digest(facts: Iterable[str]) -> str:
    """The SHA-256 of facts in canonical form: each as JSON with sorted keys and without spaces, a line each."""
    lines = hashlib.sha256()
    for fact in facts:
        lines.update(fact.encode())
        lines.update(b"\n")
    return lines.hexdigest()


class Chains:
    """Appends entries to chains."""

    def __init__(self) -> None:
        # Where chains ended when this process wrote last: a guess, which the statement holds against the chain it has locked.
        self._tips: dict[str, Tip] = {}

    async def append(self, transaction: WriteTransaction, *, told: object, **said: Any) -> Entry:
        """Appends what is `said` of a change, as `domain.audit.entry` takes it; the outbox is `told` what came of it.

        The chain stays locked until the transaction ends, so this is the last thing that a transaction does.
        """
        subject = said["subject"]
        tip = self._tips.get(subject)
        while True:
            new = entry(tip.length if tip else 0, tip.hash if tip else None, **said)
            outbox = {
                # In the order of time, which is the order of delivery.
                "id": f"{new.at}/0000/{new.id}",
                "at": new.at,
                "event": new.action,
                "subject": subject,
                "payload": json_text({"entry": new.id, "by": new.by, "after": told}),
            }
            (answer,) = await transaction.run(audit.APPEND, {"entry": new.properties, "outbox": outbox})
            if answer["written"]:
                self._tips[subject] = Tip(new.number + 1, new.hash)
                return new
            hash = cast(str | None, answer["hash"])
            tip = Tip(cast(int, answer["length"]), hash) if hash else None


# ── heads ───────────────────────────────────────────────────────────────────────────────────────────────────


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
