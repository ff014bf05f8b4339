"""GraphQL over WebSocket, by the protocol `graphql-transport-ws`: subscriptions, and any other operation.

A browser sends the cookies and the reach of its network with a WebSocket of any page, and CORS does not hold it back. So the
page that opens one has to come from this service. The token comes in the payload of `connection_init`, as
`{"Authorization": "Bearer …"}`, since a page cannot set the headers of a WebSocket.

The messages and the codes that close a connection are those of the protocol's specification.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, suppress
from typing import Any
from urllib.parse import urlsplit

import msgspec
from graphql import GraphQLError
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from forebear.api.answering.answer import Answer, code_of, refused
from forebear.api.answering.executor import Subscribed
from forebear.api.body import MAX_VALUES, read_text, values_of
from forebear.api.document.errors import error_of, forbidden
from forebear.api.following import Ended, Following
from forebear.api.http import GraphQLRequest, asker
from forebear.api.log import note
from forebear.api.refusal import BadRequest
from forebear.api.registry import RunningRegistry
from forebear.domain.roles import Actor
from forebear.store.errors import StoreError
from forebear.verbs.permissions import refusal

PROTOCOL = "graphql-transport-ws"

INIT_SECONDS = 10.0
"""How many seconds `connection_init` may take to arrive."""

MOST_OPERATIONS = 20
"""How many operations one connection may ask for at once."""


class Init(msgspec.Struct, tag="connection_init"):
    """The first message, with who asks."""

    payload: dict[str, Any] | None = None


class Ping(msgspec.Struct, tag="ping"):
    """Asks whether the other side lives."""

    payload: dict[str, Any] | None = None


class Pong(msgspec.Struct, tag="pong"):
    """Answers a ping."""

    payload: dict[str, Any] | None = None


class Subscribe(msgspec.Struct, tag="subscribe"):
    """Asks for an operation."""

    id: str
    payload: GraphQLRequest


class Complete(msgspec.Struct, tag="complete"):
    """Ends an operation."""

    id: str


Message = Init | Ping | Pong | Subscribe | Complete
"""What a client says."""


class ErrorBody(msgspec.Struct):
    """The body of an answer to what was not executed."""

    errors: msgspec.Raw


class Closed(Exception):
    """The connection is closed, with a code of the protocol and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


async def graphql(socket: WebSocket, registry: RunningRegistry, origins: Sequence[str]) -> None:
    """WebSocket /graphql. Pages of these origins may open one, and those of the service."""
    if reason := _foreign(socket, origins):
        note(socket.scope, error="FOREIGN_ORIGIN")
        error = error_of(reason, "FOREIGN_ORIGIN").formatted
        await socket.send_denial_response(JSONResponse({"errors": [error]}, 403))
        return
    speaks = PROTOCOL in socket.scope["subprotocols"]
    await socket.accept(PROTOCOL if speaks else None)
    conversation = Conversation(socket, registry)
    try:
        if not speaks:
            raise Closed(4406, f"Subprotocol not acceptable: {PROTOCOL} is")
        await conversation.begin()
        while True:
            await conversation.take(await conversation.message())
    except Closed as end:
        note(socket.scope, error=end.code)
        # What is too long for the frame that closes a connection is cut there.
        await socket.close(end.code, end.reason.encode()[:120].decode(errors="ignore"))
    except WebSocketDisconnect:
        pass
    finally:
        await conversation.end()


def _foreign(socket: WebSocket, origins: Sequence[str]) -> str | None:
    """Return why the page that opens a connection may not, or None. What is no browser names no page."""
    origin, host = socket.headers.get("origin"), socket.headers.get("host")
    if origin is None or origin in origins or urlsplit(origin).netloc == host:
        return None
    return (
        f"a page of {origin!r} may not open a WebSocket to {host!r}: name its origin in FOREBEAR_ALLOWED_ORIGINS, "
        "or open it from a page of this service"
    )


class Conversation:
    """What is asked and answered on one connection."""

    def __init__(self, socket: WebSocket, registry: RunningRegistry) -> None:
        self._socket = socket
        self._registry = registry
        self._authorization: str | None = None
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._told = 0

    async def message(self) -> Message:
        """Return the next message. Raises `Closed` if it is none of the protocol's, and `WebSocketDisconnect`."""
        received = await self._socket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received["code"])
        if (text := received.get("text")) is None:
            raise Closed(4400, "Invalid message: it is not text")
        body = text.encode()
        if values_of(body) > MAX_VALUES:
            raise Closed(4400, f"Invalid message: it has more than {MAX_VALUES} values")
        try:
            message: Message = read_text(body, "message is invalid", Message)
        except BadRequest as error:
            raise Closed(4400, f"Invalid message: {error}") from None
        return message

    async def begin(self) -> None:
        """Learn who asks. Raises `Closed` and `WebSocketDisconnect`."""
        try:
            async with asyncio.timeout(INIT_SECONDS):
                while not isinstance(message := await self.message(), Init):
                    if isinstance(message, Subscribe):
                        raise Closed(4401, "Unauthorized: send connection_init first")
                    await self.take(message)
        except TimeoutError:
            raise Closed(4408, "Connection initialisation timeout") from None
        said = {name.lower(): value for name, value in (message.payload or {}).items()}.get("authorization")
        if said is not None and not isinstance(said, str):
            raise Closed(4403, "Forbidden: Authorization must be a text")
        self._authorization = said
        try:
            await self._asker()
        except BadRequest as error:
            raise Closed(4403 if error.status in (401, 403) else 1013, f"Forbidden: {error}") from None
        except StoreError as error:
            raise Closed(1013, str(error)) from None
        await self._send("connection_ack")

    async def take(self, message: Message) -> None:
        """Take a message after the first. Raises `Closed` if it is out of place."""
        match message:
            case Init():
                raise Closed(4429, "Too many initialisation requests")
            case Ping(payload):
                await self._send("pong", **({"payload": payload} if payload else {}))
            case Subscribe(id, _) if id in self._operations:
                raise Closed(4409, f"Subscriber for {id} already exists")
            case Subscribe(id, payload):
                if len(self._operations) >= MOST_OPERATIONS:
                    raise Closed(4429, f"Too many operations: at most {MOST_OPERATIONS} at once on a connection")
                self._operations[id] = asyncio.create_task(self._operate(id, payload))
            case Complete(id) if id in self._operations:
                self._operations.pop(id).cancel()
            case _:
                pass

    async def end(self) -> None:
        """End all operations."""
        tasks = [*self._operations.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        note(self._socket.scope, rows=self._told)

    async def _operate(self, id: str, asked: GraphQLRequest) -> None:
        try:
            # An action ends even if the connection closes.
            answer = await asyncio.shield(self._prepared(asked))
            if isinstance(answer, Answer):
                if answer.refused or answer.retry_after is not None:
                    await self._send("error", id=id, payload=msgspec.json.decode(answer.body, type=ErrorBody).errors)
                    return
                await self._next(id, answer)
            else:
                # The server closes connections when the service stops, and clients of the protocol connect again then.
                async with aclosing(answer.results(asyncio.Event())) as results:
                    async for result in results:
                        if result is not None:
                            await self._next(id, result[1])
            await self._send("complete", id=id)
        except Ended as end:
            await self._error(id, end.error)
        except BadRequest as error:
            await self._error(id, error_of(str(error), error.code))
        except StoreError as error:
            await self._error(id, error_of(str(error), code_of(error)))
        except WebSocketDisconnect:
            pass
        finally:
            if self._operations.get(id) is asyncio.current_task():
                del self._operations[id]

    async def _prepared(self, asked: GraphQLRequest) -> Answer | Following:
        actor = await self._asker()
        subscription = await self._registry.executor.subscription(
            asked.query, asked.variables, asked.operationName, self._registry.context(actor), reads=False
        )
        if not isinstance(subscription, Subscribed):
            return subscription
        if reason := refusal(actor, "query"):
            return refused([forbidden(reason)], status=403)
        return Following.of(self._registry, subscription, self._asker)

    async def _asker(self) -> Actor:
        return await asker(self._socket, self._registry.authentication, self._authorization)

    async def _next(self, id: str, answer: Answer) -> None:
        self._told += 1
        await self._send("next", id=id, payload=msgspec.Raw(answer.body))

    async def _error(self, id: str, error: GraphQLError) -> None:
        with suppress(WebSocketDisconnect):
            await self._send("error", id=id, payload=[error.formatted])

    async def _send(self, type: str, **rest: Any) -> None:
        await self._socket.send_text(msgspec.json.encode({"type": type, **rest}).decode())
