"""Confidence intervals: what trials say of the share, rate or mean that they were drawn from, and of the difference of two.

`tail` is the probability that is left out at each end: 0.05 for a one-sided bound of 95 % confidence, and 0.025 for an interval
of 95 % confidence. Special functions are imported when they are first needed: few registries have policies that need them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from statistics import NormalDist


@dataclass(frozen=True)
class Interval:
    """The plausible values: from `low` to `high`, both included."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def within(self, margin: float) -> bool:
        """Whether all of it lies between the margin below nought and the margin above it."""
        return -margin <= self.low and self.high <= margin

    def scaled(self, factor: float) -> Interval:
        """The same in another unit; `factor` is above nought."""
        return Interval(self.low * factor, self.high * factor)


@dataclass(frozen=True)
class Share:
    """A share of trials, from 0 to 1."""

    value: float
    trials: float


@dataclass(frozen=True)
class Rate:
    """Events in an exposure, such as interventions in hours."""

    events: float
    exposure: float

    @property
    def value(self) -> float:
        """The events of one unit of exposure."""
        return self.events / self.exposure


@dataclass(frozen=True)
class Mean:
    """The mean of trials, with their sample standard deviation (divisor n - 1). `trials` is at least 2."""

    value: float
    deviation: float
    trials: float

    @property
    def variance(self) -> float:
        """The variance of the mean."""
        return self.deviation**2 / self.trials


def wilson(share: Share, tail: float) -> Interval:
    """Wilson's score interval of a share.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), 209-212.

    >>> wilson(Share(0.91, 100), 0.05).low > 0.85 > wilson(Share(0.90, 100), 0.05).low
    True
    """
    z2 = NormalDist().inv_cdf(1 - tail) ** 2
    p, n = share.value, share.trials
    middle = p + z2 / (2 * n)
    half = sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n)))
    # At 0 and 1 the exact limit is 0 or 1, which rounding may miss.
    low, high = (middle - half) / (1 + z2 / n), (middle + half) / (1 + z2 / n)
    return Interval(0.0 if p == 0 else low, 1.0 if p == 1 else high)


def newcombe(base: Share, candidate: Share, tail: float) -> Interval:
    """The difference of two shares, candidate minus base, of independent trials: Wilson's intervals, squared and added.

    Source: R. G. Newcombe, "Interval estimation for the difference between independent proportions: comparison of eleven
    methods", Statistics in Medicine 17 (1998), 873-890, method 10.
    """
    return _squared_and_added(base.value, wilson(base, tail), candidate.value, wilson(candidate, tail))


def garwood(rate: Rate, tail: float) -> Interval:
    """The exact interval of the rate of Poisson events.

    Source: F. Garwood, "Fiducial limits for the Poisson distribution", Biometrika 28 (1936), 437-442.
    """
    from scipy.special import gammainccinv, gammaincinv

    low = float(gammaincinv(rate.events, tail)) if rate.events else 0.0
    high = float(gammainccinv(rate.events + 1, tail))
    return Interval(low / rate.exposure, high / rate.exposure)


def rates(base: Rate, candidate: Rate, tail: float) -> Interval:
    """The difference of two Poisson rates, candidate minus base: it leaves out nought only where the exact test does.

    The exact test is conditional on all events: the candidate's are then binomial (J. Przyborowski and H. Wilenski,
    "Homogeneity of results in testing samples from Poisson series", Biometrika 31 (1940), 313-323), with the limits of
    C. J. Clopper and E. S. Pearson (Biometrika 26 (1934), 404-413). Far from nought, where the number of all events is itself
    uncertain, the limits are those of the two exact intervals, squared and added (as in `newcombe`; A. Donner and G. Y. Zou,
    Statistical Methods in Medical Research 21 (2012), 347-359). Of the two intervals, it is the hull.
    """
    from scipy.special import betaincinv

    added = _squared_and_added(base.value, garwood(base, tail), candidate.value, garwood(candidate, tail))
    n, k = base.events + candidate.events, candidate.events
    low = float(betaincinv(k, n - k + 1, tail)) if k else 0.0
    high = float(betaincinv(k + 1, n - k, 1 - tail)) if base.events else 1.0
    exact = [n * (p / candidate.exposure - (1 - p) / base.exposure) for p in (low, high)]
    return Interval(min(added.low, exact[0]), max(added.high, exact[1]))


def student(mean: Mean, tail: float) -> Interval:
    """The interval of a mean, by Student's t.

    Source: Student, "The probable error of a mean", Biometrika 6 (1908), 1-25.
    """
    half = _student(mean.trials - 1, tail) * sqrt(mean.variance)
    return Interval(mean.value - half, mean.value + half)


def welch(base: Mean, candidate: Mean, tail: float) -> Interval:
    """The difference of two means, candidate minus base, of independent trials with variances of their own.

    Source: B. L. Welch, "The generalization of 'Student's' problem when several different population variances are involved",
    Biometrika 34 (1947), 28-35, with the degrees of freedom of F. E. Satterthwaite, Biometrics Bulletin 2 (1946), 110-114.
    """
    difference = candidate.value - base.value
    both = base.variance + candidate.variance
    if not both:
        return Interval(difference, difference)
    freedom = both**2 / (base.variance**2 / (base.trials - 1) + candidate.variance**2 / (candidate.trials - 1))
    half = _student(freedom, tail) * sqrt(both)
    return Interval(difference - half, difference + half)


def _student(freedom: float, tail: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 1 - tail)) if freedom else inf


def _squared_and_added(base: float, of_base: Interval, candidate: float, of_candidate: Interval) -> Interval:
    """The interval of a difference from those of its two terms."""
    difference = candidate - base
    return Interval(
        difference - sqrt((candidate - of_candidate.low) ** 2 + (of_base.high - base) ** 2),
        difference + sqrt((of_candidate.high - candidate) ** 2 + (base - of_base.low) ** 2),
    )
