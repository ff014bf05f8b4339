"""What suffices for a requirement that asks for a confidence, in numbers: of so many trials so many."""

from __future__ import annotations

from collections.abc import Callable

from forebear.domain.evidence import Pack
from forebear.domain.interval import Rate, Share
from forebear.domain.policy import Requirement, number
from forebear.domain.sample import WHOLES, Sample, against
from forebear.graph.kinds.release import Direction, Statistic

TRIALS = 100
"""The number of trials of which it is told, where the policy asks for none."""

MOST = 10**9
"""The greatest number of trials or events that is looked at."""


def sufficient(asked: Requirement, pack: Pack) -> str | None:
    """What suffices for a requirement of a pack's metric, in words; None where it asks for no confidence, or where that
    depends on how the values spread.

    Of a confidence of 0.95 and a minimum of 85 %: "of 100 trials 91 suffice".
    """
    unit, _ = pack.metrics[asked.metric]
    statistic = pack.statistics.get(asked.metric)
    if asked.confidence is None or against(statistic, asked.metric, unit):
        return None
    trials = asked.minimum_trials or TRIALS
    if statistic is Statistic.PROPORTION:
        return _of_trials(asked, asked.confidence, trials, WHOLES[unit])
    if statistic is Statistic.RATE:
        return _of_exposure(asked, asked.confidence, trials)
    return None


def _of_trials(asked: Requirement, confidence: float, trials: int, whole: int) -> str:
    def reaches(successes: int, of: int) -> bool:
        return _reaches(asked, Sample(Share(successes / of, of), 0, of, whole), confidence)

    if asked.direction is Direction.HIGHER_IS_BETTER:
        if reaches(trials, trials):
            return f"of {trials} trials {_first(lambda k: reaches(k, trials), trials)} suffice"
        least = _first(lambda n: n > 0 and reaches(n, n), MOST)
        return f"of {trials} trials not even all suffice" + (f": it takes {least} at least" if least else "")
    if reaches(0, trials):
        return f"of {trials} trials at most {_first(lambda k: not reaches(k, trials), trials + 1, trials + 1) - 1}"
    least = _first(lambda n: n > 0 and reaches(0, n), MOST)
    return f"of {trials} trials not even none suffices" + (f": it takes {least} at least" if least else "")


def _of_exposure(asked: Requirement, confidence: float, exposure: int) -> str:
    def reaches(events: int, of: int) -> bool:
        return _reaches(asked, Sample(Rate(events, of), 0, of), confidence)

    within = f"in an exposure of {exposure}"
    if asked.direction is Direction.HIGHER_IS_BETTER:
        return f"{within} {_first(lambda k: reaches(k, exposure), MOST)} events suffice"
    if reaches(0, exposure):
        return f"{within} at most {number(_first(lambda k: not reaches(k, exposure), MOST) - 1)} events"
    least = _first(lambda n: n > 0 and reaches(0, n), MOST)
    return f"{within} not even no event suffices" + (f": it takes an exposure of {least} at least" if least else "")


def _reaches(asked: Requirement, sample: Sample, confidence: float) -> bool:
    best = 1 if asked.direction is Direction.HIGHER_IS_BETTER else -1
    return best * sample.bound(confidence, best) >= best * asked.threshold


def _first(holds: Callable[[int], bool], most: int, otherwise: int = 0) -> int:
    """The first whole number from 0 to `most` that something holds for, which then holds for all greater ones."""
    low, high = 0, most + 1
    while low < high:
        middle = (low + high) // 2
        if middle <= most and holds(middle):
            high = middle
        else:
            low = middle + 1
    return low if low <= most else otherwise
