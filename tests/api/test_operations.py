"""Generated operations hold the compiled statements to a plain graph in memory, and the two ways to answer to each other."""

import json
import os
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from functools import cache, partial
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from graphql import ExecutionResult, GraphQLError, GraphQLSchema, execute, parse, validate
from graphql.execution.values import VariableValues, get_variable_values
from neo4j import AsyncSession

import forebear.api.execution
import forebear.record.recorder
from forebear.api.execution import Executor, RequestError
from forebear.api.selection import Operation as OperationSelected
from forebear.api.selection import rule_of
from forebear.api.shape import convert
from forebear.app import Forebear, schema_of
from forebear.graph.compiler import Compiled, page, time
from forebear.graph.compiler.filter import Filter
from forebear.graph.compiler.page import Rows
from forebear.graph.compiler.time import Time
from forebear.graph.declaration import camel
from forebear.graph.dialect import Dialect
from forebear.graph.kinds import GRAPH
from forebear.identity.actors import DEVELOPMENT
from forebear.store import Engine, Store
from forebear.store.statements import questions
from tests import engines
from tests.api.histories import MOMENTS, NOW, Batch, History
from tests.api.memory import Answers, comparable, schema_in_memory
from tests.api.operations import Operation, Operations, World, touchable, touched
from tests.api.records import Records
from tests.record.asking import origin

SOAK = int(os.environ.get("FOREBEAR_SOAK", "1"))
HISTORIES = 6 * SOAK
OPERATIONS = 50
"""How many operations are asked of each history."""

QUESTIONS = frozenset((q.on or "Query", camel(q.name.rpartition("/")[2])) for q in questions(GRAPH))


class Clock:
    """Tells the recorder and the executor what time it is."""

    moment = NOW

    @classmethod
    def now(cls, zone: tzinfo) -> datetime:
        return datetime.fromisoformat(cls.moment).astimezone(zone)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    monkeypatch.setattr(forebear.record.recorder, "datetime", Clock)
    monkeypatch.setattr(forebear.api.execution, "datetime", Clock)
    return Clock


@asynccontextmanager
async def fresh(engine_store: Store, directory: Path) -> AsyncIterator[Store]:
    """A store for some hundred statements that are all different.

    The embedded engine never forgets how it parsed a statement, so that it runs out of heap in the end.
    """
    if engine_store.engine is Engine.NEO4J:
        yield engine_store
    else:
        slow = {"read_timeout": 60, "write_timeout": 60, "engine_heap": 1024}
        async with Store.open(engines.settings(directory, **slow)) as store:
            yield store


@cache
def schema() -> GraphQLSchema:
    """The schema of what is asked of the graph: without root fields that have a resolver of their own."""
    ours, built = schema_of().core.query_type, schema_in_memory(schema_of().sdl)
    assert ours is not None
    assert built.query_type is not None
    built.query_type.fields = {n: f for n, f in built.query_type.fields.items() if rule_of(ours.fields[n]) is not None}
    return built


@dataclass(frozen=True)
class Asked:
    """An operation, and how the graph in memory answers it."""

    operation: Operation
    query: str
    variables: Mapping[str, Any]
    answer: Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """A history and operations on it."""

    batches: Sequence[Batch]
    answers: Answers
    asked: Sequence[Asked]


@cache
def cases() -> tuple[Case, ...]:
    """The same in every run: they depend on the schema alone."""
    return tuple(_cases())


def _cases() -> Iterator[Case]:
    used: Counter[tuple[str, str]] = Counter()
    untouched = touchable(schema(), QUESTIONS)
    for seed in range(HISTORIES):
        chance = random.Random(seed)
        history = History(GRAPH, chance)
        batches = tuple(history.batches(10, 40))
        world = World(history.ids, [*MOMENTS, *(b.moment for b in batches)])
        generator = Operations(GRAPH, schema(), world, chance, used, QUESTIONS)
        answers = Answers(history.memory, schema(), NOW)
        asked = []
        while len(asked) < OPERATIONS or (seed == HISTORIES - 1 and untouched):
            # First whatever comes, then what has not come yet.
            operation = generator.operation(untouched if seed >= HISTORIES // 2 else set())
            query, variables = operation.render()
            untouched -= touched(schema(), query)
            answer = answers.answer(query, variables)
            world.learn(answer.get("data"))
            asked.append(Asked(operation, query, variables, answer))
        yield Case(batches, answers, asked)


async def recorded(store: Store, batches: Sequence[Batch], clock: type[Clock]) -> Forebear:
    """A registry on a store that holds a history and nothing else."""
    await engines.empty(store)
    registry = await Forebear.on(store)
    for batch in batches:
        clock.moment = batch.moment
        summary = await registry.recorder.record(batch.documents, origin(batch.by, batch.source), imported=True)
        assert not summary.rejections, summary.rejections
    clock.moment = NOW
    return registry


async def answer(registry: Forebear, query: str, variables: Mapping[str, Any]) -> str:
    """The registry's answer, comparable."""
    return comparable(json.loads((await registry.executor.answer(query, variables, None, registry.context(DEVELOPMENT))).body))


async def smallest(registry: Forebear, answers: Answers, operation: Operation) -> str:
    """The smallest operation like this one that is answered differently, with both answers."""

    async def difference(operation: Operation) -> str | None:
        query, variables = operation.render()
        if validate(answers.schema, parse(query)):
            return None
        ours, theirs = await answer(registry, query, variables), comparable(answers.answer(query, variables))
        return None if ours == theirs else f"{query}\n{variables}\ncompiled: {ours}\nin memory: {theirs}"

    found = await difference(operation)
    if found is None:
        return f"answered differently only once:\n{operation.render()}"
    tries, rest = 300, operation.smaller()
    while tries and (less := next(rest, None)):
        tries -= 1
        if (smaller := await difference(less)) is not None:
            found, rest = smaller, less.smaller()
    return found


async def test_compiled_statements_answer_as_a_plain_graph_does(
    engine_store: Store, tmp_path: Path, clock: type[Clock]
) -> None:
    for i in range(0, HISTORIES, 6):
        async with fresh(engine_store, tmp_path / str(i)) as store:
            for case in cases()[i : i + 6]:
                registry = await recorded(store, case.batches, clock)
                for asked in case.asked:
                    if await answer(registry, asked.query, asked.variables) != comparable(asked.answer):
                        pytest.fail(await smallest(registry, case.answers, asked.operation), pytrace=False)


def test_enough_operations_are_asked() -> None:
    assert sum(len(case.asked) for case in cases()) >= 300 * SOAK


def test_generated_operations_touch_every_field_and_argument() -> None:
    found = set().union(*(touched(schema(), asked.query) for case in cases() for asked in case.asked))
    assert sorted(touchable(schema(), QUESTIONS) - found) == []


# ── over generated records ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class TwoWays:
    """What the struct type and graphql-core's executor make of one tree; `None` where the struct type objects."""

    encoded: bytes | None
    executed: bytes
    errors: Sequence[GraphQLError]


def two_ways(executor: Executor, query: str, variables: Mapping[str, Any], records: Records) -> TwoWays:
    document = executor.document(query, None)
    plan = executor.plan(document, executor._coerce(document, variables))
    coerced = get_variable_values(executor.schema.core, document.operation.variable_definitions or (), dict(variables))
    assert isinstance(coerced, VariableValues)
    roots = OperationSelected(executor.schema.core, document.fragments, document.operation, coerced).roots()
    tree = records.tree(roots)
    encoded = None
    if all(tree[key] is not None for key in plan.required):
        with suppress(msgspec.ValidationError):
            encoded = msgspec.json.encode(msgspec.convert(tree, plan.type, dec_hook=convert))
    result = execute(executor.schema.core, document.ast, root_value=tree, variable_values=dict(variables))
    assert isinstance(result, ExecutionResult)
    try:
        executed = msgspec.json.encode(result.data)
    except ValueError:
        executed = b"not JSON"
    return TwoWays(encoded, executed, result.errors or ())


def asked_of_records(executor: Executor, records: Records) -> Iterator[tuple[str, TwoWays]]:
    """Operations, of which questions are a part, and what becomes of a record of each."""
    ids = {k.name: (f"{k.prefix}:a" + ("@1" if k.versioned else ""),) for k in GRAPH.kinds.values()}
    generator = Operations(GRAPH, schema(), World(ids, MOMENTS), records.random, places=2)
    count = 0
    while count < 1_000 * SOAK:
        query, variables = generator.operation().render()
        with suppress(RequestError):  # a question is asked about some kinds only
            yield query, two_ways(executor, query, variables, records)
            count += 1


@pytest.fixture(scope="module")
def offline() -> Executor:
    """An executor that plans, on no store."""
    return Executor(schema_of(), cast(Store, None), Dialect(GRAPH, Engine.NEO4J))


def test_the_two_ways_to_answer_give_the_same_bytes_for_regular_records(offline: Executor) -> None:
    for query, ways in asked_of_records(offline, Records(random.Random(1), irregular=0)):
        missing = [e for e in ways.errors if (e.extensions or {}).get("code") == "NOT_FOUND"]
        assert list(ways.errors) == missing, query
        assert ways.encoded == (None if missing else ways.executed), query


def test_an_irregular_record_is_left_to_the_executor(offline: Executor) -> None:
    records, refused = Records(random.Random(2), irregular=0.02), 0
    for query, ways in asked_of_records(offline, records):
        if ways.errors:
            assert ways.encoded is None, query
        elif ways.encoded is not None:
            assert ways.encoded == ways.executed, query
        else:
            assert records.spoilt, query
        refused += ways.encoded is None
    assert refused > 100


# ── mutants ─────────────────────────────────────────────────────────────────────────────────────────────────


def _without_position(statement: Any, arguments: Any, rows: Any) -> str:
    statement.bind(arguments, "after")
    return "true"


def _one_row_too_few(statement: Any, arguments: Any, extra: int) -> str:
    return LIMIT(statement, arguments, 0)


def _any_for_all(self: Filter, value: Mapping[str, Any], *rest: Any) -> str:
    swapped = {{"and": "or", "or": "and"}.get(name, name): operand for name, operand in value.items()}
    return FILTER(self, value if swapped.keys() == value.keys() else swapped, *rest)


LIMIT, FILTER, PATTERN = page.limit, Filter.condition, Time.pattern

COMPILERS: Mapping[str, tuple[Any, str, Any]] = {
    "no keyset condition": (page, "after", _without_position),
    "the page is not one row longer than asked": (page, "limit", _one_row_too_few),
    "any of several conditions, where all were asked": (Filter, "condition", _any_for_all),
    "no interval condition": (Time, "holds", lambda self, edge: "true"),
    "descending is ascending": (
        Rows, "ordering", property(lambda r: r.key if r.value is None else f"{r.value}, {r.key}"),
    ),
    "edges are not asked when they were known": (time, "known", lambda *a: "true"),
    "nodes are asked as they are, not as they were": (time, "state", lambda n, at="": n),
    "retracted nodes stand": (Time, "present", lambda self, n: f" WITH *, {n} AS {n}_then"),
    "a cursor without its key": (Rows, "cursor", property(lambda r: f"'{r.order}:'")),
    "a count of one row more": (Rows, "count", property(lambda r: f"COUNT {{ {r.head} RETURN 1 AS one }} + 1")),
    "edges are followed the other way": (
        Time, "pattern", lambda self, n, e, m, edge, incoming, *rest: PATTERN(self, n, e, m, edge, not incoming, *rest),
    ),
}  # fmt: skip

STATEMENTS: Mapping[str, tuple[str, str]] = {
    "not before": ("validFrom <= ", "validFrom > "),
    "either": (" AND ", " OR "),
    "no order": (r" WITH \* ORDER BY [^{}]*? LIMIT", " WITH * LIMIT"),
    "the other value": ("IS NULL", "IS NOT NULL"),
    "the last state": (r"ORDER BY v\.number", "ORDER BY v.number DESC"),
    "another property": (r"\.name\b", ".description"),
    "no retracted edge": (r"\|RETRACTED\]", "]"),
    "the second row": (r"\[0\]", "[1]"),
}
"""Patterns in a statement's text, and what is put in their place."""


Statement = tuple[str, Mapping[str, Any]]


def statement(executor: Executor, asked: Asked, mutated: Callable[[Compiled], Compiled]) -> Statement | None:
    """The statement of an operation, with its parameters, as a mutation leaves it in the executor's plan."""
    document = executor.document(asked.query, None)
    coerced = executor._coerce(document, asked.variables)
    try:
        plan = executor.plan(document, coerced)
        plan.compiled = mutated(plan.compiled)
        return plan.compiled.text, executor._parameters(plan, coerced)
    except RequestError:
        return None


async def noticed(
    registry: Forebear, case: Case, statements: Sequence[Statement | None], mutated: Callable[[Compiled], Compiled]
) -> bool:
    """Whether some operation whose statement a mutation changes is answered as the graph in memory does not answer it."""
    store = registry.store
    executor = Executor(registry.schema, store, Dialect(GRAPH, store.engine))
    for asked, meant in zip(case.asked, statements, strict=True):
        if statement(executor, asked, mutated) != meant:
            body = json.loads((await executor.answer(asked.query, asked.variables, None, registry.context(DEVELOPMENT))).body)
            codes = {error["extensions"]["code"] for error in body.get("errors", ())}
            # That an engine refuses a statement does not show that a wrong one would be noticed.
            if not codes & {"DATABASE_ERROR", "TIMEOUT", "BUSY"} and comparable(body) != comparable(asked.answer):
                return True
    return False


async def test_mutants_of_the_compiler_and_of_statements_are_noticed(
    engine_store: Store, tmp_path: Path, clock: type[Clock], monkeypatch: pytest.MonkeyPatch
) -> None:
    unnoticed = [*COMPILERS, *STATEMENTS]
    async with fresh(engine_store, tmp_path) as store:
        # What the operations on one history do not touch, those on another do.
        for case in cases():
            registry = await recorded(store, case.batches, clock)
            meant = [statement(registry.executor, asked, _as_it_is) for asked in case.asked]
            assert not await noticed(registry, case, meant, _as_it_is)
            survivors = []
            for name in unnoticed:
                with monkeypatch.context() as patch:
                    mutated = _as_it_is
                    if name in COMPILERS:
                        patch.setattr(*COMPILERS[name])
                    else:
                        mutated = partial(_replaced, *STATEMENTS[name])
                    if not await noticed(registry, case, meant, mutated):
                        survivors.append(name)
            unnoticed = survivors
            if not unnoticed:
                break
        assert unnoticed == []


def _as_it_is(compiled: Compiled) -> Compiled:
    return compiled


def _replaced(pattern: str, instead: str, compiled: Compiled) -> Compiled:
    return replace(compiled, text=re.sub(pattern, instead, compiled.text))


# ── one statement ───────────────────────────────────────────────────────────────────────────────────────────

FIVE_KINDS = """
query ($dataset: ID!) {
  datasetVersion(id: $dataset) {
    name
    trainingRuns { totalCount edges { weight node {
      id
      checkpoints { nodes { id promotions { nodes { id artifacts { pageInfo { hasNextPage } nodes {
        id
        deployments { nodes { id on { id kind } } }
      } } } } } }
    } } }
  }
}"""


async def test_a_nested_query_over_five_kinds_is_one_statement(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = await Forebear.on(store)
    facts: list[dict[str, Any]] = [
        {"kind": "DatasetVersion", "id": "dataset:d@1", "name": "d"},
        {"kind": "Run", "id": "run:r", "trainedOn": [{"id": "dataset:d@1", "weight": 0.5}]},
        {"kind": "Checkpoint", "id": "checkpoint:c", "producedBy": "run:r"},
        {"kind": "ModelVersion", "id": "model:m@1", "promotedFrom": ["checkpoint:c"]},
        {"kind": "Artifact", "id": "artifact:a", "builtFrom": "model:m@1"},
        {"kind": "Deployment", "id": "deployment:x", "state": "ACTIVE", "artifact": "artifact:a", "on": "fleet:f"},
    ]
    summary = await registry.recorder.record(facts, origin("me", "here"), imported=True)
    assert not summary.rejections
    statements: list[str] = []
    run = AsyncSession.run

    async def counted(self: AsyncSession, query: Any, *arguments: Any, **named: Any) -> Any:
        statements.append(str(query))
        return await run(self, query, *arguments, **named)

    monkeypatch.setattr(AsyncSession, "run", counted)
    body = json.loads(
        (await registry.executor.answer(FIVE_KINDS, {"dataset": "dataset:d@1"}, None, registry.context(DEVELOPMENT))).body
    )
    deployments = {"nodes": [{"id": "deployment:x", "on": {"id": "fleet:f", "kind": "Fleet"}}]}
    artifacts = {"pageInfo": {"hasNextPage": False}, "nodes": [{"id": "artifact:a", "deployments": deployments}]}
    promotions = {"nodes": [{"id": "model:m@1", "artifacts": artifacts}]}
    run_node = {"id": "run:r", "checkpoints": {"nodes": [{"id": "checkpoint:c", "promotions": promotions}]}}
    runs = {"totalCount": 1, "edges": [{"weight": 0.5, "node": run_node}]}
    assert body["data"] == {"datasetVersion": {"name": "d", "trainingRuns": runs}}
    assert len(statements) == 1
