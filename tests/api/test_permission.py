"""What may run is one rule, whoever asks: of a robot of several fleets and cohorts, each question says the same."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

import forebear.api.plan.planner
import forebear.record.writing
from forebear.api.answering.executor import Executor
from forebear.graph.kinds import GRAPH
from forebear.store import Store
from tests.api import mutants
from tests.api.answers import Answers, comparable
from tests.api.histories import NOW, Batch
from tests.api.memory import Memory, instant
from tests.api.questions.permission import permit
from tests.api.recorded import Clock, answer, recorded, schema
from tests.api.test_answers import Mutated
from tests.soak import SOAK

WORLDS = 10 * SOAK
SINCE = "2026-01-01T00:00:00Z"


@dataclass(frozen=True)
class World:
    """The ids of a world; worlds of other numbers have others."""

    number: int

    def ids(self, prefix: str, names: str, version: str = "") -> list[str]:
        """The ids of some nodes."""
        return [f"{prefix}:{name}{self.number}{version}" for name in names]

    @property
    def fleets(self) -> list[str]:
        """Its fleets."""
        return self.ids("fleet", "xyz")

    @property
    def robots(self) -> list[str]:
        """Its robots."""
        return self.ids("robot", "mnop")

    @property
    def versions(self) -> list[str]:
        """Its model versions."""
        return self.ids("model", "pq", "@1")

    @property
    def data(self) -> str:
        """The dataset version that all of them were trained on."""
        return f"dataset:d{self.number}@1"

    def facts(self, chance: random.Random) -> Iterator[Mapping[str, Any]]:
        """Facts by which any robot may be of several fleets and cohorts, and any version approved in any line."""
        n = self.number

        def some(ids: list[str], most: int) -> list[dict[str, Any]]:
            return [{"id": id, "validFrom": SINCE} for id in chance.sample(ids, chance.randint(0, most))]

        lines, cohorts = self.ids("line", "rs"), self.ids("cohort", "cd")
        artifacts = dict(zip(self.ids("artifact", "ab"), self.versions, strict=True))
        yield {"kind": "Run", "id": f"run:t{n}", "trainedOn": [self.data]}
        yield {"kind": "Checkpoint", "id": f"checkpoint:t{n}", "producedBy": f"run:t{n}"}
        for line in lines:
            yield {"kind": "ReleaseLine", "id": line, "target": "target:h"}
        for version in self.versions:
            yield {"kind": "ModelVersion", "id": version, "promotedFrom": [f"checkpoint:t{n}"]}
            for line in lines:
                release = {"kind": "Release", "id": f"release:{version[6:]}/{line[5:]}", "version": version, "line": line}
                stale = {"staleFrom": SINCE} if chance.random() < 0.2 else {}
                yield {**release, "state": chance.choice(["APPROVED", "APPROVED", "DEPRECATED", "EVALUATED"]), **stale}
        for artifact, version in artifacts.items():
            state = {"state": chance.choice(["AVAILABLE"] * 4 + ["QUARANTINED"])} if chance.random() < 0.9 else {}
            yield {"kind": "Artifact", "id": artifact, "builtFrom": version, "target": "target:h", **state}
        for fleet in self.fleets:
            yield {"kind": "Fleet", "id": fleet, "lines": some(lines, 2)}
        for cohort in cohorts:
            yield {"kind": "Cohort", "id": cohort, "fleets": some(self.fleets, 2)}
        for robot in self.robots:
            yield {"kind": "Robot", "id": robot, "memberOf": some(self.fleets, 2) + some(cohorts, 1)}
            if chance.random() < 0.7:
                seen = {"id": f"installation:{robot[6:]}", "artifact": chance.choice([*artifacts, f"artifact:stranger{n}"])}
                yield {"kind": "Installation", **seen, "robot": robot, "validFrom": SINCE}
        for i, place in enumerate(chance.sample(self.fleets + cohorts, 3)):
            meant = {"id": f"deployment:{n}-{i}", "artifact": chance.choice([*artifacts]), "on": place}
            yield {"kind": "Deployment", "state": "ACTIVE", **meant, "validFrom": SINCE}


ROW = "robot { id } standing authorized basis installation { id } observed { id } deployment { id } intended { id }"
DRIFT = f"query ($id: ID!) {{ drift(fleet: $id) {{ nodes {{ {ROW} }} }} }}"
WAS_RUNNING = f"query ($id: ID!) {{ whatWasRunning(place: $id) {{ nodes {{ {ROW} }} }} }}"
RUNNING = """query ($id: ID!) { modelVersion(id: $id) { running { nodes {
  authorizedOn deployment { id } installation { id } robots { id } fleets { id } } } } }"""
FLEETS_RUNNING = """query ($id: ID!) { fleetsRunning(trainedOn: $id) { nodes {
  fleet { id } artifact { id } basis deployment { id } robots { id } path { id } } } }"""


async def test_of_robots_of_several_fleets_and_cohorts_each_question_says_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forebear.record.writing, "datetime", Clock)
    monkeypatch.setattr(forebear.api.plan.planner, "datetime", Clock)
    worlds = [World(number) for number in range(WORLDS)]
    facts = tuple(fact for world in worlds for fact in world.facts(random.Random(world.number)))
    memory = Memory(GRAPH)
    memory.record(facts, SINCE, "a", "b")
    permit(memory, (instant(SINCE), "a", "b"))
    in_memory = Answers(memory, schema(), NOW)
    registry = await recorded(store, [Batch(SINCE, "a", "b", facts)])

    async def agreed(query: str, id: str) -> Any:
        ours = await answer(registry, query, {"id": id})
        assert comparable(ours) == comparable(in_memory.answer(query, {"id": id}, ours)), f"{query}\n{id}"
        return ours["data"]

    async def misses(fleet: str, mutant: Executor) -> bool:
        wrong = await answer(replace(registry, executor=mutant), DRIFT, {"id": fleet})
        return comparable(wrong) != comparable(in_memory.answer(DRIFT, {"id": fleet}, wrong))

    for name, *mutation in mutants.PERMISSION:
        mutant = Executor(registry.schema, store, Mutated(store.engine, *mutation))
        assert any([await misses(fleet, mutant) for world in worlds for fleet in world.fleets]), name

    drifting = 0
    for world in worlds:
        for robot in world.robots:
            await agreed(WAS_RUNNING, robot)
        for version in world.versions:
            await agreed(RUNNING, version)
        await agreed(FLEETS_RUNNING, world.data)
        for fleet in world.fleets:
            rows = (await agreed(WAS_RUNNING, fleet))["whatWasRunning"]["nodes"]
            running = {row["robot"]["id"]: row for row in rows if row["robot"]}
            for row in (await agreed(DRIFT, fleet))["drift"]["nodes"]:
                if row["robot"]:
                    drifting += 1
                    assert row == running[row["robot"]["id"]]
    assert drifting > WORLDS
