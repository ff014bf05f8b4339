"""A mapping: which values of a document are which measurements."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from forebear.connect.reports.report import EvaluationReport, InvalidReport, ReportedValue


class MappedMetric(msgspec.Struct, forbid_unknown_fields=True):
    """What a value is. `trials` and `spread` are numbers, or the paths of numbers."""

    metric: str
    slice: str | None = None
    unit: str | None = None
    trials: int | str | None = None
    spread: float | str | None = None


PathMapping = Mapping[str, MappedMetric]
"""From the path of a value to what it is. A path is `overall.success` or, as RFC 6901 has it, `/overall/success`."""


def mapping_of(document: Any) -> PathMapping:
    """Return the mapping that a document says. Raises `InvalidReport`."""
    try:
        mapping = msgspec.convert(document, dict[str, MappedMetric])
    except msgspec.ValidationError as error:
        raise InvalidReport(f"{error}; a mapping is PATH: {{metric, slice, trials, unit, spread}}") from None
    if not mapping:
        raise InvalidReport("it maps no path")
    return mapping


def mapped(document: Any, mapping: PathMapping) -> EvaluationReport:
    """Return the values of a document that a mapping names. Raises `InvalidReport` for a path that leads to no number."""
    readings = []
    for path, what in mapping.items():
        trials = _number(document, what.trials) if isinstance(what.trials, str) else what.trials
        if trials is not None and (trials < 1 or trials != int(trials)):
            raise InvalidReport(f"{path}: trials: {trials} is no number of trials")
        spread = _number(document, what.spread) if isinstance(what.spread, str) else what.spread
        value = _number(document, path)
        readings.append(
            ReportedValue(what.metric, value, what.slice, what.unit, None if trials is None else int(trials), spread)
        )
    return EvaluationReport(readings)


def _number(document: Any, path: str) -> float:
    """Return the number at a path. A text that is a number counts as one, since CSV has no others."""
    value = document
    for name in _steps(path):
        try:
            value = value[int(name)] if isinstance(value, list) else value[name]
        except (LookupError, ValueError, TypeError):
            names = f"; there is {', '.join(list(value)[:20]) or 'nothing'}" if isinstance(value, Mapping) else ""
            raise InvalidReport(f"{path}: there is no {name}{names}") from None
    number = number_of(value)
    if number is None:
        raise InvalidReport(f"{path}: {value!r:.100} is no number")
    return number


def number_of(value: Any) -> float | None:
    """Return a finite number, also from its text. None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _steps(path: str) -> list[str]:
    if path.startswith("/"):
        return [step.replace("~1", "/").replace("~0", "~") for step in path[1:].split("/")]
    return path.split(".")
