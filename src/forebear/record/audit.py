"""The audit trail as it is written: an entry for each batch of facts, in the transaction of the batch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, cast

from forebear.domain.audit import Entry, Tip, entry
from forebear.graph import audit
from forebear.graph.facts import json_text
from forebear.store import WriteTransaction


def digest(documents: Iterable[object]) -> str:
    """The SHA-256 of facts in canonical form: each as JSON with sorted keys and without spaces, a line each."""
    lines = hashlib.sha256()
    for document in documents:
        lines.update(json_text(document).encode())
        lines.update(b"\n")
    return lines.hexdigest()


class Trail:
    """Appends entries to chains."""

    def __init__(self) -> None:
        # Where chains ended when this process wrote last: a guess, which the statement holds against the chain it has locked.
        self._tips: dict[str, Tip] = {}

    async def append(self, transaction: WriteTransaction, *, payload: str, **said: Any) -> Entry:
        """Appends what is `said` of a change, as `domain.audit.entry` takes it, and tells the outbox of it with `payload`.

        The chain stays locked until the transaction ends, so this is the last thing that a transaction does.
        """
        subject = said["subject"]
        tip = self._tips.get(subject)
        while True:
            new = entry(tip.length if tip else 0, tip.hash if tip else None, **said)
            told = {"id": new.id, "at": new.at, "event": new.action, "subject": subject, "payload": payload}
            (answer,) = await transaction.run(audit.APPEND, {"entry": new.properties, "told": told})
            length, hash = cast(int, answer["length"]), cast(str | None, answer["hash"])
            tip = Tip(length, hash) if hash else None
            if answer["written"]:
                self._tips[subject] = Tip(length, new.hash)
                return new
