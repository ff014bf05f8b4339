"""What several measurements of one metric come to together."""

from __future__ import annotations

from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.domain.evidence import MeasuredValue
from forebear.domain.interval import Mean, Rate, Share
from forebear.domain.outcome import Reason
from forebear.domain.sample import Sample, sample
from forebear.graph.kinds.release import Statistic


def measured(
    value: float, trials: int | None = None, spread: float | None = None, evidence: str = "evidence:a"
) -> MeasuredValue:
    return MeasuredValue(evidence, "pack:p@1", None, "m", None, value, None, trials, spread, "", None, None)


def pooled(statistic: Statistic | None, *of: MeasuredValue, unit: str | None = None) -> Sample | Reason:
    return sample(statistic, unit, of, "m")


def test_shares_are_pooled_by_their_trials() -> None:
    assert pooled(Statistic.PROPORTION, measured(90, 100), measured(80, 300), unit="%") == Sample(
        Share(0.825, 400), 82.5, 400, 100
    )
    assert pooled(Statistic.PROPORTION, measured(0.85, 3), measured(0.85, 7)) == Sample(Share(0.85, 10), 0.85, 10)


def test_rates_are_pooled_by_their_exposure() -> None:
    assert pooled(Statistic.RATE, measured(0.5, 100), measured(0, 300), unit="1/h") == Sample(Rate(50, 400), 0.125, 400)


@given(
    st.lists(st.lists(st.integers(-9, 9), min_size=1, max_size=6), min_size=1, max_size=5).filter(
        lambda x: sum(map(len, x)) > 1
    )
)
def test_means_that_are_pooled_are_the_mean_and_deviation_of_all_trials(groups: list[list[int]]) -> None:
    parts = [measured(fmean(g), len(g), stdev(g) if len(g) > 1 else 0.0) for g in groups]
    every = [x for g in groups for x in g]
    found = pooled(Statistic.MEAN, *parts)
    assert isinstance(found, Sample)
    assert isinstance(found.of, Mean)
    assert (found.of.value, found.of.deviation, found.trials) == (
        pytest.approx(fmean(every), abs=1e-9),
        pytest.approx(stdev(every), abs=1e-6),
        len(every),
    )


@pytest.mark.parametrize(
    ("statistic", "unit", "one", "code", "says"),
    [
        (None, None, measured(1, 9), "NO_STATISTIC", "the pack does not say what m is, so no interval follows from its trials"),
        (Statistic.QUANTILE, "ms", measured(1, 9), "NO_INTERVAL", "m is a QUANTILE, and no interval follows from its spread"),
        (Statistic.PROPORTION, "kg", measured(1, 9), "OUT_OF_RANGE", "m is a PROPORTION in kg, which is no unit of a share"),
        (Statistic.PROPORTION, None, measured(85, 9), "OUT_OF_RANGE", "evidence:a says that m is 85, which is no share of 1"),
        (Statistic.RATE, "1/h", measured(-1, 9), "OUT_OF_RANGE", "evidence:a says that m is -1, and no rate is below 0"),
        (Statistic.PROPORTION, "%", measured(85), "NO_TRIALS", "evidence:a does not say of how many trials m is"),
        (Statistic.MEAN, "s", measured(5, 9), "NO_SPREAD", "evidence:a does not say how m spreads, so no interval follows"),
        (Statistic.MEAN, "s", measured(5, 1, 0), "NO_TRIALS", "m is of a single trial, and no interval follows from one"),
    ],
)  # fmt: skip
def test_where_nothing_follows_it_says_why(
    statistic: Statistic | None, unit: str | None, one: MeasuredValue, code: str, says: str
) -> None:
    found = pooled(statistic, one, unit=unit)
    assert isinstance(found, Reason)
    assert (found.code, found.message) == (code, says)
    assert found.remedy


def test_bounds_are_one_sided_in_the_unit_of_the_metric_towards_what_is_worse() -> None:
    film = pooled(Statistic.PROPORTION, measured(91, 100), unit="%")
    stops = pooled(Statistic.RATE, measured(0.02, 150), unit="1/h")
    times = pooled(Statistic.MEAN, measured(10, 25, 2), unit="s")
    assert isinstance(film, Sample)
    assert isinstance(stops, Sample)
    assert isinstance(times, Sample)
    assert film.bound(0.95, 1) == pytest.approx(85.15, abs=0.01)
    assert stops.bound(0.95, -1) == pytest.approx(7.7537 / 150, abs=1e-5)
    assert times.bound(0.95, -1) == pytest.approx(10 + 1.7109 * 2 / 5, abs=1e-4)
    assert film.bound_over(film, 0.95, 1) == pytest.approx(-6.915, abs=0.001)
