"""Answering an operation: a plan, one statement, one record, bytes.

A query is compiled once per shape into one Cypher statement and one struct type. To answer it again, look up the plan, coerce
the variables, run the statement, check the tree and encode it. For introspection, for root fields with a resolver, and for
trees that the struct type rejects, graphql-core's executor runs over the same tree. So errors are the specification's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from inspect import isawaitable
from typing import Any, cast

import msgspec
from graphql import ExecutionResult, GraphQLError, GraphQLResolveInfo
from graphql.execution.values import VariableValues

from forebear.api.answering.answer import Answer, encode, failure, masked, refused
from forebear.api.answering.beside import Beside
from forebear.api.answering.resolution import Resolution
from forebear.api.context import Context
from forebear.api.document import limits
from forebear.api.document.documents import Document, Documents
from forebear.api.document.errors import RequestError, error_of, forbidden
from forebear.api.fetcher import Fetcher, planned
from forebear.api.plan import variables
from forebear.api.plan.planner import Plan, Planner
from forebear.api.plan.selection import SelectedField
from forebear.api.plan.shape import convert
from forebear.api.schema import Schema
from forebear.graph.query.dialect import Dialect
from forebear.graph.statements.placeholder import renamed
from forebear.store import Store
from forebear.store.errors import EngineUnavailable, StoreError, TransientFailure
from forebear.verbs.permissions import refusal


class Mutates(Exception):
    """A mutation where only reading is allowed. Nothing was done."""


@dataclass(frozen=True)
class OperationRequest:
    """A request for an operation: its document, the variables as the client sent them, and the context."""

    document: Document
    variables: Mapping[str, Any]
    operation_name: str | None
    context: Context


@dataclass(frozen=True)
class Prepared:
    """An operation that can be executed: a query's plan with the statement's parameters, or a mutation's root fields."""

    document: Document
    variables: Mapping[str, Any]
    coerced: VariableValues
    name: str | None
    roots: Sequence[SelectedField] = ()
    plan: Plan | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    cost: int = 0


@dataclass(frozen=True)
class Subscribed:
    """A subscription: the response key and the arguments of its field, and how something told is answered."""

    key: str
    arguments: Mapping[str, Any]
    answer: Callable[[Mapping[str, Any]], Awaitable[Answer]]


class Executor:
    """Answers operations on one store."""

    def __init__(self, schema: Schema, store: Store, dialect: Dialect) -> None:
        self.schema = schema
        self.planner = Planner(schema.core, schema.graph, dialect)
        self.fetcher = Fetcher(schema.core, schema.graph, self.planner, store)
        self._documents = Documents(schema.core)
        self._beside = Beside()

    async def answer(
        self,
        query: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
        context: Context,
        *,
        reads: bool = False,
    ) -> Answer:
        """Answer an operation. Raises `Mutates` if it is a mutation where only reading is allowed."""
        if self._documents.is_cached(query, operation_name) and limits.is_light(variables):
            prepared = self._prepare(query, variables, operation_name)
        else:
            try:
                prepared = await self._beside.run(self._prepare, query, variables, operation_name)
            except TransientFailure as error:
                return failure(error, None)
        if isinstance(prepared, Answer):
            return prepared
        if reads and not prepared.document.is_query:
            raise Mutates
        if prepared.document.is_subscription:
            message = "a subscription is answered as text/event-stream or over a WebSocket: accept that, or open one"
            return refused([error_of(message, "STREAM_ONLY")])
        request = OperationRequest(prepared.document, prepared.variables, operation_name, context)
        name, plan, cost = prepared.name, prepared.plan, prepared.cost
        if plan is None:
            return await self._mutate(request, prepared.coerced, prepared.roots, Answer(b"", name, writes=True))
        if reasons := [reason for verb in plan.verbs if (reason := refusal(context.actor, verb))]:
            return refused([forbidden(reason) for reason in reasons], name, 403)
        tree: dict[str, Any] = {}
        if plan.verbs:
            try:
                tree = await self.fetcher.read(plan.compiled, prepared.parameters, context.decide)
                if _lacks(tree) and (present := await self.fetcher.present(prepared.parameters)):
                    tree = await self.fetcher.read(plan.compiled, renamed(prepared.parameters, present), context.decide)
            except StoreError as error:
                return failure(error, name)
        if not plan.executes and all(tree[key] is not None for key in plan.required):
            rows = _rows(tree)
            try:
                data = encode(msgspec.convert(tree, plan.type, dec_hook=convert))
            except msgspec.ValidationError:
                pass
            else:
                return Answer(b'{"data":%b,"extensions":{"cost":%d}}' % (data, cost), name, rows, True)
        return await self._execute(request, Answer(b"", name, _rows(tree)), tree, {"cost": cost})

    async def subscription(
        self, query: str, variables: Mapping[str, Any] | None, operation_name: str | None, context: Context, *, reads: bool
    ) -> Subscribed | Answer:
        """Return a subscription, or the answer to what is none or is refused. Raises `Mutates` as `answer` does."""
        prepared = await self._beside.run(self._prepare, query, variables, operation_name)
        if isinstance(prepared, Answer):
            return prepared
        if not prepared.document.is_subscription:
            return await self.answer(query, variables, operation_name, context, reads=reads)
        (root,) = prepared.roots
        request = OperationRequest(prepared.document, prepared.variables, operation_name, context)
        return Subscribed(root.key, root.arguments.values, lambda told: self._execute(request, Answer(b""), {root.key: told}))

    def document(self, query: str, operation_name: str | None) -> Document:
        """Return a document, parsed and validated once. Raises `RequestError`."""
        return self._documents.get(query, operation_name)

    def _prepare(self, query: str, values: Mapping[str, Any] | None, operation_name: str | None) -> Prepared | Answer:
        """Do all that comes before the database, or return why the operation is refused. Needs no loop."""
        try:
            document = self.document(query, operation_name)
        except RequestError as error:
            return refused(error.errors)
        name = document.operation.name.value if document.operation.name else None
        try:
            used = variables.used(document, values)
            coerced = variables.coerce(self.schema.core, document, used)
            if not document.is_query:
                return Prepared(document, used, coerced, name, self.planner.checked(document, coerced))
            plan = self.planner.plan(document, coerced)
            parameters, cost = self.planner.parameters(plan, coerced)
        except RequestError as error:
            return refused(error.errors, name)
        except RecursionError:
            return refused([error_of("a value is nested too deeply", "TOO_DEEP")], name)
        return Prepared(document, used, coerced, name, plan=plan, parameters=parameters, cost=cost)

    async def _mutate(
        self, request: OperationRequest, variables: VariableValues, roots: Sequence[SelectedField], answer: Answer
    ) -> Answer:
        """Answer a mutation of one field by its resolver, unless more has to be fetched or the outcome is irregular."""
        mutation = self.planner.mutation(request.document, variables, roots)
        if mutation is None:
            return await self._execute(request, answer)
        arguments = roots[0].arguments.values
        outcome: Any
        try:
            # A mutation's resolver reads only the context of graphql-core's info, and `request` has that as well.
            outcome = mutation.resolve(None, cast(GraphQLResolveInfo[Context], request), **arguments)
            if isawaitable(outcome):
                outcome = await outcome
            data = encode(msgspec.convert({mutation.key: outcome}, mutation.type, dec_hook=convert))
        except msgspec.ValidationError:
            pass
        except Exception as error:
            outcome = error
        else:
            return replace(answer, body=b'{"data":%b}' % data, rows=1)
        # It is done or failed. The executor turns its outcome, the root, into the specification's answer.
        return await self._execute(request, answer, {mutation.key: outcome})

    async def _execute(
        self,
        request: OperationRequest,
        answer: Answer,
        tree: Mapping[str, Any] | None = None,
        extensions: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Answer by graphql-core's executor, over a fetched tree if there is one."""
        build = partial(
            Resolution.build,
            self.schema.core,
            request.document.ast,
            tree,
            request.context,
            dict(request.variables),
            request.operation_name,
        )
        light = limits.is_light(request.variables)
        resolution = cast("Resolution | list[GraphQLError]", build() if light else await self._beside.run(build))
        if isinstance(resolution, list):
            return refused(resolution, answer.operation)
        if request.document.introspects_alone:
            outcome = await self._beside.run(resolution.execute_operation)
        else:
            resolution.most = limits.MAX_INTROSPECTION_BESIDE
            outcome = resolution.execute_operation()
        result = cast(ExecutionResult, await outcome if isawaitable(outcome) else outcome)
        if resolution.introspected > resolution.most:
            return refused([error_of(limits.introspects_too_much(resolution.most), "TOO_COSTLY")], answer.operation)
        errors = result.errors or []
        unavailable = next((e.original_error for e in errors if isinstance(e.original_error, EngineUnavailable)), None)
        if unavailable is not None:
            return failure(unavailable, answer.operation)
        body: dict[str, Any] = {}
        if errors:
            body["errors"] = [masked(error) for error in errors]
            answer.error = body["errors"][0]["extensions"]["code"]
        body["data"] = result.data
        if extensions:
            body["extensions"] = extensions
        # In a mutation each outcome is a row.
        rows = answer.rows if request.document.is_query else sum(v is not None for v in (result.data or {}).values())
        return replace(answer, body=encode(body), rows=rows)

    def statements(self, query: str, values: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        """Return the statement of a query and those behind it, with parameters to plan them. Raises `RequestError`."""
        document = self.document(query, None)
        coerced = variables.coerce(self.schema.core, document, values)
        plan = self.planner.plan(document, coerced)
        return [*planned(plan.compiled, self.planner.parameters(plan, coerced)[0])]


def _lacks(tree: Mapping[str, Any]) -> bool:
    """Return whether something that a root field looked up is null."""
    return any(value is None or (isinstance(value, list) and None in value) for value in tree.values())


def _rows(tree: Mapping[str, Any]) -> int:
    rows = 0
    for value in tree.values():
        listed = next((v for v in value.values() if isinstance(v, list)), None) if isinstance(value, dict) else value
        rows += len(listed) if isinstance(listed, list) else value is not None
    return rows
