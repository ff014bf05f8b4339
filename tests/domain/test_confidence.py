"""Policies that ask something of trials: all measurements that count do so together, and with a confidence their bound does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forebear.domain.clause import InvalidPolicy
from forebear.domain.evaluation import evaluate
from forebear.domain.evidence import Baseline, CheckResult, MeasuredValue, Pack
from forebear.domain.foundation import fallen
from forebear.domain.policy import Policy, check_against, parse
from forebear.domain.requirement import Requirement
from forebear.domain.sufficient import sufficient
from forebear.graph.kinds.release import Direction, Statistic
from tests.domain.policies import LINE_TARGET, NOW, days_ago

PACK = Pack(
    "pack:r@1",
    {
        "success": ("%", Direction.HIGHER_IS_BETTER),
        "drops": (None, Direction.LOWER_IS_BETTER),
        "stops": ("1/h", Direction.LOWER_IS_BETTER),
        "picks": ("1/h", Direction.HIGHER_IS_BETTER),
        "cycle": ("s", Direction.LOWER_IS_BETTER),
        "latency_p95": ("ms", Direction.LOWER_IS_BETTER),
        "comfort": ("%", Direction.HIGHER_IS_BETTER),
    },
    statistics={
        "success": Statistic.PROPORTION,
        "drops": Statistic.PROPORTION,
        "stops": Statistic.RATE,
        "picks": Statistic.RATE,
        "cycle": Statistic.MEAN,
        "latency_p95": Statistic.QUANTILE,
    },
)
SUCCESS = {"pack": "pack:r@1", "metric": "success", "confidence": 0.95}
STOPS = {"pack": "pack:r@1", "metric": "stops", "confidence": 0.95}


def asking(**sections: Any) -> Policy:
    return parse({"riskTier": "HIGH", "standingApprovals": "KEEP", **sections})


def measured(
    value: float, trials: int | None, evidence: str = "evidence:a", metric: str = "success", **said: Any
) -> MeasuredValue:
    one = MeasuredValue(evidence, "pack:r@1", None, metric, None, value, None, trials, None, days_ago(3), None, None)
    return replace(one, **said)


def checked(policy: Policy, *of: MeasuredValue, deployed: list[MeasuredValue] | None = None) -> CheckResult:
    baseline = Baseline("model:b@1", tuple(deployed)) if deployed is not None else None
    (check,) = evaluate(policy, LINE_TARGET, of, {PACK.id: PACK}, baseline, NOW)
    return check


@pytest.mark.parametrize(("successes", "passed"), [(90, False), (91, True)])
def test_of_100_trials_91_suffice_for_85_percent(successes: int, passed: bool) -> None:
    assert checked(asking(evidence=[SUCCESS | {"minimum": 85}]), measured(successes, 100)).passed == passed


def test_a_check_tells_the_bound_and_freezes_it() -> None:
    policy = asking(evidence=[SUCCESS | {"minimum": 85, "minimumTrials": 50}])
    check = checked(policy, measured(95, 20), measured(90, 80, "evidence:b", measured_at=days_ago(1)))
    assert (check.passed, check.message) == (
        True,
        "success is 91 % (evidence:b and 1 other, 100 trials), and at least 85.15 % with 95 % confidence; "
        "the policy asks for at least 85 %",
    )
    assert check.frozen() == {
        "code": "MET",
        "requirement": "success at least 85 % with 95 % confidence, of at least 50 trials (pack:r@1)",
        "pack": "pack:r@1",
        "metric": "success",
        "threshold": 85,
        "direction": "HIGHER_IS_BETTER",
        "unit": "%",
        "measured": 91,
        "evidence": "evidence:b",
        "passed": True,
        "message": check.message,
        "statistic": "PROPORTION",
        "minimumTrials": 50,
        "confidence": 0.95,
        "trials": 100,
        "bound": pytest.approx(85.1509, abs=1e-2),
        "pooled": ["evidence:b", "evidence:a"],
    }


def test_nobody_passes_by_measuring_again_until_he_is_lucky() -> None:
    policy = asking(evidence=[SUCCESS | {"minimum": 85}])
    assert checked(policy, measured(95, 100)).passed
    unlucky = [measured(84, 100, f"evidence:{n}", measured_at=days_ago(n)) for n in range(5, 9)]
    check = checked(policy, measured(95, 100), *unlucky)
    assert (check.code, check.measured, check.trials) == ("THRESHOLD_MISSED", 86.2, 500)


def test_a_report_that_is_attached_again_counts_once() -> None:
    policy = asking(evidence=[SUCCESS | {"minimum": 85}])
    again = [measured(90, 100, f"evidence:{n}", report="sha256:ab") for n in range(5)]
    assert checked(policy, *again).trials == 100
    built = [measured(90, 100), measured(90, 100, target=LINE_TARGET, artifact="artifact:a")]
    assert checked(policy, *built).trials == 100
    assert checked(policy, *again, measured(90, 100, "evidence:new")).trials == 200


def test_what_does_not_count_is_not_pooled() -> None:
    policy = asking(evidence=[SUCCESS | {"minimum": 85, "maximumAge": 30}])
    bad = [measured(0, 500, "evidence:s", superseded_by="evidence:a"), measured(0, 500, "evidence:o", measured_at=days_ago(40))]
    assert checked(policy, measured(91, 100), *bad).trials == 100


@pytest.mark.parametrize(
    ("asked", "of", "code", "says", "remedy"),
    [
        (
            SUCCESS | {"minimum": 85},
            measured(90, 100),
            "THRESHOLD_MISSED",
            "success is 90 % (evidence:a, 100 trials), and at least 83.96 % with 95 % confidence; "
            "the policy asks for at least 85 %",
            "more or better trials of success, so that all are at least 85 % with 95 % confidence (pack:r@1)",
        ),
        (
            SUCCESS | {"minimum": 85},
            measured(90, None),
            "NO_TRIALS",
            "evidence:a does not say of how many trials success is",
            "attach evidence that supersedes evidence:a and says it (sampleSize)",
        ),
        (
            SUCCESS | {"minimum": 85, "minimumTrials": 300},
            measured(99, 200),
            "TOO_FEW_TRIALS",
            "success is of 200 trials; the policy asks for at least 300",
            "attach evidence of success with at least 100 more trials",
        ),
        (
            SUCCESS | {"metric": "latency_p95", "maximum": 85},
            measured(80, 100, metric="latency_p95"),
            "NO_INTERVAL",
            "latency_p95 is a QUANTILE, and no interval follows from its spread",
            "ask for the value alone, without confidence",
        ),
        (
            SUCCESS | {"metric": "latency_p95", "maximum": 85, "confidence": None, "minimumTrials": 300},
            measured(80, 100, metric="latency_p95"),
            "TOO_FEW_TRIALS",
            "latency_p95 is of 100 trials; the policy asks for at least 300",
            "attach evidence of latency_p95 with at least 300 trials",
        ),
        (
            STOPS | {"maximum": 0.05},
            measured(0.02, 150, metric="stops"),
            "THRESHOLD_MISSED",
            "stops is 0.02 1/h (evidence:a, 150 trials), and at most 0.0517 1/h with 95 % confidence; "
            "the policy asks for at most 0.05 1/h",
            "more or better trials of stops, so that all are at most 0.05 1/h with 95 % confidence (pack:r@1)",
        ),
    ],
)
def test_what_does_not_suffice_says_why(asked: dict[str, Any], of: MeasuredValue, code: str, says: str, remedy: str) -> None:
    check = checked(asking(evidence=[{name: value for name, value in asked.items() if value is not None}]), of)
    assert (check.passed, check.code, check.message, check.remedy) == (False, code, says, remedy)


def test_a_mean_is_held_by_its_spread() -> None:
    policy = asking(evidence=[SUCCESS | {"metric": "cycle", "maximum": 11}])
    assert checked(policy, measured(10, 25, metric="cycle", spread=2)).passed
    assert not checked(policy, measured(10, 5, metric="cycle", spread=2)).passed


def test_trials_that_are_asked_for_without_confidence_count_together() -> None:
    policy = asking(evidence=[{"pack": "pack:r@1", "metric": "success", "minimum": 85, "minimumTrials": 10}])
    check = checked(policy, measured(80, 5, measured_at=days_ago(1)), measured(90, 5, "evidence:b"))
    assert (check.passed, check.measured, check.trials, check.bound) == (True, 85, 10, None)
    assert not checked(policy, measured(90, 5)).passed


def test_a_comparison_holds_the_bound_of_the_difference_against_the_margin() -> None:
    policy = asking(noRegression=[SUCCESS | {"margin": 4}])
    deployed = [measured(91, 1000, "evidence:d")]
    check = checked(policy, measured(90, 1000), deployed=deployed)
    assert (check.passed, check.baseline, check.threshold, check.bound, check.baseline_pooled, check.message) == (
        True,
        91,
        87,
        pytest.approx(87.8336, abs=1e-3),
        ("evidence:d",),
        "success is 90 % (evidence:a, 1000 trials); model:b@1, which is deployed, has 91 % (evidence:d, 1000 trials); "
        "it is worse by at most 3.167 % with 95 % confidence",
    )
    few = checked(policy, measured(90, 100), deployed=deployed)
    assert (few.code, few.remedy) == (
        "REGRESSION",
        "more or better trials of success, so that all are worse by at most 4 % than model:b@1 with 95 % confidence (pack:r@1)",
    )
    better = checked(asking(noRegression=[SUCCESS]), measured(97, 1000), deployed=deployed)
    assert better.passed
    assert "it is better by at least 4.2" in better.message


def test_a_baseline_that_says_nothing_of_trials_is_to_be_measured() -> None:
    check = checked(asking(noRegression=[STOPS | {"margin": 1}]), measured(0.1, 90, metric="stops"),
                    deployed=[measured(0.1, None, "evidence:d", metric="stops")])  # fmt: skip
    assert (check.code, check.remedy) == (
        "NO_BASELINE",
        "measure model:b@1, too: attach evidence that supersedes evidence:d and says it (sampleSize)",
    )


counts = st.integers(0, 100)


@given(counts, counts, counts, st.sampled_from([0.8, 0.95]), st.booleans())
def test_an_approval_falls_where_what_corrects_its_trials_does_not_suffice(
    first: int, second: int, right: int, confidence: float, compared: bool
) -> None:
    one = SUCCESS | {"confidence": confidence}
    policy = asking(noRegression=[one | {"margin": 10}]) if compared else asking(evidence=[one | {"minimum": 50}])
    deployed = [measured(60, 100, "evidence:d")] if compared else None
    before = [measured(first, 100), measured(second, 100, "evidence:b")]
    after = [replace(before[0], superseded_by="evidence:right"), before[1], measured(right, 100, "evidence:right")]
    check = checked(policy, *before, deployed=deployed)
    stands = not check.passed or checked(policy, *after, deployed=deployed).passed
    assert (fallen([check.frozen()], [*after, *(deployed or ())]) == ()) == stands


def test_an_approval_that_falls_says_which_trials_were_corrected() -> None:
    check = checked(asking(evidence=[SUCCESS | {"minimum": 85}]), measured(95, 100))
    now = [measured(95, 100, superseded_by="evidence:r"), measured(80, 100, "evidence:r")]
    assert fallen([check.frozen()], now) == (
        "success at least 85 % with 95 % confidence (pack:r@1): it was approved on trials of evidence:a, "
        "which later evidence corrects",
    )


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"metric": "success", "minimum": 85}, "of 100 trials 91 suffice"),
        ({"metric": "success", "minimum": 85, "minimumTrials": 400}, "of 400 trials 352 suffice"),
        ({"metric": "success", "minimum": 99}, "of 100 trials not even all suffice: it takes 268 at least"),
        ({"metric": "success", "minimum": 100}, "of 100 trials not even all suffice"),
        ({"metric": "drops", "maximum": 0.1}, "of 100 trials at most 5"),
        ({"metric": "drops", "maximum": 0.01}, "of 100 trials not even none suffices: it takes 268 at least"),
        ({"metric": "stops", "maximum": 0.05}, "in an exposure of 100 at most 1 events"),
        (
            {"metric": "stops", "maximum": 0.01},
            "in an exposure of 100 not even no event suffices: it takes an exposure of 300 at least",
        ),
        ({"metric": "picks", "minimum": 1}, "in an exposure of 100 118 events suffice"),
        ({"metric": "cycle", "maximum": 9}, None),
    ],
)  # fmt: skip
def test_what_suffices_is_said_in_numbers(asked: dict[str, Any], says: str | None) -> None:
    requirement = Requirement.model_validate({"pack": "pack:r@1", "confidence": 0.95} | asked)
    assert sufficient(requirement, PACK) == says


@settings(max_examples=30)
@given(st.integers(1, 120), st.sampled_from([50, 85, 95, 99]), st.sampled_from([0.9, 0.95, 0.99]))
def test_what_suffices_passes_and_one_less_does_not(trials: int, minimum: int, confidence: float) -> None:
    asked = {"pack": "pack:r@1", "metric": "success", "minimum": minimum, "confidence": confidence, "minimumTrials": trials}
    policy = asking(evidence=[asked])
    passed = [checked(policy, measured(100 * k / trials, trials)).passed for k in range(trials + 1)]
    said = sufficient(policy.evidence[0], PACK)
    enough = passed.index(True) if True in passed else None
    assert said is not None
    assert said.startswith(f"of {trials} trials not even all" if enough is None else f"of {trials} trials {enough} suffice")


@pytest.mark.parametrize(
    ("asked", "path", "says"),
    [
        (
            {"metric": "latency_p95", "maximum": 9},
            "evidence.0.confidence",
            "latency_p95 is a QUANTILE, and no",
        ),
        ({"metric": "comfort", "minimum": 9}, "evidence.0.confidence", "the pack does not say what comfort is"),
    ],
)
def test_a_confidence_that_nothing_follows_for_is_a_mistake(asked: dict[str, Any], path: str, says: str) -> None:
    (mistake,) = check_against(asking(evidence=[{"pack": "pack:r@1", "confidence": 0.95} | asked]), {PACK.id: PACK})
    assert mistake.path == path
    assert mistake.message.startswith(says)


@pytest.mark.parametrize("wrong", [{"confidence": 95}, {"confidence": 0.5}, {"confidence": 1}, {"minimumTrials": 0}])
def test_a_confidence_is_between_a_half_and_one_and_trials_are_at_least_one(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidPolicy, match=rf"evidence\.0\.{next(iter(wrong))}: must be"):
        asking(evidence=[SUCCESS | {"minimum": 1} | wrong])
