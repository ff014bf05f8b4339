"""A service on a real socket, watched: how long it keeps its loop at most, and how much memory it takes."""

import asyncio
import contextlib
import gc
import gzip
import json
import resource
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from forebear.app import Forebear, application
from forebear.cli.serve import configured
from forebear.settings import Settings

SECONDS = 60.0


@dataclass
class Answer:
    """What came back on a connection until the service closed it, or until a whole answer was there."""

    raw: bytes

    @property
    def status(self) -> int:
        """The status of the first answer; 0 where there is none."""
        return int(self.raw.split(b" ", 2)[1]) if self.raw.startswith(b"HTTP/1.1 ") else 0

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]

    @property
    def code(self) -> str | None:
        """The code of its first error."""
        if b'"errors"' not in self.body:
            return None
        said = json.loads(self.body)
        return str(said["errors"][0]["extensions"]["code"])


@dataclass
class Served:
    """A service that is served on a port of this machine, in this thread's loop."""

    port: int
    longest: float = 0.0
    """The longest that the loop was kept by one thing, in seconds of its thread's own time: other work on the machine, and
    other threads, do not count."""
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)
    stop: Callable[[], None] = lambda: None
    """Has the service begin to stop."""

    async def watch(self) -> None:
        """Watches the loop."""
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.001)
            self.longest = max(self.longest, time.thread_time() - before)

    async def send(self, *parts: bytes, pause: float = 0, seconds: float = SECONDS) -> Answer:
        """Sends bytes on a connection of their own, from another thread; answers what came back."""
        return await asyncio.to_thread(self._send, parts, pause, seconds)

    def _send(self, parts: tuple[bytes, ...], pause: float, seconds: float) -> Answer:
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
            came = b""
            with contextlib.suppress(ConnectionError, TimeoutError):
                for part in parts:
                    connection.sendall(part)
                    time.sleep(pause)
            with contextlib.suppress(ConnectionError, TimeoutError):
                while not _whole(came) and (more := connection.recv(1 << 20)):
                    came += more
            return Answer(came)

    async def post(self, path: str, body: bytes, kind: str = "application/json", *, zipped: bool = False) -> Answer:
        """Posts a body."""
        body = await asyncio.to_thread(gzip.compress, body, 9) if zipped else body
        encoding = b"Content-Encoding: gzip\r\n" if zipped else b""
        head = b"POST %b HTTP/1.1\r\nHost: h\r\nContent-Type: %b\r\n%bContent-Length: %d\r\n\r\n"
        return await self.send(head % (path.encode(), kind.encode(), encoding, len(body)), body)

    async def ask(self, query: str, **variables: Any) -> Answer:
        """Posts a GraphQL request."""
        body = await asyncio.to_thread(json.dumps, {"query": query, "variables": variables})
        return await self.post("/graphql", body.encode())


def _whole(came: bytes) -> bool:
    head, found, body = came.partition(b"\r\n\r\n")
    if not found or head.startswith(b"HTTP/1.1 100"):
        return False
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return len(body) >= int(lengths[0].split(b":")[1]) if lengths else body.endswith(b"0\r\n\r\n")


QUICK = Settings(drain_seconds=1)


@contextlib.asynccontextmanager
async def served(registry: Forebear, port: int = 0, settings: Settings = QUICK) -> AsyncIterator[Served]:
    """A registry's service, as `forebear serve` serves it; on a free port unless one is named."""
    listener = socket.create_server(("127.0.0.1", port), backlog=200)
    # What a client does not read is not to disappear in the kernel.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 * 1024)
    app = application(lambda: contextlib.nullcontext(registry), origins=settings.allowed_origins)
    server = uvicorn.Server(configured(app, settings))
    serving = asyncio.create_task(server._serve([listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    service = Served(listener.getsockname()[1], stop=lambda: setattr(server, "should_exit", True))
    # As `forebear serve` does it.
    gc.collect()
    gc.freeze()
    threshold = gc.get_threshold()
    gc.set_threshold(50_000)
    watching = asyncio.create_task(service.watch())
    try:
        yield service
    finally:
        gc.set_threshold(*threshold)
        gc.unfreeze()
        watching.cancel()
        server.should_exit = True
        await serving
        listener.close()


def peak() -> int:
    """The most memory that this process has held so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = SECONDS) -> None:
    """Waits until something holds."""
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(0.01)
