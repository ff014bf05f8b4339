"""Reading the audit trail: heads, chains and entries, and the current values of their nodes in the graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, TypeVar, cast

import msgspec

from forebear.audit.chain import Entry, Head
from forebear.graph.declaration import AUDIT_CHAIN, AUDIT_ENTRY, AUDIT_HEAD, Admission, Graph, Kind
from forebear.graph.ids import Ids, InvalidId
from forebear.graph.statements import archive, audit
from forebear.store import Store
from forebear.store.pages import pages
from forebear.store.statements import statements, unlocked

HEADER = {"audit": "forebear", "version": 1}

BATCH = 1_000
"""How many entries, heads or nodes one read returns."""

T = TypeVar("T")


async def lines(store: Store) -> AsyncIterator[bytes]:
    """Return the whole trail as NDJSON, some lines at a time. docs/reference/audit.md describes them. Raises `StoreError`.

    Others may write meanwhile. The entries that a chain counts follow it, except missing ones. Entries that no chain counts
    come last, as `stray`.
    """
    yield _text([HEADER | {"heads": await _count(store, AUDIT_HEAD), "entries": await _count(store, AUDIT_ENTRY)}])
    # Read heads before chains before entries. So a chain is at least as long as a head says, whoever writes meanwhile.
    heads = chains = entries = 0
    numbers = await store.read(audit.HEAD_NUMBERS)
    for batch in _batches(f"head#{row['number']}" for row in numbers):
        stored_heads = await _by_id(store, AUDIT_HEAD, batch)
        heads += len(stored_heads)
        yield _text({"head": Head.stored(stored_heads[id])} for id in batch if id in stored_heads)
    async for page in pages(store, AUDIT_CHAIN, archive.nodes):
        chains += len(page)
        most = await _count(store, AUDIT_ENTRY)
        for items in _batches(item for row in page for item in _chain_and_ids(row["properties"], most)):
            stored_entries = await _by_id(store, AUDIT_ENTRY, [item for item in items if isinstance(item, str)])
            entries += len(stored_entries)
            yield _text(
                {"entry": Entry.stored(stored_entries[item])} if isinstance(item, str) else {"chain": item}
                for item in items
                if not isinstance(item, str) or item in stored_entries
            )
    # If there are as many as the chain counts and no more, all of them are counted.
    if await _count(store, AUDIT_ENTRY) != entries:
        async for page in pages(store, AUDIT_ENTRY, audit.places):
            strays = [{"stray": _place(row)} for row in page if await _is_stray(store, row)]
            yield _text(strays)
    later = await _count(store, AUDIT_HEAD) - heads
    yield _text([{"end": {"heads": heads, "chains": chains, "entries": entries, "later": later}}])


def _text(records: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(msgspec.json.encode(record) + b"\n" for record in records)


def _place(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("id", "subject", "number")}


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _chain_and_ids(chain: Mapping[str, Any], most: int) -> Iterator[dict[str, Any] | str]:
    """Return a chain, and the ids of the entries that it counts.

    A length that was tampered with counts no more than there are.
    """
    subject, length = chain["id"], chain.get("length")
    yield {"subject": subject, "length": length, "hash": chain.get("hash"), "covered": chain.get("covered", 0)}
    yield from (f"{subject}#{n}" for n in range(min(length, most) if isinstance(length, int) else 0))


async def _count(store: Store, label: str) -> int:
    (row,) = await store.read(audit.count(label))
    return cast(int, row["count"])


async def _by_id(store: Store, label: str, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    rows = cast(list[dict[str, Any]], await store.read(audit.by_id(label), {"ids": ids})) if ids else []
    return {row["id"]: row["properties"] for row in rows}


async def _is_stray(store: Store, row: Mapping[str, Any]) -> bool:
    def counted(length: object) -> bool:
        number = row["number"]
        in_place = row["id"] == f"{row['subject']}#{number}" and isinstance(number, int)
        return in_place and isinstance(length, int) and number < length

    if counted(row["length"]):
        return False
    # It may have been appended between the two reads of the statement. Then the chain counts it now.
    now = await store.read_one(audit.by_id(AUDIT_CHAIN), {"ids": [row["subject"]]})
    return not (now and counted(cast(dict[str, Any], now["properties"]).get("length")))


async def governed(store: Store, graph: Graph) -> AsyncIterator[list[str]]:
    """Return the ids of all governed nodes that are not imported, some at a time. Raises `StoreError`."""
    for kind in graph.kinds.values():
        if kind.standing is Admission.GOVERNED:
            ids: list[str] = []
            async for row in store.stream(audit.governed(kind)):
                ids.append(cast(str, row["id"]))
                if len(ids) == BATCH:
                    yield ids
                    ids = []
            yield ids


async def current(store: Store, graph: Graph, ids: Iterable[str]) -> list[dict[str, Any]]:
    """Return the current guaranteed values and edges of nodes. Unknown ids are left out. Raises `StoreError`.

    A release also has its history, `domain.permit_history.History`, from which its intervals follow.
    """
    by_kind: dict[str, list[str]] = defaultdict(list)
    parser = Ids(graph)
    for id in ids:
        with suppress(InvalidId):
            by_kind[parser.kind(id)].append(id)
    nodes: list[dict[str, Any]] = []
    for name, ids_asked in by_kind.items():
        kind = graph.kinds[name]
        rows = cast(list[dict[str, Any]], await store.read(audit.values(kind), {"ids": ids_asked}))
        by_id = {row["node"]["id"]: _node(kind, row["node"]) for row in rows}
        if kind.stated:
            for edge in cast(list[dict[str, Any]], await store.read(audit.edges(kind), {"ids": ids_asked})):
                if edge["id"] in by_id:
                    by_id[edge["id"]]["edges"].append(_edge(kind, parser, edge))
        if name == "Release":
            named = {"releases": ids_asked, "versions": [], "decisions": []}
            for history in await store.read(unlocked(statements("permits")["history"]), named):
                by_id[str(history["id"])]["history"] = history
        nodes += by_id.values()
    return nodes


def _node(kind: Kind, stored: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": stored["id"],
        "governed": kind.standing is Admission.GOVERNED and not stored["imported"],
        "retractedAt": stored["retractedAt"],
        "values": {name: stored[name] for name in kind.kept if stored[name] is not None},
        "edges": [],
    }


def _edge(kind: Kind, ids: Ids, row: Mapping[str, Any]) -> dict[str, Any]:
    target = ids.kind(row["target"])
    (edge,) = (e for e in kind.stated if e.type.name == row["type"] and target in e.targets)
    stored = row["properties"]
    return {
        "name": edge.name,
        "to": row["target"],
        "recordedAt": stored["recordedAt"],
        "values": {p.name: stored[p.name] for p in edge.stored_properties if stored.get(p.name) is not None},
    }
