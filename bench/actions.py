"""An action over HTTP beside its own statements over Bolt: what deciding, auditing and serving cost."""

from __future__ import annotations

import re
import statistics
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar, cast

import msgspec
from neo4j import AsyncDriver

from bench.forebear import Forebear
from bench.process import Unavailable
from bench.wire import Wire
from forebear.actions.inquiry import INQUIRIES
from forebear.actions.performer import Performer, Requester
from forebear.domain.outcome import Done
from forebear.graph.facts import Facts
from forebear.graph.kinds import GRAPH
from forebear.identity.actors import DEVELOPMENT
from forebear.settings import Settings
from forebear.store import Store, WriteTransaction
from forebear.store.statements import facts
from forebear.verbs.catalogue import ACTIONS

T = TypeVar("T")

SINCE = "2026-01-01T00:00:00Z"
THEN = "2026-02-01T00:00:00Z"
POLICY: dict[str, Any] = {
    "riskTier": "HIGH",
    "evidence": [{"pack": "pack:bench@1", "metric": "success", "minimum": 80}],
    "approvals": {"count": 2, "roles": ["APPROVER"], "selfApproval": True, "byTrainer": True},
    "standingApprovals": {"rule": "KEEP"},
}
PROBE = "probe-0"


@dataclass(frozen=True)
class Act:
    """An action that is measured: of each company, by its name, once."""

    verb: str
    input: Callable[[str], dict[str, Any]]
    mutation: str


ACTS = (
    Act(
        "attachEvidence",
        lambda name: {
            "evidence": {
                "kind": "Evidence",
                "id": f"evidence:{name}",
                "type": "REPLAY",
                "measuredAt": THEN,
                "measurements": [{"metric": "success", "value": 90, "unit": "%"}],
                "about": [f"model:{name}@3"],
                "measuredWith": ["pack:bench@1"],
            }
        },
        "mutation($evidence: EvidenceFact!) { attachEvidence(evidence: $evidence) { __typename } }",
    ),
    Act(
        "approve",
        lambda name: {"release": f"release:{name}@3/{name}"},
        "mutation($release: ID!) { approve(release: $release) { __typename } }",
    ),
    Act(
        "reject",
        lambda name: {"release": f"release:{name}@3/{name}", "reason": "Too slow."},
        "mutation($release: ID!, $reason: String!) { reject(release: $release, reason: $reason) { __typename } }",
    ),
    Act(
        "rollBack",
        lambda name: {"on": f"fleet:{name}", "reason": "It drops film.", "id": f"deployment:{name}-back"},
        "mutation($on: ID!, $reason: String!, $id: ID) { rollBack(on: $on, reason: $reason, id: $id) { __typename } }",
    ),
)
"""In the order in which a company does them."""


@dataclass(frozen=True)
class Acting:
    """How long one action took, p50 in ms: over HTTP, and its statements alone."""

    forebear: float
    bolt: float


class _Spied:
    """A store whose writes are listened to."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.statements: list[tuple[str, dict[str, Any]]] = []

    async def write(self, work: Callable[[WriteTransaction], Awaitable[T]]) -> T:
        spied = self

        class Transaction(WriteTransaction):
            async def run(self, text: str, parameters: Any = None) -> Any:
                spied.statements.append((text, dict(parameters or {})))
                return await super().run(text, parameters)

            async def finish(self, text: str, parameters: Any) -> None:
                spied.statements.append((text, dict(parameters)))
                await super().finish(text, parameters)

            async def run_each(self, statements: Iterable[tuple[str, Any]]) -> Any:
                return [await self.run(text, parameters) for text, parameters in statements]

        async def listened(transaction: WriteTransaction) -> T:
            return await work(Transaction(transaction._transaction))

        return await self._store.write(listened)


async def measure(driver: AsyncDriver, uri: str, ours: Forebear, workspace: Path, rounds: int) -> dict[str, Acting]:
    """Has companies act over HTTP and, in turn, others by the statements of these actions over Bolt. Raises `Unavailable`."""
    file = workspace / "companies.ndjson"
    names = [PROBE, *(f"{of}-{n}" for of in ("ours", "bolt") for n in range(rounds))]
    facts = chain(shared(), *(company(name) for name in names))
    file.write_bytes(b"".join(msgspec.json.encode(fact) + b"\n" for fact in facts))
    ours.record(file)
    statements = await _statements(uri, workspace)
    wire = Wire(ours.port)

    async def over_http(act: Act, n: int) -> None:
        variables = act.input(f"ours-{n}")
        if "evidence" in variables:
            del variables["evidence"]["kind"]
        answer = msgspec.json.decode(wire.send(wire.request(act.mutation, variables)))
        if answer.get("data") != {act.verb: {"__typename": "Done"}}:
            raise Unavailable(f"an action was not done: {answer}")

    prepared = {act.verb: [_of(statements[act.verb], f"bolt-{n}") for n in range(rounds)] for act in ACTS}

    async def over_bolt(act: Act, n: int) -> None:
        async with driver.session(database="neo4j") as session, await session.begin_transaction() as transaction:
            for text, parameters in prepared[act.verb][n]:
                await (await transaction.run(cast(Any, text), parameters)).values()
            await transaction.commit()

    took: dict[str, tuple[list[float], list[float]]] = {act.verb: ([], []) for act in ACTS}
    for n in range(rounds):
        for act in ACTS:
            for side in (n % 2, 1 - n % 2):
                turn = (over_http, over_bolt)[side]
                began = perf_counter()
                await turn(act, n)
                took[act.verb][side].append((perf_counter() - began) * 1e3)
    # The first half settles plans and caches.
    return {verb: Acting(*(statistics.median(times[rounds // 2 :]) for times in sides)) for verb, sides in took.items()}


def shared() -> Iterator[dict[str, Any]]:
    """What all companies share."""
    yield {"kind": "HardwareTarget", "id": "target:bench"}
    metrics = [{"name": "success", "unit": "%", "direction": "HIGHER_IS_BETTER"}]
    yield {"kind": "EvaluationPack", "id": "pack:bench@1", "metrics": metrics}


def company(name: str) -> Iterator[dict[str, Any]]:
    """A line of its own, whose fleet ran one version, runs another, and has a third for a candidate."""
    line, fleet = f"line:{name}", f"fleet:{name}"
    yield {"kind": "ReleaseLine", "id": line, "target": "target:bench"}
    yield {"kind": "Fleet", "id": fleet, "lines": [{"id": line, "validFrom": SINCE}]}
    yield {
        "kind": "ReleasePolicy",
        "id": f"policy:{name}@1",
        "riskTier": "HIGH",
        "document": POLICY,
        "packs": ["pack:bench@1"],
        "governs": [{"id": line, "validFrom": SINCE}],
    }
    for n, state, deployed in (
        (1, "APPROVED", {"state": "ENDED", "validFrom": SINCE, "validTo": THEN}),
        (2, "DEPLOYED", {"state": "ACTIVE", "validFrom": THEN}),
        (3, "CANDIDATE", None),
    ):
        version, release, decision = f"model:{name}@{n}", f"release:{name}@{n}/{name}", f"decision:{name}-{n}"
        yield {"kind": "ModelVersion", "id": version, "weightsDigest": f"sha256:{n:064x}"}
        fact = {"kind": "Release", "id": release, "state": state, "version": version, "line": line}
        yield fact | ({"approvedBy": [decision]} if deployed else {})
        if deployed:
            yield {
                "kind": "Decision",
                "id": decision,
                "type": "APPROVAL",
                "verdict": "GRANTED",
                "actor": "anna",
                "decidedAt": SINCE,
                "about": [release],
                "under": [f"policy:{name}@1"],
            }
            artifact = f"artifact:{name}-{n}"
            yield {"kind": "Artifact", "id": artifact, "builtFrom": version, "target": "target:bench", "state": "AVAILABLE"}
            yield {"kind": "Deployment", "id": f"deployment:{name}-{n}", "artifact": artifact, "on": fleet, **deployed}


async def _statements(uri: str, workspace: Path) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """The statements of each action, as a company does them, with their parameters."""
    settings = Settings.model_validate({"graph_uri": uri, "data_dir": workspace, "write_timeout": 120})
    said: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    async with Store.open(settings) as store:
        spied = _Spied(store)
        performer = Performer(Facts(GRAPH), cast(Store, spied), ACTIONS, INQUIRIES, facts(store.engine))
        for act in ACTS:
            outcome = await performer.do(act.verb, act.input(PROBE), Requester(DEVELOPMENT, "bench"))
            if not isinstance(outcome, Done):
                raise Unavailable(f"an action was not done: {outcome}")
            said[act.verb], spied.statements = spied.statements, []
    return said


def _of(statements: list[tuple[str, dict[str, Any]]], name: str) -> list[tuple[str, dict[str, Any]]]:
    """The same statements about another company."""
    text = msgspec.json.encode(statements).decode().replace(PROBE, name)
    # A new decision's id begins with its moment.
    text = re.sub(r'"decision:(?=\d{8}T)', f'"decision:{name}-', text)
    return msgspec.json.decode(text, type=list[tuple[str, dict[str, Any]]])
