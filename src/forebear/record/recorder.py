"""Recording facts: documents become rows, and rows become one transaction."""

from __future__ import annotations

import asyncio
import functools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from forebear.actions.evaluation import evaluate_after
from forebear.actions.extension import extend_after
from forebear.actions.performer import Performer, Requester
from forebear.actions.permits import mend_within
from forebear.audit.append import FACTS, Chains, digest
from forebear.domain.outcome import Done, Reason, Refused
from forebear.domain.roles import Actor
from forebear.graph.declaration import Admission
from forebear.graph.document import json_text
from forebear.graph.facts import Facts
from forebear.graph.ids import composed
from forebear.graph.kinds.release import ReleaseLine
from forebear.graph.rows import Amendment, NodeRow, Row
from forebear.graph.statements.placeholder import Renamed
from forebear.record.amendments import AmendmentWriter
from forebear.record.batch import Batch, read, subject
from forebear.record.edges import EdgeWriter
from forebear.record.history import end_history
from forebear.record.level import Level
from forebear.record.lines import Lines
from forebear.record.names import Names
from forebear.record.nodes import NodeWriter
from forebear.record.part import AlreadyRecorded, FilePart
from forebear.record.summary import MAX_UNDESCRIBED, Origin, Rejection, Summary
from forebear.record.writing import Writing
from forebear.store import Store, WriteTransaction
from forebear.verbs.fact import NoAction
from forebear.verbs.governed import verb_request
from forebear.verbs.permissions import refusal

MAX_FACTS = 10_000
"""How many facts one all-or-nothing request may have."""

FEW = 20
"""Up to so many facts are read without a thread."""


class _Contradicted(Exception):
    """The graph contradicts some facts, so the transaction must not be committed."""

    def __init__(self, reasons: Mapping[int, list[str]]) -> None:
        super().__init__()
        self.reasons = reasons


class Recorder:
    """Records facts in one store. A governed fact is recorded by its action."""

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
        """Record documents in one transaction; see `read` and `write`. Raises `StoreError`."""
        numbered = [*enumerate(documents)]
        read = functools.partial(self.read, numbered, imported=imported)
        # Read many facts in a thread, so that others are answered meanwhile. For a few a thread takes longer.
        batch = read() if len(numbered) <= FEW else await asyncio.to_thread(read)
        return await self.write(batch, origin, partial=partial, after=after)

    def read(self, documents: Iterable[tuple[int, object]], *, imported: bool = False) -> Batch:
        """Read documents with their positions into a batch; see `batch.read`."""
        return read(self.facts, documents, imported=imported)

    async def write(self, batch: Batch, origin: Origin, *, partial: bool = False, after: str | None = None) -> Summary:
        """Write a batch in one transaction. If it holds governed facts, each is a transaction, and so is what lies between.

        Unless `partial`, one rejected fact means that nothing is written; otherwise the others are. Raises `StoreError`.

        With `after` it is a part of a file: the first part if `after` is empty, else the part that follows the one whose
        summary had that mark. Plain facts of the source's last file are not recorded again.
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
        """Do the action of a governed fact."""
        id = _text(fact.get("id", fact.get("of")))
        try:
            verb, request = verb_request(fact)
        except NoAction as error:
            return Summary(rejections=[Rejection(position, id, error.reasons)])
        outcome = await self._performer.do(verb, request.input, Requester(origin.actor, origin.source, request.key))
        if isinstance(outcome, Done):
            return Summary(Counter({str(fact["kind"]): 1}), revised=len(outcome.changed))
        reasons = outcome.reasons if isinstance(outcome, Refused) else ()
        return Summary(
            rejections=[Rejection(position, id, tuple(f"{request.fact_message(r.message)}; {r.remedy}" for r in reasons))]
        )

    async def _write(self, batch: Batch, origin: Origin, *, partial: bool, after: str | None = None) -> Summary:
        """Write the plain facts of a batch in one transaction."""
        rejections = list(batch.rejections)
        part = (
            None if after is None else FilePart.of(batch.rows, batch.canonical, origin.source, after, imported=batch.imported)
        )
        before = Summary(mark=part.through if part else None)
        verb = recording(imported=batch.imported)
        if origin.actor.lines is not None or refusal(origin.actor, verb):
            against = {p: [reason.message] for p, row in batch.rows if (reason := _against(origin.actor, verb, row))}
            rejections += _rejections(batch.rows, against)
            batch = batch.without(against)
        if rejections and not partial:
            # The same answer should also say what the graph has against the others.
            rejections += await self._refusals(batch, origin)
            batch = batch.part(())
        while batch.rows:
            try:
                before.add(await self._attempt(batch, origin, part=part))
                await evaluate_after(self._store, self._performer, before.amended)
                if before.changed:
                    await extend_after(self._store, self._performer, {row.kind.name for _, row in batch.rows})
                break
            except AlreadyRecorded as known:
                assert part is not None
                part.left, part.undescribed = known.left, known.undescribed
                positions = {p for n, (p, _) in enumerate(part.rows) if n in known.left}
                before.facts.update(_kind(row) for p, row in batch.rows if p not in positions)
                before.undescribed.update(known.undescribed)
                batch = batch.part(positions)
            except _Contradicted as refused:
                rejections += _rejections(batch.rows, refused.reasons)
                batch = batch.without(refused.reasons) if partial else batch.part(())
        before.rejections = sorted(rejections, key=lambda r: r.position)
        return before

    async def _refusals(self, batch: Batch, origin: Origin) -> list[Rejection]:
        try:
            await self._attempt(batch, origin, keep=False)
        except _Contradicted as refused:
            return _rejections(batch.rows, refused.reasons)
        return []

    async def _attempt(self, batch: Batch, origin: Origin, *, part: FilePart | None = None, keep: bool = True) -> Summary:
        rows, cut = batch.rows, batch.levels
        new = {text for level in cut for text in level.statements(self.facts.graph)} - self._planned
        await self._store.plan(sorted(new), {"batch": {}})
        self._planned |= new

        async def work(transaction: WriteTransaction) -> Summary:
            writing = Writing(transaction, self._store.engine, origin, self.facts.graph)
            writers = _Writers(writing)
            if part:
                await part.claim(transaction)
            if not batch.imported:
                lines = Lines(self.facts.graph, self._store.engine, writing.run, origin.actor)
                for position, reasons in (await lines.refusals(rows)).items():
                    writing.refused.setdefault(position, []).extend(reasons)
            for level in cut:
                await writers.write(level)
            await writers.names.keep(batch.present)
            await writers.amendments.keep_footing()
            if batch.imported:
                await end_history(writing, cut)
                ids = {
                    kind: sorted({r.id for _, r in rows if isinstance(r, NodeRow) and r.kind.name == kind})
                    for kind in PERMITTING
                }
                await mend_within(transaction, *ids.values())
            # A fact that contradicts another of the batch may be right once the other is refused.
            refused = writing.refused or {p: reasons for level in cut for p, reasons in level.contradictions.items()}
            if refused or not keep:
                raise _Contradicted(refused)
            writing.summary.facts.update(_kind(row) for _, row in rows)
            if part:
                await part.set(transaction, rows, sorted(writing.summary.undescribed)[:MAX_UNDESCRIBED])
            # Plain updates are outside of the audit, unless somebody gives a reason.
            if writing.changes or writing.summary.changed > writing.summary.updated:
                await self._account(writing, [batch.canonical[p] for p, _ in rows], batch.imported, origin)
            return writing.summary

        if not rows:
            return Summary()
        try:
            return await self._store.write(work)
        except Renamed as others:
            return await self._attempt(batch.renamed(others.present), origin, part=part, keep=keep)

    async def _account(self, writing: Writing, canonical: Sequence[str], imported: bool, origin: Origin) -> None:
        """Append the batch's audit entry."""
        facts = {"digest": digest(canonical), "facts": dict(writing.summary.facts), "source": origin.source}
        await self._chains.append(
            writing.transaction,
            subject=composed(FACTS, origin.recorder, plain=0),
            at=writing.now,
            by=origin.recorder,
            action=recording(imported=imported),
            after=json_text(facts | ({"changes": writing.changes} if writing.changes else {})),
            change=facts,
        )


PERMITTING = ("Release", "ModelVersion", "Decision")
"""The kinds of facts that decide when a release may go on running."""


def _ids(rows: Iterable[tuple[int, Row]], kind: str) -> list[str]:
    """Return the ids of the nodes of a kind that some rows describe."""
    return sorted({row.id for _, row in rows if isinstance(row, NodeRow) and row.kind.name == kind})


def recording(*, imported: bool) -> str:
    """Return the verb of recording plain facts or imported history, which only an administrator may record."""
    return "importHistory" if imported else "record"


def _rejections(rows: Iterable[tuple[int, Row]], refused: Mapping[int, Sequence[str]]) -> list[Rejection]:
    facts = dict(rows)
    return [Rejection(p, subject(facts[p]), tuple(reasons)) for p, reasons in refused.items()]


def _against(actor: Actor, verb: str, row: Row) -> Reason | None:
    """Return why an actor may not record a fact: its roles do not allow it, or the fact is about a line of others."""
    named = {row.of: row.kind.name, row.to: row.to_kind} if isinstance(row, Amendment) else {row.id: row.kind.name}
    if isinstance(row, NodeRow):
        named |= {e.target: e.target_kind for e in row.edges}
    return refusal(actor, verb, [id for id, kind in named.items() if id and kind == ReleaseLine.kind.name])


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _kind(row: Row) -> str:
    if isinstance(row, NodeRow):
        return row.kind.name
    return "Retraction" if row.values is None else "Correction"


class _Writers:
    """The writers of the levels of one transaction: nodes by kind, edges by type and ends, amendments."""

    def __init__(self, writing: Writing) -> None:
        self.names = Names(writing)
        self._nodes = NodeWriter(writing, self.names)
        self._edges = EdgeWriter(writing, self.names)
        self.amendments = AmendmentWriter(writing, self.names, self._edges)
        self._graph = writing.graph

    async def write(self, level: Level) -> None:
        """Write a level: nodes by kind, edges by type and ends, amendments."""
        await self._nodes.describe(level.nodes)
        await self._edges.connect(level.edges)
        # Retract a wrong observation before its subject, in whichever order the facts name them.
        for key in sorted(level.amendments, key=lambda k: (self._graph.kinds[k[0]].standing is not Admission.OBSERVED, k)):
            amend = self.amendments.amend_edges if key[1] else self.amendments.amend_nodes
            await amend(sorted(level.amendments[key], key=lambda r: r[1].of))
