"""What clients meet at the HTTP doors: media types, status codes, errors with a code."""

import asyncio
import contextlib
import gzip
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Route

import forebear.app
from forebear.api import http
from forebear.api.mlflow import BASES
from forebear.app import Forebear, application
from forebear.domain.roles import Role
from forebear.store import Engine, Store, WriteTransaction
from forebear.store.errors import EngineUnavailable, StatementTimeout
from forebear.verbs.permissions import PERMISSIONS
from tests import engines
from tests.audit.auditing import heads
from tests.record.asking import history

MODERN = "application/graphql-response+json"


@pytest.fixture
async def registry(store: Store) -> Forebear:
    return await Forebear.on(store)


@pytest.fixture
async def client(registry: Forebear) -> AsyncIterator[httpx.AsyncClient]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Forebear]:
        yield registry

    app = application(opened)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://forebear") as client,
    ):
        yield client


async def ask(client: httpx.AsyncClient, query: str, **body: Any) -> httpx.Response:
    return await client.post("/graphql", json={"query": query, **body})


async def test_a_query_is_answered_as_json_by_default(client: httpx.AsyncClient) -> None:
    answer = await ask(client, "{ models { totalCount } }")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == {"data": {"models": {"totalCount": 0}}, "extensions": {"cost": 21}}


async def test_who_accepts_the_modern_media_type_gets_it(client: httpx.AsyncClient) -> None:
    answer = await client.post("/graphql", json={"query": "{ __typename }"}, headers={"Accept": MODERN})
    assert (answer.status_code, answer.headers["content-type"]) == (200, MODERN)
    assert answer.json() == {"data": {"__typename": "Query"}, "extensions": {"cost": 1}}


@pytest.mark.parametrize(("accept", "status"), [("application/json", 200), (MODERN, 400)])
async def test_a_request_error_is_400_in_the_modern_media_type_alone(
    client: httpx.AsyncClient, accept: str, status: int
) -> None:
    answer = await client.post("/graphql", json={"query": "{ nothing }"}, headers={"Accept": accept})
    assert answer.status_code == status
    assert answer.json() == {
        "errors": [
            {
                "message": "Cannot query field 'nothing' on type 'Query'.",
                "locations": [{"line": 1, "column": 3}],
                "extensions": {"code": "INVALID_DOCUMENT"},
            }
        ]
    }


async def test_who_asks_is_said_beside_what_the_graph_answers(
    client: httpx.AsyncClient, registry: Forebear, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[str] = []
    read = registry.store.read

    async def counted(text: str, *arguments: Any, **named: Any) -> Any:
        statements.append(text)
        return await read(text, *arguments, **named)

    monkeypatch.setattr(registry.store, "read", counted)
    answer = await ask(
        client, '{ i: me { __typename name roles lines machine may } models { totalCount } none: node(id: "run:a") { id } }'
    )
    assert answer.json() == {
        "data": {
            "i": {
                "__typename": "Me",
                "name": "development",
                "roles": [role.name for role in Role],
                "lines": None,
                "machine": False,
                "may": list(PERMISSIONS),
            },
            "models": {"totalCount": 0},
            "none": None,
        },
        "extensions": {"cost": 21},
    }
    assert len(statements) == 1
    assert (await ask(client, "{ me { name } }")).json() == {"data": {"me": {"name": "development"}}, "extensions": {"cost": 1}}
    assert len(statements) == 1


async def test_a_query_may_be_asked_by_get(client: httpx.AsyncClient) -> None:
    answer = await client.get(
        "/graphql",
        params={"query": "query A($n: Int) { models(first: $n) { totalCount } }", "variables": '{"n": 1}'},
    )
    assert answer.json() == {"data": {"models": {"totalCount": 0}}, "extensions": {"cost": 2}}


async def test_a_mutation_needs_post(client: httpx.AsyncClient) -> None:
    answer = await client.get("/graphql", params={"query": "mutation { record(facts: []) { __typename } }"})
    assert answer.status_code == 405
    assert answer.json()["errors"][0]["extensions"] == {"code": "METHOD_NOT_ALLOWED"}


@pytest.mark.parametrize(
    ("content", "headers", "status", "message"),
    [
        (b"{", {"content-type": "application/json"}, 400, "the body is no GraphQL request: "),
        (b'{"query": 1}', {"content-type": "application/json"}, 400, "the body is no GraphQL request: "),
        (b"{}", {"content-type": "text/plain"}, 415, "content type text/plain is not understood"),
        (b"\xff", {"content-type": "application/json"}, 400, "the body is "),
        (b"no gzip", {"content-type": "application/json", "content-encoding": "gzip"}, 400, "the body is no gzip"),
        (b"x", {"content-type": "application/json", "content-encoding": "br"}, 415, "content encoding br"),
    ],
)
async def test_what_is_not_understood_is_said(
    client: httpx.AsyncClient, content: bytes, headers: dict[str, str], status: int, message: str
) -> None:
    answer = await client.post("/graphql", content=content, headers=headers)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["message"].startswith(message)


async def test_a_body_over_the_limit_is_refused(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_GRAPHQL", 100)
    answer = await ask(client, "{ models { totalCount } }" + " " * 100)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]) == (413, {"code": "TOO_LARGE"})


async def test_facts_are_recorded_all_or_nothing(client: httpx.AsyncClient) -> None:
    facts = [{"kind": "Dataset", "id": "dataset:a"}, {"kind": "Run", "id": "run:a", "seed": "x"}]
    answer = await client.post("/facts", json=facts)
    assert answer.status_code == 422
    assert answer.json() == {
        "rejections": [
            {
                "position": 1,
                "id": "run:a",
                "reasons": answer.json()["rejections"][0]["reasons"],
            }
        ]
    }
    assert "seed: " in answer.json()["rejections"][0]["reasons"][0]
    assert (await ask(client, "{ datasets { totalCount } }")).json()["data"] == {"datasets": {"totalCount": 0}}


async def test_facts_may_be_recorded_in_part(client: httpx.AsyncClient) -> None:
    facts = [{"kind": "Dataset", "id": "dataset:a"}, {"kind": "Nothing"}]
    answer = await client.post("/facts?partial=true", json=facts)
    assert answer.status_code == 200
    assert answer.json() == {
        "kinds": [{"kind": "Dataset", "facts": 1}],
        "described": 1,
        "connected": 0,
        "revised": 0,
        "updated": 0,
        "retracted": 0,
        "undescribed": [],
        "undescribedCount": 0,
        "rejections": [{"position": 1, "id": None, "reasons": ["kind: 'Nothing' is not known"]}],
    }


async def test_a_stream_of_facts_says_as_it_goes_what_is_in(client: httpx.AsyncClient) -> None:
    lines = [json.dumps({"kind": "Dataset", "id": f"dataset:{i}"}) for i in range(6000)]
    lines[5500] = "{"
    answer = await client.post(
        "/facts",
        content=gzip.compress("\n".join(lines).encode()),
        headers={"content-type": "application/x-ndjson", "content-encoding": "gzip"},
    )
    reports = [json.loads(line) for line in answer.text.splitlines()]
    assert [r["through"] for r in reports] == [5000, 6000, 6000]
    assert [r.get("rejections", []) for r in reports] == [
        [],
        [{"position": 5500, "id": None, "reasons": ["the line is no JSON: Input data was truncated"]}],
        [],
    ]
    assert reports[-1] == {
        "through": 6000,
        "done": True,
        "kinds": {"Dataset": 5999},
        "described": 5999,
        "connected": 0,
        "revised": 0,
        "updated": 0,
        "retracted": 0,
        "undescribed": [],
    }


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ('{ node(id: "nonsense") { id } }', "INVALID_ID"),
        ('{ modelVersion(id: "fleet:a") { id } }', "INVALID_ID"),
        ("{ models(first: -1) { totalCount nodes { id } } }", "INVALID_ARGUMENT"),
        ("{ models(first: 1001) { nodes { id } } }", "INVALID_ARGUMENT"),
        ('{ models(after: "x") { nodes { id } } }', "INVALID_CURSOR"),
        ('{ models(asKnownAt: "yesterday") { totalCount } }', "INVALID_DOCUMENT"),
        ("{ models { nodes { id } }", "SYNTAX_ERROR"),
        ("query A { __typename } query B { __typename }", "UNKNOWN_OPERATION"),
    ],
)
async def test_a_bad_request_has_a_code(client: httpx.AsyncClient, query: str, code: str) -> None:
    answer = (await ask(client, query)).json()
    assert answer["errors"][0]["extensions"]["code"] == code
    assert "data" not in answer


async def test_an_unknown_id_is_null_for_node_and_an_error_elsewhere(client: httpx.AsyncClient) -> None:
    assert (await ask(client, '{ node(id: "run:a") { id } }')).json() == {
        "data": {"node": None},
        "extensions": {"cost": 1},
    }
    assert (await ask(client, '{ run(id: "run:a") { id } }')).json() == {
        "errors": [
            {
                "message": "run: run:a is not known",
                "locations": [{"line": 1, "column": 3}],
                "path": ["run"],
                "extensions": {"code": "NOT_FOUND"},
            }
        ],
        "data": {"run": None},
        "extensions": {"cost": 1},
    }


@pytest.mark.parametrize("query", ["{ models { totalCount } }", "mutation { record(facts: []) { __typename } }"])
async def test_while_the_engine_is_down_clients_are_told_when_to_come_back(
    client: httpx.AsyncClient, registry: Forebear, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    async def down(*_: object, **__: object) -> None:
        raise EngineUnavailable(retry_after=3)

    monkeypatch.setattr(registry.store, "read", down)
    monkeypatch.setattr(registry.recorder, "record", down)
    answer = await ask(client, query)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    # Nothing was executed, so there is no data.
    assert answer.json() == {"errors": [{"message": "The database is not reachable.", "extensions": {"code": "UNAVAILABLE"}}]}
    modern = await client.post("/graphql", json={"query": query}, headers={"Accept": MODERN})
    assert (modern.status_code, modern.content) == (503, answer.content)


async def test_a_statement_that_takes_too_long_is_an_error_of_its_own(
    client: httpx.AsyncClient, registry: Forebear, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(*_: object, **__: object) -> None:
        raise StatementTimeout(5)

    monkeypatch.setattr(registry.store, "read", slow)
    errors = [{"message": "The database did not answer within 5 s.", "extensions": {"code": "TIMEOUT"}}]
    answer = await ask(client, "{ models { totalCount } }")
    assert (answer.status_code, answer.json()) == (200, {"errors": errors, "data": None})
    modern = await client.post("/graphql", json={"query": "{ models { totalCount } }"}, headers={"Accept": MODERN})
    assert (modern.status_code, modern.json()) == (504, {"errors": errors})


async def test_health_and_readiness(client: httpx.AsyncClient, registry: Forebear) -> None:
    assert (await client.get("/healthz")).json() == {"status": "alive"}
    assert (await readiness(client)).json() == {"status": "ready", "engine": registry.store.engine.value}


async def readiness(client: httpx.AsyncClient) -> httpx.Response:
    """What is said of readiness once the largest questions are planned."""
    while (answer := await client.get("/readyz")).json()["status"] == "planning":
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    return answer


async def test_upkeep_is_done_by_whatever_server_the_application_runs_on(registry: Forebear, tmp_path: Path) -> None:
    await history(registry, {"kind": "Dataset", "id": "dataset:a"})
    app = application(lambda: nullcontext(replace(registry, settings=engines.settings(tmp_path))))
    async with app.router.lifespan_context(app):
        while not (written := await heads(registry.store)):
            await asyncio.sleep(0.01)
    assert [(head.chains, head.entries) for head in written] == [(1, 1)]


async def test_neo4j_is_not_ready_while_the_largest_questions_are_being_planned(
    registry: Forebear, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = asyncio.Event()

    ready = registry.store.plans.ready

    async def planning(text: str, parameters: Mapping[str, object]) -> None:
        # Whether the service is ready is itself a statement, a short one.
        if forebear.app._parts(text) > 1:
            await planned.wait()
        else:
            await ready(text, parameters)

    monkeypatch.setattr(registry.store.plans, "ready", planning)
    monkeypatch.setattr(forebear.app, "QUICK", 1)
    app = application(lambda: nullcontext(replace(registry, settings=engines.settings(tmp_path))))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://forebear") as client,
    ):
        if registry.store.engine is Engine.NEO4J:
            answer = await client.get("/readyz")
            reason = "the database is planning the largest questions"
            assert (answer.status_code, answer.json()) == (503, {"status": "planning", "reason": reason})
        planned.set()
        await app.state.prepared.wait()
        assert (await client.get("/readyz")).status_code == 200


async def test_it_is_not_ready_while_a_constraint_is_missing_and_the_next_start_adds_it_and_says_so(
    client: httpx.AsyncClient, registry: Forebear, logged: list[Any]
) -> None:
    async def drop(transaction: WriteTransaction) -> None:
        for statement in ("DROP CONSTRAINT unique_Run_id", "DROP INDEX index_Robot_serial"):
            await transaction.run(statement)

    await registry.store.write(drop)
    missing = ["unique Run.id", "index Robot.serial"]
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "incomplete", "missing": missing})

    logged.clear()
    await Forebear.on(registry.store)
    assert logged == [{"event": "constraints and indexes", "added": missing, "log_level": "info"}]
    assert (await readiness(client)).status_code == 200
    await Forebear.on(registry.store)
    assert logged[1:][-1] == {"event": "constraints and indexes", "added": [], "log_level": "info"}


async def test_it_is_not_ready_while_its_database_cannot_be_asked(
    client: httpx.AsyncClient, registry: Forebear, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: object, **__: object) -> None:
        raise EngineUnavailable(retry_after=3)

    monkeypatch.setattr(registry.store, "read", down)
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json() == {"status": "unavailable", "reason": "The database is not reachable."}


@pytest.mark.parametrize("headers", [{}, {"content-type": "text/plain"}, {"content-type": "application/x-www-form-urlencoded"}])
async def test_every_door_that_takes_a_post_takes_it_of_its_media_types_alone(
    client: httpx.AsyncClient, registry: Forebear, headers: dict[str, str]
) -> None:
    doors = {r.path for r in application(contextlib.nullcontext).routes if isinstance(r, Route) and "POST" in (r.methods or ())}
    mlflow = {f"{base}/{{route:path}}" for base in BASES}
    neighbours = {"/connect/alertmanager", "/connect/cloudevents", "/api/v1/lineage", "/api/v1/lineage/batch"}
    ours = {"/graphql", "/facts", "/audit/heads", "/audit/nodes", "/sightings", *neighbours}
    assert doors == ours | mlflow
    for door in sorted(mlflow):
        answer = await client.post(door.replace("{route:path}", "registered-models/create"), content=b"{}", headers=headers)
        assert (answer.status_code, answer.json()["error_code"]) == (415, "BAD_REQUEST")
    for door in doors - mlflow:
        answer = await client.post(door, content=b"[]", headers=headers)
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]) == (415, {"code": "UNSUPPORTED_MEDIA_TYPE"})
    assert await registry.store.read("MATCH (n:AuditHead) RETURN n") == []


async def test_as_many_conditions_as_are_allowed_are_answered(client: httpx.AsyncClient) -> None:
    await client.post("/facts", json=[{"kind": "Run", "id": "run:a", "name": "n249"}, {"kind": "Run", "id": "run:b"}])
    query = "query ($filter: RunFilter) { runs(filter: $filter) { nodes { id } } }"
    conditions = [{"name": {"eq": f"n{n}"}} for n in range(249)]
    for filter, found in (
        ({"or": [*conditions, {"name": {"eq": "n249"}}][1:]}, ["run:a"]),
        ({"and": [{"not": condition} for condition in conditions[:160]]}, ["run:a", "run:b"]),
    ):
        answer = (await ask(client, query, variables={"filter": filter})).json()
        assert answer["data"] == {"runs": {"nodes": [{"id": id} for id in found]}}


async def test_json_is_as_deep_at_every_door(client: httpx.AsyncClient) -> None:
    def deep(depth: int) -> Any:
        return [deep(depth - 1)] if depth else 1

    record = "mutation ($f: [FactInput!]!) { record(facts: $f) { __typename ... on NotRecorded { rejections { reasons } } } }"
    for depth, reasons in ((64, []), (65, ["configuration: must be nested at most 64 deep"])):
        run = {"id": f"run:{depth}", "configuration": deep(depth)}
        answer = (await ask(client, record, variables={"f": [{"run": run}]})).json()["data"]["record"]
        assert [r["reasons"] for r in answer.get("rejections", [])] == [reasons] * bool(reasons)
        posted = (await client.post("/facts", json=[{"kind": "Run", **run}])).json()
        assert [r["reasons"] for r in posted["rejections"]] == [reasons] * bool(reasons)


async def test_head_is_answered_as_get_is_without_a_body(client: httpx.AsyncClient) -> None:
    answer = await client.head("/graphql", params={"query": "{ __typename }"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
