"""A mutation of one field is answered without the executor, and by the same bytes as by it."""

from typing import Any

import pytest

from forebear.api.answering.answer import Answer
from forebear.api.answering.executor import Executor
from forebear.app import Forebear
from forebear.domain.roles import Actor, Role
from forebear.graph.kinds import GRAPH
from forebear.graph.query.dialect import Dialect
from forebear.identity.actors import DEVELOPMENT
from forebear.store import Store
from forebear.store.errors import EngineUnavailable, StatementTimeout
from tests.record.asking import history

SINCE = "2026-01-01T00:00:00Z"
OUTCOME = """{ __typename
  ... on Done { changed unchanged }
  ... on Refused { reasons { code message remedy } }
  ... on Conflict { expected revision }
  ... on Planned { changes considered { id chosen reasons { code } remarks } } }"""
RECORDED = """{ __typename
  ... on Recorded { revised kinds { kind facts } undescribed }
  ... on NotRecorded { rejections { position id reasons } } }"""
FACTS = [
    {"kind": "ReleaseLine", "id": "line:a"},
    {"kind": "Model", "id": "model:m"},
    {"kind": "ModelVersion", "id": "model:m@1", "model": "model:m"},
    {"kind": "Release", "id": "release:m@1/a", "version": "model:m@1", "line": "line:a", "state": "CANDIDATE"},
    {"kind": "Fleet", "id": "fleet:f", "lines": [{"id": "line:a", "validFrom": SINCE}]},
]


class Executed(Executor):
    """Answers every mutation by graphql-core's executor."""

    def _mutation(self, *_: object) -> None:
        return None


@pytest.fixture
async def registry(store: Store) -> Forebear:
    registry = await Forebear.on(store)
    await history(registry, *FACTS)
    return registry


def executed(registry: Forebear) -> Executed:
    return Executed(registry.schema, registry.store, Dialect(GRAPH, registry.store.engine))


async def both(
    registry: Forebear, document: str, variables: dict[str, Any] | None = None, actor: Actor = DEVELOPMENT
) -> tuple[Answer, Answer]:
    """What a mutation that changes nothing, or nothing more, is answered without the executor and by it."""
    direct = await registry.executor.answer(document, variables, None, registry.context(actor))
    return direct, await executed(registry).answer(document, variables, None, registry.context(actor))


def takes_the_executor(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """A list that grows with each call of graphql-core's executor."""
    calls: list[object] = []
    execute = Executor._execute

    async def counted(self: Executor, *given: Any) -> Answer:
        calls.append(given)
        return await execute(self, *given)

    monkeypatch.setattr(Executor, "_execute", counted)
    return calls


@pytest.mark.parametrize(
    ("document", "outcome"),
    [
        (f'mutation {{ restore(release: "release:m@1/a", reason: "Why not.") {OUTCOME} }}', "Refused"),
        (f'mutation {{ reject(release: "release:m@1/a", reason: "No.", idempotencyKey: "once") {OUTCOME} }}', "Done"),
        (f'mutation {{ reject(release: "release:m@1/a", reason: "No.", expectedRevision: 7) {OUTCOME} }}', "Conflict"),
        (f'mutation {{ rollBack(on: "fleet:f", reason: "Try.", dryRun: true) {OUTCOME} }}', "Refused"),
        (f'mutation {{ record(facts: [{{model: {{id: "model:m"}}}}]) {RECORDED} }}', "Recorded"),
        (f'mutation {{ record(facts: [{{model: {{id: "m"}}}}]) {RECORDED} }}', "NotRecorded"),
        ('mutation { revokeToken(token: "nobody") { __typename ... on TokensRevoked { tokens { name roles } } } }', None),
    ],
)  # fmt: skip
async def test_an_outcome_is_answered_as_by_the_executor_and_without_it(
    registry: Forebear, monkeypatch: pytest.MonkeyPatch, document: str, outcome: str | None
) -> None:
    direct, by_executor = await both(registry, document)
    assert direct == by_executor
    assert outcome is None or f'"__typename":"{outcome}"'.encode() in direct.body
    calls = takes_the_executor(monkeypatch)
    assert (await registry.executor.answer(document, None, None, registry.context(DEVELOPMENT))).body == direct.body
    assert calls == []


async def test_what_is_not_allowed_is_refused_alike(registry: Forebear) -> None:
    viewer = Actor("vera", frozenset({Role.VIEWER}))
    document = f'mutation {{ approve(release: "release:m@1/a") {OUTCOME} }}'
    direct, by_executor = await both(registry, document, actor=viewer)
    assert direct == by_executor
    assert b'"code":"FORBIDDEN"' in direct.body


@pytest.mark.parametrize(
    "selection",
    [
        "{ ... on Refused { decisions { id } } ... on Done { subject { id } } }",
        "{ kind: __typename ... on Refused { why: reasons { code } } }",
        "{ __typename ... on Refused { reasons { said: message } } }",
    ],
    ids=["more is fetched", "an alias", "an alias below"],
)
async def test_what_an_outcome_does_not_hold_under_its_own_name_takes_the_executor(
    registry: Forebear, monkeypatch: pytest.MonkeyPatch, selection: str
) -> None:
    document = f'mutation {{ restore(release: "release:m@1/a", reason: "Why not.") {selection} }}'
    direct, by_executor = await both(registry, document)
    assert direct == by_executor
    calls = takes_the_executor(monkeypatch)
    await registry.executor.answer(document, None, None, registry.context(DEVELOPMENT))
    assert len(calls) == 1


async def test_several_fields_are_done_one_after_the_other(registry: Forebear) -> None:
    field = 'restore(release: "release:m@1/a", reason: "Why not.") { __typename }'
    direct, by_executor = await both(registry, f"mutation {{ a: {field} b: {field} __typename }}")
    assert direct == by_executor
    assert direct.body == b'{"data":{"a":{"__typename":"Refused"},"b":{"__typename":"Refused"},"__typename":"Mutation"}}'


@pytest.mark.parametrize("more", [True, False])
async def test_what_is_included_by_a_variable_is_answered(registry: Forebear, more: bool) -> None:
    document = """mutation ($more: Boolean!) { restore(release: "release:m@1/a", reason: "Why not.") {
      __typename ... on Refused @include(if: $more) { reasons { code } } } }"""
    for each in (more, not more, more):
        direct, by_executor = await both(registry, document, {"more": each})
        assert direct == by_executor
        assert (b'"reasons"' in direct.body) is each


@pytest.mark.parametrize(
    ("document", "variables", "code"),
    [
        ("mutation ($r: ID!) { approve(release: $r) { __typename } }", {}, b"INVALID_VARIABLES"),
        ("mutation ($r: ID!) { approve(release: $r) { __typename } }", {"r": {"a": 1}}, b"INVALID_VARIABLES"),
        ("mutation ($r: ID = \"x\") { approve(release: $r) { __typename } }", {"r": None}, b"INVALID_ARGUMENT"),
    ],
)  # fmt: skip
async def test_wrong_variables_are_an_error_and_nothing_is_done(
    registry: Forebear, document: str, variables: dict[str, Any], code: bytes
) -> None:
    direct, by_executor = await both(registry, document, variables)
    assert direct == by_executor
    assert code in direct.body


SUBJECT = "mutation {} {{ {} {{ ... on Done {{ subject {{ ... on Release {{ {} }} }} }} }} }}"


@pytest.mark.parametrize(
    ("declared", "field", "variables", "code"),
    [
        ("", "decisions(first: -1) { totalCount nodes { id } }", {}, "INVALID_ARGUMENT"),
        ("", "decisions(first: 1001) { nodes { id } }", {}, "INVALID_ARGUMENT"),
        ("($n: Int)", "decisions(first: $n) { nodes { id } }", {"n": -1}, "INVALID_ARGUMENT"),
        ("($c: String)", "decisions(after: $c) { nodes { id } }", {"c": "x"}, "INVALID_CURSOR"),
        ("", 'version { evidence(after: "x") { nodes { id } } }', {}, "INVALID_CURSOR"),
    ],
)
async def test_a_wrong_argument_below_the_outcome_is_an_error_before_anything_is_done(
    registry: Forebear, declared: str, field: str, variables: dict[str, Any], code: str
) -> None:
    reject = 'reject(release: "release:m@1/a", reason: "Too slow.")'
    context = registry.context(DEVELOPMENT)
    answer = await registry.executor.answer(SUBJECT.format(declared, reject, field), variables, None, context)
    assert (answer.error, answer.refused) == (code, 400)
    answer = await registry.executor.answer('{ release(id: "release:m@1/a") { state } }', None, None, context)
    assert answer.body.startswith(b'{"data":{"release":{"state":"CANDIDATE"}}')


async def test_right_arguments_below_the_outcome_are_answered(registry: Forebear) -> None:
    field = "decisions(first: $n) { totalCount }"
    document = SUBJECT.format("($n: Int)", 'reject(release: "release:m@1/a", reason: "Too slow.")', field)
    answer = await registry.executor.answer(document, {"n": 1}, None, registry.context(DEVELOPMENT))
    assert answer.body == b'{"data":{"reject":{"subject":{"decisions":{"totalCount":1}}}}}'


@pytest.mark.parametrize(
    ("question", "arguments"),
    [
        ("eligible", 'place: "fleet:f"'),
        ("rollbackTargets", 'place: "fleet:f"'),
        ("missingForApproval", 'release: "release:m@1/a"'),
    ],
)
@pytest.mark.parametrize(
    ("argument", "code"),
    [("first: -1", "INVALID_ARGUMENT"), ("first: 1001", "INVALID_ARGUMENT"), ('after: "x"', "INVALID_CURSOR")],
)
async def test_a_page_of_a_decided_question_is_checked_before_it_is_decided(
    registry: Forebear, monkeypatch: pytest.MonkeyPatch, question: str, arguments: str, argument: str, code: str
) -> None:
    monkeypatch.setattr(registry.performer, "ask", None)
    document = f"{{ {question}({arguments}, {argument}) {{ nodes {{ __typename }} }} }}"
    answer = await registry.executor.answer(document, None, None, registry.context(DEVELOPMENT))
    assert answer.error == code


@pytest.mark.parametrize(
    ("question", "argument"),
    [("eligible", "place"), ("rollbackTargets", "place"), ("missingForApproval", "release"), ("buildable", "target")],
)
@pytest.mark.parametrize("id", ["", "no id", "robot:r", "x" * 10_000, "model:m@1"])
async def test_a_wrong_id_of_a_decided_question_is_an_invalid_id(
    registry: Forebear, monkeypatch: pytest.MonkeyPatch, question: str, argument: str, id: str
) -> None:
    monkeypatch.setattr(registry.performer, "ask", None)
    document = f'{{ {question}({argument}: "{id}") {{ nodes {{ __typename }} }} }}'
    answer = await registry.executor.answer(document, None, None, registry.context(DEVELOPMENT))
    assert answer.error == "INVALID_ID"


@pytest.mark.parametrize("raised", [EngineUnavailable(3), StatementTimeout(5), RuntimeError("a secret")], ids=repr)
async def test_a_failure_is_told_as_by_the_executor_and_what_failed_is_not_tried_again(
    registry: Forebear, monkeypatch: pytest.MonkeyPatch, raised: Exception
) -> None:
    tried = []

    async def fails(*_: object, **__: object) -> None:
        tried.append(1)
        raise raised

    monkeypatch.setattr(registry.store, "write", fails)
    direct, by_executor = await both(registry, 'mutation { approve(release: "release:m@1/a") { __typename } }')
    assert direct == by_executor
    assert b"a secret" not in direct.body
    assert len(tried) == 2


async def test_an_outcome_that_the_schema_does_not_allow_is_an_error_and_is_not_done_again(
    registry: Forebear, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []

    async def do(*_: object) -> dict[str, Any]:
        done.append(1)
        return {"__typename": "Conflict", "subject": "release:m@1/a", "expected": 2**31, "revision": 1}

    root = registry.schema.core.mutation_type
    assert root
    monkeypatch.setattr(root.fields["approve"], "resolve", lambda value, info, **_: value[info.path.key] if value else do())
    document = 'mutation { approve(release: "release:m@1/a") { __typename ... on Conflict { expected } } }'
    answer = await registry.executor.answer(document, None, None, registry.context(DEVELOPMENT))
    assert b"Int cannot represent non 32-bit signed integer value" in answer.body
    assert done == [1]
