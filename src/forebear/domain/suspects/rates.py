"""Tests and estimates of two rates of incidents over strata, conditional on exposure.

In each stratum `n` incidents fall on `hours` robot-hours, of which `exposed` had the suspect. If the suspect changes nothing,
each incident falls into its hours with the probability `exposed / hours`. So the incidents with the suspect are binomial in a
stratum, and their sum over strata is a convolution of binomials. A suspect that multiplies the rate by ψ has the probability
ψ·exposed / (ψ·exposed + rest).

Functions take many suspects at once. An array has a row for each stratum and a column for each suspect.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WIDEST = 25.0
"""The greatest logarithm of a rate ratio that is considered."""
CONFIDENCE = 0.95
TWO_SIDED = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


@dataclass(frozen=True)
class Strata:
    """Incidents and robot-hours in strata, with each suspect and in all.

    `exposed` and `with_it` are 0 in a stratum without hours with the suspect or without it: it says nothing of the suspect.
    """

    incidents: Floats
    """All incidents, by stratum."""
    hours: Floats
    """All robot-hours, by stratum."""
    with_it: Floats
    """The incidents with the suspect."""
    exposed: Floats
    """The robot-hours with the suspect."""

    @property
    def comparable(self) -> NDArray[np.bool_]:
        """Whether a stratum holds hours with the suspect and without it."""
        return self.exposed > 0

    @property
    def share(self) -> Floats:
        """The part of the hours with the suspect. It is 0 if nothing can be compared."""
        return self.exposed / self.hours[:, None]

    def of(self, column: int) -> Strata:
        """Return the strata of one suspect that hold hours with it and without it."""
        rows = self.comparable[:, column]
        return Strata(
            self.incidents[rows], self.hours[rows], self.with_it[rows, column, None], self.exposed[rows, column, None]
        )


def binomial(n: int, p: Floats) -> Floats:
    """Return the probabilities of 0 to `n` of `n`, one row each, for each probability of one."""
    from scipy.special import gammaln, xlog1py, xlogy

    k = np.arange(n + 1.0)[:, None]
    logarithm = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + xlogy(k, p) + xlog1py(n - k, -p)
    return np.asarray(np.exp(logarithm))


def distribution(incidents: Floats, p: Floats) -> Floats:
    """Return the probabilities of each sum over strata, one row each: a convolution of binomials for each suspect."""
    sums = np.zeros((int(incidents.sum()) + 1, p.shape[1]))
    sums[0] = 1
    most = 0
    for n, each in zip(incidents.astype(int), p, strict=True):
        if not n or not each.any():
            continue
        before, weights = sums[: most + 1].copy(), binomial(n, each)
        most += n
        sums[: most + 1] = 0
        for k, weight in enumerate(weights):
            sums[k : k + len(before)] += before * weight
    return sums


def exact_test(strata: Strata) -> Floats:
    """The probability, for each suspect, of at least as many incidents with it, if it does not raise the rate.

    The exact stratified one-sided test of two rates (Martin and Austin 1996, Biometrics 52, 778; of one stratum: Przyborowski
    and Wilenski 1940, Biometrika 31, 313).
    """
    above = np.cumsum(distribution(strata.incidents, strata.share)[::-1], axis=0)[::-1]
    counts = strata.with_it.sum(axis=0).astype(int)
    return np.asarray(np.minimum(above[counts, np.arange(len(counts))], 1.0))


def least_attainable(strata: Strata) -> Floats:
    """Return the least p that each suspect could have, if all incidents of each stratum were with it."""
    share = np.where(strata.comparable, strata.share, 1.0)
    return np.asarray(np.exp((strata.incidents[:, None] * np.log(share)).sum(axis=0)))


def shifted(share: Floats, log_ratio: Floats) -> Floats:
    """Return the probability that an incident falls into hours with a suspect that multiplies the rate."""
    ratio = np.exp(log_ratio)
    return ratio * share / (ratio * share + 1 - share)


def log_likelihood_ratio(strata: Strata) -> Floats:
    """Return how much likelier, as a logarithm, the incidents are if the suspect raises the rate, at its likeliest ratio.

    It is 0 if the likeliest ratio is not above 1.
    """
    share, n, k = strata.share, strata.incidents[:, None], strata.with_it
    low, high = np.full(share.shape[1], 0.0), np.full(share.shape[1], WIDEST)
    for _ in range(50):
        middle = (low + high) / 2
        more = (k - n * shifted(share, middle)).sum(axis=0) > 0
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    ratio = np.exp(low)
    gained = k * low - n * np.log1p(share * (ratio - 1))
    return np.asarray(np.maximum(np.where(strata.comparable, gained, 0.0).sum(axis=0), 0.0))


class IntervalMethod(StrEnum):
    """How an interval of a rate ratio was computed."""

    GREENLAND_ROBINS = "GREENLAND_ROBINS"
    EXACT = "EXACT"


@dataclass(frozen=True)
class RateRatio:
    """The rate with a suspect divided by the rate without it, with a 95 % interval. None: no bound, or no estimate."""

    estimate: float | None
    low: float | None
    high: float | None
    method: IntervalMethod


def rate_ratio(strata: Strata) -> RateRatio | None:
    """The rate ratio of one suspect. None where no stratum holds hours with it and without it, or none has an incident.

    Over strata it is that of Mantel and Haenszel, with the interval of Greenland and Robins (1985, Biometrics 41, 55). Of one
    stratum, or where one side has no incident, it is the plain ratio with the exact interval.
    """
    rows = strata.incidents > 0
    n, hours = strata.incidents[rows], strata.hours[rows]
    k, exposed = strata.with_it[rows, 0], strata.exposed[rows, 0]
    if not n.sum():
        return None
    rest = hours - exposed
    upper, lower = (k * rest / hours).sum(), ((n - k) * exposed / hours).sum()
    if len(n) == 1 or not upper or not lower:
        return exact_ratio(int(k.sum()), int((n - k).sum()), float(exposed.sum()), float(rest.sum()))
    error = np.sqrt((n * exposed * rest / hours**2).sum() / (upper * lower))
    estimate, factor = float(upper / lower), float(np.exp(TWO_SIDED * error))
    return RateRatio(estimate, estimate / factor, estimate * factor, IntervalMethod.GREENLAND_ROBINS)


def exact_ratio(with_it: int, without: int, exposed: float, rest: float) -> RateRatio:
    """The ratio of two rates, with the interval that follows from Clopper and Pearson's of the part of the incidents.

    Clopper and Pearson 1934, Biometrika 26, 404.
    """
    from scipy.special import betaincinv

    tail = (1 - CONFIDENCE) / 2

    def ratio(part: float) -> float:
        return part / (1 - part) * rest / exposed

    low = ratio(float(betaincinv(with_it, without + 1, tail))) if with_it else 0.0
    high = ratio(float(betaincinv(with_it + 1, without, 1 - tail))) if without else None
    estimate = with_it / exposed / (without / rest) if without else None
    return RateRatio(estimate, low, high, IntervalMethod.EXACT)
