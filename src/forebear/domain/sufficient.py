"""What suffices for a requirement with a confidence, in numbers: how many trials out of how many."""

from __future__ import annotations

from collections.abc import Callable

from forebear.domain.clause import number
from forebear.domain.evidence import Pack
from forebear.domain.interval import Rate, Share
from forebear.domain.requirement import Requirement
from forebear.domain.sample import WHOLES, Sample, against
from forebear.graph.kinds.release import Direction, Statistic

TRIALS = 100
"""The number of trials in the text if the policy asks for none."""

MOST = 10**9
"""The greatest number of trials or events that is considered."""


def sufficient(requirement: Requirement, pack: Pack) -> str | None:
    """Return what suffices for a requirement of a pack's metric, in words.

    None if it asks for no confidence, or if that depends on how the values spread.

    For a confidence of 0.95 and a minimum of 85 %: "of 100 trials 91 suffice".
    """
    unit, _ = pack.metrics[requirement.metric]
    statistic = pack.statistics.get(requirement.metric)
    if requirement.confidence is None or against(statistic, requirement.metric, unit):
        return None
    trials = requirement.minimum_trials or TRIALS
    if statistic is Statistic.PROPORTION:
        return _of_trials(requirement, requirement.confidence, trials, WHOLES[unit])
    if statistic is Statistic.RATE:
        return _of_exposure(requirement, requirement.confidence, trials)
    return None


def _of_trials(requirement: Requirement, confidence: float, trials: int, whole: int) -> str:
    def reaches(successes: int, of: int) -> bool:
        return _reaches(requirement, Sample(Share(successes / of, of), 0, of, whole), confidence)

    if requirement.direction is Direction.HIGHER_IS_BETTER:
        if reaches(trials, trials):
            return f"of {trials} trials {_first(lambda k: reaches(k, trials), trials)} suffice"
        least = _first(lambda n: n > 0 and reaches(n, n), MOST)
        return f"of {trials} trials not even all suffice" + (f": it takes {least} at least" if least else "")
    if reaches(0, trials):
        return f"of {trials} trials at most {_first(lambda k: not reaches(k, trials), trials + 1, trials + 1) - 1}"
    least = _first(lambda n: n > 0 and reaches(0, n), MOST)
    return f"of {trials} trials not even none suffices" + (f": it takes {least} at least" if least else "")


def _of_exposure(requirement: Requirement, confidence: float, exposure: int) -> str:
    def reaches(events: int, of: int) -> bool:
        return _reaches(requirement, Sample(Rate(events, of), 0, of), confidence)

    within = f"in an exposure of {exposure}"
    if requirement.direction is Direction.HIGHER_IS_BETTER:
        return f"{within} {_first(lambda k: reaches(k, exposure), MOST)} events suffice"
    if reaches(0, exposure):
        return f"{within} at most {number(_first(lambda k: not reaches(k, exposure), MOST) - 1)} events"
    least = _first(lambda n: n > 0 and reaches(0, n), MOST)
    return f"{within} not even no event suffices" + (f": it takes an exposure of {least} at least" if least else "")


def _reaches(requirement: Requirement, sample: Sample, confidence: float) -> bool:
    best = 1 if requirement.direction is Direction.HIGHER_IS_BETTER else -1
    return best * sample.bound(confidence, best) >= best * requirement.threshold


def _first(holds: Callable[[int], bool], most: int, otherwise: int = 0) -> int:
    """Return the first whole number from 0 to `most` for which `holds` is true. It is true for all greater ones, too."""
    low, high = 0, most + 1
    while low < high:
        middle = (low + high) // 2
        if middle <= most and holds(middle):
            high = middle
        else:
            low = middle + 1
    return low if low <= most else otherwise
