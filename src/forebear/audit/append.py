"""Appending to the audit trail: entries, in the transactions that they tell of."""

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
"""How the subjects of batches of facts begin; the recorder's name follows, so that recorders do not wait for each other."""


def digest(facts: Iterable[str]) -> str:
    """The SHA-256 of facts in canonical form: each as JSON with sorted keys and without spaces, a line each."""
    lines = hashlib.sha256()
    for fact in facts:
        lines.update(fact.encode())
        lines.update(b"\n")
    return lines.hexdigest()


@dataclass(frozen=True)
class Link:
    """An entry that continues its chain, and what the outbox holds of it: both are written together."""

    entry: Entry
    outbox: Mapping[str, Any]

    @property
    def row(self) -> dict[str, Any]:
        """Both as the statements that append take them."""
        return {"entry": self.entry.properties, "outbox": self.outbox}


def link(tip: Tip | None, *, change: object, nth: int = 0, **values: Any) -> Link:
    """The link that continues a chain from its `tip`, or begins it where that is `None`.

    `values` is what `audit.chain.entry` takes. The outbox is `change` what came of the change. `nth` orders the links of one
    transaction in the outbox.
    """
    new = entry(tip.length if tip else 0, tip.hash if tip else None, **values)
    return Link(
        new,
        {
            # In the order of time, which is the order of delivery.
            "id": f"{new.at}/{nth:04}/{new.id}",
            "at": new.at,
            "event": new.action,
            "subject": new.subject,
            "payload": json_text({"entry": new.id, "by": new.by, "after": change}),
        },
    )


class Chains:
    """Appends to chains of which the transaction has read nothing yet. An action, which has, writes its links itself."""

    def __init__(self) -> None:
        # Where chains ended when this process wrote last: a guess, which the statement holds against the chain it has locked.
        self._tips: dict[str, Tip] = {}

    async def append(self, transaction: WriteTransaction, *, change: object, **values: Any) -> Entry:
        """Appends what is `values` of a change, as `audit.chain.entry` takes it; the outbox is `change` what came of it.

        The chain stays locked until the transaction ends, so this is the last thing that a transaction does.
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
