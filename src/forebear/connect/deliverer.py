"""Delivering events to webhooks: one service at a time, each webhook on its own, each subject's events in their order.

A lease says which of several services delivers. A message is sent, and what became of it is kept afterwards. So a service
that dies in between sends it again: at least once, with the same id.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Any

import msgspec
import structlog
from standardwebhooks import Webhook as Signature

from forebear.connect.outbox import Outbox, event
from forebear.connect.posting import CONNECTIONS, SECONDS, NotDelivered, Post
from forebear.connect.secrecy import Encryption, UnreadableSecret
from forebear.connect.webhooks import held, signing
from forebear.domain.webhook import Attempt, Delivery, DeliveryState, cloud_event, runs
from forebear.domain.webhook_target import Network
from forebear.graph.moments import moment
from forebear.store import Store, WriteTransaction
from forebear.store.errors import StoreError
from forebear.store.lease import Lease
from forebear.store.statements import statements
from forebear.store.upkeep import repeated

POLL_SECONDS = 1.0
"""How often the outbox is read for new messages."""

CLEANING_SECONDS = 3_600.0

QUEUES = 64
"""How many queues of a webhook are read together."""

RUN = 32
"""How many deliveries of a queue are read together."""

ROUND_SECONDS = 5.0
"""After how long a round begins no further attempt, so that what became of the others is kept."""

CONTENT_TYPE = "application/cloudevents+json"

_STATEMENTS = statements("webhooks")
_log = structlog.get_logger(__name__)


class Deliverer:
    """Delivers to all webhooks of one store, while it holds the lease."""

    def __init__(self, store: Store, outbox: Outbox, encryption: Encryption, networks: Sequence[Network]) -> None:
        self._store = store
        self._outbox = outbox
        self._encryption = encryption
        self._networks = networks
        self._lease = Lease(store, "webhooks")
        self._senders: dict[str, _Sender] = {}

    async def tick(self) -> None:
        """Take on new messages, if this service delivers now, and keep a sender for each webhook. Raises `StoreError`."""
        rows = await self._store.read(_STATEMENTS["to_deliver"])
        webhooks: list[dict[str, Any]] = [dict(row["webhook"]) for row in rows]  # type: ignore[call-overload]
        if not webhooks or not await self._lease.take():
            self._outbox.forget()
            await self._stop([*self._senders])
            return
        new = await self._outbox.spread(webhooks)
        ids = {each["id"] for each in webhooks}
        await self._stop([id for id, sender in self._senders.items() if id not in ids or sender.ended])
        for each in webhooks:
            if (sender := self._senders.get(each["id"])) is None:
                sender = _Sender(self._store, each, self._lease, self._encryption, self._networks)
                self._senders[each["id"]] = sender
                sender.start()
            sender.stored = each
            if new:
                sender.wake.set()

    async def close(self) -> None:
        """End all senders and the lease."""
        await self._stop([*self._senders])
        with suppress(StoreError):
            await self._lease.end()

    async def _stop(self, ids: Sequence[str]) -> None:
        for id in ids:
            await self._senders.pop(id).stop()


class _Sender:
    """Sends the deliveries of one webhook, one round after the other."""

    def __init__(
        self, store: Store, stored: Mapping[str, Any], lease: Lease, encryption: Encryption, networks: Sequence[Network]
    ) -> None:
        self.stored = stored
        self.wake = asyncio.Event()
        self._store = store
        self._id: str = stored["id"]
        self._lease = lease
        self._encryption = encryption
        self._networks = networks
        self._problem = ""
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to send."""
        self._task = asyncio.create_task(self._send())

    @property
    def ended(self) -> bool:
        """Whether it ended by itself, by a mistake of ours. The next tick begins anew."""
        return self._task is not None and self._task.done()

    async def stop(self) -> None:
        """Send no more. What is on its way may arrive, and is sent again by the next one who delivers."""
        assert self._task is not None
        self._task.cancel()
        try:
            await self._task
        except asyncio.CancelledError:
            pass
        except Exception:
            _log.exception("delivering to a webhook ended by a mistake", webhook=self._id)

    async def _send(self) -> None:
        async with Post(self.stored["url"], self._networks) as post:
            while True:
                try:
                    sent = await self._round(post)
                except StoreError as error:
                    _log.warning("a webhook's deliveries could not be read or kept", webhook=self._id, error=str(error))
                    sent = 0
                except UnreadableSecret as error:
                    if (problem := str(error)) != self._problem:
                        _log.warning("nothing can be delivered to a webhook", webhook=self._id, problem=problem)
                    self._problem, sent = problem, 0
                if not sent:
                    self.wake.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(POLL_SECONDS):
                            await self.wake.wait()

    async def _round(self, post: Post) -> int:
        """Send what is due, and return how many messages that were."""
        now = datetime.now(UTC)
        parameters = {"held": held(self._id, DeliveryState.PENDING), "now": moment(now), "most": QUEUES, "run": RUN}
        rows: list[Any] = await self._store.read(_STATEMENTS["due"], parameters)
        queues = runs((_delivery(row["delivery"], row["entry"]) for row in rows), now)
        if not queues:
            return 0
        secrets = signing(self.stored, self._encryption, now)
        until = monotonic() + ROUND_SECONDS
        places = asyncio.Semaphore(CONNECTIONS)
        kept: list[dict[str, Any]] = []

        async def send(queue: Sequence[Delivery]) -> None:
            async with places:
                for delivery in queue:
                    # An attempt that outlives the lease could come after those of the next one who delivers.
                    if monotonic() > until or not self._lease.holds(SECONDS + 1):
                        return
                    attempt = await _attempt(post, delivery, secrets)
                    kept.append(_values(delivery, self._id, attempt))
                    if attempt.problem is not None:
                        return

        async with asyncio.TaskGroup() as sending:
            for queue in queues:
                sending.create_task(send(queue))
        if kept:
            await self._store.write(partial(_keep, kept))
        return len(kept)


def _delivery(stored: Mapping[str, Any], entry: Mapping[str, Any]) -> Delivery:
    return Delivery(
        stored["id"],
        stored["message"],
        stored["queue"],
        event(entry, None),
        stored["attempts"],
        datetime.fromisoformat(stored["dueAt"]),
    )


async def _attempt(post: Post, delivery: Delivery, secrets: Sequence[str]) -> Attempt:
    body = msgspec.json.encode(cloud_event(delivery.message, delivery.event))
    try:
        await post.send(body, {"Content-Type": CONTENT_TYPE, **headers(delivery.message, body, secrets, datetime.now(UTC))})
    except NotDelivered as error:
        _log.info("a webhook did not take a message", message=delivery.message, problem=str(error))
        return Attempt(datetime.now(UTC), str(error))
    return Attempt(datetime.now(UTC))


def headers(message: str, body: bytes, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """Return the headers of Standard Webhooks: the message's id, the time in seconds, and a signature by each secret."""
    signatures = (Signature(secret).sign(message, now, body.decode()) for secret in secrets)
    return {
        "Webhook-Id": message,
        "Webhook-Timestamp": str(int(now.timestamp())),
        "Webhook-Signature": " ".join(signatures),
    }


def _values(delivery: Delivery, webhook: str, attempt: Attempt) -> dict[str, Any]:
    state, due = delivery.after(attempt)
    done = state is DeliveryState.DELIVERED
    values = {
        "state": state.value,
        "held": None if done else held(webhook, state),
        "attempts": delivery.attempts + 1,
        "lastAt": moment(attempt.at),
        "dueAt": moment(due) if state is DeliveryState.PENDING else None,
        "problem": attempt.problem,
    }
    return {"id": delivery.id, "values": values}


async def _keep(rows: Sequence[Mapping[str, Any]], transaction: WriteTransaction) -> None:
    await transaction.run(_STATEMENTS["attempted"], {"rows": rows})


@asynccontextmanager
async def webhooks_delivered(outbox: Outbox, deliverer: Deliverer) -> AsyncIterator[None]:
    """Deliver events, and remove from time to time what nobody needs any more."""
    async with AsyncExitStack() as tasks:
        tasks.push_async_callback(deliverer.close)
        await tasks.enter_async_context(repeated(deliverer.tick, POLL_SECONDS, "events could not be delivered"))
        await tasks.enter_async_context(repeated(outbox.clean, CLEANING_SECONDS, "the outbox could not be cleaned"))
        yield
