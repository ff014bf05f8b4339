"""Answers are compressed as the client accepts them, but for streams and for what may hold a secret."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import AsyncIterator

import brotli
import httpx
import pytest
import zstandard

from forebear.api.compression import chosen
from forebear.app import Forebear, application
from tests.record.asking import record

NAMES = "{ datasets(first: 1000) { nodes { id name } } }"
DECODED = {
    "zstd": lambda body: zstandard.ZstdDecompressor().decompress(body),
    "br": brotli.decompress,
    "gzip": lambda body: zlib.decompress(body, wbits=31),
}
TOKEN = """mutation { createToken(name: "%s", roles: [VIEWER]) {
  ... on TokenCreated { secret } ... on Refused { reasons { message } } } }"""


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br;q=0, gzip;q=0", None),
        ("*", "zstd"),
        ("*;q=0.5, zstd;q=0", "br"),
        ("gzip;q=0.5, identity", None),
        ("gzip;q=x, br", "br"),
        ("deflate, compress", None),
    ],
)
def test_the_encoding_is_the_one_that_the_client_likes_best(accepted: str, encoding: str | None) -> None:
    assert chosen(accepted) == encoding


@pytest.fixture
async def client(registry: Forebear) -> AsyncIterator[httpx.AsyncClient]:
    await record(registry, *({"kind": "Dataset", "id": f"dataset:{n:03}", "name": f"Dataset {n}"} for n in range(100)))
    app = application(lambda: contextlib.nullcontext(registry))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://forebear") as client,
    ):
        yield client


async def raw(client: httpx.AsyncClient, method: str, path: str, accepted: str, **body: object) -> tuple[httpx.Response, bytes]:
    """A response, and its bytes as they came."""
    async with client.stream(method, path, headers={"Accept-Encoding": accepted}, **body) as response:  # type: ignore[arg-type]
        return response, b"".join([part async for part in response.aiter_raw()])


async def test_a_large_answer_is_compressed_and_the_same(client: httpx.AsyncClient) -> None:
    plain, whole = await raw(client, "POST", "/graphql", "identity", json={"query": NAMES})
    assert ("content-encoding" in plain.headers, plain.headers["vary"]) == (False, "Accept-Encoding")
    for encoding, decoded in DECODED.items():
        response, body = await raw(client, "POST", "/graphql", encoding, json={"query": NAMES})
        assert (response.headers["content-encoding"], response.headers["vary"]) == (encoding, "Accept-Encoding")
        assert (int(response.headers["content-length"]), decoded(body)) == (len(body), whole)
        assert len(body) < len(whole) / 3


async def test_one_of_which_the_loop_would_feel_is_compressed_beside_it(client: httpx.AsyncClient) -> None:
    _, whole = await raw(client, "GET", "/schema.graphql", "identity")
    response, body = await raw(client, "GET", "/schema.graphql", "br")
    assert (response.headers["content-encoding"], brotli.decompress(body)) == ("br", whole)
    assert len(whole) > 400_000


async def test_what_is_small_a_stream_or_may_hold_a_secret_is_not_compressed(client: httpx.AsyncClient) -> None:
    small, _ = await raw(client, "POST", "/graphql", "gzip", json={"query": "{ __typename }"})
    secret, body = await raw(client, "POST", "/graphql", "gzip", json={"query": TOKEN % ("a" * 90) + " " * 2000})
    many = " ".join(f"a{n}: {TOKEN[11:-2] % n}" for n in range(20))
    secrets, longer = await raw(client, "POST", "/graphql", "gzip", json={"query": f"mutation {{ {many} }}"})
    stream, _ = await raw(client, "GET", "/export", "gzip")
    assert len(longer) > 1000
    assert b"forebear_" in body
    assert ["content-encoding" in each.headers for each in (small, secret, secrets, stream)] == [False] * 4
    assert [each.headers.get("cache-control") for each in (small, secret, secrets)] == [None, "no-store", "no-store"]
