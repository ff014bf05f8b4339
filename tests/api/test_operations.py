"""Generated operations are answered alike by the two ways to answer, and by one statement."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

import msgspec
import pytest
from graphql import ExecutionResult, GraphQLError, execute
from graphql.execution.values import VariableValues, get_variable_values
from neo4j import AsyncSession

from forebear.api.answering.executor import Executor
from forebear.api.document.errors import RequestError
from forebear.api.plan.selection import Operation as OperationSelected
from forebear.api.plan.shape import convert
from forebear.api.plan.variables import coerce
from forebear.app import Forebear, schema_of
from forebear.graph.kinds import GRAPH
from forebear.graph.query.dialect import Dialect
from forebear.identity.actors import DEVELOPMENT
from forebear.store import Engine, Store
from tests.api.histories import MOMENTS
from tests.api.operations import Operations, World
from tests.api.recorded import schema
from tests.api.records import Records
from tests.record.asking import origin
from tests.soak import SOAK

# ── over generated records ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class TwoWays:
    """What the struct type and graphql-core's executor make of one tree; `None` where the struct type objects."""

    encoded: bytes | None
    executed: bytes
    errors: Sequence[GraphQLError]


def two_ways(executor: Executor, query: str, variables: Mapping[str, Any], records: Records) -> TwoWays:
    document = executor.document(query, None)
    plan = executor.planner.plan(document, coerce(executor.schema.core, document, variables))
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
        if not str(query).startswith("EXPLAIN"):
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
