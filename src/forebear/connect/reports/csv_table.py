"""Reads a table in CSV, by a mapping: the path of a cell is its row, by the row's first cell, and its column."""

from __future__ import annotations

import csv

from forebear.connect.reports.mapping import PathMapping, mapped
from forebear.connect.reports.report import EvaluationReport, InvalidReport


def read(data: bytes, mapping: PathMapping) -> EvaluationReport:
    """Return the cells that the mapping names. Raises `InvalidReport`."""
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InvalidReport("it is not UTF-8") from None
    rows: dict[str, dict[str | None, str | None]] = {}
    table = csv.DictReader(lines)
    try:
        for row in table:
            name = row[(table.fieldnames or [""])[0]] or ""
            if name in rows:
                raise InvalidReport(f"line {table.line_num}: a row {name!r} was there before; the first cell names the row")
            rows[name] = {**row}
    except csv.Error as error:
        raise InvalidReport(f"line {table.line_num}: {error}") from None
    return mapped(rows, mapping)
