"""One line of log for each request, however it ends."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from forebear.store import metered

_log = structlog.get_logger(__name__)
_NOTES = "forebear.notes"

LONGEST_PATH = 200

GONE = 499
"""The status in the log if a client went away before it was answered, as nginx logs it."""

REQUEST_ID = "X-Request-Id"
"""The header with the id of a request: the client's or a proxy's, or else a new one."""

_REQUEST_ID = re.compile(r"[\w.:+/=-]{1,128}", re.ASCII)
_TRACE_PARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")
"""W3C Trace Context, section 3.2: a version, the id of the trace, the id of the parent, and flags."""

SWITCHED = 101
"""The status in the log of a WebSocket. Its line comes when it is closed."""


@dataclass(frozen=True)
class Measured:
    """What a request took."""

    status: int
    seconds: float
    statements: int
    statement_seconds: float
    error: str | None


class RequestLog:
    """Logs a request when its answer has been sent: the handler's notes, the duration, and the statements.

    `observe` is told what it took, too.
    """

    def __init__(self, app: ASGIApp, observe: Callable[[Scope, Measured], None] | None = None) -> None:
        self._app, self._observe = app, observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request and log it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = Headers(scope=scope)
        id, trace = headers.get(REQUEST_ID, ""), _TRACE_PARENT.fullmatch(headers.get("traceparent", ""))
        id = id if _REQUEST_ID.fullmatch(id) else uuid4().hex
        notes: dict[str, Any] = {"actor": None, "operation": None, "rows": None, "error": None}
        scope[_NOTES] = notes
        status, size = 500, 0

        async def sent(message: Message) -> None:
            nonlocal status, size
            match message["type"]:
                case "http.response.start" | "websocket.http.response.start":
                    status = message["status"]
                    MutableHeaders(raw=message["headers"])[REQUEST_ID] = id
                case "http.response.body" | "websocket.http.response.body":
                    size += len(message.get("body", b""))
                case "websocket.accept":
                    status = SWITCHED
                case "websocket.send":
                    size += len(message["text"])
                case "websocket.close" if status == 500:
                    # Nobody answers there.
                    status = 403
            await send(message)

        with metered() as meter:
            try:
                await self._app(scope, receive, sent)
            except ClientDisconnect:
                # The client has gone, so there is nobody to answer and nothing to mend.
                status, notes["error"] = GONE, "DISCONNECTED"
            except Exception:
                notes["error"] = "INTERNAL"
                raise
            finally:
                seconds = time.perf_counter() - started
                if self._observe:
                    self._observe(scope, Measured(status, seconds, meter.statements, meter.seconds, notes["error"]))
                _log.info(
                    "request",
                    method=scope.get("method", "GET"),
                    path=scope["path"][:LONGEST_PATH],
                    request=id,
                    trace=trace[1] if trace else None,
                    client=scope["client"][0] if scope.get("client") else None,
                    status=status,
                    ms=_ms(seconds),
                    statements=meter.statements,
                    statement_ms=_ms(meter.seconds),
                    bytes=size,
                    **notes,
                )


def note(scope: Scope, **notes: Any) -> None:
    """Note something about a request for its line: who asks (`actor`), for what (`operation`), the `error`'s code, …"""
    scope[_NOTES].update(notes)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
