"""Generated operations: every field and argument that the schema has, in every way that GraphQL lets one write them."""

from __future__ import annotations

import itertools
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    ObjectFieldNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_required_argument,
    is_required_input_field,
    parse,
    validate,
    visit,
)
from graphql.pyutils import Undefined

from forebear.graph.declaration import Graph, Property
from tests.api.histories import FLOATS, INTEGERS, LONGS, TEXTS

# ── what an operation is made of ────────────────────────────────────────────────────────────────────────────


class Name(str):
    """An enum's value."""

    __slots__ = ()


@dataclass(frozen=True, eq=False)
class Variable:
    """A variable: its type, its default and, unless it is left out, its value."""

    type: str
    default: Any = Undefined
    value: Any = Undefined


@dataclass(eq=False)
class Field:
    """A selected field."""

    name: str
    key: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    directives: Mapping[str, Any] = field(default_factory=dict)
    selections: list[Selection] | None = None


@dataclass(eq=False)
class Spread:
    """A fragment, spread: named, or inline."""

    on: str | None
    named: bool
    selections: list[Selection]
    directives: Mapping[str, Any] = field(default_factory=dict)


Selection = Field | Spread


@dataclass
class Operation:
    """A query operation."""

    selections: list[Selection]

    def render(self) -> tuple[str, dict[str, Any]]:
        """Its text and its variables' values."""
        return _Rendering().operation(self)

    def smaller(self) -> Iterator[Operation]:
        """The same with one thing less, for each thing that can go."""
        for selections in _smaller(self.selections):
            yield Operation(selections)


def _smaller(selections: list[Selection]) -> Iterator[list[Selection]]:
    for i, s in enumerate(selections):
        before, after = selections[:i], selections[i + 1 :]
        if len(selections) > 1:
            yield before + after
        if isinstance(s, Spread):
            yield before + s.selections + after
            for inner in _smaller(s.selections):
                yield [*before, Spread(s.on, s.named, inner, s.directives), *after]
            continue
        if s.directives:
            yield [*before, Field(s.name, s.key, s.arguments, {}, s.selections), *after]
        for name in s.arguments:
            # A cursor belongs to an order.
            gone = (name, "after") if name == "orderBy" else (name,)
            arguments = {k: v for k, v in s.arguments.items() if k not in gone}
            yield [*before, Field(s.name, s.key, arguments, s.directives, s.selections), *after]
        for name, value in s.arguments.items():
            for less in _less(value):
                yield [*before, Field(s.name, s.key, {**s.arguments, name: less}, s.directives, s.selections), *after]
        if s.selections:
            for inner in _smaller(s.selections):
                yield [*before, Field(s.name, s.key, s.arguments, s.directives, inner), *after]


def _less(value: Any) -> Iterator[Any]:
    match value:
        case Variable():
            given = value.default if value.value is Undefined else value.value
            if given is not Undefined:
                yield given
        case dict():
            for name in value:
                yield {k: v for k, v in value.items() if k != name}
            for name, inner in value.items():
                for less in _less(inner):
                    yield {**value, name: less}
        case list():
            for i, inner in enumerate(value):
                yield value[:i] + value[i + 1 :]
                for less in _less(inner):
                    yield [*value[:i], less, *value[i + 1 :]]


class _Rendering:
    def __init__(self) -> None:
        self.variables: dict[Variable, str] = {}
        self.fragments: list[str] = []

    def operation(self, operation: Operation) -> tuple[str, dict[str, Any]]:
        body = self.selections(operation.selections, "")
        definitions = ", ".join(
            f"${name}: {v.type}" + ("" if v.default is Undefined else f" = {self.literal(v.default)}")
            for v, name in self.variables.items()
        )
        head = f"query Q({definitions}) " if definitions else ""
        values = {name: v.value for v, name in self.variables.items() if v.value is not Undefined}
        return "\n".join([head + body, *self.fragments]), values

    def selections(self, selections: Sequence[Selection], indent: str) -> str:
        deeper = indent + "  "
        lines = [deeper + self.selection(s, deeper) for s in selections]
        return "{\n" + "\n".join(lines) + f"\n{indent}}}"

    def selection(self, s: Selection, indent: str) -> str:
        directives = "".join(f" @{name}(if: {self.literal(value)})" for name, value in s.directives.items())
        if isinstance(s, Field):
            arguments = ", ".join(f"{name}: {self.literal(value)}" for name, value in s.arguments.items())
            text = (f"{s.key}: " if s.key else "") + s.name + (f"({arguments})" if arguments else "") + directives
            return text if s.selections is None else f"{text} {self.selections(s.selections, indent)}"
        if not s.named:
            condition = f" on {s.on}" if s.on else ""
            return f"...{condition}{directives} {self.selections(s.selections, indent)}"
        # The name is taken before what is inside of it takes one.
        at = len(self.fragments)
        self.fragments.append("")
        self.fragments[at] = f"fragment F{at} on {s.on} {self.selections(s.selections, '')}"
        return f"...F{at}{directives}"

    def literal(self, value: Any) -> str:
        match value:
            case Variable():
                return "$" + self.variables.setdefault(value, f"v{len(self.variables)}")
            case Name():
                return str(value)
            case dict():
                return "{" + ", ".join(f"{k}: {self.literal(v)}" for k, v in value.items()) + "}"
            case list():
                return "[" + ", ".join(map(self.literal, value)) + "]"
        return json.dumps(value, ensure_ascii=False)


# ── generating ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class World:
    """What there is to ask for: ids by kind, moments, texts, and cursors by what they order."""

    ids: Mapping[str, Sequence[str]]
    moments: Sequence[str]
    texts: Sequence[str] = TEXTS
    cursors: dict[str, list[str]] = field(default_factory=dict)

    def learn(self, answer: Any) -> None:
        """Takes the cursors out of an answer."""
        if isinstance(answer, dict):
            for value in answer.values():
                self.learn(value)
        elif isinstance(answer, list):
            for value in answer:
                self.learn(value)
        elif isinstance(answer, str) and (m := _CURSOR.match(answer)):
            known = self.cursors.setdefault(m[1], [])
            if answer not in known and len(known) < 50:
                known.append(answer)


_CURSOR = re.compile(r"(\w+)(?:[=?](?s:.*)\n|:(?:.* )?)[a-z-]+:")

_Scope = dict[str, tuple[Field, str, "_Scope"]]


@dataclass
class Operations:
    """Generates operations; what it has seldom used it uses rather."""

    graph: Graph
    schema: GraphQLSchema
    world: World
    random: random.Random
    used: Counter[tuple[str, str]] = field(default_factory=Counter)
    without: frozenset[tuple[str, str]] = frozenset()
    """The fields, as `(type, name)`, that are not asked."""
    places: int = 5
    """The most fields with fields of their own that one operation has, besides what leads to them."""

    def operation(self, wanted: Set[tuple[str, str]] = frozenset()) -> Operation:
        """A valid operation, with some of what is wanted if anything is."""
        while True:
            self.chosen: set[tuple[str, str]] = set()
            self.left = self.random.randint(1, self.places)
            query = self.schema.query_type
            assert query is not None
            operation = Operation(self.selections(query, {}, 0, self.random.choice((1, 1, 1, 2, 3))))
            if wanted and not wanted & self.chosen:
                continue
            if not validate(self.schema, parse(operation.render()[0])):
                return operation

    def chance(self, likely: float) -> bool:
        return self.random.random() < likely

    def rarely_used(self, owner: str, names: Sequence[str]) -> str:
        """One of some names, rather one that was seldom chosen."""
        weights = [1 / (1 + self.used[owner, name]) ** 5 for name in names]
        name = self.random.choices(names, weights)[0]
        self.used[owner, name] += 1
        self.chosen.add((owner, name))
        return name

    # ── selections ──────────────────────────────────────────────────────────────────────────────────────

    def selections(
        self, type_: GraphQLObjectType | GraphQLInterfaceType, scope: _Scope, depth: int, count: int | None = None
    ) -> list[Selection]:
        made: list[Selection] = []
        for _ in range(count or self.random.randint(2, 5)):
            if self.chance(0.06):
                made.append(self.placed(Field("__typename"), "String!", scope))
            elif isinstance(type_, GraphQLInterfaceType) and self.left > 0 and self.chance(0.5):
                kind = self.rarely_used("... on", list(self.graph.kinds))
                self.left -= 1
                made.append(self.spread(kind, self.selections(self.schema.type_map[kind], scope, depth)))  # type: ignore[arg-type]
            elif self.chance(0.08):
                made.append(self.spread(type_.name, self.selections(type_, scope, depth, 2)))
            elif type_.name in self.graph.kinds and self.chance(0.05):
                node = self.schema.type_map["Node"]
                assert isinstance(node, GraphQLInterfaceType)
                made.append(Spread("Node", self.chance(0.5), [self.field(node, scope, 9)], self.directives()))
            else:
                made.append(self.field(type_, scope, depth))
        return made

    def spread(self, on: str, selections: list[Selection]) -> Spread:
        named = self.chance(0.4)
        return Spread(on, named, selections, self.directives())

    def directives(self) -> dict[str, Any]:
        if not self.chance(0.08):
            return {}
        kept = self.chance(0.7)
        name = self.random.choice(("skip", "include"))
        value = kept if name == "include" else not kept
        if self.chance(0.8):
            wanted = Variable("Boolean!", value=value) if self.chance(0.7) else Variable("Boolean!", default=value)
            return {name: wanted}
        return {name: value}

    def field(self, type_: GraphQLObjectType | GraphQLInterfaceType, scope: _Scope, depth: int) -> Field:
        names = [
            name
            for name, f in type_.fields.items()
            if (type_.name, name) not in self.without
            and (
                type_ is self.schema.query_type
                or not is_composite_type(get_named_type(f.type))
                or (self.left > 0 and depth < 6)
                or _is_part(f)
            )
        ]
        name = self.rarely_used(type_.name, names)
        definition = type_.fields[name]
        made = Field(name, arguments=self.arguments(type_.name, name, definition), directives=self.directives())
        named = get_named_type(definition.type)
        placed = self.placed(made, str(definition.type), scope)
        if isinstance(named, (GraphQLObjectType, GraphQLInterfaceType)):
            if not _is_part(definition):
                self.left -= 1
            placed.selections = self.selections(named, scope[placed.key or placed.name][2], depth + 1)
        return placed

    def placed(self, made: Field, type_: str, scope: _Scope) -> Field:
        """A field under a key that is free, or that the same field has already."""
        key = made.name
        if key in scope and scope[key][1] == type_ and scope[key][0].name == made.name and self.chance(0.3):
            same = scope[key][0]
            return Field(same.name, same.key, same.arguments, made.directives)
        if key in scope or self.chance(0.15):
            stem = self.random.choice(("id", "node", "labels", "data", "a", "row", "n1", "_", made.name))
            key = stem if stem not in scope else next(k for i in itertools.count() if (k := f"{stem}{i}") not in scope)
        made.key = key if key != made.name else None
        scope[key] = (made, type_, {})
        return made

    # ── arguments ───────────────────────────────────────────────────────────────────────────────────────

    def arguments(self, owner: str, name: str, definition: GraphQLField) -> dict[str, Any]:
        chosen: dict[str, Any] = {}
        order = "id"
        names = [n for n, a in definition.args.items() if is_required_argument(a)]
        optional = [n for n in definition.args if n not in names]
        while optional and self.chance(0.75):
            argument = self.rarely_used(f"{owner}.{name}", optional)
            optional.remove(argument)
            names.append(argument)
        # A cursor belongs to an order.
        for argument in sorted(names, key=lambda n: n == "after"):
            kind = str(get_named_type(definition.type)).removesuffix("Connection")
            value = self.argument(argument, definition.args[argument], kind, order)
            chosen[argument] = self.varied(definition.args[argument], value)
            if argument == "orderBy" and (given := _given(chosen[argument])):
                order = str(given["field"])
        return chosen

    def argument(self, name: str, argument: GraphQLArgument, kind: str, order: str) -> Any:
        match name:
            case "id":
                return self.id(kind if kind in self.graph.kinds else None)
            case "first":
                return self.random.choice((0, 1, 1, 2, 3, 3, 5, 10))
            case "after":
                known = self.world.cursors.get(order)
                fresh = "id:" if order == "id" else f"{order}?\n"
                return self.random.choice(known) if known and self.chance(0.9) else fresh + (self.id(None) or "")
            case "at" | "asKnownAt":
                return self.random.choice(self.world.moments)
        return self.value(argument.type, None)

    def id(self, kind: str | None) -> str:
        kind = kind or self.random.choice(list(self.graph.kinds))
        if self.chance(0.1):
            declared = self.graph.kinds[kind]
            return f"{declared.prefix}:nobody" + ("@0" if declared.versioned else "")
        return self.random.choice(self.world.ids[kind])

    def varied(self, argument: GraphQLArgument | GraphQLInputField, value: Any) -> Any:
        """A value as it is, as a variable's value or default, or not given after all."""
        if _holds_variable(value) or not self.chance(0.35):
            return value
        type_ = str(argument.type)
        required = isinstance(argument.type, GraphQLNonNull)
        match self.random.randint(0, 5):
            case 0:
                return Variable(type_, default=value)
            case 1 if not required:
                return Variable(type_)
            case 2 if not required:
                return Variable(type_, value=None)
            case 3 if not required:
                return Variable(type_, default=value, value=None)
            case 4 if required:
                return Variable(type_.removesuffix("!"), default=value)
        return Variable(type_, value=value)

    # ── values ──────────────────────────────────────────────────────────────────────────────────────────

    def value(self, type_: GraphQLInputType, p: Property | None, depth: int = 0, kind: str | None = None) -> Any:
        """A value of an input type; `p` is the property that it is compared with."""
        bare = get_nullable_type(type_)
        match bare:
            case GraphQLList():
                return [self.value(bare.of_type, p, depth, kind) for _ in range(self.random.randint(0, 3))]
            case GraphQLEnumType():
                return Name(self.rarely_used(bare.name, list(bare.values)))
            case GraphQLInputObjectType() if bare.name.endswith("Filter"):
                return self.filter(bare, depth)
            case GraphQLInputObjectType():
                return self.members(bare, p, kind)
        pools: Mapping[str, Sequence[Any]] = {
            "String": TEXTS, "Int": INTEGERS, "Long": LONGS, "Float": FLOATS, "Boolean": (True, False),
            "DateTime": self.world.moments,
        }  # fmt: skip
        if str(bare) == "ID":
            return self.id(kind)
        return self.random.choice(pools[str(bare)])

    def members(self, type_: GraphQLInputObjectType, p: Property | None, kind: str | None) -> dict[str, Any]:
        required = [n for n, f in type_.fields.items() if is_required_input_field(f)]
        optional = [n for n in type_.fields if n not in required]
        chosen = {n: self.value(type_.fields[n].type, p, 0, kind) for n in required}
        for _ in range(self.random.choice((0, 1, 1)) if required else self.random.choice((1, 1, 1, 2))):
            name = self.rarely_used(type_.name, optional)
            value = self.value(type_.fields[name].type, p, 0, kind)
            if name in ("contains", "containsIgnoringCase", "startsWith") and value and self.chance(0.7):
                value = value[: self.random.randint(1, len(value))]
                value = value.swapcase() if name == "containsIgnoringCase" else value
            chosen[name] = self.nested(type_.fields[name], value)
        return chosen

    def nested(self, member: GraphQLInputField, value: Any) -> Any:
        """A value inside of another, which null may not be."""
        if not self.chance(0.15):
            return value
        type_ = str(member.type)
        if isinstance(member.type, GraphQLNonNull):
            return Variable(type_, value=value)
        return self.random.choice((Variable(type_, value=value), Variable(type_, default=value), Variable(type_)))

    def filter(self, type_: GraphQLInputObjectType, depth: int) -> dict[str, Any]:
        if depth < 2 and self.chance(0.5):
            # Many conditions at once leave nothing to be seen; of some, any may hold.
            join = self.rarely_used(type_.name, ("or", "or", "and", "not"))
            if join != "not":
                return {join: [self.filter(type_, depth + 1) for _ in range(self.random.choice((0, 2, 3, 4)))]}
            return {join: self.filter(type_, depth + 1)}
        kind = self.graph.kinds.get(type_.name.removesuffix("Filter"))
        chosen: dict[str, Any] = {}
        for _ in range(self.random.choice((0, 1, 1, 1, 2) if depth else (1, 1, 2))):
            names = [n for n, f in type_.fields.items() if depth < 2 or not str(get_named_type(f.type)).endswith("Filter")]
            name = self.rarely_used(type_.name, names)
            p = kind.properties.get(name) if kind else None
            chosen[name] = self.value(type_.fields[name].type, p, depth + 1, kind.name if kind else None)
        return chosen


def _is_part(definition: GraphQLField) -> bool:
    """Whether a field is but a part of the one around it: a connection's rows, a row's node, a value in a list."""
    name = get_named_type(definition.type).name
    return not definition.args and not name.endswith("Connection") and definition.type != get_named_type(definition.type)


def _given(value: Any) -> Any:
    """A value as it arrives: a variable's, or its default."""
    if not isinstance(value, Variable):
        return value
    found = value.default if value.value is Undefined else value.value
    return None if found is Undefined else found


def _holds_variable(value: Any) -> bool:
    match value:
        case Variable():
            return True
        case dict():
            return any(map(_holds_variable, value.values()))
        case list():
            return any(map(_holds_variable, value))
    return False


# ── what operations touch ───────────────────────────────────────────────────────────────────────────────────


def touched(schema: GraphQLSchema, query: str) -> set[tuple[str, str]]:
    """The fields, arguments and input fields that a document names: `(owner, name)`."""
    found: set[tuple[str, str]] = set()
    info = TypeInfo(schema)

    class Touch(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            parent = info.get_parent_type()
            assert parent is not None
            found.add((parent.name, node.name.value))

        def enter_argument(self, node: Any, *_: Any) -> None:
            definition, parent = info.get_field_def(), info.get_parent_type()
            if info.get_directive() is None and definition is not None and parent is not None:
                name = next(n for n, f in parent.fields.items() if f is definition)
                found.add((f"{parent.name}.{name}", node.name.value))

        def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
            parent = get_named_type(info.get_parent_input_type())
            assert parent is not None
            found.add((parent.name, node.name.value))

    visit(parse(query), TypeInfoVisitor(info, Touch()))
    return found


def touchable(schema: GraphQLSchema, without: frozenset[tuple[str, str]]) -> set[tuple[str, str]]:
    """Every field, argument and input field that a query can name, but for some fields and what only they lead to."""
    wanted: set[tuple[str, str]] = set()
    seen: set[str] = set()
    assert schema.query_type is not None
    reached: list[Any] = [schema.query_type]
    while reached:
        type_ = reached.pop()
        if type_.name in seen:
            continue
        seen.add(type_.name)
        if isinstance(type_, GraphQLInputObjectType):
            wanted |= {(type_.name, name) for name in type_.fields}
            reached += [get_named_type(f.type) for f in type_.fields.values()]
        elif isinstance(type_, (GraphQLObjectType, GraphQLInterfaceType)):
            for name, f in type_.fields.items():
                if (type_.name, name) in without:
                    continue
                wanted.add((type_.name, name))
                wanted |= {(f"{type_.name}.{name}", argument) for argument in f.args}
                reached += [get_named_type(f.type), *(get_named_type(a.type) for a in f.args.values())]
            if isinstance(type_, GraphQLInterfaceType):
                reached += schema.get_possible_types(type_)
    return wanted
