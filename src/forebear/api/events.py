"""GraphQL over server-sent events.

The protocol is the distinct connections mode of GraphQL over SSE: one request is one subscription, each event is a `next` with
a result, and `complete` ends it. The last result may hold errors that say why it ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from functools import partial
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from forebear.api import http
from forebear.api.answering.answer import refused
from forebear.api.answering.executor import Mutates, Subscribed
from forebear.api.connection import DRAIN
from forebear.api.document.errors import forbidden
from forebear.api.following import Ended, Following
from forebear.api.http import asker, graphql_request, responded
from forebear.api.log import note
from forebear.api.registry import RunningRegistry
from forebear.verbs.permissions import refusal

EVENT_STREAM = "text/event-stream"

COMMENT = b":\n\n"
"""What shows a client that the stream lives."""


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
    following = Following.of(registry, subscription, partial(asker, request, registry.authentication))
    note(request.scope, operation="events")
    draining = request.scope[DRAIN] = asyncio.Event()
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(_parts(request, following, draining), media_type=EVENT_STREAM, headers=headers)


async def _parts(request: Request, following: Following, draining: asyncio.Event) -> AsyncIterator[bytes]:
    rows = 0
    try:
        yield COMMENT
        async with aclosing(following.results(draining)) as results:
            async for result in results:
                if result is None:
                    yield COMMENT
                    continue
                rows += 1
                id, answer = result
                yield b"event: next\nid: %b\ndata: %b\n\n" % (id.encode(), answer.body)
    except Ended as end:
        yield _next({"errors": [end.error.formatted]})
    finally:
        note(request.scope, rows=rows)
    yield b"event: complete\ndata:\n\n"


def _next(result: Mapping[str, Any]) -> bytes:
    return b"event: next\ndata: %b\n\n" % msgspec.json.encode(result)
