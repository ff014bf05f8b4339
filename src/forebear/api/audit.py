"""The audit trail over HTTP, for those who may read it: streamed, so that whoever asks verifies it themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from forebear.api.http import BadRequest, asker, body, broken_off, failed
from forebear.domain.roles import refusal
from forebear.graph.declaration import Graph
from forebear.identity.authentication import Authentication
from forebear.record.audit import write_heads
from forebear.record.trail import BATCH, current, governed, lines
from forebear.store import Store
from forebear.store.errors import StoreError

NDJSON = "application/x-ndjson"


async def trail(request: Request, store: Store, authentication: Authentication) -> Response:
    """GET /audit: all heads, chains and entries as NDJSON, as docs/audit.md describes them."""
    try:
        await _reads(request, authentication)
    except BadRequest as error:
        return error.response()
    return StreamingResponse(_streamed(lines(store)), media_type=NDJSON)


async def heads(request: Request, store: Store, authentication: Authentication) -> Response:
    """POST /audit/heads: writes a head where a chain grew, and answers the last one; null where there is none."""
    try:
        await _reads(request, authentication)
        return JSONResponse(msgspec.to_builtins(await write_heads(store)))
    except BadRequest as error:
        return error.response()
    except StoreError as error:
        return failed(error)


async def nodes(request: Request, store: Store, graph: Graph, authentication: Authentication) -> Response:
    """GET /audit/nodes: the ids of all governed nodes that are not imported, as NDJSON.

    POST takes a JSON array of ids, and answers what the graph says of these nodes now.
    """
    try:
        await _reads(request, authentication)
        if request.method == "GET":
            return StreamingResponse(_streamed(_encoded(governed(store, graph))), media_type=NDJSON)
        try:
            ids = msgspec.json.decode(await body(request), type=list[str])
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BadRequest(400, f"the body must be a JSON array of ids: {error}", "BAD_REQUEST") from None
        if len(ids) > BATCH:
            raise BadRequest(413, f"at most {BATCH} ids at a time; {len(ids)} were given", "TOO_LARGE")
        return Response(msgspec.json.encode(await current(store, graph, ids)), media_type="application/json")
    except BadRequest as error:
        return error.response()
    except StoreError as error:
        return failed(error)


async def _reads(request: Request, authentication: Authentication) -> None:
    """Raises `BadRequest` for who may not read the audit trail."""
    if reason := refusal(await asker(request, authentication), "readAudit"):
        raise BadRequest(403, reason.message, reason.code)


async def _encoded(pages: AsyncIterator[list[str]]) -> AsyncIterator[bytes]:
    async for ids in pages:
        yield b"".join(msgspec.json.encode(id) + b"\n" for id in ids)


async def _streamed(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for part in parts:
            yield part
    except StoreError as error:
        yield broken_off(error)
