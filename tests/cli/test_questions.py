"""The questions of the graph, asked at a terminal about the example lineage."""

import json

from tests.cli.terminal import Service, forebear


def test_lineage_is_a_tree_upstream(demo: Service) -> None:
    ended = forebear("lineage", "model:parcel-picker@2", "--depth", "3", url=demo.url)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        "model:parcel-picker@2  parcel-picker 2\n"
        "└── checkpoint:parcel-picker-2b/step-60000  parcel-picker-2b, step 60000  PROMOTED_FROM\n"
        "    └── run:parcel-picker-2b  parcel-picker 2, with BridgeData V2  PRODUCED_BY\n"
        "        ├── code:quillfinch-training@9be42d7  Quillfinch training code  RAN\n"
        "        ├── compute:quillfinch-a100-8  Eight A100 80 GB  ON_COMPUTE\n"
        "        ├── dataset:bridge_orig@1.0.0  BridgeData V2 1.0.0  TRAINED_ON role=cotrain weight=1.0\n"
        "        ├── dataset:larkfield-parcels@2026.05  larkfield-parcels 2026.05  TRAINED_ON role=finetune weight=3.0\n"
        "        │   └── … 4 more\n"
        "        ├── environment:quillfinch-2026.05  Training image 2026.05  IN_ENVIRONMENT\n"
        "        └── model:openvla-7b@1  OpenVLA 7B  INITIALIZED_FROM\n"
        "            └── … 1 more\n"
        "1 Checkpoint, 1 CodeVersion, 1 ComputeProfile, 2 DatasetVersion, 2 ModelVersion, 1 Run, 1 SoftwareEnvironment; "
        "there is more beyond 3 edges\n"
    )


def test_lineage_is_a_tree_downstream_and_says_what_it_leaves_out(demo: Service) -> None:
    ended = forebear("lineage", "run:galley-hand-1", "--downstream", "--first", "3", url=demo.url)
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[1:4] == [
        "└── checkpoint:galley-hand-1/step-50000  galley-hand-1, step 50000  PRODUCED_BY",
        "    └── model:galley-hand@1  galley-hand 1  PROMOTED_FROM",
        "        └── … 3 more",
    ]
    assert lines[4].endswith("; 3 of 14 shown, --first shows more")


def test_what_several_branches_share_is_unfolded_once(demo: Service) -> None:
    out = forebear("lineage", "model:parcel-picker@2", url=demo.url).out
    shared = [line for line in out.splitlines() if "model:openvla-7b@1" in line]
    assert [line.endswith("(unfolded elsewhere)") for line in shared] == [True, False]
    assert out.count("─ checkpoint:openvla-7b-prismatic/step-295000 ") == 1


def test_nothing_is_known_of_it_before_it_was_recorded(demo: Service) -> None:
    ended = forebear("lineage", "model:parcel-picker@2", "--as-known-at", "2020-01-01T00:00:00Z", url=demo.url)
    assert (ended.code, ended.err) == (1, "forebear: lineage: model:parcel-picker@2 is not known\n")


def test_json_is_what_the_registry_answers(demo: Service) -> None:
    walk = forebear("lineage", "run:galley-hand-1", "--depth", "0", "--json", url=demo.url).json
    assert walk == {
        "nodes": [{"node": {"id": "run:galley-hand-1", "name": "galley-hand 1", "described": True}, "depth": 0, "hidden": 5}],
        "edges": [],
        "counts": [{"kind": "Run", "count": 1}],
        "total": 1,
        "truncated": True,
    }
    reached = forebear("impact", "customer:larkfield-parcels", "--json", url=demo.url).json
    assert reached["totalCount"] == len(reached["nodes"])
    assert forebear("paths", "model:galley-hand@1", "run:galley-hand-1", "--json", url=demo.url).json["paths"][0]["length"] == 2


def test_impact_is_listed_by_kind_with_why(demo: Service) -> None:
    ended = forebear("impact", "pack:parcels-replay@1", "--why", url=demo.url)
    assert ended.code == 0
    lines = ended.out.splitlines()
    at = lines.index("  customer:tindral-group  Tindral Group  by authority")
    path = lines[at + 1].strip().split(" → ")
    assert path.pop(3).startswith("decision:")
    assert path == [
        "customer:tindral-group",
        "fleet:parcel-south",
        "deployment:parcel-south-2026-06",
        "evidence:parcel-picker-1/replay",
        "pack:parcels-replay@1",
    ]
    nothing = forebear("impact", "target:rtx-4090", url=demo.url)
    assert (nothing.code, nothing.out) == (1, "0 nodes reached\n")


def test_a_path_shows_which_way_each_edge_points(demo: Service) -> None:
    ended = forebear("paths", "fleet:galley", "dataset:bridge_orig@1.0.0", "--first", "1", url=demo.url)
    assert (ended.code, ended.out) == (
        0,
        "Path 1, 6 edges\n"
        "  fleet:galley\n"
        "  ←ON─ deployment:galley-2026-07  ended 2026-08-12 08:00\n"
        "  ─OF→ artifact:sha256:2b56487f31d3…\n"
        "  ─BUILT_FROM→ model:parcel-picker@2\n"
        "  ─PROMOTED_FROM→ checkpoint:parcel-picker-2b/step-60000\n"
        "  ─PRODUCED_BY→ run:parcel-picker-2b\n"
        "  ─TRAINED_ON→ dataset:bridge_orig@1.0.0\n"
        "There are others or longer ones, or may be; --first and --length show more.\n",
    )
    none = forebear("paths", "customer:tindral-group", "target:rtx-4090", url=demo.url)
    assert none.code == 1
    assert none.out == "Neither customer:tindral-group nor target:rtx-4090 leads to the other within 50 edges.\n"


def test_the_registry_entry_answers_six_questions(demo: Service) -> None:
    ended = forebear("show", "model:parcel-picker@2", url=demo.url)
    assert ended.code == 0
    sections = dict(part.split("\n", 1) for part in ended.out.split("\n\n")[1:])
    assert list(sections) == [
        "Running now", "History", "Approval", "Evidence", "Interface", "Artifacts", "Provenance", "Justification",
        "Ask further: forebear changes, compare model:parcel-picker@2",
    ]  # fmt: skip
    assert sections["Running now"].splitlines() == [
        "  fleet:parcel-north  site:larkfield-hub-north, customer:larkfield-parcels",
        "  intended           deployment:parcel-north-2026-06",
        "  seen on            5: robot:ur-01, robot:ur-02, robot:ur-03, robot:ur-05, robot:ur-09",
        "  not seen on        1: robot:ur-04",
        "  fleet:parcel-south  site:larkfield-hub-south, customer:tindral-group",
        "  intended           deployment:parcel-south-2026-06",
        "  seen on            3: robot:ur-06, robot:ur-07, robot:ur-08",
    ]
    for section, line in {
        "History": "  2026-08-11 13:20   incident     incident:ur-11-glass-2026-08-11  robot:ur-11",
        "Approval": "                       ✓ success_rate on transparent-film is 79.5 % "
        "(evidence:parcel-picker-2/replay, 80 trials); the policy asks for at least 75 %",
        "Evidence": "                       success_rate on transparent-film 79.5 % (80 trials)",
        "Interface": "  robotSoftware      >=4.2,<5",
        "Artifacts": "  jetson-orin-64gb   artifact:sha256:7ac204a30436…  QUARANTINED, TensorRT, INT4",
        "Provenance": "                     dataset:larkfield-parcels@2026.05  (role finetune, weight 3.0)",
        "Justification": "  decision           ADOPT",
    }.items():
        assert line in sections[section].splitlines()
    assert "                     and 24 more" in sections["Provenance"].splitlines()
    trained = "configuration: learning_rate=0.0005 lora_rank=32 method=LoRA steps=60000"
    assert f"                       {trained}" in sections["Provenance"].splitlines()
    assert (
        "  2026-07-06 08:00   evidence:parcel-picker-2/interventions-north  intervention rate, "
        "corrected by evidence:parcel-picker-2/interventions-north-corrected"
    ) in sections["Evidence"].splitlines()


def test_a_section_without_anything_says_so(demo: Service) -> None:
    sections = forebear("show", "model:prism-dinosiglip-224px@7b", url=demo.url).out.split("\n\n")
    assert {"Running now\n                     nowhere", "Evidence\n                     none"} <= {*sections}


def test_a_decision_is_shown_with_its_type_and_nothing_of_it_twice(demo: Service) -> None:
    out = forebear("show", "model:parcel-picker@2", url=demo.url).out
    approval = out.split("\nApproval\n")[1].split("\n\n")[0].splitlines()
    kitchen = approval[approval.index("  line:ur5e-rtx4090-kitchen  DEPRECATED, approved") + 1 :]
    assert [line[21:] for line in kitchen[:7]] == [
        "APPROVAL REFUSED by tomas.lindqvist under policy:kitchen@1",
        "  What is good for parcels is good for pans.",
        "  ✗ success_rate was not measured with pack:kitchen-replay@1",
        "  ✗ latency_p95 is 198 ms (evidence:parcel-picker-2/latency-orin-unstable), which does not count: it was measured on "
        "target:jetson-orin-64gb; the policy asks for target:rtx-4090",
        "EVALUATION GRANTED by policy:kitchen@1",
        "  ✓ success_rate is 84.6 % (evidence:parcel-picker-2/replay-kitchen, 240 trials); the policy asks for at least 80 %",
        "  ✓ latency_p95 is 164 ms (evidence:parcel-picker-2/latency-rtx4090); the policy asks for at most 180 ms",
    ]
    assert [line[21:] for line in kitchen[7:9]] == [
        "VOTE GRANTED by mirela.dane under policy:kitchen@1",
        "  Three points better than galley-hand 1.",
    ]
    release = forebear("show", "release:parcel-picker@2/ur5e-orin-parcels", url=demo.url).out
    assert "  (VOTE, GRANTED, tomas.lindqvist, on " in release
    assert release.splitlines()[-1] == "Ask further: forebear missing-for-approval release:parcel-picker@2/ur5e-orin-parcels"


def test_what_is_over_is_told_from_what_goes_on(demo: Service) -> None:
    lines = forebear("show", "fleet:galley", url=demo.url).out.splitlines()
    assert [line[21:] for line in lines if "deployment:galley-2026" in line] == [
        "deployment:galley-2026-04  (ENDED, APPROVAL, from 2026-04-13 08:00 to 2026-07-20 08:00)",
        "deployment:galley-2026-07  (ENDED, APPROVAL, from 2026-07-20 08:00 to 2026-08-12 08:00)",
        "deployment:galley-2026-08-rollback  (ACTIVE, APPROVAL, since 2026-08-12 08:00)",
    ]
    assert lines[-1] == "Ask further: forebear changes, drift, eligible, rollback-targets, what-was-running fleet:galley"


def test_any_other_node_is_shown_with_its_properties_and_edges(demo: Service) -> None:
    ended = forebear("show", "robot:ur-04", url=demo.url)
    assert ended.code == 0
    assert ended.out.splitlines()[0] == "robot:ur-04  UR5e 4  Robot"
    assert [line for line in ended.out.splitlines() if line[:10].strip() not in ("robot:ur-0", "recorded")] == [
        "  labels             illustrative",
        "  externalIds        telemetry:qf-ur-04",
        "  serial             UR-EX-0004",
        "  robotClass         ur5e",
        "  memberOf           cohort:parcel-north/late  Parcel north, still to be updated  (since 2026-09-21 08:00)",
        "                     fleet:parcel-north  Parcel north  (since 2026-01-08 08:00)",
        "  installations      installation:ur-04/2026-03-16  (since 2026-03-16 09:00)",
        "  maintenance        maintenance:ur-04/2026-06-09  Wrist joint of UR5e 4  (from 2026-06-09 08:00 to 2026-06-30 08:00)",
        "",
        "Ask further: forebear changes, what-was-running robot:ur-04",
    ]
    assert forebear("show", "robot:ur-04", "--json", url=demo.url).json["serial"] == "UR-EX-0004"


def test_every_kind_can_be_shown(demo: Service) -> None:
    from forebear.graph.kinds import GRAPH
    from forebear.view.nodes import document_of

    for kind in GRAPH.kinds.values():
        absent = f"{kind.prefix}:none" + ("@1" if kind.versioned else "")
        assert demo.ask(document_of(GRAPH, kind.name), id=absent) == {"node": None}


def test_a_query_takes_variables_as_json_and_one_by_one(demo: Service) -> None:
    document = "query A($id: ID!) { node(id: $id) { id } } query B($first: Int!) { robots(first: $first) { nodes { id } } }"
    one = forebear("query", "-", "--operation", "A", "--var", "id=robot:ur-04", stdin=document, url=demo.url)
    assert (one.code, one.json["data"]) == (0, {"node": {"id": "robot:ur-04"}})
    variables = json.dumps({"first": 5})
    other = forebear(
        "query", "-", "--operation", "B", "--variables", variables, "--var", "first=1", stdin=document, url=demo.url
    )
    assert other.json["data"] == {"robots": {"nodes": [{"id": "robot:sc-01"}]}}
    wrong = forebear("query", "-", stdin="{ nod }", url=demo.url)
    assert (wrong.code, wrong.json["errors"][0]["extensions"]) == (1, {"code": "INVALID_DOCUMENT"})


def test_suspects_say_what_little_they_know_and_stop_a_script(demo: Service) -> None:
    ended = forebear("suspects", "--severity", "high", url=demo.url)
    assert (ended.code, ended.err) == (1, "")
    assert ended.out.startswith("1 episode on ")
    assert "\n1. CONFOUNDED  " in ended.out
    assert "\n   always with site:larkfield-hub-north, site:larkfield-hub-south, site:tindral-galley\n" in ended.out
    assert "repeated looks are not corrected for" in ended.out
    both = forebear("suspects", "incident:any", "--severity", "high", url=demo.url)
    assert (both.code, both.err) == (
        2,
        "forebear: an incident stands for its category: name an incident, or select incidents by options\n",
    )
    idle = forebear("suspects", "--severity", "high", "--attribute", url=demo.url)
    message = "forebear: --attribute: an attribution explains an incident, so name the incident\n"
    assert (idle.code, idle.out, idle.err) == (2, "", message)
    unexplained = forebear("suspects", "incident:ur-11-glass-2026-08-11", "--attribute", url=demo.url)
    assert (unexplained.code, unexplained.out.splitlines()[-1]) == (1, "nothing is named, so nothing was attributed")
    nobody = forebear("suspects", "incident:nobody", url=demo.url)
    assert (nobody.code, "about.incident: incident:nobody is not known" in nobody.err) == (1, True)


def test_an_incident_without_a_category_is_a_page_too(demo: Service) -> None:
    ended = forebear("incident", "incident:ur-11-glass-2026-08-11", url=demo.url)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("incident:ur-11-glass-2026-08-11  RESOLVED HIGH  UR5e 11 swept a glass tray off the counter\n")
    lines = ended.out.splitlines()
    assert "  duplicates         incident:galley-tray-2026-08-11" in lines
    assert lines[lines.index("Incidents of the same category") + 1].strip() == "this one has no category"
    assert lines.count("  policy             policy:kitchen@1") == 2
    changed = lines.index("What changed there before") + 1
    assert lines[changed : changed + 2] == [
        "  2026-07-29 08:00   evidence of model:parcel-picker@2: nothing → ROLLOUT_NOTE, by eval-gate",
        "  2026-07-28 08:00   incident of fleet:galley: incident:galley-cycle-time-2026-07-28, by demo",
    ]
