"""The shipped examples are facts of this graph, agree with their sources, and tell their README's story."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest

from forebear.graph.declaration import EdgeClass
from forebear.graph.facts import EdgeRow, Facts, NodeRow
from forebear.graph.kinds import GRAPH

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
FILES = ("open-x-embodiment.ndjson", "company.ndjson")
PUBLISHED = ROOT.parent / "shared" / "data" / "robot-learning-lineage.json"

BRIDGE = "dataset:bridge_orig@1.0.0"
UNREGISTERED = "artifact:sha256:7722f7c0850d4b96b50b8d0eb077e077b31be7b45a9cda0643d1c42b13e3adf9"

DIRECT = {"TRAINED_ON", "PRODUCED_BY", "PROMOTED_FROM", "BUILT_FROM", "OF"}
DECLARED = {e.type for k in GRAPH.kinds.values() for e in k.edges}
LINEAGE = {t.name for t in DECLARED if t.edge_class is EdgeClass.LINEAGE}
AUTHORITY = {t.name for t in DECLARED if t.edge_class is EdgeClass.AUTHORITY}


def documents(file: str) -> list[dict]:
    return [json.loads(line) for line in (EXAMPLES / file).read_text(encoding="utf-8").splitlines()]


DOCUMENTS = {file: documents(file) for file in FILES}
FACTS = {d["id"]: d for file in FILES for d in DOCUMENTS[file]}


def rows() -> list[NodeRow]:
    facts = Facts(GRAPH)
    return [facts.read(d, imported=True) for file in FILES for d in DOCUMENTS[file]]  # type: ignore[misc]


ROWS = rows()
EDGES = [edge for row in ROWS for edge in row.edges]


def inwards(start: Iterable[str], types: set[str]) -> set[str]:
    """What leads to `start` over edges of these types."""
    seen, todo = set(start), list(start)
    while todo:
        target = todo.pop()
        for edge in EDGES:
            if edge.target == target and edge.edge.type.name in types and edge.source not in seen:
                seen.add(edge.source)
                todo.append(edge.source)
    return seen


def outwards(start: str, types: set[str]) -> set[str]:
    seen, todo = {start}, [start]
    while todo:
        source = todo.pop()
        for edge in EDGES:
            if edge.source == source and edge.edge.type.name in types and edge.target not in seen:
                seen.add(edge.target)
                todo.append(edge.target)
    return seen


def within(interval: dict, at: str | None) -> bool:
    """Whether a half-open interval holds `at`, or now where that is `None`."""
    start, end = interval.get("validFrom"), interval.get("validTo")
    return start is not None and (end is None if at is None else start <= at and (end is None or at < end))


def fleets_of(place: str, at: str | None = None) -> set[str]:
    if place.startswith("fleet:"):
        return {place}
    edges = FACTS[place].get("memberOf") or FACTS[place].get("fleets") or []
    return {f for e in edges if within(e, at) for f in fleets_of(e["id"], at)}


def customers_of(fleet: str, at: str | None = None) -> set[str]:
    return {e["id"] for e in FACTS[fleet].get("customers", ()) if within(e, at)}


def running(reached: set[str], at: str | None = None) -> dict[str, set[str]]:
    """Fleets by how it is known that something reached runs there."""
    intended = {
        f
        for d in FACTS.values()
        if d["kind"] == "Deployment" and d["artifact"] in reached and within(d, at)
        for f in fleets_of(d["on"], at)
    }
    observed = {
        f
        for d in FACTS.values()
        if d["kind"] == "Installation" and d["artifact"] in reached and within(d, at)
        for f in fleets_of(d["robot"], at)
    }
    return {"intended": intended, "observed": observed}


def on_robot(robot: str, at: str) -> tuple[set[str], set[str]]:
    """The artifacts that were intended for a robot at a moment, and those that were observed on it."""
    places = fleets_of(robot, at) | {e["id"] for e in FACTS[robot]["memberOf"] if within(e, at)}
    intended = {d["artifact"] for d in FACTS.values() if d["kind"] == "Deployment" and d["on"] in places and within(d, at)}
    observed = {d["artifact"] for d in FACTS.values() if d["kind"] == "Installation" and d["robot"] == robot and within(d, at)}
    return intended, observed


def test_every_node_is_described_once_and_every_edge_but_the_deliberate_one_leads_to_one() -> None:
    assert len(ROWS) == len(FACTS)
    dangling = [(e.source, e.edge.name, e.target) for e in EDGES if e.target not in FACTS]
    assert dangling == [("installation:ur-12/2026-09-03", "artifact", UNREGISTERED)]


def test_every_kind_and_every_edge_of_the_graph_occurs() -> None:
    assert {r.kind.name for r in ROWS} == set(GRAPH.kinds)
    declared = {f"{k.name}.{e.name}" for k in GRAPH.kinds.values() for e in k.edges}
    used = {f"{e.edge.source}.{e.edge.name}" for e in EDGES}
    assert used == declared


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


def test_three_of_four_fleets_run_models_made_with_bridge_and_two_of_them_directly() -> None:
    three = {"fleet:parcel-north", "fleet:parcel-south", "fleet:galley"}
    two = {"fleet:parcel-north", "fleet:parcel-south"}
    assert running(inwards([BRIDGE], LINEAGE)) == {"intended": three, "observed": three}
    assert running(inwards([BRIDGE], DIRECT)) == {"intended": two, "observed": two}


def test_the_galley_runs_bridge_through_octo_only() -> None:
    (deployment,) = (d for d in FACTS.values() if d["kind"] == "Deployment" and d["on"] == "fleet:galley" and within(d, None))
    path = outwards(deployment["id"], LINEAGE)
    assert {"model:galley-hand@1", "model:octo-base@1.5", BRIDGE} <= path
    assert "model:openvla-7b@1" not in path


def test_data_of_larkfield_runs_at_tindral() -> None:
    collected = {
        edge.source
        for edge in EDGES
        if edge.edge.type.name == "COLLECTED_FROM"
        and edge.target.startswith("fleet:")
        and "customer:larkfield-parcels" in customers_of(edge.target, edge.properties["collectedFrom"])
    }
    assert collected == {
        "dataset:larkfield-parcels@2026.02",
        "dataset:larkfield-parcels@2026.05",
        "dataset:parcels-heldout@2026.02",
    }
    reached = inwards(collected, LINEAGE)
    assert {"model:parcel-picker@1", "model:parcel-picker@2", "model:parcel-picker@3"} <= reached
    fleets = running(reached)["intended"]
    assert {f: customers_of(f) for f in fleets} == {
        "fleet:parcel-north": {"customer:larkfield-parcels"},
        "fleet:parcel-south": {"customer:tindral-group"},
    }
    august = "2026-08-01T00:00:00Z"
    assert running(reached, august)["observed"] == fleets | {"fleet:galley"}


def test_evaluation_only_data_trains_nothing_but_reaches_releases_by_authority() -> None:
    versions = [d for d in FACTS.values() if d["kind"] == "DatasetVersion"]
    held_out = [d["id"] for d in versions if "evaluation-only" in d["labels"]]
    assert held_out == ["dataset:parcels-heldout@2026.02", "dataset:galley-heldout@2026.03"]
    assert inwards(held_out, LINEAGE) == set(held_out)
    reached = inwards(held_out, LINEAGE | AUTHORITY)
    assert {x for x in reached if x.startswith("release:") and FACTS[x]["state"] == "DEPLOYED"} == {
        "release:parcel-picker@2/ur5e-orin-parcels",
        "release:galley-hand@1/ur5e-rtx4090-kitchen",
    }


@pytest.mark.parametrize(
    ("robot", "at", "intended", "observed"),
    [
        ("ur-04", "2026-07-15T12:00:00Z", "model:parcel-picker@2", "model:parcel-picker@1"),
        ("ur-12", "2026-09-10T12:00:00Z", "model:galley-hand@1", None),
        ("ur-11", "2026-08-11T13:20:00Z", "model:parcel-picker@2", "model:parcel-picker@2"),
        ("ur-09", "2026-06-16T00:00:00Z", "model:parcel-picker@2", "model:parcel-picker@1"),
    ],
)
def test_what_ran_on_a_robot_is_not_always_what_was_meant_to(robot: str, at: str, intended: str, observed: str | None) -> None:
    meant, seen = on_robot(f"robot:{robot}", at)
    assert {FACTS[a]["builtFrom"] for a in meant} == {intended}
    assert [FACTS[a]["builtFrom"] if a in FACTS else None for a in seen] == [observed]


def test_a_robot_without_reports_has_only_an_intention() -> None:
    meant, seen = on_robot("robot:wx-03", "2026-09-10T12:00:00Z")
    assert ({FACTS[a]["builtFrom"] for a in meant}, seen) == ({"model:bench-reacher@1"}, set())


def test_the_owner_of_a_fleet_depends_on_the_moment() -> None:
    assert customers_of("fleet:parcel-south", "2026-06-30T23:59:59Z") == {"customer:larkfield-parcels"}
    assert customers_of("fleet:parcel-south", "2026-07-01T00:00:00Z") == {"customer:tindral-group"}
    assert fleets_of("robot:ur-09", "2026-05-14T00:00:00Z") == {"fleet:parcel-south"}
    assert fleets_of("robot:ur-09", "2026-05-16T00:00:00Z") == {"fleet:parcel-north"}


def test_the_rollback_brings_back_what_ran_before_the_incident() -> None:
    rollback = FACTS["deployment:galley-2026-08-rollback"]
    (undone,) = rollback["rollsBack"]
    (before,) = (x for x in FACTS[undone]["replaces"] if FACTS[x]["on"] == "fleet:galley")
    assert rollback["artifact"] == FACTS[before]["artifact"] != FACTS[undone]["artifact"]
    incident = FACTS["incident:ur-11-glass-2026-08-11"]
    assert FACTS[undone]["validFrom"] < incident["validFrom"] < rollback["validFrom"]


def test_each_check_holds_what_its_evidence_measured() -> None:
    checks = [(d, c) for d in FACTS.values() if d["kind"] == "Decision" for c in d.get("checks", ())]
    assert checks
    for decision, check in checks:
        metric, _, bound = check["requirement"].partition(" ")
        values = [
            m["value"]
            for m in FACTS[check["evidence"]]["measurements"]
            if m["metric"] == metric and m.get("slice") == check.get("slice")
        ]
        threshold, measured = check["threshold"], check["measured"]
        assert values == [measured]
        assert check["evidence"] in decision["cites"]
        assert check["passed"] is (measured >= threshold if bound == "at least" else measured <= threshold)


def test_measurements_are_of_the_metrics_and_slices_of_their_pack() -> None:
    for evidence in (d for d in FACTS.values() if d["kind"] == "Evidence"):
        for pack in (FACTS[p] for p in evidence.get("measuredWith", ())):
            units = {m["name"]: m.get("unit") for m in pack["metrics"]}
            for m in evidence["measurements"]:
                assert units[m["metric"]] == m.get("unit")
                assert m.get("slice") is None or m["slice"] in pack["slices"]


def overlap(edges: list[EdgeRow]) -> bool:
    spans = sorted((e.properties["validFrom"], e.properties.get("validTo", "9")) for e in edges)
    return any(end > start for (_, end), (start, _) in pairwise(spans))


def test_no_robot_is_in_two_fleets_and_no_robot_was_seen_with_two_artifacts_at_once() -> None:
    for robot in (r for r in ROWS if r.kind.name == "Robot"):
        assert not overlap([e for e in robot.edges if e.target_kind == "Fleet"])
        seen = [d for d in FACTS.values() if d["kind"] == "Installation" and d["robot"] == robot.id]
        spans = sorted((d["validFrom"], d.get("validTo", "9")) for d in seen)
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def test_the_company_reads_in_the_order_in_which_things_can_be_known() -> None:
    known: set[str] = {d["id"] for d in DOCUMENTS[FILES[0]]}
    early = []
    for d in DOCUMENTS[FILES[1]]:
        known.add(d["id"])
        early += [(e.source, e.target) for e in EDGES if e.source == d["id"] and e.target not in known]
    allowed = ("decision:", UNREGISTERED)
    assert not [pair for pair in early if not pair[1].startswith(allowed)]
