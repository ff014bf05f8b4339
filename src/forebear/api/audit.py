"""The audit trail over HTTP, for those who may read it. It is streamed, so that clients verify it themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from forebear.api.body import MAX_GRAPHQL, media_type, read_json
from forebear.api.http import JSON, permitted, streamed
from forebear.api.refusal import BadRequest
from forebear.api.registry import RunningRegistry
from forebear.audit.heads import write_heads
from forebear.audit.trail import BATCH, current, governed, lines


async def trail(request: Request, registry: RunningRegistry) -> Response:
    """GET /audit: send all heads, chains and entries as NDJSON, as docs/reference/audit.md describes them."""
    await permitted(request, registry.authentication, "readAudit")
    return streamed(request, lines(registry.store))


async def heads(request: Request, registry: RunningRegistry) -> Response:
    """POST /audit/heads: write a head if a chain grew, and answer the last one; null if there is none."""
    await permitted(request, registry.authentication, "readAudit")
    media_type(request, JSON)
    return JSONResponse(msgspec.to_builtins(await write_heads(registry.store)))


async def nodes(request: Request, registry: RunningRegistry) -> Response:
    """GET /audit/nodes: send the ids of all governed nodes that are not imported, as NDJSON.

    POST takes a JSON array of ids, and answers the current values of these nodes in the graph.
    """
    await permitted(request, registry.authentication, "readAudit")
    if request.method == "GET":
        return streamed(request, _encoded(governed(registry.store, registry.schema.graph)))
    media_type(request, JSON)
    ids = await read_json(request, MAX_GRAPHQL, "JSON array of ids", list[str])
    if len(ids) > BATCH:
        raise BadRequest(413, f"at most {BATCH} ids at a time; {len(ids)} were given", "TOO_LARGE")
    return Response(
        msgspec.json.encode(await current(registry.store, registry.schema.graph, ids)), media_type="application/json"
    )


async def _encoded(pages: AsyncIterator[list[str]]) -> AsyncIterator[bytes]:
    async for ids in pages:
        yield b"".join(msgspec.json.encode(id) + b"\n" for id in ids)
