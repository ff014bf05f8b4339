"""The shipped examples are facts of this graph and agree with their sources, and the story's steps act upon them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from forebear.cli.demo import CAST
from forebear.cli.story import steps
from forebear.graph.declaration import Admission
from forebear.graph.facts import Facts
from forebear.graph.kinds import GRAPH
from forebear.graph.rows import NodeRow
from forebear.verbs.catalogue import ACTIONS

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
FILES = ("open-x-embodiment.ndjson", "company.ndjson")
PUBLISHED = ROOT.parent / "shared" / "data" / "robot-learning-lineage.json"


def documents(file: str) -> list[dict]:
    return [json.loads(line) for line in (EXAMPLES / file).read_text(encoding="utf-8").splitlines()]


DOCUMENTS = {file: documents(file) for file in FILES}
FACTS = {d["id"]: d for file in FILES for d in DOCUMENTS[file]}


def rows(*files: str) -> list[NodeRow]:
    facts = Facts(GRAPH)
    return [facts.read(d, imported=True) for file in files for d in DOCUMENTS[file]]  # type: ignore[misc]


def given(value: object) -> list[dict]:
    """The facts in an action's input."""
    documents = value if isinstance(value, list) else [value]
    return [d for d in documents if isinstance(d, dict) and "kind" in d]


ROWS = rows(*FILES)
EDGES = [edge for row in ROWS for edge in row.edges]


STORY = steps()
TOLD = {document["id"] for step in STORY for value in step.input.values() for document in given(value)} | {
    step.input["id"] for step in STORY if "id" in step.input
}


def test_every_node_is_described_once_and_every_edge_leads_to_one_or_to_what_the_story_tells() -> None:
    assert len(ROWS) == len(FACTS)
    assert not TOLD & set(FACTS)
    assert [(e.source, e.edge.name, e.target) for e in EDGES if e.target not in FACTS.keys() | TOLD] == []


def test_of_what_is_governed_the_company_says_only_what_no_action_tells() -> None:
    governed = {row.kind.name for row in rows(FILES[1]) if row.kind.standing is Admission.GOVERNED}
    assert governed == {"Attribution"}


def test_the_story_s_steps_have_keys_of_their_own_and_are_done_by_its_people_and_machines() -> None:
    assert len({step.key for step in STORY}) == len(STORY)
    assert {step.by for step in STORY} == set(CAST)
    assert {step.do for step in STORY} <= {action.name for action in ACTIONS}


def test_public_and_illustrative_facts_are_marked_and_kept_apart() -> None:
    assert {"public"} == {x for d in DOCUMENTS[FILES[0]] for x in d["labels"][:1]}
    assert {"illustrative"} == {x for d in DOCUMENTS[FILES[1]] for x in d["labels"][:1]}
    public = {d["id"] for d in DOCUMENTS[FILES[0]]}
    assert not [e for e in EDGES if e.source in public and e.target not in public]


def test_each_public_fact_names_its_source() -> None:
    sourced = re.compile(r"Sources?:|https://|not (published|known)|rlds_dataset_mod")
    sources = {"Dataset", "Model", "Checkpoint", "ComputeProfile"}
    assert not [
        d["id"]
        for d in DOCUMENTS[FILES[0]]
        if d["kind"] not in sources and not sourced.search(d.get("description", "") + d.get("uri", ""))
    ]


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the published mixtures are not here")
def test_mixtures_and_configurations_equal_the_published_ones() -> None:
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    mixtures = {}
    for mixture in published["mixtures"]:
        project = mixture["project"].split("/")[1]
        mixtures[f"{project}/{mixture['name']}"] = [(m["dataset"], m["weight"]) for m in mixture["members"]]
    ours = [d for d in DOCUMENTS[FILES[0]] if d["kind"] == "DatasetVersion" and d.get("derivedFrom")]
    assert {d["dataset"].removeprefix("dataset:") for d in ours} == {
        "octo/oxe_magic_soup",
        "openvla/bridge",
        "openvla/oxe_magic_soup",
        "openvla/oxe_magic_soup_plus",
        "openvla/oxe_magic_soup_plus_minus",
    }
    for mixture in ours:
        # Octo's bridge_dataset is OpenVLA's bridge_orig (examples/README.md).
        theirs = [
            ("bridge_orig" if name == "bridge_dataset" else name, weight)
            for name, weight in mixtures[mixture["dataset"].removeprefix("dataset:")]
        ]
        assert [(FACTS[e["id"]]["dataset"][8:], e["weight"]) for e in mixture["derivedFrom"]] == theirs
    configurations = {c["vla_id"]: c for c in published["training_configs"]}
    for run in (d for d in DOCUMENTS[FILES[0]] if d["kind"] == "Run" and "vla_id" in d["configuration"]):
        config = run["configuration"]
        assert {"project": "openvla/openvla", **config} == configurations[config["vla_id"]]
        assert f"dataset:openvla/{config['data_mix']}@c8f03f4" in [e["id"] for e in run["trainedOn"]]


def test_measurements_are_of_the_metrics_and_slices_of_their_pack() -> None:
    for evidence in (d for d in FACTS.values() if d["kind"] == "Evidence"):
        for pack in (FACTS[p] for p in evidence.get("measuredWith", ())):
            units = {m["name"]: m.get("unit") for m in pack["metrics"]}
            for m in evidence["measurements"]:
                assert units[m["metric"]] == m.get("unit")
                assert m.get("slice") is None or m["slice"] in pack["slices"]


def test_the_company_reads_in_the_order_in_which_things_can_be_known() -> None:
    known: set[str] = {d["id"] for d in DOCUMENTS[FILES[0]]}
    early: list[tuple[str, str]] = []
    for d in DOCUMENTS[FILES[1]]:
        known.add(d["id"])
        early += [(e.source, e.target) for e in EDGES if e.source == d["id"] and e.target not in known]
    assert [pair for pair in early if pair[1] not in TOLD] == []
