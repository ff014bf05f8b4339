"""The audit trail over HTTP: streamed to those who may read it, and to nobody else."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from forebear.app import Forebear
from forebear.audit.trail import BATCH
from forebear.audit.verification import Verification
from forebear.domain.roles import Role
from forebear.graph.kinds import GRAPH
from forebear.identity.actors import DEVELOPMENT
from forebear.identity.tokens import CreatedToken
from forebear.store import Store
from forebear.store.errors import EngineUnavailable
from forebear.verbs.permissions import PERMISSIONS
from tests import engines
from tests.audit.auditing import act, heads, trail
from tests.record.asking import record, serving

JSON = {"content-type": "application/json"}
RELEASE = "release:m@1/l"
CREATE = f"CREATE (:Release {{id: '{RELEASE}', state: 'CANDIDATE', describedAt: $now, recordedAt: $now, revision: 0}})"


@pytest.fixture
async def registry(store: Store) -> Forebear:
    return await Forebear.on(store)


@pytest.fixture
async def client(registry: Forebear) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(registry) as client:
        yield client


async def test_the_trail_is_streamed_as_it_is_exported(registry: Forebear, client: httpx.AsyncClient) -> None:
    for n in range(3):
        await record(registry, {"kind": "Run", "id": f"run:{n}"})
    await client.post("/audit/heads", headers=JSON)

    answer = await client.get("/audit")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    lines = answer.content.splitlines(keepends=True)
    assert lines == await trail(registry.store)
    verification = Verification()
    assert list(verification.add(lines)) == []
    verification.close()
    assert (verification.heads, verification.chains, verification.entries) == (1, 1, 3)


async def test_a_head_is_written_on_request_and_answered(registry: Forebear, client: httpx.AsyncClient) -> None:
    assert (await client.post("/audit/heads", headers=JSON)).json() is None
    await record(registry, {"kind": "Run", "id": "run:a"})
    first, second = await client.post("/audit/heads", headers=JSON), await client.post("/audit/heads", headers=JSON)

    (head,) = await heads(registry.store)
    assert first.json() == second.json() == {name: value for name, value in head.properties.items() if name != "id"}


async def test_governed_nodes_are_named_and_nodes_are_answered_as_they_are(
    registry: Forebear, client: httpx.AsyncClient
) -> None:
    await act(registry.store, RELEASE, None, {RELEASE: {"state": "CANDIDATE"}}, write=CREATE)
    await record(
        registry, {"kind": "Robot", "id": "robot:r", "memberOf": [{"id": "fleet:f", "validFrom": "2026-01-01T00:00:00Z"}]}
    )

    assert (await client.get("/audit/nodes")).text == f'"{RELEASE}"\n'
    answer = await client.post("/audit/nodes", json=["robot:r", RELEASE, "robot:none", "nothing"])
    (robot,) = await registry.store.read("MATCH (r:Robot {id: 'robot:r'}) RETURN r.recordedAt AS at")
    assert answer.json() == [
        {
            "id": "robot:r", "governed": False, "retractedAt": None, "values": {},
            "edges": [
                {
                    "name": "memberOf", "to": "fleet:f", "recordedAt": robot["at"],
                    "values": {"validFrom": "2026-01-01T00:00:00.000000Z"},
                }
            ],
        },
        {"id": RELEASE, "governed": True, "retractedAt": None, "values": {"state": "CANDIDATE"}, "edges": []},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [(b"{}", 400, "BAD_REQUEST"), (b"[1]", 400, "BAD_REQUEST"), (b"\xff", 400, "BAD_REQUEST"),
     (json.dumps(["robot:r"] * (BATCH + 1)).encode(), 413, "TOO_LARGE")],
)  # fmt: skip
async def test_what_is_no_list_of_ids_is_refused(client: httpx.AsyncClient, body: bytes, status: int, code: str) -> None:
    answer = await client.post("/audit/nodes", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (status, code)


async def test_who_may_not_read_the_audit_trail_gets_nothing_of_it(
    store: Store, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = engines.settings(tmp_path_factory.getbasetemp(), require_authentication=True)
    registry = await Forebear.on(store, GRAPH, settings)
    async with serving(registry) as client:
        for role in Role:
            created = await registry.tokens.create(DEVELOPMENT, role.lower(), [role])
            assert isinstance(created, CreatedToken)
            shown = {"Authorization": f"Bearer {created.secret}"}
            for answer in (
                await client.get("/audit", headers=shown | JSON),
                await client.get("/audit/nodes", headers=shown | JSON),
                await client.post("/audit/nodes", json=[], headers=shown | JSON),
                await client.post("/audit/heads", headers=shown | JSON),
            ):
                if role in PERMISSIONS["readAudit"]:
                    assert answer.status_code == 200, answer.text
                else:
                    (error,) = answer.json()["errors"]
                    assert (answer.status_code, error["extensions"]["code"]) == (403, "FORBIDDEN")
        assert (await client.get("/audit")).status_code == 401
    await registry.tokens.close()


async def test_a_trail_that_breaks_off_says_so_in_its_last_line(
    registry: Forebear, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record(registry, {"kind": "Run", "id": "run:a"})

    async def broken(*_: object) -> AsyncIterator[list[object]]:
        raise EngineUnavailable(1)
        yield []

    monkeypatch.setattr("forebear.audit.trail.pages", broken)

    *_, last = (await client.get("/audit")).text.splitlines()
    assert json.loads(last) == {"error": {"code": "UNAVAILABLE", "message": str(EngineUnavailable(1))}}
