"""The HTTP side of the API: GraphQL over HTTP as specified, facts in bulk, health."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from forebear.api.answering.answer import Answer, code_of
from forebear.api.answering.executor import Mutates
from forebear.api.body import MAX_ARRAY, MAX_GRAPHQL, media_type, read_json, unzipped
from forebear.api.log import note
from forebear.api.recording import outcome, rejection, verbs_of
from forebear.api.refusal import BadRequest
from forebear.api.registry import RunningRegistry
from forebear.domain.roles import Actor, barred
from forebear.graph.declaration import LINE
from forebear.graph.document import InvalidDocument, decode
from forebear.identity.authentication import Authentication
from forebear.identity.errors import IssuerUnavailable, Unauthenticated
from forebear.record.recorder import MAX_FACTS, Recorder
from forebear.record.stream import MAX_LINE, Line, read_lines, record_lines
from forebear.record.summary import Origin
from forebear.store.errors import EngineUnavailable, StatementTimeout, StorageFull, StoreError, TransientFailure
from forebear.verbs.permissions import refusal_of_all

JSON = "application/json"
NDJSON = "application/x-ndjson"
GRAPHQL_RESPONSE = "application/graphql-response+json"

CONNECTOR = "forebear.connector"
"""The key, in the scope of a request, of the connector that its door belongs to."""


class GraphQLRequest(msgspec.Struct):
    """The body of a GraphQL request."""

    query: str
    variables: dict[str, Any] | None = None
    operationName: str | None = None
    extensions: dict[str, Any] | None = None


async def graphql(request: Request, registry: RunningRegistry) -> Response:
    """POST and GET /graphql. Raises `BadRequest` and `StoreError`."""
    if request.method != "POST" and "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(f"{request.scope.get('root_path', '')}/")
    actor = await asker(request, registry.authentication)
    asked = await graphql_request(request)
    reads = request.method != "POST"
    try:
        context = registry.context(actor)
        answer = await registry.executor.answer(asked.query, asked.variables, asked.operationName, context, reads=reads)
    except Mutates:
        raise mutates() from None
    note(request.scope, operation=answer.operation, rows=answer.rows, error=answer.error, compiled=answer.compiled)
    return responded(request, answer)


def mutates() -> BadRequest:
    """Return the refusal of a mutation where only reading is allowed."""
    return BadRequest(405, "a mutation needs POST", "METHOD_NOT_ALLOWED")


async def asker(request: HTTPConnection, authentication: Authentication, authorization: str | None = None) -> Actor:
    """Return who asks, by `authorization` or else by the header.

    Raises `StoreError`, and `BadRequest` if that is unknown or if the token is for another door.
    """
    try:
        actor = await authentication.actor(authorization or request.headers.get("authorization"))
    except Unauthenticated as error:
        challenge = 'Bearer realm="forebear"' + (', error="invalid_token"' if error.presented else "")
        raise BadRequest(401, str(error), "UNAUTHENTICATED", {"WWW-Authenticate": challenge}) from None
    except IssuerUnavailable as error:
        raise BadRequest(503, str(error), "UNAVAILABLE", _retry_after(error.retry_after)) from None
    note(request.scope, actor=actor.name)
    if reason := barred(actor, request.url.path, request.scope.get(CONNECTOR)):
        raise BadRequest(403, f"{reason.message}: {reason.remedy}", reason.code)
    return actor


async def permitted(request: Request, authentication: Authentication, *verbs: str) -> Actor:
    """Return who asks, if they may do one of these verbs. Raises `BadRequest` and `StoreError`."""
    actor = await asker(request, authentication)
    note(request.scope, operation=verbs[0])
    if reason := refusal_of_all(actor, verbs):
        raise BadRequest(403, reason.message, reason.code)
    return actor


def responded(request: Request, answer: Answer) -> Response:
    """Respond with an answer, in the media type that the client accepts."""
    headers = {"Cache-Control": "no-store"} if answer.writes else {}
    status, body = 200, answer.body
    modern = GRAPHQL_RESPONSE in request.headers.get("accept", "")
    if answer.retry_after is not None:
        headers, status = headers | _retry_after(answer.retry_after), 503
    elif answer.refused and modern:
        status, body = answer.refused, answer.modern or body
    return Response(body, status, headers, GRAPHQL_RESPONSE if modern else "application/json")


async def graphql_request(request: Request) -> GraphQLRequest:
    """Return what a request asks. Raises `BadRequest`."""
    if request.method != "POST":
        query = request.query_params.get("query")
        if query is None:
            raise BadRequest(400, "give the document as `query`, or POST it as JSON", "BAD_REQUEST")
        try:
            variables = msgspec.convert(decode(request.query_params.get("variables") or "null"), dict[str, Any] | None)
        except (msgspec.MsgspecError, InvalidDocument) as error:
            raise BadRequest(400, f"variables: {error}", "BAD_REQUEST") from None
        return GraphQLRequest(query, variables, request.query_params.get("operationName"))
    media_type(request, JSON)
    return await read_json(request, MAX_GRAPHQL, "GraphQL request", GraphQLRequest)


async def facts(request: Request, registry: RunningRegistry) -> Response:
    """POST /facts: record a JSON array in one transaction, or NDJSON of any length, atomic per batch, with progress.

    `?after=` says that it is a file from `?source=`, of which nothing is recorded twice. A request that continues a file gives
    the `mark` of the last report. Raises `BadRequest` and `StoreError`.
    """
    options = request.query_params
    imported, partial = flag(options.get("imported"), "imported"), options.get("partial")
    after = options.get("after")
    if after and not re.fullmatch("[0-9a-f]{64}", after):
        raise BadRequest(400, "after: is no mark of a report; give none at the beginning of a file", "BAD_REQUEST")
    if len(options.get("source") or "") > LINE:
        raise BadRequest(400, f"source: must be at most {LINE} characters long", "BAD_REQUEST")
    actor = await permitted(request, registry.authentication, *verbs_of(imported=imported))
    kind = media_type(request, JSON, NDJSON, "application/jsonl", "application/ndjson")
    origin = Origin(actor, options.get("source") or "http")
    if kind == JSON:
        return await _array(
            request, registry.recorder, origin, imported=imported, partial=flag(partial, "partial"), after=after
        )
    goes_on = partial is None or flag(partial, "partial")
    return Reports(record_lines(registry.recorder, unzipped(request), origin, imported=imported, partial=goes_on, after=after))


async def _array(
    request: Request, recorder: Recorder, origin: Origin, *, imported: bool, partial: bool, after: str | None
) -> Response:
    documents = await read_json(request, MAX_ARRAY, "JSON array of facts", list[msgspec.Raw])
    if len(documents) > MAX_FACTS:
        raise BadRequest(
            413,
            f"at most {MAX_FACTS} facts in one array; {len(documents)} were given: send NDJSON",
            "TOO_MANY_FACTS",
        )
    for position, document in enumerate(documents):
        if len(memoryview(document)) > MAX_LINE:
            raise BadRequest(413, f"the fact at position {position} is longer than {MAX_LINE} bytes", "TOO_LARGE")
    batch = await asyncio.to_thread(read_lines, recorder, [bytes(d) for d in documents], imported=imported)
    summary = await recorder.write(batch, origin, partial=partial, after=after)
    note(request.scope, rows=summary.facts.total())
    if summary.rejections and not partial:
        return await _encoded_response(lambda: {"rejections": [rejection(r) for r in summary.rejections]}, 422)
    return await _encoded_response(lambda: outcome(summary), 200)


async def _encoded_response(content: Callable[[], Mapping[str, Any]], status: int) -> Response:
    """Respond with content that is made and encoded beside the loop: thousands of rejections take longer than 50 ms."""
    body = await asyncio.to_thread(lambda: msgspec.json.encode(content()))
    return Response(body, status, media_type=JSON)


class Reports(Response):
    """The reports of a stream of facts, a line each. The last one says how it ended.

    It does not listen while it sends: the request's own body is still coming in, and is read between the reports.
    """

    media_type = NDJSON

    def __init__(self, lines: AsyncIterator[Line]) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._lines = lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the reports as they come."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with contextlib.aclosing(self._reports(scope)) as reports:
            async for report in reports:
                await send({"type": "http.response.body", "body": report, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _reports(self, scope: Scope) -> AsyncGenerator[bytes]:
        try:
            async for line in self._lines:
                note(scope, rows=line.through)
                yield msgspec.json.encode(line) + b"\n"
        except BadRequest as error:
            note(scope, error=error.code)
            yield last_line(error.code, str(error))
        except StoreError as error:
            yield broken_off(scope, error)
        except ClientDisconnect:
            note(scope, error="DISCONNECTED")


def streamed(request: Request, parts: AsyncIterator[bytes]) -> Response:
    """Respond with lines as they come. If the database breaks them off, the last line says so."""

    async def whole() -> AsyncIterator[bytes]:
        try:
            async for part in parts:
                yield part
        except StoreError as error:
            yield broken_off(request.scope, error)

    return StreamingResponse(whole(), media_type=NDJSON)


def broken_off(scope: Scope, error: StoreError) -> bytes:
    """Return the last line of a stream that the database broke off."""
    note(scope, error=code_of(error))
    return last_line(code_of(error), str(error))


def last_line(code: str, message: str) -> bytes:
    """Return the last line of a stream that broke off, with the reason."""
    return msgspec.json.encode({"error": {"code": code, "message": message}}) + b"\n"


def flag(text: str | None, name: str) -> bool:
    """Return a query parameter as a boolean, false if it is left out. Raises `BadRequest`."""
    if text in (None, "", "false"):
        return False
    if text == "true":
        return True
    raise BadRequest(400, f"{name}: {text!r} is neither true nor false", "BAD_REQUEST")


def refused(request: Request, error: Exception) -> Response:
    """Answer a request that ended in a `BadRequest`."""
    assert isinstance(error, BadRequest)
    note(request.scope, error=error.code, reason=str(error))
    return error.response()


def failed(request: Request, error: Exception) -> Response:
    """Answer a request that ended in a `StoreError`: the database could not do it, or cannot be reached now."""
    assert isinstance(error, StoreError)
    headers: Mapping[str, str] = {}
    match error:
        case EngineUnavailable(retry_after=seconds):
            status, headers = 503, _retry_after(seconds)
        case TransientFailure(retry_after=seconds):
            status, headers = 503, _retry_after(seconds)
        case StatementTimeout():
            status = 504
        case StorageFull():
            status = 507
        case _:
            status = 500
    return refused(request, BadRequest(status, str(error), code_of(error), headers))


def _retry_after(seconds: float) -> dict[str, str]:
    return {"Retry-After": str(max(1, round(seconds)))}
