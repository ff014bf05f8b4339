"""Appending to the audit trail: entries, in the transactions that they tell of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, cast

from forebear.audit.chain import Entry, Tip, entry
from forebear.graph.document import json_text
from forebear.graph.statements import audit
from forebear.store import WriteTransaction

FACTS = "facts/"
"""How the subjects of batches of facts begin; the recorder's name follows, so that recorders do not wait for each other."""


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
        """Appends what is `said` of a change, as `audit.chain.entry` takes it; the outbox is `told` what came of it.

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
