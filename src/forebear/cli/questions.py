"""The questions of the graph at a terminal: `lineage`, `impact`, `paths`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.text import Text
from rich.tree import Tree

from forebear.cli import terminal
from forebear.cli.registry import ask, opened
from forebear.cli.terminal import AsJson, Code, Token, Url, checked_moment, counted, minute, out, short
from forebear.view.questions import IMPACT, LINEAGE, PATHS

Of = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="The node's id, such as model:parcel-picker@2 or dataset:bridge_orig@1.0.0.", show_default=False
    ),
]
First = Annotated[int, typer.Option(min=1, max=500, help="The number of nodes to show.")]
At = Annotated[
    str | None,
    typer.Option(
        help="A moment in the world, such as 2026-07-15T12:00:00Z. By default now.",
        callback=checked_moment,
        metavar="MOMENT",
        show_default=False,
    ),
]
AsKnownAt = Annotated[
    str | None,
    typer.Option(
        help="A moment of knowledge: answer from what was recorded by then. By default answer from everything.",
        callback=checked_moment,
        metavar="MOMENT",
        show_default=False,
    ),
]

BEYOND = "a walk met its bound of 50 edges, so there may be more"


def lineage(
    of: Of,
    downstream: Annotated[
        bool, typer.Option("--downstream", help="Show what came of it, instead of what it came from.")
    ] = False,
    depth: Annotated[int, typer.Option(min=0, max=50, help="The number of edges to follow.")] = 50,
    first: First = 100,
    as_known_at: AsKnownAt = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Show what a node was made from, or what was made from it, as a tree."""
    direction = "DOWNSTREAM" if downstream else "UPSTREAM"
    variables = {"of": of, "direction": direction, "depth": depth, "first": first, "asKnownAt": as_known_at}
    walk = answer(LINEAGE, variables, url, token, exact=as_json)["lineage"]
    if as_json:
        terminal.print_json(walk)
        return
    out().print(tree(of, walk, "target" if downstream else "source"), soft_wrap=False)
    counts = ", ".join(f"{c['count']:,} {c['kind']}" for c in walk["counts"])
    shown = len(walk["nodes"])
    more = f"; {shown:,} of {walk['total']:,} shown, --first shows more" if shown < walk["total"] else ""
    beyond = f"; there is more beyond {counted(depth, 'edges')}" if walk["truncated"] and not more else ""
    out().print(f"{counts}{more}{beyond}", style="dim", markup=False)


def tree(of: str, walk: Mapping[str, Any], end: str) -> Tree:
    """A walk as a tree; what several branches share is unfolded once."""
    nodes = {each["node"]["id"]: each for each in walk["nodes"]}
    children: dict[str, list[tuple[str, Mapping[str, Any]]]] = defaultdict(list)
    for edge in walk["edges"]:
        children[edge[end]].append((edge["source" if end == "target" else "target"], edge))
    unfolded: set[str] = set()
    label = _label(of, nodes.get(of), None)
    root = Tree(label, guide_style="dim")
    # Level by level, so that a node is unfolded where it is nearest to the root.
    level = [(of, root, label)]
    while level:
        following = []
        for id, branch, label in level:
            if id in unfolded:
                if children[id]:
                    label.append("  (unfolded elsewhere)", style="not bold dim")
                continue
            unfolded.add(id)
            for other, edge in children[id]:
                label = _label(other, nodes.get(other), edge)
                following.append((other, branch.add(label), label))
            if hidden := nodes.get(id, {}).get("hidden"):
                branch.add(Text(f"… {hidden} more", style="dim"))
        level = following
    return root


def _label(id: str, node: Mapping[str, Any] | None, edge: Mapping[str, Any] | None) -> Text:
    text = Text(short(id), style="bold")
    if node and node["node"]["name"]:
        text.append(f"  {node['node']['name']}", style="not bold")
    if node and not node["node"]["described"]:
        text.append("  not described yet", style="not bold yellow")
    if edge:
        values = "".join(f" {n}={edge['properties'][n]}" for n in ("role", "weight") if edge["properties"].get(n) is not None)
        text.append(f"  {edge['type']}{values}", style="not bold dim")
    return text


def impact(
    of: Of,
    why: Annotated[bool, typer.Option("--why", help="Show the path to each node.")] = False,
    first: First = 100,
    at: At = None,
    as_known_at: AsKnownAt = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Show everything that a node reached, by lineage or by authority. The exit code is 1 if it reached nothing."""
    variables = {"of": of, "first": first, "at": at, "asKnownAt": as_known_at}
    reached = answer(IMPACT, variables, url, token, exact=as_json)["impact"]
    if as_json:
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
        shown = len(reached["nodes"])
        more = f", {shown:,} shown; --first shows more" if reached["totalCount"] > shown else ""
        beyond = f"; {BEYOND}" if reached["truncated"] else ""
        out().print(f"{counted(reached['totalCount'], 'nodes reached')}{more}{beyond}", style="dim", markup=False)
    if not reached["totalCount"]:
        raise typer.Exit(Code.NEGATIVE)


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
    found = answer(PATHS, variables, url, token, exact=as_json)["paths"]
    moment = datetime.fromisoformat(as_known_at) if as_known_at else datetime.now(UTC)
    if as_json:
        terminal.print_json(found)
    elif not found["paths"]:
        out().print(f"Neither {start} nor {end} leads to the other within {counted(length, 'edges')}.", markup=False)
    for number, path in enumerate(() if as_json else found["paths"], 1):
        out().print(f"Path {number}, {counted(path['length'], 'edges')}", style="bold", markup=False)
        out().print(f"  {short(path['nodes'][0]['id'])}", markup=False)
        for node, edge in zip(path["nodes"][1:], path["edges"], strict=True):
            arrow = f"─{edge['type']}→" if edge["target"] == node["id"] else f"←{edge['type']}─"
            out().print(Text.assemble("  ", (arrow, "dim"), f" {short(node['id'])}", (standing(node, edge, moment), "yellow")))
    if found["truncated"] and not as_json:
        out().print("There are others or longer ones, or may be; --first and --length show more.", style="dim", markup=False)
    if not found["paths"]:
        raise typer.Exit(Code.NEGATIVE)


def standing(node: Mapping[str, Any], edge: Mapping[str, Any], moment: datetime) -> str:
    """What is to be known of a step of a path: what is over at a moment, and what is not in use."""
    said = [
        state.lower().replace("_", " ")
        for state in (node.get("deploymentState"), node.get("artifactState"))
        if state not in (None, "ACTIVE", "ENDED", "AVAILABLE")
    ]
    ends = {"ended": node.get("validTo"), "left": edge["validTo"]}
    said += [f"{word} {minute(end)}" for word, end in ends.items() if end and datetime.fromisoformat(end) <= moment]
    return f"  {', '.join(said)}" if said else ""


def answer(
    document: str, variables: Mapping[str, Any], url: str | None, token: str | None, *, exact: bool = False
) -> dict[str, Any]:
    """The data that answers a question, `printable` for people unless it has to be `exact`.

    Raises `Failure` where something in it is not known.
    """

    async def asking() -> dict[str, Any]:
        async with opened(url, token) as registry:
            return await ask(registry, document, variables, exact=exact)

    terminal.configure_logs("warning")
    return terminal.run(asking())
