"""Operations with a value in every argument that nobody should send: empty, huge, negative, nested, no Unicode, no id."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

from forebear.api.types.made import rule_of
from forebear.graph.query.field import QuestionField


def deep(levels: int) -> Any:
    """A document nested so many levels deep."""
    document: Any = 1
    for level in range(levels):
        document = [document] if level % 2 else {"a": document}
    return document


STRINGS = (
    "", " ", "\n", "x", "\x00", "a\x00b", "\x1b[2J", "\u202e", "\ufeff", "\U0010ffff", "e\u0301" * 50, "' OR 1=1 //",
    '"\\', "*", "~", "`", "{}",
    "%", "%ZZ", "@", ":", "/", "#", "null", "-1", "1e400", "x" * 600, "x" * 9_000, "ß" * 4_200, "x y " * 5_000, "9" * 40,
)  # fmt: skip
INTEGERS = (0, 1, -1, 2, 1000, 1001, 2**31 - 1, -(2**31), None)
FLOATS = (0.0, -0.0, -1.0, 1e308, -1e308, 5e-324, 2.0**53, None)
MOMENTS = (
    "", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00+14:00", "2026-W01-1T00:00:00Z",
    "2026-01-01", "2026-07-01T00:00:00Z", "2062-01-01T00:00:00z", "x" * 9_000, None,
)  # fmt: skip
DOCUMENTS = (
    {},
    [],
    None,
    "",
    0,
    deep(60),
    deep(300),
    {"": None},
    {"x" * 9_000: 1},
    [[]] * 500,
    {"a": 2**70},
    {"a": 1e308},
    list(range(3_000)),
)


@dataclass
class Hostile:
    """Makes operations over a schema. `ids` are those of nodes that there are, by kind."""

    schema: GraphQLSchema
    ids: Mapping[str, str]
    random: random.Random

    def operations(self, count: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """So many operations: text and variables."""
        roots = [
            (kind, name, field)
            for kind, type in (("query", self.schema.query_type), ("mutation", self.schema.mutation_type))
            for name, field in (type.fields.items() if type else ())
        ]
        for n in range(count):
            yield self.operation(*roots[n % len(roots)])

    def operation(self, kind: str, name: str, field: GraphQLField) -> tuple[str, dict[str, Any]]:
        """An operation of one root field, whose arguments and whose selection's arguments are variables."""
        declared: dict[str, str] = {}
        variables: dict[str, Any] = {}

        def arguments(of: GraphQLField, most: float) -> str:
            passed = []
            for argument, a in of.args.items():
                if is_required_argument(a) or self.random.random() < most:
                    variable = f"v{len(declared)}"
                    declared[variable] = str(a.type)
                    id = self.ids.get(self.kind(of, argument))
                    right = id is not None and self.random.random() < 0.8
                    variables[variable] = ([id] if "[" in str(a.type) else id) if right else self.value(a.type)
                    passed.append(f"{argument}: ${variable}")
            return f"({', '.join(passed)})" if passed else ""

        selected = self.selection(field, arguments, 3)
        text = f"{name}{arguments(field, 0.5)}{selected}"
        heads = ", ".join(f"${v}: {type}" for v, type in declared.items())
        return f"{kind} {f'({heads})' if heads else ''} {{ {text} }}", variables

    def kind(self, field: GraphQLField, argument: str) -> str:
        """The kind that an argument names, as far as one can tell: its own, or that of what is answered."""
        if isinstance(rule := rule_of(field), QuestionField):
            return next((p.type.kinds[0] for p in rule.question.parameters if p.name == argument and p.type.kinds), "")
        if argument == "id":
            return get_named_type(field.type).name
        return {"on": "Fleet", "of": "ModelVersion", "rollsBack": "Deployment", "to": "Artifact"}.get(
            argument, argument.capitalize()
        )

    def selection(self, field: GraphQLField, arguments: Callable[[GraphQLField, float], str], depth: int) -> str:
        """What is selected of a field: some leaves, and some fields with arguments below."""
        type = get_named_type(field.type)
        if is_leaf_type(type):
            return ""
        if isinstance(type, (GraphQLInterfaceType, GraphQLUnionType)):
            some = self.random.sample(self.schema.get_possible_types(type), 1)
            return f" {{ __typename {' '.join(f'... on {t.name} {self.fields(t, arguments, depth)}' for t in some)} }}"
        assert isinstance(type, GraphQLObjectType)
        return f" {self.fields(type, arguments, depth)}"

    def fields(self, type: GraphQLObjectType, arguments: Callable[[GraphQLField, float], str], depth: int) -> str:
        """Some fields of a type, in braces."""
        parts = ["__typename"]
        names = [n for n, f in type.fields.items() if depth or is_leaf_type(get_named_type(f.type))]
        for name in self.random.sample(names, min(2, len(names))):
            field = type.fields[name]
            if not any(is_required_argument(a) for a in field.args.values()):
                below = self.selection(field, arguments, depth - 1) if depth else ""
                parts.append(f"{name}{arguments(field, 0.3)}{below}")
        return f"{{ {' '.join(parts)} }}"

    def value(self, type: GraphQLInputType, depth: int = 0) -> Any:
        """A value of a type, seldom one that makes sense."""
        if not isinstance(type, GraphQLNonNull) and self.random.random() < 0.15:
            return None
        type = get_nullable_type(type)
        if isinstance(type, GraphQLList):
            size = self.random.choice((0, 1, 1, 2, 3, 1_001) if depth == 0 else (0, 1, 2))
            one = self.value(type.of_type, depth + 1)
            return [one if size > 3 else self.value(type.of_type, depth + 1) for _ in range(size)]
        if isinstance(type, GraphQLEnumType):
            return self.random.choice(list(type.values))
        if isinstance(type, GraphQLInputObjectType):
            return self.object(type, depth)
        assert isinstance(type, GraphQLScalarType)
        return self.scalar(type.name)

    def object(self, type: GraphQLInputObjectType, depth: int) -> dict[str, Any]:
        """A value of an input type."""
        if type.is_one_of:
            name, only = self.random.choice(list(type.fields.items()))
            return {name: self.value(GraphQLNonNull(get_nullable_type(only.type)), depth + 1)}
        likely = 0.3 / (depth + 1)
        return {
            name: self.value(f.type, depth + 1)
            for name, f in type.fields.items()
            if is_required_input_field(f) or self.random.random() < likely
        }

    def scalar(self, name: str) -> Any:
        """A value of a scalar, of each three one that makes sense."""
        pick = self.random.choice
        if self.random.random() < 0.33:
            return {
                "Int": 1,
                "Long": 1,
                "Float": 1.0,
                "Boolean": True,
                "ID": pick(list(self.ids.values())),
                "DateTime": "2026-07-01T00:00:00Z",
                "JSON": {},
            }.get(name, "x")
        match name:
            case "Int":
                return pick(INTEGERS) or 0
            case "Long":
                return pick((*INTEGERS, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, str(2**53 + 1), "x")) or 0
            case "Float":
                return pick(FLOATS) or 0.0
            case "Boolean":
                return pick((True, False))
            case "ID":
                kind = pick(list(self.ids))
                prefix = self.ids[kind].partition(":")[0]
                return pick(
                    (self.ids[kind], self.ids[kind], f"{prefix}:{'x' * 505}", f"{prefix}:x@1", f"{prefix}:%0A", pick(STRINGS))
                )
            case "DateTime":
                return pick(MOMENTS) or ""
            case "JSON":
                return pick(DOCUMENTS)
        return pick(STRINGS)


def literal(value: Any) -> str:
    """A value as a GraphQL literal; enums are not told from texts."""
    match value:
        case dict():
            return f"{{{', '.join(f'{k}: {literal(v)}' for k, v in value.items())}}}"
        case list():
            return f"[{', '.join(map(literal, value))}]"
    return json.dumps(value)
