"""The delivery of a spool's facts to its registry: in order, and once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from forebear.client.errors import RegistryError
from forebear.client.service import Service
from forebear.client.spool import Spool, SpooledFact

BATCH = 1_000
"""How many facts are sent at once at most."""

BATCH_BYTES = 4 * 1024 * 1024
"""How many bytes of the spool are sent at once at most, unless one fact has more."""

SOURCE = "client"
"""The source that the registry keeps with each node and edge."""

_OF_FACTS = frozenset({"BAD_REQUEST", "TOO_LARGE", "TOO_MANY_FACTS", "TOO_DEEP"})
"""The codes of errors of a whole request that are due to what it holds."""


@dataclass(frozen=True)
class Delivered:
    """How many facts were recorded, and those that were refused, with every reason."""

    recorded: int = 0
    refused: tuple[SpooledFact, ...] = ()


def deliver(spool: Spool, service: Service, patience: float) -> Delivered:
    """Send what waits in a spool until nothing does. What the registry refuses moves aside, and the rest goes on.

    A fact tells the same however often it is sent, since it says when its values hold. So one that was sent before a kill,
    and is sent again after it, changes nothing. Raises `RegistryError` if the registry takes nothing now, such as
    `Unreachable`: everything that it has not taken stays in the spool. Raises `OSError`.
    """
    total = Delivered()
    with spool.sending():
        while facts := spool.waiting(BATCH, BATCH_BYTES):
            damaged = tuple(fact for fact in facts if fact.reasons)
            sent = _send([fact for fact in facts if not fact.reasons], service, patience)
            refused = sent.refused + damaged
            spool.settle(facts, refused)
            total = Delivered(total.recorded + sent.recorded, total.refused + refused)
    return total


def _send(facts: Sequence[SpooledFact], service: Service, patience: float) -> Delivered:
    try:
        answer = service.post("/facts", [each.fact for each in facts], patience, {"partial": "true", "source": SOURCE})
    except RegistryError as error:
        if error.code not in _OF_FACTS:
            raise
        if len(facts) == 1:
            return Delivered(0, (replace(facts[0], reasons=(error.message,)),))
        each = [_send([fact], service, patience) for fact in facts]
        return Delivered(sum(d.recorded for d in each), tuple(fact for d in each for fact in d.refused))
    refused = tuple(replace(facts[r["position"]], reasons=tuple(r["reasons"])) for r in answer["rejections"])
    return Delivered(len(facts) - len(refused), refused)
