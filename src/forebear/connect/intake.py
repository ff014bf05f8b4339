"""Taking events: they are kept and folded first, and then what they say is recorded.

Whoever is killed between the two leaves events PENDING. The next service records them (`resume`), or the sender does, which
sends them again. What is recorded twice changes nothing the second time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby

import msgspec

from forebear.actions.performer import Performer, Requester
from forebear.connect.catalogue import CATALOGUE
from forebear.connect.folding import Arrival, Said, arrive
from forebear.connect.inbox import Inbox, StoredEvent, fate
from forebear.connect.translator import Outcome, Status, Translator
from forebear.domain.outcome import Done, Refused
from forebear.domain.roles import Actor
from forebear.graph.document import InvalidDocument
from forebear.record.recorder import Recorder
from forebear.record.stream import BATCH
from forebear.record.summary import Origin
from forebear.store import Store
from forebear.store.lease import Lease
from forebear.store.upkeep import repeated

MAX_EVENTS = 1_000
"""How many events one request may have."""

REPLAYED = 100
"""How many events one request may replay."""

ABANDONED = timedelta(seconds=60)
"""After so long nobody works at a pending event any more: its process is gone, or the database was."""

RESUME_SECONDS = 60
"""How often a service looks for events whose recording nobody has finished."""

DROP_SECONDS = 3_600
"""How often a service drops what the inbox has kept for long enough."""


class UnknownConnector(LookupError):
    """No translator has this name any more."""


class Intake:
    """Takes the events of all connectors into one store."""

    def __init__(
        self, store: Store, recorder: Recorder, performer: Performer, catalogue: Iterable[Translator] = CATALOGUE
    ) -> None:
        self.inbox = Inbox(store)
        self.catalogue = {translator.name: translator for translator in catalogue}
        self._recorder = recorder
        self._performer = performer

    async def take(
        self, translator: Translator, events: Sequence[object], by: Actor, sender: Actor | None = None
    ) -> list[Outcome]:
        """Take events, and return what became of each. Raises `StoreError`; what was kept by then is recorded later.

        `by` records them. They are those of the `sender`, who is somebody else if they are replayed.
        """
        sender = sender or by
        read = await asyncio.to_thread(lambda: [_arrival(translator, event, sender.name) for event in events])
        arrivals = [arrival for arrival in read if isinstance(arrival, Arrival)]
        folded = await self.inbox.keep(translator, arrivals, sender)
        fates = {id: fate(arrival) for id, arrival in folded.fresh.items()}
        said: Mapping[str, Said] = folded.said
        while said:
            waiting = await self._record(translator, said, by)
            fates |= waiting
            # Another service may have folded more into a state, and recorded that before what was recorded here.
            said = await self.inbox.settle(translator, said, waiting)
        outcomes: list[Outcome] = []
        for arrival in read:
            if isinstance(arrival, Outcome):
                outcomes.append(arrival)
                continue
            # The same event a second time in one request is known then.
            status, reasons = fates.pop(arrival.id, (Status.KNOWN, ()))
            outcomes.append(Outcome(status, tuple(reasons), arrival.left_out))
        return outcomes

    async def _record(
        self, translator: Translator, said: Mapping[str, Said], by: Actor
    ) -> dict[str, tuple[Status, Sequence[str]]]:
        """Record what states say. Return what becomes of the events that wait for it, by their ids."""
        refused: dict[str, list[str]] = {id: [] for id in said}
        failed = dict.fromkeys(said, 0)
        numbered = [(id, fact) for id, each in said.items() for fact in each.facts]
        for start in range(0, len(numbered), BATCH):
            piece = numbered[start : start + BATCH]
            facts = [fact for _, fact in piece]
            summary = await self._recorder.record(facts, Origin(by, translator.name), partial=True)
            for rejection in summary.rejections:
                id = piece[rejection.position][0]
                failed[id] += 1
                refused[id] += [f"{rejection.id or 'a fact'}: {reason}" for reason in rejection.reasons]
        for id, each in said.items():
            for act in each.acts:
                outcome = await self._performer.do(act.verb, act.input, Requester(by, translator.name, act.key))
                assert isinstance(outcome, Done | Refused), "nobody expected a revision or asked for a plan"
                failed[id] += isinstance(outcome, Refused)
                against = outcome.reasons if isinstance(outcome, Refused) else outcome.rejected
                refused[id] += [f"{act.verb}: {reason.message}; {reason.remedy}" for reason in against]
        return {
            arrival.id: fate(arrival, refused[id], some=failed[id] < len(each.facts) + len(each.acts))
            for id, each in said.items()
            for arrival in each.arrivals
        }

    async def replay(self, stored: Iterable[StoredEvent], by: Actor) -> list[tuple[StoredEvent, Outcome]]:
        """Fold stored events again and record them in the name of `by`, in the order in which they came.

        Raises `StoreError`, and `UnknownConnector`.
        """
        return await self._again(stored, by)

    async def resume(self) -> None:
        """Record what other processes left pending, in the names of the senders. Raises `StoreError`."""
        before = datetime.now(UTC) - ABANDONED
        while pending := await self.inbox.pending(before, REPLAYED):
            known = [event for event in pending if event.connector in self.catalogue]
            await self._again(known, None)
            if len(pending) < REPLAYED or not known:
                return

    async def _again(self, stored: Iterable[StoredEvent], by: Actor | None) -> list[tuple[StoredEvent, Outcome]]:
        """Take stored events again, in the name of `by` or else of their senders."""
        done: list[tuple[StoredEvent, Outcome]] = []
        in_order = sorted(stored, key=lambda event: (event.connector, event.sender.name, event.received_at, event.id))
        for (connector, _), group in groupby(in_order, key=lambda event: (event.connector, event.sender)):
            events = [*group]
            if connector not in self.catalogue:
                raise UnknownConnector(f"no connector is called {connector} any more")
            bodies = await asyncio.to_thread(_bodies, events)
            sender = events[0].sender
            outcomes = await self.take(self.catalogue[connector], bodies, by or sender, sender)
            done += zip(events, outcomes, strict=True)
        return done

    async def drop(self) -> None:
        """Drop what the inbox has kept for long enough. Raises `StoreError`."""
        await self.inbox.drop(datetime.now(UTC))


def _arrival(translator: Translator, event: object, sender: str) -> Arrival | Outcome:
    """Return an event as it arrives, or its outcome if it cannot be kept."""
    try:
        return arrive(translator, event, sender)
    except InvalidDocument as error:
        return Outcome(Status.REJECTED, (f"the event cannot be kept: {error}",))


def _bodies(stored: Iterable[StoredEvent]) -> list[object]:
    return [msgspec.json.decode(event.body) for event in stored]


def pending_resumed(store: Store, intake: Intake) -> AbstractAsyncContextManager[None]:
    """Record what was left pending at once, and look again every `RESUME_SECONDS`. Of several services one does."""
    lease = Lease(store, "inbox")
    return repeated(partial(lease.alone, intake.resume), RESUME_SECONDS, "pending events could not be recorded")


def inbox_cleared(intake: Intake) -> AbstractAsyncContextManager[None]:
    """Drop what the inbox has kept for long enough, every `DROP_SECONDS`."""
    return repeated(intake.drop, DROP_SECONDS, "old events could not be dropped")
