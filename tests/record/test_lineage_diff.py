"""What changed upstream: nodes and edges that came or went, and nodes whose values were put right."""

import re
from typing import Any

import pytest

from forebear.app import Forebear
from forebear.graph.declaration import Change
from forebear.graph.kinds import GRAPH
from forebear.store.statements import questions
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


def test_what_changes_in_silence_is_no_change() -> None:
    (text,) = (q.text for q in questions(GRAPH) if q.name == "lineage_diff")
    (listed,) = re.findall(r"NOT name IN \[(.*)\]", text)
    silent = {p.name for kind in GRAPH.kinds.values() for p in kind.properties.values() if p.change is Change.UPDATED}
    assert {name.strip("' ") for name in listed.split(",")} == silent | {"retractedAt", "imported"}
