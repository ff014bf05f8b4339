"""Recording and asking, as the tests of recording do it."""

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec

from forebear.app import Forebear, application
from forebear.domain.roles import Actor, Role
from forebear.graph.moments import moment
from forebear.identity.actors import DEVELOPMENT
from forebear.record.summary import Origin, Rejection, Summary


def origin(name: str, source: str = "tests") -> Origin:
    """Somebody who may do everything, from somewhere."""
    return Origin(Actor(name, frozenset(Role)), source)


ORIGIN = origin("tester")


@contextlib.asynccontextmanager
async def serving(registry: Forebear) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service on a registry."""
    app = application(lambda: contextlib.nullcontext(registry))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://forebear") as client,
    ):
        yield client


def now() -> str:
    """This moment."""
    return moment(datetime.now(UTC))


async def record(registry: Forebear, *facts: object, partial: bool = False, imported: bool = False) -> Summary:
    """Records facts, whatever comes of it."""
    return await registry.recorder.record(facts, ORIGIN, partial=partial, imported=imported)


async def history(registry: Forebear, *facts: object) -> Summary:
    """Records facts as imported history, which must be taken."""
    summary = await record(registry, *facts, imported=True)
    assert summary.rejections == []
    return summary


async def refused(registry: Forebear, *facts: object, imported: bool = False) -> list[Rejection]:
    """Records facts that must be refused; nothing may be written."""
    before = await everything(registry)
    summary = await record(registry, *facts, imported=imported)
    assert await everything(registry) == before
    return summary.rejections


async def ask(registry: Forebear, query: str, **variables: object) -> dict[str, Any]:
    """The data that a query is answered with."""
    answer = await registry.executor.answer(query, variables, None, registry.context(DEVELOPMENT))
    body = msgspec.json.decode(answer.body)
    assert "errors" not in body, body["errors"]
    return dict(body["data"])


async def everything(registry: Forebear) -> tuple[list[Any], list[Any]]:
    """All nodes and all edges with all that they hold."""
    nodes = await registry.store.read("MATCH (n) RETURN labels(n)[0] AS label, properties(n) AS p")
    edges = await registry.store.read(
        "MATCH (a)-[e]->(b) RETURN a.id AS source, type(e) AS type, b.id AS target, properties(e) AS p"
    )
    return sorted(map(_text, nodes)), sorted(map(_text, edges))


def _text(row: object) -> str:
    return msgspec.json.encode(row, order="sorted").decode()


def ids(connection: dict[str, Any]) -> list[str]:
    """The ids of a connection's nodes."""
    return [node["id"] for node in connection["nodes"]]
