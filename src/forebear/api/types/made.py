"""Types that are made at run time. This is the only module that knows Strawberry."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from operator import or_
from typing import Annotated, Any, cast

import strawberry
from graphql import GraphQLField, GraphQLInputObjectType, GraphQLSchema
from strawberry.annotation import StrawberryAnnotation
from strawberry.schema.config import StrawberryConfig
from strawberry.schema_directives import OneOf
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType

from forebear.api.types.scalars import SCALARS
from forebear.graph.query.field import QuestionField, Rule

ID = strawberry.ID
"""An id, as a type."""

UNSET = strawberry.UNSET
"""The default of an argument without one. If its type is nullable it may be left out then, else not."""

BY_NAME = ""
"""The verb of a root field that names none: a mutation's name, and `query`."""


@dataclass(frozen=True)
class Argument:
    """An argument of a field."""

    type: Any
    doc: str
    default: Any = UNSET


@dataclass(frozen=True)
class Field:
    """A field of a type, and where its value comes from: a rule in the graph, or a resolver."""

    type: Any
    doc: str
    rule: Rule | None = None
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    resolve: Callable[..., Any] | None = None
    """The resolver, if there is no rule. By default the value is a member of the parent's value."""
    fetches: Rule | None = None
    """The rule by which the resolver fetches nodes, if it does."""
    verb: str | Callable[[Mapping[str, Any]], Sequence[str]] | None = BY_NAME
    """The verb of a root field, or a function that returns it by the arguments. None: everybody may."""


@dataclass(frozen=True)
class Input:
    """A field of an input type. It may be left out if its type is nullable and its default is `UNSET`."""

    type: Any
    doc: str
    default: Any = UNSET


@dataclass(frozen=True)
class Made:
    """A schema: for graphql-core, and in GraphQL's schema language."""

    core: GraphQLSchema
    sdl: Callable[[], str]


@dataclass(frozen=True)
class _Named(LazyType[Any, Any]):
    """A type by its name, looked up once all are made."""

    made: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def resolve_type(self) -> type[Any]:
        return cast(type[Any], self.made[self.type_name])


class Types:
    """Types by name. They refer to each other by name, whether they are made already or not."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._made

    def named(self, name: str) -> Any:
        """Return a type by name, whether it is already made or not."""
        # The second argument tells types of the same name in different schemas apart.
        return _Named(name, f"{__name__}.{id(self._made)}", None, self._made)

    def made(self, name: str) -> Any:
        """Return a type that is made already."""
        return self._made[name]

    def is_enum(self, name: str) -> bool:
        """Return whether a type of this name is made already, and is an enum."""
        type_made = self._made.get(name)
        return isinstance(type_made, type) and issubclass(type_made, Enum)

    def make(
        self, name: str, doc: str, fields: Mapping[str, Field], *, bases: tuple[type, ...] = (), interface: bool = False
    ) -> Any:
        """Make an object type or an interface. Fields with arguments, resolvers or verbs come last."""
        fields = dict(sorted(fields.items(), key=lambda named: _asks(named[1])))
        body = {n: _field(n, f) for n, f in fields.items()}
        cls = _class(name, bases, {n: f.type for n, f in fields.items()}, body)
        self._made[name] = (strawberry.interface if interface else strawberry.type)(cls, name=name, description=doc)
        return self._made[name]

    def told_by(self, name: str, is_type_of: Callable[[Any], bool]) -> None:
        """Set how to recognise a value of an object type."""
        self._made[name].__strawberry_definition__.is_type_of = lambda value, info: is_type_of(value)

    def input(self, name: str, doc: str, fields: Mapping[str, Input], *, one_of: bool = False) -> Any:
        """Make an input type."""
        # A name may be a keyword of Python, which cannot be an attribute of a class.
        body = {f"{n}_": strawberry.field(name=n, description=f.doc, default=f.default) for n, f in fields.items()}
        cls = _class(name, (), {f"{n}_": f.type for n, f in fields.items()}, body)
        self._made[name] = strawberry.input(cls, name=name, description=doc, one_of=one_of or None)
        return self._made[name]

    def enum(self, name: str, members: Mapping[str, str], doc: str) -> Any:
        """Make an enum of names with descriptions, unless it is made already."""
        if name not in self._made:
            values = {n: strawberry.enum_value(n, description=d) if d else n for n, d in members.items()}
            declared = Enum(name, values, module=__name__)  # type: ignore[misc]
            self._made[name] = strawberry.enum(declared, name=name, description=doc)
        return self._made[name]

    def union(self, name: str, doc: str, *members: str) -> Any:
        """Return a union of types that are made already."""
        union = functools.reduce(or_, (self._made[member] for member in members))
        return Annotated[union, strawberry.union(name, description=doc)]

    def schema(self, query: str, mutation: str, subscription: str, others: Iterable[str]) -> Made:
        """Return the schema of the three root types, and of other types that no field leads to."""
        built = strawberry.Schema(
            self._made[query],
            self._made[mutation],
            self._made[subscription],
            types=[self._made[name] for name in others],
            config=StrawberryConfig(auto_camel_case=False, scalar_map=_scalars()),
        )
        core: GraphQLSchema = built._schema
        for type_ in core.type_map.values():
            if isinstance(type_, GraphQLInputObjectType):
                # Strawberry prints @oneOf but does not turn on graphql-core's check.
                directives = (type_.extensions or {})["strawberry-definition"].directives or ()
                type_.is_one_of = any(isinstance(d, OneOf) for d in directives)
        return Made(core, lambda: built.as_str() + "\n")


def list_of(item: Any) -> Any:
    """Return a list of a type that is made at run time."""
    return types.GenericAlias(list, (item,))


def field_of(definition: GraphQLField) -> Field | None:
    """Return the `Field` that a field of the schema was made from. None for those of introspection."""
    strawberry_field = (definition.extensions or {}).get("strawberry-definition")
    return None if strawberry_field is None else cast(Field | None, strawberry_field.metadata.get(Field))


def rule_of(definition: GraphQLField) -> Rule | None:
    """Return the rule of a field of the schema."""
    field = field_of(definition)
    return field.rule if field else None


def _asks(field: Field) -> bool:
    return bool(field.arguments) or field.resolve is not None or isinstance(field.rule, QuestionField)


def _class(name: str, bases: tuple[type, ...], annotations: Mapping[str, Any], body: Mapping[str, Any]) -> type:
    members = {"__module__": __name__, "__annotations__": annotations, **body}
    return types.new_class(name, bases, {}, lambda namespace: namespace.update(members))


def _field(name: str, field: Field) -> StrawberryField:
    strawberry_field = cast(StrawberryField, strawberry.field(name=name, description=field.doc, metadata={Field: field}))
    strawberry_field.arguments = [
        StrawberryArgument(n, n, StrawberryAnnotation(a.type), description=a.doc, default=a.default)
        for n, a in field.arguments.items()
    ]
    return strawberry_field


def _scalars() -> dict[Any, Any]:
    return {
        scalar.type: strawberry.scalar(
            name=scalar.name,
            description=scalar.doc,
            specified_by_url=scalar.specified_by,
            serialize=scalar.serialize,
            parse_value=scalar.parse,
            parse_literal=scalar.parse_literal,
        )
        for scalar in SCALARS
    }


def optional(type: Any, nullable: bool) -> Any:
    """Return a type, or the same with null."""
    return type | None if nullable else type


def plain(value: Any) -> Any:
    """Return a coerced input value as JSON holds it."""
    match value:
        case dict():
            return {k: plain(v) for k, v in value.items()}
        case list():
            return [plain(v) for v in value]
        case Enum():
            return value.name
    return value
