"""From the outbox to deliveries: each message becomes one delivery for each webhook that wants it and may see it.

A delivery has an id of its own, so one that is there already stays as it is, whoever takes the same message on once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec

from forebear.connect.tail import Tail
from forebear.connect.webhooks import Webhook, held
from forebear.domain.webhook import DeliveryState, OutboxEvent, asked_kinds, may_see, message_id
from forebear.graph.declaration import Graph
from forebear.graph.ids import Ids, InvalidId
from forebear.graph.moments import moment
from forebear.graph.query.dialect import Dialect
from forebear.graph.statements import reach
from forebear.store import Store, WriteTransaction
from forebear.store.statements import statements
from forebear.verbs.permissions import PERMISSIONS

CLOCKS = timedelta(seconds=10)
"""How far the clocks of services on one database may differ."""

PART = 500
"""How many messages are taken on together."""

KEPT = timedelta(days=7)
"""How long a message of the outbox is kept, and what became of its deliveries. One that somebody still needs is kept longer."""

DEAD_KEPT = timedelta(days=30)
"""How long a dead delivery can be replayed."""

MARKED = timedelta(minutes=1)
"""How far the kept mark may lag behind, up to which all messages are taken on."""

_STATEMENTS = statements("webhooks")


class Outbox:
    """The outbox of one store. `late` is how long after its moment a message may still appear, in seconds."""

    def __init__(self, store: Store, graph: Graph, late: float) -> None:
        self._store = store
        self._graph = graph
        self._ids = Ids(graph)
        self._dialect = Dialect(graph, store.engine)
        self._late = timedelta(seconds=late) + CLOCKS
        self._for: frozenset[str] = frozenset()
        self._tail = self.tail("")

    def tail(self, since: str) -> Tail:
        """Return the messages since an id or a moment, as they appear."""
        return Tail(self._store, since, self._late)

    def settled_before(self, at: datetime) -> str:
        """Return the moment before which all messages had appeared by `at`."""
        return moment(at - self._late)

    def forget(self) -> None:
        """Begin anew from what the graph says, as after another service took part in the work."""
        self._for = frozenset()

    async def spread(self, stored: Sequence[Mapping[str, Any]]) -> int:
        """Make deliveries of all new messages for some webhooks, and return how many messages were new. Raises `StoreError`."""
        ids = frozenset(each["id"] for each in stored)
        if ids != self._for:
            self._for, self._tail = ids, self.tail(min(each["spreadTo"] for each in stored))
        new = await self._tail.new()
        webhooks = [Webhook.of(each) for each in stored]
        for n in range(0, len(new), PART):
            events = await self.events(new[n : n + PART], with_lines=any(each.wanted.lines is not None for each in webhooks))
            rows = [_delivery(webhook, event) for event in events for webhook in webhooks if _gets(webhook, event)]
            if rows:
                await self._store.write(partial(_run, "spread", {"rows": rows}))
        self._tail.take(new)
        to = self._tail.since
        if min(each["spreadTo"] for each in stored) < moment(datetime.fromisoformat(to) - MARKED):
            await self._store.write(partial(_run, "spread_to", {"ids": sorted(ids), "to": to}))
        return len(new)

    async def events(self, entries: Sequence[str], *, with_lines: bool) -> list[OutboxEvent]:
        """Return messages as events, in their order. Their release lines are looked up only `with_lines`.

        Raises `StoreError`.
        """
        rows = await self._store.read(_STATEMENTS["entries"], {"ids": entries})
        kept: list[dict[str, Any]] = [dict(row["entry"]) for row in rows]  # type: ignore[call-overload]
        kinds = {each["subject"]: self._kind(each["subject"]) for each in kept}
        lines = await self._lines(kinds) if with_lines else {}
        return [event(each, kinds[each["subject"]], lines.get(each["subject"], ())) for each in kept]

    def _kind(self, subject: str) -> str | None:
        try:
            return self._ids.kind(subject)
        except InvalidId:
            return None

    async def _lines(self, kinds: Mapping[str, str | None]) -> dict[str, frozenset[str]]:
        """Return the release lines that nodes belong to, by the rule that also limits who may change them."""
        lines: dict[str, frozenset[str]] = {}
        for kind in sorted({kind for kind in kinds.values() if kind is not None}):
            text = self._dialect.rewrite(reach.lines(self._graph, kind, (reach.outwards, reach.made_of)))
            asked = [{"id": id} for id, of in sorted(kinds.items()) if of == kind]
            rows: list[Any] = await self._store.read(text, {"batch": {"rows": asked}})
            lines |= {row["id"]: frozenset(row["lines"]) for row in rows}
        return lines

    async def clean(self) -> int:
        """Remove what nobody needs any more, and return how many messages of the outbox that were. Raises `StoreError`."""
        now = datetime.now(UTC)
        row: Any = await self._store.read_one(_STATEMENTS["needed_since"])
        # A message may be taken on once more since its moment has not settled, so keep it and its deliveries until then.
        spread = [moment(datetime.fromisoformat(row["spread"]) - self._late)] if row["spread"] else []
        before = min([moment(now - KEPT), *spread, *([row["held"]] if row["held"] else [])])
        removed = await self._removed("forget_entries", {"before": before})
        await self._removed("forget_deliveries", {"before": before, "dead": moment(now - DEAD_KEPT)})
        return removed

    async def _removed(self, name: str, parameters: Mapping[str, Any]) -> int:
        removed = 0
        while True:
            (row,) = await self._store.write(partial(_run, name, {**parameters, "most": PART}))
            removed += (of_part := int(row["removed"]))
            if of_part < PART:
                return removed


def event(stored: Mapping[str, Any], kind: str | None, lines: Iterable[str] = ()) -> OutboxEvent:
    """Return a message of the outbox as an event. `kind` is that of its subject, if that is a node."""
    payload = msgspec.json.decode(stored["payload"])
    return OutboxEvent(
        entry=stored["id"],
        at=stored["at"],
        name=stored["event"],
        subject=stored["subject"],
        number=int(payload["entry"].rpartition("#")[2]),
        by=payload["by"],
        after=payload["after"],
        kinds=asked_kinds(kind, payload["after"]),
        lines=frozenset(lines),
    )


def _gets(webhook: Webhook, event: OutboxEvent) -> bool:
    """Return whether an event is for a webhook: it happened since, its maker may see it, and its filter takes it."""
    return (
        event.at >= webhook.created_at
        and may_see(webhook.roles, PERMISSIONS["query"], PERMISSIONS["readTokens"], event.subject)
        and webhook.wanted.takes(event)
    )


def _delivery(webhook: Webhook, event: OutboxEvent) -> dict[str, Any]:
    """Return the properties of a new delivery. Its queue is the subject, so a subject's events are delivered in their order."""
    return {
        "id": f"{webhook.id}/{event.entry}",
        "message": message_id(webhook.id, event.entry),
        "webhook": webhook.id,
        "entry": event.entry,
        "at": event.at,
        "event": event.name,
        "subject": event.subject,
        "number": event.number,
        "queue": event.subject,
        "held": held(webhook.id, DeliveryState.PENDING),
        "state": DeliveryState.PENDING.value,
        "attempts": 0,
        "dueAt": event.at,
    }


async def _run(name: str, parameters: Mapping[str, Any], transaction: WriteTransaction) -> list[dict[str, Any]]:
    return [*await transaction.run(_STATEMENTS[name], parameters)]
