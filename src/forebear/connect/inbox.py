"""The inbox: events as they came, what became of each, and what the events of one thing say together.

It is bookkeeping, so an archive holds it, and no question reads it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

from forebear.connect.folding import Arrival, Folded, Said, StateRow, content_of, fold
from forebear.connect.translator import InvalidEvent, Status, Translator
from forebear.domain.roles import Actor, Role, in_order
from forebear.graph.document import json_text
from forebear.graph.moments import moment
from forebear.store import Store, WriteTransaction
from forebear.store.statements import statements

R = TypeVar("R", bound=Mapping[str, Any])

RECORDED_KEPT = timedelta(days=30)
"""How long an event is kept that is recorded."""

OPEN_KEPT = timedelta(days=90)
"""How long an event is kept that is not recorded whole, and how long a state to which no event comes."""

PENDING = "PENDING"
"""What is open of an event that is kept and whose recording nobody has finished yet."""

MAX_BYTES = 4 * 1024 * 1024
"""How many characters of events or states one statement holds, about. The embedded engine takes no statement of 16 MiB."""

DROPPED = 1_000
"""How many nodes one transaction drops at most."""

_STATEMENTS = statements("connect")


@dataclass(frozen=True)
class StoredEvent:
    """An event in the inbox. `open` is PENDING, PARTLY or REJECTED, or None once it is recorded whole."""

    id: str
    connector: str
    about: str | None
    body: str
    received_at: str
    sender: Actor
    """Who sent it, with the rights that it had then."""
    open: str | None
    reasons: tuple[str, ...]

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> StoredEvent:
        """Return an event from its node's properties."""
        lines = stored.get("lines")
        sender = Actor(
            stored["receivedBy"],
            frozenset(Role[role] for role in stored["roles"]),
            None if lines is None else frozenset(lines),
            stored["machine"],
        )
        return cls(
            stored["id"],
            stored["connector"],
            stored.get("about"),
            stored["body"],
            stored["receivedAt"],
            sender,
            stored.get("open"),
            tuple(stored.get("reasons") or ()),
        )


class Inbox:
    """The inbox of one store. Every method raises `StoreError`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def keep(self, translator: Translator, arrivals: Sequence[Arrival], sender: Actor) -> Folded:
        """Keep events and fold them, in one transaction under the locks of their states.

        So of two services that fold into one state at once, the second one sees what the first one made of it.
        """
        if not arrivals:
            return Folded()
        now = moment(datetime.now(UTC))
        locks = {a.state: a for a in arrivals if a.state is not None}
        rows = [{"id": id, "connector": translator.name, "about": a.about} for id, a in sorted(locks.items())]
        ids = sorted({arrival.id for arrival in arrivals})

        async def work(transaction: WriteTransaction) -> Folded:
            states = await transaction.run(_STATEMENTS["lock_states"], {"states": rows, "now": now})
            stored = await transaction.run(_STATEMENTS["stored_events"], {"ids": ids})
            known = (StoredEvent.of(cast(dict[str, Any], row["event"])) for row in stored)
            recorded = frozenset(event.id for event in known if event.open is None)
            # Fold beside the loop, since others are answered meanwhile.
            folded = await asyncio.to_thread(lambda: fold(translator, arrivals, _states(states), recorded))
            for events in _pieces([_event(translator, a, folded, sender, now) for a in folded.fresh.values()], "body"):
                await transaction.run(_STATEMENTS["keep_events"], {"events": events})
            for changed in _pieces([_stored(state) for state in folded.states], "content"):
                await transaction.run(_STATEMENTS["keep_states"], {"states": changed})
            return folded

        return await self._store.write(work)

    async def settle(
        self, translator: Translator, said: Mapping[str, Said], fates: Mapping[str, tuple[Status, Sequence[str]]]
    ) -> dict[str, Said]:
        """Keep what became of events, by their ids. Return by state what those say now that have changed meanwhile."""
        rows = [{"id": id, **_open(*fates[id])} for id in sorted(fates)]
        locks = [{"id": id, "connector": translator.name, "about": said[id].arrivals[0].about} for id in sorted(said)]
        now = moment(datetime.now(UTC))

        async def work(transaction: WriteTransaction) -> dict[str, StateRow]:
            states = _states(await transaction.run(_STATEMENTS["lock_states"], {"states": locks, "now": now}))
            await transaction.run(_STATEMENTS["settle_events"], {"events": rows})
            return {id: state for id, state in states.items() if state.version != said[id].version}

        moved = {}
        for id, state in (await self._store.write(work)).items():
            try:
                moved[id] = Said.by(translator, state, said[id].arrivals)
            except InvalidEvent:
                continue  # Whoever folded that event has kept the reason with it.
        return moved

    async def open(self, connector: str | None, after: str | None, most: int) -> list[tuple[str, StoredEvent]]:
        """Return the events that are not recorded whole, each with its cursor, those that came first at first."""
        parameters = {"connector": connector or "", "after": after or "", "most": most}
        rows = await self._store.read(_STATEMENTS["open_events"], parameters)
        return [(str(row["cursor"]), StoredEvent.of(cast(dict[str, Any], row["event"]))) for row in rows]

    async def of(self, ids: Iterable[str]) -> list[StoredEvent]:
        """Return the events with some ids, as far as there are any."""
        rows = await self._store.read(_STATEMENTS["stored_events"], {"ids": sorted({*ids})})
        return [StoredEvent.of(cast(dict[str, Any], row["event"])) for row in rows]

    async def pending(self, before: datetime, most: int) -> list[StoredEvent]:
        """Return events that came before a moment and that nobody has finished recording."""
        rows = await self._store.read(_STATEMENTS["pending_events"], {"before": moment(before), "most": most})
        return [StoredEvent.of(cast(dict[str, Any], row["event"])) for row in rows]

    async def drop(self, now: datetime) -> None:
        """Drop events and states that have been kept for long enough."""
        recorded, open = moment(now - RECORDED_KEPT), moment(now - OPEN_KEPT)
        await self._drop("drop_events", {"recordedBefore": recorded, "openBefore": open, "most": DROPPED})
        await self._drop("drop_states", {"before": open, "most": DROPPED})

    async def _drop(self, statement: str, parameters: Mapping[str, object]) -> None:
        async def work(transaction: WriteTransaction) -> int:
            (row,) = await transaction.run(_STATEMENTS[statement], parameters)
            return cast(int, row["dropped"])

        while await self._store.write(work) == DROPPED:
            pass


def _states(rows: Iterable[Mapping[str, Any]]) -> dict[str, StateRow]:
    return {row["id"]: StateRow(row["id"], content_of(row["content"]), row["version"]) for row in rows}


def _stored(state: StateRow) -> dict[str, Any]:
    return {"id": state.id, "content": json_text(state.content), "version": state.version}


def _event(translator: Translator, arrival: Arrival, folded: Folded, sender: Actor, now: str) -> dict[str, Any]:
    """Return the properties of an event that has just been folded."""
    waits = arrival.reason is None and arrival.state in folded.said
    return {
        "id": arrival.id,
        "connector": translator.name,
        "about": arrival.about,
        "body": arrival.text,
        "receivedAt": now,
        "receivedBy": sender.name,
        "roles": [role.value for role in in_order(sender.roles)],
        "lines": None if sender.lines is None else sorted(sender.lines),
        "machine": sender.machine,
        **({"open": PENDING, "reasons": None} if waits else _open(*fate(arrival))),
    }


def fate(arrival: Arrival, refused: Sequence[str] = (), *, some: bool = True) -> tuple[Status, Sequence[str]]:
    """Return what became of an event: `refused` are the reasons against what its state says, `some` whether any is recorded."""
    if arrival.reason is not None:
        return Status.REJECTED, (arrival.reason,)
    if reasons := (*refused, *arrival.wrong):
        return Status.PARTLY if some else Status.REJECTED, reasons
    return Status.TAKEN, ()


def _open(status: Status, reasons: Sequence[str]) -> dict[str, Any]:
    return {"open": None, "reasons": None} if status is Status.TAKEN else {"open": status.value, "reasons": [*reasons]}


def _pieces(rows: Sequence[R], sized: str) -> Iterator[list[R]]:
    """Cut rows into pieces, one for each statement, by the length of one member."""
    piece: list[R] = []
    size = 0
    for row in rows:
        if piece and size + len(row[sized]) > MAX_BYTES:
            yield piece
            piece, size = [], 0
        piece.append(row)
        size += len(row[sized])
    if piece:
        yield piece
