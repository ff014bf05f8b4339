"""Reading all nodes of a label, in the order of ids, some at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any, cast

from forebear.graph.statements import archive
from forebear.store.bolt import Store

BATCH = 2_000
"""How many nodes one read returns."""

SECONDS = 600
"""How long one read or write of a whole graph may take. Some look at all of it, some are planned for the first time."""


async def pages(store: Store, label: str, statement: Any) -> AsyncIterator[list[dict[str, Any]]]:
    """Return what a statement reads of a label, range by range, in the order of ids."""
    marks = [row["id"] async for n, row in _numbered(store.stream(archive.ids(label))) if n % BATCH == 0]
    marks = [row["mark"] for row in await store.read(archive.ORDERED, {"marks": marks})]
    if not marks:
        return
    for since, until in pairwise(["", *marks]):
        yield cast(
            list[dict[str, Any]],
            await store.read(statement(label, bounded=True), {"since": since, "until": until}, timeout=SECONDS),
        )
    yield cast(list[dict[str, Any]], await store.read(statement(label, bounded=False), {"since": marks[-1]}, timeout=SECONDS))


async def _numbered(rows: AsyncIterator[dict[str, object]]) -> AsyncIterator[tuple[int, dict[str, object]]]:
    n = 0
    async for row in rows:
        yield n, row
        n += 1
