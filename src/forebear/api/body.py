"""The body of a request: its media type is checked, and it is unzipped, bounded and read as JSON."""

from __future__ import annotations

import asyncio
import codecs
import json
import zlib
from collections.abc import AsyncIterator
from typing import Any, TypeVar, get_args, overload

import msgspec
from starlette.requests import Request

from forebear.api.refusal import BadRequest
from forebear.graph.document import InvalidDocument, decode

MAX_GRAPHQL = 1024 * 1024
"""The largest GraphQL request, in bytes."""

MAX_ARRAY = 8 * 1024 * 1024
"""The largest JSON array, in bytes: the embedded engine takes no statement of more than 16 MiB."""

MAX_VALUES = 200_000
"""How many values a JSON body has at most. Reading so many takes some 20 ms, in which nobody else is answered."""

MAX_RATIO = 100
"""How many times longer than its gzip a body may be, beyond its first MiB. Facts reach about 20."""

PIECE = 64 * 1024
"""How many bytes of a body are unzipped at once. Others are answered between two pieces."""

IN_LINES = "send facts as NDJSON to /facts"
"""What to do with a body of facts that is too large."""

T = TypeVar("T")


def media_type(request: Request, *accepted: str) -> str:
    """Return the media type of a request's body. Raises `BadRequest` if it is none of `accepted`.

    A page in a browser can send forms and plain text to any service without asking it, but no JSON.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in accepted:
        raise BadRequest(
            415,
            f"content type {kind or '(none)'} is not understood; send {' or '.join(accepted)}",
            "UNSUPPORTED_MEDIA_TYPE",
        )
    return kind


@overload
async def read_json(request: Request, most: int, what: str, type: type[T], remedy: str = IN_LINES) -> T: ...
@overload
async def read_json(request: Request, most: int, what: str, *, remedy: str = IN_LINES) -> Any: ...


async def read_json(request: Request, most: int, what: str, type: Any = Any, remedy: str = IN_LINES) -> Any:
    """Read a request's body of at most `most` bytes as JSON. `what` is its name in a refusal. Raises `BadRequest`.

    `remedy` says what to do with a body that is too large.
    """
    return read_text(await read_all(request, most, remedy), f"body is no {what}", type)


def read_text(body: bytes, fault: str, type: Any) -> Any:
    """Return a JSON text as a type. `fault` begins the message of the `BadRequest` that says what is wrong with it."""
    try:
        return _read(body.removeprefix(codecs.BOM_UTF8), type)
    except UnicodeDecodeError:
        raise BadRequest(400, "the body is not UTF-8", "BAD_REQUEST") from None
    except RecursionError:
        raise BadRequest(400, f"the {fault}: it is nested too deeply", "TOO_DEEP") from None
    except (msgspec.MsgspecError, InvalidDocument) as error:
        raise BadRequest(400, f"the {fault}: {error}", "BAD_REQUEST") from None


async def read_all(request: Request, most: int, remedy: str) -> bytes:
    """Return a request's body, unzipped, of at most `most` bytes. Raises `BadRequest`, with the remedy if it is too large."""
    parts, size, values = [], 0, 1
    async for part in unzipped(request):
        size += len(part)
        values += values_of(part)
        if size > most:
            raise BadRequest(413, f"the body is larger than {most} bytes; {remedy}", "TOO_LARGE")
        if values > MAX_VALUES:
            message = f"the body has more than {MAX_VALUES} values (commas and brackets are counted)"
            raise BadRequest(413, f"{message}; {remedy}", "TOO_LARGE")
        parts.append(part)
    return b"".join(parts)


def values_of(text: bytes) -> int:
    """Return how many values a JSON text has at most."""
    return text.count(b",") + text.count(b"[") + text.count(b"{")


def _read(data: bytes, type: Any) -> Any:
    """Return a JSON text as a type. A list of `msgspec.Raw` holds the texts of its items."""
    try:
        return msgspec.json.decode(data, type=type)
    except UnicodeDecodeError:
        raise
    except msgspec.MsgspecError:
        # It may hold what JSON lacks, such as NaN. Whoever knows the field explains what is wrong with it.
        value = decode(data)
    if get_args(type) == (msgspec.Raw,) and isinstance(value, list):
        return [msgspec.Raw(json.dumps(item).encode()) for item in value]
    return msgspec.convert(value, type)


async def unzipped(request: Request) -> AsyncIterator[bytes]:
    """Return a request's body as it comes, unzipped if it is gzip. Raises `BadRequest`."""
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding == "identity":
        async for part in request.stream():
            yield part
        return
    if encoding != "gzip":
        raise BadRequest(415, f"content encoding {encoding} is not understood; send gzip or none", "UNSUPPORTED_MEDIA_TYPE")
    decompressor = zlib.decompressobj(wbits=31)
    zipped = size = 0
    async for part in request.stream():
        zipped += len(part)
        for start in range(0, len(part), PIECE // 4):
            rest = part[start : start + PIECE // 4]
            while rest:
                if decompressor.eof:
                    # A gzip file may consist of several, one behind the other.
                    decompressor = zlib.decompressobj(wbits=31)
                try:
                    data = decompressor.decompress(rest, PIECE)
                except zlib.error as error:
                    raise BadRequest(400, f"the body is no gzip: {error}", "BAD_REQUEST") from None
                rest = decompressor.unconsumed_tail or decompressor.unused_data
                size += len(data)
                if size > 1024 * 1024 + MAX_RATIO * zipped:
                    message = f"the body is more than {MAX_RATIO} times as long as its gzip, beyond the first MiB"
                    raise BadRequest(413, f"{message}; send it without gzip", "TOO_LARGE")
                if data:
                    yield data
                await asyncio.sleep(0)
    if not decompressor.eof:
        raise BadRequest(400, "the gzip body ends too early", "BAD_REQUEST")
