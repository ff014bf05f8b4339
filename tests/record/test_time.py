"""What was answered at a quiet moment is what `asKnownAt` that moment answers, for ever."""

import asyncio
import random
from typing import Any

import pytest

from forebear.app import Forebear
from forebear.record.summary import Summary
from tests.record.asking import ask, now, origin

AT = "2026-06-15T00:00:00Z"
MONTHS = [f"2026-{month:02}-01T00:00:00Z" for month in range(1, 13)]

DOCUMENTS = {
    "fields": """query ($at: DateTime, $known: DateTime) {
      runs(asKnownAt: $known) { totalCount nodes { id described describedAt recordedAt recordedBy imported status seed metrics
        trainedOn { totalCount edges { weight role recordedAt node { id episodes described imported } } }
        experiment { id decision } } }
      datasetVersions(asKnownAt: $known, orderBy: {field: episodes, direction: DESC}) { nodes { id episodes described
        derivedFrom { nodes { id } } trainingRuns(filter: {status: {eq: FAILED}}) { nodes { id } } } }
      late: runs(asKnownAt: $known, filter: {seed: {gt: 1}, trainedOn: {described: {eq: true}}}) { nodes { id seed } }
      modelVersions(asKnownAt: $known) { nodes { id described imported } }
      node(id: "dataset:0@1", at: $at, asKnownAt: $known) { id described imported } }""",
    "intervals": """query ($at: DateTime, $known: DateTime) {
      robots(asKnownAt: $known) { nodes { id serial
        now: memberOf(at: $at) { nodes { id } } ever: memberOf(allTime: true) { edges { validFrom validTo node { id } } }
        installations { nodes { id validFrom validTo artifact { id } } } } } }""",
    "fleetsRunning": """query ($at: DateTime, $known: DateTime) {
      fleetsRunning(trainedOn: "dataset:0@1", at: $at, asKnownAt: $known) { totalCount nodes {
        fleet { id } artifact { id state } version { id } intended observed deployment { id state validTo } robots { id }
        path { id } } } }""",
    "lineage": """query ($known: DateTime) {
      up: lineage(of: "artifact:0", asKnownAt: $known) { total counts { kind count }
        nodes { depth hidden node { id described } } edges { source target type } }
      down: lineage(of: "dataset:0@1", direction: DOWNSTREAM, asKnownAt: $known) { total nodes { depth node { id } } } }""",
    "impact": """query ($at: DateTime, $known: DateTime) {
      impact(of: "dataset:0@1", at: $at, asKnownAt: $known, first: 1000) { nodes { via node { id } } } }""",
    "whatWasRunning": """query ($at: DateTime, $known: DateTime) {
      whatWasRunning(place: "fleet:0", at: $at, asKnownAt: $known) { nodes { standing robot { id } observed { id }
        intended { id } installation { id validFrom validTo } deployment { id state } fleets { id } } } }""",
}


class History:
    """Facts such as a company's systems send: early, late, twice, wrong, corrected and taken back."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def _one(self, prefix: str, most: int = 3) -> str:
        version = "@1" if prefix in ("dataset", "model") else ""
        return f"{prefix}:{self._random.randrange(most)}{version}"

    def _interval(self) -> dict[str, str]:
        since = self._random.randrange(11)
        until = {"validTo": MONTHS[self._random.randrange(since, 12)]} if self._random.random() < 0.4 else {}
        return {"validFrom": MONTHS[since]} | until

    def _maybe(self, **values: object) -> dict[str, object]:
        return {name: value for name, value in values.items() if self._random.random() < 0.6}

    def fact(self) -> dict[str, Any]:
        """One fact."""
        r, one = self._random, self._one
        make = r.choice(
            [
                self._run,
                self._run,
                self._dataset,
                self._robot,
                self._installation,
                self._deployment,
                self._amendment,
                self._rest,
            ]
        )
        return make(r, one)

    def _run(self, r: random.Random, one: Any) -> dict[str, Any]:
        edge = {"id": one("dataset")} | self._maybe(weight=r.choice([0.5, 1.0]))
        return {"kind": "Run", "id": one("run")} | self._maybe(
            status=r.choice(["RUNNING", "FAILED", "SUCCEEDED"]), seed=r.randrange(4), metrics={"loss": r.randrange(3)},
            trainedOn=[edge], experiment=one("experiment", 2),
        )  # fmt: skip

    def _dataset(self, r: random.Random, one: Any) -> dict[str, Any]:
        return {"kind": "DatasetVersion", "id": one("dataset")} | self._maybe(
            episodes=r.randrange(5), derivedFrom=[one("dataset")]
        )

    def _robot(self, r: random.Random, one: Any) -> dict[str, Any]:
        member = {"id": r.choice(["fleet:0", "fleet:1", "cohort:0"])} | self._interval()
        return {"kind": "Robot", "id": one("robot")} | self._maybe(memberOf=[member], serial="s")

    def _installation(self, r: random.Random, one: Any) -> dict[str, Any]:
        id = one("installation", 6)
        n = int(id[-1])
        return {"kind": "Installation", "id": id, "artifact": f"artifact:{n % 2}", "robot": f"robot:{n % 3}"} | self._interval()

    def _deployment(self, r: random.Random, one: Any) -> dict[str, Any]:
        id = one("deployment")
        ends = {"artifact": f"artifact:{int(id[-1]) % 2}", "on": "fleet:0"}
        return {"kind": "Deployment", "id": id, "state": r.choice(["ACTIVE", "ENDED"])} | ends | self._interval()

    def _amendment(self, r: random.Random, one: Any) -> dict[str, Any]:
        return {"reason": "wrong"} | r.choice(
            [
                {"kind": "Retraction", "of": r.choice([one("run"), one("dataset"), one("robot"), one("installation", 6)])},
                {"kind": "Retraction", "of": one("run"), "edge": "trainedOn", "to": one("dataset")},
                {"kind": "Correction", "of": one("run"), "values": {"seed": r.randrange(9), "status": None}},
                {"kind": "Correction", "of": one("dataset"), "values": {"episodes": r.randrange(9)}},
                {"kind": "Correction", "of": one("run"), "edge": "trainedOn", "to": one("dataset"), "values": {"weight": 0.7}},
            ]
        )

    def _rest(self, r: random.Random, one: Any) -> dict[str, Any]:
        n = r.randrange(2)
        return r.choice(
            [
                {"kind": "Checkpoint", "id": f"checkpoint:{n}", "producedBy": f"run:{n}"},
                {"kind": "ModelVersion", "id": f"model:{n}@1", "promotedFrom": [f"checkpoint:{n}"]},
                {
                    "kind": "Artifact",
                    "id": f"artifact:{n}",
                    "builtFrom": f"model:{n}@1",
                    "state": r.choice(["AVAILABLE", "DELETED"]),
                },
                {"kind": "Experiment", "id": f"experiment:{n}", "decision": r.choice(["ADOPT", "REJECT"])},
                {"kind": "Cohort", "id": "cohort:0", "fleets": [{"id": "fleet:0"} | self._interval()]},
            ]
        )

    def batches(self) -> list[list[dict[str, Any]]]:
        """What several writers record at the same time."""
        return [[self.fact() for _ in range(self._random.randrange(1, 6))] for _ in range(3)]


async def answers(registry: Forebear, known: str | None) -> dict[str, Any]:
    return {name: await ask(registry, text, at=AT, known=known) for name, text in DOCUMENTS.items()}


@pytest.mark.parametrize("seed", range(3))
async def test_a_quiet_moments_answer_is_the_one_that_was_given_then(registry: Forebear, seed: int) -> None:
    made = History(seed)
    given: list[tuple[str, dict[str, Any]]] = []
    for writing in range(12):

        def write(batch: list[dict[str, Any]], writer: int) -> asyncio.Task[Summary]:
            by = origin(f"writer-{writer}")
            return asyncio.create_task(registry.recorder.record(batch, by, partial=True, imported=True))

        await asyncio.gather(*(write(batch, i) for i, batch in enumerate(made.batches())))
        if writing % 2:
            quiet = now()
            given.append((quiet, await answers(registry, None)))

    for quiet, then in given:
        assert await answers(registry, quiet) == then


@pytest.mark.parametrize("writers", [2, 8])
async def test_racing_writers_of_one_node_write_it_once_and_lose_no_revision(registry: Forebear, writers: int) -> None:
    def fact(i: int) -> dict[str, object]:
        return {"kind": "Run", "id": "run:a", "metrics": {"by": i}, "trainedOn": ["dataset:a@1"], "externalIds": ["x:1"]}

    summaries = await asyncio.gather(
        *(registry.recorder.record([fact(i)], origin(f"writer-{i}", "tests")) for i in range(writers))
    )

    assert sum(s.described for s in summaries) == 1
    assert sum(s.connected for s in summaries) == 1
    assert sum(s.revised for s in summaries) == writers - 1
    rows = await registry.store.read(
        "MATCH (n:Run {id: 'run:a'}) RETURN n.revision AS revision, "
        "COUNT { MATCH (n)-[:TRAINED_ON]->() } AS edges, COUNT { MATCH (:ExternalId)-[:IDENTIFIES]->(n) } AS names, "
        "COLLECT { MATCH (v:Revision)-[:REVISES]->(n) WITH v ORDER BY v.number RETURN v.number } AS revisions, "
        "COLLECT { MATCH (v:Revision)-[:REVISES]->(n) WITH v ORDER BY v.number RETURN size(v.metricsTold) } AS sizes, "
        "n.metricsTold AS told, n.metrics AS present"
    )
    (row,) = rows
    told, present = row.pop("told"), row.pop("present")
    # Whoever began first may write last: what is told holds in the order of the moments.
    assert sorted(told) == sorted(f'{{"by":{i}}}' for i in range(writers))  # type: ignore[call-overload]
    assert present == told[-1]  # type: ignore[index]
    assert row.pop("sizes") == [*range(1, writers)]
    assert row == {"revision": writers - 1, "edges": 1, "names": 1, "revisions": [*range(writers - 1)]}


async def test_racing_writers_of_many_nodes_and_edges_write_each_once(registry: Forebear) -> None:
    facts = [
        {"kind": "Run", "id": f"run:{i:03}", "seed": i, "trainedOn": [f"dataset:{(i * j) % 7}@1" for j in range(1, 4)]}
        for i in range(100)
    ]
    edges = sum(len({*fact["trainedOn"]}) for fact in facts)  # type: ignore[misc]
    shuffled = [random.Random(i).sample(facts, len(facts)) for i in range(4)]

    summaries = await asyncio.gather(*(registry.recorder.record(batch, origin("w", "tests")) for batch in shuffled))

    assert [s.rejections for s in summaries] == [[]] * 4
    assert (sum(s.described for s in summaries), sum(s.connected for s in summaries)) == (100, edges)
    assert await registry.store.read(
        "RETURN COUNT { MATCH (n:Run) } AS runs, COUNT { MATCH (n:DatasetVersion) } AS datasets, "
        "COUNT { MATCH (:Run)-[:TRAINED_ON]->(:DatasetVersion) } AS edges, COUNT { MATCH (v:Revision) } AS revisions"
    ) == [{"runs": 100, "datasets": 7, "edges": edges, "revisions": 0}]


async def test_of_racing_facts_that_contradict_each_other_one_is_refused(registry: Forebear) -> None:
    facts = [{"kind": "Run", "id": "run:a", "experiment": f"experiment:{i}", "seed": i} for i in range(4)]
    summaries = await asyncio.gather(*(registry.recorder.record([fact], origin("w", "tests")) for fact in facts))

    assert sorted(len(s.rejections) for s in summaries) == [0, 1, 1, 1]
    (won,) = [i for i, s in enumerate(summaries) if not s.rejections]
    assert await ask(registry, "{ runs { nodes { seed experiment { id } } } experiments { nodes { id } } }") == {
        "runs": {"nodes": [{"seed": won, "experiment": {"id": f"experiment:{won}"}}]},
        "experiments": {"nodes": [{"id": f"experiment:{won}"}]},
    }
