"""The nodes that a node reached: `impact`."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated, Any

import typer

from forebear.cli import terminal
from forebear.cli.asking import BEYOND, AsKnownAt, At, First, Of, answer, named_kind
from forebear.cli.rows import AsCsv, print_csv
from forebear.cli.terminal import AsJson, Code, Token, Url, counted, out, short
from forebear.view.questions import IMPACT

CSV = ("node", "kind", "via", "path")


def impact(
    of: Of,
    kinds: Annotated[
        list[str] | None,
        typer.Option(
            "--kind", metavar="KIND", show_default=False, help="A kind to list, such as fleets. You may give several."
        ),
    ] = None,
    why: Annotated[bool, typer.Option("--why", help="Show the path to each node.")] = False,
    first: First = 100,
    at: At = None,
    as_known_at: AsKnownAt = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show everything that a node reached, by lineage or by authority. The exit code is 1 if it reached nothing."""
    named = [named_kind(each).name for each in kinds] if kinds else None
    variables = {"of": of, "kinds": named, "first": first, "at": at, "asKnownAt": as_known_at}
    reached = answer(IMPACT, variables, url, token, exact=as_json or as_csv)["impact"]
    if as_csv:
        print_csv([{"node": row["node"], "kind": row["node"]["kind"], **row} for row in reached["nodes"]], CSV)
    elif as_json:
        terminal.print_json(reached)
    else:
        by_kind: dict[str, list[Any]] = defaultdict(list)
        for row in reached["nodes"]:
            by_kind[row["node"]["kind"]].append(row)
        for kind, rows in by_kind.items():
            out().print(f"{kind} ({len(rows)})", style="bold", markup=False)
            for row in rows:
                authority = "  by authority" if row["via"] == "AUTHORITY" else ""
                out().print(f"  {short(row['node']['id'])}  {row['node']['name'] or ''}{authority}", markup=False)
                if why:
                    path = " → ".join(short(node["id"]) for node in row["path"])
                    out().print(f"      {path}", style="dim", markup=False)
        count = len(reached["nodes"])
        more = f", {count:,} shown; --first shows more" if reached["totalCount"] > count else ""
        beyond = f"; {BEYOND}" if reached["truncated"] else ""
        out().print(f"{counted(reached['totalCount'], 'nodes reached')}{more}{beyond}", style="dim", markup=False)
    if not reached["totalCount"]:
        raise typer.Exit(Code.NEGATIVE)
