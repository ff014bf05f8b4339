"""Comparisons as answers: two versions side by side, from the facts of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import msgspec

from forebear.domain.case import Case
from forebear.domain.comparison import CONFIDENCE, Bench, ComparedMetric
from forebear.domain.evidence import MeasuredValue
from forebear.domain.explanation import Explanation, Side, explained
from forebear.domain.interval import Rate, garwood
from forebear.domain.outcome import Reason
from forebear.domain.pedigree import MOST, Difference, MadeRow, Pedigree, differences
from forebear.domain.policy import Policy
from forebear.domain.reference import unknown
from forebear.domain.standing import EvidenceRow, LineRow, PackRow, ReleaseRow, Row, StandingFactsRow
from forebear.graph.document import json_text
from forebear.graph.kinds.release import ReleaseState
from forebear.verbs.verb import DecisionFacts

PAIRED = "Replays of two versions are paired: both saw the same episodes. The interval does not use that and is therefore wide."
INSTALLED = (
    "Robot-hours are hours installed, not hours worked. What is still installed counts until it was last seen or, if nobody "
    "said when that was, until now."
)


class InstalledRow(Row, frozen=True):
    """When a robot was seen to run a version. `seen` is when it was seen last."""

    since: str
    until: str | None = None
    seen: str | None = None

    def hours(self, now: str) -> float:
        """Return how many hours of exposure it is: until its end or, while nobody ended it, as `INSTALLED` says."""
        end = self.until or self.seen or now
        return max(0.0, (datetime.fromisoformat(end) - datetime.fromisoformat(self.since)).total_seconds() / 3600)


class ComparedRow(Row, frozen=True):
    """A row of `cypher/actions/compared_facts.cypher`: a version with what was measured of it, and what is compared."""

    candidate: str | None = None
    base: str | None = None
    basis: str | None = None
    line: LineRow | None = None
    lines: tuple[str, ...] = ()
    version: MadeRow | None = None
    evidence: tuple[EvidenceRow, ...] = ()
    packs: tuple[PackRow, ...] = ()
    installed: tuple[InstalledRow, ...] = ()
    incidents: tuple[str, ...] = ()

    @property
    def pedigree(self) -> Pedigree:
        """What the version was made of, and measured with. Only where there is a version."""
        assert self.version is not None
        packs = tuple(pack.id for pack in self.packs)
        return Pedigree(msgspec.structs.replace(self.version, packs=packs))

    @property
    def measured(self) -> tuple[MeasuredValue, ...]:
        """What was measured of it."""
        return tuple(m for e in self.evidence for m in e.measured())


@dataclass(frozen=True)
class ComparisonFacts(DecisionFacts):
    """How the candidate stands in the line, and the versions that are compared."""

    standing: list[StandingFactsRow]
    compared: list[ComparedRow]


@dataclass(frozen=True)
class Comparison:
    """A base and a candidate, with the other versions that may tell more."""

    facts: ComparisonFacts
    base: ComparedRow
    candidate: ComparedRow

    @property
    def line(self) -> str | None:
        """The line, if there is one."""
        return self.candidate.line.id if self.candidate.line else None

    @cached_property
    def case(self) -> Case | None:
        """The candidate in the line, as it would be released there; None without a line."""
        for standing in self.facts.standing:
            line, version = standing.line, standing.version
            if line is not None and version is not None and line.id == self.line:
                to_be = standing.release or ReleaseRow("release:compared", ReleaseState.CANDIDATE, 0, self.facts.actor.name)
                return Case(msgspec.structs.replace(standing, release=to_be), to_be, line, version, self.facts.now)
        return None

    @cached_property
    def bench(self) -> Bench:
        """What metrics are compared with."""
        packs = {pack.id: pack.pack for row in self.facts.compared for pack in row.packs}
        policy = self.case.policy if self.case else None
        margins = policy.no_regression if isinstance(policy, Policy) else ()
        return Bench(packs, margins, self.case.line.target if self.case else None, self.facts.now)

    @cached_property
    def metrics(self) -> tuple[ComparedMetric, ...]:
        """Every metric of both."""
        return self.bench.compared(self.base.measured, self.candidate.measured)

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """What differs between what they were made of."""
        return differences(self.base.pedigree, self.candidate.pedigree)

    @cached_property
    def explanation(self) -> Explanation:
        """What may explain it."""
        others = (row.pedigree for row in self.facts.compared if row.version)
        return explained(self.base.pedigree, self.candidate.pedigree, others)

    def answer(self) -> dict[str, Any]:
        """The row of `cypher/questions/compare.cypher`."""
        intervals = sum(m.interval is not None for m in self.metrics)
        policy = self.case.policy if self.case else None
        reasons = (policy,) if isinstance(policy, Reason) else self.case.incomplete if self.case else ()
        return {
            "base": self.candidate.base,
            "candidate": self.candidate.candidate,
            "line": self.line,
            "basis": self.candidate.basis,
            "metrics": [_metric(m) for m in self.metrics],
            "field": [_field(side, row, self.facts.now) for side, row in zip(Side, (self.base, self.candidate), strict=True)],
            "policy": [_check(check) for check in (self.case.checks if self.case else ())],
            "missing": [{"code": r.code, "message": r.message, "remedy": r.remedy} for r in reasons],
            "changes": [_change(d) for d in self.differences],
            "attribution": self.explanation.attributed.value,
            "explanation": self.explanation.words,
            "witnesses": [*self._witnesses()],
            "intervals": intervals,
            "wrongByChance": round(intervals * (1 - CONFIDENCE), 2),
            "remarks": [*self._remarks(intervals)],
        }

    def _witnesses(self) -> Iterator[dict[str, Any]]:
        rows = {row.version.id: row for row in self.facts.compared if row.version}
        for witness in self.explanation.witnesses:
            own = rows[witness.version].measured
            sides = (self.base.measured, own) if witness.differs_from is Side.BASE else (own, self.candidate.measured)
            yield {
                "version": witness.version,
                "differsFrom": witness.differs_from.value,
                "change": witness.difference.words,
                "shows": [_shown(m) for m in self.bench.compared(*sides) if m.difference is not None],
            }

    def _remarks(self, intervals: int) -> Iterator[str]:
        if intervals:
            chance = f"{intervals * (1 - CONFIDENCE):.2g}"
            many = f"Of {intervals} intervals of 95 % confidence, {chance} miss the true difference by chance, on average."
            yield "One in 20 intervals of 95 % confidence misses the true difference by chance." if intervals == 1 else many
        if any(m.interval and m.is_paired for m in self.metrics):
            yield PAIRED
        yield from (
            f"More lies upstream of {row.pedigree.row.id} than the {MOST} runs and dataset versions that were compared."
            for row in (self.base, self.candidate)
            if row.pedigree.cut
        )
        if self.base.installed or self.candidate.installed:
            yield INSTALLED


def compared(input: Mapping[str, Any], facts: ComparisonFacts) -> Comparison | tuple[Reason, ...]:
    """The comparison that is asked for, or why there is none."""
    first = facts.compared[0]
    if reasons := [*_unknown(input, first)]:
        return tuple(reasons)
    if first.line is None and first.lines:
        said = f"line: {first.candidate} has a release in {len(first.lines)} lines"
        return (Reason("NO_LINE", said, f"name one of {', '.join(sorted(first.lines))}"),)
    if first.base is None:
        said = f"base: nothing is deployed and nothing was approved in {first.line.id if first.line else 'any line'}"
        return (Reason("NO_BASELINE", said, "name the version to compare with"),)
    if first.base == first.candidate:
        return (Reason("REPEATED", f"base: {first.base} is the candidate itself", "name another version"),)
    rows = {row.version.id: row for row in facts.compared if row.version}
    return Comparison(facts, rows[first.base], rows[str(first.candidate)])


def _unknown(input: Mapping[str, Any], first: ComparedRow) -> Iterator[Reason]:
    if first.candidate is None:
        yield unknown("candidate", input["candidate"])
    if input.get("base") and first.base is None:
        yield unknown("base", input["base"])
    if input.get("line") and first.line is None:
        yield unknown("line", input["line"])


def _metric(m: ComparedMetric) -> dict[str, Any]:
    return {
        "pack": m.measure.pack,
        "metric": m.measure.metric,
        "slice": m.measure.slice,
        "target": m.measure.target,
        "unit": m.unit,
        "direction": m.direction and m.direction.value,
        "base": m.base and m.base.value,
        "candidate": m.candidate and m.candidate.value,
        "baseTrials": m.base and m.base.trials,
        "candidateTrials": m.candidate and m.candidate.trials,
        "baseEvidence": _evidence(m.base.measured if m.base else ()),
        "candidateEvidence": _evidence(m.candidate.measured if m.candidate else ()),
        "difference": m.difference,
        "low": m.interval and m.interval.low,
        "high": m.interval and m.interval.high,
        "confidence": CONFIDENCE if m.interval else None,
        "method": m.method and m.method.value,
        "margin": m.margin,
        "verdict": m.verdict.value,
        "reason": m.reason,
    }


def _evidence(measured: Iterable[MeasuredValue]) -> list[str]:
    return sorted({m.evidence for m in measured})


def _field(side: Side, row: ComparedRow, now: str) -> dict[str, Any]:
    hours = sum(installed.hours(now) for installed in row.installed)
    incidents = len(row.incidents)
    interval = garwood(Rate(incidents, hours), (1 - CONFIDENCE) / 2).scaled(1000) if hours else None
    return {
        "of": side.value,
        "robotHours": round(hours, 2),
        "incidents": incidents,
        "perThousandHours": 1000 * incidents / hours if hours else None,
        "low": interval and interval.low,
        "high": interval and interval.high,
    }


def _check(check: Any) -> dict[str, Any]:
    return {name: getattr(check, name) for name in ("requirement", "passed", "code", "message", "remedy")}


def _change(d: Difference) -> dict[str, Any]:
    return {
        "category": d.category.value,
        "subject": d.subject,
        "change": d.change.value,
        # As all JSON reaches a statement: as text.
        "before": None if d.before is None else json_text(d.before),
        "after": None if d.after is None else json_text(d.after),
        "causes": d.causes,
        "words": d.words,
    }


def _shown(m: ComparedMetric) -> str:
    verdict = m.verdict.value.lower().replace("_", " ")
    return f"{m.measure.words}: {verdict}, {m.difference:+.4g}{f' {m.unit}' if m.unit else ''}"
