"""The whole graph over HTTP: the local export's bytes, for administrators alone, and never in part without saying so."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from forebear.app import Forebear
from forebear.cli.registry import Interrupted, Remote
from forebear.cli.terminal import Code, Failure
from forebear.domain.roles import Role
from forebear.graph.kinds import GRAPH
from forebear.identity.actors import DEVELOPMENT
from forebear.identity.tokens import CreatedToken
from forebear.record import archive
from forebear.record.archive import export
from forebear.store import Store
from tests import engines
from tests.record.asking import history, serving

FACTS: list[dict[str, Any]] = [
    {"kind": "Run", "id": "run:a", "status": "RUNNING", "trainedOn": [{"id": "dataset:a@1", "weight": 0.5}]},
    {"kind": "Run", "id": "run:a", "status": "SUCCEEDED", "externalIds": ["mlflow:1"]},
    {"kind": "Retraction", "of": "run:a", "edge": "trainedOn", "to": "dataset:a@1", "reason": "It was never read."},
]


@pytest.fixture
async def registry(store: Store) -> Forebear:
    registry = await Forebear.on(store)
    for fact in FACTS:
        await history(registry, fact)
    return registry


@pytest.fixture
async def client(registry: Forebear) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(registry) as client:
        yield client


async def test_it_is_the_local_export_byte_by_byte(registry: Forebear, client: httpx.AsyncClient) -> None:
    answer = await client.get("/export")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    exported = b"".join([line async for line in export(registry.store, GRAPH)])
    assert answer.content == exported
    assert await received(client) == exported


async def test_only_an_administrator_gets_it(registry: Forebear, tmp_path: Path) -> None:
    settings = engines.settings(tmp_path, require_authentication=True)
    guarded = await Forebear.on(registry.store, GRAPH, settings)
    async with serving(guarded) as client:
        for role in Role:
            created = await guarded.tokens.create(DEVELOPMENT, role.lower(), [role])
            assert isinstance(created, CreatedToken)
            answer = await client.get("/export", headers={"Authorization": f"Bearer {created.secret}"})
            assert answer.status_code == (200 if role is Role.ADMIN else 403), answer.text
            if role is not Role.ADMIN:
                (error,) = answer.json()["errors"]
                assert error == {
                    "message": f"{role.lower()} may not export: that needs ADMIN, and {role.lower()} has {role}",
                    "extensions": {"code": "FORBIDDEN"},
                }
        assert (await client.get("/export")).status_code == 401
    await guarded.tokens.close()


async def received(client: httpx.AsyncClient) -> bytes:
    """The archive as the command line takes it."""
    return b"".join([part async for part in Remote(client).archive()])


async def test_a_graph_that_changes_meanwhile_is_said_in_the_last_line(
    registry: Forebear, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, logged: list[Any]
) -> None:
    pages = archive.pages

    async def meanwhile(store: Store, label: str, statement: Any) -> AsyncIterator[list[dict[str, Any]]]:
        async for page in pages(store, label, statement):
            await history(registry, {"kind": "Run", "id": "run:meanwhile"})
            yield page

    monkeypatch.setattr(archive, "pages", meanwhile)
    with pytest.raises(Failure, match="the graph changed while it was exported") as failed:
        await received(client)
    assert (failed.value.code, logged[-1]["error"]) == (Code.NEGATIVE, "EXPORT_FAILED")


SOUND = [b'{"archive":"forebear","version":1}\n', b'{"node":"Run","properties":{"id":"run:a"}}\n']
END = b'{"end":{"nodes":{"Run":1},"edges":{},"sha256":"%b"}}\n'


@pytest.mark.parametrize(
    ("parts", "raised", "says"),
    [
        ([], Failure, "the archive ends too early"),
        (SOUND, Failure, "the archive ends too early"),
        ([*SOUND, END[:20]], Failure, "the archive ends too early"),
        ([*SOUND, END % b"0"], Failure, "the archive's content is not what its end says"),
        ([*SOUND, b'{"error":{"code":"TIMEOUT","message":"Late."}}\n'], Failure, "Late."),
        ([*SOUND, None], Interrupted, "cannot be reached"),
    ],
    ids=["nothing", "no end", "cut in its end", "altered", "an error at the end", "the connection breaks"],
)
async def test_what_arrives_in_part_is_noticed(parts: list[bytes | None], raised: type[Exception], says: str) -> None:
    async def body() -> AsyncIterator[bytes]:
        for part in parts:
            if part is None:
                raise httpx.ReadError("peer closed connection")
            yield part

    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=body()))
    async with httpx.AsyncClient(transport=transport, base_url="http://forebear") as client:
        with pytest.raises(raised, match=says):
            await received(client)
