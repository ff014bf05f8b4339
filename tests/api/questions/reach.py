"""How far a thing reaches: what came of it and is allowed by it, where that runs, and by which ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from tests.api.memory import Link, Node
from tests.api.questions.asking import Asking, Row
from tests.api.questions.view import View

DIRECT = frozenset({"TRAINED_ON", "PRODUCED_BY", "PROMOTED_FROM", "BUILT_FROM", "OF"})
"""What leads from what runs to the data that its run itself was trained on."""

THINGS = ("Deployment", "Installation")


def impact(asking: Asking) -> Iterator[Row]:
    view, of, kinds = asking.view, asking.arguments["of"], asking.arguments.get("kinds")
    starts = [of, *view.origins([of], "VERSION_OF"), *_collected(view, of)]
    shown = {row["node"]["id"]: [node["id"] for node in row["path"]] for row in asking.shown}
    reached: dict[Node, tuple[str, list[list[Node]]]] = {}
    for via, types in (("LINEAGE", view.lineage), ("AUTHORITY", view.authority)):
        found: dict[Node, list[list[Node]]] = {}
        for thing in view.walk(starts, types, inwards=True):
            for way in _places(view, thing):
                found.setdefault(way[0], []).append(way)
        for node, ways in found.items():
            if node not in reached and node is not of:
                reached[node] = (via, ways)
    for node, (via, ways) in reached.items():
        if kinds is None or node.kind.name in kinds:
            types = view.lineage if via == "LINEAGE" else view.authority
            path = _chosen(view, shown.get(node.id, []), ways, starts, types)
            yield Row((node.id,), {"node": node, "via": via, "path": path})


def _collected(view: View, place: Node) -> Iterator[Node]:
    """The dataset versions with data that was collected inside of a place while that was its."""
    for dataset in view.all("DatasetVersion"):
        for link in view.out(dataset, ("COLLECTED_FROM",)):
            data = (link.properties.get("collectedFrom"), link.properties.get("collectedTo"))
            for way in view.around(link.target, None):
                spans = [data, *((k.properties["validFrom"], k.properties.get("validTo")) for k in way)]
                at_once = max(since or "" for since, _ in spans) < min(until or "~" for _, until in spans)
                if way and way[-1].target is place and at_once:
                    yield dataset


def _places(view: View, thing: Node) -> Iterator[list[Node]]:
    """The ways back to a thing: from itself and, of what runs at the moment, from where that is."""
    yield [thing]
    at = view.time.at
    if thing.kind.name in THINGS and view.current(thing, at):
        for place in view.ends([thing], "ON"):
            for way in view.around(place, at):
                yield [*(link.target for link in reversed(way)), place, thing]
            for way in view.inside(place, at):
                yield [*(link.source for link in reversed(way)), place, thing]


def _chosen(
    view: View, shown: Sequence[str], heads: Sequence[list[Node]], starts: Sequence[Node], types: frozenset[str]
) -> list[Node]:
    """A way that is shown, if it is a head and then a shortest way to a start; otherwise another one."""
    for head in heads:
        if shown[: len(head)] == [node.id for node in head]:
            for start in starts:
                ways = view.shortest(head[-1], start, types)
                whole = [[*head, *(link.target for link in way)] for way in ([()] if head[-1] is start else ways)]
                for path in whole:
                    if [node.id for node in path] == list(shown):
                        return path
    head = heads[0]
    found = [(start, way) for start in starts for way in view.shortest(head[-1], start, types)]
    return [*head, *(link.target for link in (found[0][1] if found and head[-1] not in starts else ()))]


def fleets_running(asking: Asking) -> Iterator[Row]:
    view, at, data = asking.view, asking.view.time.at, asking.arguments["trainedOn"]
    starts = view.origins([data], "VERSION_OF") if data.kind.name == "Dataset" else [data]
    types = view.lineage if asking.arguments["includeDerived"] else DIRECT
    things = [t for t in view.walk(starts, types, inwards=True) if t.kind.name in THINGS and view.current(t, at)]
    shown = {(row["fleet"]["id"], row["artifact"]["id"]): [node["id"] for node in row["path"]] for row in asking.shown}
    running: dict[tuple[Node, Node], list[Node]] = {}
    for thing in view.newest(things):
        artifact = view.end(thing, "OF")
        fleets = {fleet for place in view.ends([thing], "ON") for fleet in view.places(place, at, "Fleet")}
        for fleet in fleets:
            assert artifact is not None
            running.setdefault((fleet, artifact), []).append(thing)
    for (fleet, artifact), here in running.items():
        active = [thing for thing in here if thing.kind.name == "Deployment"]
        seen = [thing for thing in here if thing.kind.name == "Installation"]
        heads = [[fleet, thing] for thing in here]
        yield Row(
            (fleet.id, artifact.id),
            {
                "fleet": fleet,
                "artifact": artifact,
                "version": view.end(artifact, "BUILT_FROM"),
                "intended": bool(active),
                "observed": bool(seen),
                "deployment": active[0] if active else None,
                "deployments": active,
                "robots": view.ends(seen, "ON"),
                "path": _chosen(view, shown.get((fleet.id, artifact.id), []), heads, starts, types),
            },
        )


def paths(asking: Asking) -> dict[str, Any]:
    view, given = asking.view, asking.arguments
    source, target, longest, first = given["from"], given["to"], given["maxLength"], given["first"]
    found: list[tuple[Link, ...]] = []
    free = False
    for head in _ends(view, source):
        for tail in _ends(view, target):
            a, b = (head[0].source if head else source), (tail[0].source if tail else target)
            onwards = view.shortest(a, b, view.authority)
            back = [tuple(reversed(way)) for way in view.shortest(b, a, view.authority)]
            free = free or len(onwards) > first or len(back) > first
            if source is not target:
                found += [(*reversed(head), *way, *tail) for way in onwards + back]
    # Of a way that held several times, the last remains.
    every = sorted((_path(source, way) for way in found), key=lambda path: (*_order(path), _began(path)))
    whole = list({str(_order(path)): path for path in every}.values())
    ours = [path for path in whole[:first] if path["length"] <= longest]
    shown = asking.checked.get("paths", [])
    if free and _stands(shown, ours, whole):
        ours = [next(path for path in whole if _ids(path) == _shown_ids(other)) for other in shown]
    return {"paths": ours, "truncated": len(whole) > len(ours)}


def _ends(view: View, node: Node) -> Iterator[tuple[Link, ...]]:
    """Where a path may begin for a node: at itself, and at what ever ran there, with the links that lead from that to it."""
    yield ()
    for kind in THINGS:
        for thing in view.all(kind):
            for on in view.out(thing, ("ON",)):
                for way in view.around(on.target, None):
                    if (way[-1] if way else on).target is node:
                        yield (on, *way)


def _path(start: Node, links: Sequence[Link]) -> dict[str, Any]:
    nodes = [start]
    for link in links:
        nodes.append(link.target if link.source is nodes[-1] else link.source)
    edges = [
        {"source": k.source.id, "target": k.target.id, "type": k.edge.type.name}
        | {name: k.properties.get(name) for name in ("validFrom", "validTo")}
        for k in links
    ]
    return {"length": len(links), "nodes": nodes, "edges": edges}


def _ids(path: dict[str, Any]) -> tuple[list[str], list[Any]]:
    return [node.id for node in path["nodes"]], path["edges"]


def _shown_ids(path: dict[str, Any]) -> tuple[list[str], list[Any]]:
    return [node["id"] for node in path["nodes"]], path["edges"]


def _order(path: dict[str, Any]) -> tuple[int, list[str], list[str]]:
    return path["length"], [node.id for node in path["nodes"]], [f"{edge['type']} {edge['source']}" for edge in path["edges"]]


def _began(path: dict[str, Any]) -> list[str]:
    return [edge["validFrom"] or "" for edge in path["edges"]]


def _stands(shown: Sequence[Any], ours: Sequence[dict[str, Any]], whole: Sequence[dict[str, Any]]) -> bool:
    """Whether the paths that are shown are as many, as short and in the same order as ours, each a right one and none twice."""
    known = [_ids(path) for path in whole]
    places = [known.index(_shown_ids(path)) if _shown_ids(path) in known else -1 for path in shown]
    lengths = [path["length"] for path in shown] == [path["length"] for path in ours]
    return lengths and -1 not in places and all(a < b for a, b in pairwise(places))
