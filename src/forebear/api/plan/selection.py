"""The selection of an operation, collected as graphql-core's executor would collect it.

This is the only module that uses graphql-core's internals. `pyproject.toml` pins the version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, cast

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLFieldResolver,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
    Visitor,
    default_field_resolver,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    visit,
)
from graphql.execution.collect_fields import (
    FieldDetails,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues, get_argument_values

from forebear.api.types.made import field_of
from forebear.graph.query.field import Rule

MAX_FIELDS = 5_000
"""The most fields that one operation may select, with fragments and aliases spread: aliases can double at each level."""


class TooWide(Exception):
    """An operation selects more fields than the limit."""


@dataclass
class FieldArguments:
    """The arguments of a selected field. They are coerced for one request, and again for each other one of its shape."""

    definition: GraphQLField
    node: FieldNode
    values: Mapping[str, Any]
    source: int
    variables: Mapping[str, str] | None
    """The arguments that a variable gives, with its name. None if a variable is a part of a value."""

    def coerce(self, variables: VariableValues) -> Mapping[str, Any]:
        """Return their values with a request's variables. Raises `GraphQLError`."""
        if self.variables is None:
            return get_argument_values(self.definition, self.node, variables)
        if not self.variables:
            return self.values
        # An argument that is absent or null is so in every request of the shape, and was allowed before.
        return {**self.values, **{name: variables.coerced[variable] for name, variable in self.variables.items()}}


@dataclass
class Operation:
    """What is collected once for an operation: the schema, its fragments, variables and dynamic arguments."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    definition: OperationDefinitionNode
    variables: VariableValues
    sources: list[FieldArguments] = field(default_factory=list)
    introspects: bool = False
    resolves: bool = False
    """Whether a resolver, not the statement, answers one of its root fields."""
    count: int = 0

    @cached_property
    def details(self) -> dict[str, FragmentDetails]:
        return {name: FragmentDetails(fragment) for name, fragment in self.fragments.items()}

    def roots(self) -> tuple[SelectedField, ...]:
        """Return its root fields. Raises `TooWide` and, for an argument, `GraphQLError`."""
        root = cast(GraphQLObjectType, self.schema.get_root_type(self.definition.operation))
        collected = collect_fields(self.schema, self.details, self.variables, root, self.definition)
        roots = tuple(self.select(root, collected.grouped_field_set))
        self.resolves = any(s.rule is None and not s.name.startswith("__") for s in roots)
        return roots

    def select(self, parent: GraphQLObjectType, grouped: Mapping[str, Sequence[FieldDetails]]) -> Iterator[SelectedField]:
        for key, details in grouped.items():
            self.count += 1
            if self.count > MAX_FIELDS:
                raise TooWide(f"the operation selects more than {MAX_FIELDS} fields, fragments and aliases counted out")
            name = details[0].node.name.value
            if name.startswith("__"):
                self.introspects = self.introspects or name != "__typename"
                yield SelectedField(self, key, name, None, None, tuple(details), _NO_ARGUMENTS)
                continue
            definition = parent.fields[name]
            field = field_of(definition)
            yield SelectedField(
                self,
                key,
                name,
                definition.type,
                field.rule if field else None,
                tuple(details),
                self._arguments(definition, details[0].node),
                definition.resolve,
                field.fetches if field else None,
            )

    def field(self, info: GraphQLResolveInfo[Any], rule: Rule, values: Mapping[str, Any]) -> SelectedField:
        """Return the field of a resolver as if it had a rule and these arguments."""
        details = tuple(FieldDetails(node, None) for node in info.field_nodes)
        field = SelectedField(self, str(info.path.key), info.field_name, info.return_type, None, details, _NO_ARGUMENTS)
        return self.fetched(field, rule, values)

    def fetched(self, field: SelectedField, rule: Rule, values: Mapping[str, Any]) -> SelectedField:
        """Return a field as if it had a rule and these arguments."""
        arguments = FieldArguments(cast(Any, None), field.details[0].node, values, len(self.sources), {})
        self.sources.append(arguments)
        return replace(field, rule=rule, arguments=arguments)

    def _arguments(self, definition: GraphQLField, node: FieldNode) -> FieldArguments:
        if not definition.args:
            return _NO_ARGUMENTS
        values = get_argument_values(definition, node, self.variables)
        nodes = {a.name.value: a.value for a in node.arguments or ()}
        named = {name: value.name.value for name, value in nodes.items() if isinstance(value, VariableNode)}
        variables = None
        if not any(_holds_variable(value) for name, value in nodes.items() if name not in named):
            variables = {name: variable for name, variable in named.items() if variable in self.variables.coerced}
        arguments = FieldArguments(definition, node, values, len(self.sources), variables)
        self.sources.append(arguments)
        return arguments


_NO_ARGUMENTS = FieldArguments(cast(Any, None), cast(Any, None), {}, -1, {})


@dataclass
class SelectedField:
    """A selected field. What is selected below it is collected at the first use, per type, and kept in `selected`."""

    operation: Operation
    key: str
    name: str
    type: GraphQLOutputType | None
    rule: Rule | None
    details: tuple[FieldDetails, ...]
    arguments: FieldArguments
    resolve: GraphQLFieldResolver | None = None
    fetches: Rule | None = None
    """The rule by which its resolver fetches it, if it does."""
    selected: dict[str, tuple[SelectedField, ...]] = field(default_factory=dict)

    def fields(self, type_name: str) -> tuple[SelectedField, ...]:
        """Return what is selected of it if its value is of a type."""
        if type_name not in self.selected:
            operation = self.operation
            object_type = cast(GraphQLObjectType, operation.schema.type_map[type_name])
            collected = collect_subfields(
                operation.schema,
                operation.details,
                operation.variables,
                operation.definition,
                object_type,
                list(self.details),
            )
            self.selected[type_name] = tuple(operation.select(object_type, collected.grouped_field_set))
        return self.selected[type_name]

    def type_names(self) -> tuple[str, ...]:
        """The object types that its value may have. None for a leaf."""
        named = get_named_type(self.type)
        if named is None or is_leaf_type(named):
            return ()
        if is_abstract_type(named):
            return tuple(t.name for t in self.operation.schema.get_possible_types(named))
        return (named.name,)

    def is_abstract(self) -> bool:
        """Whether its type is an interface or a union, so that each value names its type."""
        return is_abstract_type(get_named_type(self.type))

    def is_whole(self) -> bool:
        """Whether its value holds all that is selected of it, under the fields' own names."""
        return all(
            f.key == f.name and (f.name == "__typename" or f.resolve is default_field_resolver) and f.is_whole()
            for type_name in self.type_names()
            for f in self.fields(type_name)
        )


def _holds_variable(value: ValueNode) -> bool:
    holds = False

    class VariableFinder(Visitor):
        def enter_variable(self, node: VariableNode, *_: Any) -> None:
            nonlocal holds
            holds = True

    visit(value, VariableFinder())
    return holds
