"""Both engines answer as a plain graph in memory does, and what is wrong with a statement is noticed."""

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from graphql import parse, validate

import forebear.api.plan.planner
import forebear.record.writing
from forebear.api.answering.executor import Executor
from forebear.api.document.errors import RequestError
from forebear.api.plan.variables import coerce
from forebear.app import Forebear
from forebear.graph.kinds import GRAPH
from forebear.graph.query.compiler import Compiled
from forebear.graph.query.dialect import Dialect
from forebear.graph.query.question import Question
from forebear.store import Engine, Store
from forebear.store.statements import questions
from tests.api import mutants
from tests.api.answers import Answers, comparable
from tests.api.histories import MOMENTS, NOW, SIZES, TEXTS, Batch, History
from tests.api.operations import Operation, Operations, World, touchable, touched
from tests.api.questions import QUESTIONS
from tests.api.recorded import Clock, answer, fresh, recorded, schema
from tests.api.shapes import Shape, shapes
from tests.soak import SOAK

HISTORIES = 2 * SOAK
OPERATIONS = 150
"""How many operations are asked of each history."""
TIMES = 10
"""How often each shape of a question is asked of a history that is full of what the questions ask about, at most."""

SCORES = "query ($text: String!) { search(text: $text, first: 1000) { nodes { node { id } score } } }"


def fields(*questions: Question) -> set[tuple[str, str]]:
    """The fields of questions: their types, and their names."""
    return {(on, q.field_name) for q in questions for on in q.on or ("Query",)}


STATED = {name: q for q in questions(GRAPH) for on_and_name in fields(q) if (name := ".".join(on_and_name)) in QUESTIONS}
"""The questions that the graph in memory answers too, by their fields."""
ON_CARDS = {(field.kind, field.name) for q in questions(GRAPH) for field in q.fields}
"""Root questions as fields of nodes. tests/actions shows that they answer the same."""
ASKED_IN_SHAPES = frozenset(fields(*questions(GRAPH)) | ON_CARDS)
"""Operations leave out the questions: Neo4j plans some for a second, and each operation is different."""


# ── what is asked ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Asked:
    """An operation, and how the graph in memory answers it."""

    operation: Operation
    query: str
    variables: Mapping[str, Any]
    answer: Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """A history, and what is asked of it."""

    batches: Sequence[Batch]
    answers: Answers
    operations: Sequence[Asked]
    questions: Sequence[tuple[Shape, Mapping[str, Any]]]


@cache
def cases() -> tuple[Case, ...]:
    """The same in every run: they depend on the schema alone."""
    return tuple(_cases())


def _cases() -> Iterator[Case]:
    used: Counter[tuple[str, str]] = Counter()
    untouched = touchable(schema(), ASKED_IN_SHAPES)
    for seed in range(HISTORIES):
        chance = random.Random(seed)
        # Every second history is about all kinds alike, the others mostly about what the questions ask about.
        full = seed % 2 == 0
        history = History(GRAPH, chance, SIZES if full else {})
        batches = tuple(history.batches(10, 150 if full else 40))
        names = [id.partition(":")[2] for id in history.ids["Artifact"]]
        texts = [*TEXTS, *names, "LINE brea", "日本", "le backslash", "nobody"]
        world = World(history.ids, [*MOMENTS, *(b.moment for b in batches)], texts)
        answers = Answers(history.memory, schema(), NOW)
        generator = Operations(GRAPH, schema(), world, chance, used, ASKED_IN_SHAPES)
        asked = []
        while len(asked) < OPERATIONS or (seed == HISTORIES - 1 and untouched):
            # First whatever comes, then what has not come yet.
            operation = generator.operation(untouched if seed >= HISTORIES // 2 else set())
            query, variables = operation.render()
            untouched -= touched(schema(), query)
            answer = answers.answer(query, variables)
            world.learn(answer.get("data"))
            asked.append(Asked(operation, query, variables, answer))
        ways = [(s, v) for s in shapes(GRAPH, schema()) for v in values(s, answers, world, chance)] if full else []
        yield Case(batches, answers, asked, ways)


def values(shape: Shape, answers: Answers, world: World, chance: random.Random) -> Sequence[Mapping[str, Any]]:
    """Values for the variables of a shape that are answered differently; the answer to one may have a cursor for the next."""
    found = {}
    for _ in range(3 * TIMES):
        given = shape.values(GRAPH, world, chance)
        answer = answers.answer(shape.query, given)
        world.learn(answer.get("data"))
        found[json.dumps(answer)] = given
    return chance.sample(list(found.values()), min(TIMES, len(found)))


# ── on each engine ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets the recorder and the executor to the clock of a test's history."""
    monkeypatch.setattr(forebear.record.writing, "datetime", Clock)
    monkeypatch.setattr(forebear.api.plan.planner, "datetime", Clock)


async def both(registry: Forebear, answers: Answers, shape: Shape, values: Mapping[str, Any]) -> tuple[Any, Any]:
    """How a registry answers a question, and how the graph in memory does."""
    ours = await answer(registry, shape.query, values)
    left_open = ours if shape.question != "Query.search" else await answer(registry, SCORES, {"text": values["text"]})
    return ours, answers.answer(shape.query, values, left_open)


async def smallest(registry: Forebear, answers: Answers, operation: Operation) -> str:
    """The smallest operation like this one that is answered differently, with both answers."""

    async def difference(operation: Operation) -> str | None:
        query, variables = operation.render()
        if validate(answers.schema, parse(query)):
            return None
        ours, theirs = comparable(await answer(registry, query, variables)), comparable(answers.answer(query, variables))
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


async def test_compiled_statements_answer_as_a_plain_graph_does(engine_store: Store, tmp_path: Path, clock: None) -> None:
    # Neo4j takes seconds to plan a shape.
    some = [*shapes(GRAPH, schema())][::2]
    for i in range(0, HISTORIES, 2):
        async with fresh(engine_store, tmp_path / str(i)) as store:
            for case in cases()[i : i + 2]:
                registry = await recorded(store, case.batches)
                for asked in case.operations:
                    if comparable(await answer(registry, asked.query, asked.variables)) != comparable(asked.answer):
                        pytest.fail(await smallest(registry, case.answers, asked.operation), pytrace=False)
                for shape, given in case.questions:
                    if store.engine is Engine.NEO4J and shape not in some:
                        continue
                    ours, theirs = await both(registry, case.answers, shape, given)
                    assert comparable(ours) == comparable(theirs), f"{shape.query}\n{given}"


def test_enough_operations_are_asked() -> None:
    assert sum(len(case.operations) for case in cases()) >= 300 * SOAK
    assert sum(len(case.questions) for case in cases()) >= 300 * SOAK


def test_generated_operations_touch_every_field_and_argument() -> None:
    found = set().union(*(touched(schema(), asked.query) for case in cases() for asked in case.operations))
    assert sorted(touchable(schema(), ASKED_IN_SHAPES) - found) == []


def test_every_question_is_asked_with_every_argument_for_all_that_it_answers() -> None:
    stated = fields(*STATED.values())
    left_out = fields(*(q for q in questions(GRAPH) if not q.decided and q.verb == "query")) - stated
    of_cards = {("Query", name) for name in ("alsoRunning", "fleetsConcerned", "incidentsLike", "aliased")}
    out_of_service = {(place, "outOfService") for place in ("Robot", "Cohort", "Fleet")}
    assert left_out == {("Stop", "confirmation"), *out_of_service, *of_cards}
    others = {(t, f) for t in ("Query", "Node", *GRAPH.kinds) for f in schema().type_map[t].fields} - stated
    wanted = touchable(schema(), others - {("Query", "modelVersion"), ("Query", "release")})
    found = set().union(*(touched(schema(), shape.query) for shape in shapes(GRAPH, schema())))
    assert sorted(wanted - found) == []


# ── mutants ─────────────────────────────────────────────────────────────────────────────────────────────────

Statement = tuple[str, Mapping[str, Any]]
REFUSED = {"DATABASE_ERROR", "TIMEOUT", "BUSY"}
"""That an engine refuses a statement does not show that a wrong one would be noticed."""


def codes(answer: Mapping[str, Any]) -> set[str]:
    return {error["extensions"]["code"] for error in answer.get("errors", ())}


def statement(executor: Executor, asked: Asked, mutated: Callable[[Compiled], Compiled]) -> Statement | None:
    """The statement of an operation, with its parameters, as a mutation leaves it in the executor's plan."""
    document = executor.document(asked.query, None)
    coerced = coerce(executor.schema.core, document, asked.variables)
    try:
        plan = executor.planner.plan(document, coerced)
        plan.compiled = mutated(plan.compiled)
        return plan.compiled.text, executor.planner.parameters(plan, coerced)
    except RequestError:
        return None


async def noticed(
    registry: Forebear, case: Case, statements: Sequence[Statement | None], mutated: Callable[[Compiled], Compiled]
) -> bool:
    """Whether some operation whose statement a mutation changes is answered as the graph in memory does not answer it."""
    mutant = replace(registry, executor=Executor(registry.schema, registry.store, Dialect(GRAPH, registry.store.engine)))
    for asked, meant in zip(case.operations, statements, strict=True):
        if statement(mutant.executor, asked, mutated) != meant:
            body = await answer(mutant, asked.query, asked.variables)
            if not codes(body) & REFUSED and comparable(body) != comparable(asked.answer):
                return True
    return False


async def told_apart(mutant: Forebear, case: Case, question: str) -> bool:
    """Whether a mutant answers what is asked of a question as the graph in memory does not answer it."""
    for shape, given in case.questions:
        if shape.question == question and shape.now:
            ours, theirs = await both(mutant, case.answers, shape, given)
            if not codes(ours) & REFUSED and comparable(ours) != comparable(theirs):
                return True
    return False


def _as_it_is(compiled: Compiled) -> Compiled:
    return compiled


def _replaced(pattern: str, instead: str, compiled: Compiled) -> Compiled:
    return replace(compiled, text=re.sub(pattern, instead, compiled.text))


class Mutated(Dialect):
    """A dialect that puts one text in another's place in whatever it rewrites."""

    def __init__(self, engine: Engine, text: str, instead: str) -> None:
        super().__init__(GRAPH, engine)
        self.mutation = (text, instead)

    def rewrite(self, text: str, *, as_known: bool = False, within: str = "") -> str:
        return super().rewrite(text.replace(*self.mutation), as_known=as_known, within=within)


async def test_mutants_of_the_compiler_of_statements_and_of_each_question_are_noticed(
    engine_store: Store, tmp_path: Path, clock: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    unnoticed = [*mutants.COMPILERS, *mutants.STATEMENTS]
    survivors = [(name, q, mutant) for name, q in STATED.items() for mutant in mutants.QUESTIONS[q.name]]
    if engine_store.engine is Engine.NEO4J:
        # It plans each for a second, and that they are noticed is not its doing: the plainest of each question.
        survivors = [(name, q, mutant) for name, q, mutant in survivors if mutant is mutants.QUESTIONS[q.name][0]]
    async with fresh(engine_store, tmp_path) as store:
        # What is asked of one history does not show, something that is asked of another does.
        for case in cases():
            registry = await recorded(store, case.batches)
            meant = [statement(registry.executor, asked, _as_it_is) for asked in case.operations]
            assert not await noticed(registry, case, meant, _as_it_is)
            for name in list(unnoticed):
                with monkeypatch.context() as patch:
                    mutated = _as_it_is
                    if name in mutants.COMPILERS:
                        patch.setattr(*mutants.COMPILERS[name])
                    else:
                        mutated = partial(_replaced, *mutants.STATEMENTS[name])
                    if await noticed(registry, case, meant, mutated):
                        unnoticed.remove(name)
            for name, question, mutant in list(survivors):
                _, text, instead = mutant
                assert text in question.text
                executor = Executor(registry.schema, store, Mutated(store.engine, text, instead))
                if await told_apart(replace(registry, executor=executor), case, name):
                    survivors.remove((name, question, mutant))
            if not unnoticed and not survivors:
                break
    assert (unnoticed, [f"{name}: {wrong}" for name, _, (wrong, *_) in survivors]) == ([], [])
