"""The GraphQL schema of a graph: generated types, the questions, and the mutations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, cast

from graphql import (
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    default_field_resolver,
)

from forebear.api.actions import ActionTypes
from forebear.api.decided import decided
from forebear.api.identity import IdentityTypes, permitted
from forebear.api.inbox import InboxTypes
from forebear.api.recording import recording_field
from forebear.api.types.events import EventTypes
from forebear.api.types.facts import FactTypes
from forebear.api.types.made import BY_NAME, Types, field_of
from forebear.api.types.nodes import NodeTypes
from forebear.api.types.properties import PropertyTypes
from forebear.api.types.questions import QuestionTypes
from forebear.api.webhooks import WebhookTypes
from forebear.graph.declaration import Graph
from forebear.graph.facts import Facts
from forebear.graph.query.compiler import TYPE_KEY
from forebear.graph.query.dialect import Engine
from forebear.graph.query.field import QuestionField, Rule, must_exist
from forebear.graph.query.question import Question
from forebear.verbs.verb import Action


@dataclass(frozen=True)
class Schema:
    """A schema: what it was made from, and the graphql-core schema that runs operations."""

    graph: Graph
    questions: tuple[Question, ...]
    facts: Facts
    core: GraphQLSchema
    printed: Callable[[], str]
    known: dict[Engine, list[tuple[str, dict[str, Any]]]] = field(default_factory=dict, compare=False)
    """The statements of known documents on an engine, with parameters, once they are compiled. The longest come first."""

    @cached_property
    def sdl(self) -> str:
        """The schema in GraphQL's schema language."""
        return self.printed()


def build(graph: Graph, questions: Iterable[Question], facts: Facts, actions: Iterable[Action]) -> Schema:
    """Build the schema of a graph."""
    types, all_questions = Types(), tuple(questions)
    properties = PropertyTypes(types)
    identity = IdentityTypes(types)
    webhooks = WebhookTypes(types)
    inbox = InboxTypes(types)
    nodes = NodeTypes(
        types, properties, graph, all_questions, QuestionTypes(types, lambda question: partial(decided, question))
    )
    nodes.make()
    roots = {**nodes.roots(), **identity.fields(), **webhooks.fields(), **inbox.fields()}
    types.make("Query", "Everything that you can ask.", roots)
    FactTypes(types, properties, graph).make()
    # The actions come first: they make `Refused`, an outcome of every mutation.
    acting = ActionTypes(types, properties, graph, actions).fields()
    others = {**identity.mutations(), **webhooks.mutations(), **inbox.mutations()}
    mutations = {"record": recording_field(types), **acting, **others}
    types.make("Mutation", "Everything that you can change.", mutations)
    types.make("Subscription", "Everything that you can follow.", EventTypes(types).fields())
    schema = types.schema("Query", "Mutation", "Subscription", graph.kinds)
    _resolve(schema.core)
    return Schema(graph, all_questions, facts, schema.core, schema.sdl)


def _resolve(core: GraphQLSchema) -> None:
    """Set how the value of each field is found, and how a value of each abstract type names its type."""
    for type_ in core.type_map.values():
        match type_:
            case GraphQLObjectType() if not type_.name.startswith("__"):
                for name, definition in type_.fields.items():
                    field = field_of(definition)
                    assert field is not None
                    if field.rule is not None:
                        definition.resolve = _resolver(name, field.rule)
                        continue
                    definition.resolve = resolve = field.resolve or default_field_resolver
                    if type_ is core.subscription_type:
                        definition.resolve = _told
                    elif type_ is core.mutation_type:
                        definition.resolve = permitted(resolve, field.verb or name, mutates=True)
                    elif type_ is core.query_type and field.verb is not None:
                        verb = "query" if field.verb == BY_NAME else field.verb
                        definition.resolve = permitted(resolve, verb, mutates=False)
            case GraphQLUnionType():
                type_.resolve_type = lambda value, info, union: value["__typename"]
            case GraphQLInterfaceType():
                type_.resolve_type = lambda value, info, abstract: value[TYPE_KEY]


def _told(root: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    """Resolve a field of a subscription: the root holds what is told, by response key."""
    return root[info.path.key]


def _resolver(name: str, rule: Rule) -> Any:
    """Return a reader of a field in the fetched tree, by response key."""
    required = must_exist(rule)
    ids = ["id"]
    if isinstance(rule, QuestionField):
        ids = [p.name for p in rule.question.parameters if p.type.name == "ID"]

    def resolve(value: dict[str, Any], info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        member = value[cast(str, info.path.key)]
        if member is None and required:
            named = " or ".join(arguments[id] for id in ids if arguments.get(id))
            raise GraphQLError(f"{name}: {named or 'it'} is not known", extensions={"code": "NOT_FOUND"})
        return member

    return resolve
