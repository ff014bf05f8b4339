"""Intervals, held to published examples and to scipy.stats as a second answer."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from forebear.domain.interval import (
    Interval,
    Mean,
    Rate,
    Share,
    garwood,
    newcombe,
    rates,
    student,
    welch,
    wilson,
)

tails = st.sampled_from([0.005, 0.025, 0.05, 0.1])
trials = st.integers(1, 500)
exposures = st.floats(0.1, 5000)
shares = trials.flatmap(lambda n: st.integers(0, n).map(lambda k: Share(k / n, n)))
counts = st.builds(Rate, st.integers(0, 300), exposures)
means = st.builds(Mean, st.floats(-100, 100), st.floats(0.01, 50), st.integers(2, 200))


def close(interval: Interval, low: float, high: float, to: float = 1e-9) -> bool:
    return (interval.low, interval.high) == (pytest.approx(low, abs=to, rel=1e-7), pytest.approx(high, abs=to, rel=1e-7))


@pytest.mark.parametrize(
    ("successes", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_is_what_newcombe_published(successes: int, of: int, low: float, high: float) -> None:
    """R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I."""
    assert close(wilson(Share(successes / of, of), 0.025), low, high, 5e-5)


@pytest.mark.parametrize(
    ("candidate", "base", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_a_difference_of_shares_is_what_newcombe_published(
    candidate: tuple[int, int], base: tuple[int, int], low: float, high: float
) -> None:
    """Table II of R. G. Newcombe, Statistics in Medicine 17 (1998), 873-890, method 10."""
    (k, n), (j, m) = candidate, base
    assert close(newcombe(Share(j / m, m), Share(k / n, n), 0.025), low, high, 5e-5)


def test_of_100_trials_91_suffice_for_85_percent() -> None:
    assert [wilson(Share(k / 100, 100), 0.05).low >= 0.85 for k in (89, 90, 91, 92)] == [False, False, True, True]


@given(shares, tails)
def test_wilson_is_that_of_scipy(share: Share, tail: float) -> None:
    successes = round(share.value * share.trials)
    other = stats.binomtest(successes, int(share.trials)).proportion_ci(1 - 2 * tail, "wilson")
    assert close(wilson(share, tail), other.low, other.high)


@pytest.mark.parametrize(("events", "low", "high"), [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.39)])
def test_the_interval_of_a_count_is_in_every_table(events: int, low: float, high: float) -> None:
    assert close(garwood(Rate(events, 1), 0.025), low, high, 5e-3)


@given(counts, tails)
def test_the_exact_interval_of_a_rate_is_that_of_chi_squared(rate: Rate, tail: float) -> None:
    low = stats.chi2.ppf(tail, 2 * rate.events) / 2 if rate.events else 0.0
    high = stats.chi2.isf(tail, 2 * rate.events + 2) / 2
    assert close(garwood(rate, tail), low / rate.exposure, high / rate.exposure)


@given(counts, counts, tails)
def test_a_difference_of_rates_leaves_out_nought_only_where_the_exact_test_does(
    base: Rate, candidate: Rate, tail: float
) -> None:
    found = rates(base, candidate, tail)
    assert candidate.value - base.value in Interval(found.low - 1e-12, found.high + 1e-12)
    if (n := int(base.events + candidate.events)) and 0 not in found:
        expected = candidate.exposure / (base.exposure + candidate.exposure)
        side = "greater" if candidate.value > base.value else "less"
        assert stats.binomtest(int(candidate.events), n, expected, alternative=side).pvalue <= tail * (1 + 1e-6)


def test_a_rate_that_is_far_higher_keeps_the_uncertainty_of_its_own_count() -> None:
    found, alone = rates(Rate(0, 1000), Rate(50, 1000), 0.025), garwood(Rate(50, 1000), 0.025)
    assert found.low < alone.low < alone.high <= found.high + 1e-12


@given(means, tails)
def test_the_interval_of_a_mean_is_that_of_scipy(mean: Mean, tail: float) -> None:
    low, high = stats.t.interval(1 - 2 * tail, mean.trials - 1, mean.value, mean.deviation / sqrt(mean.trials))
    assert close(student(mean, tail), low, high, 1e-6)


numbers = st.lists(st.integers(-50, 50), min_size=2, max_size=30).filter(lambda x: len({*x}) > 1)


@given(numbers, numbers, tails)
def test_a_difference_of_means_is_that_of_scipy(base: list[int], candidate: list[int], tail: float) -> None:
    one, other = (Mean(float(stats.tmean(x)), float(stats.tstd(x)), len(x)) for x in (base, candidate))
    known = stats.ttest_ind(candidate, base, equal_var=False).confidence_interval(1 - 2 * tail)
    assert close(welch(one, other, tail), known.low, known.high, 1e-6)


def test_means_that_never_vary_differ_by_what_they_differ() -> None:
    assert welch(Mean(3, 0, 5), Mean(4, 0, 9), 0.025) == Interval(1, 1)


@given(shares, shares, tails)
def test_the_other_way_round_a_difference_has_the_other_sign(base: Share, candidate: Share, tail: float) -> None:
    one, other = newcombe(base, candidate, tail), newcombe(candidate, base, tail)
    assert close(one, -other.high, -other.low)
    assert -1 <= one.low <= candidate.value - base.value <= one.high <= 1


def test_an_interval_within_a_margin_lies_in_it_at_both_ends() -> None:
    assert [Interval(*ends).within(1) for ends in [(-1, 1), (-1.1, 0), (0, 1.1), (-0.5, 0.2)]] == [True, False, False, True]
