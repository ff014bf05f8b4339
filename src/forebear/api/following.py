"""Following events by a GraphQL subscription, whatever carries it: who may follow, what is told, and why it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from graphql import GraphQLError

from forebear.api.answering.answer import Answer, code_of
from forebear.api.answering.executor import Subscribed
from forebear.api.document.errors import error_of, forbidden
from forebear.api.refusal import BadRequest
from forebear.api.registry import RunningRegistry
from forebear.api.types.made import plain
from forebear.connect.outbox import KEPT
from forebear.domain.roles import Actor
from forebear.domain.webhook import EventFilter, OutboxEvent, may_see, sequence
from forebear.graph.moments import moment
from forebear.store.errors import StoreError
from forebear.verbs.permissions import PERMISSIONS, refusal

MOST_STREAMS = 100
"""How many subscriptions one service answers at once. Each reads the outbox for itself."""

POLL_SECONDS = 1.0
"""How often the outbox is read for new events."""

RIGHTS_SECONDS = 10.0
"""How often the rights of a subscriber are checked again."""

PART = 200
"""How many events are read together."""


class Ended(Exception):
    """A subscription ends, or does not begin. The error says why."""

    def __init__(self, error: GraphQLError) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass(frozen=True)
class Following:
    """A subscription to events that may begin. `ask` returns who follows, and raises `BadRequest` and `StoreError`."""

    registry: RunningRegistry
    subscription: Subscribed
    ask: Callable[[], Awaitable[Actor]]
    wanted: EventFilter
    since: str

    @classmethod
    def of(cls, registry: RunningRegistry, subscription: Subscribed, ask: Callable[[], Awaitable[Actor]]) -> Following:
        """Return the subscription, with its arguments read. Raises `BadRequest` if they are wrong or too many are open."""
        wanted, since = _arguments(registry, subscription.arguments)
        if registry.streams.open >= MOST_STREAMS:
            message = f"{MOST_STREAMS} subscriptions are open already: come back later"
            raise BadRequest(503, message, "BUSY", {"Retry-After": "10"})
        return cls(registry, subscription, ask, wanted, since)

    async def results(self, draining: asyncio.Event) -> AsyncGenerator[tuple[str, Answer] | None]:
        """Return the id of each event with its answer as it appears, and None whenever rights were looked at again.

        Raises `Ended`.
        """
        self.registry.streams.open += 1
        try:
            async for event in self._events(draining):
                yield None if event is None else (event.entry, await self.subscription.answer(_told(event)))
        except BadRequest as error:
            raise Ended(error_of(str(error), error.code)) from None
        except StoreError as error:
            raise Ended(error_of(str(error), code_of(error))) from None
        finally:
            self.registry.streams.open -= 1

    async def _events(self, draining: asyncio.Event) -> AsyncIterator[OutboxEvent | None]:
        actor = await self._allowed()
        tail, checked = self.registry.outbox.tail(self.since), monotonic()
        while not draining.is_set():
            new = await tail.new()
            for n in range(0, len(new), PART):
                for event in await self.registry.outbox.events(new[n : n + PART], with_lines=self.wanted.lines is not None):
                    if (
                        event.entry >= self.since
                        and may_see(actor.roles, PERMISSIONS["query"], PERMISSIONS["readTokens"], event.subject)
                        and self.wanted.takes(event)
                    ):
                        yield event
            tail.take(new)
            if monotonic() - checked >= RIGHTS_SECONDS:
                checked, actor = monotonic(), await self._allowed()
                yield None
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await draining.wait()
        raise Ended(error_of("the service stops: subscribe again, after the last event that came", "UNAVAILABLE"))

    async def _allowed(self) -> Actor:
        actor = await self.ask()
        if reason := refusal(actor, "query"):
            raise Ended(forbidden(reason))
        return actor


def _arguments(registry: RunningRegistry, arguments: Mapping[str, Any]) -> tuple[EventFilter, str]:
    """Return the filter, and the id or moment since which events are told. Raises `BadRequest`."""
    said = plain(arguments.get("filter")) or {}
    parts = [said.get(name) for name in ("events", "kinds", "lines")]
    if reasons := [*registry.webhooks.against(*parts)]:
        raise BadRequest(400, "; ".join(f"filter.{each.message}: {each.remedy}" for each in reasons), reasons[0].code)
    wanted = EventFilter(*(None if part is None else frozenset(part) for part in parts))
    now = datetime.now(UTC)
    if (after := arguments.get("after")) is None:
        return wanted, moment(now)
    try:
        sequence(after)
        at = datetime.fromisoformat(after.partition("/")[0])
    except (ValueError, IndexError):
        raise BadRequest(400, f"after: {after!r} is no id of an event: give one that came", "BAD_REQUEST") from None
    if at < now - KEPT:
        raise BadRequest(
            410, f"after: events are kept for {KEPT.days} days, and {after!r} is older: begin without it", "EVENTS_GONE"
        )
    # Ids may appear late, so the events before it within that time are told again.
    return wanted, registry.outbox.settled_before(at)


def _told(event: OutboxEvent) -> dict[str, Any]:
    return {
        "id": event.entry,
        "event": event.name,
        "subject": event.subject,
        "number": event.number,
        "at": event.at,
        "by": event.by,
        "after": event.after,
    }
