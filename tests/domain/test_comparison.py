"""Two versions side by side, metric by metric."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.domain.comparison import Bench, ComparedMetric
from forebear.domain.evidence import MeasuredValue, Pack
from forebear.domain.requirement import NoRegression
from forebear.graph.kinds.release import Direction, EvidenceType, Statistic
from tests.domain.policies import LINE_TARGET, NOW, days_ago

PACKS = {
    f"pack:r@{n}": Pack(
        f"pack:r@{n}",
        {
            "success": ("%", Direction.HIGHER_IS_BETTER),
            "stops": ("1/h", Direction.LOWER_IS_BETTER),
            "cycle": ("s", Direction.LOWER_IS_BETTER),
            "p95": ("ms", Direction.LOWER_IS_BETTER),
            "tilt": ("%", None),
            "mood": (None, None),
        },
        statistics={
            "success": Statistic.PROPORTION,
            "stops": Statistic.RATE,
            "cycle": Statistic.MEAN,
            "p95": Statistic.QUANTILE,
            "tilt": Statistic.PROPORTION,
        },
    )
    for n in (1, 2)
}


def measured(value: float, trials: int | None = 100, metric: str = "success", **values: Any) -> MeasuredValue:
    one = MeasuredValue(
        "evidence:a", "pack:r@1", EvidenceType.REPLAY, metric, None, value, None, trials, None, days_ago(3), None, None
    )
    return replace(one, **values)


def compared(base: list[MeasuredValue], candidate: list[MeasuredValue], margin: float = 0, **of: Any) -> list[ComparedMetric]:
    rule = NoRegression.model_validate({"pack": "pack:r@1", "metric": "success", "margin": margin} | of)
    return [*Bench(PACKS, (rule,), LINE_TARGET, NOW).compared(base, candidate)]


def verdicts(*args: Any, **of: Any) -> list[tuple[str, str]]:
    return [(m.verdict.value, m.reason) for m in compared(*args, **of)]


def test_a_metric_is_told_with_both_values_the_difference_and_its_interval() -> None:
    (found,) = compared([measured(80, 400), measured(84, 400, evidence="evidence:b")], [measured(91, 800)])
    assert found.base is not None
    assert found.candidate is not None
    assert found.interval is not None
    assert (found.base.value, found.base.trials, found.candidate.value, found.difference) == (82, 800, 91, 9)
    assert (found.interval.low, found.interval.high) == (pytest.approx(5.68, abs=0.01), pytest.approx(12.33, abs=0.02))
    assert (found.verdict, found.method, found.is_paired) == ("IMPROVED", "NEWCOMBE", True)


@pytest.mark.parametrize(
    ("base", "candidate", "metric", "verdict", "method"),
    [
        (measured(80, 400), measured(90, 400), "success", "IMPROVED", "NEWCOMBE"),
        (measured(90, 400), measured(80, 400), "success", "REGRESSED", "NEWCOMBE"),
        (measured(80, 20), measured(90, 20), "success", "INCONCLUSIVE", "NEWCOMBE"),
        (measured(0.1, 500), measured(0.3, 500), "stops", "REGRESSED", "EXACT_RATES"),
        (measured(0.3, 500), measured(0.1, 500), "stops", "IMPROVED", "EXACT_RATES"),
        (measured(9, 50, spread=2), measured(12, 50, spread=3), "cycle", "REGRESSED", "WELCH"),
    ],
)
def test_what_is_better_follows_the_direction(
    base: MeasuredValue, candidate: MeasuredValue, metric: str, verdict: str, method: str
) -> None:
    (found,) = compared([replace(base, metric=metric)], [replace(candidate, metric=metric)])
    assert (found.verdict, found.method) == (verdict, method)


def test_an_interval_inside_the_margin_is_unchanged_even_where_it_leaves_out_nought() -> None:
    base, candidate = [measured(90, 100_000)], [measured(89.5, 100_000)]
    assert verdicts(base, candidate) == [("REGRESSED", "all of the interval is worse")]
    assert verdicts(base, candidate, 2) == [("UNCHANGED", "the interval lies inside the policy's margin")]
    assert verdicts(base, base) == [("INCONCLUSIVE", "the interval holds no difference as well as differences")]
    on_target = [[replace(m[0], target=LINE_TARGET)] for m in (base, candidate)]
    assert verdicts(*on_target, margin=2, onTarget=True)[0][0] == "UNCHANGED"
    assert verdicts(base, candidate, 2, onTarget=True)[0][0] == "REGRESSED"


@pytest.mark.parametrize(
    ("base", "candidate", "verdict", "reason"),
    [
        (None, measured(1), "MISSING", "the base was not measured"),
        (measured(1), None, "MISSING", "the candidate was not measured"),
        (measured(1), measured(1, superseded_by="evidence:z"), "MISSING", "the candidate was not measured"),
        (measured(1, metric="p95"), measured(2, metric="p95"), "INCONCLUSIVE",
         "p95 is a QUANTILE, and no interval follows from its spread"),
        (measured(1, metric="mood"), measured(2, metric="mood"), "INCONCLUSIVE",
         "the pack does not say what mood is, so no interval follows from its trials"),
        (measured(80), measured(90, None), "INCONCLUSIVE", "evidence:a does not say of how many trials success is"),
        (measured(10, 999, "tilt"), measured(90, 999, "tilt"), "NOT_COMPARABLE",
         "the pack does not say which way it is better"),
        (measured(80), measured(0.9, unit="1"), "NOT_COMPARABLE", "it was measured in 1, and the pack measures it in %"),
    ],
)  # fmt: skip
def test_where_nothing_can_be_said_it_says_why(
    base: MeasuredValue | None, candidate: MeasuredValue | None, verdict: str, reason: str
) -> None:
    assert verdicts([base] if base else [], [candidate] if candidate else []) == [(verdict, reason)]


@pytest.mark.parametrize(
    ("other", "reasons"),
    [
        ({"pack": "pack:r@2"}, ["the candidate was measured with pack:r@2 alone", "the base was measured with pack:r@1 alone"]),
        (
            {"target": LINE_TARGET},
            [
                f"the candidate was measured on {LINE_TARGET} alone",
                "the base was measured on no hardware target alone",
            ],
        ),
    ],
)
def test_other_packs_and_targets_are_not_comparable(other: dict[str, Any], reasons: list[str]) -> None:
    assert verdicts([measured(80)], [measured(90, **other)]) == [("NOT_COMPARABLE", reason) for reason in reasons]


trials = st.integers(1, 300)
shares = trials.flatmap(lambda n: st.integers(0, n).map(lambda k: measured(100 * k / n, n)))


@given(shares, shares, st.sampled_from([0, 1, 10, 60]))
def test_the_other_way_round_what_improved_has_regressed(base: MeasuredValue, candidate: MeasuredValue, margin: float) -> None:
    turned = {"IMPROVED": "REGRESSED", "REGRESSED": "IMPROVED"}
    ((one, _),), ((other, _),) = verdicts([base], [candidate], margin), verdicts([candidate], [base], margin)
    assert turned.get(one, one) == other
    assert margin or one != "UNCHANGED"
