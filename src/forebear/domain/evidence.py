"""What was measured, as decisions read it, and the checks that come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from forebear.graph.kinds.release import ArtifactState, Direction, EvidenceType


@dataclass(frozen=True)
class Pack:
    """An evaluation pack: for each metric its unit (None: dimensionless) and which way is better, and its slices."""

    id: str
    metrics: Mapping[str, tuple[str | None, Direction | None]]
    slices: frozenset[str] = frozenset()


@dataclass(frozen=True)
class MeasuredValue:
    """One measured value of a version, or of an artifact of it, in the metric's unit.

    `target` is the hardware target of the artifact that was measured, None where the version itself was; `superseded_by`
    is later evidence that corrects this one; `outdated`: a digest of its version was corrected since it was recorded;
    `measured_at` is empty where nobody has said when, which is older than anything.
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


@dataclass(frozen=True)
class Baseline:
    """What a candidate is compared with: the version that is deployed in the line, and what was measured of it."""

    version: str
    measured: tuple[MeasuredValue, ...] = field(default=())


class CheckResult(msgspec.Struct, frozen=True):
    """One requirement of a policy, checked: what was asked, what was found, and what would satisfy it where it failed.

    `threshold`, `measured` and `baseline` are in `unit`, and `direction` says whether `threshold` is the least that suffices or
    the greatest; `measured` and `evidence` are None where no measurement counts; `baseline` is the
    deployed version's value in a comparison, measured by `baseline_evidence`.
    """

    code: str
    requirement: str
    pack: str
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

    def frozen(self) -> dict[str, Any]:
        """The check as a Decision keeps it: a `Check` of the graph, without what is None.

        The remedy is not kept: it is advice for the moment, and a decision says what was.
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
        }
        return {name: value for name, value in values.items() if value is not None}
