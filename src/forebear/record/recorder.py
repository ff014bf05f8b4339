"""Records facts: documents become rows, rows become one transaction."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from forebear.graph import upsert
from forebear.graph.declaration import Change, Edge, Kind
from forebear.graph.facts import Amendment, EdgeRow, Facts, InvalidFact, NodeRow, Row
from forebear.graph.moments import moment
from forebear.store import Store, WriteTransaction

MAX_FACTS = 10_000
"""The most facts of one all-or-nothing request."""

MAX_UNDESCRIBED = 100
"""How many undescribed ids a summary names; it counts all."""


@dataclass(frozen=True)
class Origin:
    """Who records, and from where."""

    recorder: str
    source: str


@dataclass(frozen=True)
class Rejection:
    """A fact that was not recorded: its position in the request, its id where it has one, and every reason."""

    position: int
    id: str | None
    reasons: tuple[str, ...]


@dataclass
class Summary:
    """What a recording came to, in facts by kind, and in what changed in the graph."""

    facts: Counter[str] = field(default_factory=Counter)
    described: int = 0
    connected: int = 0
    revised: int = 0
    retracted: int = 0
    undescribed: set[str] = field(default_factory=set)
    rejections: list[Rejection] = field(default_factory=list)

    @property
    def changed(self) -> int:
        """How many nodes and edges were written; 0 where everything was known already."""
        return self.described + self.connected + self.revised + self.retracted

    def add(self, other: Summary) -> None:
        """Adds another recording's summary."""
        self.facts += other.facts
        self.described += other.described
        self.connected += other.connected
        self.revised += other.revised
        self.retracted += other.retracted
        self.undescribed |= other.undescribed
        self.rejections += other.rejections


class _Refused(Exception):
    """The graph contradicts some facts; the transaction must not be committed."""

    def __init__(self, reasons: Mapping[int, list[str]]) -> None:
        super().__init__()
        self.reasons = reasons


class Recorder:
    """Records facts in one store."""

    def __init__(self, facts: Facts, store: Store) -> None:
        self.facts = facts
        self._store = store
        self._types = tuple(sorted(facts.graph.edge_types))

    async def record(
        self,
        documents: Iterable[object],
        origin: Origin,
        *,
        partial: bool = False,
        imported: bool = False,
        offset: int = 0,
    ) -> Summary:
        """Records documents in one transaction.

        Unless `partial`, one rejected fact means that nothing is written. `offset` is the first document's position;
        `imported` takes governed kinds as history of an older registry. Raises `StoreError`.
        """
        rows: list[tuple[int, Row]] = []
        rejections: list[Rejection] = []
        for position, document in enumerate(documents, offset):
            try:
                rows.append((position, self.facts.read(document, imported=imported)))
            except InvalidFact as error:
                rejections.append(Rejection(position, error.id, error.reasons))
        while True:
            if rejections and not partial:
                if rows:
                    # What the graph would say of the others is worth knowing in the same answer.
                    rejections += await self._conflicts(rows, origin)
                return Summary(rejections=sorted(rejections, key=lambda r: r.position))
            try:
                summary = await self._write(rows, origin)
            except _Refused as refused:
                given = dict(rows)
                rejections += [Rejection(p, _id(given[p]), tuple(reasons)) for p, reasons in refused.reasons.items()]
                rows = [(p, row) for p, row in rows if p not in refused.reasons] if partial else []
                continue
            summary.rejections = sorted(rejections, key=lambda r: r.position)
            return summary

    async def _conflicts(self, rows: Sequence[tuple[int, Row]], origin: Origin) -> list[Rejection]:
        try:
            await self._write(rows, origin, keep=False)
        except _Refused as refused:
            given = dict(rows)
            return [Rejection(p, _id(given[p]), tuple(reasons)) for p, reasons in refused.reasons.items()]
        return []

    async def _write(self, rows: Sequence[tuple[int, Row]], origin: Origin, *, keep: bool = True) -> Summary:
        async def work(transaction: WriteTransaction) -> Summary:
            writing = _Writing(transaction, origin, self._types)
            for step in steps(rows):
                await writing.step(step)
            if writing.refused or not keep:
                raise _Refused(writing.refused)
            writing.summary.facts.update(_kind(row) for _, row in rows)
            return writing.summary

        return await self._store.write(work) if rows else Summary()


def steps(rows: Iterable[tuple[int, Row]]) -> list[list[tuple[int, Row]]]:
    """Cuts rows into steps, in order: in one step no id is described twice, and an amendment stands alone."""
    cut: list[list[tuple[int, Row]]] = []
    ids: set[str] = set()
    alone = True
    for position, row in rows:
        amends = isinstance(row, Amendment)
        id = _id(row)
        if alone or amends or id in ids:
            cut.append([])
            ids = set()
        alone = amends
        ids.add(id)
        cut[-1].append((position, row))
    return cut


def _id(row: Row) -> str:
    return row.of if isinstance(row, Amendment) else row.id


def _kind(row: Row) -> str:
    if isinstance(row, NodeRow):
        return row.kind.name
    return "Retraction" if row.values is None else "Correction"


class _Writing:
    """One transaction's writing; the first thing it does is to take its moment."""

    def __init__(self, transaction: WriteTransaction, origin: Origin, types: tuple[str, ...]) -> None:
        self._transaction = transaction
        self._types = types
        self.now = moment(datetime.now(UTC))
        self.stamp = {"now": self.now, "by": origin.recorder, "from": origin.source}
        self.summary = Summary()
        self.refused: dict[int, list[str]] = {}

    async def run(self, text: str, rows: Sequence[Mapping[str, Any]], reason: str | None = None) -> list[dict[str, Any]]:
        return await self._transaction.run(text, {"rows": rows, "reason": reason, **self.stamp})

    def refuse(self, position: int, reason: str) -> None:
        self.refused.setdefault(position, []).append(reason)

    async def step(self, step: Sequence[tuple[int, Row]]) -> None:
        """Writes a step."""
        position, first = step[0]
        if isinstance(first, Amendment):
            await self.amend(position, first)
            return
        nodes: dict[str, list[tuple[int, NodeRow]]] = defaultdict(list)
        edges: dict[tuple[str, str, str], list[tuple[int, EdgeRow]]] = defaultdict(list)
        for position, row in step:
            assert isinstance(row, NodeRow)
            nodes[row.kind.name].append((position, row))
            for e in row.edges:
                edges[e.edge.source, e.edge.name, e.target_kind].append((position, e))
        for kind in sorted(nodes):
            await self.describe(sorted(nodes[kind], key=lambda r: r[1].id))
        for key in sorted(edges):
            await self.connect(sorted(edges[key], key=lambda r: (r[1].source, r[1].target)))

    # ── nodes ───────────────────────────────────────────────────────────────────────────────────────────

    async def describe(self, rows: Sequence[tuple[int, NodeRow]]) -> None:
        kind = rows[0][1].kind
        given = [{"id": r.id, "guaranteed": {**r.guaranteed, "describedAt": self.now}, "updated": r.updated} for _, r in rows]
        (answer,) = await self.run(upsert.describe(kind), given)
        self.summary.described += answer["described"]
        by_id = {r.id: (position, r) for position, r in rows}
        revisions = []
        for stored in answer["trouble"]:
            position, row = by_id[stored["id"]]
            if revision := self.revision(position, row, stored):
                revisions.append(revision)
        await self.revise(kind, revisions)
        if externals := [
            {"id": r.id, "externalIds": r.updated["externalIds"] or []} for _, r in rows if "externalIds" in r.updated
        ]:
            await self.run(upsert.identify(kind), externals)

    def revision(self, position: int, row: NodeRow, stored: Mapping[str, Any]) -> dict[str, Any] | None:
        """What a fact changes of a node that stands; `None`, and a refusal, where it must not."""
        if stored["retractedAt"] is not None:
            return {
                "id": row.id,
                "changes": {**row.guaranteed, "describedAt": self.now, "retractedAt": None},
                "changed": ["retractedAt", *row.guaranteed],
            }
        changes = {}
        for name, value in row.guaranteed.items():
            before = stored.get(name)
            if name == "imported" or before == value:
                continue
            if before is not None and row.kind.properties[name].change is Change.IMMUTABLE:
                self.refuse(
                    position,
                    f"{name}: {row.id} has {before!r}, recorded before, and this fact says {value!r}; "
                    "it cannot change (a Correction can say that it was wrong)",
                )
            else:
                changes[name] = value
        return {"id": row.id, "changes": changes, "changed": list(changes)} if changes else None

    async def revise(self, kind: Kind, rows: Sequence[Mapping[str, Any]], reason: str | None = None) -> None:
        if rows:
            await self.run(upsert.revise(kind), rows, reason)
            self.summary.revised += len(rows)

    # ── edges ───────────────────────────────────────────────────────────────────────────────────────────

    async def connect(self, rows: Sequence[tuple[int, EdgeRow]]) -> None:
        edge, target_kind = rows[0][1].edge, rows[0][1].target_kind
        (answer,) = await self.run(upsert.connect(edge, target_kind), [_edge_row(r) for _, r in rows])
        self.summary.connected += answer["connected"]
        self.summary.undescribed.update(answer["undescribed"])
        by_ends = {(r.source, r.target, r.properties.get("validFrom")): (position, r) for position, r in rows}
        completed = []
        for trouble in answer["trouble"]:
            position, row = by_ends[trouble["source"], trouble["target"], trouble["validFrom"]]
            if self.completes(position, row, trouble):
                completed.append((row, {**_own(edge, trouble["stored"]), **row.properties}))
        if completed:
            await self.replace(edge, target_kind, completed, None)

    def completes(self, position: int, row: EdgeRow, trouble: Mapping[str, Any]) -> bool:
        """Whether a fact only adds to an edge that stands; otherwise it is refused."""
        edge, where = row.edge, f"{row.edge.name} → {row.target}"
        reasons = []
        if trouble["gone"]:
            reasons.append(f"{where}: {row.target} was retracted at {trouble['gone']}; record it again before naming it")
        if trouble["others"]:
            reasons.append(
                f"{edge.name}: {row.source} leads to {', '.join(trouble['others'])} already, and can lead to one only; "
                "retract that edge first if it was wrong"
            )
        for name, value in row.properties.items():
            before = trouble["stored"].get(name)
            if before is not None and before != value:
                reasons.append(
                    f"{where}: {name} is {before!r}, recorded before, and this fact says {value!r}; "
                    "a Correction can say that it was wrong"
                )
        for reason in reasons:
            self.refuse(position, reason)
        return not reasons

    async def replace(
        self,
        edge: Edge,
        target_kind: str,
        rows: Sequence[tuple[EdgeRow, Mapping[str, Any]]],
        reason: str | None,
    ) -> None:
        """Puts edges with other properties in the place of edges, which stay known as they were."""
        old = [_edge_row(row) for row, _ in rows]
        await self.run(upsert.retire(edge, target_kind), old, reason)
        await self.run(
            upsert.connect(edge, target_kind),
            [{**o, "properties": values} for o, (_, values) in zip(old, rows, strict=True)],
        )
        self.summary.revised += len(rows)

    # ── amendments ──────────────────────────────────────────────────────────────────────────────────────

    async def amend(self, position: int, amendment: Amendment) -> None:
        if amendment.edge is not None:
            await self.amend_edge(position, amendment, amendment.edge)
        else:
            await self.amend_node(position, amendment)

    async def amend_node(self, position: int, amendment: Amendment) -> None:
        kind, rows = amendment.kind, [{"id": amendment.of}]
        found = await self.run(upsert.node_facts(kind), rows)
        if not found:
            self.refuse(position, f"of: {amendment.of} is not known")
            return
        stored = found[0]["stored"]
        if amendment.values is None:
            if stored["retractedAt"] is None:
                gone = dict.fromkeys(kind.properties) | {
                    "describedAt": None,
                    "retractedAt": self.now,
                }
                await self.run(upsert.detach(kind.name, self._types), rows, amendment.reason)
                await self.run(
                    upsert.revise(kind),
                    [{"id": amendment.of, "changes": gone, "changed": ["retractedAt"]}],
                    amendment.reason,
                )
                self.summary.retracted += 1
            return
        if stored["describedAt"] is None:
            state = "was retracted" if stored["retractedAt"] else "is not described yet"
            self.refuse(position, f"of: {amendment.of} {state}: there is nothing to correct; record its fact")
            return
        changes = {n: v for n, v in amendment.values.items() if stored.get(n) != v}
        if changes:
            await self.revise(kind, [{"id": amendment.of, "changes": changes, "changed": list(changes)}], amendment.reason)

    async def amend_edge(self, position: int, amendment: Amendment, edge: Edge) -> None:
        assert amendment.to is not None
        assert amendment.to_kind is not None
        held = {"validFrom": amendment.valid_from} if edge.interval else {}
        row = EdgeRow(edge, amendment.of, amendment.to, amendment.to_kind, held)
        found = await self.run(upsert.edge_facts(edge, amendment.to_kind), [_edge_row(row)])
        if not found:
            if amendment.values is not None:
                self.refuse(
                    position,
                    f"{edge.name}: {amendment.of} has no such edge to {amendment.to}: record it instead",
                )
            return
        if amendment.values is None:
            await self.run(upsert.retire(edge, amendment.to_kind), [_edge_row(row)], amendment.reason)
            self.summary.retracted += 1
            return
        stored = _own(edge, found[0]["stored"])
        values = {n: v for n, v in {**stored, **amendment.values}.items() if v is not None}
        if values != stored:
            await self.replace(edge, amendment.to_kind, [(row, values)], amendment.reason)


def _own(edge: Edge, stored: Mapping[str, Any]) -> dict[str, Any]:
    """An edge's declared properties that have a value."""
    return {p.name: stored[p.name] for p in edge.stored_properties if stored.get(p.name) is not None}


def _edge_row(row: EdgeRow) -> dict[str, Any]:
    return {
        "source": row.source,
        "target": row.target,
        "properties": row.properties,
        "validFrom": row.properties.get("validFrom"),
    }
