"""Appending entries to the audit trail, in the transactions that they record."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from forebear.audit.chain import Entry, Tip, entry
from forebear.graph.document import json_text
from forebear.graph.statements import audit
from forebear.store import WriteTransaction

FACTS = "facts/"
"""The prefix of the subjects of batches of facts. The recorder's name follows, so recorders do not wait for each other."""


def digest(facts: Iterable[str]) -> str:
    """Return the SHA-256 of facts in canonical form: each as JSON with sorted keys and without spaces, a line each."""
    lines = hashlib.sha256()
    for fact in facts:
        lines.update(fact.encode())
        lines.update(b"\n")
    return lines.hexdigest()


@dataclass(frozen=True)
class Link:
    """An entry that continues its chain, and its outbox message. Both are written together."""

    entry: Entry
    outbox: Mapping[str, Any]

    @property
    def row(self) -> dict[str, Any]:
        """Return both as the appending statements take them."""
        return {"entry": self.entry.properties, "outbox": self.outbox}


def link(tip: Tip | None, *, change: object, nth: int = 0, **values: Any) -> Link:
    """Return the link that continues a chain from its `tip`, or begins it if that is None.

    `values` is what `audit.chain.entry` takes. `change` is what the outbox tells of the change. `nth` orders the links of one
    transaction in the outbox.
    """
    new = entry(tip.length if tip else 0, tip.hash if tip else None, **values)
    return Link(
        new,
        {
            # The ids are in the order of time, which is the order of delivery.
            "id": f"{new.at}/{nth:04}/{new.id}",
            "at": new.at,
            "event": new.action,
            "subject": new.subject,
            "payload": json_text({"entry": new.id, "by": new.by, "after": change}),
        },
    )


class Chains:
    """Appends to chains that the transaction has not read. An action has read them, and writes its links itself."""

    def __init__(self) -> None:
        # The ends of chains when this process wrote last. They are guesses: the statement compares them with the locked chain.
        self._tips: dict[str, Tip] = {}

    async def append(self, transaction: WriteTransaction, *, change: object, **values: Any) -> Entry:
        """Append an entry: `values` as `audit.chain.entry` takes them. `change` is what the outbox tells of the change.

        The chain stays locked until the transaction ends, so append last.
        """
        subject = values["subject"]
        tip = self._tips.get(subject)
        while True:
            new = link(tip, change=change, **values)
            (answer,) = await transaction.run(audit.APPEND, {"row": new.row})
            if answer["written"]:
                self._tips[subject] = Tip(new.entry.number + 1, new.entry.hash)
                return new.entry
            hash = cast(str | None, answer["hash"])
            tip = Tip(cast(int, answer["length"]), hash) if hash else None
