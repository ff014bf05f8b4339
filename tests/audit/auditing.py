"""Writing audit entries as actions do, and verifying the trail, as the tests of the audit do it."""

import json
from collections.abc import Mapping
from typing import Any

from forebear.audit.append import Chains
from forebear.audit.chain import Entry, Head
from forebear.audit.check import Finding
from forebear.audit.trail import current, governed, lines
from forebear.audit.verification import Verification
from forebear.audit.witness import Witness
from forebear.graph.document import json_text
from forebear.graph.kinds import GRAPH
from forebear.store import Store, WriteTransaction
from tests.record.asking import now

Changed = Mapping[str, Mapping[str, Any] | None]


async def act(
    store: Store,
    subject: str,
    before: Changed | None = None,
    after: Changed | None = None,
    *,
    chains: Chains | None = None,
    write: str | None = None,
) -> Entry:
    """Does what an action does: changes the graph with a statement, and appends the subject's entry."""

    async def work(transaction: WriteTransaction) -> Entry:
        at = now()
        if write:
            await transaction.run(write, {"now": at})
        return await (chains or Chains()).append(
            transaction, subject=subject, at=at, by="ann", action="approve", reason="it is good", request="request-1",
            before=json_text(before) if before else None, after=json_text(after) if after else None, change={},
        )  # fmt: skip

    return await store.write(work)


async def tamper(store: Store, *statements: str, **parameters: object) -> None:
    """Changes what is stored, past everything."""

    async def work(transaction: WriteTransaction) -> None:
        for statement in statements:
            await transaction.run(statement, parameters)

    await store.write(work)


async def trail(store: Store) -> list[bytes]:
    """The lines of the trail."""
    return b"".join([text async for text in lines(store)]).splitlines(keepends=True)


async def findings(store: Store, *kept: str) -> list[str]:
    """All that a verification finds, the graph compared as well."""
    witness = Witness(GRAPH)
    verification = Verification(kept, witness.hear)
    found = list(verification.add(await trail(store)))
    verification.close()
    async for ids in governed(store, GRAPH):
        witness.expect(ids)
    for ids in witness.node_ids():
        found += witness.compare(ids, json.loads(json.dumps(await current(store, GRAPH, ids))))
    return list(map(str, found))


def broken(given: list[bytes], *kept: str) -> list[Finding]:
    """What does not fit in the lines of a trail."""
    verification = Verification(kept)
    found = list(verification.add(given))
    verification.close()
    return found


async def heads(store: Store) -> list[Head]:
    """All heads, in order."""
    rows = await store.read("MATCH (h:AuditHead) RETURN properties(h) AS p ORDER BY h.number")
    return [Head.stored(row["p"]) for row in rows]  # type: ignore[arg-type]
