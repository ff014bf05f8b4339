"""What measurements are worth under a policy: one check for each requirement, and what is still missing.

For each requirement the newest measurement that counts decides, not the best. Otherwise whoever measures often enough passes by
luck, and an older success hides a regression that somebody found. Of several measurements from the same moment the worst
decides.

If a requirement asks for a number of trials or for a confidence, all measurements that count decide together (see `worth`).

A measurement counts if nothing supersedes it, if no digest of its version was corrected since, if its artifact can still run
somewhere, and if it has the type, target, unit and age that the policy asks for. A measurement on one hardware target never
counts for another.
"""

from __future__ import annotations

import decimal
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Context, Decimal

from msgspec.structs import replace

from forebear.domain.clause import number, percent
from forebear.domain.cover import Covers
from forebear.domain.evidence import Baseline, CheckResult, MeasuredValue, Pack, SampledIncident
from forebear.domain.outcome import Reason
from forebear.domain.policy import Policy
from forebear.domain.requirement import MeasurementRule, NoRegression, Requirement
from forebear.domain.votes import Count
from forebear.domain.worth import Weighing, Worth
from forebear.graph.kinds.release import ArtifactState, Direction
from forebear.graph.moments import CLOCK_SKEW, moment
from forebear.graph.values import IN_FUTURE

MET = "MET"
"""The code of a check that passed: the measured value suffices."""
NOTHING_DEPLOYED = "NOTHING_DEPLOYED"
"""The code of a comparison that passed because nothing is deployed in the line to compare with."""
THRESHOLD_MISSED = "THRESHOLD_MISSED"
REGRESSION = "REGRESSION"
NO_EVIDENCE = "NO_EVIDENCE"
SUPERSEDED = "SUPERSEDED"
DIGEST_CORRECTED = "DIGEST_CORRECTED"
ARTIFACT_UNUSABLE = "ARTIFACT_UNUSABLE"
OTHER_TYPE = "OTHER_TYPE"
OTHER_TARGET = "OTHER_TARGET"
OTHER_UNIT = "OTHER_UNIT"
TOO_OLD = "TOO_OLD"
NO_BASELINE = "NO_BASELINE"
NOT_COVERED = "NOT_COVERED"
NO_TARGET = "NO_TARGET"
UNDEFINED = "UNDEFINED"


def evaluate(
    policy: Policy,
    line_target: str | None,
    measured: Iterable[MeasuredValue],
    packs: Mapping[str, Pack],
    baseline: Baseline | None,
    now: str,
    incidents: Iterable[SampledIncident] = (),
) -> tuple[CheckResult, ...]:
    """Return one check for each requirement of a policy: those under `evidence`, those under `noRegression`, and one for each
    incident that it asks to cover.

    `measured` is all that was measured of the version and its artifacts, in any order. `packs` are the policy's, by id.
    `line_target` is the line's hardware target. `baseline` is what is deployed in the line now, or None, and never the release
    itself. `now` is a moment. `incidents` are those of the line.
    """
    bench = _Bench(line_target, packs, datetime.fromisoformat(now))
    candidates = tuple(measured)
    covers = policy.covers
    return (
        *(bench.required(requirement, candidates) for requirement in policy.evidence),
        *(bench.compared(requirement, candidates, baseline) for requirement in policy.no_regression),
        *(bench.covered(covers, each, candidates) for each in incidents if covers and covers.asks_for(each, bench.now)),
    )


def promotes_itself(policy: Policy, checks: Iterable[CheckResult], *, refused_before: bool) -> bool:
    """Return whether a release is approved without votes: a policy of low risk says so, and every check passed.

    `refused_before`: somebody rejected the release or withdrew its approval. Then people must approve it. Otherwise the next
    measurement would undo what a person decided.
    """
    return policy.automatic_promotion and not refused_before and all(check.passed for check in checks)


def missing(checks: Iterable[CheckResult], count: Count | None = None, candidate: Iterable[Reason] = ()) -> tuple[Reason, ...]:
    """Return what approval still needs, requirement by requirement, each with what would satisfy it.

    `candidate` is the answer of `missing_of_candidate`. `count` is None if the policy promotes by itself.
    """
    failed = (Reason(check.code, check.message, check.remedy or "") for check in checks if not check.passed)
    votes = () if count is None else count.missing
    return (*candidate, *failed, *votes)


@dataclass(frozen=True)
class _Bench:
    """What all requirements of one evaluation are compared with."""

    line_target: str | None
    packs: Mapping[str, Pack]
    now: datetime

    def required(self, requirement: Requirement, measured: Sequence[MeasuredValue]) -> CheckResult:
        check = self.open(requirement, requirement.threshold, requirement.direction)
        best = 1 if requirement.direction is Direction.HIGHER_IS_BETTER else -1
        measurement = self.worth(requirement, measured, best)
        if isinstance(measurement, Reason):
            return _failed(check, measurement)
        reached = measurement.reached(best, requirement.confidence)
        check = _weighed(check, measurement, reached)
        message, bound = f"{requirement.what} is {_value(measurement, check.unit)}", requirement.bound(check.unit)
        if requirement.confidence is not None:
            message += f", and {'at least' if best > 0 else 'at most'} {_bound(reached, best, check.unit)}"
            message += f" with {percent(requirement.confidence)} confidence"
        message = f"{message}; the policy asks for {bound}"
        if best * reached >= best * requirement.threshold:
            return replace(check, code=MET, passed=True, message=message)
        return _failed(check, Reason(THRESHOLD_MISSED, message, self.newer(requirement, bound)))

    def compared(self, requirement: NoRegression, measured: Sequence[MeasuredValue], baseline: Baseline | None) -> CheckResult:
        direction = self.metric(requirement)[1]
        check = self.open(requirement, None, direction)
        if baseline is None:
            message = f"{requirement.what} has nothing to be compared with: nothing is deployed in the line"
            return replace(check, code=NOTHING_DEPLOYED, passed=True, message=message)
        best = -1 if direction == Direction.LOWER_IS_BETTER else 1
        measurement = self.worth(requirement, measured, best)
        if isinstance(measurement, Reason):
            return _failed(check, measurement)
        if direction is None:
            message = f"{requirement.pack} does not say which way {requirement.metric} is better, so it cannot be compared"
            return _failed(check, Reason(UNDEFINED, message, "adopt a policy whose pack says so"))
        check = _weighed(check, measurement, None)
        message = f"{requirement.what} is {_value(measurement, check.unit)}"
        former = self.worth(requirement, baseline.measured, best)
        if isinstance(former, Reason):
            message = f"{message}, and {baseline.version}, which is deployed, has nothing to compare it with: {former.message}"
            return _failed(check, Reason(NO_BASELINE, message, f"measure {baseline.version}, too: {former.remedy}"))
        # Binary fractions would turn "worse by exactly the margin" into chance: 0.7 + 0.1 < 0.8.
        limit = Decimal(str(former.value)) - best * Decimal(str(requirement.margin))
        reached = measurement.reached(best, requirement.confidence, former)
        check = _weighed(check, measurement, reached, former)
        check = replace(check, threshold=float(limit), baseline=former.value, baseline_evidence=former.measured[0].evidence)
        message = f"{message}; {baseline.version}, which is deployed, has {_value(former, check.unit)}"
        if requirement.confidence is not None:
            surely = best * (reached - former.value)
            more = "better by at least" if surely > 0 else "worse by at most"
            message += (
                f"; it is {more} {_bound(abs(surely), surely, check.unit)} with {percent(requirement.confidence)} confidence"
            )
        if best * (Decimal(str(reached)) - limit) >= 0:
            return replace(check, code=MET, passed=True, message=message)
        bound = f"at {'least' if best > 0 else 'most'} {number(float(limit), check.unit)}"
        if requirement.confidence is not None:
            allowed = f"worse by at most {number(requirement.margin, check.unit)}" if requirement.margin else "not worse"
            message, bound = f"{message}, and the policy asks for {allowed}", f"{allowed} than {baseline.version}"
        else:
            message = f"{message}, so the policy asks for {bound}"
        return _failed(check, Reason(REGRESSION, message, self.newer(requirement, bound)))

    def covered(self, covers: Covers, incident: SampledIncident, measured: Sequence[MeasuredValue]) -> CheckResult:
        """Return the check of an incident: whether the candidate reached the value in a pack that was sampled from it."""
        what = f"{incident.id} is in a pack in which {covers.reached}"
        tried = []
        for pack in incident.packs:
            rule = Requirement.model_validate({"pack": pack.id, "metric": covers.metric, "minimum": covers.minimum})
            check = _Bench(self.line_target, {pack.id: pack}, self.now).required(rule, measured)
            if check.passed:
                message = f"{incident.id} is in {pack.id}: {check.message}"
                return replace(check, requirement=what, message=message, incident=incident.id)
            tried.append(check.message)
        severity = f"{incident.severity}, " if incident.severity else ""
        lacks = "; ".join(tried) or "no pack is sampled from it"
        return CheckResult(
            code=NOT_COVERED,
            requirement=what,
            pack=None,
            metric=covers.metric,
            slice=None,
            target=None,
            threshold=covers.minimum,
            direction=Direction.HIGHER_IS_BETTER,
            unit=None,
            measured=None,
            evidence=None,
            baseline=None,
            baseline_evidence=None,
            passed=False,
            message=f"{incident.id} ({severity}{incident.began[:10]}) is in no pack in which {covers.reached}: {lacks}",
            remedy=f"attach evidence of {covers.metric} with a pack that is sampled from it (sampledFrom)",
            incident=incident.id,
        )

    def newer(self, rule: MeasurementRule, bound: str) -> str:
        if rule.confidence is None:
            which = "measurements" if rule.minimum_trials else "a newer measurement"
            are = "together are" if rule.minimum_trials else "is"
            return f"{which} of {rule.what} that {are} {bound} {rule.where(self.line_target)}"
        surely = f"with {percent(rule.confidence)} confidence"
        return f"more or better trials of {rule.what}, so that all are {bound} {surely} {rule.where(self.line_target)}"

    def worth(self, rule: MeasurementRule, measured: Iterable[MeasuredValue], best: int) -> Worth | Reason:
        """Return what the measurements that count are worth, or why they do not suffice.

        `best` is 1 if more is better, else -1.
        """
        counted = self.counted(rule, measured, best)
        return counted if isinstance(counted, Reason) else self.weighing(rule).of(counted)

    def weighing(self, rule: MeasurementRule) -> Weighing:
        statistic = self.packs[rule.pack].statistics.get(rule.metric) if rule.pack in self.packs else None
        return Weighing(rule.what, statistic, self.metric(rule)[0], rule.minimum_trials, rule.confidence)

    def open(self, rule: Requirement | NoRegression, threshold: float | None, direction: Direction | None) -> CheckResult:
        """Return the check of a requirement before any measurement is compared with it."""
        unit, weighing = self.metric(rule)[0], self.weighing(rule)
        return CheckResult(
            code=NO_EVIDENCE,
            requirement=rule.in_words(unit, self.line_target),
            pack=rule.pack,
            metric=rule.metric,
            slice=rule.slice,
            target=self.target(rule),
            threshold=threshold,
            direction=direction,
            unit=unit,
            measured=None,
            evidence=None,
            baseline=None,
            baseline_evidence=None,
            passed=False,
            message="",
            remedy=None,
            statistic=weighing.statistic if weighing.asks_of_trials else None,
            minimum_trials=rule.minimum_trials,
            confidence=rule.confidence,
        )

    def target(self, rule: MeasurementRule) -> str | None:
        """Return the hardware target that a measurement must be from, if the rule names one."""
        return rule.target or (self.line_target if rule.on_target else None)

    def metric(self, rule: MeasurementRule) -> tuple[str | None, Direction | None]:
        pack = self.packs.get(rule.pack)
        return (None, None) if pack is None else pack.metrics.get(rule.metric, (None, None))

    def counted(self, rule: MeasurementRule, measured: Iterable[MeasuredValue], best: int) -> list[MeasuredValue] | Reason:
        """Return the measurements that count, the newest first, or why there is none.

        `best` is 1 if more is better, else -1.
        """
        if reason := self.undefined(rule):
            return reason
        of_it = [m for m in measured if (m.pack, m.metric, m.slice) == (rule.pack, rule.metric, rule.slice)]
        of_it.sort(key=lambda m: (m.measured_at, -best * m.value, m.evidence, m.artifact or ""), reverse=True)
        if counted := [m for m in of_it if self.against(rule, m) is None]:
            return counted
        remedy = f"attach evidence of {rule.what} {rule.where(self.line_target)}"
        if not of_it:
            return Reason(NO_EVIDENCE, f"{rule.what} was not measured with {rule.pack}", remedy)
        code, why = self.against(rule, of_it[0]) or ("", "")
        message = f"{rule.what} is {_measured(of_it[0], self.metric(rule)[0])}, which does not count: {why}"
        more = "; nor does any older one" if len(of_it) > 1 else ""
        return Reason(code, message + more, remedy)

    def undefined(self, rule: MeasurementRule) -> Reason | None:
        """Explain what the requirement needs and the line or the pack does not define."""
        if rule.on_target and self.line_target is None:
            message = f"{rule.what} must be measured on the line's hardware target, and the line has none"
            return Reason(NO_TARGET, message, "name the hardware target of the line, or one in the policy")
        pack = self.packs.get(rule.pack)
        if pack is None:
            return Reason(UNDEFINED, f"{rule.pack}, with which {rule.what} is measured, is not known", f"record {rule.pack}")
        other = "adopt a policy that asks for what the pack defines"
        if rule.metric not in pack.metrics:
            return Reason(UNDEFINED, f"{pack.id} defines no metric {rule.metric}", other)
        if rule.slice is not None and rule.slice not in pack.slices:
            return Reason(UNDEFINED, f"{pack.id} defines no slice {rule.slice}", other)
        return None

    def against(self, rule: MeasurementRule, m: MeasuredValue) -> tuple[str, str] | None:
        """Return why a measurement does not count, as a code and a message, or None if it counts."""
        if refusal := uncounted(m, self.now):
            return refusal
        if rule.type is not None and m.type != rule.type:
            return OTHER_TYPE, f"it is {m.type or 'of no type'}; the policy asks for {rule.type}"
        if (needed := self.target(rule)) is not None:
            if m.target != needed:
                on = f"on {m.target}" if m.target else "of the version itself, on no artifact"
                return OTHER_TARGET, f"it was measured {on}; the policy asks for {needed}"
        elif m.target not in (None, self.line_target):
            return (
                OTHER_TARGET,
                f"it was measured on {m.target}, and the line is for {self.line_target or 'no hardware target'}",
            )
        unit, _ = self.metric(rule)
        if m.unit not in (None, unit):
            return OTHER_UNIT, f"it is in {m.unit}, and {rule.pack} measures {rule.metric} in {unit or 'no unit'}"
        days = rule.maximum_age if isinstance(rule, Requirement) else None
        if days is not None and m.measured_at < moment(self.now - timedelta(days=days)):
            when = f"it was measured on {m.measured_at[:10]}" if m.measured_at else "it does not say when it was measured"
            return TOO_OLD, f"{when}; the policy asks for at most {days} days ago"
        return None


def uncounted(m: MeasuredValue, now: datetime) -> tuple[str, str] | None:
    """Return why a measurement counts for nothing, as a code and a message, or None if it may count."""
    if m.superseded_by is not None:
        return SUPERSEDED, f"{m.superseded_by} supersedes it"
    if m.outdated:
        return DIGEST_CORRECTED, "a digest of its version was corrected since, so what was measured is something else"
    if m.artifact_state in (ArtifactState.QUARANTINED, ArtifactState.DELETED):
        return ARTIFACT_UNUSABLE, f"{m.artifact} is {m.artifact_state}"
    if m.measured_at > moment(now + CLOCK_SKEW):  # else it would stay the newest for ever
        return IN_FUTURE, f"it says that it was measured at {m.measured_at[:16]}Z, which is yet to come"
    return None


def _weighed(check: CheckResult, worth: Worth, reached: float | None, former: Worth | None = None) -> CheckResult:
    """A check with what its measurements are worth; `reached` is what is held against the threshold."""
    check = replace(check, measured=worth.value, evidence=worth.measured[0].evidence)
    if check.confidence is None and check.minimum_trials is None:
        return check
    return replace(
        check,
        trials=worth.trials,
        bound=reached if check.confidence is not None else None,
        pooled=tuple(m.evidence for m in worth.measured),
        baseline_pooled=tuple(m.evidence for m in former.measured) if former else (),
    )


def _value(worth: Worth, unit: str | None) -> str:
    newest, *others = worth.measured
    if not others:
        return _measured(newest, unit)
    also = f"{newest.evidence} and {len(others)} other{'s' if len(others) > 1 else ''}"
    return f"{number(float(f'{worth.value:.6g}'), unit)} ({also}, {worth.trials} trials)"


def _measured(m: MeasuredValue, unit: str | None) -> str:
    trials = f", {m.sample_size} trials" if m.sample_size is not None else ""
    return f"{number(m.value, m.unit or unit)} ({m.evidence}{trials})"


def _bound(value: float, best: float, unit: str | None) -> str:
    """A bound in four digits, rounded to what is worse: else one that just misses would be printed as what it misses."""
    digits = Context(prec=4, rounding=decimal.ROUND_FLOOR if best > 0 else decimal.ROUND_CEILING)
    return number(float(digits.create_decimal(repr(value))), unit)


def _failed(check: CheckResult, reason: Reason) -> CheckResult:
    return replace(check, code=reason.code, message=reason.message, remedy=reason.remedy)
