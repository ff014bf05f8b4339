"""A connection to the service: bounds on the head of a request, deadlines for all of it, a cap on connections.

With httptools, uvicorn only limits how long an idle connection is kept. Its `limit_concurrency` counts silent connections as
well, so they can shut everybody out. Here a connection that has asked nothing yet makes room for a new one.
"""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from enum import Enum
from typing import Any

import httptools
import msgspec
import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

MAX_URL = 16 * 1024
"""The longest URL, in bytes. Longer documents are POSTed."""

MAX_HEAD = 32 * 1024
"""The largest head of a request, in bytes: its URL and all its headers."""

MAX_HEADERS = 100
"""The most headers of a request."""

MAX_PIPELINED = 16
"""How many requests may follow each other on a connection before the first of them is answered."""

MAX_CONNECTIONS = 500
"""How many connections may be open at once. It is less if the process may open fewer than 700 files."""

BACKLOG = 200
"""How many connections may wait to be taken. With the cap, they need fewer files than the usual 1,024."""

HEAD_SECONDS = 10.0
"""How many seconds the head of a request may take to arrive."""

BODY_SECONDS = 30.0
"""In each such interval, in seconds, MIN_BYTES of an awaited body must arrive, and the client must read some of an answer."""

MIN_BYTES = 1024
"""How many bytes of a body must come in each BODY_SECONDS."""

KEEP_ALIVE_SECONDS = 5
"""How many seconds an idle connection is kept."""

PIECE = 32 * 1024
"""How many bytes are parsed at once. Chunks of one byte make 5,000 of them."""

TICK = 2.0
"""How often a connection is checked, in seconds."""

DRAIN = "forebear.drain"
"""The key, in the scope of a request, of an event that is set when the service begins to stop, if the answer has no end."""

_log = structlog.get_logger(__name__)


def connections_allowed() -> int:
    """Return how many connections may be open at once, given how many files the process may open."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_CONNECTIONS if files == resource.RLIM_INFINITY else max(16, min(MAX_CONNECTIONS, files - BACKLOG))


class _Stage(Enum):
    HEAD = "waits for a head"
    BODY = "waits for a body"
    IDLE = "waits for nothing, or for its answer"


class _Refused(Exception):
    """A request that is refused before it is complete."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Reader:
    """How a client reads what is sent to it."""

    def __init__(self, now: float) -> None:
        self._unsent, self._since = 0, now

    def idle(self, unsent: int, now: float, *, waits: bool) -> float:
        """Return for how many seconds it has read nothing of `unsent` bytes. `waits` says whether somebody waits for that."""
        if not unsent or unsent < self._unsent or not waits:
            self._since = now
        self._unsent = unsent
        return now - self._since


class Connection(HttpToolsProtocol):
    """One connection. Neither its silence nor its bytes keep the others waiting."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._stage = _Stage.HEAD
        self._since = self.loop.time()
        self._came = 0
        self._head = 0
        self._between = 0
        self._unread, self._feeding = bytearray(), False
        self._reader = Reader(self._since)
        self._clock: asyncio.TimerHandle | None = None
        self._refusal: _Refused | None = None

    # ── the cap ─────────────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection. At the cap it replaces one that keeps us waiting for a request, or else for a body."""
        allowed = connections_allowed()
        if len(self.connections) >= allowed:
            waiting = [c for c in self.connections if isinstance(c, Connection) and c.waits]
            if waiting:
                _tell(self.loop, f"there are {allowed} connections; one that asked nothing made room")
                min(waiting, key=lambda c: (c._stage is _Stage.BODY, c._since)).transport.abort()
            else:
                self.transport = transport
                self._refuse(_Refused(503, "BUSY", f"there are {allowed} connections already; come back later"))
                return
        super().connection_made(transport)
        self._clock = self.loop.call_later(TICK, self._look)

    def shutdown(self) -> None:
        """Begin to stop: take no further request, and have an answer without an end end."""
        # A connection that asked nothing yet has no scope.
        if self.scope and isinstance(draining := self.scope.get(DRAIN), asyncio.Event):
            draining.set()
        super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._rest()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over to the WebSocket."""
        self._rest()
        super().handle_websocket_upgrade()

    def _rest(self) -> None:
        if self._clock:
            self._clock.cancel()

    @property
    def waits(self) -> bool:
        """Whether it is the client's turn: nothing is being answered, or a part of the request is missing."""
        if self.transport.is_closing():
            return False
        return not self.flow.read_paused if self._stage is _Stage.BODY else not self._answers

    @property
    def _answers(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    # ── bounds ──────────────────────────────────────────────────────────────────────────────────────────

    def data_received(self, data: bytes) -> None:
        """Read some bytes of requests. Others are served between two pieces of them."""
        if self._unread or len(data) > PIECE:
            self._unread += data
            data = b""
            if self._feeding:
                return
        self._feed(data)

    def _feed(self, data: bytes = b"") -> None:
        if self._unread:
            data = bytes(self._unread[:PIECE])
            del self._unread[:PIECE]
        self._parse(data)
        if self.transport.is_closing():
            self._unread.clear()
        paused, self._feeding = self._feeding, bool(self._unread)
        if self._feeding:
            self.transport.pause_reading()
            self.loop.call_soon(self._feed)
        elif paused and not self.flow.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    def _parse(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        if self._stage is _Stage.IDLE:
            self._enter(_Stage.HEAD)
        # These bytes belong to no body. httptools collects a header or trailer until it is complete.
        self._between += len(data)
        try:
            self.parser.feed_data(data)
            if self._between > MAX_HEAD + len(data):
                raise _head_too_large()
        except httptools.HttpParserUpgrade:
            # What asks for another protocol than WebSocket is answered as if it had not.
            if self._should_upgrade():
                self._unread.clear()
                self.handle_websocket_upgrade()
        except _Refused as refused:
            self._refuse(refused)
        except httptools.HttpParserError:
            self._refuse(self._refusal or _Refused(400, "BAD_REQUEST", "this is no HTTP request"))

    def on_message_begin(self) -> None:
        """A request begins."""
        self._head = self._between = 0
        if len(self.pipeline) >= MAX_PIPELINED:
            self._stop(_Refused(400, "BAD_REQUEST", f"at most {MAX_PIPELINED} requests may wait on one connection"))
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a part of the URL."""
        self._head += len(url)
        if self._head > MAX_URL:
            self._stop(_Refused(414, "TOO_LONG", f"the URL is longer than {MAX_URL} bytes; POST the document as JSON"))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header or a trailer."""
        self._head += len(name) + len(value)
        if self._head > MAX_HEAD or len(self.headers) >= MAX_HEADERS:
            self._stop(_head_too_large())
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete."""
        self._between = 0
        self._enter(_Stage.BODY)
        super().on_headers_complete()

    def on_chunk_header(self) -> None:
        """A chunk of its body begins."""
        self._between = 0

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._between = 0
        self._came += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is complete."""
        self._between = 0
        self._enter(_Stage.IDLE)
        super().on_message_complete()

    def _stop(self, refused: _Refused) -> None:
        """End the parser. It reports no errors but its own."""
        self._refusal = refused
        raise refused

    # ── deadlines ───────────────────────────────────────────────────────────────────────────────────────

    def _enter(self, stage: _Stage) -> None:
        self._stage, self._since, self._came = stage, self.loop.time(), 0

    def _look(self) -> None:
        """End the connection if it has kept us waiting too long."""
        self._clock = self.loop.call_later(TICK, self._look)
        now = self.loop.time()
        waits = self.flow.write_paused or self.transport.is_closing()
        if self._reader.idle(self.transport.get_write_buffer_size(), now, waits=waits) > BODY_SECONDS:
            _tell(self.loop, f"nothing of an answer was read for {BODY_SECONDS:g} s")
            self.transport.abort()
        elif self._stage is _Stage.HEAD and not self._answers and now - self._since > HEAD_SECONDS:
            self._refuse(_Refused(408, "TIMEOUT", f"the head of a request did not come within {HEAD_SECONDS:g} s"))
        elif self._stage is _Stage.BODY and (self.flow.read_paused or self._came >= MIN_BYTES):
            self._enter(_Stage.BODY)
        elif self._stage is _Stage.BODY and now - self._since > BODY_SECONDS:
            message = f"less than {MIN_BYTES} bytes of the body came in {BODY_SECONDS:g} s"
            self._refuse(_Refused(408, "TIMEOUT", message))

    def _refuse(self, refused: _Refused) -> None:
        """Answer why, if no answer has begun, and close the connection."""
        _tell(self.loop, str(refused))
        if not self.transport.is_closing() and not (self._answers and self.cycle.response_started):
            body = msgspec.json.encode({"errors": [{"message": str(refused), "extensions": {"code": refused.code}}]})
            head = [
                STATUS_LINE[refused.status],
                b"content-type: application/json\r\nconnection: close\r\n",
                b"retry-after: 1\r\n" if refused.status == 503 else b"",
                b"content-length: %d\r\n\r\n" % len(body),
            ]
            self.transport.write(b"".join([*head, body]))
        if self._answers:
            # An answer that is made meanwhile must not be written behind this.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()


class SocketConnection(WebSocketsSansIOProtocol):
    """One connection that became a WebSocket. A client that reads nothing is told so and dropped."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over a connection."""
        super().connection_made(transport)
        self._reader = Reader(self.loop.time())
        self._clock = self.loop.call_later(TICK, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._clock.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        self._clock = self.loop.call_later(TICK, self._look)
        waits = not self.writable.is_set() or self.transport.is_closing()
        idle = self._reader.idle(self.transport.get_write_buffer_size(), self.loop.time(), waits=waits)
        if idle > 2 * BODY_SECONDS:
            self.transport.abort()
        elif idle > BODY_SECONDS and not self.transport.is_closing():
            reason = f"nothing was read for {BODY_SECONDS:g} s"
            _tell(self.loop, reason)
            # It is behind what was not read, for a client that reads on.
            self.conn.send_close(1008, reason)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
            self.transport.close()


def _head_too_large() -> _Refused:
    message = f"the head of the request has more than {MAX_HEAD} bytes or {MAX_HEADERS} headers"
    return _Refused(431, "TOO_LARGE", message)


_endings: Counter[str] = Counter()


def _tell(loop: asyncio.AbstractEventLoop, reason: str) -> None:
    """Log ended connections: once a second how many for which reason, since there may be thousands."""
    if not _endings:
        loop.call_later(1, _tell_all)
    _endings[reason] += 1


def _tell_all() -> None:
    for reason, times in _endings.items():
        _log.warning("connections ended", reason=reason, times=times)
    _endings.clear()
