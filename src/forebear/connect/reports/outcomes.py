"""The outcomes of tests, and the numbers that tests recorded, as a report."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from forebear.connect.reports.mapping import number_of
from forebear.connect.reports.report import EvaluationReport, InvalidReport, ReportedValue

PASS_RATE = "pass_rate"
"""The metric that outcomes come to: the percentage of the tests that ran which passed. Tests that were skipped did not run."""

_PROPERTY = re.compile(r"(?P<metric>.+?)(?:\[(?P<slice>[^\[\]]+)\])?(?:\.(?P<part>trials|unit|spread))?")


@dataclass(frozen=True)
class OutcomeOfTest:
    """How a test ended, and what it recorded."""

    name: str
    passed: bool | None
    """None if it did not run."""
    properties: Sequence[tuple[str, Any]] = ()
    """`metric` or `metric[slice]` with a number; behind it `.trials`, `.unit` or `.spread` says more of the same one."""


def report_of(outcomes: Sequence[OutcomeOfTest], measured_at: datetime | None) -> EvaluationReport:
    """Return the report of some tests. Raises `InvalidReport` if two of them recorded the same metric and slice."""
    ran = [outcome.passed for outcome in outcomes if outcome.passed is not None]
    readings = [ReportedValue(PASS_RATE, 100 * sum(ran) / len(ran), unit="%", trials=len(ran))] if ran else []
    left_out = [] if ran else ["no test ran"]
    values: dict[tuple[str, str | None], tuple[str, dict[str, Any]]] = {}
    for outcome in outcomes:
        for name, value in outcome.properties:
            match = _PROPERTY.fullmatch(name)
            if match is None:
                left_out.append(f"{outcome.name}: a property has no name")
                continue
            key, part = (match["metric"], match["slice"]), match["part"] or "value"
            test, parts = values.setdefault(key, (outcome.name, {}))
            if test != outcome.name or part in parts:
                who = f"{outcome.name} repeats it" if test == outcome.name else f"both {test} and {outcome.name} record it"
                raise InvalidReport(f"{name}: {who}; give each a slice of its own, as in {match['metric']}[SLICE]")
            parts[part] = value
    for (metric, slice), (test, parts) in values.items():
        if (value := number_of(parts.get("value"))) is None:
            left_out.append(f"{test}: {metric}: {_said(parts)}")
            continue
        trials, spread = (_part(test, metric, parts, part) for part in ("trials", "spread"))
        if trials is not None and (trials < 1 or trials != int(trials)):
            raise InvalidReport(f"{test}: {metric}.trials: {trials} is no number of trials")
        unit = None if parts.get("unit") is None else str(parts["unit"])
        readings.append(ReportedValue(metric, value, slice, unit, None if trials is None else int(trials), spread))
    return EvaluationReport(readings, measured_at, left_out)


def _said(parts: dict[str, Any]) -> str:
    return f"{parts['value']!r:.100} is no number" if "value" in parts else "it has no value"


def _part(test: str, metric: str, parts: dict[str, Any], part: str) -> float | None:
    if part not in parts:
        return None
    if (number := number_of(parts[part])) is None:
        raise InvalidReport(f"{test}: {metric}.{part}: {parts[part]!r:.100} is no number")
    return number
