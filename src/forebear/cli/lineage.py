"""What a node was made from, or what was made from it: `lineage`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.text import Text
from rich.tree import Tree

from forebear.cli import terminal
from forebear.cli.asking import AsKnownAt, First, Of, answer
from forebear.cli.terminal import AsJson, Token, Url, counted, out, short
from forebear.view.questions import LINEAGE


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
    count = len(walk["nodes"])
    more = f"; {count:,} of {walk['total']:,} shown, --first shows more" if count < walk["total"] else ""
    beyond = f"; there is more beyond {counted(depth, 'edges')}" if walk["truncated"] and not more else ""
    out().print(f"{counts}{more}{beyond}", style="dim", markup=False)


def tree(of: str, walk: Mapping[str, Any], end: str) -> Tree:
    """Return a walk as a tree. A part that several branches share is unfolded once."""
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
