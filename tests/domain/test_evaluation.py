"""What measurements are worth under a policy."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.domain.evaluation import evaluate, missing, promotes_itself
from forebear.domain.evidence import Baseline, CheckResult, MeasuredValue, Pack
from forebear.domain.outcome import Reason
from forebear.domain.policy import Policy, parse
from forebear.domain.requirement import MeasurementRule, Requirement
from forebear.domain.votes import Count
from forebear.graph.document import json_text
from forebear.graph.facts import Facts
from forebear.graph.kinds import GRAPH, release
from forebear.graph.kinds.release import ArtifactState, Direction, EvidenceType, RiskTier, Statistic
from forebear.graph.moments import moment
from forebear.graph.rows import NodeRow
from tests.domain.policies import LINE_TARGET, NOW, PACKS, Case, cases, days_ago

FACTS = Facts(GRAPH)
FACTS.model("Decision")

LEAST = {"riskTier": "LOW", "standingApprovals": "KEEP"}
REPLAY = {"pack": "pack:replay@1", "metric": "success_rate", "slice": "film"}
LATENCY = {"pack": "pack:latency@1", "metric": "latency_p95", "onTarget": True}

REPLAYED = MeasuredValue(
    evidence="evidence:a",
    pack="pack:replay@1",
    type=EvidenceType.REPLAY,
    metric="success_rate",
    slice="film",
    value=79.5,
    unit="%",
    sample_size=400,
    spread=None,
    measured_at=days_ago(10),
    target=None,
    artifact=None,
)
TIMED = MeasuredValue(
    evidence="evidence:b",
    pack="pack:latency@1",
    type=EvidenceType.LATENCY,
    metric="latency_p95",
    slice=None,
    value=198.0,
    unit="ms",
    sample_size=None,
    spread=None,
    measured_at=days_ago(10),
    target=LINE_TARGET,
    artifact="artifact:sha256:ab",
    artifact_state=ArtifactState.EVALUATION_ONLY,
)


def asking(**sections: Any) -> Policy:
    return parse(LEAST | sections)


def checked(
    policy: Policy, *measured: MeasuredValue, baseline: Baseline | None = None, target: str | None = LINE_TARGET
) -> CheckResult:
    """The only check of a policy that asks for one thing."""
    (check,) = evaluate(policy, target, measured, PACKS, baseline, NOW)
    return check


def test_a_requirement_that_is_met_says_by_what() -> None:
    assert checked(asking(evidence=[REPLAY | {"minimum": 75, "maximumAge": 90}]), REPLAYED) == CheckResult(
        code="MET",
        requirement="success_rate on film at least 75 % (pack:replay@1), at most 90 days old",
        pack="pack:replay@1",
        metric="success_rate",
        slice="film",
        target=None,
        threshold=75,
        direction=Direction.HIGHER_IS_BETTER,
        unit="%",
        measured=79.5,
        evidence="evidence:a",
        baseline=None,
        baseline_evidence=None,
        passed=True,
        message="success_rate on film is 79.5 % (evidence:a, 400 trials); the policy asks for at least 75 %",
        remedy=None,
    )


def test_a_requirement_that_is_missed_says_by_what_and_what_would_satisfy_it() -> None:
    assert checked(asking(evidence=[LATENCY | {"maximum": 180}]), TIMED) == CheckResult(
        code="THRESHOLD_MISSED",
        requirement="latency_p95 at most 180 ms (pack:latency@1, on target:orin)",
        pack="pack:latency@1",
        metric="latency_p95",
        slice=None,
        target="target:orin",
        threshold=180,
        direction=Direction.LOWER_IS_BETTER,
        unit="ms",
        measured=198,
        evidence="evidence:b",
        baseline=None,
        baseline_evidence=None,
        passed=False,
        message="latency_p95 is 198 ms (evidence:b); the policy asks for at most 180 ms",
        remedy="a newer measurement of latency_p95 that is at most 180 ms (pack:latency@1, on target:orin)",
    )


def test_a_regression_says_what_it_was_compared_with() -> None:
    deployed = Baseline("model:picker@1", (replace(REPLAYED, value=80.6, evidence="evidence:z"),))
    assert checked(asking(noRegression=[REPLAY | {"margin": 1}]), REPLAYED, baseline=deployed) == CheckResult(
        code="REGRESSION",
        requirement="success_rate on film not worse than deployed by more than 1 % (pack:replay@1)",
        pack="pack:replay@1",
        metric="success_rate",
        slice="film",
        target=None,
        threshold=79.6,
        direction=Direction.HIGHER_IS_BETTER,
        unit="%",
        measured=79.5,
        evidence="evidence:a",
        baseline=80.6,
        baseline_evidence="evidence:z",
        passed=False,
        message="success_rate on film is 79.5 % (evidence:a, 400 trials); model:picker@1, which is deployed, has 80.6 % "
        "(evidence:z, 400 trials), so the policy asks for at least 79.6 %",
        remedy="a newer measurement of success_rate on film that is at least 79.6 % (pack:replay@1)",
    )


def test_nothing_is_worse_where_nothing_is_deployed() -> None:
    check = checked(asking(noRegression=[REPLAY]))
    assert (check.passed, check.code, check.message) == (
        True,
        "NOTHING_DEPLOYED",
        "success_rate on film has nothing to be compared with: nothing is deployed in the line",
    )


@pytest.mark.parametrize(
    ("measured", "code", "says"),
    [
        (None, "NO_EVIDENCE", "latency_p95 was not measured with pack:latency@1"),
        (replace(TIMED, superseded_by="evidence:c"), "SUPERSEDED", "evidence:c supersedes it"),
        (
            replace(TIMED, artifact_state=ArtifactState.QUARANTINED),
            "ARTIFACT_UNUSABLE",
            "artifact:sha256:ab is QUARANTINED",
        ),
        (replace(TIMED, artifact_state=ArtifactState.DELETED), "ARTIFACT_UNUSABLE", "artifact:sha256:ab is DELETED"),
        (replace(TIMED, type=EvidenceType.BENCHMARK), "OTHER_TYPE", "it is BENCHMARK; the policy asks for LATENCY"),
        (replace(TIMED, type=None), "OTHER_TYPE", "it is of no type; the policy asks for LATENCY"),
        (
            replace(TIMED, target="target:rtx-4090"),
            "OTHER_TARGET",
            "it was measured on target:rtx-4090; the policy asks for target:orin",
        ),
        (
            replace(TIMED, target=None, artifact=None),
            "OTHER_TARGET",
            "it was measured of the version itself, on no artifact; the policy asks for target:orin",
        ),
        (replace(TIMED, unit="s"), "OTHER_UNIT", "it is in s, and pack:latency@1 measures latency_p95 in ms"),
        (
            replace(TIMED, measured_at=days_ago(31)),
            "TOO_OLD",
            "it was measured on 2026-05-01; the policy asks for at most 30 days ago",
        ),
        (
            replace(TIMED, measured_at=""),
            "TOO_OLD",
            "it does not say when it was measured; the policy asks for at most 30 days ago",
        ),
        (
            replace(TIMED, measured_at=days_ago(-1)),
            "IN_FUTURE",
            "it says that it was measured at 2026-06-02T12:00Z, which is yet to come",
        ),
    ],
)
def test_what_does_not_count_says_why(measured: MeasuredValue | None, code: str, says: str) -> None:
    policy = asking(evidence=[LATENCY | {"maximum": 220, "type": "LATENCY", "maximumAge": 30}])
    check = checked(policy, *([measured] if measured else []))
    assert (check.passed, check.code, check.measured, check.evidence) == (False, code, None, None)
    if measured:
        unit = measured.unit or "ms"
        says = f"latency_p95 is 198 {unit} (evidence:b), which does not count: {says}"
    assert check.message == says
    assert check.remedy == "attach evidence of latency_p95 (pack:latency@1, LATENCY, on target:orin)"


@pytest.mark.parametrize(
    ("asked", "target", "packs", "code", "says", "remedy"),
    [
        (
            LATENCY,
            None,
            PACKS,
            "NO_TARGET",
            "latency_p95 must be measured on the line's hardware target, and the line has none",
            "name the hardware target of the line, or one in the policy",
        ),
        (
            LATENCY,
            LINE_TARGET,
            {},
            "UNDEFINED",
            "pack:latency@1, with which latency_p95 is measured, is not known",
            "record pack:latency@1",
        ),
        (
            LATENCY | {"metric": "jitter"},
            LINE_TARGET,
            PACKS,
            "UNDEFINED",
            "pack:latency@1 defines no metric jitter",
            "adopt a policy that asks for what the pack defines",
        ),
        (
            LATENCY | {"slice": "boxes"},
            LINE_TARGET,
            PACKS,
            "UNDEFINED",
            "pack:latency@1 defines no slice boxes",
            "adopt a policy that asks for what the pack defines",
        ),
    ],
)
def test_a_requirement_that_rests_on_nothing_fails(
    asked: dict[str, Any], target: str | None, packs: dict[str, Pack], code: str, says: str, remedy: str
) -> None:
    deployed = Baseline("model:picker@1", (TIMED,))
    checks = evaluate(asking(evidence=[asked | {"maximum": 1}], noRegression=[asked]), target, [TIMED], packs, deployed, NOW)
    assert [(c.passed, c.code, c.message, c.remedy) for c in checks] == [(False, code, says, remedy)] * 2


def test_the_newest_measurement_decides_and_not_the_best() -> None:
    policy = asking(evidence=[REPLAY | {"minimum": 75}])
    newer = replace(REPLAYED, evidence="evidence:n", value=70.0, measured_at=days_ago(1))
    assert checked(policy, REPLAYED, newer).evidence == "evidence:n"
    assert not checked(policy, REPLAYED, newer).passed
    assert checked(policy, REPLAYED, replace(newer, superseded_by="evidence:a")).passed


@pytest.mark.parametrize(("bound", "worst"), [("minimum", 70.0), ("maximum", 79.5)])
def test_of_several_from_one_moment_the_worst_decides(bound: str, worst: float) -> None:
    policy = asking(evidence=[REPLAY | {bound: 75}])
    assert checked(policy, REPLAYED, replace(REPLAYED, evidence="evidence:n", value=70.0)).measured == worst


def test_of_several_with_one_value_from_one_moment_one_is_cited_whatever_their_order() -> None:
    policy = asking(evidence=[REPLAY | {"minimum": 75}])
    same = [replace(REPLAYED, evidence=f"evidence:{name}") for name in "bca"]
    assert checked(policy, *same) == checked(policy, *same[::-1])
    assert checked(policy, *same).evidence == "evidence:c"


@pytest.mark.parametrize(
    ("asked", "target", "counts"),
    [
        ({}, None, True),
        ({}, LINE_TARGET, True),
        ({}, "target:rtx-4090", False),
        ({"onTarget": True}, None, False),
        ({"onTarget": True}, LINE_TARGET, True),
        ({"onTarget": True}, "target:rtx-4090", False),
        ({"target": "target:rtx-4090"}, None, False),
        ({"target": "target:rtx-4090"}, LINE_TARGET, False),
        ({"target": "target:rtx-4090"}, "target:rtx-4090", True),
    ],
)
def test_one_hardware_target_never_stands_in_for_another(asked: dict[str, Any], target: str | None, counts: bool) -> None:
    policy = asking(evidence=[REPLAY | {"minimum": 75} | asked])
    assert checked(policy, replace(REPLAYED, target=target)).passed == counts


@pytest.mark.parametrize(
    ("ago", "counts"),
    [
        (timedelta(days=30), True),
        (timedelta(days=30, microseconds=1), False),
        (timedelta(minutes=-5), True),
        (timedelta(minutes=-5, microseconds=-1), False),
    ],
    ids=["at the age", "just over it", "a clock ahead", "a clock too far ahead"],
)
def test_the_age_is_counted_to_the_microsecond(ago: timedelta, counts: bool) -> None:
    policy = asking(evidence=[REPLAY | {"minimum": 75, "maximumAge": 30}])
    at = moment(datetime.fromisoformat(NOW) - ago)
    assert checked(policy, replace(REPLAYED, measured_at=at)).passed == counts


@pytest.mark.parametrize(
    ("metric", "direction", "deployed", "measured", "passed"),
    [
        ("up", Direction.HIGHER_IS_BETTER, 0.9, 0.8, True),
        ("up", Direction.HIGHER_IS_BETTER, 0.9, 0.79, False),
        ("up", Direction.HIGHER_IS_BETTER, 0.9, 1.0, True),
        ("down", Direction.LOWER_IS_BETTER, 0.7, 0.8, True),
        ("down", Direction.LOWER_IS_BETTER, 0.7, 0.81, False),
        ("down", Direction.LOWER_IS_BETTER, 0.7, 0.1, True),
    ],
)
def test_worse_by_exactly_the_margin_is_not_worse_by_more(
    metric: str, direction: Direction, deployed: float, measured: float, passed: bool
) -> None:
    packs = {"pack:replay@1": Pack("pack:replay@1", {metric: (None, direction)})}
    one = replace(REPLAYED, metric=metric, slice=None, unit=None, value=measured)
    baseline = Baseline("model:picker@1", (replace(one, value=deployed),))
    policy = asking(noRegression=[{"pack": "pack:replay@1", "metric": metric, "margin": 0.1}])
    (check,) = evaluate(policy, None, [one], packs, baseline, NOW)
    assert check.passed == passed


def test_a_deployed_version_that_was_not_measured_is_to_be_measured() -> None:
    deployed = Baseline("model:picker@1", (replace(REPLAYED, superseded_by="evidence:z"),))
    check = checked(asking(noRegression=[REPLAY]), REPLAYED, baseline=deployed)
    assert (check.code, check.message, check.remedy) == (
        "NO_BASELINE",
        "success_rate on film is 79.5 % (evidence:a, 400 trials), and model:picker@1, which is deployed, has nothing to "
        "compare it with: success_rate on film is 79.5 % (evidence:a, 400 trials), which does not count: "
        "evidence:z supersedes it",
        "measure model:picker@1, too: attach evidence of success_rate on film (pack:replay@1)",
    )


def test_a_metric_without_a_direction_compares_with_nothing() -> None:
    moody = replace(REPLAYED, metric="mood", unit=None)
    deployed = Baseline("model:picker@1", (moody,))
    check = checked(asking(noRegression=[REPLAY | {"metric": "mood"}]), moody, baseline=deployed)
    assert (check.code, check.message) == (
        "UNDEFINED",
        "pack:replay@1 does not say which way mood is better, so it cannot be compared",
    )


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_measurements_does_not_matter(case: Case, random: Random) -> None:
    shuffled = random.sample(case.measured, len(case.measured))
    turned = replace(case.baseline, measured=case.baseline.measured[::-1]) if case.baseline else None
    assert replace(case, measured=shuffled, baseline=turned).checks == case.checks


@given(cases())
def test_more_evidence_takes_a_passed_check_away_only_by_being_as_new_or_newer(case: Case) -> None:
    after = replace(case, measured=[*case.measured, case.more]).checks
    for was, is_now in zip(case.checks, after, strict=True):
        of_it = (m for m in case.measured if (m.evidence, m.metric, m.value) == (was.evidence, was.metric, was.measured))
        decided = max((m.measured_at for m in of_it), default="")
        assert not was.passed or is_now.passed or case.more.measured_at >= decided


@given(cases())
def test_what_was_measured_on_another_target_changes_nothing(case: Case) -> None:
    asked = [*case.policy.evidence, *case.policy.no_regression]
    own = [m for m in case.measured if m.target in {None, case.target, *(a.target for a in asked)}]
    assert [c.passed for c in replace(case, measured=own).checks] == [c.passed for c in case.checks]


@given(cases())
def test_every_failed_check_says_why_and_has_a_remedy_and_no_passed_one_has(case: Case) -> None:
    for check in case.checks:
        assert check.requirement
        assert check.message
        assert bool(check.remedy) != check.passed
        assert (check.code in {"MET", "NOTHING_DEPLOYED"}) == check.passed
        assert (check.measured is None) == (check.evidence is None)


def counting(asked: MeasurementRule, target: str | None, measured: Iterable[MeasuredValue]) -> list[MeasuredValue]:
    """What counts for a requirement, said once more and otherwise: by the newest moment alone."""
    pack = PACKS.get(asked.pack)
    if pack is None or asked.metric not in pack.metrics or (asked.slice and asked.slice not in pack.slices):
        return []
    if asked.on_target and target is None:
        return []
    targets = {asked.target} if asked.target else {target} if asked.on_target else {None, target}
    age = asked.maximum_age if isinstance(asked, Requirement) and asked.maximum_age else 999
    those = [
        m
        for m in measured
        if m.pack == asked.pack and m.metric == asked.metric and m.slice == asked.slice
        if m.target in targets and m.type == (asked.type or m.type) and m.unit in {None, pack.metrics[m.metric][0]}
        if m.superseded_by is None and m.artifact_state in {None, ArtifactState.AVAILABLE, ArtifactState.EVALUATION_ONLY}
        if days_ago(age) <= m.measured_at <= days_ago(0)
    ]  # fmt: skip
    newest = max((m.measured_at for m in those), default="")
    return [m for m in those if m.measured_at == newest]


@given(cases())
def test_a_check_passes_where_all_that_is_newest_of_what_counts_suffices(case: Case) -> None:
    required, compared = case.checks[: len(case.policy.evidence)], case.checks[len(case.policy.evidence) :]
    for requirement, check in zip(case.policy.evidence, required, strict=True):
        low = requirement.minimum if requirement.minimum is not None else float("-inf")
        high = requirement.maximum if requirement.maximum is not None else float("inf")
        found = counting(requirement, case.target, case.measured)
        assert check.passed == (bool(found) and all(low <= m.value <= high for m in found))
    for comparison, check in zip(case.policy.no_regression, compared, strict=True):
        found = counting(comparison, case.target, case.measured)
        former = counting(comparison, case.target, case.baseline.measured) if case.baseline else []
        better = better_of(comparison)
        assert check.passed == (
            case.baseline is None
            or (
                bool(better and found and former)
                and worst(better, found) >= worst(better, former) - round(10 * comparison.margin)
            )
        )


def worst(better: int, measured: list[MeasuredValue]) -> int:
    """The worst value, in tenths, with a sign that makes more better."""
    return min(better * round(10 * m.value) for m in measured)


def better_of(asked: MeasurementRule) -> int:
    """1 where more is better, -1 where less is, 0 where nobody has said."""
    metric = PACKS[asked.pack].metrics.get(asked.metric) if asked.pack in PACKS else None
    return {None: 0, Direction.HIGHER_IS_BETTER: 1, Direction.LOWER_IS_BETTER: -1}[metric[1] if metric else None]


@given(cases())
def test_a_frozen_check_is_a_check_of_the_graph(case: Case) -> None:
    decision = {"kind": "Decision", "id": "decision:a", "checks": [check.frozen() for check in case.checks]}
    row = FACTS.read(decision, imported=True)
    assert isinstance(row, NodeRow)
    assert row.guaranteed["checks"] == json_text(decision["checks"])


def test_a_frozen_check_keeps_all_that_the_graph_can_hold() -> None:
    full = CheckResult(
        "c", "r", "p", "m", "s", "t", 1.0, Direction.LOWER_IS_BETTER, "u", 2.0, "e", 3.0, "b", True, "w", "advice",
        Statistic.RATE, 9, 0.95, 10, 2.5, ("e",), ("b",), "incident:i",
    )  # fmt: skip
    assert {*full.frozen()} == {member.name for member in release.Check.members}


@given(cases(), st.booleans())
def test_only_low_risk_promotes_itself_and_only_when_everything_passed(case: Case, refused_before: bool) -> None:
    automatic = case.policy.automatic_promotion
    passed = all(check.passed for check in case.checks)
    assert promotes_itself(case.policy, case.checks, refused_before=refused_before) == (
        automatic and passed and not refused_before
    )
    assert not automatic or (case.policy.risk_tier is RiskTier.LOW and case.checks)


def test_a_release_that_people_refused_waits_for_people() -> None:
    policy = asking(automaticPromotion=True, evidence=[REPLAY | {"minimum": 75}])
    checks = evaluate(policy, LINE_TARGET, [REPLAYED], PACKS, None, NOW)
    assert promotes_itself(policy, checks, refused_before=False)
    assert not promotes_itself(policy, checks, refused_before=True)
    assert not promotes_itself(policy, evaluate(policy, LINE_TARGET, [], PACKS, None, NOW), refused_before=False)


def test_what_is_missing_is_listed_requirement_by_requirement() -> None:
    policy = asking(evidence=[REPLAY | {"minimum": 75}, REPLAY | {"slice": "boxes", "minimum": 75}])
    checks = evaluate(policy, LINE_TARGET, [REPLAYED], PACKS, None, NOW)
    lacking, votes = Reason("CANDIDATE_INCOMPLETE", "no code", "record it"), Reason("APPROVALS_MISSING", "none", "vote")
    assert missing(checks, Count((), 1, (), (votes,)), [lacking]) == (
        lacking,
        Reason(
            "NO_EVIDENCE",
            "success_rate on boxes was not measured with pack:replay@1",
            "attach evidence of success_rate on boxes (pack:replay@1)",
        ),
        votes,
    )
    assert missing(checks[:1]) == ()
