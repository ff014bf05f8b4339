"""Samples: the pooled trials of several measurements of one metric, and the bounds that follow from them.

What the pack says of the metric decides. A share or a rate needs only trials or exposure. A mean needs its spread, the sample
standard deviation. No interval follows from the spread of a quantile, or of a metric whose statistic the pack leaves out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import sqrt

from forebear.domain.evidence import MeasuredValue
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
from forebear.domain.outcome import Reason
from forebear.graph.kinds.release import Statistic

NO_STATISTIC = "NO_STATISTIC"
NO_INTERVAL = "NO_INTERVAL"
NO_TRIALS = "NO_TRIALS"
NO_SPREAD = "NO_SPREAD"
OUT_OF_RANGE = "OUT_OF_RANGE"

WHOLES = {None: 1, "1": 1, "%": 100, "‰": 1000}
"""The value of a share of all, by the unit of a PROPORTION."""


class Method(StrEnum):
    """How an interval was computed."""

    WILSON = "WILSON"
    NEWCOMBE = "NEWCOMBE"
    GARWOOD = "GARWOOD"
    EXACT_RATES = "EXACT_RATES"
    STUDENT = "STUDENT"
    WELCH = "WELCH"


@dataclass(frozen=True)
class Sample:
    """Pooled trials: their value in the metric's unit. `whole` is 100 for a share in %.

    For a rate, `trials` is the exposure in the denominator of its unit, such as hours.
    """

    of: Share | Rate | Mean
    value: float
    trials: int
    whole: int = 1

    def interval(self, tail: float) -> Interval:
        """Return the plausible values, with a probability `tail` left out at each end."""
        match self.of:
            case Share() as share:
                return wilson(share, tail).scaled(self.whole)
            case Rate() as rate:
                return garwood(rate, tail)
            case Mean() as mean:
                return student(mean, tail)

    def over(self, base: Sample, tail: float) -> Interval:
        """Return the plausible differences to a base of the same metric: this minus the base."""
        match base.of, self.of:
            case Share() as one, Share() as other:
                return newcombe(one, other, tail).scaled(self.whole)
            case Rate() as one, Rate() as other:
                return rates(one, other, tail)
            case Mean() as one, Mean() as other:
                return welch(one, other, tail)
        raise TypeError(f"{base.of} and {self.of} are of different metrics")

    def bound(self, confidence: float, best: int) -> float:
        """Return the value that it reaches with a confidence, one-sided. `best` is 1 if more is better, else -1."""
        return _worse(self.interval(1 - confidence), best)

    def bound_over(self, base: Sample, confidence: float, best: int) -> float:
        """Return the difference to a base that it reaches with a confidence, one-sided."""
        return _worse(self.over(base, 1 - confidence), best)


METHODS = {
    Statistic.PROPORTION: (Method.WILSON, Method.NEWCOMBE),
    Statistic.RATE: (Method.GARWOOD, Method.EXACT_RATES),
    Statistic.MEAN: (Method.STUDENT, Method.WELCH),
}
"""How the interval of a value is computed, and that of a difference."""


def against(statistic: Statistic | None, what: str, unit: str | None = None) -> Reason | None:
    """Return why no interval follows from trials of a metric, `what`, in its unit, or None if one does."""
    if statistic is None:
        remedy = "measure with a version of the pack that says what the metric is: PROPORTION, RATE, MEAN or QUANTILE"
        return Reason(NO_STATISTIC, f"the pack does not say what {what} is, so no interval follows from its trials", remedy)
    if statistic is Statistic.QUANTILE:
        remedy = "ask for the value alone, without confidence"
        return Reason(NO_INTERVAL, f"{what} is a QUANTILE, and no interval follows from its spread", remedy)
    if statistic is Statistic.PROPORTION and unit not in WHOLES:
        units = "none, 1, % or ‰"
        message = f"{what} is a PROPORTION in {unit}, which is no unit of a share"
        return Reason(OUT_OF_RANGE, message, f"measure with a version of the pack whose unit is {units}")
    return None


def trials_of(measured: Iterable[MeasuredValue], what: str) -> int | Reason:
    """Return how many trials the measurements have together."""
    trials = 0
    for m in measured:
        if m.sample_size is None:
            return _supersede(NO_TRIALS, f"{m.evidence} does not say of how many trials {what} is", m, "sampleSize")
        trials += m.sample_size
    return trials


def value_of(measured: Collection[MeasuredValue]) -> float:
    """Return the value of all trials together, for measurements that give their number."""
    # Binary fractions would turn a value that suffices exactly into one that does not.
    weighed = sum(Fraction(str(m.value)) * (m.sample_size or 0) for m in measured)
    return float(weighed / sum(m.sample_size or 0 for m in measured))


def sample(statistic: Statistic | None, unit: str | None, measured: Collection[MeasuredValue], what: str) -> Sample | Reason:
    """Pool the measurements of one metric, `what`, or return why nothing follows from them. There is at least one."""
    if reason := against(statistic, what, unit):
        return reason
    trials = trials_of(measured, what)
    if isinstance(trials, Reason):
        return trials
    value = value_of(measured)
    whole = WHOLES[unit] if statistic is Statistic.PROPORTION else 1
    for m in measured:
        if statistic is Statistic.PROPORTION and not 0 <= m.value <= whole:
            return _supersede(OUT_OF_RANGE, f"{m.evidence} says that {what} is {m.value}, which is no share of {whole}", m)
        if statistic is Statistic.RATE and m.value < 0:
            return _supersede(OUT_OF_RANGE, f"{m.evidence} says that {what} is {m.value}, and no rate is below 0", m)
        if statistic is Statistic.MEAN and m.spread is None:
            message = f"{m.evidence} does not say how {what} spreads, so no interval follows"
            return _supersede(NO_SPREAD, message, m, "spread")
    if statistic is Statistic.PROPORTION:
        return Sample(Share(value / whole, trials), value, trials, whole)
    if statistic is Statistic.RATE:
        return Sample(Rate(value * trials, trials), value, trials)
    if trials < 2:
        return _supersede(NO_TRIALS, f"{what} is of a single trial, and no interval follows from one", next(iter(measured)))
    # The squares around the common mean: those within each measurement, and those between them.
    squares = sum((m.sample_size or 0) * (m.value - value) ** 2 for m in measured)
    squares += sum(((m.sample_size or 0) - 1) * (m.spread or 0) ** 2 for m in measured)
    return Sample(Mean(value, sqrt(squares / (trials - 1)), trials), value, trials)


def _supersede(code: str, message: str, m: MeasuredValue, missing: str | None = None) -> Reason:
    says = f"says it ({missing})" if missing else "is right"
    return Reason(code, message, f"attach evidence that supersedes {m.evidence} and {says}")


def _worse(interval: Interval, best: int) -> float:
    return interval.low if best > 0 else interval.high
