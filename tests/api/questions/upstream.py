"""What changed upstream between two versions, read off the graph in memory: a second answer to `compare { changes }`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.api.memory import Link, Node
from tests.api.questions.view import View

MADE = frozenset({"PROMOTED_FROM", "PRODUCED_BY", "TRAINED_ON", "DERIVED_FROM"})
ARCHITECTURE = (
    "parameters", "sensors", "actionSpace", "actionSpaceDigest", "controllerDigest", "rateHz", "memoryMib", "robotSoftware",
)  # fmt: skip


def upstream(view: View, base: Node, candidate: Node) -> set[tuple[str, str, str, str, str]]:
    """Category, subject, change and both values, as JSON, of each thing that differs."""
    before, after = dict(_things(view, base)), dict(_things(view, candidate))
    told = set()
    for category, subject in before.keys() | after.keys():
        one, other = before.get((category, subject), []), after.get((category, subject), [])
        if one == other:
            continue
        if category == "DATA":
            told |= _data(subject, one, other)
            continue
        change = "ADDED" if not one else "DROPPED" if not other else "CHANGED"
        told.add((category, subject, change, _json(one), _json(other)))
    return told


def _data(dataset: str, one: list[Any], other: list[Any]) -> set[tuple[str, str, str, str, str]]:
    ids, others = ({id for id, *_ in side} for side in (one, other))
    if ids != others:
        gone, new = (ids, others) if not ids or not others else (ids - others, others - ids)
        change = "ADDED" if not gone else "DROPPED" if not new else "CHANGED"
        return {("DATA", dataset, change, _json(sorted(gone)), _json(sorted(new)))}
    weights = ({id: [w for i, w in side if i == id] for id in ids} for side in (one, other))
    first, second = weights
    return {("DATA", id, "REWEIGHTED", _json(first[id]), _json(second[id])) for id in ids if first[id] != second[id]}


def _things(view: View, version: Node) -> Iterator[tuple[tuple[str, str], list[Any]]]:
    things: dict[tuple[str, str], list[Any]] = {}
    for category, subject, value in _every(view, version):
        values = things.setdefault((category, subject), [])
        if category == "DATA" or value not in values:
            values.append(value)
    yield from ((thing, sorted(values, key=repr)) for thing, values in things.items())


def _every(view: View, version: Node) -> Iterator[tuple[str, str, Any]]:
    for name in ARCHITECTURE:
        if (value := view.get(version, name)) is not None:
            yield "ARCHITECTURE", name, value
    for node in view.walk([version], MADE, inwards=False):
        if node.kind.name in ("Run", "DatasetVersion"):
            for link in view.out(node, frozenset({"TRAINED_ON", "DERIVED_FROM"})):
                yield "DATA", link.target.id.split("@")[0], (link.target.id, link.properties.get("weight"))
            for rules in view.ends([node], "CURATED_BY"):
                for rule, value in view.get(rules, "rules").items():
                    yield "CURATION", f"{rules.id.split('@')[0]} {rule}", value
        if node.kind.name == "Run":
            yield from _run(view, node)


def _run(view: View, run: Node) -> Iterator[tuple[str, str, Any]]:
    def ends(type: str) -> list[Link]:
        return [*view.out(run, frozenset({type}))]

    for link in ends("RAN"):
        yield "CODE", view.get(link.target, "repository"), view.get(link.target, "commit")
    for link in ends("IN_ENVIRONMENT"):
        yield from (("PACKAGE", name, v) for name, v in view.get(link.target, "packages").items())
    yield from (("CONFIGURATION", key, v) for key, v in view.get(run, "configuration").items() if key != "seed")
    for link in ends("INITIALIZED_FROM"):
        yield "BASE_MODEL", "", link.target.id
    for link in ends("GUIDED_BY"):
        yield "TEACHER", link.properties["role"], link.target.id
    for link in ends("ON_COMPUTE"):
        yield "COMPUTE", "", {"accelerator": view.get(link.target, "accelerator")}


def _json(values: list[Any]) -> str:
    return value(None if not values else values[0] if len(values) == 1 else values)


def value(value: Any) -> str:
    """A value as a text, where 1 and 1.0 are the same."""
    return json.dumps(json.loads(json.dumps(value), parse_int=float), sort_keys=True)
