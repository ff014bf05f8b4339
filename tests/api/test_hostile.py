"""No request keeps the others waiting: what is too much is refused at once, with the limit named."""

import asyncio
import contextlib
import gzip
import json
import random
import socket
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import get_introspection_query

from forebear.api import connection
from forebear.api.connection import MAX_HEAD, MAX_HEADERS, MAX_URL
from forebear.app import Forebear
from forebear.record.stream import MAX_LINE
from forebear.store import Store
from forebear.store.errors import Overloaded
from tests.api.served import Answer, Served, peak, served


def _deep(depth: int) -> list[Any]:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return [{"run": {"id": "run:a", "configuration": value}}]


NDJSON = "application/x-ndjson"
GET = b"GET /healthz HTTP/1.1\r\nHost: h\r\n"
LONGEST = 0.05
"""How long one thing may keep the loop, in seconds."""


@pytest.fixture
async def service(store: Store) -> AsyncIterator[Served]:
    async with served(await Forebear.on(store)) as service:
        yield service


HEADS = {
    "a header of a megabyte": (GET + b"X: " + b"x" * 1_000_000 + b"\r\n\r\n", 431),
    "a header without an end": (GET + b"X: " + b"x" * 5_000_000, 431),
    "a name without an end": (GET + b"x" * 5_000_000, 431),
    "an Authorization of 64 kB": (GET + b"Authorization: Bearer " + b"x" * 65_536 + b"\r\n\r\n", 431),
    "many headers": (GET + b"a:b\r\n" * 100_000 + b"\r\n", 431),
    "many cookies": (GET + b"Cookie: a=b\r\n" * (MAX_HEADERS + 1) + b"\r\n", 431),
    "a long URL": (b"GET /graphql?query=%b HTTP/1.1\r\nHost: h\r\n\r\n" % (b"x" * MAX_URL), 414),
    "a URL without an end": (b"GET /" + b"x" * 5_000_000, 414),
    "a method without an end": (b"G" * 1_000_000, 400),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "empty lines": (b"\r\n" * 500_000, 431),
    "a trailer without an end": (
        b"POST /facts HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\n[]\r\n0\r\nX: " + b"x" * 5_000_000,
        431,
    ),
    "a chunk's extension without an end": (
        b"POST /facts HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2;"
        + b"x" * 5_000_000,
        431,
    ),
    "thousands of requests at once": (b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n" * 20_000, 400),
    "all that is allowed": (GET + b"X: %b\r\n\r\n" % (b"x" * (MAX_HEAD - 100)), 200),
}


@pytest.mark.parametrize("name", HEADS)
async def test_a_head_is_refused_as_soon_as_it_is_too_large(service: Served, name: str) -> None:
    content, status = HEADS[name]
    # Of many requests the first may be answered before the last is refused.
    assert (await service.send(content)).status in ({200, 400} if "thousands" in name else {status})
    assert service.longest < LONGEST


CHUNKED = b"POST /facts HTTP/1.1\r\nHost: h\r\nContent-Type: %b\r\nTransfer-Encoding: chunked\r\n\r\n"


async def test_slow_and_silent_connections_are_closed_and_say_why(
    service: Served, monkeypatch: pytest.MonkeyPatch, logged: list[Any]
) -> None:
    monkeypatch.setattr(connection, "TICK", 0.05)
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(connection, "BODY_SECONDS", 0.4)
    length = b"POST /graphql HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"
    slow = [b"x"] * 40
    answers = await asyncio.gather(
        service.send(),
        service.send(b"GET /healthz HTTP/1.1\r\n"),
        service.send(*[b"%c" % byte for byte in GET], pause=0.05),
        service.send(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n\r\n", b"\r\n", pause=0.1),
        service.send(length),
        service.send(length, *slow, pause=0.05),
        service.send(CHUNKED % b"application/json", *[b"1\r\nx\r\n"] * 40, pause=0.05),
        service.send(CHUNKED % NDJSON.encode(), *[b"1\r\nx\r\n"] * 40, pause=0.05),
    )
    assert [a.status for a in answers] == [408, 408, 408, 200, 408, 408, 408, 200]
    assert answers[4].code == "TIMEOUT"
    await asyncio.sleep(1.1)
    told: Counter[str] = Counter()
    for entry in logged:
        if entry["event"] == "connections ended":
            # A line each second at most: on a busy machine they end in two of them.
            told[entry["reason"]] += entry["times"]
    assert told["less than 1024 bytes of the body came in 0.4 s"] == 4
    assert told["the head of a request did not come within 0.3 s"] >= 3
    assert {entry["status"] for entry in logged if entry["event"] == "request"} <= {200, 499}


async def test_who_reads_nothing_of_an_answer_is_let_go(service: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "TICK", 0.05)
    monkeypatch.setattr(connection, "BODY_SECONDS", 0.3)
    with socket.create_connection(("127.0.0.1", service.port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await asyncio.to_thread(client.sendall, b"GET /schema.graphql HTTP/1.1\r\nHost: h\r\n\r\n" * 12)
        await asyncio.sleep(1.5)
        assert (await service.send(GET + b"\r\n")).status == 200
        client.settimeout(5)
        came = b""
        with contextlib.suppress(ConnectionError):
            while more := await asyncio.to_thread(client.recv, 1 << 20):
                came += more
        assert came.count(b"HTTP/1.1 200 OK") < 12


async def test_silent_connections_make_room_for_who_asks_something(
    service: Served, monkeypatch: pytest.MonkeyPatch, logged: list[Any]
) -> None:
    monkeypatch.setattr(connection, "MAX_CONNECTIONS", 40)
    silent = [await asyncio.to_thread(socket.create_connection, ("127.0.0.1", service.port)) for _ in range(100)]
    begun = [await asyncio.to_thread(socket.create_connection, ("127.0.0.1", service.port)) for _ in range(100)]
    for each in begun:
        each.sendall(b"POST /facts HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n[")
    try:
        for _ in range(10):
            assert (await service.send(GET + b"\r\n", seconds=5)).status == 200
        await asyncio.sleep(1.1)
        reason = "there are 40 connections; one that asked nothing made room"
        assert sum(e["times"] for e in logged if e.get("reason") == reason) >= 160
    finally:
        for each in silent + begun:
            each.close()


BLANK, MIB = b" " * (1 << 20), 1 << 20
VARIABLES = b'{"query":"","variables":'
WRONG = b"[" + b",".join([b'{"kind":"Nope","id":"' + b"x" * 700 + b'"}'] * 10_000) + b"]"
BODIES = {
    "a long text": ("/graphql", "application/json", b'{"query":"' + b"x" * (2 * MIB) + b'"}', False, 413, "TOO_LARGE"),
    "a gzip of blanks": ("/graphql", "application/json", BLANK * 200, True, 413, "TOO_LARGE"),
    "an array of blanks": ("/facts", "application/json", b"[" + BLANK * 7 + b"]", False, 200, None),
    "a large array": ("/facts", "application/json", b"[" + BLANK * 9 + b"]", False, 413, "TOO_LARGE"),
    "one large fact": ("/facts", "application/json", b'[{"kind":"' + b"x" * MAX_LINE + b'"}]', False, 413, "TOO_LARGE"),
    "many values": ("/facts", "application/json", b"[" + b"0," * 3_000_000 + b"0]", False, 413, "TOO_LARGE"),
    "many objects": ("/graphql", "application/json", VARIABLES + b'{"a":[' + b"{}," * 300_000, False, 413, "TOO_LARGE"),
    "as many wrong facts as are allowed": ("/facts", "application/json", WRONG, False, 422, None),
    "an array of arrays": ("/facts", "application/json", b"[" * 100_000, False, 400, "TOO_DEEP"),
    "a variable of arrays": ("/graphql", "application/json", VARIABLES + b'{"a":' * 50_000, False, 400, "TOO_DEEP"),
    "ids that are no ids": ("/audit/nodes", "application/json", b"[" + b'"",' * 100_000 + b'""]', False, 413, "TOO_LARGE"),
    "blank lines": ("/facts", NDJSON, b"\n" * (5 * MIB), False, 200, None),
    "lines of blanks": ("/facts", NDJSON, (b" " * 99 + b"\n") * 100_000, False, 200, None),
    "a gzip of blank lines": ("/facts", NDJSON, b"\n" * (150 * MIB), True, 200, "TOO_LARGE"),
    "a gzip of blanks as a line": ("/facts", NDJSON, BLANK * 200, True, 200, "TOO_LARGE"),
    "a line without an end": ("/facts", NDJSON, b'{"kind":"' + b"x" * (40 * MIB), False, 200, None),
    "a line of objects": ("/facts", NDJSON, b"[" + b"{}," * 340_000 + b"0]\n", False, 200, None),
    "a line of arrays": ("/facts", NDJSON, b"[" * (MAX_LINE - 1) + b"\n", False, 200, None),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
async def test_a_body_is_refused_as_soon_as_it_is_too_much(service: Served, name: str) -> None:
    path, kind, content, zipped, status, code = BODIES[name]
    before = peak()
    answer = await service.post(path, content, kind, zipped=zipped)
    assert answer.status == status
    assert (answer.code if status != 200 else _last(answer).get("error", {}).get("code")) == code
    assert service.longest < LONGEST
    # What it is sent by lies in the same process.
    assert peak() - before < 100 * MIB


def _last(answer: Answer) -> dict[str, Any]:
    found = [line for line in answer.body.splitlines() if line.startswith(b"{")]
    return dict(json.loads(found[-1]))


@pytest.mark.parametrize("kind", ["application/json", NDJSON])
async def test_a_body_in_chunks_of_a_byte_keeps_nobody_waiting(service: Served, kind: str) -> None:
    chunks = b"1\r\n[\r\n1\r\n]\r\n" + b"1\r\n \r\n" * 500_000
    answer = await service.send(CHUNKED % kind.encode(), chunks + b"0\r\n\r\n")
    assert answer.status == 200
    assert service.longest < LONGEST


async def test_many_gzips_behind_each_other_are_one_body(service: Served) -> None:
    member = gzip.compress(b"\n")
    answer = await service.send(
        b"POST /facts HTTP/1.1\r\nHost: h\r\nContent-Type: %b\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
        % (NDJSON.encode(), len(member) * 20_000),
        member * 20_000,
    )
    assert _last(answer)["through"] == 20_000
    assert service.longest < LONGEST


TYPE = "{ name fields { name args { name type { name ofType { name ofType { name } } } } type { name ofType { name } } } }"
RECORD = "mutation ($f: [FactInput!]!) { record(facts: $f) { __typename } }"
QUERIES = {
    "thirty introspections": (
        "{ " + " ".join(f"a{i}: __schema {{ types {TYPE} }}" for i in range(30)) + " }", {}, "TOO_COSTLY"),
    "introspection in introspection": (
        "{ __schema { types { fields { type { fields { type { name fields { name } } } } } } } }", {}, "INVALID_DOCUMENT"),
    "an introspection beside a query": ("{ __schema { types " + TYPE + " } models { totalCount } }", {}, "TOO_COSTLY"),
    "the usual introspection": (get_introspection_query(), {}, None),
    "a long search": ("query ($t: String!) { search(text: $t) { totalCount } }", {"t": "a " * 400_000}, "TOO_LONG"),
    "unused variables": ("{ models { totalCount } }", {"a": ["x" * 10] * 70_000}, None),
    "many mistakes": ("{ " + "models(x: 1) { y } " * 200 + "}", {}, "TOO_WIDE"),
    "a wide document": ("{ models { nodes { " + " ".join(f"a{i}: name" for i in range(990)) + " } } }", {}, None),
    "a document of one field": ("{ models { nodes { " + "id " * 3_000 + "} } }", {}, "TOO_WIDE"),
    "a long list": ("{ nodes(ids: [" + '"a" ' * 3_900 + "]) { id } }", {}, "INVALID_ARGUMENT"),
    "as long a search as is allowed": ('{ search(text: "' + "x" * 1_000 + '") { totalCount } }', {}, None),
    "a long text": ('{ search(text: "' + "x" * 99_900 + '") { totalCount } }', {}, "TOO_LONG"),
    "a deep text": ("{ models " * 1_900, {}, "TOO_DEEP"),
    "many facts": (RECORD, {"f": [{"run": {"id": ""}}] * 30_000}, "TOO_MANY_FACTS"),
    "as many facts as are allowed": (RECORD, {"f": [{"run": {"id": "no id"}}] * 10_000}, None),
    "a mutation's deep value": (RECORD, {"f": _deep(481)}, "TOO_DEEP"),
}  # fmt: skip


@pytest.mark.parametrize("name", QUERIES)
async def test_no_operation_keeps_the_others_waiting(service: Served, name: str) -> None:
    query, variables, code = QUERIES[name]
    for _ in range(2):
        answer = await service.ask(query, **variables)
        assert answer.code == code
    assert service.longest < LONGEST


async def test_small_reads_pass_sixty_four_heavy_ones(service: Served, store: Store) -> None:
    heavy = "UNWIND range(1, 400) AS a UNWIND range(1, 400) AS b WITH a * b AS c WHERE c % 7 = 0 RETURN sum(c) AS s"
    small = "{ models { totalCount } }"
    for _ in range(3):
        await service.ask(small)
    started = time.perf_counter()
    running = [asyncio.create_task(store.read(heavy)) for _ in range(64)]
    took = []
    while not all(task.done() for task in running):
        before = time.perf_counter()
        assert (await service.ask(small)).code is None
        took.append(time.perf_counter() - before)
    outcomes = [task.exception() for task in running]
    assert {type(o) for o in outcomes} <= {type(None), Overloaded}
    assert outcomes.count(None) >= 4
    # The first may come behind heavy ones of which nobody knew that they are.
    assert len(took) > 20
    assert statistics.median(took) < (time.perf_counter() - started) / 20


DOORS = [
    b"/graphql",
    b"/facts",
    b"/export",
    b"/audit",
    b"/audit/heads",
    b"/audit/nodes",
    b"/",
    b"/schema.graphql",
    b"/schema/cypher/x",
    b"/schema/question/x",
    b"/healthz",
]
SCRAPS = [
    b"",
    b"\r\n",
    b"\x00",
    b"\xff" * 40,
    b"x" * 70_000,
    b"{" * 2_000,
    b"[" * 2_000,
    b'"',
    b"null",
    b"[]",
    b"{}",
    b"1e999",
    b'{"query":"{ __typename }"}',
    b'{"query":"{ models { totalCount } }","variables":{"a":"\\ud800"}}',
    b'{"query":"{' + b"a" * 5_000,
    b'[{"kind":"Run","id":"run:f","configuration":' + b"[" * 70 + b"]" * 70 + b"}]",
    b'[{"kind":"Run","id":"' + b"x" * 3_000 + b'"}]',
    b'{"kind":"Dataset","id":"dataset:f"}\n' * 3,
    gzip.compress(b"[]" * 9_000),
    gzip.compress(b"x")[:-3],
    b"0\r\n\r\n",
    b"-1\r\n",
    b"ffffffffffffffff\r\n",
]
FIELDS = [
    b"Content-Length: -1",
    b"Content-Length: 99999999999999999999",
    b"Content-Length: 1",
    b"Transfer-Encoding: chunked",
    b"Content-Encoding: gzip",
    b"Content-Encoding: gzip, gzip",
    b"Content-Type: application/json",
    b"Content-Type: application/x-ndjson",
    b"Content-Type: text/plain",
    b"Connection: Upgrade\r\nUpgrade: websocket",
    b"Connection: close",
    b"Expect: 100-continue",
    b"Authorization: Bearer " + b"x" * 20_000,
    b"Authorization: Bearer a.b.c",
    b"Authorization: Basic eA==",
    b"Accept: text/html",
    b"Cookie: " + b"a=b;" * 3_000,
    b"Host: h",
    b"Host: " + b"h" * 9_000,
    b"X: \xff\xfe",
    b": empty",
    b"No colon",
]
METHODS = [b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"CONNECT", b"TRACE", b"PATCH", b"get", b"\x00"]
QUERY = [
    b"",
    b"?query={__typename}",
    b"?partial=maybe",
    b"?imported=true",
    b"?after=" + b"x" * 3_000,
    b"?%ff%zz",
    b"?a=1&" * 500,
]


async def test_no_bytes_stop_the_service_or_keep_it(service: Served, logged: list[Any]) -> None:
    chance = random.Random(11)
    before = peak()

    def request() -> tuple[bytes, ...]:
        body = chance.choice(SCRAPS) * chance.choice([1, 1, 1, 3])
        line = b"%b %b%b HTTP/1.%b" % (
            chance.choice(METHODS),
            chance.choice(DOORS),
            chance.choice(QUERY),
            chance.choice([b"0", b"1"]),
        )
        fields = chance.sample(FIELDS, chance.randrange(6))
        if chance.random() < 0.6:
            fields += [b"Host: h", b"Content-Length: %d" % len(body)]
        if chance.random() < 0.2:
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        raw = b"\r\n".join([line, *fields, b"", b""]) + body
        at = chance.randrange(len(raw))
        return (raw[:at], raw[at:]) if chance.random() < 0.7 else (raw[:at],)

    for _ in range(20):
        answers = await asyncio.gather(*(service.send(*request(), seconds=0.5) for _ in range(20)))
        assert not [a.raw[:500] for a in answers if a.status == 500 or b"INTERNAL" in a.raw or b"DATABASE_ERROR" in a.raw]
    assert (await service.send(GET + b"\r\n")).status == 200
    assert service.longest < LONGEST
    assert peak() - before < 100 * MIB
    assert {entry["error"] for entry in logged if entry["event"] == "request"}.isdisjoint({"INTERNAL", "DATABASE_ERROR"})
