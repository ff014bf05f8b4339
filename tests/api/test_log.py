"""One line of log for each request, whatever came of it."""

import re
from typing import Any

import httpx
import pytest

from forebear.app import Forebear, application
from forebear.domain.roles import Role
from forebear.identity.actors import DEVELOPMENT
from forebear.identity.tokens import CreatedToken
from forebear.store import Store
from forebear.store.errors import EngineUnavailable, StatementFailed, StatementTimeout, TransientFailure
from tests.record.asking import origin, serving

NDJSON = {"content-type": "application/x-ndjson"}
MODELS = "query Models { models { nodes { id } } }"
RECORD = 'mutation Record { record(facts: [{model: {id: "model:m"}}]) { ... on Recorded { kinds { facts } } } }'


@pytest.fixture
async def registry(store: Store) -> Forebear:
    return await Forebear.on(store)


def line(logged: list[Any], answer: httpx.Response) -> dict[str, Any]:
    """The one line of a request, without what it shares with every other: its times and sizes are what they were."""
    (entry,) = (each for each in logged if "path" in each)
    logged.clear()
    assert 0 <= entry["statement_ms"] <= entry.pop("ms")
    assert (entry.pop("statement_ms") > 0) == (entry["statements"] > 0)
    assert entry.pop("bytes") == answer.num_bytes_downloaded
    assert (entry.pop("event"), entry.pop("log_level"), entry.pop("method")) == ("request", "info", answer.request.method)
    assert (entry.pop("client"), entry.pop("trace")) == ("127.0.0.1", None)
    assert entry.pop("request") == answer.headers["x-request-id"]
    assert (entry.pop("path"), entry.pop("status")) == (answer.request.url.path, answer.status_code)
    return dict(entry)


def said(
    operation: str | None, rows: int | None, statements: int, *, error: str | None = None, **more: object
) -> dict[str, Any]:
    return {"actor": "development", "operation": operation, "rows": rows, "statements": statements, "error": error, **more}


async def test_a_query_is_a_line_with_its_operation_its_statement_and_its_rows(registry: Forebear, logged: list[Any]) -> None:
    facts = [{"kind": "Model", "id": f"model:{n}"} for n in range(3)]
    await registry.recorder.record(facts, origin("tester"))
    async with serving(registry) as http:
        logged.clear()
        answer = await http.post("/graphql", json={"query": MODELS})
        assert line(logged, answer) == said("Models", 3, 1, compiled=True)
        answer = await http.get("/graphql", params={"query": "{ __schema { queryType { name } } }"})
        assert line(logged, answer) == said(None, 0, 0, compiled=False)
        answer = await http.post("/graphql", json={"query": '{ run(id: "run:a") { id } }'})
        assert (answer.status_code, line(logged, answer)) == (200, said(None, 0, 1, error="NOT_FOUND", compiled=False))


async def test_a_mutation_is_a_line_with_the_statements_of_its_transaction(registry: Forebear, logged: list[Any]) -> None:
    async with serving(registry) as http:
        logged.clear()
        answer = await http.post("/graphql", json={"query": RECORD})
        assert line(logged, answer) == said("Record", 1, 2, compiled=False)


async def test_facts_are_a_line_with_how_many_there_were(registry: Forebear, logged: list[Any]) -> None:
    async with serving(registry) as http:
        logged.clear()
        answer = await http.post("/facts", json=[{"kind": "Model", "id": "model:a"}, {"kind": "Model", "id": "model:b"}])
        assert line(logged, answer) == said("record", 2, 2)
        answer = await http.post("/facts", json=[{"kind": "Nothing"}])
        assert (answer.status_code, line(logged, answer)) == (422, said("record", 0, 0))
        lines = b'{"kind": "Model", "id": "model:c"}\n' * 3
        answer = await http.post("/facts?imported=true", content=lines, headers=NDJSON)
        assert line(logged, answer) == said("importHistory", 3, 3)
        answer = await http.post("/facts", content=b"no gzip", headers=NDJSON | {"content-encoding": "gzip"})
        assert (answer.status_code, line(logged, answer)) == (200, said("record", None, 0, error="BAD_REQUEST"))


async def test_what_is_refused_is_a_line_that_says_why(registry: Forebear, logged: list[Any]) -> None:
    viewer = await registry.tokens.create(DEVELOPMENT, "vera", [Role.VIEWER])
    assert isinstance(viewer, CreatedToken)
    async with serving(registry) as http:
        logged.clear()
        for headers, content, status, expected in (
            ({"authorization": "Bearer nobody"}, b"[]", 401, {"actor": None, "operation": None, "error": "UNAUTHENTICATED"}),
            ({"authorization": f"Bearer {viewer.secret}"}, b"[]", 403, {"actor": "vera", "error": "FORBIDDEN"}),
            ({"content-type": "text/plain"}, b"[]", 415, {"error": "UNSUPPORTED_MEDIA_TYPE"}),
            ({}, b"{", 400, {"error": "BAD_REQUEST"}),
            ({}, b"[%b]" % b",".join([b"0"] * 10_001), 413, {"error": "TOO_MANY_FACTS"}),
        ):
            answer = await http.post("/facts", content=content, headers={"content-type": "application/json"} | headers)
            entry = line(logged, answer)
            statements = entry.pop("statements")
            assert (answer.status_code, statements) == (status, 1 if status == 403 else 0)
            reason = answer.json()["errors"][0]["message"]
            assert entry == {"actor": "development", "operation": "record", "rows": None, "reason": reason} | expected


async def test_an_operation_that_is_refused_is_a_line_with_its_code(registry: Forebear, logged: list[Any]) -> None:
    async with serving(registry) as http:
        logged.clear()
        answer = await http.post("/graphql", json={"query": "{ nothing }"})
        assert line(logged, answer) == said(None, 0, 0, error="INVALID_DOCUMENT", compiled=False)
        answer = await http.get("/graphql", params={"query": RECORD})
        reason = "a mutation needs POST"
        assert (answer.status_code, line(logged, answer)) == (
            405,
            said(None, None, 0, error="METHOD_NOT_ALLOWED", reason=reason),
        )


@pytest.mark.parametrize(
    ("raised", "status", "code"),
    [
        (EngineUnavailable(retry_after=3), 503, "UNAVAILABLE"),
        (StatementTimeout(5), 504, "TIMEOUT"),
        (TransientFailure(), 503, "BUSY"),
        (StatementFailed(), 500, "DATABASE_ERROR"),
    ],
    ids=["unavailable", "timeout", "busy", "failed"],
)
async def test_what_the_database_cannot_do_is_a_line_with_its_code(
    registry: Forebear, logged: list[Any], monkeypatch: pytest.MonkeyPatch, raised: Exception, status: int, code: str
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(registry.recorder, "write", fail)
    async with serving(registry) as http:
        logged.clear()
        answer = await http.post("/facts", json=[])
        reason = str(raised)
        assert (answer.status_code, line(logged, answer)) == (status, said("record", None, 0, error=code, reason=reason))
        answer = await http.post("/facts", content=b"{}\n", headers=NDJSON)
        assert answer.json() == {"error": {"code": code, "message": reason}}
        assert line(logged, answer) == said("record", None, 0, error=code)


async def test_whatever_else_is_asked_is_a_line_too(registry: Forebear, logged: list[Any]) -> None:
    nobody = {"actor": None, "operation": None, "rows": None, "error": None}
    async with serving(registry) as http:
        logged.clear()
        for path, status, statements in (("/healthz", 200, 0), ("/", 200, 0), ("/nothing", 404, 0)):
            answer = await http.get(path)
            assert (answer.status_code, line(logged, answer)) == (status, nobody | {"statements": statements})
        answer = await http.get("/audit")
        entry = line(logged, answer)
        assert entry.pop("statements") > 0
        assert entry == nobody | {"actor": "development", "operation": "readAudit"}


async def test_a_request_for_another_host_is_a_line(registry: Forebear, logged: list[Any]) -> None:
    transport = httpx.ASGITransport(application(lambda: None, ["localhost"]))  # type: ignore[arg-type, return-value]
    async with httpx.AsyncClient(transport=transport, base_url="http://elsewhere") as http:
        answer = await http.get("/healthz")
        assert answer.status_code == 400
        assert line(logged, answer) == {
            "actor": None,
            "operation": None,
            "rows": None,
            "error": "UNKNOWN_HOST",
            "statements": 0,
        }


async def test_a_request_keeps_its_id_and_its_trace_or_gets_an_id_of_its_own(registry: Forebear, logged: list[Any]) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    async with serving(registry) as http:
        logged.clear()
        for sent, id in (("proxy-7f/3", "proxy-7f/3"), ("a b", None), ("x" * 129, None), ('"}{', None)):
            answer = await http.get(
                "/healthz", headers={"X-Request-Id": sent, "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
            )
            (entry,) = logged
            logged.clear()
            assert (entry["request"], entry["trace"]) == (answer.headers["x-request-id"], trace)
            assert (entry["request"] == id) if id else re.fullmatch("[0-9a-f]{32}", entry["request"])
        await http.get("/healthz", headers={"traceparent": "00-none-of-it-01"})
        assert logged[0]["trace"] is None
