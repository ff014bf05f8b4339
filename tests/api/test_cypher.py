"""The statements over HTTP, as `forebear schema cypher` prints them."""

import re

import pytest

from forebear.app import Forebear
from forebear.graph.kinds import GRAPH
from forebear.graph.query.dialect import Engine
from forebear.store.statements import whole
from tests.record.asking import serving

MOMENT = re.compile(r"20[\d-]{8}T[\d:.]{15}Z")


def timeless(text: str) -> str:
    return MOMENT.sub("…", text)


async def test_a_statement_is_that_of_the_services_engine_or_of_one_that_is_named(engine_registry: Forebear) -> None:
    async with serving(engine_registry) as client:
        own = await client.get("/schema/cypher/what_was_running")
        other = await client.get("/schema/cypher/lineage", params={"engine": "embedded", "asKnownAt": "true"})
    assert own.headers["content-type"] == "text/plain; charset=utf-8"
    assert timeless(own.text) == timeless(whole("what_was_running", GRAPH, engine_registry.store.engine, "…"))
    assert timeless(other.text) == timeless(whole("lineage", GRAPH, Engine.EMBEDDED, "…", as_known=True))


@pytest.mark.parametrize(
    ("path", "status", "code", "message"),
    [
        ("drifft", 404, "NOT_FOUND", "no question or facts are called 'drifft'; did you mean 'drift'? There are approval, "),
        ("drift?engine=neo4", 400, "BAD_REQUEST", "engine: 'neo4' is neither neo4j nor embedded; did you mean 'neo4j'?"),
        ("drift?asKnownAt=yes", 400, "BAD_REQUEST", "asKnownAt: 'yes' is neither true nor false"),
        (
            "search?asKnownAt=true",
            400,
            "BAD_REQUEST",
            "search is asked of now alone, so there is no statement of it as it was ",
        ),
    ],
)
async def test_what_there_is_no_statement_of_is_refused(
    engine_registry: Forebear, path: str, status: int, code: str, message: str
) -> None:
    async with serving(engine_registry) as client:
        refused = await client.get(f"/schema/cypher/{path}")
    assert refused.status_code == status
    (error,) = refused.json()["errors"]
    assert error["extensions"] == {"code": code}
    assert error["message"].startswith(message)
