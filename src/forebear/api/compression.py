"""Compresses what a client accepts compressed.

A stream goes out as it comes. So does what no cache may store: it may hold a secret, and the length of what is compressed tells
something about a secret beside text that somebody else chose (BREACH, https://www.breachattack.com).
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Mapping

import brotli
import zstandard
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SMALLEST = 1_000
"""The least bytes that are worth it: less fits into one packet of a network anyway."""

BESIDE = 65_536
"""More bytes are compressed in a thread. So many take some 2 ms."""


def _gzip(body: bytes) -> bytes:
    compressor = zlib.compressobj(6, wbits=31)
    return compressor.compress(body) + compressor.flush()


ENCODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstandard.ZstdCompressor(3).compress(body),
    "br": lambda body: bytes(brotli.compress(body, quality=4)),
    "gzip": _gzip,
}
"""The encodings, from the one that is preferred. The first two are as small as the last one at three times its speed."""

TEXTS = ("text/", "application/json", "application/graphql-response+json", "application/javascript", "image/svg+xml")
"""How the media types begin that are worth it."""


def chosen(accepted: str) -> str | None:
    """Return the encoding for a header Accept-Encoding (RFC 9110, section 12.5.3), or None if it is none.

    >>> chosen("gzip, deflate, br")
    'br'
    >>> chosen("br;q=0.5, gzip;q=0.8, *;q=0.1")
    'gzip'
    """
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, parameter = part.partition(";")
        try:
            weights[name.strip()] = float(parameter.partition("q=")[2] or 1)
        except ValueError:
            weights[name.strip()] = 0
    others = weights.get("*", 0)
    best = max(ENCODINGS, key=lambda name: weights.get(name, others))
    weight = weights.get(best, others)
    return best if weight > 0 and weight >= weights.get("identity", 0) else None


class Compression:
    """Compresses whole answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, compressed if the client accepts that and it is worth it."""
        if scope["type"] != "http" or scope["method"] == "HEAD":
            await self._app(scope, receive, send)
            return
        encoding = chosen(Headers(scope=scope).get("accept-encoding", ""))
        start: Message | None = None

        async def sent(message: Message) -> None:
            nonlocal start
            # What is no stream has a length. It waits for its body, which may get another one.
            if message["type"] == "http.response.start" and "content-length" in Headers(raw=message["headers"]):
                start = message
                return
            if start is not None:
                head, start = start, None
                if not message.get("more_body") and _is_worth_it(head, message.get("body", b"")):
                    message = await _compressed(head, message, encoding)
                await send(head)
            await send(message)

        await self._app(scope, receive, sent)


def _is_worth_it(head: Message, body: bytes) -> bool:
    headers = Headers(raw=head["headers"])
    return (
        len(body) >= SMALLEST
        and headers.get("content-type", "").startswith(TEXTS)
        and "content-encoding" not in headers
        and "no-store" not in headers.get("cache-control", "")
    )


async def _compressed(head: Message, message: Message, encoding: str | None) -> Message:
    """Return the body in an encoding, and say so in the head."""
    headers = MutableHeaders(raw=head["headers"])
    headers.add_vary_header("Accept-Encoding")
    if encoding is None:
        return message
    body, compress = message["body"], ENCODINGS[encoding]
    body = await asyncio.to_thread(compress, body) if len(body) > BESIDE else compress(body)
    headers["Content-Encoding"] = encoding
    headers["Content-Length"] = str(len(body))
    return {**message, "body": body}
