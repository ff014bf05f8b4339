"""Adding a node type is one class, and adding a question is one Cypher file: both start, record and answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from forebear.api.answering.executor import Executor
from forebear.api.schema import build
from forebear.app import Forebear
from forebear.graph import kinds
from forebear.graph.declaration import Change, EdgeClass, EdgeType, Graph, Node, edge, prop
from forebear.graph.facts import Facts
from forebear.graph.query.dialect import Dialect
from forebear.identity.actors import DEVELOPMENT
from forebear.store import Store
from forebear.store.statements import questions

SIMULATED_IN = EdgeType("SIMULATED_IN", EdgeClass.LINEAGE, "A dataset version was generated in a simulator.")


class Simulator(Node, prefix="simulator", versioned=True):
    """A simulator that generates episodes."""

    engine: str | None = prop("Its physics engine.", default=None, searchable=True)
    rate_hz: float | None = prop("Its rate, in Hz.", change=Change.APPENDED, default=None)

    generated = edge(
        SIMULATED_IN, "DatasetVersion", doc="What it was tuned on.", back="simulators", back_doc="The simulators tuned on it."
    )


EXTENDED = Graph((*(getattr(kinds, name) for name in kinds.GRAPH.kinds), Simulator))

QUESTION = """\
// Which simulators were tuned on a dataset version, and how fast they are.
//
// parameter dataset ID(DatasetVersion)!: The dataset version.
// parameter fasterThan Float! = 0: The rate that they exceed, in Hz.
// answers [TunedSimulator]: A simulator that was tuned on it.
// column simulator Simulator!: The simulator.
// column speed Float: Its rate, in Hz.
MATCH (dataset:DatasetVersion {id: $dataset})<-[on:SIMULATED_IN]-(simulator:Simulator) WHERE simulator.rateHz > $fasterThan
RETURN simulator,
  simulator.rateHz AS speed
ORDER BY simulator.id
"""


@pytest.fixture
async def registry(store: Store) -> Forebear:
    """A registry of the extended graph, on each engine."""
    return await Forebear.on(store, EXTENDED)


async def ask(registry: Forebear, query: str, executor: Executor | None = None, **variables: object) -> Any:
    context = registry.context(DEVELOPMENT)
    answer = await (executor or registry.executor).answer(query, variables, None, context)
    body = msgspec.json.decode(answer.body)
    assert "errors" not in body, body["errors"]
    return body["data"]


RECORD = """
mutation ($facts: [FactInput!]!) { record(facts: $facts) { __typename ... on Recorded { described connected undescribed } } }
"""
FACT = {"id": "simulator:mujoco@3.1", "name": "MuJoCo", "engine": "mujoco", "rateHz": 500, "generated": ["dataset:a@1"]}


async def test_a_node_type_is_one_class(registry: Forebear) -> None:
    assert await ask(registry, RECORD, facts=[{"simulator": FACT}, {"datasetVersion": {"id": "dataset:a@1"}}]) == {
        "record": {"__typename": "Recorded", "described": 2, "connected": 1, "undescribed": []}
    }
    assert await ask(
        registry,
        """{
          simulator(id: "simulator:mujoco@3.1") { kind name engine rateHz generated { nodes { id simulators { totalCount } } } }
          simulators(filter: {engine: {eq: "mujoco"}}, orderBy: {field: rateHz}) { nodes { id } }
          lineage(of: "dataset:a@1", direction: DOWNSTREAM) { nodes { depth node { id } } edges { type } }
          impact(of: "dataset:a@1") { nodes { via node { __typename id } } }
          search(text: "mujoco") { nodes { node { id } } }
        }""",
    ) == {
        "simulator": {
            "kind": "Simulator",
            "name": "MuJoCo",
            "engine": "mujoco",
            "rateHz": 500.0,
            "generated": {"nodes": [{"id": "dataset:a@1", "simulators": {"totalCount": 1}}]},
        },
        "simulators": {"nodes": [{"id": "simulator:mujoco@3.1"}]},
        "lineage": {
            "nodes": [
                {"depth": 0, "node": {"id": "dataset:a@1"}},
                {"depth": 1, "node": {"id": "simulator:mujoco@3.1"}},
            ],
            "edges": [{"type": "SIMULATED_IN"}],
        },
        "impact": {"nodes": [{"via": "LINEAGE", "node": {"__typename": "Simulator", "id": "simulator:mujoco@3.1"}}]},
        "search": {"nodes": [{"node": {"id": "simulator:mujoco@3.1"}}]},
    }


@pytest.fixture
def asking(registry: Forebear, tmp_path: Path) -> Executor:
    """Answers on the registry, by one question more."""
    (tmp_path / "tuned_simulators.cypher").write_text(QUESTION, "utf-8")
    schema = build(EXTENDED, questions(EXTENDED, tmp_path), Facts(EXTENDED), ())
    return Executor(schema, registry.store, Dialect(EXTENDED, registry.store.engine))


async def test_a_question_is_one_file(registry: Forebear, asking: Executor) -> None:
    query = """query ($dataset: ID!, $fasterThan: Float) { tunedSimulators(dataset: $dataset, fasterThan: $fasterThan) {
      totalCount nodes { speed simulator { name } } } }"""

    await ask(registry, RECORD, facts=[{"simulator": FACT}, {"datasetVersion": {"id": "dataset:a@1"}}])

    found = {"totalCount": 1, "nodes": [{"speed": 500.0, "simulator": {"name": "MuJoCo"}}]}
    assert await ask(registry, query, asking, dataset="dataset:a@1") == {"tunedSimulators": found}
    assert await ask(registry, query, asking, dataset="dataset:a@1", fasterThan=500) == {
        "tunedSimulators": {"totalCount": 0, "nodes": []}
    }


async def test_a_column_that_is_a_property_may_be_selected_twice(registry: Forebear, asking: Executor) -> None:
    await ask(registry, RECORD, facts=[{"simulator": FACT}, {"datasetVersion": {"id": "dataset:a@1"}}])
    query = """{ tunedSimulators(dataset: "dataset:a@1") {
      nodes { speed again: speed } edges { cursor node { speed again: speed } } pageInfo { endCursor } } }"""

    row, cursor = {"speed": 500.0, "again": 500.0}, "tuned_simulators:simulator:mujoco@3.1"
    assert await ask(registry, query, asking) == {
        "tunedSimulators": {"nodes": [row], "edges": [{"cursor": cursor, "node": row}], "pageInfo": {"endCursor": cursor}}
    }
