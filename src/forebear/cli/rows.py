"""Rows of an answer on a terminal: as a table if it is wide enough, else a field a line."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from forebear.cli.asking import BEYOND
from forebear.cli.terminal import counted, out
from forebear.domain.remedy import kebab
from forebear.graph.document import json_text

MOST = 1000
"""How many rows one answer may hold."""

WIDEST = 10_000
"""A width in characters that no row reaches."""

First = Annotated[int, typer.Option(min=1, max=MOST, help="The number of rows to show.")]


AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV, for a spreadsheet. Nodes are their ids.")]


def print_csv(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    """Print rows as CSV (RFC 4180) with a head of these names, exact. What has several values has spaces between them."""
    lines = csv.writer(sys.stdout)
    lines.writerow(names)
    for row in rows:
        lines.writerow([_plain(row[name]) for name in names])


def _plain(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list():
            return " ".join(map(_plain, value))
        case {"id": str(id)}:
            return id
        case {"message": str(message)}:
            return message
        case dict():
            return json_text(value)
    return str(value)


def print_rows(rows: Sequence[Mapping[str, Text]], *, as_table: bool = True) -> None:
    """Print rows that have the same fields. `as_table`: whether they may be a table."""
    names = [*rows[0]] if rows else []
    table = Table(*(_words(name) for name in names), box=None, pad_edge=False, header_style="dim", padding=(0, 3, 0, 0))
    for row in rows:
        table.add_row(*row.values())
    if rows and as_table and Measurement.get(out(), out().options.update(width=WIDEST), table).maximum <= out().width:
        out().print(table)
        return
    for i, row in enumerate(rows):
        for text in _record(row, blank=i > 0):
            out().print(text)


def summary(page: Mapping[str, Any]) -> str:
    """Return how many rows there are, how many are shown, and how to see more."""
    count, total = len(page["nodes"]), page["totalCount"]
    text = counted(total, "rows") if total else "none"
    if total > count:
        text += f", {count:,} shown; --first shows more"
    return text + (f"; {BEYOND}" if page.get("truncated") else "")


def _record(row: Mapping[str, Text], *, blank: bool) -> Iterator[Text]:
    """Return a row, a field a line. Fields without a value are left out."""
    if blank:
        yield Text()
    for name, value in row.items():
        label = _words(name)
        for line in value.split("\n") if value.plain else ():
            yield Text.assemble((f"  {label:<18} ", "dim"), line)
            label = ""


def _words(name: str) -> str:
    return kebab(name).replace("-", " ")
