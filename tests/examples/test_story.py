"""The company's story, once it is told by actions: every question that the READMEs show has the answer that they show."""

from __future__ import annotations

import ast
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from forebear.actions.evaluation import evaluate_lines
from forebear.app import Forebear
from forebear.cli.demo import CAST, QUESTIONS, load
from forebear.cli.story import play, steps
from forebear.graph.kinds import GRAPH
from tests.audit.auditing import findings
from tests.record.asking import ask, everything, ids
from tests.test_project import ROOT

BRIDGE = "dataset:bridge_orig@1.0.0"
UNREGISTERED = "artifact:sha256:7722f7c0850d4b96b50b8d0eb077e077b31be7b45a9cda0643d1c42b13e3adf9"
PICKER = "model:parcel-picker@2"
NORTH, SOUTH, GALLEY, BENCH = "fleet:parcel-north", "fleet:parcel-south", "fleet:galley", "fleet:widowx-bench"


async def of_picker(registry: Forebear, fields: str) -> Any:
    """What parcel-picker 2 is."""
    return (await ask(registry, f'{{ modelVersion(id: "{PICKER}") {{ {fields} }} }}'))["modelVersion"]


async def releases(registry: Forebear) -> dict[str, str]:
    """All releases of the company's with their states."""
    nodes = (await ask(registry, "{ releases(first: 100) { nodes { id state } } }"))["releases"]["nodes"]
    return {node["id"]: node["state"] for node in nodes}


async def test_it_is_told_once(company: Forebear) -> None:
    before = await everything(company)
    await load(company)
    assert [step async for step, _ in play(company, steps(), CAST)] == []
    await evaluate_lines(company.store, company.performer)
    assert await everything(company) == before


async def test_its_audit_trail_holds(company: Forebear) -> None:
    assert await findings(company.store) == []


async def test_an_incident_that_the_monitoring_reports_twice_by_one_name_is_one(company: Forebear) -> None:
    ids = ["incident:galley-tray-2026-08-11", "incident:ur-11-glass-2026-08-11"]
    query = """query($ids: [ID!]!) { incidents(filter: { id: { in: $ids } }) { nodes {
        id state severity logs externalIds measured { name value unit } } } }"""
    found = await ask(company, query, ids=ids)
    assert found["incidents"]["nodes"] == [
        {
            "id": "incident:galley-tray-2026-08-11", "state": "DUPLICATE", "severity": "HIGH", "logs": None,
            "externalIds": None, "measured": None,
        },
        {
            "id": "incident:ur-11-glass-2026-08-11", "state": "RESOLVED", "severity": "HIGH",
            "logs": ["https://logs.larkfield.example/ur-11/2026-08-11T13-20"], "externalIds": ["beacon:INC-20931"],
            "measured": [{"name": "speed", "value": 0.9, "unit": "m/s"}],
        },
    ]  # fmt: skip


async def test_a_recall_stands_with_two_votes_until_it_is_ended(company: Forebear) -> None:
    found = await ask(company, "{ recalls { nodes { subject validFrom validTo votes { actor } recalls { nodes { id } } } } }")
    stands, ended = found["recalls"]["nodes"]
    assert (stands["subject"], stands["validTo"]) == ("dataset:label-photos@2026.09", None)
    assert [ended] == [
        {
            "subject": "model:parcel-picker@3", "validFrom": "2026-10-14T09:20:00.000000Z",
            "validTo": "2026-10-15T10:00:00.000000Z", "recalls": {"nodes": [{"id": "model:parcel-picker@3"}]},
            "votes": [{"actor": "tomas.lindqvist"}, {"actor": "mirela.dane"}],
        }
    ]  # fmt: skip


async def test_a_recall_of_data_is_executed_at_two_customers_and_reported_to_its_end(company: Forebear) -> None:
    query = """{ recallItems(recall: "recall:dataset:label-photos%402026.09/1") {
        items { node { id } state request customers } customers { customer { id } fleets { id } } } }"""
    found = (await ask(company, query))["recallItems"]
    east, west = (f"deployment:labels-{side}-recall" for side in ("east", "west"))
    larkfield, tindral = "customer:larkfield-parcels", "customer:tindral-group"
    assert [(row["node"]["id"], row["state"], row["request"], row["customers"]) for row in found["items"]] == [
        ("deployment:labels-east-2", "CONFIRMED", east, [larkfield]),
        ("deployment:labels-west-2", "CONFIRMED", west, [tindral]),
        ("robot:sc-01", "CONFIRMED", None, [larkfield]),
        ("robot:sc-02", "CONFIRMED", None, [larkfield]),
        ("robot:sc-03", "UNREACHABLE", west, [tindral]),
        ("robot:sc-04", "IMPOSSIBLE", None, []),
        ("release:label-reader@2/scara-orin-labels", "CONFIRMED", None, []),
    ]
    assert found["customers"] == [
        {"customer": {"id": larkfield}, "fleets": []},
        {"customer": {"id": tindral}, "fleets": [{"id": "fleet:labels-west"}]},
        {"customer": None, "fleets": []},
    ]


async def test_nothing_that_is_governed_is_imported_but_public_history_and_attributions(company: Forebear) -> None:
    rows = await company.store.read("MATCH (n) WHERE n.imported RETURN labels(n)[0] AS kind, n.labels AS said")
    assert {row["kind"] for row in rows if "public" not in (row["said"] or ())} == {"Attribution"}  # type: ignore[operator]


async def test_every_kind_and_every_edge_of_the_graph_occurs(company: Forebear) -> None:
    nodes = await company.store.read("MATCH (n) RETURN DISTINCT labels(n)[0] AS kind")
    assert {row["kind"] for row in nodes} >= set(GRAPH.kinds)
    edges = await company.store.read("MATCH (a)-[e]->() RETURN DISTINCT labels(a)[0] AS kind, type(e) AS type")
    declared = {(kind.name, edge.type.name) for kind in GRAPH.kinds.values() for edge in kind.edges}
    assert declared - {(row["kind"], row["type"]) for row in edges} == set()


async def test_the_one_node_that_is_described_nowhere_is_what_a_robot_reported(company: Forebear) -> None:
    kinds = "|".join(GRAPH.kinds)
    rows = await company.store.read(f"MATCH (n:{kinds}) WHERE n.describedAt IS NULL RETURN n.id AS id")
    assert [row["id"] for row in rows] == [UNREGISTERED]


async def test_releases_stand_where_the_story_leaves_them(company: Forebear) -> None:
    assert await releases(company) == {
        "release:bench-reacher@1/widowx-rtx4090-lab": "DEPLOYED",
        "release:parcel-picker@1/ur5e-orin-parcels": "DEPRECATED",
        "release:galley-hand@1/ur5e-rtx4090-kitchen": "DEPLOYED",
        "release:parcel-picker@2/ur5e-orin-parcels": "DEPLOYED",
        "release:parcel-picker@2/ur5e-rtx4090-kitchen": "DEPRECATED",
        "release:parcel-picker@3/ur5e-orin-parcels": "REJECTED",
        "release:label-reader@1/scara-orin-labels": "DEPLOYED",
        "release:label-reader@2/scara-orin-labels": "EVALUATED",
    }


async def test_what_was_decided_is_dated_as_the_story_dates_it_and_recorded_when_it_was_told(company: Forebear) -> None:
    stands = """query($at: DateTime) { release(id: "release:parcel-picker@2/ur5e-orin-parcels") {
        stateAt(at: $at) { state since decision { type } } } }"""
    approved = {"state": "APPROVED", "since": "2026-05-28T09:00:00.000000Z", "decision": {"type": "APPROVAL"}}
    assert (await ask(company, stands, at="2026-07-01T00:00:00Z"))["release"]["stateAt"] == approved
    assert (await ask(company, stands, at="2026-05-27T12:00:00Z"))["release"]["stateAt"]["state"] == "EVALUATED"
    # Nobody knew of it here before it was told.
    told = await company.store.read("MATCH (d:Decision) WHERE d.imported IS NULL RETURN min(d.recordedAt) AS first")
    entries = await company.store.read("MATCH (e:AuditEntry) RETURN min(e.at) AS first")
    assert str(entries[0]["first"]) > "2026-10-05" < str(told[0]["first"])
    known = await company.store.read("MATCH (d:Decision) WHERE d.decidedAt > d.recordedAt RETURN d.id AS id")
    assert known == []


PAST = """query($p: ID!, $at: DateTime) { whatWasRunning(place: $p, at: $at) { nodes {
    authorized basis observedVersion { id } } } }"""


@pytest.mark.parametrize(
    ("robot", "at", "basis", "version"),
    [
        ("robot:ur-04", "2026-07-15T12:00:00Z", "APPROVAL", "model:parcel-picker@1"),
        ("robot:ur-04", "2026-04-01T00:00:00Z", "APPROVAL", "model:parcel-picker@1"),
        ("robot:ur-11", "2026-08-11T13:20:00Z", "APPROVAL", PICKER),
        ("robot:ur-12", "2026-09-10T12:00:00Z", None, None),
    ],
)
async def test_what_ran_then_was_permitted_then(
    company: Forebear, robot: str, at: str, basis: str | None, version: str | None
) -> None:
    (row,) = (await ask(company, PAST, p=robot, at=at))["whatWasRunning"]["nodes"]
    observed = version and {"id": version}
    assert row == {"authorized": basis is not None, "basis": basis, "observedVersion": observed}


def test_nobody_but_the_story_dates_what_is_done() -> None:
    root = Path(__file__).parents[2] / "src" / "forebear"
    calls = [
        (path.relative_to(root).as_posix(), call)
        for path in root.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("Requester", "Decider")
    ]
    # A decision's own `Decider` has its moment second, by position, and it is that of the action.
    assert [path for path, call in calls if any(k.arg == "at" for k in call.keywords)] == ["cli/story.py"]
    assert not [path for path, call in calls if not path.startswith(("actions/", "domain/")) and len(call.args) > 4]


async def test_low_risk_is_promoted_by_the_policy_itself(company: Forebear) -> None:
    query = """{ release(id: "release:bench-reacher@1/widowx-rtx4090-lab") { decisions { nodes { type verdict actor } } } }"""
    assert (await ask(company, query))["release"]["decisions"]["nodes"] == [
        {"type": "EVALUATION", "verdict": "GRANTED", "actor": "policy:lab@1"},
        {"type": "PROMOTION", "verdict": "GRANTED", "actor": "policy:lab@1"},
    ]


async def test_which_fleets_run_models_made_with_bridge(company: Forebear) -> None:
    query = f"""{{ fleetsRunning(trainedOn: "{BRIDGE}") {{ nodes {{ fleet {{ id }} version {{ id }} intended observed
        path {{ id }} }} }} }}"""
    rows = (await ask(company, query))["fleetsRunning"]["nodes"]
    assert [(r["fleet"]["id"], r["version"]["id"], r["intended"], r["observed"]) for r in rows] == [
        (GALLEY, "model:galley-hand@1", True, True),
        (NORTH, "model:parcel-picker@1", False, True),
        (NORTH, PICKER, True, True),
        (SOUTH, PICKER, True, True),
    ]
    galley, old, north, south = ([node["id"] for node in row["path"]] for row in rows)
    build = "artifact:sha256:a133f721f6d261236b5b98860dd4f9ffb0d24f2e10cb9f002274022172898ef6"
    assert galley == [
        GALLEY, "deployment:galley-2026-08-rollback", build, "model:galley-hand@1", "checkpoint:galley-hand-1/step-50000",
        "run:galley-hand-1", "model:octo-base@1.5", "checkpoint:octo-base-1.5/step-300000", "run:octo/octo-base-1.5",
        "dataset:octo/oxe_magic_soup@241fb35", BRIDGE,
    ]  # fmt: skip
    assert old[1:3] == ["robot:ur-04", "installation:ur-04/2026-03-16"]
    assert "model:openvla-7b@1" in old
    for path, robot in ((north, "ur-09/2026-06-16T14"), (south, "ur-08/2026-06-22T09")):
        assert path[1] == f"robot:{robot.partition('/')[0]}"
        assert path[2].startswith(f"installation:{robot}")
        assert path[-2:] == ["run:parcel-picker-2b", BRIDGE]


SHOWN = {
    page: re.findall(r"```graphql\n(\{.*?)```\n.*?```json\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
    for page in ("README.md", "docs/tutorial/ask-the-demo.md")
}
"""The questions that pages ask the demo, each with the answer that it shows."""


@pytest.mark.parametrize("page", SHOWN)
async def test_the_demo_answers_the_questions_of_a_page_as_the_page_says(company: Forebear, page: str) -> None:
    assert SHOWN[page]
    for query, answer in SHOWN[page]:
        assert await ask(company, query) == json.loads(answer), query


async def test_only_two_fleets_run_what_trained_on_bridge_itself(company: Forebear) -> None:
    query = f'{{ fleetsRunning(trainedOn: "{BRIDGE}", includeDerived: false) {{ nodes {{ fleet {{ id }} }} }} }}'
    rows = (await ask(company, query))["fleetsRunning"]["nodes"]
    assert {row["fleet"]["id"] for row in rows} == {NORTH, SOUTH}


async def test_what_it_was_made_from_and_why_it_exists(company: Forebear) -> None:
    made = (
        await of_picker(
            company,
            """provenance { trainedOn { dataset { id } weight role } ancestors { id } curation { id } runs { id } code { id }
            models { id } } justification { experiments { id rationale } }""",
        )
    )["provenance"]
    assert made["trainedOn"] == [
        {"dataset": {"id": BRIDGE}, "weight": 1.0, "role": "cotrain"},
        {"dataset": {"id": "dataset:larkfield-parcels@2026.05"}, "weight": 3.0, "role": "finetune"},
    ]
    assert (len(made["ancestors"]), len(made["curation"])) == (29, 4)
    assert made["runs"] == [{"id": "run:parcel-picker-2b"}]
    assert made["code"] == [{"id": "code:quillfinch-training@9be42d7"}]
    models = ["model:openvla-7b@1", "model:parcel-picker@1", "model:prism-dinosiglip-224px@7b"]
    assert ids({"nodes": made["models"]}) == models


async def test_who_approved_it_on_which_evidence_under_which_policy(company: Forebear) -> None:
    fields = """approval { nodes { line { id } release { state } decisions { approves policies { id } evidence { id }
        decision { type verdict actor checks { threshold measured passed } } } } }"""
    parcels, kitchen = (await of_picker(company, fields))["approval"]["nodes"]
    assert [(n["line"]["id"], n["release"]["state"]) for n in (parcels, kitchen)] == [
        ("line:ur5e-orin-parcels", "DEPLOYED"),
        ("line:ur5e-rtx4090-kitchen", "DEPRECATED"),
    ]
    (approval,) = (d for d in parcels["decisions"] if d["approves"])
    assert approval["policies"] == [{"id": "policy:parcels@2"}]
    assert approval["decision"] == {
        "type": "APPROVAL",
        "verdict": "GRANTED",
        "actor": "mirela.dane",
        "checks": [
            {"threshold": 85.0, "measured": 87.4, "passed": True},
            {"threshold": 75.0, "measured": 79.5, "passed": True},
            {"threshold": 220.0, "measured": 198.0, "passed": True},
            {"threshold": 81.2, "measured": 87.4, "passed": True},
        ],
    }
    voters = [d["decision"]["actor"] for d in parcels["decisions"] if d["decision"]["type"] == "VOTE"]
    assert voters == ["tomas.lindqvist", "mirela.dane"]
    refused = next(d["decision"] for d in kitchen["decisions"])
    assert (refused["type"], refused["verdict"], refused["actor"]) == ("APPROVAL", "REFUSED", "tomas.lindqvist")


async def test_which_builds_there_are_for_which_hardware(company: Forebear) -> None:
    builds = (await of_picker(company, "artifacts { nodes { state precision target { id } } }"))["artifacts"]["nodes"]
    assert sorted((b["target"]["id"], b["precision"], b["state"]) for b in builds) == [
        ("target:jetson-orin-64gb", "INT4", "AVAILABLE"),
        ("target:jetson-orin-64gb", "INT4", "QUARANTINED"),
        ("target:rtx-4090", "BF16", "AVAILABLE"),
    ]


@pytest.mark.parametrize(
    ("at", "intended", "robots"),
    [("2026-08-01T00:00:00Z", [GALLEY, NORTH, SOUTH], 11), ("2026-11-01T00:00:00Z", [NORTH, SOUTH], 8)],
)
async def test_where_it_ran(company: Forebear, at: str, intended: list[str], robots: int) -> None:
    rows = (await of_picker(company, f'running(at: "{at}") {{ nodes {{ basis fleets {{ id }} }} }}'))["running"]["nodes"]
    assert [f["id"] for r in rows if r["basis"] == "INTENDED" for f in r["fleets"]] == intended
    assert len([r for r in rows if r["basis"] == "OBSERVED"]) == robots


async def test_what_happened_to_it_since(company: Forebear) -> None:
    rows = (await of_picker(company, "history(first: 100) { nodes { at event places { id } } }"))["history"]["nodes"]
    told = [((row["at"] or "")[:10], row["event"], *ids({"nodes": row["places"]})) for row in rows]
    for event in (
        ("", "FAILED", "cohort:parcel-north/canary"),
        ("2026-06-08", "DEPLOYED", "cohort:parcel-north/canary"),
        ("2026-07-28", "REGRESSION", GALLEY),
        ("2026-08-11", "INCIDENT", "robot:ur-11"),
        ("2026-08-12", "ROLLED_BACK", GALLEY),
    ):
        assert event in told


@pytest.mark.parametrize(
    ("place", "at", "standing", "intended", "observed"),
    [
        ("robot:ur-04", "2026-07-15T12:00:00Z", "DIFFERENT", PICKER, "model:parcel-picker@1"),
        ("robot:ur-12", "2026-09-10T12:00:00Z", "DIFFERENT", "model:galley-hand@1", None),
        ("robot:ur-11", "2026-08-11T13:20:00Z", "AS_INTENDED", PICKER, PICKER),
        ("robot:ur-09", "2026-06-16T00:00:00Z", "DIFFERENT", PICKER, "model:parcel-picker@1"),
        ("robot:wx-03", "2026-09-10T12:00:00Z", "UNREPORTED", "model:bench-reacher@1", None),
    ],
)
async def test_what_ran_on_a_robot_is_not_always_what_was_meant_to(
    company: Forebear, place: str, at: str, standing: str, intended: str, observed: str | None
) -> None:
    query = """query($p: ID!, $at: DateTime) { whatWasRunning(place: $p, at: $at) { nodes { standing observedVersion { id }
        intendedVersion { id } } } }"""
    assert (await ask(company, query, p=place, at=at))["whatWasRunning"]["nodes"] == [
        {
            "standing": standing,
            "observedVersion": observed and {"id": observed},
            "intendedVersion": {"id": intended},
        }
    ]


@pytest.mark.parametrize(
    ("at", "customer"),
    [("2026-06-30T23:59:59Z", "customer:larkfield-parcels"), ("2026-07-01T00:00:00Z", "customer:tindral-group")],
)
async def test_the_owner_of_a_fleet_depends_on_the_moment(company: Forebear, at: str, customer: str) -> None:
    query = f'{{ fleet(id: "{SOUTH}", at: "{at}") {{ customers {{ nodes {{ id }} }} }} }}'
    assert ids((await ask(company, query))["fleet"]["customers"]) == [customer]


async def test_no_robot_is_seen_with_two_artifacts_at_once(company: Forebear) -> None:
    rows = await company.store.read(
        "MATCH (r:Robot)<-[:ON]-(i:Installation) RETURN r.id AS robot, i.validFrom AS since, i.validTo AS until"
    )
    assert len(rows) == 40
    spans = sorted((row["robot"], row["since"], row["until"] or "9") for row in rows)
    assert [(a, b) for a, b in pairwise(spans) if a[0] == b[0] and str(a[2]) > str(b[1])] == []


async def test_what_drifts(company: Forebear) -> None:
    query = """query($f: ID!) { drift(fleet: $f) { nodes { robot { id } observed { id } observedVersion { id } registered
        authorized } } }"""
    found = {fleet: (await ask(company, query, f=fleet))["drift"]["nodes"] for fleet in (NORTH, SOUTH, GALLEY, BENCH)}
    old = "artifact:sha256:3019827460110479eab1328a6aed596f5fe57c42cacfd27faae4605355d73411"
    ur04 = {"robot": {"id": "robot:ur-04"}, "observed": {"id": old}, "observedVersion": {"id": "model:parcel-picker@1"}}
    ur12 = {"robot": {"id": "robot:ur-12"}, "observed": {"id": UNREGISTERED}, "observedVersion": None}
    assert found == {
        NORTH: [ur04 | {"registered": True, "authorized": True}],
        SOUTH: [],
        GALLEY: [ur12 | {"registered": False, "authorized": False}],
        BENCH: [
            {"robot": {"id": "robot:wx-03"}, "observed": None, "observedVersion": None, "registered": None, "authorized": True}
        ],
    }


async def test_the_rollback_went_back_to_what_ran_before(company: Forebear) -> None:
    query = """{ deployment(id: "deployment:galley-2026-08-rollback") { state validFrom basis rollsBack { nodes { id } }
        artifact { builtFrom { id } } } }"""
    assert (await ask(company, query))["deployment"] == {
        "state": "ACTIVE",
        "validFrom": "2026-08-12T08:00:00.000000Z",
        "basis": "APPROVAL",
        "rollsBack": {"nodes": [{"id": "deployment:galley-2026-07"}]},
        "artifact": {"builtFrom": {"id": "model:galley-hand@1"}},
    }


async def test_data_of_one_customer_runs_at_another(company: Forebear) -> None:
    query = '{ impact(of: "customer:larkfield-parcels", kinds: [ModelVersion, Fleet]) { nodes { via node { id } } } }'
    assert [(row["via"], row["node"]["id"]) for row in (await ask(company, query))["impact"]["nodes"]] == [
        ("LINEAGE", NORTH),
        ("LINEAGE", SOUTH),
        ("LINEAGE", "model:parcel-picker@1"),
        ("LINEAGE", PICKER),
        ("LINEAGE", "model:parcel-picker@3"),
    ]


async def test_what_only_evaluates_reaches_releases_by_authority_and_never_by_lineage(company: Forebear) -> None:
    for held_out, reached in (
        ("dataset:parcels-heldout@2026.02", ["parcel-picker@1/ur5e-orin-parcels", "parcel-picker@2/ur5e-orin-parcels"]),
        ("dataset:galley-heldout@2026.03", ["galley-hand@1/ur5e-rtx4090-kitchen", "parcel-picker@2/ur5e-rtx4090-kitchen"]),
    ):
        query = f'{{ impact(of: "{held_out}", kinds: [Release, ModelVersion]) {{ nodes {{ via node {{ id }} }} }} }}'
        rows = (await ask(company, query))["impact"]["nodes"]
        assert {row["via"] for row in rows} == {"AUTHORITY"}
        assert {f"release:{name}" for name in reached} <= {row["node"]["id"] for row in rows}


async def test_the_second_attribution_supersedes_the_first(company: Forebear) -> None:
    query = """{ attribution(id: "attribution:ur-11-glass/2") { supersedes { nodes { id } } explains { nodes { id } } } }"""
    assert (await ask(company, query))["attribution"] == {
        "supersedes": {"nodes": [{"id": "attribution:ur-11-glass/1"}]},
        "explains": {"nodes": [{"id": "incident:ur-11-glass-2026-08-11"}]},
    }


async def test_the_demo_s_questions_are_answered(company: Forebear) -> None:
    lines = {q.question: [*q.lines(await ask(company, q.query))] for q in QUESTIONS}
    assert all(lines.values())


async def test_a_pack_reaches_releases_by_authority_alone(company: Forebear) -> None:
    query = '{ impact(of: "pack:parcels-replay@1", kinds: [Release]) { nodes { via node { id } } } }'
    rows = (await ask(company, query))["impact"]["nodes"]
    assert {row["via"] for row in rows} == {"AUTHORITY"}
    assert "release:parcel-picker@2/ur5e-orin-parcels" in {row["node"]["id"] for row in rows}
