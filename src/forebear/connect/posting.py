"""Sending one message to the URL of a webhook, and nowhere else.

A name is resolved here, each of its addresses is checked, and the connection goes to an address that was checked. So a name
that leads elsewhere the next time (DNS rebinding) changes nothing. Redirects and proxies are not followed, and of the
answer only the status counts.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import httpcore
import httpx

from forebear.domain.webhook_target import Network, closed, permitted

SECONDS = 10.0
"""How long an attempt may take, from looking up the name to the end of the answer."""

CONNECT_SECONDS = 5.0

MOST_READ = 64 * 1024
"""How many bytes of an answer are read, so that the connection can be used again. After more it is closed."""

CONNECTIONS = 8
"""How many messages are on their way to one webhook at the same time."""


class NotDelivered(Exception):
    """A message was not accepted. The message says why."""


class _CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to permitted addresses alone."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = networks
        self._backend = httpcore.AnyIOBackend()
        # A look-up can hang for long, and must not hold up the threads of others.
        self._lookups = ThreadPoolExecutor(1, "webhook")

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first permitted address of a host that answers. Raises `NotDelivered`."""
        addresses = await self._addresses(host, port)
        allowed = [address for address in addresses if permitted(address, self._networks)]
        if not allowed:
            raise NotDelivered(closed(addresses[0]))
        for address in allowed:
            try:
                return await self._backend.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if address is allowed[-1]:
                    raise
        raise AssertionError

    async def _addresses(self, host: str, port: int) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
        def look_up() -> list[Any]:
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)

        try:
            found = await asyncio.get_running_loop().run_in_executor(self._lookups, look_up)
        except (OSError, UnicodeError) as error:
            raise NotDelivered(f"the name {host} cannot be resolved: {error}") from None
        return [*dict.fromkeys(ipaddress.ip_address(info[4][0]) for info in found)]

    def close(self) -> None:
        """End the thread, without a wait for what it looks up."""
        self._lookups.shutdown(wait=False, cancel_futures=True)


@cache
def _tls() -> ssl.SSLContext:
    """Return how servers are trusted: as httpx does, by SSL_CERT_FILE or SSL_CERT_DIR if they are set."""
    return httpx.create_ssl_context()


class Post:
    """Sends messages to the URL of one webhook. Use it as an asynchronous context."""

    def __init__(self, url: str, networks: Sequence[Network] = (), seconds: float = SECONDS) -> None:
        self._url = url
        self._seconds = seconds
        self._network = _CheckedNetwork(networks)
        self._pool: httpcore.AsyncConnectionPool | None = None

    async def __aenter__(self) -> Post:
        tls = await asyncio.to_thread(_tls) if self._url.startswith("https:") else None
        self._pool = httpcore.AsyncConnectionPool(
            tls, max_connections=CONNECTIONS, keepalive_expiry=60, network_backend=self._network
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._pool is not None
        await self._pool.aclose()
        self._network.close()

    async def send(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Send a message. Return when a status of success came. Raises `NotDelivered`."""
        try:
            async with asyncio.timeout(self._seconds):
                status = await self._status(body, headers)
        except TimeoutError:
            raise NotDelivered(f"no answer came within {self._seconds:g} s") from None
        except httpcore.TimeoutException:
            raise NotDelivered(f"no connection came within {CONNECT_SECONDS:g} s") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, ssl.SSLError, OSError) as error:
            raise NotDelivered(f"the connection failed: {str(error) or type(error).__name__}"[:300]) from None
        if 300 <= status < 400:
            raise NotDelivered(f"the answer was {status}, and redirects are not followed")
        if not 200 <= status < 300:
            raise NotDelivered(f"the answer was {status}")

    async def _status(self, body: bytes, headers: Mapping[str, str]) -> int:
        assert self._pool is not None
        timeouts = {"connect": CONNECT_SECONDS, "read": self._seconds, "write": self._seconds, "pool": self._seconds}
        async with self._pool.stream(
            "POST",
            self._url,
            headers=[("Content-Length", str(len(body))), ("User-Agent", "Forebear"), *headers.items()],
            content=body,
            extensions={"timeout": timeouts},
        ) as response:
            read = 0
            async for part in response.aiter_stream():
                read += len(part)
                if read > MOST_READ:
                    break
            return int(response.status)
