"""How an operation is answered: plan, one statement, one record, bytes.

A query operation is compiled once per shape into one Cypher statement and one struct type. Answering it again is: look the
plan up, coerce the variables, run the statement, check and encode the tree. Introspection, root fields with a resolver of
their own, and trees that the struct type objects to, are answered by graphql-core's executor over the same tree, so that
errors are the specification's.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from inspect import isawaitable
from typing import Any, cast

import msgspec
import structlog
from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLFieldResolver,
    GraphQLResolveInfo,
)
from graphql.execution.values import VariableValues, get_variable_values

from forebear.api import limits
from forebear.api.beside import Beside
from forebear.api.document import Document, Documents, RequestError, error_of
from forebear.api.identity import forbidden
from forebear.api.mutations import Context
from forebear.api.resolution import Resolution
from forebear.api.schema import Schema, must_exist
from forebear.api.selection import FieldArguments, Operation, SelectedField, TooWide
from forebear.api.shape import convert, struct
from forebear.domain.roles import refusal
from forebear.graph.ids import Ids, InvalidId
from forebear.graph.moments import moment
from forebear.graph.query.compiler import Compiled, InvalidArgument, compile
from forebear.graph.query.compiler.page import DEFAULT_FIRST
from forebear.graph.query.dialect import Dialect
from forebear.graph.query.field import LookupsField, QuestionField, Rule
from forebear.graph.statements.placeholder import ids, renamed, same_as
from forebear.store import Store
from forebear.store.errors import (
    EngineUnavailable,
    StatementTimeout,
    StatementTooLarge,
    StorageFull,
    StoreError,
    TransientFailure,
)

MAX_PLANS = 64
"""How many plans are kept for one document: one for each shape of its variables."""

_encode = msgspec.json.Encoder().encode
_log = structlog.get_logger(__name__)


@dataclass
class Plan:
    """A compiled operation of one shape."""

    compiled: Compiled
    arguments: tuple[FieldArguments, ...]
    type: type[msgspec.Struct]
    executes: bool
    """Whether the executor must answer it: it introspects, or a root field has a resolver."""
    required: tuple[str, ...]
    """The root fields that are an error where they are null, which only the executor can say."""
    costs: tuple[Cost, ...]
    verbs: frozenset[str]
    """What who asks must be allowed to do; where there is nothing, it needs nothing of the database."""


class Mutates(Exception):
    """An operation that must only read is a mutation; nothing was done."""


@dataclass(frozen=True)
class Mutation:
    """A mutation of one field, whose resolver by itself says all that is selected of the outcome."""

    key: str
    resolve: GraphQLFieldResolver
    type: type[msgspec.Struct]


@dataclass(frozen=True)
class Asked:
    """An operation as it is asked: its document, the variables as they came, and by whom."""

    document: Document
    variables: Mapping[str, Any]
    operation_name: str | None
    context: Context


@dataclass(frozen=True)
class Prepared:
    """An operation that can be executed: of a query its plan with the statement's parameters, of a mutation its root fields."""

    document: Document
    variables: Mapping[str, Any]
    coerced: VariableValues
    name: str | None
    roots: Sequence[SelectedField] = ()
    plan: Plan | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    cost: int = 0


@dataclass
class Answer:
    """An answer: its bytes, and what to log of it."""

    body: bytes
    operation: str | None = None
    rows: int = 0
    """How many rows its root fields hold."""
    compiled: bool = False
    error: str | None = None
    """The code of its first error."""
    retry_after: float | None = None
    refused: int = 0
    """Where it is a request error, so that nothing was executed: the status that says so in the modern media type."""


class Executor:
    """Answers operations on one store."""

    def __init__(self, schema: Schema, store: Store, dialect: Dialect) -> None:
        self.schema = schema
        self._store = store
        self._dialect = dialect
        self._ids = Ids(schema.graph)
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
        """Answers an operation. Raises `Mutates` where it is a mutation and must only read."""
        if self._documents.known(query, operation_name) and limits.is_light(variables):
            prepared = self._prepare(query, variables, operation_name)
        else:
            try:
                prepared = await self._beside.run(self._prepare, query, variables, operation_name)
            except TransientFailure as error:
                return _failure(error, None)
        if isinstance(prepared, Answer):
            return prepared
        if reads and not prepared.document.is_query:
            raise Mutates
        asked = Asked(prepared.document, prepared.variables, operation_name, context)
        name, plan, cost = prepared.name, prepared.plan, prepared.cost
        if plan is None:
            return await self._mutate(asked, prepared.coerced, prepared.roots, Answer(b"", name))
        if reasons := [reason for verb in plan.verbs if (reason := refusal(context.actor, verb))]:
            return _refusal([forbidden(reason) for reason in reasons], name, 403)
        tree: dict[str, Any] = {}
        if plan.verbs:
            try:
                tree = await self._read(plan.compiled, prepared.parameters)
                if _lacks(tree) and (present := await self._present(prepared.parameters)):
                    tree = await self._read(plan.compiled, renamed(prepared.parameters, present))
            except StoreError as error:
                return _failure(error, name)
        if not plan.executes and all(tree[key] is not None for key in plan.required):
            rows = _rows(tree)
            try:
                data = _encode(msgspec.convert(tree, plan.type, dec_hook=convert))
            except msgspec.ValidationError:
                pass
            else:
                return Answer(b'{"data":%b,"extensions":{"cost":%d}}' % (data, cost), name, rows, True)
        return await self._execute(asked, Answer(b"", name, _rows(tree)), tree, {"cost": cost})

    async def _read(self, compiled: Compiled, parameters: dict[str, Any]) -> dict[str, Any]:
        """The tree that a statement answers, finished."""
        record = await self._store.read_one(compiled.text, parameters)
        tree = cast(dict[str, Any], record["row"]) if record else {}
        return cast(dict[str, Any], compiled.finish(tree, parameters)) if compiled.finish else tree

    async def _present(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        """Where ids among parameters lead on to, since other nodes took the place of theirs."""
        present: dict[str, str] = {}
        for kind, named in ids(self.schema.graph, parameters).items():
            rows = await self._store.read(same_as(kind), {"ids": named})
            present |= {str(row["id"]): str(row["present"]) for row in rows}
        return present

    def document(self, query: str, operation_name: str | None) -> Document:
        """A document, parsed and validated once. Raises `RequestError`."""
        return self._documents.get(query, operation_name)

    def _prepare(self, query: str, variables: Mapping[str, Any] | None, operation_name: str | None) -> Prepared | Answer:
        """What there is to do before anything is asked of the database, or why nothing is. Needs no loop."""
        try:
            document = self.document(query, operation_name)
        except RequestError as error:
            return _refusal(error.errors)
        name = document.operation.name.value if document.operation.name else None
        try:
            used = self._used(document, variables)
            coerced = self._coerce(document, used)
            if not document.is_query:
                return Prepared(document, used, coerced, name, self._checked(document, coerced))
            plan = self.plan(document, coerced)
            parameters, cost = self._parameters(plan, coerced)
        except RequestError as error:
            return _refusal(error.errors, name)
        except RecursionError:
            return _refusal([error_of("a value is nested too deeply", "TOO_DEEP")], name)
        return Prepared(document, used, coerced, name, plan=plan, parameters=parameters, cost=cost)

    async def _mutate(self, asked: Asked, variables: VariableValues, roots: Sequence[SelectedField], answer: Answer) -> Answer:
        """Answers a mutation: of one field by its resolver, unless more is to be fetched or what came of it is irregular."""
        mutation = self._mutation(asked.document, variables, roots)
        if mutation is None:
            return await self._execute(asked, answer)
        arguments = roots[0].arguments.values
        outcome: Any
        try:
            # Of what graphql-core would tell it, a mutation's resolver reads the context alone, which `asked` has as well.
            outcome = mutation.resolve(None, cast(GraphQLResolveInfo[Context], asked), **arguments)
            if isawaitable(outcome):
                outcome = await outcome
            data = _encode(msgspec.convert({mutation.key: outcome}, mutation.type, dec_hook=convert))
        except msgspec.ValidationError:
            pass
        except Exception as error:
            outcome = error
        else:
            return replace(answer, body=b'{"data":%b}' % data, rows=1)
        # It is done, or failed: of its outcome, which is the root's, the executor makes what the specification says.
        return await self._execute(asked, answer, {mutation.key: outcome})

    def _mutation(self, document: Document, variables: VariableValues, roots: Sequence[SelectedField]) -> Mutation | None:
        """How a mutation is answered without the executor, where it can be."""
        key = tuple(variables.coerced.get(name) for name in sorted(document.conditions))
        if key not in document.mutations:
            made = None
            if len(roots) == 1 and roots[0].resolve and roots[0].is_whole():
                made = Mutation(roots[0].key, roots[0].resolve, struct("Mutation", roots))
            _remember(document.mutations, key, made, MAX_PLANS)
        return document.mutations[key]

    async def _execute(
        self, asked: Asked, answer: Answer, tree: Mapping[str, Any] | None = None, extensions: Mapping[str, Any] | None = None
    ) -> Answer:
        """Answers by graphql-core's executor, over a fetched tree where there is one."""
        build = partial(
            Resolution.build,
            self.schema.core,
            asked.document.ast,
            tree,
            asked.context,
            dict(asked.variables),
            asked.operation_name,
        )
        light = limits.is_light(asked.variables)
        made = cast("Resolution | list[GraphQLError]", build() if light else await self._beside.run(build))
        if isinstance(made, list):
            return _refusal(made, answer.operation)
        if asked.document.introspects_alone:
            outcome = await self._beside.run(made.execute_operation)
        else:
            made.most = limits.MAX_INTROSPECTION_BESIDE
            outcome = made.execute_operation()
        result = cast(ExecutionResult, await outcome if isawaitable(outcome) else outcome)
        if made.introspected > made.most:
            return _refusal([error_of(limits.introspects_too_much(made.most), "TOO_COSTLY")], answer.operation)
        errors = result.errors or []
        unavailable = next((e.original_error for e in errors if isinstance(e.original_error, EngineUnavailable)), None)
        if unavailable is not None:
            return _failure(unavailable, answer.operation)
        body: dict[str, Any] = {}
        if errors:
            body["errors"] = [masked(error) for error in errors]
            answer.error = body["errors"][0]["extensions"]["code"]
        body["data"] = result.data
        if extensions:
            body["extensions"] = extensions
        # Of a mutation each outcome is a row.
        rows = answer.rows if asked.document.is_query else sum(v is not None for v in (result.data or {}).values())
        return replace(answer, body=_encode(body), rows=rows)

    async def fetch(self, info: GraphQLResolveInfo[Context], rule: Rule, values: Mapping[str, Any]) -> Any:
        """Answer the nodes that a resolver's field stands for, with all that is selected of them, in one statement.

        `rule` finds them, with `values` as its arguments. Raises `GraphQLError` and `StoreError`.
        """
        return await self.fetching(info, rule, values)()

    def fetching(
        self, info: GraphQLResolveInfo[Context], rule: Rule, values: Mapping[str, Any]
    ) -> Callable[..., Awaitable[Any]]:
        """Check all arguments of a resolver's field and of what is selected below it; answer what fetches it.

        What it answers takes those of `values` that are known later only. Raises `GraphQLError`.
        """
        if reason := refusal(info.context.actor, "query"):
            raise forbidden(reason)
        operation = Operation(self.schema.core, info.fragments, info.operation, info.variable_values)
        values = dict(values)
        selected = operation.field(info, rule, values)
        try:
            plan = self._fetched(operation, selected)
            self._parameters(plan, info.variable_values)
        except RequestError as error:
            raise error.errors[0] from None

        async def fetch(**later: Any) -> Any:
            values.update(later)
            parameters, _ = self._parameters(plan, info.variable_values)
            return (await self._read(plan.compiled, parameters)).get(selected.key)

        return fetch

    def _fetched(self, operation: Operation, selected: SelectedField) -> Plan:
        """The plan of a field that a resolver fetches. Raises `RequestError`."""
        try:
            compiled = compile((selected,), self.schema.graph, self._dialect)
        except InvalidArgument as error:
            raise RequestError([error_of(str(error), error.code)]) from None
        return Plan(compiled, tuple(operation.sources), msgspec.Struct, False, (), tuple(_costs((selected,))), frozenset())

    def _checked(self, document: Document, variables: VariableValues) -> tuple[SelectedField, ...]:
        """The root fields of a mutation, once all arguments are checked: theirs, and those of what is selected of the outcomes.

        Which nodes an outcome names is not known yet, so what is selected of each kind is compiled for an id of that kind.
        Raises `RequestError`.
        """
        operation = Operation(self.schema.core, document.fragments, document.operation, variables)
        try:
            roots = operation.roots()
            outcomes = [f for root in roots for name in root.type_names() for f in root.fields(name)]
            for f, rule in [(f, f.fetches) for f in outcomes if f.fetches and document.selects_by_arguments]:
                for kind in f.type_names():
                    id = self._ids.example(kind)
                    values = {"ids": [id]} if isinstance(rule, LookupsField) else {"id": id}
                    self._parameters(self._fetched(operation, operation.fetched(f, rule, values)), variables)
        except GraphQLError as error:
            error.extensions = {"code": "INVALID_ARGUMENT", **(error.extensions or {})}
            raise RequestError([error]) from None
        except TooWide as error:
            raise RequestError([error_of(str(error), "TOO_WIDE")]) from None
        return roots

    def statement(self, query: str, variables: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """The statement that a query becomes, with its parameters. Raises `RequestError`."""
        document = self.document(query, None)
        coerced = self._coerce(document, variables)
        plan = self.plan(document, coerced)
        return plan.compiled.text, self._parameters(plan, coerced)[0]

    # ── plans ───────────────────────────────────────────────────────────────────────────────────────────

    def _used(self, document: Document, variables: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """The variables that the operation declares; of the others nothing is looked at. Raises `RequestError`."""
        if variables is not None and not isinstance(variables, Mapping):
            raise RequestError([error_of("variables must be an object", "INVALID_VARIABLES")])
        declared = {definition.variable.name.value for definition in document.operation.variable_definitions or ()}
        return {name: value for name, value in (variables or {}).items() if name in declared}

    def _coerce(self, document: Document, variables: Mapping[str, Any] | None) -> VariableValues:
        used = self._used(document, variables)
        try:
            limits.check_variables(used, reads=document.is_query)
        except GraphQLError as beyond:
            raise RequestError([beyond]) from None
        coerced = get_variable_values(self.schema.core, document.operation.variable_definitions or (), dict(used))
        if isinstance(coerced, list):
            for error in coerced:
                error.extensions = {"code": "INVALID_VARIABLES"}
            raise RequestError(coerced)
        return coerced

    def plan(self, document: Document, variables: VariableValues) -> Plan:
        """The plan for the shape of some variables. Raises `RequestError`."""
        key = self._key(document, variables.coerced)
        # Taken out and put back: what was used last is forgotten last, and two threads do not meet.
        plan = document.plans.pop(key, None) or self._compile(document, variables)
        _remember(document.plans, key, plan, MAX_PLANS)
        return plan

    def _key(self, document: Document, coerced: Mapping[str, Any]) -> object:
        parts: list[object] = []
        for name in sorted(coerced):
            value = coerced[name]
            if name in document.ids and value is not None:
                parts.append((name, frozenset(map(self._kind, value)) if isinstance(value, list) else self._kind(value)))
            elif name in document.conditions:
                parts.append((name, value))
            else:
                parts.append((name, _shape(value)))
        return tuple(parts)

    def _kind(self, id: str) -> str | None:
        """The kind that an id names; a text that is none may still be compared with ids."""
        try:
            return self._ids.kind(id)
        except InvalidId:
            return None

    def _compile(self, document: Document, variables: VariableValues) -> Plan:
        operation = Operation(self.schema.core, document.fragments, document.operation, variables)
        try:
            roots = operation.roots()
            compiled = compile(roots, self.schema.graph, self._dialect)
            executes = operation.introspects or operation.resolves
            shape = struct("Query", () if executes else roots)
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
        return Plan(compiled, tuple(operation.sources), shape, executes, required, tuple(_costs(roots)), verbs)

    def _parameters(self, plan: Plan, variables: VariableValues) -> tuple[dict[str, Any], int]:
        """The statement's parameters, and what the operation may cost in rows. Raises `RequestError`."""
        parameters: dict[str, Any] = {}
        try:
            values = [a.coerce(variables) for a in plan.arguments]
            for p in plan.compiled.parameters:
                value: Any = values[p.source]
                for step in p.path:
                    value = value.get(step) if isinstance(step, str) else value[step]
                    if value is None:
                        break
                parameters[p.name] = p.convert(value) if p.convert else value
            cost = 1 + sum(c.rows(values) for c in plan.costs)
            limits.refuse_cost(cost)
        except InvalidArgument as error:
            raise RequestError([error_of(str(error), error.code)]) from None
        except GraphQLError as error:
            error.extensions = {"code": "INVALID_ARGUMENT", **(error.extensions or {})}
            raise RequestError([error]) from None
        if plan.compiled.uses_now:
            parameters["now"] = moment(datetime.now(UTC))
        return parameters, cost


def masked(error: GraphQLError) -> dict[str, Any]:
    """An error as a client may see it: ours in full, an unforeseen one by its place alone."""
    original = error.original_error
    if isinstance(original, StoreError):
        formatted = dict(GraphQLError(str(original), error.nodes, path=error.path).formatted)
        formatted["extensions"] = {"code": code_of(original)}
        return formatted
    if original is not None and not isinstance(original, GraphQLError) and not _is_null_error(original):
        _log.error("an unforeseen error", exc_info=original)
        formatted = dict(GraphQLError("internal error", error.nodes, path=error.path).formatted)
        formatted["extensions"] = {"code": "INTERNAL"}
        return formatted
    formatted = dict(error.formatted)
    formatted.setdefault("extensions", {"code": "INVALID_RESULT"})
    return formatted


def _is_null_error(error: Exception) -> bool:
    """Whether graphql-core says with a plain TypeError that a value may not be null; the message is the specification's."""
    return isinstance(error, TypeError) and str(error).startswith("Cannot return null for non-nullable field ")


def code_of(error: StoreError) -> str:
    """The code by which clients know what the database could not do."""
    match error:
        case EngineUnavailable():
            return "UNAVAILABLE"
        case StatementTimeout():
            return "TIMEOUT"
        case StatementTooLarge():
            return "TOO_MUCH"
        case TransientFailure():
            return "BUSY"
        case StorageFull():
            return "STORAGE_FULL"
    return "DATABASE_ERROR"


def _failure(error: StoreError, name: str | None) -> Answer:
    body = {"errors": [{"message": str(error), "extensions": {"code": code_of(error)}}], "data": None}
    retry_after = error.retry_after if isinstance(error, (EngineUnavailable, TransientFailure)) else None
    return Answer(_encode(body), name, error=code_of(error), retry_after=retry_after)


def _refusal(errors: list[GraphQLError], name: str | None = None, status: int = 400) -> Answer:
    formatted = [e.formatted for e in errors]
    code = formatted[0].get("extensions", {}).get("code")
    return Answer(_encode({"errors": formatted}), name, error=code, refused=status)


def _lacks(tree: Mapping[str, Any]) -> bool:
    """Whether something is null that a root field looked up."""
    return any(value is None or (isinstance(value, list) and None in value) for value in tree.values())


def _rows(tree: Mapping[str, Any]) -> int:
    rows = 0
    for value in tree.values():
        listed = next((v for v in value.values() if isinstance(v, list)), None) if isinstance(value, dict) else value
        rows += len(listed) if isinstance(listed, list) else value is not None
    return rows


def _shape(value: Any) -> object:
    """What of a variable's value enters a statement's text: its form, and the names of enums; never a value."""
    if value is None:
        return None
    if isinstance(value, dict):
        return tuple((k, _shape(value[k])) for k in sorted(value))
    if isinstance(value, list):
        if any(isinstance(item, (dict, list)) or item is None for item in value):
            return ("list", *map(_shape, value))
        return "list"
    if hasattr(value, "name"):
        return value.name
    return type(value).__name__ if isinstance(value, bool) else "scalar"


@dataclass(frozen=True)
class Cost:
    """What a list of nodes may cost: the rows that it may hold, times what is below it."""

    source: int
    argument: str
    """The argument that bounds the rows: `first` of a connection, `ids` of nodes."""
    below: tuple[Cost, ...]

    def rows(self, arguments: Sequence[Mapping[str, Any]]) -> int:
        """How many rows it may come to, itself and below, by what is used of a request's arguments."""
        bound = arguments[self.source].get(self.argument)
        own = len(bound or ()) if self.argument == "ids" else max(DEFAULT_FIRST if bound is None else bound, 0)
        return own + max(own, 1) * sum(cost.rows(arguments) for cost in self.below)


def _costs(selected: Iterable[SelectedField]) -> Iterator[Cost]:
    for s in selected:
        below = tuple(cost for fields in s.selected.values() for cost in _costs(fields))
        bounds = "ids" if isinstance(s.rule, LookupsField) else "first"
        if bounds in s.arguments.values:
            yield Cost(s.arguments.source, bounds, below)
        else:
            yield from below


def _remember(cache: OrderedDict[Any, Any], key: object, value: object, most: int) -> None:
    cache[key] = value
    if len(cache) > most:
        cache.popitem(last=False)
