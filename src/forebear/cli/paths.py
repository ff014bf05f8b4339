"""The paths from one node to another: `paths`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.text import Text

from forebear.cli import terminal
from forebear.cli.asking import AsKnownAt, answer
from forebear.cli.terminal import AsJson, Code, Token, Url, counted, minute, out, short
from forebear.view.questions import PATHS


def paths(
    start: Annotated[str, typer.Argument(metavar="FROM", help="The id where the paths begin.", show_default=False)],
    end: Annotated[str, typer.Argument(metavar="TO", help="The id where they end.", show_default=False)],
    length: Annotated[int, typer.Option(min=1, max=50, help="The length of the longest path, in edges.")] = 50,
    first: Annotated[int, typer.Option(min=1, max=100, help="The number of paths, shortest first.")] = 5,
    as_known_at: AsKnownAt = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Show how one node reaches another. The exit code is 1 if it does not."""
    variables = {"from": start, "to": end, "length": length, "first": first, "asKnownAt": as_known_at}
    result = answer(PATHS, variables, url, token, exact=as_json)["paths"]
    moment = datetime.fromisoformat(as_known_at) if as_known_at else datetime.now(UTC)
    if as_json:
        terminal.print_json(result)
    elif not result["paths"]:
        out().print(f"Neither {start} nor {end} leads to the other within {counted(length, 'edges')}.", markup=False)
    for number, path in enumerate(() if as_json else result["paths"], 1):
        out().print(f"Path {number}, {counted(path['length'], 'edges')}", style="bold", markup=False)
        out().print(f"  {short(path['nodes'][0]['id'])}", markup=False)
        for node, edge in zip(path["nodes"][1:], path["edges"], strict=True):
            arrow = f"─{edge['type']}→" if edge["target"] == node["id"] else f"←{edge['type']}─"
            out().print(Text.assemble("  ", (arrow, "dim"), f" {short(node['id'])}", (standing(node, edge, moment), "yellow")))
    if result["truncated"] and not as_json:
        out().print("There are others or longer ones, or may be; --first and --length show more.", style="dim", markup=False)
    if not result["paths"]:
        raise typer.Exit(Code.NEGATIVE)


def standing(node: Mapping[str, Any], edge: Mapping[str, Any], moment: datetime) -> str:
    """Return a remark on a step of a path: what is over at a moment, and what is not in use."""
    states = [
        state.lower().replace("_", " ")
        for state in (node.get("deploymentState"), node.get("artifactState"))
        if state not in (None, "ACTIVE", "ENDED", "AVAILABLE")
    ]
    ends = {"ended": node.get("validTo"), "left": edge["validTo"]}
    states += [f"{word} {minute(end)}" for word, end in ends.items() if end and datetime.fromisoformat(end) <= moment]
    return f"  {', '.join(states)}" if states else ""
