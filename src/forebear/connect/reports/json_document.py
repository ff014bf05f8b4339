"""Reads JSON of any shape, by a mapping."""

from __future__ import annotations

from forebear.connect.reports.mapping import PathMapping, mapped
from forebear.connect.reports.report import EvaluationReport, InvalidReport
from forebear.graph.document import InvalidDocument, decode


def read(data: bytes, mapping: PathMapping) -> EvaluationReport:
    """Return the values that the mapping names. Raises `InvalidReport`."""
    try:
        return mapped(decode(data), mapping)
    except InvalidDocument as error:
        raise InvalidReport(f"it is no JSON: {error}") from None
