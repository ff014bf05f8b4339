"""What changed upstream: nodes and edges that came or went, and nodes whose values were put right."""

import re
from typing import Any

import pytest

from forebear.app import Forebear
from forebear.graph.kinds import GRAPH
from forebear.store.statements import questions
from tests.api.recorded import answer
from tests.record.asking import ask, history, now, record

DIFF = """
query Diff($of: ID!, $with: ID, $from: DateTime, $to: DateTime) {
  lineageDiff(of: $of, with: $with, from: $from, to: $to, first: 100) {
    totalCount
    nodes { change node { id } target { id } type changes { name before after } }
  }
}
"""


async def changes(registry: Forebear, of: str, **moments: object) -> list[Any]:
    """Each change, without what it does not say."""
    found = (await ask(registry, DIFF, of=of, **moments))["lineageDiff"]
    assert found["totalCount"] == len(found["nodes"])
    return [{name: value for name, value in row.items() if value not in (None, [])} for row in found["nodes"]]


def corrected(of: str, **values: object) -> dict[str, object]:
    return {"kind": "Correction", "of": of, "values": values, "reason": "It was wrong."}


@pytest.fixture
async def moments(registry: Forebear) -> dict[str, str]:
    """A run on two datasets: when it was recorded, when values were corrected, and when one was corrected back."""
    await record(
        registry,
        {"kind": "Run", "id": "run:a", "trainedOn": ["dataset:a@1", "dataset:b@1"], "configuration": {"lr": 0.1}, "seed": 7},
        {"kind": "DatasetVersion", "id": "dataset:a@1", "episodes": 10, "uri": "s3://a"},
        {"kind": "DatasetVersion", "id": "dataset:elsewhere@1", "episodes": 1},
    )
    await history(registry, {"kind": "Checkpoint", "id": "checkpoint:a", "producedBy": "run:a"})
    recorded = now()
    await record(registry, corrected("dataset:a@1", episodes=12, uri=None), corrected("dataset:elsewhere@1", episodes=2))
    await record(registry, corrected("run:a", configuration={"lr": 0.2}, seed=8))
    put_right = now()
    await record(registry, corrected("run:a", seed=7))
    return {"recorded": recorded, "put right": put_right, "in the end": now()}


async def test_a_node_that_was_corrected_is_told_with_what_it_was_before(registry: Forebear, moments: dict[str, str]) -> None:
    dataset = {
        "change": "CHANGED",
        "node": {"id": "dataset:a@1"},
        "changes": [{"name": "episodes", "before": 10, "after": 12}, {"name": "uri", "before": "s3://a", "after": None}],
    }
    configuration = {"name": "configuration", "before": {"lr": 0.1}, "after": {"lr": 0.2}}
    run = {"change": "CHANGED", "node": {"id": "run:a"}, "changes": [configuration]}
    seed = {"name": "seed", "before": 7, "after": 8}

    first, second = {"from": moments["recorded"]}, {"from": moments["recorded"], "to": moments["put right"]}
    assert await changes(registry, "checkpoint:a", **first) == [dataset, run]
    assert await changes(registry, "checkpoint:a", **second) == [dataset, run | {"changes": [configuration, seed]}]
    assert await changes(registry, "run:a", **first) == [dataset, run]


async def test_backwards_it_is_told_the_other_way_round(registry: Forebear, moments: dict[str, str]) -> None:
    back = await changes(registry, "checkpoint:a", **{"from": moments["in the end"], "to": moments["put right"]})
    assert back == [{"change": "CHANGED", "node": {"id": "run:a"}, "changes": [{"name": "seed", "before": 7, "after": 8}]}]


async def test_nothing_changed_between_a_moment_and_itself(registry: Forebear, moments: dict[str, str]) -> None:
    assert await changes(registry, "checkpoint:a", **{"from": moments["put right"], "to": moments["put right"]}) == []
    assert await changes(registry, "checkpoint:a") == []


async def test_what_came_and_went_is_told_beside_what_changed(registry: Forebear, moments: dict[str, str]) -> None:
    retraction = {"kind": "Retraction", "of": "run:a", "edge": "trainedOn", "to": "dataset:b@1", "reason": "Never read."}
    await record(registry, retraction, {"kind": "Run", "id": "run:a", "trainedOn": ["dataset:c@1"]})

    found = await changes(registry, "checkpoint:a", **{"from": moments["put right"]})
    assert [(row["change"], row["node"]["id"], row.get("target", {}).get("id")) for row in found] == [
        ("REMOVED", "dataset:b@1", None),
        ("ADDED", "dataset:c@1", None),
        ("CHANGED", "run:a", None),
        ("REMOVED", "run:a", "dataset:b@1"),
        ("ADDED", "run:a", "dataset:c@1"),
    ]


async def test_between_two_nodes_what_both_rest_on_may_have_changed(registry: Forebear, moments: dict[str, str]) -> None:
    await record(registry, {"kind": "Run", "id": "run:b", "trainedOn": ["dataset:a@1"]})
    found = await changes(registry, "run:a", **{"with": "run:b", "from": moments["recorded"]})
    assert [row for row in found if row["change"] == "CHANGED"] == [
        {
            "change": "CHANGED",
            "node": {"id": "dataset:a@1"},
            "changes": [{"name": "episodes", "before": 10, "after": 12}, {"name": "uri", "before": "s3://a", "after": None}],
        }
    ]


async def test_an_answer_stays_when_what_it_is_about_is_retracted(registry: Forebear, moments: dict[str, str]) -> None:
    between: dict[str, Any] = {"from": moments["recorded"], "to": moments["in the end"]}
    await record(registry, {"kind": "Run", "id": "run:z", "trainedOn": ["dataset:elsewhere@1"]})
    later = now()
    asked = [
        {"of": "run:a", **between},
        {"of": "run:a", "with": "run:z", "to": later, "from": moments["recorded"]},
        {"of": "run:z", "with": "run:a", "from": later, "to": moments["recorded"]},
    ]
    before = [await changes(registry, **each) for each in asked]
    assert all(before)
    await record(registry, *({"kind": "Retraction", "of": of, "reason": "Never ran."} for of in ("run:a", "run:z")))
    assert [await changes(registry, **each) for each in asked] == before
    # From when it stood to when it does no more, all that it was made from goes.
    gone = await changes(registry, "run:a", **{"from": moments["recorded"]})
    assert {(row["change"], row["node"]["id"], row.get("target", {}).get("id")) for row in gone} == {
        ("REMOVED", "dataset:a@1", None), ("REMOVED", "dataset:b@1", None),
        ("REMOVED", "run:a", "dataset:a@1"), ("REMOVED", "run:a", "dataset:b@1"),
    }  # fmt: skip


async def test_what_is_selected_of_its_nodes_is_as_it_was_known_then(registry: Forebear, moments: dict[str, str]) -> None:
    query = """query($from: DateTime, $to: DateTime) { lineageDiff(of: "run:a", from: $from, to: $to) { nodes {
        change node { id ... on DatasetVersion { episodes } ... on Run { seed trainedOn { nodes { id } } } }
        target { ... on DatasetVersion { episodes } } } } }"""
    await record(registry, {"kind": "Run", "id": "run:a", "trainedOn": ["dataset:elsewhere@1"]})
    both, then = ["dataset:a@1", "dataset:b@1"], now()
    gone = {"kind": "Retraction", "of": "run:a", "edge": "trainedOn", "to": "dataset:b@1", "reason": "Never read."}
    await record(registry, gone)
    later = now()

    def run(*ids: str) -> dict[str, Any]:
        return {"id": "run:a", "seed": 7, "trainedOn": {"nodes": [{"id": id} for id in ids]}}

    for _ in range(2):
        found = await ask(registry, query, **{"from": moments["recorded"], "to": then})
        assert found["lineageDiff"]["nodes"] == [
            {"change": "CHANGED", "node": {"id": "dataset:a@1", "episodes": 12}, "target": None},
            {"change": "ADDED", "node": {"id": "dataset:elsewhere@1", "episodes": 2}, "target": None},
            {"change": "CHANGED", "node": run(*both, "dataset:elsewhere@1"), "target": None},
            {"change": "ADDED", "node": run(*both, "dataset:elsewhere@1"), "target": {"episodes": 2}},
        ]
        found = await ask(registry, query, **{"from": then, "to": later})
        assert found["lineageDiff"]["nodes"] == [
            {"change": "REMOVED", "node": {"id": "dataset:b@1", "episodes": None}, "target": None},
            {"change": "REMOVED", "node": run(*both, "dataset:elsewhere@1"), "target": {"episodes": None}},
        ]
        again = ({"kind": "Retraction", "of": "run:a", "edge": "trainedOn", "to": id, "reason": "No."} for id in both[:1])
        await record(registry, corrected("dataset:a@1", episodes=13), corrected("run:a", seed=9), *again)
        await record(registry, {"kind": "DatasetVersion", "id": "dataset:b@1", "episodes": 4})


@pytest.mark.parametrize("asked", [{}, {"with": "run:a"}], ids=["alone", "with another"])
async def test_what_stood_at_neither_moment_is_not_known(
    registry: Forebear, moments: dict[str, str], asked: dict[str, str]
) -> None:
    await record(registry, {"kind": "Run", "id": "run:late"})
    variables = {"of": "run:late", "from": moments["recorded"], "to": moments["put right"], **asked}
    body = await answer(registry, DIFF, variables)
    assert [error["extensions"]["code"] for error in body["errors"]] == ["NOT_FOUND"]


async def test_each_node_is_told_once_whether_it_is_compared_itself(registry: Forebear, moments: dict[str, str]) -> None:
    dataset = {"kind": "DatasetVersion", "id": "dataset:derived@1", "derivedFrom": ["dataset:a@1"]}
    await record(registry, dataset)
    then = now()
    await record(registry, corrected("dataset:a@1", episodes=13))
    edge = {"node": {"id": "dataset:derived@1"}, "target": {"id": "dataset:a@1"}, "type": "DERIVED_FROM"}
    node = {"node": {"id": "dataset:a@1"}}
    removed, added = {"change": "REMOVED"}, {"change": "ADDED"}
    assert await changes(registry, "dataset:derived@1", **{"with": "dataset:a@1", "from": then}) == [
        removed | node, removed | edge,
    ]  # fmt: skip
    assert await changes(registry, "dataset:a@1", **{"with": "dataset:derived@1", "from": then}) == [
        added | node, added | edge,
    ]  # fmt: skip


async def test_what_was_only_named_and_is_described_now_is_told_as_that(registry: Forebear, moments: dict[str, str]) -> None:
    described = {"change": "DESCRIBED", "node": {"id": "dataset:b@1"}}
    await record(registry, {"kind": "DatasetVersion", "id": "dataset:b@1", "episodes": 5})
    then = now()
    assert await changes(registry, "run:a", **{"from": moments["in the end"], "to": then}) == [described]
    await record(registry, corrected("dataset:b@1", episodes=6))
    assert await changes(registry, "run:a", **{"from": moments["in the end"]}) == [described]
    assert await changes(registry, "run:a", to=moments["in the end"]) == [described]
    episodes = {"name": "episodes", "before": 5, "after": 6}
    assert await changes(registry, "run:a", **{"from": then}) == [
        {"change": "CHANGED", "node": {"id": "dataset:b@1"}, "changes": [episodes]}
    ]


def test_what_changes_in_silence_is_no_change() -> None:
    (text,) = (q.text for q in questions(GRAPH) if q.name == "lineage_diff")
    (listed,) = re.findall(r"NOT name IN \[(.*)\]", text)
    silent = {p.name for kind in GRAPH.kinds.values() for p in kind.properties.values() if not p.is_guaranteed}
    assert {name.strip("' ") for name in listed.split(",")} == silent | {"retractedAt", "imported"}
