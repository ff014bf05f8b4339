"""Comparisons of two versions, metric by metric and slice by slice, on evidence of the same pack, hardware target and unit.

All measurements that count do so together where the pack says what the metric is; otherwise the newest does. A verdict rests on
an interval of 95 % confidence of the difference, candidate minus base. Where the line's policy names a margin for the metric,
an interval inside it is UNCHANGED, whatever else it says; without a margin nothing is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from forebear.domain.evaluation import uncounted
from forebear.domain.evidence import MeasuredValue, Pack
from forebear.domain.interval import Interval
from forebear.domain.outcome import Reason
from forebear.domain.requirement import NoRegression
from forebear.domain.sample import METHODS, Method
from forebear.domain.worth import Weighing, Worth
from forebear.graph.kinds.release import Direction, EvidenceType

CONFIDENCE = 0.95
"""The confidence of the interval of a difference, two-sided."""


class ComparisonVerdict(StrEnum):
    """What a comparison of one metric comes to."""

    IMPROVED = "IMPROVED"
    REGRESSED = "REGRESSED"
    UNCHANGED = "UNCHANGED"
    INCONCLUSIVE = "INCONCLUSIVE"
    NOT_COMPARABLE = "NOT_COMPARABLE"
    MISSING = "MISSING"


@dataclass(frozen=True)
class Measure:
    """What is measured: a metric of a pack's version on a slice, on a hardware target (None: on the version itself)."""

    pack: str
    metric: str
    slice: str | None
    target: str | None

    @property
    def words(self) -> str:
        """The metric and its slice."""
        return self.metric + (f" on {self.slice}" if self.slice else "")


@dataclass(frozen=True)
class ComparedMetric:
    """One metric of a base and a candidate: values in `unit`, the difference, its interval, and the verdict with its reason."""

    measure: Measure
    verdict: ComparisonVerdict
    reason: str
    unit: str | None = None
    direction: Direction | None = None
    base: Worth | None = None
    candidate: Worth | None = None
    interval: Interval | None = None
    method: Method | None = None
    margin: float | None = None

    @property
    def difference(self) -> float | None:
        """Candidate minus base."""
        return None if self.base is None or self.candidate is None else float(f"{self.candidate.value - self.base.value:.12g}")

    @property
    def is_paired(self) -> bool:
        """Whether both were replayed, on the same episodes."""
        types = {m.type for side in (self.base, self.candidate) if side for m in side.measured}
        return types == {EvidenceType.REPLAY}


@dataclass(frozen=True)
class Bench:
    """What comparisons are made with: the packs by id, the margins of the line's policy, its hardware target, and now."""

    packs: Mapping[str, Pack]
    margins: tuple[NoRegression, ...]
    line_target: str | None
    now: str

    def compared(self, base: Iterable[MeasuredValue], candidate: Iterable[MeasuredValue]) -> tuple[ComparedMetric, ...]:
        """Every metric that counts of either, in the order of packs, metrics, slices and targets."""
        sides = [self._counted(side) for side in (base, candidate)]
        measures = sorted({*sides[0], *sides[1]}, key=lambda m: (m.pack, m.metric, m.slice or "", m.target or ""))
        return tuple(self._metric(measure, *sides) for measure in measures)

    def _counted(self, measured: Iterable[MeasuredValue]) -> dict[Measure, list[MeasuredValue]]:
        """What counts, by what was measured, the newest first and of one moment the worst."""
        counted: dict[Measure, list[MeasuredValue]] = {}
        for m in measured:
            if uncounted(m, datetime.fromisoformat(self.now)) is None:
                counted.setdefault(Measure(m.pack, m.metric, m.slice, m.target), []).append(m)
        for measure, of_it in counted.items():
            best = -1 if self._defined(measure)[1] is Direction.LOWER_IS_BETTER else 1
            of_it.sort(key=lambda m: (m.measured_at, -best * m.value, m.evidence, m.artifact or ""), reverse=True)
        return counted

    def _defined(self, measure: Measure) -> tuple[str | None, Direction | None]:
        pack = self.packs.get(measure.pack)
        return pack.metrics.get(measure.metric, (None, None)) if pack else (None, None)

    def _metric(
        self, measure: Measure, base: Mapping[Measure, list[MeasuredValue]], candidate: Mapping[Measure, list[MeasuredValue]]
    ) -> ComparedMetric:
        unit, direction = self._defined(measure)
        found = ComparedMetric(measure, ComparisonVerdict.MISSING, "", unit, direction, margin=self._margin(measure))
        sides = [side.get(measure) for side in (base, candidate)]
        found = replace(
            found,
            base=Worth(sides[0][0].value, (sides[0][0],), sides[0][0].sample_size) if sides[0] else None,
            candidate=Worth(sides[1][0].value, (sides[1][0],), sides[1][0].sample_size) if sides[1] else None,
        )
        for n, name in enumerate(("base", "candidate")):
            if not sides[n]:
                other = next(_near(measure, (base, candidate)[n]), None)
                verdict = ComparisonVerdict.NOT_COMPARABLE if other else ComparisonVerdict.MISSING
                said = f"the {name} was measured {other} alone" if other else f"the {name} was not measured"
                return replace(found, verdict=verdict, reason=said)
        one, two = ([m for m in side or () if m.unit in (None, unit)] for side in sides)
        if not one or not two:
            units = sorted({m.unit for side in sides for m in side or () if m.unit not in (None, unit)})
            said = f"it was measured in {' and '.join(map(str, units))}, and the pack measures it in {unit or 'no unit'}"
            return replace(found, verdict=ComparisonVerdict.NOT_COMPARABLE, reason=said)
        return self._judged(found, one, two)

    def _judged(self, found: ComparedMetric, base: list[MeasuredValue], candidate: list[MeasuredValue]) -> ComparedMetric:
        measure = found.measure
        pack = self.packs.get(measure.pack)
        statistic = pack.statistics.get(measure.metric) if pack else None
        weighing = Weighing(measure.words, statistic, found.unit, None, CONFIDENCE)
        one, two = weighing.of(base), weighing.of(candidate)
        if isinstance(one, Reason) or isinstance(two, Reason):
            reason = next(side.message for side in (one, two) if isinstance(side, Reason))
            return replace(found, verdict=ComparisonVerdict.INCONCLUSIVE, reason=reason)
        assert statistic is not None
        assert one.sample is not None
        assert two.sample is not None
        interval = two.sample.over(one.sample, (1 - CONFIDENCE) / 2)
        found = replace(found, base=one, candidate=two, interval=interval, method=METHODS[statistic][1])
        verdict, reason = _verdict(found, interval)
        return replace(found, verdict=verdict, reason=reason)

    def _margin(self, measure: Measure) -> float | None:
        """The margin of the policy for a metric, if it names one above nought."""
        for rule in self.margins:
            target = rule.target or (self.line_target if rule.on_target else None)
            same = (rule.pack, rule.metric, rule.slice) == (measure.pack, measure.metric, measure.slice)
            if same and rule.margin and measure.target in ({target} if target else {None, self.line_target}):
                return rule.margin
        return None


def _verdict(found: ComparedMetric, interval: Interval) -> tuple[ComparisonVerdict, str]:
    if found.margin is not None and interval.within(found.margin):
        return ComparisonVerdict.UNCHANGED, "the interval lies inside the policy's margin"
    if 0 in interval:
        return ComparisonVerdict.INCONCLUSIVE, "the interval holds no difference as well as differences"
    if found.direction is None:
        return ComparisonVerdict.NOT_COMPARABLE, "the pack does not say which way it is better"
    better = (interval.low > 0) == (found.direction is Direction.HIGHER_IS_BETTER)
    return (ComparisonVerdict.IMPROVED, "all of the interval is better") if better else (
        ComparisonVerdict.REGRESSED, "all of the interval is worse"
    )  # fmt: skip


def _near(measure: Measure, measured: Mapping[Measure, list[MeasuredValue]]) -> Iterator[str]:
    """How else a metric was measured: with another version of its pack, or on another hardware target."""
    family = measure.pack.rpartition("@")[0]
    for other in sorted(measured, key=lambda m: (m.pack, m.target or "")):
        if (other.metric, other.slice) == (measure.metric, measure.slice) and other.pack.rpartition("@")[0] == family:
            yield f"with {other.pack}" if other.pack != measure.pack else f"on {other.target or 'no hardware target'}"
