"""The statements over HTTP, as `forebear schema cypher` prints them."""

import re

import pytest

from forebear.app import Forebear
from forebear.graph.kinds import GRAPH
from forebear.graph.query.dialect import Engine
from forebear.store.statements import whole
from tests.record.asking import ask, now, record, serving
from tests.store.pasting import pasted

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
        ("drifft", 404, "NOT_FOUND", "no question or facts are called 'drifft'; did you mean 'drift'? There are aliased, also"),
        ("drift?engine=neo4", 400, "BAD_REQUEST", "engine: 'neo4' is neither neo4j nor embedded; did you mean 'neo4j'?"),
        ("drift?asKnownAt=yes", 400, "BAD_REQUEST", "asKnownAt: 'yes' is neither true nor false"),
        (
            "search?asKnownAt=true",
            400,
            "BAD_REQUEST",
            "search is about now only, so there is no statement of it as it was ",
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


async def test_a_statement_that_is_pasted_answers_what_the_question_does(registry: Forebear) -> None:
    await record(
        registry,
        {"kind": "Run", "id": "run:a", "trainedOn": ["dataset:d@1"]},
        {"kind": "Checkpoint", "id": "checkpoint:a", "producedBy": "run:a"},
    )
    answer = await ask(registry, '{ lineage(of: "checkpoint:a") { total nodes { node { id } depth } } }')
    moment = now()
    await record(registry, {"kind": "Run", "id": "run:a", "trainedOn": ["dataset:e@1"]})
    for as_known in (True, False):
        statement, parameters = pasted(whole("lineage", GRAPH, registry.store.engine, moment, as_known=as_known))
        (row,) = await registry.store.read(statement, {**parameters, "of": "checkpoint:a"})
        nodes = [{"node": {"id": each["node"]["id"]}, "depth": each["depth"]} for each in row["nodes"]]
        later = [] if as_known else [{"node": {"id": "dataset:e@1"}, "depth": 2}]
        assert {"total": row["total"] - len(later), "nodes": nodes} == {
            **answer["lineage"], "nodes": [*answer["lineage"]["nodes"], *later]
        }  # fmt: skip
