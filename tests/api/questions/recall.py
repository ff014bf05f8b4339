"""What a recall affects, found in memory: the second answer to `recallPlan`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.api.memory import Node
from tests.api.questions.reach import THINGS, tails_of
from tests.api.questions.view import View, by_id

KINDS = ("ModelVersion", "Release", "Artifact", "Deployment", "Installation", "Robot", "Cohort", "Fleet", "Site", "Customer")
PLACES = KINDS[5:]
Path = tuple[Node, ...]


def affected(view: View, of: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The affected nodes in the order of a plan: each with its way, its path and, of what runs and where, its customers."""
    found: dict[Node, tuple[str, Path]] = {}
    origins = _origins(view, of)
    for via, types in (("LINEAGE", view.lineage), ("AUTHORITY", view.authority)):
        paths = _paths(view, origins, types)
        reached: dict[Node, Path] = {node: path for node, path in paths.items() if node.kind.name not in PLACES}
        for thing, path in paths.items():
            if thing.kind.name in THINGS:
                for way in _ways(view, thing):
                    whole = (*way, *path)
                    if way[0] not in reached or _order(whole) < _order(reached[way[0]]):
                        reached[way[0]] = whole
        for node, path in reached.items():
            found.setdefault(node, (via, path))
    rows = [(node, via, path) for node, (via, path) in found.items() if node.kind.name in KINDS]
    fleets = {node for node in found if node.kind.name == "Fleet"}
    return [
        {
            "node": {"id": node.id, "kind": node.kind.name},
            "via": via,
            "path": [step.id for step in path],
            "customers": [customer.id for customer in _customers(view, node, fleets)],
        }
        for node, via, path in sorted(rows, key=lambda row: (KINDS.index(row[0].kind.name), row[0].id))
    ]


def digest(rows: list[dict[str, Any]]) -> str:
    """The digest of affected releases, artifacts and deployments."""
    held = [row for row in rows if row["node"]["kind"] in ("Release", "Artifact", "Deployment")]
    keys = sorted(f"{row['node']['kind']}:{row['node']['id']}:{row['via']}" for row in held)
    return "sha256:" + hashlib.sha256("\n".join(keys).encode()).hexdigest()


def _origins(view: View, of: Mapping[str, Any]) -> dict[Node, Path]:
    """Where a recall begins, each with the path from there to the subject."""
    if "toolchain" in of:
        return {node: (node,) for node in view.all("Artifact") if view.get(node, "toolchain") == of["toolchain"]}
    if "setting" in of:
        name, value = of["setting"]["name"], json.dumps(of["setting"]["value"])
        return {
            node: (node,)
            for node in view.all("Run")
            if any(key == name and json.dumps(each) == value for key, each in _settings("", view.get(node, "configuration")))
        }
    subject = view.memory.nodes[of.get("node") or of["dataOf"]]
    return {node: tuple(path) for node, path in tails_of(view, subject).items()}


def _settings(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key != "seed":
                yield from _settings(f"{name}.{key}" if name else key, each)
    elif name:
        yield name, value


def _paths(view: View, origins: Mapping[Node, Path], types: frozenset[str]) -> dict[Node, Path]:
    """The first of the shortest paths of everything, made better for as long as anything gets better."""
    best = dict(origins)
    again = True
    while again:
        again = False
        for node, path in [*best.items()]:
            for link in view.into(node, types):
                if _runs(view, link.source) and (
                    link.source not in best or _order((link.source, *path)) < _order(best[link.source])
                ):
                    best[link.source] = (link.source, *path)
                    again = True
    return best


def _order(path: Path) -> tuple[int, list[str]]:
    return len(path), [node.id for node in path]


def _runs(view: View, node: Node) -> bool:
    """Whether a node counts: a deployment that is not over, an installation that lasts, anything else."""
    if node.kind.name == "Deployment":
        return view.get(node, "state") in ("PLANNED", "IN_PROGRESS", "ACTIVE")
    return node.kind.name != "Installation" or view.current(node, view.time.at)


def _ways(view: View, thing: Node) -> Iterator[Path]:
    """The ways from each affected place to what runs there."""
    at = view.time.at
    for place in view.ends([thing], "ON"):
        for way in view.around(place, at):
            yield (*(link.target for link in reversed(way)), place)
        if thing.kind.name == "Deployment":
            for robot, *others in _robots(view, place):
                yield (robot, *others, place)


def _robots(view: View, place: Node) -> Iterator[Path]:
    """The robots that a deployment to a place is meant for, each with the cohort by which."""
    at = view.time.at
    for link in view.into(place, ("MEMBER_OF",)):
        if link.holds(at) and not _retired(view, link.source):
            yield (link.source,)
    for link in view.into(place, ("PART_OF",)):
        other = any(view.get(d, "state") == "ACTIVE" for d in view.origins([link.source], "ON", "Deployment"))
        if link.holds(at) and link.source.kind.name == "Cohort" and not other:
            yield from ((*path, link.source) for path in _robots(view, link.source))


def _retired(view: View, robot: Node) -> bool:
    """Whether a robot is out of service, or will be."""
    ends = (view.get(out, "validTo") for out in view.origins([robot], "DECOMMISSIONS"))
    return any(end is None or end > view.time.at for end in ends)


def _customers(view: View, node: Node, fleets: Iterable[Node]) -> list[Node]:
    """The customers of the affected fleets of what runs, and of where it runs."""
    if node.kind.name in THINGS:
        return by_id({customer for place in view.ends([node], "ON") for customer in _customers(view, place, fleets)})
    if node.kind.name not in ("Robot", "Cohort", "Fleet"):
        return []
    at = view.time.at
    own = {*view.places(node, at, "Fleet")} & {*fleets}
    return by_id({link.target for fleet in own for link in view.out(fleet, ("FOR",)) if link.holds(at)})
