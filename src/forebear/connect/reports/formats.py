"""The formats of reports, by name. A further one is a file with a reader, and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from forebear.connect.reports import csv_table, eval_info, json_document, junit
from forebear.connect.reports.mapping import PathMapping
from forebear.connect.reports.report import EvaluationReport, InvalidReport

MAX_BYTES = 64 * 1024 * 1024
"""The largest report, in bytes."""


@dataclass(frozen=True)
class Format:
    """A format: how a report is read, and by which ending of its file's name it is known."""

    read: Callable[[bytes], EvaluationReport] | None = None
    read_mapped: Callable[[bytes, PathMapping], EvaluationReport] | None = None
    """For a format in which nothing says what a value means: a mapping does."""
    ending: str = ""


FORMATS: Mapping[str, Format] = {
    "lerobot": Format(eval_info.read, ending="eval_info.json"),
    "junit": Format(junit.read, ending=".xml"),
    "csv": Format(read_mapped=csv_table.read, ending=".csv"),
    "json": Format(read_mapped=json_document.read, ending=".json"),
}


def format_of(name: str, mapping: bool) -> str:
    """Return the format of a file with this name; with a mapping, one that is mapped. Raises `InvalidReport`."""
    for format, declared in FORMATS.items():
        if name.endswith(declared.ending) and (declared.read_mapped is not None) >= mapping:
            return format
    raise InvalidReport(f"its name does not tell its format: name one of {', '.join(FORMATS)} with --format")


def read(format: str, data: bytes, mapping: PathMapping | None) -> EvaluationReport:
    """Return the report that a file holds. Raises `InvalidReport`."""
    if len(data) > MAX_BYTES:
        raise InvalidReport(f"it is larger than {MAX_BYTES} bytes")
    declared = FORMATS[format]
    if declared.read is not None:
        if mapping is not None:
            raise InvalidReport(f"the format {format} takes no mapping: leave it out, or read it as json or csv")
        return declared.read(data)
    assert declared.read_mapped is not None
    if mapping is None:
        raise InvalidReport(f"the format {format} does not say what a value means: name a mapping file with --mapping")
    return declared.read_mapped(data, mapping)
