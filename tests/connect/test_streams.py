"""Following events by a subscription over server-sent events, on each engine."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from forebear.api import following
from forebear.app import Forebear
from forebear.domain.roles import Role
from forebear.graph.kinds import GRAPH
from forebear.identity.actors import DEVELOPMENT
from forebear.identity.tokens import CreatedToken
from forebear.store import Store
from tests import engines
from tests.api.served import Served, served
from tests.record.asking import origin

EVENTS = """subscription($filter: RegistryEventFilter, $after: ID) {
  told: events(filter: $filter, after: $after) { id event subject number by after }
}"""
STREAM = {"Accept": "text/event-stream"}


@asynccontextmanager
async def stream(service: Served, token: str = "", **variables: Any) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """The results of a subscription that is open, and an empty one when it is complete."""
    headers = STREAM | ({"Authorization": f"Bearer {token}"} if token else {})
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{service.port}", timeout=30, trust_env=False) as client,
        client.stream("POST", "/graphql", json={"query": EVENTS, "variables": variables}, headers=headers) as response,
    ):
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        lines = response.aiter_lines()
        assert await anext(lines) == ":"

        async def results() -> AsyncIterator[dict[str, Any]]:
            async for line in lines:
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))
                elif line == "event: complete":
                    yield {}
                    return

        yield results()


async def record(registry: Forebear, name: str, n: int) -> None:
    await registry.recorder.record([{"kind": "Dataset", "id": f"dataset:{name}{n}"}], origin(name))


async def test_events_are_told_as_they_happen_and_again_after_the_last_one(
    registry: Forebear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "POLL_SECONDS", 0.02)
    await record(registry, "ann", 0)
    async with served(registry) as service:
        async with stream(service) as results:
            for n in (1, 2):
                await record(registry, "ann", n)
            told = [(await anext(results))["data"]["told"] for _ in range(2)]
        assert [(each["event"], each["subject"], each["number"], each["by"]) for each in told] == [
            ("record", "facts/ann", n, "ann") for n in (1, 2)
        ]
        assert told[0]["after"]["facts"] == {"Dataset": 1}
        await record(registry, "ann", 3)
        # What may have appeared late is told again.
        async with stream(service, after=told[0]["id"], filter={"kinds": ["Dataset"]}) as results:
            again = [(await anext(results))["data"]["told"]["number"] for _ in range(4)]
        assert again == [0, 1, 2, 3]
        async with stream(service, filter={"events": ["approve"]}) as none, stream(service) as every:
            await record(registry, "ann", 4)
            assert (await anext(every))["data"]["told"]["number"] == 4
            waiting = asyncio.ensure_future(anext(none))
            done, _ = await asyncio.wait([waiting], timeout=0.2)
            assert not done
            waiting.cancel()
        for variables, status, code in (
            ({"filter": {"events": ["aprove"]}}, 400, "UNKNOWN_NAME"),
            ({"after": "x"}, 400, "BAD_REQUEST"),
            ({"after": "2020-01-01T00:00:00.000000Z/0000/facts/ann#0"}, 410, "EVENTS_GONE"),
        ):
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{service.port}", trust_env=False) as client:
                body = {"query": EVENTS, "variables": variables}
                refused = await client.post("/graphql", json=body, headers=STREAM)
                assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (status, code)
                plain = await client.post("/graphql", json=body)
                assert plain.json()["errors"][0]["extensions"]["code"] == "STREAM_ONLY"
                asked = await client.post("/graphql", json={"query": "{ datasets { totalCount } }"}, headers=STREAM)
                assert asked.json()["data"] == {"datasets": {"totalCount": 5}}
                changes = {"query": 'mutation { revokeToken(token: "x") { __typename } }'}
                assert (await client.post("/graphql", json=changes, headers=STREAM)).json()["data"] == {
                    "revokeToken": {"__typename": "Refused"}
                }
                got = await client.get("/graphql", params=changes, headers=STREAM)
                assert got.status_code == 405


async def test_a_stream_ends_with_a_reason_when_the_token_ends_and_when_the_service_stops(
    store: Store, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(following, "RIGHTS_SECONDS", 0.1)
    settings = engines.settings(tmp_path_factory.getbasetemp(), require_authentication=True)
    registry = await Forebear.on(store, GRAPH, settings)
    made = {}
    for role in (Role.VIEWER, Role.RECORDER, Role.ADMIN):
        outcome = await registry.tokens.create(DEVELOPMENT, role.lower(), [role])
        assert isinstance(outcome, CreatedToken)
        made[role] = outcome.secret
    async with served(registry) as service:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{service.port}", trust_env=False) as client:
            for headers, code in (({}, "UNAUTHENTICATED"), ({"Authorization": f"Bearer {made[Role.RECORDER]}"}, "FORBIDDEN")):
                refused = await client.post("/graphql", json={"query": EVENTS}, headers=STREAM | headers)
                assert refused.json()["errors"][0]["extensions"]["code"] == code
        async with stream(service, made[Role.VIEWER]) as viewer, stream(service, made[Role.ADMIN]) as admin:
            await registry.tokens.revoke(DEVELOPMENT, "viewer")
            assert (await anext(admin))["data"]["told"]["event"] == "revokeToken"
            error = (await anext(viewer))["errors"][0]
            assert error["extensions"]["code"] == "UNAUTHENTICATED"
            assert error["message"].startswith("the token was revoked at ")
            assert await anext(viewer) == {}
            service.stop()
            assert await anext(admin) == {
                "errors": [
                    {
                        "message": "the service stops: subscribe again, after the last event that came",
                        "extensions": {"code": "UNAVAILABLE"},
                    }
                ]
            }
            assert await anext(admin) == {}
    assert registry.streams.open == 0
    await registry.tokens.close()
