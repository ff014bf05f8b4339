"""The plans of operations: one for each shape of a document's variables, kept as long as the document."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from graphql import GraphQLError, GraphQLFieldResolver, GraphQLSchema
from graphql.execution.values import VariableValues

from forebear.api.document import limits
from forebear.api.document.documents import Document
from forebear.api.document.errors import RequestError, error_of
from forebear.api.plan.cost import Cost, costs
from forebear.api.plan.selection import FieldArguments, Operation, SelectedField, TooWide
from forebear.api.plan.shape import struct
from forebear.api.plan.variables import shape
from forebear.graph.declaration import Graph
from forebear.graph.ids import Ids
from forebear.graph.moments import moment
from forebear.graph.query.compiler import BEHIND, Compiled, InvalidArgument, compile
from forebear.graph.query.dialect import Dialect
from forebear.graph.query.field import LookupsField, QuestionField, must_exist

MAX_PLANS = 64
"""How many plans are kept for one document: one for each shape of its variables."""


@dataclass
class Plan:
    """A compiled operation of one shape."""

    compiled: Compiled
    arguments: tuple[FieldArguments, ...]
    type: type[msgspec.Struct]
    executes: bool
    """Whether graphql-core's executor must answer it: it introspects, or a root field has a resolver."""
    required: tuple[str, ...]
    """The root fields for which null is an error, which only graphql-core's executor can report."""
    costs: tuple[Cost, ...]
    verbs: frozenset[str]
    """The verbs that the actor must be allowed. A plan without any needs nothing of the database."""


@dataclass(frozen=True)
class Mutation:
    """A mutation of one field whose resolver returns all that is selected of the outcome."""

    key: str
    resolve: GraphQLFieldResolver
    type: type[msgspec.Struct]


class Planner:
    """Plans operations on one schema for one engine."""

    def __init__(self, schema: GraphQLSchema, graph: Graph, dialect: Dialect) -> None:
        self._schema = schema
        self._graph = graph
        self._dialect = dialect
        self._ids = Ids(graph)
        self._plans: WeakKeyDictionary[Document, OrderedDict[object, Plan]] = WeakKeyDictionary()
        self._mutations: WeakKeyDictionary[Document, OrderedDict[object, Mutation | None]] = WeakKeyDictionary()

    def plan(self, document: Document, variables: VariableValues) -> Plan:
        """Return the plan for the shape of some variables. Raises `RequestError`."""
        plans = self._plans.setdefault(document, OrderedDict())
        key = shape(self._ids, document, variables.coerced)
        # Take it out and put it back: the last used plan is forgotten last, and two threads do not meet.
        plan = plans.pop(key, None) or self._compile(document, variables)
        _remember(plans, key, plan)
        return plan

    def _compile(self, document: Document, variables: VariableValues) -> Plan:
        operation = Operation(self._schema, document.fragments, document.operation, variables)
        try:
            roots = operation.roots()
            compiled = compile(roots, self._graph, self._dialect)
            executes = operation.introspects or operation.resolves
            type = struct("Query", () if executes else roots)
        except InvalidArgument as error:
            raise RequestError([error_of(str(error), error.code)]) from None
        except GraphQLError as error:
            error.extensions = {"code": "INVALID_ARGUMENT", **(error.extensions or {})}
            raise RequestError([error]) from None
        except TooWide as error:
            raise RequestError([error_of(str(error), "TOO_WIDE")]) from None
        required = tuple(s.key for s in roots if s.rule is not None and must_exist(s.rule))
        verbs = frozenset(
            s.rule.question.verb if isinstance(s.rule, QuestionField) else "query" for s in roots if s.rule is not None
        )
        return Plan(compiled, tuple(operation.sources), type, executes, required, tuple(costs(roots)), verbs)

    def parameters(self, plan: Plan, variables: VariableValues) -> tuple[dict[str, Any], int]:
        """Return the parameters of a plan's statements, and the operation's cost in rows. Raises `RequestError`."""
        try:
            values = [a.coerce(variables) for a in plan.arguments]
            parameters = _parameters(plan.compiled, values, moment(datetime.now(UTC)))
            cost = 1 + sum(c.rows(values) for c in plan.costs)
            limits.refuse_cost(cost)
        except InvalidArgument as error:
            raise RequestError([error_of(str(error), error.code)]) from None
        except GraphQLError as error:
            error.extensions = {"code": "INVALID_ARGUMENT", **(error.extensions or {})}
            raise RequestError([error]) from None
        return parameters, cost

    def mutation(self, document: Document, variables: VariableValues, roots: Sequence[SelectedField]) -> Mutation | None:
        """Return how to answer a mutation without graphql-core's executor, or None if that is impossible."""
        key = tuple(variables.coerced.get(name) for name in sorted(document.conditions))
        mutations = self._mutations.setdefault(document, OrderedDict())
        if key not in mutations:
            mutation = None
            if len(roots) == 1 and roots[0].resolve and roots[0].is_whole():
                mutation = Mutation(roots[0].key, roots[0].resolve, struct("Mutation", roots))
            _remember(mutations, key, mutation)
        return mutations[key]

    def fetched(self, operation: Operation, selected: SelectedField) -> Plan:
        """Return the plan of a field that a resolver fetches. Raises `RequestError`."""
        try:
            compiled = compile((selected,), self._graph, self._dialect)
        except InvalidArgument as error:
            raise RequestError([error_of(str(error), error.code)]) from None
        return Plan(compiled, tuple(operation.sources), msgspec.Struct, False, (), tuple(costs((selected,))), frozenset())

    def checked(self, document: Document, variables: VariableValues) -> tuple[SelectedField, ...]:
        """Return the root fields of a mutation after checking all arguments, also those below the outcomes.

        Nobody knows yet which nodes an outcome names. So what is selected of each kind is compiled for an id of that kind.
        Raises `RequestError`.
        """
        operation = Operation(self._schema, document.fragments, document.operation, variables)
        try:
            roots = operation.roots()
            outcomes = [f for root in roots for name in root.type_names() for f in root.fields(name)]
            for f, rule in [(f, f.fetches) for f in outcomes if f.fetches and document.selects_by_arguments]:
                for kind in f.type_names():
                    id = self._ids.example(kind)
                    values = {"ids": [id]} if isinstance(rule, LookupsField) else {"id": id}
                    self.parameters(self.fetched(operation, operation.fetched(f, rule, values)), variables)
        except GraphQLError as error:
            error.extensions = {"code": "INVALID_ARGUMENT", **(error.extensions or {})}
            raise RequestError([error]) from None
        except TooWide as error:
            raise RequestError([error_of(str(error), "TOO_WIDE")]) from None
        return roots


def _parameters(compiled: Compiled, values: Sequence[Mapping[str, Any]], now: str) -> dict[str, Any]:
    """Return the parameters of a statement, with those of the statements behind it as `BEHIND`."""
    parameters: dict[str, Any] = {}
    for p in compiled.parameters:
        value: Any = values[p.source]
        for step in p.path:
            value = value.get(step) if isinstance(step, str) else value[step]
            if value is None:
                break
        parameters[p.name] = p.convert(value) if p.convert else value
    if compiled.uses_now:
        parameters["now"] = now
    if compiled.behind:
        parameters[BEHIND] = [_parameters(each.compiled, values, now) for each in compiled.behind]
    return parameters


def _remember(cache: OrderedDict[Any, Any], key: object, value: object) -> None:
    cache[key] = value
    if len(cache) > MAX_PLANS:
        cache.popitem(last=False)
