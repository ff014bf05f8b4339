"""The GraphQL schema of a graph: generated types, the questions, and the mutations."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import strawberry
from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    default_field_resolver,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.schema_directives import OneOf

from forebear.actions.action import Action
from forebear.api.identity import IdentityBuilder, permitted
from forebear.api.metadata import RESOLVE, VERB, rule_of
from forebear.api.mutations import MutationBuilder
from forebear.api.scalars import DATE_TIME, JSON, JSON_SCALAR, LONG, DateTime, Long
from forebear.api.types import TypeBuilder
from forebear.graph.declaration import Graph
from forebear.graph.facts import Facts
from forebear.graph.query.compiler import TYPE_KEY
from forebear.graph.query.dialect import Engine
from forebear.graph.query.field import QuestionField, Rule, must_exist
from forebear.graph.query.question import Question

_modules = itertools.count()


@dataclass(frozen=True)
class Schema:
    """A schema: Strawberry's, and the graphql-core schema that operations run on."""

    graph: Graph
    facts: Facts
    strawberry: strawberry.Schema
    core: GraphQLSchema
    known: dict[Engine, list[tuple[str, dict[str, Any]]]] = field(default_factory=dict, compare=False)
    """The statements that known documents become on an engine, with parameters, once they are compiled; the longest first."""

    @cached_property
    def sdl(self) -> str:
        """The schema in GraphQL's schema language."""
        return self.strawberry.as_str() + "\n"


def build(graph: Graph, questions: Iterable[Question], facts: Facts, actions: Iterable[Action]) -> Schema:
    """Builds the schema of a graph."""
    builder = TypeBuilder(graph, questions, f"forebear_types_{next(_modules)}")
    identity = IdentityBuilder(builder)
    query = builder.build(identity.fields())
    mutation = MutationBuilder(builder, facts).build(actions, identity)
    built = strawberry.Schema(
        query,
        mutation,
        types=[builder.made(kind) for kind in graph.kinds],
        config=StrawberryConfig(auto_camel_case=False, scalar_map={DateTime: DATE_TIME, JSON: JSON_SCALAR, Long: LONG}),
    )
    core: GraphQLSchema = built._schema
    for type_ in core.type_map.values():
        match type_:
            case GraphQLObjectType() if not type_.name.startswith("__"):
                for name, field in type_.fields.items():
                    definition = (field.extensions or {})["strawberry-definition"]
                    rule = rule_of(field)
                    if rule is not None:
                        field.resolve = _resolver(name, rule)
                        continue
                    field.resolve = definition.metadata.get(RESOLVE, default_field_resolver)
                    if type_ is core.mutation_type:
                        verb = definition.metadata.get(VERB, name)
                        field.resolve = permitted(field.resolve, verb, mutates=True)
                    elif type_ is core.query_type and (verb := definition.metadata.get(VERB, "query")):
                        field.resolve = permitted(field.resolve, verb, mutates=False)
            case GraphQLUnionType():
                type_.resolve_type = lambda value, info, union: value["__typename"]
            case GraphQLInterfaceType():
                type_.resolve_type = lambda value, info, abstract: value[TYPE_KEY]
            case GraphQLInputObjectType():
                # Strawberry prints @oneOf but leaves core's own check off.
                definition = (type_.extensions or {})["strawberry-definition"]
                type_.is_one_of = any(isinstance(d, OneOf) for d in definition.directives or ())
    return Schema(graph, facts, built, core)


def _resolver(name: str, rule: Rule) -> Any:
    """Reads a field of the fetched tree, by response key."""
    required = must_exist(rule)
    ids = ["id"]
    if isinstance(rule, QuestionField):
        ids = [p.name for p in rule.question.parameters if p.type.name == "ID"]

    def resolve(value: dict[str, Any], info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        found = value[cast(str, info.path.key)]
        if found is None and required:
            named = ", ".join(arguments[id] for id in ids if arguments.get(id))
            raise GraphQLError(f"{name}: {named or 'it'} is not known", extensions={"code": "NOT_FOUND"})
        return found

    return resolve
