"""Prometheus reads what a service measures of itself, if a setting turns it on, and who asks may."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
from cryptography.fernet import Fernet
from prometheus_client.parser import text_string_to_metric_families as families

from forebear.api.metrics import Metrics
from forebear.app import Forebear, application
from forebear.domain.roles import Actor, Role
from forebear.store import Engine, Store
from tests import engines
from tests.record.asking import record

ADMIN = Actor("admin", frozenset({Role.ADMIN}))


@contextlib.asynccontextmanager
async def asking(registry: Forebear, metrics: Metrics | None) -> AsyncIterator[httpx.AsyncClient]:
    app = application(lambda: contextlib.nullcontext(registry), metrics=metrics)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://forebear") as client,
    ):
        yield client


async def samples(client: httpx.AsyncClient, **headers: str) -> Mapping[tuple[str, ...], float]:
    """What is measured, by name and labels."""
    answer = await client.get("/metrics", headers=headers)
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/plain")
    return {
        (sample.name, *map(str, sample.labels.values())): sample.value
        for family in families(answer.text)
        for sample in family.samples
    }


async def test_requests_statements_and_errors_are_counted_by_door_and_never_by_what_a_client_chose(registry: Forebear) -> None:
    await record(registry, {"kind": "Robot", "id": "robot:a"})
    async with asking(registry, Metrics()) as client:
        for _ in range(3):
            await client.post("/graphql", json={"query": "{ robots { totalCount } }"})
        await client.post("/graphql", json={"query": "query Secret { nothing }"})
        await client.request("BREW", "/coffee-of-ann")
        await client.post("/graphql", content=b"{", headers={"Content-Type": "application/json"})
        measured = await samples(client)
    assert {key: n for key, n in measured.items() if key[0] == "forebear_request_seconds_count"} == {
        ("forebear_request_seconds_count", "/graphql", "POST", "200"): 4,
        ("forebear_request_seconds_count", "/graphql", "POST", "400"): 1,
        ("forebear_request_seconds_count", "none", "other", "404"): 1,
    }
    assert measured["forebear_statements_total", "/graphql"] == 3
    assert measured["forebear_statement_seconds_total", "/graphql"] > 0
    assert {key[1]: n for key, n in measured.items() if key[0] == "forebear_errors_total"} == {
        "INVALID_DOCUMENT": 1,
        "BAD_REQUEST": 1,
    }
    assert not [key for key in measured if {"Secret", "coffee-of-ann"} & {part for label in key for part in label.split("/")}]
    assert measured["forebear_streams",] == 0
    engine = measured["forebear_engine_resident_bytes",]
    assert (engine > 50_000_000) == (registry.store.engine is Engine.EMBEDDED)


async def test_deliveries_that_wait_or_are_dead_are_measured(store: Store, tmp_path: Path) -> None:
    settings = engines.settings(tmp_path, secret_key=Fernet.generate_key().decode())
    registry = await Forebear.on(store, settings=settings)
    create = 'mutation { made: createWebhook(url: "https://hooks.example/") { ... on WebhookCreated { webhook { id } } } }'
    async with asking(registry, Metrics()) as client:
        id = (await client.post("/graphql", json={"query": create})).json()["data"]["made"]["webhook"]["id"]
        waiting = {key[1:]: n for key, n in (await samples(client)).items() if key[0] == "forebear_deliveries"}
    assert waiting.keys() == {("DEAD", id), ("PENDING", id)}
    assert waiting["DEAD", id] == 0


async def test_nothing_is_measured_unless_it_is_turned_on(registry: Forebear) -> None:
    async with asking(registry, None) as client:
        answer = await client.get("/metrics")
    message = "nothing is measured: set FOREBEAR_METRICS=true"
    assert (answer.status_code, answer.json()) == (404, {"errors": [{"message": message, "extensions": {"code": "NOT_FOUND"}}]})


async def test_who_reads_them_needs_a_role_that_may(store: Store, tmp_path: Path) -> None:
    settings = engines.settings(tmp_path, require_authentication=True)
    registry = await Forebear.on(store, settings=settings)
    tokens = {}
    for name, role in (("prometheus", Role.AUDITOR), ("dash", Role.VIEWER)):
        created = await registry.tokens.create(ADMIN, name, [role])
        tokens[name] = {"Authorization": f"Bearer {created.secret}"}  # type: ignore[union-attr]
    async with asking(registry, Metrics()) as client:
        assert ("forebear_streams",) in await samples(client, **tokens["prometheus"])
        refused = await client.get("/metrics", headers=tokens["dash"])
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")
        assert (await client.get("/metrics")).status_code == 401
