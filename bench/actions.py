"""An action over HTTP beside its own statements over Bolt: what deciding, auditing and serving cost."""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar, cast

import msgspec
from neo4j import AsyncDriver

from bench.forebear import Forebear
from bench.process import Unavailable
from bench.wire import Wire
from forebear.actions.catalogue import ACTIONS, INQUIRIES
from forebear.actions.performer import By, Performer
from forebear.domain.outcome import Done
from forebear.graph.facts import Facts
from forebear.graph.kinds import GRAPH
from forebear.identity.actors import DEVELOPMENT
from forebear.settings import Settings
from forebear.store import Store, WriteTransaction
from forebear.store.statements import facts

T = TypeVar("T")

MUTATION = 'mutation($release: ID!) { reject(release: $release, reason: "Too slow.") { __typename } }'
PROBE = "probe-0"


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

        async def listened(transaction: WriteTransaction) -> T:
            return await work(Transaction(transaction._transaction))

        return await self._store.write(listened)


async def measure(driver: AsyncDriver, uri: str, ours: Forebear, workspace: Path, rounds: int) -> Acting:
    """Rejects candidates over HTTP and, in turn, by the very statements of a rejection over Bolt. Raises `Unavailable`."""
    file = workspace / "candidates.ndjson"
    file.write_bytes(b"".join(msgspec.json.encode(fact) + b"\n" for fact in _candidates(rounds)))
    ours.record(file)
    statements = await _statements(uri, workspace)
    took: dict[str, list[float]] = {"ours": [], "bolt": []}
    wire = Wire(ours.port)

    async def over_http(n: int) -> None:
        answer = msgspec.json.decode(wire.send(wire.request(MUTATION, {"release": f"release:ours-{n}@1/bench"})))
        if answer.get("data") != {"reject": {"__typename": "Done"}}:
            raise Unavailable(f"an action was not done: {answer}")

    prepared = [_of(statements, f"bolt-{n}") for n in range(rounds)]

    async def over_bolt(n: int) -> None:
        async with driver.session(database="neo4j") as session, await session.begin_transaction() as transaction:
            for text, parameters in prepared[n]:
                await (await transaction.run(cast(Any, text), parameters)).values()
            await transaction.commit()

    for n in range(rounds):
        turns = [("ours", over_http), ("bolt", over_bolt)]
        for name, turn in turns if n % 2 else reversed(turns):
            began = perf_counter()
            await turn(n)
            took[name].append((perf_counter() - began) * 1e3)
    # The first half settles plans and caches.
    settled = {name: times[len(times) // 2 :] for name, times in took.items()}
    return Acting(statistics.median(settled["ours"]), statistics.median(settled["bolt"]))


def _candidates(rounds: int) -> Iterator[dict[str, Any]]:
    yield {"kind": "ReleaseLine", "id": "line:bench"}
    for name in (PROBE, *(f"{of}-{n}" for of in ("ours", "bolt") for n in range(rounds))):
        version = f"model:{name}@1"
        yield {"kind": "ModelVersion", "id": version, "weightsDigest": f"sha256:{name}"}
        yield {
            "kind": "Release",
            "id": f"release:{name}@1/bench",
            "state": "CANDIDATE",
            "version": version,
            "line": "line:bench",
        }


async def _statements(uri: str, workspace: Path) -> list[tuple[str, dict[str, Any]]]:
    """The statements of one rejection with their parameters."""
    settings = Settings.model_validate({"graph_uri": uri, "data_dir": workspace, "write_timeout": 120})
    async with Store.open(settings) as store:
        spied = _Spied(store)
        performer = Performer(Facts(GRAPH), cast(Store, spied), ACTIONS, INQUIRIES, facts(store.engine))
        input = {"release": f"release:{PROBE}@1/bench", "reason": "Too slow."}
        outcome = await performer.do("reject", input, By(DEVELOPMENT, "bench"))
        if not isinstance(outcome, Done):
            raise Unavailable(f"an action was not done: {outcome}")
        return spied.statements


def _of(statements: list[tuple[str, dict[str, Any]]], name: str) -> list[tuple[str, dict[str, Any]]]:
    """The same statements about another candidate."""
    text = msgspec.json.encode(statements).decode().replace(PROBE, name).replace('"decision:', f'"decision:{name}-')
    return msgspec.json.decode(text, type=list[tuple[str, dict[str, Any]]])
