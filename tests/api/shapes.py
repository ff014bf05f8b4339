"""Operations that ask the questions: few shapes, so that few statements are planned, and any number of values."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_list_type,
    is_required_argument,
)

from forebear.graph.declaration import Graph
from tests.api.histories import MOMENTS
from tests.api.operations import World
from tests.api.questions import QUESTIONS

BEGINNINGS: Mapping[str, Sequence[Mapping[str, str]]] = {
    "Query.lineage": ({"of": "DatasetVersion"}, {"of": "ModelVersion"}, {"of": "Deployment"}),
    "Query.lineageDiff": (
        {"of": "ModelVersion", "with": "ModelVersion"},
        {"of": "Artifact", "with": "DatasetVersion"},
        {"of": "Artifact"},
    ),
    "Query.impact": (
        {"of": "DatasetVersion"}, {"of": "Customer"}, {"of": "EvaluationPack"},
        {"of": "Fleet"}, {"of": "Cohort"}, {"of": "Dataset"},
    ),
    "Query.paths": (
        {"from": "Fleet", "to": "DatasetVersion"}, {"from": "DatasetVersion", "to": "Site"},
        {"from": "Robot", "to": "Fleet"}, {"from": "Decision", "to": "EvaluationPack"},
    ),
    "Query.fleetsRunning": ({"trainedOn": "DatasetVersion"}, {"trainedOn": "DatasetVersion"}, {"trainedOn": "Dataset"}),
    "Query.changes": ({"of": "Robot"}, {"of": "ModelVersion"}, {"of": "Site"}, {"of": "Incident"}, {"of": "Fleet"}),
    "Query.drift": ({"fleet": "Fleet"},),
    "Query.whatWasRunning": ({"place": "Robot"}, {"place": "Fleet"}, {"place": "Site"}),
}  # fmt: skip
"""The kinds of the ids that a question is asked with."""

LEFT_OUT: Sequence[frozenset[str]] = (
    frozenset({"asKnownAt"}),
    frozenset(),
    frozenset({"asKnownAt", "after", "with", "from", "at", "kinds"}),
)
"""The optional arguments that a shape does not give. Neo4j plans each shape for itself, which takes it longest of all."""


@dataclass(frozen=True)
class Shape:
    """One way to ask a question: the same text every time."""

    question: str
    query: str
    types: Mapping[str, Any]
    """The types of its variables."""
    kinds: Mapping[str, str]
    """The kinds of its ids."""

    @property
    def now(self) -> bool:
        """Whether it asks for what is known now."""
        return "asKnownAt" not in self.types

    def values(self, graph: Graph, world: World, chance: random.Random) -> dict[str, Any]:
        """Values for its variables; now and then one of them is wrong."""
        values = {name: _value(self, name, graph, world, chance) for name in self.types}
        if self.question.startswith("Query.") and chance.random() < 0.05:
            name = chance.choice(list(self.types))
            bounds = QUESTIONS[self.question].bounds.get(name, (0, 1000))
            wrong = {"after": "id:fleet:a", "first": chance.choice((-1, bounds[1] + 1))}
            if name in (*wrong, "maxDepth", "maxLength"):
                values[name] = wrong.get(name, bounds[1] + 1)
        return values


def shapes(graph: Graph, schema: GraphQLSchema) -> Iterator[Shape]:
    """The shapes of all questions."""
    for name in QUESTIONS:
        owner, field = name.split(".")
        type_ = schema.type_map[owner]
        assert isinstance(type_, GraphQLObjectType)
        definition = type_.fields[field]
        beginnings = BEGINNINGS.get(name, ({"id": owner} if owner != "Query" else {},))
        made = set()
        for i in range(max(len(beginnings), len(LEFT_OUT))):
            out, kinds = LEFT_OUT[i % len(LEFT_OUT)], beginnings[i % len(beginnings)]
            arguments = {n: a.type for n, a in definition.args.items() if is_required_argument(a) or n not in out}
            answer = f"{field}{_arguments(arguments)} {_everything(graph, definition.type, nodes=i % 2 == 1)}"
            types: dict[str, Any] = dict(arguments)
            if owner != "Query":
                lookup = schema.query_type.fields[owner[0].lower() + owner[1:]]  # type: ignore[union-attr]
                taken = {n: a.type for n, a in lookup.args.items() if n == "id" or n not in out}
                types = {**{("around" if n == "at" else n): t for n, t in taken.items()}, **types}
                renamed = {n: "around" for n in taken if n == "at"}
                answer = f"{owner[0].lower()}{owner[1:]}{_arguments(taken, renamed)} {{ {answer} }}"
            variables = ", ".join(f"${n}: {t}" for n, t in types.items())
            shape = f"query ({variables}) {{ {answer} }}"
            if (shape, *kinds.values()) not in made:
                made.add((shape, *kinds.values()))
                yield Shape(name, shape, types, kinds)


def _arguments(types: Mapping[str, Any], renamed: Mapping[str, str] | None = None) -> str:
    given = ", ".join(f"{n}: ${(renamed or {}).get(n, n)}" for n in types)
    return f"({given})" if given else ""


def _everything(graph: Graph, type_: Any, *, nodes: bool) -> str:
    """A selection of all that a question answers; of a page its nodes alone, or its rows and whatever else it has."""
    named: GraphQLNamedType = get_named_type(type_)
    if isinstance(named, GraphQLInterfaceType):
        return "{ id described }"
    if not isinstance(named, GraphQLObjectType):
        return ""
    if named.name in graph.kinds:
        return "{ id described revision }"
    names = list(named.fields)
    if "pageInfo" in names:
        names = ["nodes"] if nodes else [n for n in names if n != "nodes"]
    return "{ " + " ".join(f"{n} {_everything(graph, named.fields[n].type, nodes=nodes)}".strip() for n in names) + " }"


def _value(shape: Shape, name: str, graph: Graph, world: World, chance: random.Random) -> Any:
    question = QUESTIONS[shape.question]
    if name in shape.kinds:
        kind = graph.kinds[shape.kinds[name]]
        nobody = f"{kind.prefix}:nobody" + ("@0" if kind.versioned else "")
        return nobody if chance.random() < 0.03 else chance.choice(world.ids[kind.name])
    match name:
        case "first" | "maxDepth" | "maxLength":
            most = question.bounds.get(name, (0, 1000))[1]
            return chance.choice((0, 1, 2, 3, 5, most, most))
        case "after":
            known = world.cursors.get(question.file)
            beginning = f"{question.file}:{'~' if question.descending else ''}"
            return chance.choice(known) if known and chance.random() < 0.5 else beginning
        case "at" | "around":
            return chance.choice(MOMENTS)
        case "asKnownAt" | "from" | "to":
            return chance.choice(world.moments)
        case "kinds":
            return chance.sample(list(graph.kinds), chance.choice((0, 3, 10, 20)))
        case "text" | "name":
            return chance.choice(world.texts)
    named = get_named_type(shape.types[name])
    if isinstance(named, GraphQLEnumType) and is_list_type(shape.types[name]):
        return chance.sample(list(named.values), chance.choice((0, 3, *4 * [len(named.values)])))
    if isinstance(named, GraphQLEnumType):
        return chance.choice(list(named.values))
    assert str(named) == "Boolean", f"{name}: no values are known for {named}"
    return chance.random() < 0.5
