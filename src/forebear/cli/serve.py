"""The service as a process: `serve`."""

from __future__ import annotations

import asyncio
import gc
import math
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING

from forebear.cli import terminal
from forebear.cli.terminal import Code, Failure, out

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette

    from forebear.app import Forebear
    from forebear.settings import Settings


def serve() -> None:
    """Serve the registry over HTTP until Ctrl-C or SIGTERM. It reads its settings from FOREBEAR_* environment variables."""
    run(terminal.settings())


def run(
    settings: Settings,
    before: Callable[[Forebear], Awaitable[None]] | None = None,
    then: Callable[[Forebear, str], Awaitable[None]] | None = None,
) -> None:
    """Serve until a signal. `before` gets the registry before it listens; `then` gets it and its URL when it does."""
    import uvicorn

    from forebear.api.metrics import Metrics
    from forebear.app import Forebear, application

    async def serving() -> None:
        async with Forebear.open(settings) as registry:
            if before:
                await before(registry)
            # A collection stops every answer, and a full one looks at the schema's 135,000 objects, which never die: 0.2 s. Of
            # an answer's objects the driver's results alone are cycles, and small, so they need not be looked for often.
            gc.collect()
            gc.freeze()
            gc.set_threshold(50_000)
            # Facts are read in a thread beside what is answered, and each answer waits several times for that to let go.
            sys.setswitchinterval(0.0005)

            class Server(uvicorn.Server):
                async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                    await super().startup(sockets)
                    if registry.store.embedded:
                        registry.store.embedded.announce(url)
                    out().print(f"Forebear listens on {url}, {await _authentication(registry, settings)}.", markup=False)
                    if then:
                        await then(registry, url)

            # From here uvicorn catches signals, and raises them again at its end: by then we are ending anyway.
            asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)
            for each in (signal.SIGTERM, signal.SIGINT):
                signal.signal(each, lambda *_: None)
            app = application(
                lambda: nullcontext(registry),
                _hosts(settings),
                settings.allowed_origins,
                settings.root_path,
                Metrics() if settings.metrics else None,
            )
            server = Server(configured(app, settings))
            await server.serve([listener])

    terminal.configure_logs(settings.log_level, settings.log_format)
    with bound(settings) as listener:
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        url = f"{'https' if settings.tls_certificate else 'http'}://{host}:{listener.getsockname()[1]}"
        terminal.run(serving())


def configured(app: Starlette, settings: Settings) -> uvicorn.Config:
    """Return how an application is served."""
    import uvicorn

    from forebear.api.body import MAX_GRAPHQL
    from forebear.api.connection import BACKLOG, KEEP_ALIVE_SECONDS, Connection, SocketConnection

    return uvicorn.Config(
        app,
        http=Connection,
        ws=SocketConnection,
        ws_max_size=MAX_GRAPHQL,
        # A secret that is compressed beside what somebody else chose can be guessed by the length.
        ws_per_message_deflate=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        log_config=None,
        access_log=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=[*map(str, settings.trusted_proxies)],
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
        server_header=False,
        timeout_graceful_shutdown=math.ceil(settings.drain_seconds),
    )


def _hosts(settings: Settings) -> list[str]:
    """Return the hosts that a request may name.

    If nobody has to authenticate, a page in a browser of this machine could lead its own name here (DNS rebinding).
    """
    if settings.allowed_hosts:
        return [*settings.allowed_hosts]
    if settings.authenticates or settings.allow_unauthenticated_network_access:
        return ["*"]
    return ["localhost", "127.0.0.1", "::1", settings.host]


async def _authentication(registry: Forebear, settings: Settings) -> str:
    if not settings.authenticates:
        return "without authentication: without a token you act as the development actor"
    if settings.oidc_issuer is None and not await registry.tokens.all():
        when = "before it starts" if registry.store.embedded else "beside it"
        return f"and everyone needs a token; make the first one {when}: forebear token create NAME --role ADMIN"
    return "and everyone needs a token"


def bound(settings: Settings) -> socket.socket:
    """Return the socket to serve on. It refuses connections until the service is ready."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Only for a socket that says it is TCP does asyncio turn Nagle's delay off, which costs 40 ms an answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise Failure(
            f"cannot serve on {settings.host}:{settings.port} ({error.strerror}): end what listens there, "
            f"or set FOREBEAR_HOST and FOREBEAR_PORT (0 takes a free port)",
            Code.WRONG,
        ) from None
    return listener
