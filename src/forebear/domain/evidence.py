"""Measurements as decisions read them, and the checks that they lead to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from forebear.graph.kinds.incident import Severity
from forebear.graph.kinds.release import ArtifactState, Direction, EvidenceType, Statistic


@dataclass(frozen=True)
class Pack:
    """An evaluation pack: for each metric its unit (None: dimensionless) and which way is better, and its slices.

    `statistics` is what metrics are, of those of which the pack says it.
    """

    id: str
    metrics: Mapping[str, tuple[str | None, Direction | None]]
    slices: frozenset[str] = frozenset()
    statistics: Mapping[str, Statistic] = field(default_factory=dict)

    @classmethod
    def of(cls, id: str, metrics: Iterable[Mapping[str, Any]], slices: Iterable[str]) -> Pack:
        """A pack of its metrics as the graph has them."""
        defined = [*metrics]
        return cls(
            id,
            {m["name"]: (m.get("unit"), Direction(m["direction"]) if m.get("direction") else None) for m in defined},
            frozenset(slices),
            {m["name"]: Statistic(m["statistic"]) for m in defined if m.get("statistic")},
        )


@dataclass(frozen=True)
class MeasuredValue:
    """One measured value of a version, or of an artifact of it, in the metric's unit.

    `target` is the hardware target of the measured artifact, or None if the version itself was measured. `superseded_by` is
    later evidence that corrects this one. `outdated`: somebody corrected a digest of its version later. `measured_at` is empty
    if nobody says when; that counts as the oldest. `report` is the digest of the report.
    """

    evidence: str
    pack: str
    type: EvidenceType | None
    metric: str
    slice: str | None
    value: float
    unit: str | None
    sample_size: int | None
    spread: float | None
    measured_at: str
    target: str | None
    artifact: str | None
    artifact_state: ArtifactState | None = None
    superseded_by: str | None = None
    outdated: bool = False
    report: str | None = None


@dataclass(frozen=True)
class Baseline:
    """What a candidate is compared with: the version that is deployed in the line, and its measurements."""

    version: str
    measured: tuple[MeasuredValue, ...] = field(default=())


@dataclass(frozen=True)
class SampledIncident:
    """An incident, and the evaluation packs that were sampled from it. `began` is when it began."""

    id: str
    severity: Severity | None
    began: str
    packs: tuple[Pack, ...] = ()


class CheckResult(msgspec.Struct, frozen=True):
    """One requirement of a policy, compared with a measurement, and what would satisfy it if it failed.

    `threshold`, `measured` and `baseline` are in `unit`. `direction` says whether `threshold` is a minimum or a maximum.
    `measured` and `evidence` are None if no measurement counts. `baseline` is the deployed version's value in a comparison,
    measured by `baseline_evidence`. If the policy asks something of trials, `trials` are those that counted, of the evidence
    `pooled` and, for the deployed version, `baseline_pooled`. With a `confidence`, the one-sided `bound` is compared with the
    threshold instead of `measured`. `incident` is the one that a pack has to cover; `pack` is None if none does.
    """

    code: str
    requirement: str
    pack: str | None
    metric: str
    slice: str | None
    target: str | None
    threshold: float | None
    direction: Direction | None
    unit: str | None
    measured: float | None
    evidence: str | None
    baseline: float | None
    baseline_evidence: str | None
    passed: bool
    message: str
    remedy: str | None
    statistic: Statistic | None = None
    minimum_trials: int | None = None
    confidence: float | None = None
    trials: int | None = None
    bound: float | None = None
    pooled: tuple[str, ...] = ()
    baseline_pooled: tuple[str, ...] = ()
    incident: str | None = None

    @property
    def rests_on(self) -> tuple[str, ...]:
        """The evidence that decided it: the candidate's, then that of what it was compared with."""
        every = (self.evidence, *self.pooled, self.baseline_evidence, *self.baseline_pooled)
        return tuple(dict.fromkeys(id for id in every if id is not None))

    def frozen(self) -> dict[str, Any]:
        """Return the check as a Decision keeps it: a `Check` of the graph, without the values that are None.

        The remedy is left out: it is advice for the moment, and a decision says what was.
        """
        values = {
            "code": self.code,
            "requirement": self.requirement,
            "pack": self.pack,
            "metric": self.metric,
            "slice": self.slice,
            "target": self.target,
            "threshold": self.threshold,
            "direction": self.direction and self.direction.value,
            "unit": self.unit,
            "measured": self.measured,
            "evidence": self.evidence,
            "baseline": self.baseline,
            "baselineEvidence": self.baseline_evidence,
            "passed": self.passed,
            "message": self.message,
            "statistic": self.statistic and self.statistic.value,
            "minimumTrials": self.minimum_trials,
            "confidence": self.confidence,
            "trials": self.trials,
            "bound": self.bound,
            "pooled": list(self.pooled) or None,
            "baselinePooled": list(self.baseline_pooled) or None,
            "incident": self.incident,
        }
        return {name: value for name, value in values.items() if value is not None}
