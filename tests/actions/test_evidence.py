"""What was measured is attached as evidence, and releases follow."""

from __future__ import annotations

from typing import Any

import pytest

from forebear.app import Forebear
from forebear.domain.outcome import Done, Reason, Refused
from forebear.domain.roles import Actor, Role
from tests.actions.plant import SECOND, approve, artifact, beside_what_runs, plant, registered, reported
from tests.actions.world import ADA, ANNA, BEN, EVA, POLICY, RELEASE, VERSION, ago, company, do, done, person
from tests.record.asking import ask, everything, record

ROBIN = Actor("robin", frozenset({Role.RECORDER}), machine=True)
"""The machine that evaluates."""

COMPARED = POLICY | {"noRegression": [{"pack": "pack:replay@1", "metric": "success"}]}
LOW = POLICY | {"riskTier": "LOW", "approvals": {"count": 1}, "automaticPromotion": True}


def evidence(id: str, success: float | None = 90.0, **values: Any) -> dict[str, Any]:
    """A replay of the company's version, measured an hour ago."""
    measured = [] if success is None else [{"metric": "success", "value": success, "unit": "%", "sampleSize": 400}]
    return {
        "kind": "Evidence", "id": f"evidence:{id}", "type": "REPLAY", "measurements": measured, "measuredAt": ago(hours=1),
        "about": [VERSION], "measuredWith": ["pack:replay@1"],
    } | values  # fmt: skip


async def attached(registry: Forebear, id: str, success: float | None = 90.0, **values: Any) -> Done:
    """Attaches evidence, which must be taken."""
    return await done(registry, EVA, "attachEvidence", evidence=evidence(id, success, **values))


async def refused(registry: Forebear, fact: dict[str, Any]) -> list[tuple[str, str]]:
    """The codes and words of a refusal, which writes nothing."""
    before = await everything(registry)
    outcome = await do(registry, EVA, "attachEvidence", evidence=fact)
    assert isinstance(outcome, Refused)
    assert await everything(registry) == before
    return [(r.code, r.message) for r in outcome.reasons]


async def state(registry: Forebear, release: str = RELEASE) -> str:
    """A release's state."""
    return str((await ask(registry, "query($id: ID!) { release(id: $id) { state } }", id=release))["release"]["state"])


async def test_evidence_is_kept_as_it_was_measured(registry: Forebear) -> None:
    await company(registry, success=70.0)
    measured = [
        {"metric": "success", "value": 91.5, "unit": "%", "sampleSize": 400, "spread": 1.5},
        {"metric": "success", "slice": "film", "value": 79.5},
    ]
    report = {"uri": "https://lab.example/1", "digest": f"sha256:{'a' * 64}"}
    fact = evidence("kept", measurements=measured, **report)
    assert (await done(registry, EVA, "attachEvidence", evidence=fact)).subject == "evidence:kept"
    query = """{ node(id: "evidence:kept") { recordedBy ... on Evidence { type measuredAt uri digest about { nodes { id } }
        measurements { metric slice value unit sampleSize spread } measuredWith { nodes { id } } } } }"""
    film = {"metric": "success", "slice": "film", "value": 79.5, "unit": None, "sampleSize": None, "spread": None}
    assert (await ask(registry, query))["node"] == {
        "recordedBy": "eva", "type": "REPLAY", "measuredAt": fact["measuredAt"], "about": {"nodes": [{"id": VERSION}]},
        "measurements": [{"slice": None, **measured[0]}, film], "measuredWith": {"nodes": [{"id": "pack:replay@1"}]}, **report,
    }  # fmt: skip


async def test_all_evidence_makes_a_release_evaluated_and_worse_evidence_a_candidate_again(registry: Forebear) -> None:
    await company(registry, success=70.0)
    better = await attached(registry, "better")
    assert (await state(registry), len(better.decisions)) == ("EVALUATED", 1)
    query = """query($id: ID!) { node(id: $id) { ... on Decision { type actor verdict state cites { nodes { id } }
        under { nodes { id } } checks { code measured threshold evidence passed } } } }"""
    assert (await ask(registry, query, id=better.decisions[0]))["node"] == {
        "type": "EVALUATION", "actor": "policy:ur5e@1", "verdict": "GRANTED", "state": "EVALUATED",
        "cites": {"nodes": [{"id": "evidence:better"}]}, "under": {"nodes": [{"id": "policy:ur5e@1"}]},
        "checks": [
            {"code": "MET", "measured": 90.0, "threshold": 80.0, "evidence": "evidence:better", "passed": True},
        ],
    }  # fmt: skip
    worse = await attached(registry, "worse", 60.0, measuredAt=ago(minutes=1))
    (lapse,) = worse.decisions
    assert (await state(registry), worse.changed) == ("CANDIDATE", ("evidence:worse", lapse, RELEASE))
    assert (await ask(registry, query, id=lapse))["node"] == {
        "type": "EVALUATION", "actor": "policy:ur5e@1", "verdict": "REFUSED", "state": "CANDIDATE",
        "cites": {"nodes": [{"id": "evidence:worse"}]}, "under": {"nodes": [{"id": "policy:ur5e@1"}]},
        "checks": [
            {"code": "THRESHOLD_MISSED", "measured": 60.0, "threshold": 80.0, "evidence": "evidence:worse", "passed": False},
        ],
    }  # fmt: skip


async def test_newer_evidence_that_suffices_too_is_evaluated_again(registry: Forebear) -> None:
    await company(registry, success=70.0)
    await attached(registry, "better")
    (again,) = (await attached(registry, "best", 95.0, measuredAt=ago(minutes=1))).decisions
    query = """query($id: ID!) { node(id: $id) { ... on Decision { type verdict state checks { measured } } } }"""
    assert (await ask(registry, query, id=again))["node"] == {
        "type": "EVALUATION", "verdict": "GRANTED", "state": "EVALUATED", "checks": [{"measured": 95.0}],
    }  # fmt: skip
    older = await attached(registry, "older", 40.0, measuredAt=ago(days=5))
    assert (await state(registry), older.decisions) == ("EVALUATED", ())


async def test_votes_are_over_when_the_evidence_that_their_voters_saw_suffices_no_more(registry: Forebear) -> None:
    await company(registry)
    await done(registry, ANNA, "approve", release=RELEASE)
    await attached(registry, "worse", 20.0, measuredAt=ago(hours=2))
    await attached(registry, "mended", 81.0, measuredAt=ago(hours=1))
    await done(registry, BEN, "approve", release=RELEASE)
    assert await state(registry) == "EVALUATED"
    await done(registry, ANNA, "approve", release=RELEASE)
    assert await state(registry) == "APPROVED"


async def test_a_correction_supersedes_and_counts_instead(registry: Forebear) -> None:
    await company(registry, success=70.0)
    await attached(registry, "wrong", 95.0)
    assert await state(registry) == "EVALUATED"
    await attached(registry, "right", 59.0, measuredAt=ago(hours=2), supersedes=["evidence:wrong"])
    assert await state(registry) == "CANDIDATE"
    question = "query($r: ID!) { missingForApproval(release: $r) { nodes { code message } } }"
    missing = (await ask(registry, question, r=RELEASE))["missingForApproval"]["nodes"]
    bound = "success is 59 % (evidence:right, 400 trials); the policy asks for at least 80 %"
    assert missing[0] == {"code": "THRESHOLD_MISSED", "message": bound}
    assert await refused(registry, evidence("again", supersedes=["evidence:wrong"])) == [
        ("SUPERSEDED", "supersedes: evidence:wrong is superseded by evidence:right already")
    ]


STALE = "query($id: ID!) { release(id: $id) { state staleFrom approvedBy { totalCount } } }"


async def stale(registry: Forebear, release: str = RELEASE) -> tuple[str, bool]:
    """A release's state, and whether its approval is stale."""
    found = (await ask(registry, STALE, id=release))["release"]
    assert found["approvedBy"] == {"totalCount": 1}
    return found["state"], found["staleFrom"] is not None


async def test_an_approval_is_stale_once_what_it_stands_on_is_corrected_and_does_not_suffice(registry: Forebear) -> None:
    await company(registry)
    await approve(registry, RELEASE)
    worse = await attached(registry, "worse", 20.0)
    assert (await stale(registry), worse.decisions) == (("APPROVED", False), ())
    await attached(registry, "typo", 91.0, supersedes=["evidence:first"])
    assert await stale(registry) == ("APPROVED", False)
    outcome = await attached(registry, "right", 59.0, supersedes=["evidence:typo"])
    (lapse,) = outcome.decisions
    assert outcome.changed == ("evidence:right", lapse, RELEASE)
    assert await stale(registry) == ("APPROVED", True)
    query = "query($id: ID!) { node(id: $id) { ... on Decision { type verdict actor state reasons } } }"
    assert (await ask(registry, query, id=lapse))["node"] == {
        "type": "EVALUATION", "verdict": "REFUSED", "actor": "policy:ur5e@1", "state": "APPROVED",
        "reasons": [
            "success at least 80 % (pack:replay@1): it was approved on 90 % (evidence:first), which evidence:right corrects "
            "to 59 %"
        ],
    }  # fmt: skip
    assert (await attached(registry, "again", 58.0, supersedes=["evidence:right"])).decisions == ()
    await attached(registry, "better", 85.0, measuredAt=ago(minutes=1))
    assert await stale(registry) == ("APPROVED", True)
    await approve(registry, RELEASE)
    assert await stale(registry) == ("APPROVED", False)


async def test_a_stale_approval_of_low_risk_is_renewed_on_what_suffices(registry: Forebear) -> None:
    await company(registry, success=70.0, policy=LOW)
    await attached(registry, "wrong", 95.0)
    await attached(registry, "other", 85.0, measuredAt=ago(hours=2))
    assert await state(registry) == "APPROVED"
    outcome = await attached(registry, "right", 59.0, measuredAt=ago(hours=3), supersedes=["evidence:wrong"])
    assert (await stale(registry), len(outcome.decisions)) == (("APPROVED", False), 2)


async def test_what_is_deprecated_comes_back_as_stale_as_its_evidence_left_it(registry: Forebear) -> None:
    await company(registry)
    await approve(registry, RELEASE)
    await done(registry, ANNA, "deprecate", release=RELEASE, reason="Old.")
    await attached(registry, "right", 59.0, supersedes=["evidence:first"])
    await done(registry, ANNA, "restore", release=RELEASE, reason="After all.")
    assert await stale(registry) == ("APPROVED", True)


@pytest.mark.parametrize("corrected", [91.0, 99.0])
async def test_a_comparison_falls_where_what_it_was_compared_with_is_corrected(registry: Forebear, corrected: float) -> None:
    second = await beside_what_runs(registry, policy=COMPARED)
    await attached(registry, "second", 95.0, about=["model:picker@2"])
    await approve(registry, second)
    await attached(registry, "right", corrected, supersedes=["evidence:first"])
    assert await stale(registry, second) == ("APPROVED", corrected > 95)
    assert await stale(registry) == ("DEPLOYED", False)


async def test_a_comparison_falls_even_if_what_it_was_compared_with_runs_no_more(registry: Forebear) -> None:
    second = await beside_what_runs(registry, policy=COMPARED)
    await attached(registry, "second", 95.0, about=["model:picker@2"])
    await approve(registry, second)
    await reported(registry, "deployment:north", "ENDED", ago(minutes=5))
    await attached(registry, "typo", 91.0, supersedes=["evidence:first"])
    assert await stale(registry, second) == ("APPROVED", False)
    await attached(registry, "right", 99.0, supersedes=["evidence:typo"])
    assert await stale(registry, second) == ("APPROVED", True)


async def test_a_comparison_of_builds_falls_where_one_that_runs_no_more_was_measured_wrongly(registry: Forebear) -> None:
    second = await beside_what_runs(registry, policy=COMPARED)
    await attached(registry, "build", 90.0, about=[artifact(1)])
    await registered(registry, 2, builtFrom=SECOND, state="EVALUATION_ONLY")
    await attached(registry, "second", 95.0, about=[artifact(2)])
    await approve(registry, second)
    await reported(registry, "deployment:north", "ENDED", ago(minutes=5))
    await attached(registry, "right", 99.0, about=[artifact(1)], supersedes=["evidence:build"])
    assert await stale(registry, second) == ("APPROVED", True)


@pytest.mark.parametrize("runs", [True, False])
async def test_a_comparison_falls_with_the_digest_of_what_was_measured(registry: Forebear, runs: bool) -> None:
    second = await beside_what_runs(registry, policy=COMPARED)
    await attached(registry, "second", 95.0, about=["model:picker@2"])
    await approve(registry, second)
    if not runs:
        await reported(registry, "deployment:north", "ENDED", ago(minutes=5))
    digest = {"weightsDigest": f"sha256:{'b' * 64}"}
    await done(registry, ADA, "correct", of=VERSION, values=digest, reason="Typed wrongly.")
    assert await stale(registry, second) == ("APPROVED", True)


async def test_evidence_does_not_change(registry: Forebear) -> None:
    await company(registry)
    fact = evidence("once", uri="https://lab.example/1")
    await done(registry, EVA, "attachEvidence", evidence=fact)
    before = await everything(registry)
    assert await done(registry, EVA, "attachEvidence", evidence=fact) == Done("evidence:once", unchanged=True)
    assert await everything(registry) == before
    instead = "attach what is right as new evidence that supersedes it"
    changed = fact | {"uri": "https://lab.example/2", "supersedes": ["evidence:first"]}
    assert await do(registry, EVA, "attachEvidence", evidence=changed) == Refused(
        (
            Reason(
                "IMMUTABLE",
                "uri: evidence:once has 'https://lab.example/1' already, and the request says 'https://lab.example/2'",
                instead,
            ),
            Reason(
                "IMMUTABLE", "supersedes: evidence:once was described without it, and the request says evidence:first", instead
            ),
        )
    )
    assert [code for code, _ in await refused(registry, fact | {"measurements": []})] == ["IMMUTABLE"]


async def test_low_risk_promotes_itself_the_moment_its_evidence_suffices(registry: Forebear) -> None:
    await company(registry, success=70.0, policy=LOW)
    promoted = await attached(registry, "enough")
    assert await state(registry) == "APPROVED"
    query = """query($id: ID!) { node(id: $id) { ... on Decision { type actor roles machine cites { nodes { id } } approves {
        nodes { id } } } } }"""
    assert (await ask(registry, query, id=promoted.decisions[1]))["node"] == {
        "type": "PROMOTION", "actor": "policy:ur5e@1", "roles": None, "machine": None,
        "cites": {"nodes": [{"id": "evidence:enough"}]}, "approves": {"nodes": [{"id": RELEASE}]},
    }  # fmt: skip
    # What is approved stays approved when something worse is measured: withdrawing it is for people.
    await attached(registry, "worse", 10.0, measuredAt=ago(minutes=1))
    assert await state(registry) == "APPROVED"


async def test_high_risk_never_promotes_itself(registry: Forebear) -> None:
    await company(registry, success=70.0)
    await attached(registry, "enough", 100.0)
    assert await state(registry) == "EVALUATED"


async def test_what_people_rejected_comes_back_by_evidence_that_bears_on_it_and_is_for_people_again(registry: Forebear) -> None:
    await company(registry, success=90.0, policy=LOW)
    await done(registry, ANNA, "reject", release=RELEASE, reason="The camera was dirty.")
    await attached(registry, "note", None, type="ROLLOUT_NOTE", measuredWith=[])
    assert await state(registry) == "REJECTED"
    await attached(registry, "film", None, measurements=[{"metric": "success", "slice": "film", "value": 99.0}])
    assert await state(registry) == "REJECTED"
    await attached(registry, "anew", 91.0)
    assert await state(registry) == "EVALUATED"


async def test_evidence_of_one_hardware_target_never_stands_in_for_another(registry: Forebear) -> None:
    on_target = {"pack": "pack:replay@1", "metric": "success", "minimum": 80, "onTarget": True}
    await plant(registry, policy=POLICY | {"evidence": [on_target]})
    await registered(registry, 1, state="EVALUATION_ONLY")
    await registered(registry, 2, state="EVALUATION_ONLY", target="target:nano")
    await attached(registry, "version", 99.0)
    await attached(registry, "nano", 99.0, about=[artifact(2)])
    assert await state(registry) == "CANDIDATE"
    await attached(registry, "orin", 81.0, about=[artifact(1)])
    assert await state(registry) == "EVALUATED"


async def test_evidence_about_what_is_deployed_is_what_others_are_compared_with(registry: Forebear) -> None:
    compared = POLICY | {"noRegression": [{"pack": "pack:replay@1", "metric": "success", "margin": 1}]}
    second = await beside_what_runs(registry, policy=compared)
    await attached(registry, "second", 89.0, about=["model:picker@2"])
    assert await state(registry, second) == "EVALUATED"
    assert second in (await attached(registry, "deployed", 95.0)).changed
    assert await state(registry, second) == "CANDIDATE"


async def test_another_systems_decision_is_evidence(registry: Forebear) -> None:
    asked = {"pack": "pack:safety-board@1", "metric": "approved", "minimum": 1, "type": "EXTERNAL_DECISION"}
    await company(registry, policy=POLICY | {"evidence": [asked]})
    metrics = [{"name": "approved", "direction": "HIGHER_IS_BETTER"}]
    await record(registry, {"kind": "EvaluationPack", "id": "pack:safety-board@1", "metrics": metrics})
    said = {"measuredWith": ["pack:safety-board@1"], "type": "EXTERNAL_DECISION", "uri": "https://board.example/minutes/12"}
    await attached(registry, "board-no", measurements=[{"metric": "approved", "value": 0}], **said)
    assert await state(registry) == "CANDIDATE"
    later = said | {"measuredAt": ago(minutes=1)}
    await attached(registry, "board-yes", measurements=[{"metric": "approved", "value": 1}], **later)
    assert await state(registry) == "EVALUATED"


async def test_a_machine_that_the_policy_trusts_votes(registry: Forebear) -> None:
    trusting = POLICY | {"approvals": {"count": 2, "trustedMachines": ["gate"]}}
    await company(registry, policy=trusting)
    gate = Actor("gate", frozenset({Role.APPROVER}), machine=True)
    other = Actor("other", frozenset({Role.APPROVER}), machine=True)
    untrusted = await do(registry, other, "approve", release=RELEASE)
    assert isinstance(untrusted, Refused)
    assert [r.code for r in untrusted.reasons] == ["UNTRUSTED_MACHINE"]
    await done(registry, gate, "approve", release=RELEASE)
    await done(registry, ANNA, "approve", release=RELEASE)
    assert await state(registry) == "APPROVED"


async def test_what_the_pack_does_not_define_is_refused_by_name(registry: Forebear) -> None:
    await company(registry)
    measured = [
        {"metric": "sucess", "value": 1},
        {"metric": "success", "slice": "flim", "value": 1},
        {"metric": "success", "value": 1, "unit": "ratio"},
        {"metric": "success", "value": 2},
    ]
    assert await refused(registry, evidence("wrong", measurements=measured)) == [
        ("UNDEFINED", "measurements.0.metric: pack:replay@1 defines no metric 'sucess'; did you mean 'success'?"),
        ("UNDEFINED", "measurements.1.slice: pack:replay@1 defines no slice 'flim'; did you mean 'film'?"),
        ("OTHER_UNIT", "measurements.2.unit: pack:replay@1 measures success in %, and this is in ratio"),
        ("REPEATED", "measurements.3: repeats measurements.2"),
    ]
    measured = [{"metric": "success", "value": 1, "sampleSize": 0, "spread": -1}]
    assert await refused(registry, evidence("wrong", measurements=measured)) == [
        ("INVALID_INPUT", "evidence.measurements.0.sampleSize: must be at least 1 (got 0)"),
        ("INVALID_INPUT", "evidence.measurements.0.spread: must be at least 0 (got -1)"),
    ]


NOT_KNOWN = "is not known, or only named by others so far"


@pytest.mark.parametrize(
    ("values", "reasons"),
    [
        ({"about": ["model:nobody@1"]}, [("UNKNOWN", f"about: model:nobody@1 {NOT_KNOWN}")]),
        ({"about": [artifact(9)]}, [("UNKNOWN", f"about: {artifact(9)} {NOT_KNOWN}")]),
        ({"about": []}, [("ONE_ALONE", "about: evidence is about one version or artifact; 0 are named")]),
        ({"measuredWith": ["pack:no@1"]}, [("UNKNOWN", f"measuredWith: pack:no@1 {NOT_KNOWN}")]),
        ({"measuredWith": []}, [("ONE_ALONE", "measuredWith: evidence is measured with one pack; 0 are named")]),
        ({"digest": "abc"}, [("INVALID_DIGEST", "digest: 'abc' is no digest")]),
        ({"type": None}, [("MISSING", "type: is missing")]),
        ({"measuredAt": None}, [("MISSING", "measuredAt: is missing, and the newest measurement decides")]),
        ({"measurements": []}, [("MISSING", "measurements: there is none")]),
        ({"supersedes": ["evidence:no"]}, [("UNKNOWN", f"supersedes: evidence:no {NOT_KNOWN}")]),
    ],
)  # fmt: skip
async def test_what_is_not_known_or_not_said_is_refused(
    registry: Forebear, values: dict[str, Any], reasons: list[tuple[str, str]]
) -> None:
    await company(registry)
    assert await refused(registry, evidence("wrong", **values)) == reasons


async def test_evidence_of_the_future_and_of_something_else_is_refused(registry: Forebear) -> None:
    await plant(registry)
    await registered(registry, 1, state="EVALUATION_ONLY")
    tomorrow = ago(days=-1)
    assert await refused(registry, evidence("wrong", measuredAt=tomorrow)) == [
        ("IN_FUTURE", f"measuredAt: {tomorrow} is yet to come")
    ]
    assert await refused(registry, evidence("wrong", about=[artifact(1)], supersedes=["evidence:first"])) == [
        ("OTHER_SUBJECT", f"supersedes: evidence:first is about {VERSION}, and this evidence is about {artifact(1)}")
    ]
    await done(registry, EVA, "deleteArtifact", artifact=artifact(1), reason="Space.")
    assert await refused(registry, evidence("wrong", about=[artifact(1)])) == [
        ("ARTIFACT_UNUSABLE", f"about: {artifact(1)} is DELETED")
    ]


async def test_a_recorder_attaches_what_concerns_its_lines_and_nobody_else_may(registry: Forebear) -> None:
    await company(registry)
    await done(registry, ROBIN, "attachEvidence", evidence=evidence("machine"))
    for actor in (ANNA, person("lia", Role.ENGINEER, lines=frozenset({"line:other"}))):
        outcome = await do(registry, actor, "attachEvidence", evidence=evidence("other"))
        assert isinstance(outcome, Refused)
        assert [r.code for r in outcome.reasons] == ["FORBIDDEN"]


async def test_a_governed_fact_is_the_same_action(registry: Forebear) -> None:
    await company(registry, success=70.0)
    assert (await record(registry, evidence("recorded"))).rejections == []
    assert await state(registry) == "EVALUATED"
    rejected = await record(registry, evidence("other", measurements=[{"metric": "mood", "value": 1}]))
    assert [r.reasons for r in rejected.rejections] == [
        (
            "measurements.0.metric: pack:replay@1 defines no metric 'mood'; known: success; "
            "measure what the pack defines, or name the pack version that defines it",
        )
    ]
