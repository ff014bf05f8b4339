"""Following events by a GraphQL subscription, over server-sent events.

The protocol is the distinct connections mode of GraphQL over SSE: one request is one subscription, each event is a `next` with
a result, and `complete` ends it. The last result may hold errors that say why it ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import msgspec
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from forebear.api import http
from forebear.api.answering.answer import code_of, refused
from forebear.api.answering.executor import Mutates, Subscribed
from forebear.api.connection import DRAIN
from forebear.api.document.errors import error_of, forbidden
from forebear.api.http import asker, graphql_request, responded
from forebear.api.log import note
from forebear.api.refusal import BadRequest
from forebear.api.registry import RunningRegistry
from forebear.api.types.made import plain
from forebear.connect.outbox import KEPT
from forebear.domain.roles import Actor
from forebear.domain.webhook import EventFilter, OutboxEvent, may_see, sequence
from forebear.graph.moments import moment
from forebear.store.errors import StoreError
from forebear.verbs.permissions import PERMISSIONS, refusal

EVENT_STREAM = "text/event-stream"

MOST_STREAMS = 100
"""How many subscriptions one service answers at once. Each reads the outbox for itself."""

POLL_SECONDS = 1.0
"""How often the outbox is read for new events."""

RIGHTS_SECONDS = 10.0
"""How often it is looked at again whether somebody may still see events. As often a comment shows that the stream lives."""

PART = 200
"""How many events are read together."""


class Ended(Exception):
    """A stream ends. The error says why, for the last result."""

    def __init__(self, error: GraphQLError) -> None:
        super().__init__(error.message)
        self.error = error


async def graphql(request: Request, registry: RunningRegistry) -> Response:
    """POST and GET /graphql, also as a stream. Raises `BadRequest` and `StoreError`."""
    if EVENT_STREAM in request.headers.get("accept", ""):
        return await subscribed(request, registry)
    return await http.graphql(request, registry)


async def subscribed(request: Request, registry: RunningRegistry) -> Response:
    """Answer a request for `text/event-stream`. Raises `BadRequest` and `StoreError`."""
    actor = await asker(request, registry.authentication)
    asked = await graphql_request(request)
    try:
        subscription = await registry.executor.subscription(
            asked.query, asked.variables, asked.operationName, registry.context(actor), reads=request.method != "POST"
        )
    except Mutates:
        raise http.mutates() from None
    if not isinstance(subscription, Subscribed):
        return responded(request, subscription)
    if reason := refusal(actor, "query"):
        return responded(request, refused([forbidden(reason)], status=403))
    wanted, since = _arguments(registry, subscription.arguments)
    if registry.streams.open >= MOST_STREAMS:
        raise BadRequest(503, f"{MOST_STREAMS} subscriptions are open already: come back later", "BUSY", {"Retry-After": "10"})
    note(request.scope, operation="events")
    draining = request.scope[DRAIN] = asyncio.Event()
    parts = _parts(request, registry, actor, subscription, wanted, since, draining)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(parts, media_type=EVENT_STREAM, headers=headers)


def _arguments(registry: RunningRegistry, arguments: Mapping[str, Any]) -> tuple[EventFilter, str]:
    """Return the filter, and the id or moment since which events are told. Raises `BadRequest`."""
    given = plain(arguments.get("filter")) or {}
    parts = [given.get(name) for name in ("events", "kinds", "lines")]
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


async def _parts(
    request: Request,
    registry: RunningRegistry,
    actor: Actor,
    subscription: Subscribed,
    wanted: EventFilter,
    since: str,
    draining: asyncio.Event,
) -> AsyncIterator[bytes]:
    registry.streams.open += 1
    rows = 0
    try:
        # The comment has the client see at once that the stream is open.
        yield b":\n\n"
        async for event in _events(request, registry, actor, wanted, since, draining):
            if event is None:
                yield b":\n\n"
                continue
            rows += 1
            answer = await subscription.answer(_told(event))
            yield b"event: next\nid: %b\ndata: %b\n\n" % (event.entry.encode(), answer.body)
    except Ended as end:
        yield _next({"errors": [end.error.formatted]})
    except BadRequest as error:
        yield _next({"errors": [error_of(str(error), error.code).formatted]})
    except StoreError as error:
        yield _next({"errors": [error_of(str(error), code_of(error)).formatted]})
    finally:
        registry.streams.open -= 1
        note(request.scope, rows=rows)
    yield b"event: complete\ndata:\n\n"


def _next(result: Mapping[str, Any]) -> bytes:
    return b"event: next\ndata: %b\n\n" % msgspec.json.encode(result)


async def _events(
    request: Request, registry: RunningRegistry, actor: Actor, wanted: EventFilter, since: str, draining: asyncio.Event
) -> AsyncIterator[OutboxEvent | None]:
    """Return events as they appear, and None from time to time.

    Raises `Ended` if the service stops or the actor may not see events any more, `BadRequest` if the token is not accepted any
    more, and `StoreError`.
    """
    tail, checked = registry.outbox.tail(since), monotonic()
    while not draining.is_set():
        new = await tail.new()
        for n in range(0, len(new), PART):
            for event in await registry.outbox.events(new[n : n + PART], with_lines=wanted.lines is not None):
                if (
                    event.entry >= since
                    and may_see(actor.roles, PERMISSIONS["query"], PERMISSIONS["readTokens"], event.subject)
                    and wanted.takes(event)
                ):
                    yield event
        tail.take(new)
        if monotonic() - checked >= RIGHTS_SECONDS:
            checked = monotonic()
            actor = await asker(request, registry.authentication)
            if reason := refusal(actor, "query"):
                raise Ended(forbidden(reason))
            yield None
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await draining.wait()
    raise Ended(error_of("the service stops: subscribe again, after the last event that came", "UNAVAILABLE"))


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
