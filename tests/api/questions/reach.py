"""How far a thing reaches: what came of it and is allowed by it, where that runs, and by which ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tests.api.memory import Link, Node
from tests.api.questions.asking import Asking, Row
from tests.api.questions.permission import basis, recalls
from tests.api.questions.view import View, by_id

DIRECT = frozenset({"TRAINED_ON", "PRODUCED_BY", "PROMOTED_FROM", "BUILT_FROM", "OF"})
"""What leads from what runs to the data that its run itself was trained on."""

THINGS = ("Deployment", "Installation")


def impact(asking: Asking) -> Iterator[Row]:
    view, of, kinds = asking.view, asking.arguments["of"], asking.arguments.get("kinds")
    tails = tails_of(view, of)
    reached: dict[Node, tuple[str, list[Node]]] = {}
    for via, types in (("LINEAGE", view.lineage), ("AUTHORITY", view.authority)):
        depths = {start: view.walk([start], types, inwards=True) for start in tails}
        ways: dict[Node, list[tuple[int, list[str], Node, list[Node]]]] = {}
        for thing in {node for found in depths.values() for node in found}:
            far, _, start = min((depths[s][thing] + len(tails[s]), s.id, s) for s in tails if thing in depths[s])
            for way in _places(view, thing):
                order = (far + len(way) - 1, [node.id for node in way])
                ways.setdefault(way[0], []).append((*order, start, way))
        for node, found in ways.items():
            if node not in reached and node is not of:
                _, _, start, way = min(found, key=lambda one: one[:2])
                reached[node] = (via, [*way, *_first(view, way[-1], start, types), *tails[start][1:]])
    for node, (via, path) in reached.items():
        if kinds is None or node.kind.name in kinds:
            yield Row((node.id,), {"node": node, "via": via, "path": path})


def tails_of(view: View, of: Node) -> dict[Node, list[Node]]:
    """What stands for a node, each with the first of the shortest ways from it to that."""
    ways = [[of], *([version, of] for version in view.origins([of], "VERSION_OF")), *_collected(view, of)]
    first: dict[Node, list[Node]] = {}
    for way in sorted(ways, key=lambda way: (len(way), [node.id for node in way])):
        first.setdefault(way[0], way)
    return first


def _collected(view: View, place: Node) -> Iterator[list[Node]]:
    """From dataset versions with data that was collected inside of a place while that was its, the ways to the place."""
    for dataset in view.all("DatasetVersion"):
        for link in view.out(dataset, ("COLLECTED_FROM",)):
            data = (link.properties.get("collectedFrom"), link.properties.get("collectedTo"))
            for way in view.around(link.target, None):
                spans = [data, *((k.properties["validFrom"], k.properties.get("validTo")) for k in way)]
                at_once = max(since or "" for since, _ in spans) < min(until or "~" for _, until in spans)
                if way and way[-1].target is place and at_once:
                    yield [dataset, link.target, *(k.target for k in way)]


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
            for part in view.into(place, ("PART_OF",)):
                if part.holds(at):
                    yield [part.source, place, thing]


def _first(view: View, node: Node, start: Node, types: frozenset[str]) -> list[Node]:
    """The first of the shortest ways from a node outwards to another, without the node itself."""
    ways = [[link.target for link in way] for way in view.shortest(node, start, types)]
    return min(ways, key=lambda way: [step.id for step in way], default=[])


def fleets_running(asking: Asking) -> Iterator[Row]:
    view, at, data = asking.view, asking.view.time.at, asking.arguments["trainedOn"]
    starts = view.origins([data], "VERSION_OF") if data.kind.name == "Dataset" else [data]
    types = view.lineage if asking.arguments["includeDerived"] else DIRECT
    upstream = {start: view.walk([start], types, inwards=True) for start in starts}
    things = {t for found in upstream.values() for t in found if t.kind.name in THINGS and view.current(t, at)}
    running: dict[tuple[Node, Node], list[tuple[Node, list[Node]]]] = {}
    for thing in view.newest(things):
        artifact = view.end(thing, "OF")
        ways = [
            [*(link.target for link in reversed(way)), place]
            for place in view.ends([thing], "ON")
            for way in view.around(place, at)
            if (way[-1].target if way else place).kind.name == "Fleet"
        ]
        for way in sorted(ways, key=lambda way: (len(way), [node.id for node in way])):
            assert artifact is not None
            running.setdefault((way[0], artifact), []).append((thing, way))
    for (fleet, artifact), here in running.items():
        things_here = dict.fromkeys(thing for thing, _ in here)
        active = [thing for thing in things_here if thing.kind.name == "Deployment"]
        seen = [thing for thing in things_here if thing.kind.name == "Installation"]
        meant = [d for d, way in here if d in active and not view.stopped(d, view.newest_stop(way, at))]
        newest, way = here[0]
        start = next(start for start in by_id(upstream) if newest in upstream[start])
        yield Row(
            (fleet.id, artifact.id),
            {
                "fleet": fleet,
                "artifact": artifact,
                "version": view.end(artifact, "BUILT_FROM"),
                "intended": bool(meant),
                "observed": bool(seen),
                "basis": basis(view, artifact, [fleet]),
                "recalls": recalls(view, artifact),
                "deployment": active[0] if active else None,
                "deployments": active,
                "robots": view.ends(seen, "ON"),
                "lastSeenAt": max((last for i in seen if (last := view.get(i, "lastSeenAt"))), default=None),
                "path": [*way, newest, *_first(view, newest, start, view.lineage)],
            },
        )


def paths(asking: Asking) -> dict[str, Any]:
    view, given = asking.view, asking.arguments
    source, target, longest, first = given["from"], given["to"], given["maxLength"], given["first"]
    found: list[tuple[Link, ...]] = []
    for head in _ends(view, source):
        for tail in _ends(view, target):
            a, b = (head[0].source if head else source), (tail[0].source if tail else target)
            onwards = view.shortest(a, b, view.authority)
            back = [tuple(reversed(way)) for way in view.shortest(b, a, view.authority)]
            # Where both ends are the same thing, one of them is it: a place is not left for itself.
            same: list[tuple[Link, ...]] = [()] if a is b and not (head and tail) else []
            if source is not target:
                found += [(*reversed(head), *way, *tail) for way in onwards + back + same]
    # Of a way that held several times, the last remains.
    every = sorted((_path(source, way) for way in found), key=lambda path: (*_order(path), _began(path)))
    whole = list({str(_order(path)): path for path in every}.values())
    ours = [path for path in whole[:first] if path["length"] <= longest]
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


def _order(path: dict[str, Any]) -> tuple[int, list[tuple[str, str]]]:
    steps = zip(path["nodes"][1:], path["edges"], strict=True)
    return path["length"], [(node.id, f"{edge['type']} {edge['source']}") for node, edge in steps]


def _began(path: dict[str, Any]) -> list[str]:
    return [edge["validFrom"] or "" for edge in path["edges"]]
