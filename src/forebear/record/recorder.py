"""Records facts: documents become rows, rows become one transaction."""

from __future__ import annotations

import asyncio
import functools
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from forebear.actions.evaluation import evaluate_after
from forebear.actions.governed import NoAction, asked, is_action
from forebear.actions.performer import By, Performer
from forebear.audit.append import FACTS, Chains, digest
from forebear.domain.outcome import Done, Reason, Refused
from forebear.domain.roles import Actor, reads, refusal
from forebear.graph.complaint import shown
from forebear.graph.declaration import SAME_AS, Change, Edge, Graph, Kind, Property, Standing
from forebear.graph.document import json_text
from forebear.graph.facts import Facts
from forebear.graph.ids import composed
from forebear.graph.kinds.release import ReleaseLine
from forebear.graph.kinds.training import RunStatus
from forebear.graph.moments import moment
from forebear.graph.query.dialect import Engine, anchored
from forebear.graph.rows import Amendment, EdgeRow, InvalidFact, NodeRow, Row
from forebear.graph.statements import audit, placeholder, upsert
from forebear.graph.statements.placeholder import Renamed
from forebear.graph.telling import corrected, told
from forebear.graph.values import agree, backwards
from forebear.record import footing
from forebear.record.edge import Own, alike, changed, ends, identified, listed, meant, named, own, standing
from forebear.record.level import Ends, Identity, Level, Node, levels
from forebear.record.lines import Lines
from forebear.record.names import Named, Names, renamed
from forebear.record.part import Known, Part
from forebear.store import Store, WriteTransaction

T = TypeVar("T")
MAX_FACTS = 10_000
"""The most facts of one all-or-nothing request."""

FEW = 20
"""So few facts are read without a thread."""
MAX_FACT = 1024 * 1024
"""The longest fact, in characters of JSON."""

MAX_ROWS = 2_000
"""The most rows of one statement: more are no faster on either engine."""

MAX_UNDESCRIBED = 100
"""How many undescribed ids a summary names; it counts all."""


@dataclass(frozen=True)
class Origin:
    """Who records, and from where."""

    actor: Actor
    source: str

    @property
    def recorder(self) -> str:
        """Under which name it is kept."""
        return self.actor.name


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
    updated: int = 0
    retracted: int = 0
    undescribed: set[str] = field(default_factory=set)
    rejections: list[Rejection] = field(default_factory=list)
    amended: set[str] = field(default_factory=set)
    """The nodes whose facts were taken back or corrected, or that a run's status says otherwise of."""
    mark: str | None = None
    """Of a file: what has come of it by then, as a digest that the next part names as what came before."""

    @property
    def changed(self) -> int:
        """How many nodes and edges were written; 0 where everything was known already."""
        return self.described + self.connected + self.revised + self.updated + self.retracted

    def add(self, other: Summary) -> None:
        """Adds another recording's summary."""
        self.facts += other.facts
        self.described += other.described
        self.connected += other.connected
        self.revised += other.revised
        self.updated += other.updated
        self.retracted += other.retracted
        self.undescribed |= other.undescribed
        self.rejections += other.rejections
        self.amended |= other.amended
        self.mark = other.mark or self.mark


@dataclass
class Batch:
    """Documents that were read: rows with their positions, and what is no fact."""

    rows: list[tuple[int, Row]] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    canonical: dict[int, str] = field(default_factory=dict)
    """What the rows were read from by position, as the audit trail digests it."""
    imported: bool = False
    governed: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    """The documents of governed facts by position: each is an action, and a transaction of its own."""
    present: Mapping[str, str] = field(default_factory=dict)
    """Ids that documents name, by which their rows have others since other nodes have their names."""
    levels: list[Level] = field(init=False)
    """The rows as they are to be written. Cut when it is made, which is beside what is answered."""

    def __post_init__(self) -> None:
        self.levels = levels(self.rows)

    def part(self, positions: Iterable[int]) -> Batch:
        """Those of its rows."""
        kept = {*positions}
        rows = [(p, row) for p, row in self.rows if p in kept]
        return Batch(rows, [], self.canonical, self.imported, present=self.present)

    def renamed(self, present: Mapping[str, str]) -> Batch:
        """Its rows with each id by the one that it leads on to."""
        rows = renamed(self.rows, present)
        return Batch(rows, [], self.canonical, self.imported, present={**self.present, **present})

    def without(self, positions: Collection[int]) -> Batch:
        """Its rows but for some."""
        return self.part(p for p, _ in self.rows if p not in positions) if positions else self


class _Refused(Exception):
    """The graph contradicts some facts; the transaction must not be committed."""

    def __init__(self, reasons: Mapping[int, list[str]]) -> None:
        super().__init__()
        self.reasons = reasons


class Recorder:
    """Records facts in one store; governed facts by the actions that they are."""

    def __init__(self, facts: Facts, store: Store, performer: Performer) -> None:
        self.facts = facts
        self._store = store
        self._performer = performer
        self._chains = Chains()
        self._planned: set[str] = set()

    async def record(
        self,
        documents: Iterable[object],
        origin: Origin,
        *,
        partial: bool = False,
        imported: bool = False,
        after: str | None = None,
    ) -> Summary:
        """Records documents in one transaction; see `read` and `write`. Raises `StoreError`."""
        numbered = [*enumerate(documents)]
        read = functools.partial(self.read, numbered, imported=imported)
        # Many are read beside what is answered meanwhile; for a few that would take longer than reading them.
        batch = read() if len(numbered) <= FEW else await asyncio.to_thread(read)
        return await self.write(batch, origin, partial=partial, after=after)

    def read(self, documents: Iterable[tuple[int, object]], *, imported: bool = False) -> Batch:
        """Documents with their positions as rows, and what is no fact with every reason.

        `imported` takes governed kinds as history of an older registry.
        """
        rows: list[tuple[int, Row]] = []
        rejections: list[Rejection] = []
        texts: dict[int, str] = {}
        governed: dict[int, Mapping[str, Any]] = {}
        for position, document in documents:
            try:
                fact = None if imported else self.facts.governed(document)
                row = self.facts.read(document, imported=imported) if fact is None else None
                if len(text := json_text(document)) > MAX_FACT:
                    said = f"a fact is at most {MAX_FACT} characters of JSON long; this one has {len(text)}"
                    raise InvalidFact(None if row is None else _id(row), [said])
                if fact is not None:
                    governed[position] = fact
                elif row is not None:
                    rows.append((position, row))
                    texts[position] = text
            except InvalidFact as error:
                rejections.append(Rejection(position, error.id, error.reasons))
        return Batch(rows, rejections, texts, imported, governed)

    async def write(self, batch: Batch, origin: Origin, *, partial: bool = False, after: str | None = None) -> Summary:
        """Writes a batch in one transaction; where it holds governed facts, in as many as they are and what lies between.

        Unless `partial`, one rejected fact means that nothing is written; otherwise the others are. Raises `StoreError`.

        With `after` it is a part of a file: the first where that is empty, else what follows the part whose summary had that
        mark. Plain facts of the file that was recorded last from the same source are not recorded again.
        """
        if not batch.governed:
            return await self._write(batch, origin, partial=partial, after=after)
        if not partial and len(batch.governed) + len(batch.rows) + len(batch.rejections) > 1:
            apart = "is governed, and so a transaction of its own: record it alone, or the others with `partial`"
            batch.rejections += [
                Rejection(p, _text(fact.get("id")), (f"kind: {fact['kind']} {apart}",)) for p, fact in batch.governed.items()
            ]
            return await self._write(batch, origin, partial=False)
        total = Summary(rejections=list(batch.rejections))
        ends = [*sorted(batch.governed), None]
        start = -1
        for end in ends:
            between = [p for p, _ in batch.rows if p > start and (end is None or p < end)]
            total.add(await self._write(batch.part(between), origin, partial=partial, after=after))
            after = total.mark
            if end is not None:
                total.add(await self._act(end, batch.governed[end], origin))
                start = end
        total.rejections.sort(key=lambda r: r.position)
        return total

    async def _act(self, position: int, fact: Mapping[str, Any], origin: Origin) -> Summary:
        """Does the action that a governed fact is."""
        id = _text(fact.get("id", fact.get("of")))
        try:
            action = asked(fact)
        except NoAction as error:
            return Summary(rejections=[Rejection(position, id, error.reasons)])
        outcome = await self._performer.do(action.verb, action.input, By(origin.actor, origin.source, action.key))
        if isinstance(outcome, Done):
            return Summary(Counter({str(fact["kind"]): 1}), revised=len(outcome.changed))
        reasons = outcome.reasons if isinstance(outcome, Refused) else ()
        return Summary(rejections=[Rejection(position, id, tuple(f"{action.said(r.message)}; {r.remedy}" for r in reasons))])

    async def _write(self, batch: Batch, origin: Origin, *, partial: bool, after: str | None = None) -> Summary:
        """Writes the plain facts of a batch in one transaction."""
        rejections = list(batch.rejections)
        part = None if after is None else Part.of(batch.rows, batch.canonical, origin.source, after, imported=batch.imported)
        before = Summary(mark=part.through if part else None)
        verb = recording(imported=batch.imported)
        if origin.actor.lines is not None or refusal(origin.actor, verb):
            against = {p: [reason.message] for p, row in batch.rows if (reason := _against(origin.actor, verb, row))}
            rejections += _rejections(batch.rows, against)
            batch = batch.without(against)
        if rejections and not partial:
            # What the graph would say of the others is worth knowing in the same answer.
            rejections += await self._refusals(batch, origin)
            batch = batch.part(())
        while batch.rows:
            try:
                before.add(await self._attempt(batch, origin, part=part))
                await evaluate_after(self._store, self._performer, before.amended)
                break
            except Known as known:
                assert part is not None
                part.left, part.undescribed = known.left, known.undescribed
                left = {p for n, (p, _) in enumerate(part.rows) if n in known.left}
                before.facts.update(_kind(row) for p, row in batch.rows if p not in left)
                before.undescribed.update(known.undescribed)
                batch = batch.part(left)
            except _Refused as refused:
                rejections += _rejections(batch.rows, refused.reasons)
                batch = batch.without(refused.reasons) if partial else batch.part(())
        before.rejections = sorted(rejections, key=lambda r: r.position)
        return before

    async def _refusals(self, batch: Batch, origin: Origin) -> list[Rejection]:
        try:
            await self._attempt(batch, origin, keep=False)
        except _Refused as refused:
            return _rejections(batch.rows, refused.reasons)
        return []

    async def _attempt(self, batch: Batch, origin: Origin, *, part: Part | None = None, keep: bool = True) -> Summary:
        rows, cut = batch.rows, batch.levels
        new = {text for level in cut for text in level.statements(self.facts.graph)} - self._planned
        await self._store.plan(sorted(new), {"batch": {}})
        self._planned |= new

        async def work(transaction: WriteTransaction) -> Summary:
            writing = _Writing(transaction, self._store.engine, origin, self.facts.graph)
            if part:
                await part.claim(transaction)
            if not batch.imported:
                lines = Lines(self.facts.graph, self._store.engine, writing.run, origin.actor)
                for position, reasons in (await lines.refusals(rows)).items():
                    writing.refused.setdefault(position, []).extend(reasons)
            for level in cut:
                await writing.write(level)
            await writing.names.keep(batch.present)
            await writing.keep_footing()
            if batch.imported:
                await writing.end_history(cut)
            # A fact that contradicts another of the batch may be right once that one is refused itself.
            refused = writing.refused or {p: reasons for level in cut for p, reasons in level.contradictions.items()}
            if refused or not keep:
                raise _Refused(refused)
            writing.summary.facts.update(_kind(row) for _, row in rows)
            if part:
                await part.set(transaction, rows, sorted(writing.summary.undescribed)[:MAX_UNDESCRIBED])
            # What is simply updated is outside of the audit, unless somebody says why.
            if writing.changes or writing.summary.changed > writing.summary.updated:
                await self._account(writing, [batch.canonical[p] for p, _ in rows], batch.imported, origin)
            return writing.summary

        if not rows:
            return Summary()
        try:
            return await self._store.write(work)
        except Renamed as others:
            return await self._attempt(batch.renamed(others.present), origin, part=part, keep=keep)

    async def _account(self, writing: _Writing, canonical: Sequence[str], imported: bool, origin: Origin) -> None:
        """Appends the batch's audit entry."""
        facts = {"digest": digest(canonical), "facts": dict(writing.summary.facts), "source": origin.source}
        await self._chains.append(
            writing.transaction,
            subject=composed(FACTS, origin.recorder, plain=0),
            at=writing.now,
            by=origin.recorder,
            action=recording(imported=imported),
            after=json_text(facts | ({"changes": writing.changes} if writing.changes else {})),
            told=facts,
        )


def recording(*, imported: bool) -> str:
    """The verb of recording plain facts: what is taken as history comes from an administrator."""
    return "importHistory" if imported else "record"


def _rejections(rows: Iterable[tuple[int, Row]], refused: Mapping[int, Sequence[str]]) -> list[Rejection]:
    given = dict(rows)
    return [Rejection(p, _id(given[p]), tuple(reasons)) for p, reasons in refused.items()]


def _against(actor: Actor, verb: str, row: Row) -> Reason | None:
    """Why an actor may not record a fact: its roles do not allow it, or it says something of a line that is not the actor's."""
    named = {row.of: row.kind.name, row.to: row.to_kind} if isinstance(row, Amendment) else {row.id: row.kind.name}
    if isinstance(row, NodeRow):
        named |= {e.target: e.target_kind for e in row.edges}
    return refusal(actor, verb, [id for id, kind in named.items() if id and kind == ReleaseLine.kind.name])


def _id(row: Row) -> str:
    return row.of if isinstance(row, Amendment) else row.id


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _kind(row: Row) -> str:
    if isinstance(row, NodeRow):
        return row.kind.name
    return "Retraction" if row.values is None else "Correction"


class _Writing:
    """One transaction's writing; the first thing it does is to take its moment."""

    def __init__(self, transaction: WriteTransaction, engine: Engine, origin: Origin, graph: Graph) -> None:
        self.transaction = transaction
        self.names = Names(graph, self)
        self._engine = engine
        self._graph = graph
        self._reads = reads(origin.actor)
        self.now = moment(datetime.now(UTC))
        self.stamp = {
            "now": self.now,
            "by": origin.recorder,
            "from": origin.source,
            "stamp": {"recordedAt": self.now, "recordedBy": origin.recorder, "source": origin.source},
        }
        self.summary = Summary()
        self.changes: list[dict[str, Any]] = []
        """What changed of what was known, and what was taken back; of what is new the batch's digest speaks."""
        self.refused: dict[int, list[str]] = {}
        self._revised: set[str] = set()
        self._loosened: dict[Edge, dict[str, int]] = defaultdict(dict)
        """Observations of which an edge was taken back, by that edge, with the position of the fact."""

    def batch(self, rows: Sequence[Mapping[str, Any]], reason: str | None = None) -> dict[str, Any]:
        return {"batch": {"rows": rows, "reason": reason, **self.stamp}}

    async def run(self, text: str, rows: Sequence[Mapping[str, Any]], reason: str | None = None) -> list[dict[str, Any]]:
        return await self.transaction.run(anchored(text, self._engine), self.batch(rows, reason))

    async def run_each(self, statements: Iterable[tuple[str, Sequence[Mapping[str, Any]]]]) -> list[dict[str, Any]]:
        """What statements of one row answer, sent one behind the other."""
        sent = ((anchored(text, self._engine), self.batch(rows)) for text, rows in statements)
        return [answer for (answer,) in await self.transaction.run_each(sent)]

    def changed(
        self,
        of: str | EdgeRow,
        before: Mapping[str, Any],
        after: Mapping[str, Any] | None,
        names: Iterable[str],
        reason: str | None,
    ) -> None:
        """Notes what of some properties of a node or an edge changes; `after` is `None` where it is taken back."""
        change: dict[str, Any] = {"of": of} if isinstance(of, str) else identified(of)
        differing = [name for name in names if after is None or before.get(name) != after.get(name)]
        change["before"] = {name: before.get(name) for name in differing}
        change["after"] = None if after is None else {name: after.get(name) for name in differing}
        self.changes.append(change | ({"reason": reason} if reason else {}))
        if after is None or reason or (before.get("status") == RunStatus.SUCCEEDED and "status" in differing):
            self.summary.amended |= {change["of"]} | ({change["to"]} if "to" in change else set())

    def _shown(self, stored: object) -> str:
        """A stored value in a refusal, which is for those alone who may read it."""
        return shown(stored) if self._reads else "another value"

    def _backwards(self, properties: Iterable[Property], values: Mapping[str, Any]) -> Iterator[str]:
        """The intervals that would end before they begin; the ends that are stored are for those alone who may read them."""
        for said in backwards(properties, values):
            name, _, _ = said.partition(":")
            yield said if self._reads else f"{name}: it would lie before the beginning"

    def _told(self, edge: Edge, those: Iterable[Own]) -> str:
        """Which edges there are, for those alone who may read it."""
        return f", {listed(edge, those)}" if self._reads else ""

    def refuse(self, position: int, reason: str) -> None:
        self.refused.setdefault(position, []).append(reason)

    async def write(self, level: Level) -> None:
        """Writes a level: nodes by kind, their edges by type and ends, amendments."""
        await self.describe(level.nodes)
        await self.connect(level.edges)
        # An observation that was wrong is taken back before what it was of, in whichever order they are named.
        for key in sorted(level.amendments, key=lambda k: (self._graph.kinds[k[0]].standing is not Standing.OBSERVED, k)):
            amend = self.amend_edges if key[1] else self.amend_nodes
            await amend(sorted(level.amendments[key], key=lambda r: r[1].of))

    async def keep_footing(self) -> None:
        """Refuses retractions of edges without which an observation would be of nothing, or nowhere."""
        for edge, positions in self._loosened.items():
            for row in await self.run(upsert.footless(edge), [{"id": id} for id in sorted(positions)]):
                self.refuse(positions[row["id"]], footing.lost(row["id"], edge))

    async def end_history(self, levels: Sequence[Level]) -> None:
        """Refuses what imported facts have changed of nodes that actions decide about, or led to or from them.

        History ends where actions begin; what only repeats it changes nothing. A governed kind that no action records yet
        has no other way in.
        """
        nodes = [n for level in levels for kind in level.nodes.values() for n in kind.values() if is_action(n.kind.name)]
        edges = [
            (key, edge) for level in levels for key, rows in level.edges.items() if is_action(key[0]) for edge in rows.values()
        ]
        ids = {n.id for n in nodes} | {e.target for _, (_, e) in edges}
        acted = {row["id"] for row in await self.run(audit.BEGUN, [{"id": id} for id in sorted(ids)])}
        for node in nodes:
            if node.id in acted & self._revised:
                for position, _ in node.facts:
                    self.refuse(position, f"id: {node.id} {_ACTED}")
        touching: dict[Ends, list[tuple[int, EdgeRow]]] = defaultdict(list)
        for key, (position, e) in edges:
            if not acted.isdisjoint((e.source, e.target)):
                touching[key].append((position, e))
        for (_, name, target), rows in sorted(touching.items()):
            found = await self.run(upsert.edge_facts(rows[0][1].edge, target), [ends(e) for _, e in rows])
            new = {(row["source"], row["target"]) for row in found if row["stored"]["recordedAt"] == self.now}
            for position, e in rows:
                if (e.source, e.target) in new:
                    which = e.target if e.target in acted else e.source
                    self.refuse(position, f"{name} → {e.target}: {which} {_ACTED}")

    # ── nodes ───────────────────────────────────────────────────────────────────────────────────────────

    async def describe(self, nodes: Mapping[str, Mapping[str, Node]]) -> None:
        pieces = [
            (group[0].kind, piece)
            for group in (sorted(nodes[kind].values(), key=lambda n: n.id) for kind in sorted(nodes))
            for piece in _pieces(group)
        ]
        answers = await self.run_each((upsert.describe(kind), [self.row(n) for n in piece]) for kind, piece in pieces)
        for (kind, piece), answer in zip(pieces, answers, strict=True):
            self.summary.described += answer["described"]
            self.summary.updated += answer["updated"]
            revisions = []
            for stored in answer["trouble"]:
                if present := stored.get(SAME_AS):
                    raise Renamed({stored["id"]: present})
                if revision := self.revision(nodes[kind.name][stored["id"]], stored):
                    revisions.append(revision)
                    self._revised.add(stored["id"])
                    names = [name for name in ("retractedAt", *kind.kept) if name in revision["changes"]]
                    self.changed(stored["id"], stored, revision["changes"], names, None)
            await self.revise(kind, revisions)
            await self.names.give(kind, [Named(n.facts[0][0], n.id, {**n.guaranteed, **n.updated}) for n in piece])

    def row(self, node: Node) -> dict[str, Any]:
        """A node as `upsert.describe` takes it."""
        row = {"id": node.id, "guaranteed": node.guaranteed, "updated": node.updated}
        if not node.kind.told:
            return row
        for position, fact in node.facts:
            if late := next((t.as_of for t in fact.told if t.as_of and t.as_of > self.now), None):
                self.refuse(position, f"asOf: {late} lies ahead, it is {self.now}; tell what holds then once it does")
        present = {t.of.name: t.value for t in node.told if t.as_of is None}
        return row | {
            "guaranteed": node.guaranteed | present,
            "first": node.guaranteed | told({}, node.told, self.now),
            "told": [t.row for t in node.told if t.as_of],
        }

    def revision(self, node: Node, stored: Mapping[str, Any]) -> dict[str, Any] | None:
        """What facts change of a node that stands; `None` where they change nothing and, with refusals, where they must not."""
        if stored.get("retractedAt") is not None:
            return {
                "id": node.id,
                "changes": {
                    **node.guaranteed,
                    **told({}, node.told, self.now),
                    "describedAt": self.now,
                    "retractedAt": None,
                },
                "changed": ["retractedAt", *node.guaranteed, *dict.fromkeys(t.of.name for t in node.told)],
            }
        refused = False
        for position, fact in node.facts:
            for name, value in fact.guaranteed.items():
                before = stored.get(name)
                if before is None or name == "imported" or (p := node.kind.properties[name]).change is not Change.IMMUTABLE:
                    continue
                if not agree(p, before, value):
                    refused = True
                    self.refuse(
                        position,
                        f"{name}: {node.id} has {self._shown(before)}, recorded before, and this fact says {shown(value)}; "
                        "it cannot change (a Correction can say that it was wrong)",
                    )
        declared = node.kind.properties
        changes = {n: v for n, v in node.guaranteed.items() if n != "imported" and not agree(declared[n], stored.get(n), v)}
        changes |= {n: v for n, v in told(stored, node.told, self.now).items() if stored.get(n) != v}
        for said in self._backwards(declared.values(), {**stored, **changes}) if changes else ():
            refused = True
            self.refuse(node.facts[-1][0], f"{said}, recorded before of {node.id}")
        if refused:
            return None
        return {"id": node.id, "changes": changes, "changed": _properties(node.kind, changes)} if changes else None

    async def revise(self, kind: Kind, rows: Sequence[Mapping[str, Any]], reason: str | None = None) -> None:
        if rows:
            await self.run(upsert.revise(kind), rows, reason)
            self.summary.revised += len(rows)

    async def join(self, kind: Kind, rows: Sequence[Mapping[str, str]]) -> None:
        """Has nodes take the place of placeholders, which are taken back: rows `{id, placeholder}`."""
        if rows:
            await self.run(placeholder.join(self._graph, kind), rows)
            self.summary.revised += len(rows)
            for row in rows:
                self.changed(row["placeholder"], {}, None, (), None)

    # ── edges ───────────────────────────────────────────────────────────────────────────────────────────

    async def connect(self, edges: Mapping[Ends, Mapping[Identity, tuple[int, EdgeRow]]]) -> None:
        pieces = [
            (key, piece)
            for key in sorted(edges)
            for group in alike(row for _, row in edges[key].values())
            for piece in _pieces(group)
        ]
        answers = await self.run_each(
            (self._connect(piece[0], target), [ends(row) for row in piece]) for (_, _, target), piece in pieces
        )
        for ((source, name, target), piece), answer in zip(pieces, answers, strict=True):
            self.summary.connected += answer["connected"]
            self.summary.undescribed.update(answer["undescribed"])
            if answer["undescribed"]:
                await self.names.of_placeholders(self._graph.kinds[target], answer["undescribed"])
            await self.settle(piece[0].edge, edges[source, name, target], answer["trouble"])

    def _connect(self, row: EdgeRow, target: str) -> str:
        return upsert.connect(row.edge, target, vague=row.is_vague, held=row.edge in self._graph.holding(target))

    async def settle(
        self,
        edge: Edge,
        given: Mapping[Identity, tuple[int, EdgeRow]],
        troubles: Sequence[Mapping[str, Any]],
    ) -> None:
        """Completes edges that stand with fewer properties; refuses the other edges that the graph did not take."""
        if not troubles:
            return
        if gone := [t for t in troubles if t["gone"]]:
            of, targets = next(iter(given.values()))[1], [t["target"] for t in gone]
            await self.names.lead_on(self._graph.kinds[of.target_kind], targets)
        crowds: dict[tuple[str, str], list[str]] = {}
        if edge.one:
            found = await self.run(upsert.others(edge), [{"source": t["source"], "target": t["target"]} for t in troubles])
            crowds = {(row["source"], row["target"]): sorted(row["others"]) for row in found}
        # Which edge a row means where one of several may be meant is not plain from one of them.
        there = await self.standing(edge, given, troubles) if edge.vague else {}
        completed = []
        for key, trouble in {_key(edge, t): t for t in troubles}.items():
            position, row = given[key]
            before = meant(row, there[row.source, row.target]) if edge.vague else [own(edge, trouble["stored"])]
            if row.is_vague and not trouble["gone"] and any(one.items() >= row.properties.items() for one in before):
                continue
            if len(before) > 1:
                self.refuse(
                    position, f"{edge.name} → {row.target}: there are several{self._told(edge, before)}; say which one is meant"
                )
            elif self.completes(position, row, trouble["gone"], before[0], crowds.get((row.source, row.target), [])):
                completed.append((changed(row, before[0]), {**before[0], **row.properties}))
        if completed:
            await self.renew(edge, completed[0][0].target_kind, completed, None)

    async def standing(
        self, edge: Edge, given: Mapping[Identity, tuple[int, EdgeRow]], troubles: Sequence[Mapping[str, Any]]
    ) -> Mapping[tuple[str, str], list[Own]]:
        """All edges that stand where some rows are in trouble."""
        _, row = given[_key(edge, troubles[0])]
        places = sorted({(t["source"], t["target"]) for t in troubles})
        rows = [{"source": source, "target": target} for source, target in places]
        return standing(edge, await self.run(upsert.edge_facts(edge, row.target_kind), rows))

    def completes(self, position: int, row: EdgeRow, gone: str | None, before: Own, others: Sequence[str]) -> bool:
        """Whether a fact only adds to an edge that stands; otherwise it is refused."""
        edge, where = row.edge, f"{row.edge.name} → {row.target}"
        reasons = []
        if gone:
            when = f" at {gone}" if self._reads else ""
            reasons.append(f"{where}: {row.target} was retracted{when}; record it again before naming it")
        if others:
            elsewhere = f"to {', '.join(others)}" if self._reads else "elsewhere"
            reasons.append(
                f"{edge.name}: {row.source} leads {elsewhere} already, and can lead to one only; "
                "retract that edge first if it was wrong"
            )
        for name, value in row.properties.items():
            if before.get(name, value) != value:
                reasons.append(
                    f"{where}: {name} is {self._shown(before[name])}, recorded before, and this fact says {shown(value)}; "
                    "a Correction can say that it was wrong"
                )
        for said in self._backwards(edge.stored_properties, {**before, **row.properties}):
            reasons.append(f"{where}: {said}, recorded before")
        for reason in reasons:
            self.refuse(position, reason)
        return not reasons

    async def renew(
        self,
        edge: Edge,
        target_kind: str,
        rows: Sequence[tuple[EdgeRow, Mapping[str, Any]]],
        reason: str | None,
    ) -> None:
        """Puts edges with other properties in the place of edges, which stay known as they were."""
        await self.run(upsert.retire(edge, target_kind), [ends(old) for old, _ in rows], reason)
        for group in alike(changed(old, values) for old, values in rows):
            await self.run(upsert.renew(edge, target_kind, vague=group[0].is_vague), [ends(new) for new in group])
        for old, values in rows:
            new = changed(old, values)
            if new.identity == old.identity:
                self.changed(old, old.properties, values, {**old.properties, **values}, reason)
            else:
                self.changed(old, old.properties, None, old.properties, reason)
                self.changed(new, {}, values, values, reason)
        self.summary.revised += len(rows)

    # ── amendments ──────────────────────────────────────────────────────────────────────────────────────

    async def amend_nodes(self, rows: Sequence[tuple[int, Amendment]]) -> None:
        kind = rows[0][1].kind
        await self.names.lead_on(kind, (a.of for _, a in rows))
        found = await self.run(upsert.node_facts(kind), [{"id": a.of} for _, a in rows])
        by_id = {row["stored"]["id"]: row["stored"] for row in found}
        held = await self._held(kind, [a.of for _, a in rows if a.values is None and a.of in by_id])
        gone: dict[str, list[dict[str, Any]]] = defaultdict(list)
        properties = {p.name: p for p in kind.told}
        corrections: dict[str, list[dict[str, Any]]] = defaultdict(list)
        updated: list[dict[str, Any]] = []
        named: list[Named] = []
        for position, a in rows:
            stored = by_id.get(a.of)
            if stored is None:
                self.refuse(position, f"of: {a.of} is not known")
            elif a.values is None:
                if a.of in held:
                    self.refuse(position, held[a.of])
                elif stored["retractedAt"] is None:
                    known = [name for name in kind.kept if stored.get(name) is not None]
                    gone[a.reason].append({"id": a.of, "changed": ["retractedAt", *_properties(kind, known)]})
                    self.changed(a.of, stored, None, known, a.reason)
            elif stored["describedAt"] is None:
                state = "was retracted" if stored["retractedAt"] else "is not described yet"
                self.refuse(position, f"of: {a.of} {state}: there is nothing to correct; record its fact")
            elif a.as_of and a.as_of > self.now:
                self.refuse(position, f"asOf: {a.as_of} lies ahead, it is {self.now}")
            elif backward := [*self._backwards(kind.properties.values(), {**stored, **a.values})]:
                for said in backward:
                    self.refuse(position, f"values.{said}, as {a.of} then had it")
            elif changes := _corrected(stored, a, properties, self.now):
                self.changed(a.of, stored, changes, changes, a.reason)
                named.append(Named(position, a.of, changes))
                if revised := {n: v for n, v in changes.items() if n in kind.kept}:
                    corrections[a.reason].append({"id": a.of, "changes": revised, "changed": _properties(kind, revised)})
                if replaced := {n: v for n, v in changes.items() if n not in kind.kept}:
                    updated.append({"id": a.of, "values": replaced})
        nothing = dict.fromkeys((*kind.properties, *kind.kept)) | {"describedAt": None, "retractedAt": self.now}
        for reason, taken in gone.items():
            detach = upsert.detach(kind.name, tuple(sorted(self._graph.edge_types)))
            await self.run(detach, [{"id": each["id"]} for each in taken], reason)
            await self.run(upsert.revise(kind), [{**each, "changes": nothing} for each in taken], reason)
            self.summary.retracted += len(taken)
        for reason, revisions in corrections.items():
            await self.revise(kind, revisions, reason)
        if updated:
            await self.run(upsert.update(kind), updated)
            self.summary.updated += len(
                {row["id"] for row in updated} - {r["id"] for each in corrections.values() for r in each}
            )
        await self.names.give(kind, named)

    async def _held(self, kind: Kind, ids: Sequence[str]) -> dict[str, str]:
        """Those of some nodes, which are locked, that cannot be retracted, with the reason."""
        statement = footing.holders(self._graph, kind)
        if statement is None or not ids:
            return {}
        found = await self.run(statement, [{"id": id} for id in ids])
        reasons = {row["id"]: footing.refusal(self._graph, kind, row, reads=self._reads) for row in found}
        return {id: reason for id, reason in reasons.items() if reason}

    async def amend_edges(self, rows: Sequence[tuple[int, Amendment]]) -> None:
        first = rows[0][1]
        assert first.edge is not None
        assert first.to_kind is not None
        edge, to_kind = first.edge, first.to_kind
        await self.names.lead_on(first.kind, (a.of for _, a in rows))
        await self.names.lead_on(self._graph.kinds[to_kind], (a.to for _, a in rows if a.to))
        found = await self.run(upsert.edge_facts(edge, to_kind), [{"source": a.of, "target": a.to} for _, a in rows])
        there = standing(edge, found)
        gone: dict[str, list[EdgeRow]] = defaultdict(list)
        replaced: dict[str, list[tuple[EdgeRow, Own]]] = defaultdict(list)
        for position, a in rows:
            assert a.to is not None
            beside = there[a.of, a.to]
            those = named(a, beside)
            if not those and a.values is not None:
                self.refuse(position, f"{edge.name}: {a.of} has no such edge to {a.to}: record it instead")
            if len(those) > 1:
                said = f"{a.of} has several to {a.to}{self._told(edge, those)}"
                self.refuse(position, f"{edge.name}: {said}; name one by its {' and '.join(p.name for p in edge.identity)}")
            if len(those) != 1:
                continue
            row = EdgeRow(edge, a.of, a.to, to_kind, dict(those[0]))
            if a.values is None:
                if a.kind.standing is Standing.OBSERVED:
                    self._loosened[edge][a.of] = position
                gone[a.reason].append(row)
                self.changed(row, row.properties, None, row.properties, a.reason)
                continue
            values = {n: v for n, v in {**row.properties, **a.values}.items() if v is not None}
            if clash := meant(changed(row, values), [one for one in beside if one != row.properties]):
                said = f"{a.of} leads to {a.to} with {listed(edge, clash)} as well"
                self.refuse(position, f"{edge.name}: {said}; retract one of the two instead")
            elif backward := [*self._backwards(edge.stored_properties, values)]:
                for said in backward:
                    self.refuse(position, f"values.{said}, as the edge then had it")
            elif values != row.properties:
                replaced[a.reason].append((row, values))
        for reason, edges in gone.items():
            await self.run(upsert.retire(edge, to_kind), [ends(row) for row in edges], reason)
            self.summary.retracted += len(edges)
        for reason, renewed in replaced.items():
            await self.renew(edge, to_kind, renewed, reason)


_ACTED = "is decided about by actions; history cannot change it any more, so ask for the action"


def _properties(kind: Kind, names: Iterable[str]) -> list[str]:
    """The properties that some stored names are of: a revision says which changed, not how what is told of them is kept."""
    of = {name: p.name for p in kind.told for name in (p.told, p.since)}
    return [*dict.fromkeys(of.get(name, name) for name in names)]


def _corrected(stored: Mapping[str, Any], a: Amendment, of_world: Mapping[str, Property], now: str) -> dict[str, Any]:
    """What a correction changes of what is stored of a node."""
    changes: dict[str, Any] = {}
    for name, value in (a.values or {}).items():
        changes |= corrected(stored, of_world[name], value, a.as_of, now) if name in of_world else {name: value}
    declared = a.kind.properties
    return {
        name: value
        for name, value in changes.items()
        if stored.get(name) != value and not (name in declared and agree(declared[name], stored.get(name), value))
    }


def _key(edge: Edge, trouble: Mapping[str, Any]) -> Identity:
    return (trouble["source"], trouble["target"], *(trouble[p.name] for p in edge.identity))


def _pieces(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    return (rows[i : i + MAX_ROWS] for i in range(0, len(rows), MAX_ROWS))
