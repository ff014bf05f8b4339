"""What an approval rests on: its checks, compared with the corrected evidence, and the candidate's lineage.

An approval is for what its voters saw, so later measurements do not matter. Only two things say that a check no longer holds:
evidence that supersedes what the check rested on, and a corrected digest of what was measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from forebear.domain.clause import number
from forebear.domain.evidence import MeasuredValue
from forebear.domain.part import Part
from forebear.domain.worth import Weighing, Worth
from forebear.graph.kinds.release import Direction, Statistic
from forebear.graph.kinds.training import RunStatus


@dataclass(frozen=True)
class LineageGround:
    """One piece of a candidate's lineage: an edge, with what stands at its end, or a value of a node itself."""

    part: Part
    of: str
    edge: str | None = None
    to: str | None = None
    value: str | None = None

    def frozen(self) -> dict[str, str]:
        """Return it as a decision freezes it. The outcome of a run that had not succeeded yet is left out."""
        unsettled = self.edge == "producedBy" and self.value != RunStatus.SUCCEEDED
        return {
            name: value for name, value in asdict(self).items() if value is not None and not (unsettled and name == "value")
        }


Known = Mapping[tuple[Any, ...], MeasuredValue]
"""Measurements by evidence, pack, metric and slice."""

_SIGNS = {Direction.HIGHER_IS_BETTER: 1, Direction.LOWER_IS_BETTER: -1}


def fallen(checks: Iterable[Mapping[str, Any]], measured: Iterable[MeasuredValue]) -> tuple[str, ...]:
    """Return the frozen checks that corrected evidence no longer supports, each in words.

    Evidence that `measured` lacks counts as unchanged. A check without a direction needs the same value.
    """
    measurements = {(m.evidence, m.pack, m.metric, m.slice): m for m in measured}
    return tuple(message for check in checks if check["passed"] and (message := _against(check, measurements)))


def lost(frozen: Iterable[Mapping[str, Any]], grounds: Iterable[LineageGround]) -> tuple[str, ...]:
    """Return the lineage that a decision rested on and that is gone or different, each in words.

    Lineage that was added later does not matter, nor do values that were unknown then.
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
    missing: list[str] = []
    for name in ("pooled", "baselinePooled"):
        now.append([])
        for evidence in check.get(name, ()):
            key = (evidence, *(check.get(part) for part in ("pack", "metric", "slice")))
            correction = _corrected(key, measurements)
            now[-1] += [correction] if correction else []
            missing += [evidence] if key in measurements and correction is not measurements[key] else []
    if not missing:
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
    return f"{check['requirement']}: it was approved on trials of {', '.join(missing)}, which later evidence corrects"


def _corrected(key: tuple[Any, ...], measurements: Known) -> MeasuredValue | None:
    """Return the measurement after all corrections, or None if no correction counts."""
    measurement = measurements.get(key)
    for _ in measurements:
        if measurement is None or measurement.superseded_by is None:
            break
        measurement = measurements.get((measurement.superseded_by, *key[1:]))
    return None if measurement is None or measurement.superseded_by or measurement.outdated else measurement


def _holds(check: Mapping[str, Any], measured: float | None, baseline: float | None) -> bool:
    """Return whether other values pass a frozen check. Its threshold moves along with the baseline."""
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
