"""What measurements that count are worth for one requirement.

If a requirement asks nothing of trials, the newest measurement decides. If it does, all of them count, pooled: whoever measures
again until a result is lucky has measured more, not better. A report that is attached more than once counts once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forebear.domain.evidence import MeasuredValue
from forebear.domain.outcome import Reason
from forebear.domain.sample import Sample, against, sample, trials_of, value_of
from forebear.graph.kinds.release import Statistic

TOO_FEW_TRIALS = "TOO_FEW_TRIALS"


@dataclass(frozen=True)
class Worth:
    """The worth of measurements: a value, and what was `measured`, the newest first.

    `trials` is None if the newest does not give them and nothing asks for them. Bounds follow from `sample`, if there must be
    any.
    """

    value: float
    measured: tuple[MeasuredValue, ...]
    trials: int | None
    sample: Sample | None = None

    def reached(self, best: int, confidence: float | None, base: Worth | None = None) -> float:
        """Return the value that counts.

        With a confidence it is the one-sided bound or, over a base, the base's value and the bound of the difference.
        """
        if confidence is None or self.sample is None:
            return self.value
        if base is None or base.sample is None:
            return self.sample.bound(confidence, best)
        return base.value + self.sample.bound_over(base.sample, confidence, best)


@dataclass(frozen=True)
class Weighing:
    """How a requirement weighs measurements of a metric: the metric's statistic and unit, and what is asked of trials."""

    what: str
    statistic: Statistic | None
    unit: str | None
    minimum_trials: int | None
    confidence: float | None

    @property
    def asks_of_trials(self) -> bool:
        """Whether the requirement asks anything of trials."""
        return self.minimum_trials is not None or self.confidence is not None

    @property
    def pools(self) -> bool:
        """Whether all measurements that count are pooled. Quantiles, and metrics without a statistic, cannot be."""
        cannot = against(self.statistic, self.what, self.unit)
        return self.confidence is not None or (self.minimum_trials is not None and cannot is None)

    def of(self, measured: Sequence[MeasuredValue]) -> Worth | Reason:
        """Return what measurements are worth, or why they do not suffice. They are at least one, the newest first."""
        pooled = _once(measured) if self.pools else (measured[0],)
        if not self.asks_of_trials:
            return Worth(measured[0].value, pooled, measured[0].sample_size)
        trials = trials_of(pooled, self.what)
        if isinstance(trials, Reason):
            return trials
        if self.minimum_trials is not None and trials < self.minimum_trials:
            message = f"{self.what} is of {trials} trials; the policy asks for at least {self.minimum_trials}"
            more = f"{self.minimum_trials - trials} more" if self.pools else f"{self.minimum_trials}"
            return Reason(TOO_FEW_TRIALS, message, f"attach evidence of {self.what} with at least {more} trials")
        if self.confidence is None:
            return Worth(value_of(pooled), pooled, trials)
        pooled_sample = sample(self.statistic, self.unit, pooled, self.what)
        return pooled_sample if isinstance(pooled_sample, Reason) else Worth(pooled_sample.value, pooled, trials, pooled_sample)


def _once(measured: Sequence[MeasuredValue]) -> tuple[MeasuredValue, ...]:
    """Return each report once, however often it was attached and of however many artifacts."""
    once: dict[tuple[object, ...], MeasuredValue] = {}
    for m in measured:
        once.setdefault((m.report or m.evidence, m.value, m.sample_size, m.spread), m)
    return tuple(once.values())
