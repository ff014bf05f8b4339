"""A whole graph as a file, and back: every node and edge with all that is stored of it, both clocks included.

NDJSON in a fixed order, so that equal graphs are equal files: a header, the nodes, the edges, and an end with counts and
a digest, without which a file is incomplete.

    {"archive":"forebear","migrations":["0001_permits"],"version":2}
    {"node":"Run","properties":{"id":"run:a","recordedAt":"…",…}}
    {"edge":"TRAINED_ON","from":"run:a","properties":{"weight":1.0,…},"to":"dataset:b@1"}
    {"end":{"edges":{"TRAINED_ON":1},"nodes":{"Run":1},"sha256":"…"}}
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from typing import Any, cast

import msgspec

from forebear.graph.declaration import OF_THE_DATABASE, SECRETS, Graph
from forebear.graph.ids import InvalidId
from forebear.graph.statements import archive
from forebear.graph.statements.archive import Layout
from forebear.record.migration import MIGRATIONS, migrate, reopen
from forebear.store import Store, WriteTransaction
from forebear.store.pages import SECONDS, pages

HEADER: Mapping[str, Any] = {"archive": "forebear", "version": 2, "migrations": [step.name for step in MIGRATIONS]}
"""The first line of an archive, with the migrations that its graph has had. Those of version 1 had had none."""

BATCH = 2_000
"""How many nodes or edges one write holds."""


class ArchiveError(Exception):
    """A graph cannot be exported, or a file cannot be restored. The message says why and what to do."""


@dataclass(frozen=True)
class Contents:
    """How many nodes there are by label, and how many edges by type."""

    nodes: Counter[str]
    edges: Counter[str]

    def __len__(self) -> int:
        return self.nodes.total() + self.edges.total()

    def __str__(self) -> str:
        return f"nodes: {self.nodes.total():,}, edges: {self.edges.total():,}"


async def contents(store: Store) -> Contents:
    """Return the contents of a database."""

    async def counted(statement: str) -> Counter[str]:
        return Counter({str(row["name"]): cast(int, row["count"]) for row in await store.read(statement, timeout=SECONDS)})

    nodes = await counted(archive.NODE_COUNTS)
    for label in OF_THE_DATABASE:
        del nodes[label]
    return Contents(nodes, await counted(archive.EDGE_COUNTS))


async def export(store: Store, graph: Graph) -> AsyncIterator[bytes]:
    """Return the lines of an archive. Raises `StoreError`, and `ArchiveError` if the graph changes meanwhile."""
    layout = Layout(graph)
    before = await contents(store)
    if strange := {*before.nodes} - {*layout.labels} | {*before.edges} - layout.types:
        raise ArchiveError(
            f"the database holds what is not Forebear's: {', '.join(sorted(strange))}; export it with Neo4j's own tools"
        )
    digest = hashlib.sha256()
    totals = Contents(Counter(), Counter())

    def line(record: dict[str, Any]) -> bytes:
        encoded = msgspec.json.encode(record, order="sorted") + b"\n"
        digest.update(encoded)
        return encoded

    yield line({**HEADER})
    for label in layout.labels:
        async for page in pages(store, label, archive.nodes):
            totals.nodes[label] += len(page)
            for row in page:
                told = {name: value for name, value in row["properties"].items() if name not in SECRETS.get(label, ())}
                yield line({"node": label, "properties": told})
    for label in layout.labels:
        async for page in pages(store, label, archive.edges):
            for edge in sorted(page, key=_order):
                totals.edges[str(edge["type"])] += 1
                yield line(
                    {"edge": edge["type"], "from": edge["source"], "to": edge["target"], "properties": edge["properties"]}
                )
    if not before == totals == await contents(store):
        raise ArchiveError("the graph changed while it was exported: export it again when nothing writes")
    yield msgspec.json.encode({"end": _end(totals, digest.hexdigest())}) + b"\n"


async def whole(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Pass the lines of an archive on as they come. Raises `ArchiveError` at the end if lines are missing."""
    digest = hashlib.sha256()
    last = b""
    async for part in parts:
        yield part
        *lines, last = (last + part).splitlines(keepends=True) or [b""]
        digest.update(b"".join(lines))
    try:
        expected = msgspec.json.decode(last, type=dict[str, Any])["end"]["sha256"]
    except (msgspec.MsgspecError, LookupError, TypeError):
        raise ArchiveError("the archive ends too early: its end is missing") from None
    if expected != digest.hexdigest():
        raise ArchiveError("the archive's content is not what its end says: it was damaged on its way")


def _order(edge: dict[str, Any]) -> tuple[str, str, str, bytes]:
    return edge["source"], edge["type"], edge["target"], msgspec.json.encode(edge["properties"], order="sorted")


def _end(contents: Contents, digest: str) -> dict[str, Any]:
    return {
        "nodes": dict(sorted((+contents.nodes).items())),
        "edges": dict(sorted((+contents.edges).items())),
        "sha256": digest,
    }


def records(lines: Iterable[bytes], graph: Graph) -> Iterator[dict[str, Any]]:
    """Return the nodes and edges of an archive. Raises `ArchiveError` if it is damaged, at the latest at its end."""
    layout = Layout(graph)
    digest = hashlib.sha256()
    contents = Contents(Counter(), Counter())
    number = 0
    end = None
    for number, line in enumerate(lines, 1):
        try:
            record = msgspec.json.decode(line, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise ArchiveError(f"line {number} is damaged or incomplete ({error}): this is no whole archive") from None
        if number == 1:
            migrated(record)
        elif end is not None:
            raise ArchiveError(f"line {number} comes after the archive's end")
        elif "end" in record:
            end = record["end"]
            continue
        elif record.get("node") in layout.labels:
            contents.nodes[record["node"]] += 1
            yield record
        elif record.get("edge") in layout.types:
            contents.edges[record["edge"]] += 1
            yield record
        else:
            raise ArchiveError(f"line {number} is neither a node nor an edge that this version of Forebear knows")
        digest.update(line)
    if end is None:
        raise ArchiveError(f"the archive ends too early, after line {number}: its end is missing")
    if end != _end(contents, digest.hexdigest()):
        raise ArchiveError("the archive's content is not what its end says: the file was changed or damaged")


def _header(line: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return {}


def migrated(header: dict[str, Any]) -> int:
    """Return how many migrations an archive's graph has had. Raises `ArchiveError` if the header is not one of an archive."""
    if header == {"archive": "forebear", "version": 1}:
        return 0
    names = header.get("migrations", ())
    if header.keys() != HEADER.keys() or (header["archive"], header["version"]) != ("forebear", 2):
        raise ArchiveError("the file does not begin like an archive of this version of Forebear")
    if names != HEADER["migrations"][: len(names)]:
        raise ArchiveError("a newer version of Forebear made the archive: restore it with that version or a later one")
    return len(names)


async def restore(store: Store, graph: Graph, lines: Iterable[bytes]) -> AsyncIterator[int]:
    """Write an archive into an empty database, and migrate it at the end. Return after each batch how much is in.

    Raises `StoreError`, and `ArchiveError`: if the database is not empty, before anything is written.
    """
    layout = Layout(graph)
    if there := await contents(store):
        raise ArchiveError(f"the database is not empty ({there}): an archive is restored into an empty one only")
    first, *_ = header = list(islice(lines := iter(lines), 1)) or [b"{}"]
    # Do this before anything is written. If the restore is cut off, a service that starts on it migrates it.
    await reopen(store, migrated(_header(first)))
    batches = records(chain(header, lines), graph)
    done = 0
    while batch := list(islice(batches, BATCH)):
        await store.write(partial(_write, layout, batch), timeout=SECONDS)
        done += len(batch)
        yield done
    await migrate(store)


async def _write(layout: Layout, batch: Sequence[dict[str, Any]], transaction: WriteTransaction) -> None:
    nodes: dict[str, list[dict[str, Any]]] = defaultdict(list)
    edges: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for record in batch:
        if "node" in record:
            nodes[record["node"]].append(record["properties"])
            continue
        try:
            source, target = layout.ends(record["edge"], record["from"], record["to"])
        except InvalidId as error:
            raise ArchiveError(f"an edge of the archive leads nowhere: {error}") from None
        edges[source, record["edge"], target].append(record)
    statements = [(archive.create_nodes(label), rows) for label, rows in nodes.items()]
    statements += [(archive.create_edges(*key), rows) for key, rows in edges.items()]
    for statement, rows in statements:
        (answer,) = await transaction.run(statement, {"rows": rows})
        if answer["written"] != len(rows):
            raise ArchiveError("an edge of the archive leads to a node that it does not hold")
