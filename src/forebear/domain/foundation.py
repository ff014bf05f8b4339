"""What an approval stands on: the checks that it froze, held to that very evidence as it has been corrected since; and the
lineage that the policy asked the candidate to carry, held to what is left of it.

What was measured besides, later, is another question: an approval is for what its voters saw. So only evidence that supersedes
what a check rested on, or a corrected digest of what was measured, tells that the check no longer holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from forebear.domain.evidence import MeasuredValue
from forebear.domain.part import Part
from forebear.domain.policy import number
from forebear.domain.worth import Weighing, Worth
from forebear.graph.kinds.release import Direction, Statistic
from forebear.graph.kinds.training import RunStatus


@dataclass(frozen=True)
class LineageGround:
    """What a candidate carries of its lineage: an edge, with what stands at its end, or a value of a node itself."""

    part: Part
    of: str
    edge: str | None = None
    to: str | None = None
    value: str | None = None

    def frozen(self) -> dict[str, str]:
        """As a decision freezes it. A run that had not succeeded yet may still come to anything."""
        unsettled = self.edge == "producedBy" and self.value != RunStatus.SUCCEEDED
        return {
            name: value for name, value in asdict(self).items() if value is not None and not (unsettled and name == "value")
        }


Known = Mapping[tuple[Any, ...], MeasuredValue]
"""Measurements by evidence, pack, metric and slice."""

_SIGNS = {Direction.HIGHER_IS_BETTER: 1, Direction.LOWER_IS_BETTER: -1}


def fallen(checks: Iterable[Mapping[str, Any]], measured: Iterable[MeasuredValue]) -> tuple[str, ...]:
    """The checks, as a decision froze them, that do not hold on corrected evidence: each in words.

    Evidence of which nothing is in `measured` is taken to be as it was. A check that does not say which way is better holds on
    the same value alone.
    """
    measurements = {(m.evidence, m.pack, m.metric, m.slice): m for m in measured}
    return tuple(message for check in checks if check["passed"] and (message := _against(check, measurements)))


def lost(frozen: Iterable[Mapping[str, Any]], grounds: Iterable[LineageGround]) -> tuple[str, ...]:
    """What a decision rested on of a candidate's lineage, and is there no more or is something else: each in words.

    What came since does not matter, nor what was said since of what was not known.
    """
    now = {(g.part.value, g.of, g.edge, g.to): g for g in grounds}
    return tuple(message for each in frozen if (message := _changed(each, now)))


def _changed(then: Mapping[str, Any], now: Mapping[tuple[Any, ...], LineageGround]) -> str | None:
    ground = now.get(tuple(then.get(name) for name in ("part", "of", "edge", "to")))
    what = f"{then['of']} {then['edge']} {then['to']}" if then.get("edge") else f"the {then['part']} of {then['of']}"
    if ground is None:
        return f"{then['part']}: it was approved on {what}, which is no part of its lineage any more"
    if (was := then.get("value")) is None or was == ground.value:
        return None
    if ground.part is Part.CONFIGURATION:
        return f"{then['part']}: it was approved on {what}, which was corrected"
    return f"{then['part']}: it was approved on {what} with {was}, which is {ground.value or 'missing'} now"


def _against(check: Mapping[str, Any], measurements: Known) -> str | None:
    if check.get("pooled"):
        return _against_pooled(check, measurements)
    now: dict[str, float | None] = {}
    changes: list[str] = []
    for name, evidence in (("measured", "evidence"), ("baseline", "baselineEvidence")):
        now[name] = check.get(name)
        key = tuple(check.get(part) for part in (evidence, "pack", "metric", "slice"))
        if key not in measurements or (correction := _corrected(key, measurements)) is measurements[key]:
            continue
        now[name] = correction.value if correction else None
        after = (
            f"{correction.evidence} corrects to {number(correction.value, check.get('unit'))}"
            if correction
            else "does not count any more"
        )
        changes.append(f"{number(check[name], check.get('unit'))} ({check[evidence]}), which {after}")
    if not changes or _holds(check, now["measured"], now["baseline"]):
        return None
    return f"{check['requirement']}: it was approved on {' and '.join(changes)}"


def _against_pooled(check: Mapping[str, Any], measurements: Known) -> str | None:
    """As `_against`, of a check that rests on the trials of several pieces of evidence together."""
    now: list[list[MeasuredValue]] = []
    gone: list[str] = []
    for name in ("pooled", "baselinePooled"):
        now.append([])
        for evidence in check.get(name, ()):
            key = (evidence, *(check.get(part) for part in ("pack", "metric", "slice")))
            correction = _corrected(key, measurements)
            now[-1] += [correction] if correction else []
            gone += [evidence] if key in measurements and correction is not measurements[key] else []
    if not gone:
        return None
    statistic = Statistic(check["statistic"]) if check.get("statistic") else None
    what, confidence = str(check["requirement"]), check.get("confidence")
    weighing = Weighing(what, statistic, check.get("unit"), check.get("minimumTrials"), confidence)
    best = _SIGNS.get(check.get("direction"), 1)  # type: ignore[arg-type]
    own, base = (weighing.of(measured) if measured else None for measured in now)
    if isinstance(own, Worth) and (isinstance(base, Worth) or not check.get("baselinePooled")):
        base = base if isinstance(base, Worth) else None
        if _holds(check, own.reached(best, confidence, base), base.value if base else None):
            return None
    return f"{check['requirement']}: it was approved on trials of {', '.join(gone)}, which later evidence corrects"


def _corrected(key: tuple[Any, ...], measurements: Known) -> MeasuredValue | None:
    """A measurement as the last evidence that supersedes it has it; None where nothing of it counts."""
    measurement = measurements.get(key)
    for _ in measurements:
        if measurement is None or measurement.superseded_by is None:
            break
        measurement = measurements.get((measurement.superseded_by, *key[1:]))
    return None if measurement is None or measurement.superseded_by or measurement.outdated else measurement


def _holds(check: Mapping[str, Any], measured: float | None, baseline: float | None) -> bool:
    """Whether a check is met by other values than it froze: its threshold goes along with what it was compared with."""
    before = check.get("measured"), check.get("baseline")
    if (measured, baseline) == before:
        return True
    best, threshold = _SIGNS.get(check.get("direction")), check.get("threshold")  # type: ignore[arg-type]
    if best is None or threshold is None or measured is None or (baseline is None) != (before[1] is None):
        return False
    # As in evaluation: binary fractions would turn "worse by exactly the margin" into chance.
    limit = Decimal(str(threshold))
    if baseline is not None:
        limit += Decimal(str(baseline)) - Decimal(str(before[1]))
    return best * (Decimal(str(measured)) - limit) >= 0
