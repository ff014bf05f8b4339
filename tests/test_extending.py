"""Adding a node type is one class, a question one Cypher file, a verb one class and a protocol one file: they work."""

from __future__ import annotations

import json
import re
import shutil
import sys
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from forebear import app
from forebear.actions.performer import Performer
from forebear.api.answering.executor import Executor
from forebear.api.doors import doors
from forebear.api.schema import build
from forebear.app import Forebear
from forebear.connect.intake import Intake
from forebear.connect.translator import Translator
from forebear.domain.roles import Actor
from forebear.graph import kinds
from forebear.graph.declaration import Change, EdgeClass, EdgeType, Graph, Node, edge, prop
from forebear.graph.facts import Facts
from forebear.graph.query.dialect import Dialect, InvalidStatement
from forebear.identity.actors import DEVELOPMENT
from forebear.store import Store
from forebear.store.statements import directory, facts, questions
from forebear.verbs import permissions
from forebear.verbs.catalogue import ACTIONS
from forebear.verbs.verb import Verb
from tests.actions.plant import artifact, ready, registered
from tests.actions.world import ANNA
from tests.record.asking import history, serving

SIMULATED_IN = EdgeType("SIMULATED_IN", EdgeClass.LINEAGE, "A dataset version was generated in a simulator.")


class Simulator(Node, prefix="simulator", versioned=True):
    """A simulator that generates episodes."""

    engine: str | None = prop("Its physics engine.", default=None, searchable=True)
    rate_hz: float | None = prop("Its rate, in Hz.", change=Change.APPENDED, default=None)

    generated = edge(
        SIMULATED_IN, "DatasetVersion", doc="What it was tuned on.", back="simulators", back_doc="The simulators tuned on it."
    )


# Whoever follows the documentation has a Simulator of their own.
EXTENDED = Graph((*(getattr(kinds, name) for name in kinds.GRAPH.kinds if name != "Simulator"), Simulator))

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


PAGE = (Path(__file__).parents[1] / "docs" / "how-to" / "extend.md").read_text("utf-8")


def block(language: str, heading: str) -> str:
    """The block of code in a language that the page shows under a heading; for a verb the last, which is the class."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0].partition("\n### ")[0]
    return re.findall(rf"```{language}\n(.*?)```", section, re.S)[-1]


def declared(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> types.ModuleType:
    """A module of some text. Annotations are looked up in it, so it is among those that are imported."""
    module = types.ModuleType(f"tests.{name}")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(text, "extend.md", "exec"), module.__dict__)
    return module


async def test_the_kind_and_the_question_of_the_page_work(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imports = """
from __future__ import annotations
from forebear.graph.declaration import Node, edge, prop
from forebear.graph.kinds.edge_types import RAN
"""
    made = declared(monkeypatch, "extending_kind", imports + block("python", "Add a kind")).Simulator
    graph = Graph((*(getattr(kinds, name) for name in kinds.GRAPH.kinds if name != made.__name__), made))
    (field,) = re.findall(r"^    (// field .*)$", PAGE, re.M)
    (tmp_path / "code_reuse.cypher").write_text(f"{field}\n{block('cypher', 'Add a question')}", "utf-8")
    registry = await Forebear.on(store, graph)
    asking = Executor(build(graph, questions(graph, tmp_path), Facts(graph), ()), store, Dialect(graph, store.engine))
    await history(
        registry,
        {"kind": "Simulator", "id": "simulator:mujoco@3.2", "engine": "MuJoCo", "code": "code:a@1"},
        {"kind": "CodeVersion", "id": "code:a@1"},
        *({"kind": "ModelVersion", "id": f"model:picker@{n}", "promotedFrom": [f"checkpoint:{n}"]} for n in (1, 2)),
        *({"kind": "Checkpoint", "id": f"checkpoint:{n}", "producedBy": f"run:{n}"} for n in (1, 2)),
        *({"kind": "Run", "id": f"run:{n}", "status": "SUCCEEDED", "ran": ["code:a@1"]} for n in (1, 2)),
    )
    assert await ask(
        registry,
        """{
          simulators { nodes { id engine code { id } } }
          codeVersion(id: "code:a@1") { simulators { nodes { id } } }
          search(text: "mujoco") { nodes { node { id } } }
          lineage(of: "simulator:mujoco@3.2") { nodes { depth node { id } } }
        }""",
    ) == {
        "simulators": {"nodes": [{"id": "simulator:mujoco@3.2", "engine": "MuJoCo", "code": {"id": "code:a@1"}}]},
        "codeVersion": {"simulators": {"nodes": [{"id": "simulator:mujoco@3.2"}]}},
        "search": {"nodes": [{"node": {"id": "simulator:mujoco@3.2"}}]},
        "lineage": {"nodes": [{"depth": 0, "node": {"id": "simulator:mujoco@3.2"}}, {"depth": 1, "node": {"id": "code:a@1"}}]},
    }
    query = """{ codeReuse(code: "code:a@1") { totalCount nodes { version { id } runs } } }"""
    rows = [{"version": {"id": "model:picker@1"}, "runs": 1}, {"version": {"id": "model:picker@2"}, "runs": 1}]
    assert await ask(registry, query, asking) == {"codeReuse": {"totalCount": 2, "nodes": rows}}
    of_a_node = """{ codeVersion(id: "code:a@1") { reuse { nodes { version { id } runs } } } }"""
    assert await ask(registry, of_a_node, asking) == {"codeVersion": {"reuse": {"nodes": rows}}}


async def test_a_translator_is_one_file_and_one_line(registry: Forebear, monkeypatch: pytest.MonkeyPatch) -> None:
    imports = """
from __future__ import annotations
from collections.abc import Mapping, Sequence
from forebear.connect.names import external_id, id_of
from forebear.connect.translator import Act, ConnectorDoor, Event, Fact, InvalidEvent, State, Translator
from forebear.graph.kinds.data import Dataset, DatasetVersion
"""
    made: type[Translator] = declared(monkeypatch, "extending_translator", imports + block("python", "Add a translator")).Hub
    section = PAGE.partition("## Add a translator\n")[2]
    (event,) = (json.loads(text) for text in re.findall(r'^ {4}(\{"event".*?\n.*\}\})$', section, re.M | re.S))
    # The one line in the catalogue: doors and connectors' names come from it.
    monkeypatch.setattr(app, "DOORS", doors((made(),)))
    registry = replace(registry, intake=Intake(registry.store, registry.recorder, registry.performer, (made(),)))
    async with serving(registry) as client:
        answers = [(await client.post("/hooks/hub", json=event)).json() for _ in range(2)]
        model = await client.post("/hooks/hub", json={"repo": {"type": "model", "name": "a", "headSha": "1"}})
        wrong = await client.post("/hooks/hub", json={"repo": {"type": "dataset"}})
    assert answers == [{"events": [{"status": "TAKEN"}]}, {"events": [{"status": "KNOWN"}]}]
    assert model.json() == {"events": [{"status": "TAKEN", "leftOut": ["repo: only commits to datasets are kept"]}]}
    reason = "repo.headSha: is no text; a webhook of the Hub names the commit there"
    assert (wrong.status_code, wrong.json()) == (422, {"events": [{"status": "REJECTED", "reasons": [reason]}]})
    assert await ask(
        registry,
        """{ resolve(name: "hub:lerobot/aloha") { nodes { node { id } } }
             datasetVersion(id: "dataset:lerobot/aloha@8f3c1d2") { uri source dataset { name } } }""",
    ) == {
        "resolve": {"nodes": [{"node": {"id": "dataset:lerobot/aloha"}}]},
        "datasetVersion": {
            "uri": "https://huggingface.co/datasets/lerobot/aloha/tree/8f3c1d2",
            "source": "hub",
            "dataset": {"name": "lerobot/aloha"},
        },
    }


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch) -> type[Verb[Any]]:
    """The verb of the page, with the roles that it has once it is in the catalogue."""
    imports = """
from __future__ import annotations
from dataclasses import dataclass
from forebear.domain.outcome import Ruling, Update
from forebear.domain.reference import unknown
from forebear.domain.standing import Row
from forebear.graph.declaration import PROSE, prop
from forebear.verbs.verb import DecisionFacts, Verb
"""
    made: type[Verb[Any]] = declared(monkeypatch, "extending_verb", imports + block("python", "Add a verb")).LabelArtifact
    monkeypatch.setattr(permissions, "PERMISSIONS", {**permissions.PERMISSIONS, made.action.name: made.action.roles})
    return made


async def test_a_verb_is_one_class(registry: Forebear, verb: type[Verb[Any]], tmp_path: Path) -> None:
    folder = shutil.copytree(directory("cypher") / "actions", tmp_path / "actions")
    (folder / "label_facts.cypher").write_text(block("cypher", "Add a verb"), "utf-8")
    actions = (*ACTIONS, verb.action)
    schema = build(kinds.GRAPH, questions(kinds.GRAPH), Facts(kinds.GRAPH), actions)
    performer = Performer(schema.facts, registry.store, actions, (), facts(registry.store.engine, folder))
    executor = Executor(schema, registry.store, Dialect(kinds.GRAPH, registry.store.engine))
    context = replace(registry.context(DEVELOPMENT), performer=performer)
    await ready(registry)
    await registered(registry, 1)

    async def label(artifact: str, actor: Actor = DEVELOPMENT) -> Any:
        """The outcome of the mutation."""
        query = """mutation ($artifact: ID!) { labelArtifact(artifact: $artifact, text: "golden") {
          ... on Done { changed unchanged } ... on Refused { reasons { code message remedy } } } }"""
        answer = await executor.answer(query, {"artifact": artifact}, None, replace(context, actor=actor))
        body = msgspec.json.decode(answer.body)
        assert "errors" not in body, body["errors"]
        return body["data"]["labelArtifact"]

    assert await label(artifact(1)) == {"changed": [artifact(1)], "unchanged": False}
    assert await label(artifact(1)) == {"changed": [], "unchanged": True}
    found = await ask(registry, "query ($id: ID!) { artifact(id: $id) { labels } }", id=artifact(1))
    assert found == {"artifact": {"labels": ["golden"]}}
    assert await label(artifact(9)) == {
        "reasons": [
            {
                "code": "UNKNOWN",
                "message": f"artifact: {artifact(9)} is not known, or only named by others so far",
                "remedy": "register it first",
            }
        ]
    }
    assert (await label(artifact(1), ANNA))["reasons"][0]["message"] == (
        "anna may not labelArtifact: that needs ENGINEER or OPERATOR, and anna has APPROVER"
    )


async def test_a_verb_that_locks_out_of_order_does_not_start(registry: Forebear, tmp_path: Path) -> None:
    folder = shutil.copytree(directory("cypher") / "actions", tmp_path / "actions")
    text = (folder / "standing_facts.cypher").read_text("utf-8")
    (folder / "standing_facts.cypher").write_text(
        f"{text}\n".replace("REMOVE line.lock", "").replace("REMOVE release.lock", "REMOVE release.lock\nREMOVE line.lock"),
        "utf-8",
    )
    with pytest.raises(InvalidStatement, match="Release, ReleaseLine; the order of locks is ExternalId, Model, "):
        Performer(Facts(kinds.GRAPH), registry.store, ACTIONS, (), facts(registry.store.engine, folder))
