"""Webhooks: which events one gets, what a message says, and when a message that failed is sent again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from forebear.domain.roles import Role

DELAYS = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600, 36_000))
"""How long a delivery waits after each failed attempt: a day together. After one failure more it is dead."""

EVENT_AGE = timedelta(days=7)
"""How old an event may be for a delivery that failed to be tried again. So a long queue ends some day."""

OF_ADMINISTRATION = ("token:", "webhook:")
"""How the subjects of events begin that only those see who may read tokens."""


class DeliveryState(StrEnum):
    """How far a delivery got."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    DEAD = "DEAD"


@dataclass(frozen=True)
class OutboxEvent:
    """A message of the outbox: what happened to a subject, and by whom."""

    entry: str
    """The id of the message in the outbox. It begins with the moment."""
    at: str
    name: str
    subject: str
    number: int
    """The number of the event in the subject's sequence, from 0. It is the number of the audit entry."""
    by: str
    after: Any
    """What changed, as the outbox tells it."""
    kinds: frozenset[str] = frozenset()
    """The kind of the subject. For a batch of facts, the kinds of the facts."""
    lines: frozenset[str] = frozenset()
    """The ids of the release lines that the subject belongs to."""


@dataclass(frozen=True)
class EventFilter:
    """Which events somebody wants: by name, kind and release line. None means all."""

    events: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    lines: frozenset[str] | None = None

    def takes(self, event: OutboxEvent) -> bool:
        """Return whether an event is wanted. An event that belongs to no line passes no filter by lines."""
        return (
            (self.events is None or event.name in self.events)
            and (self.kinds is None or bool(self.kinds & event.kinds))
            and (self.lines is None or bool(self.lines & event.lines))
        )


def may_see(roles: Collection[Role], readers: Collection[Role], administrators: Collection[Role], subject: str) -> bool:
    """Return whether somebody with these roles may see the events of a subject.

    `readers` are the roles that read the graph, and `administrators` those that read who has access.
    """
    return not {*roles}.isdisjoint(administrators if subject.startswith(OF_ADMINISTRATION) else readers)


def message_id(webhook: str, entry: str) -> str:
    """Return the id of the message that a delivery sends. It is the same in each attempt and in a replay.

    >>> message_id("webhook:a", "2026-11-23T14:52:06.000000Z/0000/model:m@1#0")
    'msg_c9fb875eb8f86616be983cdfff85bb3a'
    """
    return f"msg_{sha256(f'{webhook} {entry}'.encode()).hexdigest()[:32]}"


def cloud_event(id: str, event: OutboxEvent) -> dict[str, Any]:
    """Return an event as a CloudEvent in structured JSON (CloudEvents 1.0), with the extension `sequence`.

    A sequence of CloudEvents is a text that sorts, so the number is filled up with zeros. `data.number` is the number.
    """
    return {
        "specversion": "1.0",
        "id": id,
        "source": "forebear",
        "type": f"forebear.{event.name}",
        "subject": event.subject,
        "time": event.at,
        "sequence": f"{event.number:012}",
        "datacontenttype": "application/json",
        "data": {"number": event.number, "by": event.by, "after": event.after},
    }


@dataclass(frozen=True)
class Attempt:
    """An attempt to deliver: when it ended, and the problem if it failed."""

    at: datetime
    problem: str | None = None


@dataclass(frozen=True)
class Delivery:
    """One event for one webhook, and how far it got. `queue` is what it waits in: it is sent after those before it."""

    id: str
    message: str
    queue: str
    event: OutboxEvent
    attempts: int
    due: datetime

    def after(self, attempt: Attempt) -> tuple[DeliveryState, datetime]:
        """Return the state of the delivery after another attempt, and when the next one is due if it is still pending."""
        if attempt.problem is None:
            return DeliveryState.DELIVERED, attempt.at
        too_old = datetime.fromisoformat(self.event.at) + EVENT_AGE < attempt.at
        if self.attempts >= len(DELAYS) or too_old:
            return DeliveryState.DEAD, attempt.at
        return DeliveryState.PENDING, attempt.at + DELAYS[self.attempts] * self._spread

    @property
    def _spread(self) -> float:
        """A factor around 1 of each delivery, so that those that failed together do not return together."""
        return 0.9 + 0.2 * int(self.message[-4:], 16) / 0xFFFF


def runs(deliveries: Iterable[Delivery], now: datetime) -> list[list[Delivery]]:
    """Return the deliveries that may be sent now, one list for each queue, in the order in which to send them.

    A delivery that is not due yet holds up those behind it in its queue, and no other queue.
    """
    queues: dict[str, list[Delivery]] = {}
    for delivery in sorted(deliveries, key=lambda each: each.event.number):
        queues.setdefault(delivery.queue, []).append(delivery)
    return [run for queue in queues.values() if (run := _due(queue, now))]


def _due(queue: Iterable[Delivery], now: datetime) -> list[Delivery]:
    run = []
    for delivery in queue:
        if delivery.due > now:
            break
        run.append(delivery)
    return run


def unsettled(seen: Collection[str], first: Iterable[str], second: Iterable[str]) -> list[str]:
    """Return the new entries of the outbox to take on, so that each subject's sequence has no gap before them.

    `first` and `second` are the entries that two reads found, one after the other. A read may find an entry and miss the one
    before it in the subject's sequence, which was written at a place that the read had passed already. The second read finds
    that one, since it was written before the other. The result is in the order of the numbers.

    >>> unsettled([], ["2/0000/m#1"], ["1/0000/m#0", "2/0000/m#1", "3/0000/m#2"])
    ['1/0000/m#0', '2/0000/m#1']
    """
    last: dict[str, int] = {}
    for entry in first:
        if entry not in seen:
            subject, number = sequence(entry)
            last[subject] = max(number, last.get(subject, -1))
    new = [(*sequence(entry), entry) for entry in second if entry not in seen]
    taken = sorted((number, entry) for subject, number, entry in new if number <= last.get(subject, -1))
    return [entry for _, entry in taken]


def sequence(entry: str) -> tuple[str, int]:
    """Return the subject of an entry of the outbox, and its number in the subject's sequence.

    >>> sequence("2026-11-23T14:52:06.000000Z/0000/facts/ada#7")
    ('facts/ada', 7)
    """
    subject, _, number = entry.split("/", 2)[2].rpartition("#")
    return subject, int(number)


def asked_kinds(subject_kind: str | None, after: Any) -> frozenset[str]:
    """Return the kinds that an event is of: its subject's, or those of a batch's facts.

    >>> sorted(asked_kinds(None, {"digest": "…", "facts": {"Run": 2, "Checkpoint": 1}}))
    ['Checkpoint', 'Run']
    """
    if subject_kind is not None:
        return frozenset({subject_kind})
    facts = after.get("facts") if isinstance(after, Mapping) else None
    return frozenset(facts) if isinstance(facts, Mapping) else frozenset()
