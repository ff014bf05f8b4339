"""Two uses of one version by one run are two edges: what tells them apart is part of an edge's identity."""

from itertools import permutations
from typing import Any

from forebear.app import Forebear
from forebear.graph.kinds import GRAPH
from forebear.record.archive import export, restore
from forebear.record.summary import Rejection
from tests import engines
from tests.audit.auditing import findings, tamper
from tests.record.asking import ask, history, now, refused

USES = """query ($id: ID!, $first: Int, $after: String, $known: DateTime) { run(id: $id, asKnownAt: $known) {
  trainedOn(first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } edges { role weight node { id } } } } }"""
OF_A = {"of": "run:a", "edge": "trainedOn", "to": "dataset:b@1"}


def run(*uses: object, id: str = "run:a") -> dict[str, Any]:
    return {
        "kind": "Run",
        "id": id,
        "trainedOn": [use if isinstance(use, str) else {"id": "dataset:b@1", **use} for use in uses],
    }  # type: ignore[dict-item]


def retraction(**values: object) -> dict[str, Any]:
    return {"kind": "Retraction", **OF_A, "reason": "it was wrong", **values}


def correction(values: object, **named: object) -> dict[str, Any]:
    return {"kind": "Correction", **OF_A, "reason": "it was wrong", "values": values, **named}


async def uses(registry: Forebear, id: str = "run:a", known: str | None = None) -> list[tuple[str | None, float | None]]:
    """The uses of dataset:b@1 by a run: roles with weights."""
    found = (await ask(registry, USES, id=id, known=known))["run"]["trainedOn"]
    assert {e["node"]["id"] for e in found["edges"]} <= {"dataset:b@1"}
    assert found["totalCount"] == len(found["edges"])
    return [(e["role"], e["weight"]) for e in found["edges"]]


async def test_two_uses_of_one_version_are_two_edges_and_one_node_of_a_walk(registry: Forebear) -> None:
    both = run({"role": "validation"}, {"role": "train", "weight": 0.5})
    before = now()
    first, again = await history(registry, both), await history(registry, both)
    less = await history(registry, run({"role": "train"}), run("dataset:b@1"), run({"weight": 0.5}))

    assert (first.connected, again.changed, less.changed) == (2, 0, 0)
    assert await uses(registry) == [("train", 0.5), ("validation", None)]
    found = await ask(
        registry,
        """query ($from: DateTime!) {
          lineage(of: "run:a") { total nodes { depth node { id } } edges { target properties } }
          datasetVersion(id: "dataset:b@1") { trainingRuns { totalCount edges { role node { id } } } }
          paths(from: "run:a", to: "dataset:b@1") { paths { length nodes { id } } truncated }
          lineageDiff(of: "run:a", from: $from) { nodes { change target { id } properties } } }""",
        **{"from": before},
    )
    assert found["lineage"] == {
        "total": 2,
        "nodes": [{"depth": 0, "node": {"id": "run:a"}}, {"depth": 1, "node": {"id": "dataset:b@1"}}],
        "edges": [
            {
                "target": "dataset:b@1",
                "properties": found["lineage"]["edges"][0]["properties"] | {"role": "train", "weight": 0.5},
            },
            {"target": "dataset:b@1", "properties": found["lineage"]["edges"][1]["properties"] | {"role": "validation"}},
        ],
    }
    assert found["datasetVersion"]["trainingRuns"] == {
        "totalCount": 2,
        "edges": [{"role": "train", "node": {"id": "run:a"}}, {"role": "validation", "node": {"id": "run:a"}}],
    }
    assert found["paths"] == {"paths": [{"length": 1, "nodes": [{"id": "run:a"}, {"id": "dataset:b@1"}]}], "truncated": False}
    assert [(row["change"], row["properties"]) for row in found["lineageDiff"]["nodes"] if row["target"]] == [
        ("ADDED", {"role": "train", "weight": 0.5}),
        ("ADDED", {"role": "validation"}),
    ]


async def test_uses_are_paged_one_by_one(registry: Forebear) -> None:
    await history(registry, run(*({"role": role} for role in ("b", "a", "c\nd", "c")), "dataset:a@1"))
    seen, after = [], None
    for _ in range(5):
        page = (await ask(registry, USES, id="run:a", first=1, after=after))["run"]["trainedOn"]
        seen += [(e["node"]["id"], e["role"]) for e in page["edges"]]
        after = page["pageInfo"]["endCursor"]

    assert page["pageInfo"]["hasNextPage"] is False
    assert seen == [("dataset:a@1", None), *(("dataset:b@1", role) for role in ("a", "b", "c", "c\nd"))]


async def test_an_unknown_use_becomes_the_first_that_is_said_and_stays_known_as_it_was(registry: Forebear) -> None:
    await history(registry, run({"weight": 0.5}))
    unknown = now()
    first = await history(registry, run({"role": "train"}))
    said = now()
    second = await history(registry, run({"role": "validation", "weight": 0.1}))

    assert (first.connected, first.revised, second.connected, second.revised) == (0, 1, 1, 0)
    assert await uses(registry) == [("train", 0.5), ("validation", 0.1)]
    assert await uses(registry, known=said) == [("train", 0.5)]
    assert await uses(registry, known=unknown) == [(None, 0.5)]
    assert await findings(registry.store) == []


async def test_in_whatever_order_uses_are_told_they_come_to_the_same(registry: Forebear) -> None:
    told = ({"role": "train", "weight": 0.5}, {"role": "validation"}, {"role": "validation", "weight": 0.1}, "dataset:b@1")
    orders = [*permutations(told)]
    for n, order in enumerate(orders):
        # One by one, all in one request, and both at once.
        for facts in [[run(use, id=f"run:{n}")] for use in order] + [[run(use, id=f"run:{n}-at-once") for use in order]]:
            await history(registry, *facts)

    for n in range(len(orders)):
        for id in (f"run:{n}", f"run:{n}-at-once"):
            assert await uses(registry, id) == [("train", 0.5), ("validation", 0.1)], orders[n]
    assert await findings(registry.store) == []


async def test_what_may_mean_several_uses_is_refused_and_they_are_listed(registry: Forebear) -> None:
    await history(registry, run({"role": "train"}, {"role": "validation"}))
    listed = "role 'train' and role 'validation'"

    assert await refused(registry, run({"weight": 0.5})) == [
        Rejection(0, "run:a", (f"trainedOn → dataset:b@1: there are several, {listed}; say which one is meant",))
    ]
    several = f"trainedOn: run:a has several to dataset:b@1, {listed}; name one by its role"
    assert await refused(registry, retraction()) == [Rejection(0, "run:a", (several,))]
    assert await refused(registry, correction({"weight": 0.5})) == [Rejection(0, "run:a", (several,))]
    assert await refused(registry, correction({"role": "validation"}, role="train")) == [
        Rejection(
            0, "run:a",
            ("trainedOn: run:a leads to dataset:b@1 with role 'validation' as well; retract one of the two instead",),
        )
    ]  # fmt: skip
    assert [r.reasons for r in await refused(registry, run("dataset:b@1", {"role": "train"}))] == [
        ("trainedOn: dataset:b@1 is named with role and without; say of each use which it is",)
    ]
    assert [r.reasons for r in await refused(registry, retraction(edge="ran", to="code:c@1", role="train"))] == [
        ("role: ran has no role",)
    ]


async def test_amendments_name_a_use_and_where_there_is_one_need_not(registry: Forebear) -> None:
    await history(registry, run({"role": "train"}, {"role": "validation"}, {"role": "test"}))
    known = now()
    for amendment in (
        correction({"weight": 0.5}, role="train"),
        correction({"role": "finetune", "weight": 0.1}, role="test"),
        retraction(role="validation"),
        retraction(role="holdout"),
    ):
        await history(registry, amendment)
    assert await uses(registry) == [("finetune", 0.1), ("train", 0.5)]
    assert await uses(registry, known=known) == [("test", None), ("train", None), ("validation", None)]
    assert await findings(registry.store) == []

    await history(registry, retraction(role="finetune"), correction({"role": None}))
    assert await uses(registry) == [(None, 0.5)]
    archive = [line async for line in export(registry.store, GRAPH)]
    await engines.empty(registry.store)
    async for _ in restore(registry.store, GRAPH, archive):
        pass
    assert await uses(registry) == [(None, 0.5)]
    assert await uses(registry, known=known) == [("test", None), ("train", None), ("validation", None)]
    await history(registry, retraction(), run({"role": "train"}, {"role": "validation"}))
    assert await findings(registry.store) == []
    await tamper(registry.store, "MATCH (:Run)-[e:TRAINED_ON {role: 'train'}]->() SET e.weight = 9.0, e.recordedAt = '2026'")
    assert len(await findings(registry.store)) == 1


async def test_a_teacher_may_be_the_reward_as_well(registry: Forebear) -> None:
    guided = {"kind": "Run", "id": "run:a", "guidedBy": [{"id": "model:m@1", "role": r} for r in ("reward", "teacher")]}
    assert (await history(registry, guided)).connected == 2
    taken = {"kind": "Retraction", "of": "run:a", "edge": "guidedBy", "to": "model:m@1", "role": "reward", "reason": "none"}
    assert (await history(registry, taken)).retracted == 1
    found = await ask(registry, '{ run(id: "run:a") { guidedBy { edges { role node { id } } } } }')
    assert found["run"]["guidedBy"]["edges"] == [{"role": "teacher", "node": {"id": "model:m@1"}}]
