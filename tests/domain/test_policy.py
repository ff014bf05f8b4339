"""The policy document: what it may say, and that each mistake is named by the path of its field."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.domain.clause import InvalidPolicy, Mistake
from forebear.domain.outcome import Reason
from forebear.domain.part import INTERFACE, Part
from forebear.domain.policy import Policy, check_against, missing_of_candidate, parse, standing_after
from forebear.graph.moments import moment
from tests.domain.policies import NOW, PACKS, days_ago, documents, policies

LEAST = {"riskTier": "HIGH", "standingApprovals": "KEEP"}
REPLAY = {"pack": "pack:replay@1", "metric": "success_rate"}


def mistakes(document: object) -> list[tuple[str, str]]:
    with pytest.raises(InvalidPolicy) as refused:
        parse(document)
    return [(m.path, m.message) for m in refused.value.mistakes]


def test_what_is_left_out_is_written_out() -> None:
    assert parse(LEAST).document() == {
        "riskTier": "HIGH",
        "candidate": [],
        "evidence": [],
        "noRegression": [],
        "approvals": {"count": 1, "roles": ["APPROVER"], "selfApproval": False, "byTrainer": False, "trustedMachines": []},
        "automaticPromotion": False,
        "standingApprovals": {"rule": "KEEP"},
    }


@given(policies)
def test_a_policy_that_is_written_out_and_read_again_is_the_same(policy: Policy) -> None:
    assert parse(policy.document()) == policy


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda of: st.lists(of, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=3), of, max_size=3),
    max_leaves=5,
)


@given(json | documents().map(lambda document: document | {"riskTier": "NONE", "candidate": ["soul"]}))
def test_anything_else_is_refused_and_a_mistake_in_an_object_has_a_path(document: object) -> None:
    assert [path for path, message in mistakes(document) if bool(path) != isinstance(document, dict) or not message] == []


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (None, [("", "expected an object with fields")]),
        ([], [("", "expected an object with fields")]),
        ({}, [("riskTier", "is required"), ("standingApprovals", "is required")]),
        ({**LEAST, "riskTier": "low"}, [("riskTier", "expected 'LOW', 'MEDIUM' or 'HIGH' (got 'low')")]),
        ({**LEAST, "aprovals": {}}, [("aprovals", "'aprovals' is not known; did you mean 'approvals'?")]),
        (
            {**LEAST, "x": 1},
            [
                (
                    "x",
                    "'x' is not known; known: riskTier, candidate, evidence, noRegression, covers, approvals, "
                    "automaticPromotion, rollout, protectedAliases, standingApprovals",
                )
            ],
        ),
        (
            {"risk_tier": "LOW", "standingApprovals": "KEEP"},
            [("riskTier", "is required"), ("risk_tier", "'risk_tier' is not known; did you mean 'riskTier'?")],
        ),
        ({**LEAST, "approvals": None}, [("approvals", "expected an object with fields")]),
        ({**LEAST, "approvals": {"count": 0}}, [("approvals.count", "must be at least 1 (got 0)")]),
        ({**LEAST, "approvals": {"count": True}}, [("approvals.count", "expected a whole number (got True)")]),
        ({**LEAST, "approvals": {"selfApproval": "no"}}, [("approvals.selfApproval", "expected true or false (got 'no')")]),
        ({**LEAST, "automaticPromotion": 1}, [("automaticPromotion", "expected true or false (got 1)")]),
        (
            {**LEAST, "standingApprovals": "KEP"},
            [("standingApprovals.rule", "expected 'KEEP', 'GRACE' or 'REAPPROVE' (got 'KEP')")],
        ),
        (
            {**LEAST, "standingApprovals": {"rule": "GRACE", "until": "2026-12-31"}},
            [("standingApprovals.until", "'2026-12-31' is a day: write 2026-12-31T00:00:00Z, or another time")],
        ),
        (
            {**LEAST, "standingApprovals": {"rule": "GRACE", "until": 2026}},
            [("standingApprovals.until", "a moment is a text, such as 2026-11-23T14:52:06Z")],
        ),
        (
            {**LEAST, "evidence": [REPLAY | {"minimum": "85"}, REPLAY | {"minimun": 85}, 3]},
            [
                ("evidence.0.minimum", "expected a number (got '85')"),
                ("evidence.1.minimun", "'minimun' is not known; did you mean 'minimum'?"),
                ("evidence.2", "expected an object with fields"),
            ],
        ),
        (
            {
                **LEAST,
                "evidence": [
                    {"pack": "pack:replay", "metric": "", "minimum": True, "target": "pack:a@1", "maximumAge": 0.5},
                ],
            },
            [
                ("evidence.0.pack", "'pack:replay': ids of EvaluationPack look like pack:name@version"),
                ("evidence.0.metric", "must not be empty (got '')"),
                ("evidence.0.target", "pack:a@1 is the id of an EvaluationPack; expected one of HardwareTarget"),
                ("evidence.0.minimum", "expected a number (got True)"),
                ("evidence.0.maximumAge", "expected a whole number (got 0.5)"),
            ],
        ),
        (
            {**LEAST, "evidence": [REPLAY | {"minimum": float("nan")}]},
            [("evidence.0.minimum", "expected a finite number (got nan)")],
        ),
        (
            {**LEAST, "noRegression": [REPLAY | {"margin": -1}]},
            [("noRegression.0.margin", "must be at least 0 (got -1)")],
        ),
        (
            {**LEAST, "noRegression": [REPLAY | {"maximumAge": 1}]},
            [
                (
                    "noRegression.0.maximumAge",
                    "'maximumAge' is not known; known: pack, metric, slice, type, target, onTarget, minimumTrials, "
                    "confidence, margin",
                )
            ],
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_its_path(document: object, expected: list[tuple[str, str]]) -> None:
    assert mistakes(document) == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            {"evidence": [REPLAY]},
            [("evidence.0.minimum", "give exactly one of minimum and maximum; neither is given")],
        ),
        (
            {"evidence": [REPLAY | {"minimum": 1, "maximum": 2}]},
            [("evidence.0.minimum", "give exactly one of minimum and maximum; both are given")],
        ),
        (
            {"evidence": [REPLAY | {"minimum": 1, "target": "target:orin", "onTarget": True}]},
            [("evidence.0.target", "onTarget already asks for the line's own target: give one of the two")],
        ),
        (
            {"evidence": [REPLAY | {"minimum": 85}, REPLAY | {"maximum": 80}]},
            [("evidence.0.minimum", "success_rate cannot be at least 85 and, by evidence.1.maximum, at most 80")],
        ),
        (
            {"evidence": [REPLAY | {"minimum": 85}, REPLAY | {"minimum": 80, "maximumAge": 9}]},
            [("evidence.1", "repeats evidence.0: keep one of the two")],
        ),
        (
            {"noRegression": [REPLAY, REPLAY | {"margin": 1}]},
            [("noRegression.1", "repeats noRegression.0: keep one of the two")],
        ),
        ({"candidate": ["code", "dataset", "code"]}, [("candidate.2", "repeats candidate.0: keep one of the two")]),
        (
            {"approvals": {"count": 3, "trustedMachines": ["gate", "gate"]}},
            [("approvals.trustedMachines.1", "repeats approvals.trustedMachines.0: keep one of the two")],
        ),
        (
            {"automaticPromotion": True, "evidence": [REPLAY | {"minimum": 1}]},
            [("automaticPromotion", "riskTier is HIGH; only a policy of riskTier LOW promotes by itself")],
        ),
        (
            {"riskTier": "LOW", "automaticPromotion": True, "approvals": {"count": 2}},
            [
                ("automaticPromotion", "evidence asks for nothing, so nothing would be promoted for a reason"),
                ("automaticPromotion", "approvals.count asks for 2 votes and a promotion needs none: take one away"),
            ],
        ),
        (
            {"approvals": {"count": 1, "trustedMachines": ["gate"]}},
            [("approvals.trustedMachines", "with approvals.count 1 machines alone could approve; only riskTier LOW lets them")],
        ),
        (
            {"standingApprovals": "GRACE"},
            [("standingApprovals.until", "GRACE needs the moment until which approvals hold")],
        ),
        (
            {"standingApprovals": {"rule": "KEEP", "until": "2026-12-31T00:00:00Z"}},
            [("standingApprovals.until", "KEEP has no moment: leave out until, or make rule GRACE")],
        ),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(document: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert mistakes(LEAST | document) == expected


def test_a_minimum_may_be_the_maximum() -> None:
    parse(LEAST | {"evidence": [REPLAY | {"minimum": 85}, REPLAY | {"maximum": 85}]})


@given(policies)
def test_nothing_but_low_risk_is_approved_without_a_person(policy: Policy) -> None:
    if policy.risk_tier.value != "LOW":
        assert not policy.automatic_promotion
        assert len(policy.approvals.trusted_machines) < policy.approvals.count


def test_low_risk_may_leave_it_to_a_machine() -> None:
    assert parse(LEAST | {"riskTier": "LOW", "approvals": {"trustedMachines": ["gate"]}}).approvals.trusted_machines == (
        "gate",
    )


@pytest.mark.parametrize(
    ("section", "asked", "expected"),
    [
        ("evidence", {"minimum": 1}, []),
        ("evidence", {"slice": "film", "minimum": 1}, []),
        ("evidence", {"metric": "mood", "minimum": 1}, []),
        ("evidence", {"metric": "mood", "maximum": 1}, []),
        (
            "evidence",
            {"pack": "pack:replay@2", "minimum": 1},
            [("pack", "pack:replay@2 is not known; did you mean 'pack:replay@1'?")],
        ),
        (
            "evidence",
            {"metric": "succes_rate", "slice": "foil", "minimum": 1},
            [
                ("slice", "pack:replay@1 defines no slice 'foil'; did you mean 'film'?"),
                ("metric", "pack:replay@1 defines no metric 'succes_rate'; did you mean 'success_rate'?"),
            ],
        ),
        (
            "evidence",
            {"pack": "pack:latency@1", "metric": "x", "slice": "x", "maximum": 1},
            [
                ("slice", "pack:latency@1 defines no slice 'x'"),
                ("metric", "pack:latency@1 defines no metric 'x'; known: latency_p95"),
            ],
        ),
        (
            "evidence",
            {"maximum": 1},
            [("maximum", "success_rate of pack:replay@1 is better the higher it is: did you mean minimum?")],
        ),
        (
            "evidence",
            {"metric": "interventions", "minimum": 1},
            [("minimum", "interventions of pack:replay@1 is better the lower it is: did you mean maximum?")],
        ),
        ("noRegression", {}, []),
        (
            "noRegression",
            {"metric": "mood"},
            [("metric", "pack:replay@1 does not say which way mood is better, so nothing compares")],
        ),
    ],
)
def test_what_the_packs_do_not_define_is_named(section: str, asked: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    policy = parse(LEAST | {section: [REPLAY | asked]})
    assert check_against(policy, PACKS) == tuple(Mistake(f"{section}.0.{field}", message) for field, message in expected)


def test_a_policy_names_its_packs() -> None:
    document = LEAST | {"evidence": [REPLAY | {"minimum": 1}], "noRegression": [{"pack": "pack:latency@1", "metric": "x"}]}
    assert parse(document).packs == {"pack:replay@1", "pack:latency@1"}


def test_a_requirement_is_said_in_words() -> None:
    policy = parse(
        LEAST
        | {
            "evidence": [
                REPLAY | {"slice": "film", "minimum": 75, "type": "REPLAY", "maximumAge": 90},
                {"pack": "pack:latency@1", "metric": "latency_p95", "maximum": 220.5, "onTarget": True},
            ],
            "noRegression": [REPLAY, REPLAY | {"slice": "film", "margin": 0.5, "target": "target:orin"}],
        }
    )
    first, second = policy.evidence
    assert first.in_words("%") == "success_rate on film at least 75 % (pack:replay@1, REPLAY), at most 90 days old"
    assert second.in_words() == "latency_p95 at most 220.5 (pack:latency@1, on the line's target)"
    assert second.in_words("ms", "target:orin") == "latency_p95 at most 220.5 ms (pack:latency@1, on target:orin)"
    first_compared, second_compared = policy.no_regression
    assert first_compared.in_words("%") == "success_rate not worse than deployed (pack:replay@1)"
    assert (
        second_compared.in_words("%", "target:rtx-4090")
        == "success_rate on film not worse than deployed by more than 0.5 % (pack:replay@1, on target:orin)"
    )


@given(policies, st.sets(st.sampled_from(Part)))
def test_a_candidate_lacks_what_is_asked_for_and_not_carried(policy: Policy, carried: set[Part]) -> None:
    def parts(of: set[Part]) -> set[Part]:
        return (of - {Part.INTERFACE}) | ({*INTERFACE} if Part.INTERFACE in of else set())

    lacking = missing_of_candidate(policy, carried)
    assert {reason.message.split()[4].rstrip(",") for reason in lacking} == parts({*policy.candidate}) - parts(carried)
    assert all(reason.code == "CANDIDATE_INCOMPLETE" and reason.remedy for reason in lacking)


def test_what_a_candidate_lacks_is_said_with_what_to_do() -> None:
    policy = parse(LEAST | {"candidate": ["dataset", "weightsDigest", "code"]})
    assert missing_of_candidate(policy, {"code"}) == (
        Reason(
            "CANDIDATE_INCOMPLETE",
            "the candidate carries no dataset, which the policy asks for",
            "record what its run was trained on (trainedOn)",
        ),
        Reason(
            "CANDIDATE_INCOMPLETE",
            "the candidate carries no weightsDigest, which the policy asks for",
            "register the version with its weightsDigest",
        ),
    )


@pytest.mark.parametrize(
    ("rule", "stale_from"),
    [
        ("KEEP", None),
        ("REAPPROVE", NOW),
        ({"rule": "GRACE", "until": days_ago(-30)}, days_ago(-30)),
        ({"rule": "GRACE", "until": days_ago(30)}, NOW),
    ],
    ids=["keep", "reapprove", "grace", "grace that is over"],
)
def test_a_new_policy_says_from_when_standing_approvals_are_stale(rule: object, stale_from: str | None) -> None:
    assert standing_after(parse(LEAST | {"standingApprovals": rule}), NOW) == stale_from


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.timezones()))
def test_a_grace_ends_at_its_moment_however_it_is_written(until: datetime) -> None:
    policy = parse(LEAST | {"standingApprovals": {"rule": "GRACE", "until": until.isoformat()}})
    assert policy.standing_approvals.until == moment(until)
