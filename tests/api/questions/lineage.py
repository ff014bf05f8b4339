"""What a thing was made from and what was made of it, why, and what changed of that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from tests.api.memory import Link, Node
from tests.api.questions.asking import Asking, Row
from tests.api.questions.upstream import value
from tests.api.questions.view import by_id


def lineage(asking: Asking) -> dict[str, Any]:
    view, given = asking.view, asking.arguments
    kinds, first, inwards = given.get("kinds"), given["first"], given["direction"] == "DOWNSTREAM"
    reached = view.walk([given["of"]], view.lineage, inwards=inwards)
    found = {node: depth for node, depth in reached.items() if depth <= given["maxDepth"]}
    nearest = sorted(found, key=lambda node: (found[node], node.id))
    fitting = [node for node in nearest if kinds is None or node.kind.name in kinds]
    shown = fitting[:first]
    counts = Counter(node.kind.name for node in found)

    def hidden(node: Node) -> int:
        links = view.into(node, view.lineage) if inwards else view.out(node, view.lineage)
        return sum((link.source if inwards else link.target) not in shown for link in links)

    edges = [link for node in shown for link in view.out(node, view.lineage) if link.target in shown]
    return {
        "nodes": [{"node": node, "depth": found[node], "hidden": hidden(node)} for node in shown],
        "edges": [
            {"source": link.source.id, "target": link.target.id, "type": link.edge.type.name, "properties": _kept(link)}
            for link in sorted(edges, key=_ends)
        ],
        "counts": [{"kind": kind, "count": counts[kind]} for kind in sorted(counts)],
        "total": len(found),
        "truncated": len(fitting) > first or len(reached) > len(found),
    }


def _ends(link: Link) -> tuple[str, str, str, str]:
    return link.source.id, link.target.id, link.edge.type.name, link.properties.get("role") or ""


def _kept(link: Link) -> dict[str, Any]:
    kept = zip(("recordedAt", "recordedBy", "source"), link.recorded, strict=True)
    return dict(sorted({**link.properties, **dict(kept)}.items()))


def lineage_diff(asking: Asking) -> Iterator[Row]:
    given = asking.arguments
    sides = []
    for start, moment in ((given["of"], given.get("from")), (given.get("with", given["of"]), given.get("to"))):
        view = asking.view.known_at(moment)
        found = view.walk([start], view.lineage, inwards=False)
        links = {_ends(link): link for node in found for link in view.out(node, view.lineage)}
        sides.append((found.keys() - {start}, {(ends, _own(link)): link for ends, link in links.items()}))
    (olds, old_links), (news, new_links) = sides
    for change, nodes, links in (
        ("REMOVED", olds - news, [old_links[key] for key in old_links.keys() - new_links.keys()]),
        ("ADDED", news - olds, [new_links[key] for key in new_links.keys() - old_links.keys()]),
    ):
        for node in nodes:
            yield _change(change, node)
        for link in links:
            type = link.edge.type.name
            yield Row(
                (link.source.id, f"{type} {link.target.id}", link.properties.get("role") or "", change),
                {
                    "change": change,
                    "node": link.source,
                    "target": link.target,
                    "type": type,
                    "properties": dict(_own(link)),
                    "changes": [],
                },
            )
    both = (olds & news) | ({given["of"]} & {given.get("with", given["of"])})
    for node in both:
        change, values = _told(node, given.get("from", _NOW), given.get("to", _NOW))
        if change == "DESCRIBED" or values:
            yield _change(change, node, values)


_NOW = "~"
"""Later than every moment."""


def _change(change: str, node: Node, values: Sequence[dict[str, Any]] = ()) -> Row:
    columns = {"change": change, "node": node, "target": None, "type": None, "properties": None, "changes": [*values]}
    return Row((node.id, "", "", change), columns)


def _told(node: Node, first: str, second: str) -> tuple[str, list[dict[str, Any]]]:
    """What is told of a node that is upstream at two moments: that it was described at one only, or its revised values."""
    was, now = node.state(first), node.state(second)
    if was is None or now is None or was.retracted or now.retracted:
        # Only of where the walk begins; what was upstream of that says it.
        return "CHANGED", []
    if (was.described_at is None) != (now.described_at is None):
        return "DESCRIBED", []
    since, until = sorted((first, second))
    # Compare values as texts, since 0 and false are the same to Python.
    names = {
        name
        for old, new in pairwise(node.states)
        if since < new.since <= until and new.revision > old.revision
        for name in old.values.keys() | new.values.keys()
        if value(old.values.get(name)) != value(new.values.get(name))
    }
    values = ({"name": name, "before": was.values.get(name), "after": now.values.get(name)} for name in sorted(names))
    return "CHANGED", [each for each in values if value(each["before"]) != value(each["after"])]


def _own(link: Link) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(link.properties.items()))


def provenance(asking: Asking) -> dict[str, Any]:
    view, version = asking.view, asking.subject
    checkpoints = view.ends([version], "PROMOTED_FROM")
    runs = view.ends(checkpoints, "PRODUCED_BY")
    data = [link for run in runs for link in view.out(run, ("TRAINED_ON",))]
    upstream = by_id(view.walk([version], view.lineage, inwards=False).keys() - {version})
    direct = {link.target for link in data}
    return {
        "checkpoints": checkpoints,
        "runs": runs,
        "trainedOn": [
            {"dataset": k.target, "weight": k.properties.get("weight"), "role": k.properties.get("role"), "run": k.source}
            for k in sorted(data, key=_ends)
        ],
        "ancestors": [node for node in upstream if node.kind.name == "DatasetVersion" and node not in direct],
        "curation": [node for node in upstream if node.kind.name == "CurationRuleset"],
        "code": view.ends(runs, "RAN"),
        "environments": view.ends(runs, "IN_ENVIRONMENT"),
        "compute": view.ends(runs, "ON_COMPUTE"),
        "models": [node for node in upstream if node.kind.name == "ModelVersion"],
        "truncated": False,
    }


def justification(asking: Asking) -> dict[str, Any]:
    view, version = asking.view, asking.subject
    runs = view.ends(view.ends([version], "PROMOTED_FROM"), "PRODUCED_BY")
    return {"experiments": view.ends([version], "JUSTIFIED_BY"), "trainedIn": view.ends(runs, "PART_OF")}
