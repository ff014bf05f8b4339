"""Versions of a model become candidates in release lines."""

from __future__ import annotations

import json
import shlex
from typing import Any

from forebear.actions.performer import Requester
from forebear.app import Forebear
from forebear.domain.outcome import Conflict, Done, Reason, Refused
from forebear.domain.roles import Role
from tests.actions.world import ADA, ANNA, BEN, EVA, POLICY, ago, do, done, person
from tests.record.asking import ask, everything, history, record

PARCELS = "line:parcels"
KITCHEN = "line:kitchen"
PICKER = "model:picker@2"
A, B = "a" * 64, "b" * 64

COMPLETE = [
    "experiment", "dataset", "code", "environment", "compute", "configuration",
    "weightsDigest", "normalizationDigest", "actionSpaceDigest", "controllerDigest", "interface",
]  # fmt: skip
"""All that a policy can ask of a candidate."""

VERSION: dict[str, Any] = {
    "kind": "ModelVersion", "id": PICKER, "promotedFrom": ["checkpoint:picker-2/step-900"], "justifiedBy": ["experiment:film"],
    "weightsDigest": f"sha256:{A}", "normalizationDigest": f"sha256:{B}", "actionSpaceDigest": f"sha256:{B}",
    "controllerDigest": f"sha256:{B}", "sensors": ["wrist camera"], "actionSpace": "7-DoF deltas", "rateHz": 10.0,
    "memoryMib": 4096.0, "robotSoftware": ">=4.2,<5",
}  # fmt: skip
"""A version that carries all of it."""


def policy(line: str, **changed: Any) -> dict[str, Any]:
    """A policy in force in a line, of its name."""
    id = f"policy:{line.partition(':')[2]}@1"
    since = [{"id": line, "validFrom": ago(days=30)}]
    return {"kind": "ReleasePolicy", "id": id, "document": POLICY | changed, "packs": ["pack:replay@1"], "governs": since}


async def workshop(registry: Forebear, **policies: dict[str, Any]) -> None:
    """Two lines, the parcels with a policy that asks for all that can be asked, and a run of which everything is known."""
    await record(
        registry,
        {"kind": "ReleaseLine", "id": PARCELS},
        {"kind": "ReleaseLine", "id": KITCHEN},
        {
            "kind": "EvaluationPack", "id": "pack:replay@1", "slices": ["film"],
            "metrics": [{"name": "success", "unit": "%", "direction": "HIGHER_IS_BETTER"}],
        },
        {
            "kind": "Run", "id": "run:picker-2", "configuration": {"lr": 0.1}, "trainedOn": [{"id": "dataset:parcels@1"}],
            "ran": ["code:training@9be42d7"], "inEnvironment": ["environment:torch-2"], "onCompute": ["compute:a100x8"],
        },
        {"kind": "Checkpoint", "id": "checkpoint:picker-2/step-900", "producedBy": "run:picker-2"},
        {"kind": "Checkpoint", "id": "checkpoint:picker-2/step-990", "producedBy": "run:picker-2"},
        {"kind": "Run", "id": "run:bare"},
        {"kind": "Checkpoint", "id": "checkpoint:bare/1", "producedBy": "run:bare"},
        {"kind": "Experiment", "id": "experiment:film", "hypothesis": "Film gets better."},
    )  # fmt: skip
    await history(registry, policy(PARCELS, candidate=COMPLETE))
    for line, changed in policies.items():
        await history(registry, policy(f"line:{line}", **changed))


async def standing(registry: Forebear, version: str = PICKER) -> dict[str, Any]:
    """A version, and where it stands in each line."""
    query = """query($id: ID!) { modelVersion(id: $id) { described description recordedBy createdAt weightsDigest model { id }
        promotedFrom { nodes { id } } justifiedBy { nodes { id } }
        releases { nodes { id state line { id } decisions { nodes { type actor } } } } } }"""
    answer: dict[str, Any] = (await ask(registry, query, id=version))["modelVersion"]
    return answer


async def states(registry: Forebear, version: str = PICKER) -> dict[str, str]:
    """The state of a version's release in each line."""
    return {node["line"]["id"]: node["state"] for node in (await standing(registry, version))["releases"]["nodes"]}


async def test_a_checkpoint_becomes_a_version_and_a_candidate_in_lines(registry: Forebear) -> None:
    await workshop(registry, kitchen={})
    outcome = await done(registry, EVA, "registerCandidate", versions=[VERSION], lines=[PARCELS, KITCHEN])
    assert outcome == Done(PICKER, (), (PICKER, "release:picker@2/kitchen", "release:picker@2/parcels"))
    stands = await standing(registry)
    assert stands | {"createdAt": ""} == {
        "described": True, "description": None, "recordedBy": "eva", "createdAt": "",
        "weightsDigest": f"sha256:{A}", "model": {"id": "model:picker"},
        "promotedFrom": {"nodes": [{"id": "checkpoint:picker-2/step-900"}]},
        "justifiedBy": {"nodes": [{"id": "experiment:film"}]},
        "releases": {"nodes": [
            {"id": "release:picker@2/kitchen", "state": "CANDIDATE", "line": {"id": KITCHEN}, "decisions": {"nodes": []}},
            {"id": "release:picker@2/parcels", "state": "CANDIDATE", "line": {"id": PARCELS}, "decisions": {"nodes": []}},
        ]},
    }  # fmt: skip
    assert stands["createdAt"] > ago(minutes=10)


async def test_several_checkpoints_become_versions_of_a_model_together(registry: Forebear) -> None:
    await workshop(registry)
    other = VERSION | {"id": "model:picker@2b", "promotedFrom": ["checkpoint:picker-2/step-990"]}
    outcome = await done(registry, EVA, "registerCandidate", versions=[VERSION, other], lines=[PARCELS])
    releases = ("release:picker@2/parcels", "release:picker@2b/parcels")
    assert outcome == Done("model:picker", (), (PICKER, "model:picker@2b", *releases))
    assert await states(registry) == await states(registry, "model:picker@2b") == {PARCELS: "CANDIDATE"}


async def test_all_that_is_missing_is_listed_and_nothing_is_written(registry: Forebear) -> None:
    await workshop(registry, kitchen={"candidate": ["experiment", "weightsDigest"]})
    before = await everything(registry)
    bare = {"kind": "ModelVersion", "id": PICKER, "promotedFrom": ["checkpoint:bare/1"], "rateHz": 10}
    outcome = await do(registry, EVA, "registerCandidate", versions=[bare], lines=[PARCELS, KITCHEN])
    assert isinstance(outcome, Refused)
    in_kitchen, in_parcels = f"{PICKER} in {KITCHEN}: the candidate", f"{PICKER} in {PARCELS}: the candidate"
    asked = (
        "experiment", "dataset", "code", "environment", "compute", "configuration", "weightsDigest", "normalizationDigest",
        "actionSpaceDigest", "controllerDigest", "sensors", "actionSpace", "memoryMib", "robotSoftware",
    )  # fmt: skip
    assert [(r.code, r.message) for r in outcome.reasons] == [
        *(("CANDIDATE_INCOMPLETE", f"{in_kitchen} carries no {p}, which the policy asks for") for p in (asked[0], asked[6])),
        *(("CANDIDATE_INCOMPLETE", f"{in_parcels} carries no {p}, which the policy asks for") for p in asked),
    ]
    assert outcome.reasons[3].remedy == "record what its run was trained on (trainedOn)"
    assert await everything(registry) == before


async def test_of_several_runs_each_must_say_what_the_policy_asks_for(registry: Forebear) -> None:
    await workshop(registry, kitchen={"candidate": ["dataset"]})
    both = ["checkpoint:picker-2/step-900", "checkpoint:bare/1"]
    merged = {"kind": "ModelVersion", "id": "model:merged@1", "promotedFrom": both}
    outcome = await do(registry, EVA, "registerCandidate", versions=[merged], lines=[KITCHEN])
    assert outcome == Refused(
        (
            Reason(
                "CANDIDATE_INCOMPLETE",
                f"model:merged@1 in {KITCHEN}: the candidate carries no dataset, which the policy asks for",
                "record what its run was trained on (trainedOn)",
            ),
        )
    )
    await record(registry, {"kind": "Run", "id": "run:bare", "trainedOn": ["dataset:parcels@1"]})
    await done(registry, EVA, "registerCandidate", versions=[merged], lines=[KITCHEN])


async def test_a_checkpoint_of_which_nothing_says_the_run_carries_nothing(registry: Forebear) -> None:
    await workshop(registry, kitchen={"candidate": ["dataset"]})
    await record(registry, {"kind": "Checkpoint", "id": "checkpoint:lost/1"})
    both = ["checkpoint:picker-2/step-900", "checkpoint:lost/1"]
    merged = {"kind": "ModelVersion", "id": "model:merged@1", "promotedFrom": both}
    for lines in ([KITCHEN], [], [KITCHEN]):
        # Once it is registered in no line, what is stored of it is decided on.
        outcome = await do(registry, EVA, "registerCandidate", versions=[merged], lines=lines)
        assert [r.code for r in outcome.reasons] == ["CANDIDATE_INCOMPLETE"] if isinstance(outcome, Refused) else not lines
    await record(registry, {"kind": "Checkpoint", "id": "checkpoint:lost/1", "producedBy": "run:picker-2"})
    await done(registry, EVA, "registerCandidate", versions=[merged], lines=[KITCHEN])


async def test_a_line_without_a_policy_takes_no_candidates(registry: Forebear) -> None:
    await workshop(registry)
    outcome = await do(registry, EVA, "registerCandidate", versions=[VERSION], lines=[KITCHEN, PARCELS])
    assert outcome == Refused(
        (Reason("NO_POLICY", "no policy is in force in line:kitchen", "have an admin adopt a policy for line:kitchen"),)
    )


async def test_a_version_may_be_known_and_stand_nowhere(registry: Forebear) -> None:
    await workshop(registry)
    assert await done(registry, EVA, "registerCandidate", versions=[VERSION], lines=[]) == Done(PICKER, (), (PICKER,))
    assert await states(registry) == {}


async def test_the_same_again_changes_nothing_and_a_further_line_adds_a_release_there_alone(registry: Forebear) -> None:
    await workshop(registry, kitchen={})
    await done(registry, EVA, "registerCandidate", versions=[VERSION], lines=[PARCELS])
    before = await everything(registry)
    assert await done(registry, EVA, "registerCandidate", versions=[VERSION], lines=[PARCELS]) == Done(PICKER, unchanged=True)
    assert await everything(registry) == before
    further = await done(registry, EVA, "registerCandidate", versions=[{"kind": "ModelVersion", "id": PICKER}], lines=[KITCHEN])
    assert further.changed == ("release:picker@2/kitchen",)
    assert await states(registry) == {PARCELS: "CANDIDATE", KITCHEN: "CANDIDATE"}


async def test_what_is_registered_does_not_change_but_its_description_does(registry: Forebear) -> None:
    await workshop(registry)
    await done(registry, EVA, "registerCandidate", versions=[VERSION], lines=[PARCELS])
    changed = VERSION | {
        "weightsDigest": f"sha256:{B}", "license": "MIT", "promotedFrom": ["checkpoint:picker-2/step-990"], "sensors": []
    }  # fmt: skip
    again = "register it as a new version"
    assert await do(registry, EVA, "registerCandidate", versions=[changed], lines=[PARCELS]) == Refused(
        (
            Reason("IMMUTABLE", f"weightsDigest: {PICKER} has 'sha256:{A}' already, and the request says 'sha256:{B}'", again),
            Reason("IMMUTABLE", f"sensors: {PICKER} has ['wrist camera'] already, and the request says []", again),
            Reason(
                "IMMUTABLE",
                f"promotedFrom: {PICKER} has checkpoint:picker-2/step-900 already, "
                "and the request says checkpoint:picker-2/step-990",
                again,
            ),
        )
    )
    described = VERSION | {"description": "Better on film.", "externalIds": ["mlflow:77"]}
    await done(registry, EVA, "registerCandidate", versions=[described], lines=[])
    assert (await standing(registry))["description"] == "Better on film."
    found = await ask(registry, '{ resolve(name: "mlflow:77") { nodes { node { id } } } }')
    assert found == {"resolve": {"nodes": [{"node": {"id": PICKER}}]}}


async def test_an_experiment_may_justify_a_version_later(registry: Forebear) -> None:
    await workshop(registry, kitchen={})
    unjustified = {name: value for name, value in VERSION.items() if name != "justifiedBy"}
    await done(registry, EVA, "registerCandidate", versions=[unjustified], lines=[KITCHEN])
    refused = await do(registry, EVA, "registerCandidate", versions=[unjustified], lines=[PARCELS])
    assert refused == Refused(
        (
            Reason(
                "CANDIDATE_INCOMPLETE",
                f"{PICKER} in {PARCELS}: the candidate carries no experiment, which the policy asks for",
                "name the experiment that justifies it",
            ),
        )
    )
    await done(registry, EVA, "registerCandidate", versions=[VERSION], lines=[PARCELS])
    assert (await standing(registry))["justifiedBy"] == {"nodes": [{"id": "experiment:film"}]}


async def test_a_version_that_others_have_named_is_described_by_its_registration(registry: Forebear) -> None:
    await workshop(registry)
    await record(registry, {"kind": "Run", "id": "run:next", "initializedFrom": [PICKER]})
    await history(registry, measured(PICKER, 90.0))
    await done(registry, EVA, "registerCandidate", versions=[VERSION], lines=[PARCELS])
    stands = await standing(registry)
    assert (stands["described"], stands["weightsDigest"]) == (True, f"sha256:{A}")
    # Who named it first is not who registered it; neither may vote for it.
    refused = await do(registry, person("eva", Role.APPROVER), "approve", release="release:picker@2/parcels")
    assert isinstance(refused, Refused)
    assert [r.code for r in refused.reasons] == ["SELF_APPROVAL"]


def measured(version: str, success: float) -> dict[str, Any]:
    """Evidence about a version, measured yesterday."""
    id = "evidence:" + version.partition(":")[2].replace("@", "-")
    return {
        "kind": "Evidence", "id": id, "type": "REPLAY", "measuredAt": ago(days=1),
        "measurements": [{"metric": "success", "value": success, "unit": "%"}],
        "about": [version], "measuredWith": ["pack:replay@1"],
    }  # fmt: skip


async def test_evidence_that_is_there_counts_at_once(registry: Forebear) -> None:
    await workshop(registry, kitchen={})
    await history(registry, measured(PICKER, 90.0))
    outcome = await done(registry, EVA, "registerCandidate", versions=[VERSION], lines=[KITCHEN])
    assert len(outcome.decisions) == 1
    assert (await standing(registry))["releases"]["nodes"][0] == {
        "id": "release:picker@2/kitchen", "state": "EVALUATED", "line": {"id": KITCHEN},
        "decisions": {"nodes": [{"type": "EVALUATION", "actor": "policy:kitchen@1"}]},
    }  # fmt: skip


async def test_in_low_risk_a_candidate_whose_evidence_is_there_is_approved_as_it_is_registered(registry: Forebear) -> None:
    low = {"riskTier": "LOW", "automaticPromotion": True, "approvals": {"count": 1}}
    await workshop(registry, kitchen=low)
    await history(registry, measured(PICKER, 90.0))
    await done(registry, EVA, "registerCandidate", versions=[VERSION], lines=[])
    outcome = await done(registry, EVA, "registerCandidate", versions=[VERSION], lines=[KITCHEN])
    assert len(outcome.decisions) == 2
    (release,) = (await standing(registry))["releases"]["nodes"]
    assert release["state"] == "APPROVED"
    by_policy = [{"type": type, "actor": "policy:kitchen@1"} for type in ("EVALUATION", "PROMOTION")]
    assert sorted(release["decisions"]["nodes"], key=lambda d: str(d["type"])) == by_policy


async def test_a_policy_that_asks_for_more_holds_back_who_was_registered_before(registry: Forebear) -> None:
    await workshop(registry, kitchen={})
    bare = {"kind": "ModelVersion", "id": PICKER, "promotedFrom": ["checkpoint:bare/1"]}
    await history(registry, measured(PICKER, 90.0))
    await done(registry, EVA, "registerCandidate", versions=[bare], lines=[KITCHEN])
    since = [{"id": KITCHEN, "validFrom": ago(days=3)}]
    await history(registry, policy(KITCHEN, candidate=["code"]) | {"id": "policy:kitchen@2", "governs": since})
    outcome = await do(registry, ANNA, "approve", release="release:picker@2/kitchen")
    assert isinstance(outcome, Refused)
    assert [(r.code, r.message) for r in outcome.reasons] == [
        ("CANDIDATE_INCOMPLETE", "the candidate carries no code, which the policy asks for")
    ]
    missing = await ask(registry, '{ missingForApproval(release: "release:picker@2/kitchen") { nodes { code remedy } } }')
    assert missing["missingForApproval"]["nodes"] == [
        {"code": "CANDIDATE_INCOMPLETE", "remedy": "record the code that its run executed (ran)"},
        {"code": "APPROVALS_MISSING", "remedy": "2 more, each of another person who has APPROVER (not eva or tester)"},
    ]


async def test_what_cannot_be_is_refused_by_name(registry: Forebear) -> None:
    await workshop(registry)
    wrong = VERSION | {
        "weightsDigest": "A1", "normalizationDigest": "sha256:ab", "robotSoftware": "newer than 4",
        "promotedFrom": ["checkpoint:nobody/1"], "justifiedBy": ["experiment:nobody"], "supersedes": ["model:picker@1"],
    }  # fmt: skip
    outcome = await do(registry, EVA, "registerCandidate", versions=[wrong], lines=[PARCELS, "line:nowhere"])
    assert isinstance(outcome, Refused)
    named = "is not known, or only named by others so far"
    assert [(r.code, r.message) for r in outcome.reasons] == [
        ("UNKNOWN", f"lines: line:nowhere {named}"),
        ("INVALID_DIGEST", "weightsDigest: 'A1' is no digest"),
        ("INVALID_DIGEST", "normalizationDigest: 'sha256:ab' has 2 digits, and sha256 has 64"),
        ("UNREADABLE_VERSION", "'newer than 4' is no range of versions"),
        ("UNKNOWN", f"promotedFrom: checkpoint:nobody/1 {named}"),
        ("UNKNOWN", f"justifiedBy: experiment:nobody {named}"),
        ("UNKNOWN", f"supersedes: model:picker@1 {named}"),
    ]
    other = VERSION | {"id": "model:placer@1"}
    mixed = await do(registry, EVA, "registerCandidate", versions=[VERSION, VERSION, other], lines=[PARCELS])
    assert isinstance(mixed, Refused)
    assert [(r.code, r.message) for r in mixed.reasons] == [
        ("REPEATED", f"versions: {PICKER} occurs more than once"),
        ("SEVERAL_MODELS", "versions: they are of several models: model:picker, model:placer"),
    ]
    nobody = await do(registry, EVA, "registerCandidate", versions=[], lines=[PARCELS])
    assert isinstance(nobody, Refused)
    assert [r.code for r in nobody.reasons] == ["NO_VERSION"]
    empty = await do(registry, EVA, "registerCandidate", versions=[{"kind": "ModelVersion", "id": PICKER}], lines=[])
    assert isinstance(empty, Refused)
    assert [r.code for r in empty.reasons] == ["NOTHING_SAID"]
    misread = await do(registry, EVA, "registerCandidate", versions=[VERSION | {"wieghts": 1}], lines=[PICKER])
    assert isinstance(misread, Refused)
    assert [(r.code, r.message) for r in misread.reasons] == [
        ("INVALID_INPUT", "versions.0.wieghts: 'wieghts' is not known"),
        ("INVALID_INPUT", f"lines.0: {PICKER} is the id of a ModelVersion; expected one of ReleaseLine"),
    ]


async def test_a_release_of_an_older_registry_keeps_its_id_and_lends_it_to_no_other(registry: Forebear) -> None:
    await workshop(registry, kitchen={})
    await history(
        registry,
        {"kind": "ModelVersion", "id": "model:picker@1"},
        {"kind": "Release", "id": "release:old@7", "state": "REJECTED", "version": "model:picker@1", "line": KITCHEN},
        {
            "kind": "Release", "id": "release:picker@2/kitchen", "state": "REJECTED", "version": "model:picker@1",
            "line": PARCELS,
        },
    )  # fmt: skip
    one = {"kind": "ModelVersion", "id": "model:picker@1"}
    assert (await done(registry, EVA, "registerCandidate", versions=[one], lines=[KITCHEN])).unchanged
    assert await do(registry, EVA, "registerCandidate", versions=[VERSION], lines=[KITCHEN]) == Refused(
        (
            Reason(
                "ID_TAKEN",
                "release:picker@2/kitchen is the release of model:picker@1 in line:parcels already",
                "give the version another id",
            ),
        )
    )


async def test_only_engineers_register_and_only_in_their_lines(registry: Forebear) -> None:
    await workshop(registry, kitchen={})
    for actor in (ANNA, ADA):
        refused = await do(registry, actor, "registerCandidate", versions=[VERSION], lines=[PARCELS])
        assert isinstance(refused, Refused)
        assert [r.code for r in refused.reasons] == ["FORBIDDEN"]
    limited = person("lia", Role.ENGINEER, lines=frozenset({PARCELS}))
    outside = await do(registry, limited, "registerCandidate", versions=[VERSION], lines=[PARCELS, KITCHEN])
    assert isinstance(outside, Refused)
    assert [r.message for r in outside.reasons] == [
        "lia's writes are limited to line:parcels, and registerCandidate would reach line:kitchen"
    ]
    await done(registry, limited, "registerCandidate", versions=[VERSION], lines=[PARCELS])
    # What a version is called is a matter of every line that it stands in.
    await done(registry, EVA, "registerCandidate", versions=[VERSION], lines=[KITCHEN])
    renamed = {"kind": "ModelVersion", "id": PICKER, "name": "Mine"}
    outcome = await do(registry, limited, "registerCandidate", versions=[renamed], lines=[PARCELS])
    assert isinstance(outcome, Refused)
    assert [r.message for r in outcome.reasons] == [
        "lia's writes are limited to line:parcels, and registerCandidate would reach line:kitchen"
    ]
    await done(registry, limited, "registerCandidate", versions=[VERSION], lines=[PARCELS])


async def test_a_version_that_somebody_changed_meanwhile_is_a_conflict(registry: Forebear) -> None:
    await workshop(registry, kitchen={})
    await done(registry, EVA, "registerCandidate", versions=[VERSION], lines=[PARCELS])
    by = Requester(EVA, "tests", expected_revision=3)
    outcome = await registry.performer.do("registerCandidate", {"versions": [VERSION], "lines": [KITCHEN]}, by)
    assert outcome == Conflict(PICKER, expected=3, revision=0)
    assert await states(registry) == {PARCELS: "CANDIDATE"}


async def test_governed_facts_are_the_same_action(registry: Forebear) -> None:
    await workshop(registry)
    release = {"kind": "Release", "id": "release:picker@2/parcels", "state": "CANDIDATE", "version": PICKER, "line": PARCELS}
    early = await record(registry, release)
    assert [r.reasons for r in early.rejections] == [
        (
            f"{PICKER} is not registered, and the request gives nothing but its id; "
            "say what makes it executable, and the checkpoints that it comes from",
        )
    ]
    for fact in (VERSION, release, VERSION, release):
        assert (await record(registry, fact)).rejections == []
    assert await states(registry) == {PARCELS: "CANDIDATE"}
    misnamed = await record(registry, release | {"id": "release:picker@2/here"})
    assert [r.reasons for r in misnamed.rejections] == [
        (f"id: the release of {PICKER} in {PARCELS} is release:picker@2/parcels",)
    ]


async def test_a_mutation_registers(registry: Forebear) -> None:
    await workshop(registry)
    mutation = """mutation($v: [ModelVersionFact!]!, $l: [ID!]!) { registerCandidate(versions: $v, lines: $l) {
        ... on Done { subject { id ... on ModelVersion { releases { nodes { state } } } } changed }
        ... on Refused { reasons { code message } } } }"""
    version = {name: value for name, value in VERSION.items() if name != "kind"}
    answer = await ask(registry, mutation, v=[version], l=[PARCELS])
    assert answer == {
        "registerCandidate": {
            "subject": {"id": PICKER, "releases": {"nodes": [{"state": "CANDIDATE"}]}},
            "changed": [PICKER, "release:picker@2/parcels"],
        }
    }


async def test_who_had_trained_a_version_cannot_vote_for_it_whoever_owns_the_run_later(registry: Forebear) -> None:
    await workshop(registry)
    owned = {"kind": "Run", "id": "run:picker-2", "owners": [{"name": "tom"}]}
    await record(registry, owned)
    await history(registry, measured(PICKER, 90.0))
    await done(registry, EVA, "registerCandidate", versions=[VERSION], lines=[PARCELS])
    await record(registry, owned | {"owners": []})
    outcome = await do(registry, person("tom", Role.APPROVER), "approve", release="release:picker@2/parcels")
    assert isinstance(outcome, Refused)
    assert [r.code for r in outcome.reasons] == ["BY_TRAINER"]


async def votes_and_state(registry: Forebear, release: str) -> tuple[str, list[str]]:
    """Where a release stands, and what is missing for its approval."""
    query = """query($r: ID!) { release(id: $r) { state } missingForApproval(release: $r) { nodes { code remedy } } }"""
    answer = await ask(registry, query, r=release)
    return answer["release"]["state"], [row["remedy"] for row in answer["missingForApproval"]["nodes"]]


async def test_what_was_never_said_of_a_version_may_be_said_once_until_it_is_approved(registry: Forebear) -> None:
    release, asking = "release:picker@2/kitchen", {"candidate": ["weightsDigest", "checkpoint"]}
    await workshop(registry, kitchen={})
    await history(registry, measured(PICKER, 90.0))
    bare = {"kind": "ModelVersion", "id": PICKER, "rateHz": 10.0}
    await done(registry, EVA, "registerCandidate", versions=[bare], lines=[KITCHEN])
    await done(registry, ANNA, "approve", release=release)
    adopted = {"kind": "ReleasePolicy", "id": "policy:kitchen@2", "document": POLICY | asking}
    await done(registry, ADA, "adoptPolicy", policy=adopted, lines=[KITCHEN], reason="Weights.")
    state, (command, checkpoint, *_) = await votes_and_state(registry, release)
    assert state == "CANDIDATE"
    assert checkpoint.startswith("name the checkpoint that it comes from (promotedFrom)")
    # What is missing says how to complete it.
    assert command == f"""say it: forebear register-candidate '{{"id": "{PICKER}", "weightsDigest": VALUE}}'"""
    said = {"kind": "ModelVersion", **json.loads(shlex.split(command)[-1].replace("VALUE", f'"sha256:{A}"'))}
    said |= {"promotedFrom": ["checkpoint:picker-2/step-900"]}
    await done(registry, EVA, "registerCandidate", versions=[said], lines=[])
    # Its evidence stands.
    assert (await votes_and_state(registry, release))[0] == "EVALUATED"
    # Who completed it has registered it as well, and does not vote for it alone.
    own = await do(registry, person("eva", Role.APPROVER), "approve", release=release)
    assert isinstance(own, Refused)
    assert [r.code for r in own.reasons] == ["SELF_APPROVAL"]
    assert (await done(registry, EVA, "registerCandidate", versions=[said], lines=[KITCHEN])).unchanged
    # A vote was for what was known of it: another value that is said lapses it, by whichever door.
    await done(registry, ANNA, "approve", release=release)
    assert (await record(registry, bare | {"license": "MIT", "controllerDigest": f"sha256:{B}"})).rejections == []
    state, (votes,) = await votes_and_state(registry, release)
    assert (state, votes.partition(" (")[0]) == ("EVALUATED", "2 more, each of another person who has APPROVER")
    other = await do(registry, EVA, "registerCandidate", versions=[bare | {"license": "GPL-3.0"}], lines=[])
    assert isinstance(other, Refused)
    assert [r.message for r in other.reasons] == [f"license: {PICKER} has 'MIT' already, and the request says 'GPL-3.0'"]
    for actor in (ANNA, BEN):
        await done(registry, actor, "approve", release=release)
    late = bare | {"memoryMib": 4096.0, "uri": "s3://models/picker"}
    approved = f"{PICKER} was registered without it, and {release} is APPROVED"
    anew = ", after which it is to be approved anew"
    assert await do(registry, EVA, "registerCandidate", versions=[late], lines=[]) == Refused(
        tuple(
            Reason(
                "IMMUTABLE",
                f"{name}: {approved}",
                f"register it as a new version, or have an admin correct it{voids}: "
                f"forebear correct {PICKER} --values '{values}' --reason REASON",
            )
            for name, voids, values in (
                ("uri", "", '{"uri":"s3://models/picker"}'), ("memoryMib", anew, '{"memoryMib":4096.0}'),
            )
        )
    )  # fmt: skip
    # An admin who says what was never said voids the approval, and the evidence stands.
    await done(registry, ADA, "correct", of=PICKER, values={"memoryMib": 4096.0}, reason="Forgotten.")
    assert (await votes_and_state(registry, release))[0] == "EVALUATED"


async def test_the_report_of_evidence_may_be_named_later_until_an_approval_rests_on_it(registry: Forebear) -> None:
    await workshop(registry, kitchen={})
    await done(registry, EVA, "registerCandidate", versions=[VERSION], lines=[KITCHEN])
    fact = measured(PICKER, 90.0)
    await done(registry, EVA, "attachEvidence", evidence=fact)
    await done(registry, EVA, "attachEvidence", evidence=fact | {"uri": "https://lab.example/1"})
    for actor in (ANNA, BEN):
        await done(registry, actor, "approve", release="release:picker@2/kitchen")
    late = await do(registry, EVA, "attachEvidence", evidence=fact | {"digest": f"sha256:{A}"})
    assert isinstance(late, Refused)
    assert [(r.code, r.message) for r in late.reasons] == [
        ("IMMUTABLE", f"digest: evidence:picker-2 was described without it, and the request says 'sha256:{A}'")
    ]
