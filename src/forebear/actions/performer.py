"""Doing an action in one transaction: read the facts under locks, decide, and write once.

The write also holds an audit entry for each subject, an outbox entry, and the outcome under the request's idempotency key.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from forebear.actions.inquiry import Inquiry
from forebear.actions.reading import FactsReader, listed, recorded, revision_of
from forebear.actions.sightings import take
from forebear.audit.append import link
from forebear.audit.chain import Tip
from forebear.domain.outcome import (
    Conflict,
    Connect,
    Describe,
    Disconnect,
    Effect,
    Join,
    Name,
    Outcome,
    Reason,
    Refused,
    Revise,
    Ruling,
    Update,
    decoded,
    encoded,
    tell,
    unread,
)
from forebear.domain.permitted import following
from forebear.domain.roles import Actor
from forebear.graph.complaint import reasons_of
from forebear.graph.declaration import DeclarationError, Edge
from forebear.graph.digest import of_fields
from forebear.graph.document import json_text, uniform
from forebear.graph.facts import Facts
from forebear.graph.ids import composed
from forebear.graph.moments import moment
from forebear.graph.rows import EdgeRow, InvalidFact, NodeRow
from forebear.graph.statements import placeholder
from forebear.graph.statements.change import ActionWrite, Revision
from forebear.graph.statements.placeholder import Renamed
from forebear.graph.values import DECIDED
from forebear.store import Store, WriteTransaction
from forebear.store.statements import FactsStatement
from forebear.verbs.permissions import reads
from forebear.verbs.sighting import ReportSightings
from forebear.verbs.verb import Action, Rows

T = TypeVar("T")

LONGEST_WAIT = timedelta(seconds=30)
"""How long an action waits at most for a recorded moment that is ahead of its own."""

MAX_KEY = 512
"""The longest idempotency key, in characters. It is as long as an id, since the fact of a decision has its id as its key."""

FORMER = "MATCH (request:Request {id: $id}) RETURN request.digest AS digest, request.outcome AS outcome"
"""Reads the outcome of an earlier request with this idempotency key."""


@dataclass(frozen=True)
class Requester:
    """Who asks for an action, from where, and under which idempotency key.

    `at` is when it happened in the world, for history that is told later; by default now. It dates decisions, and facts are
    read as of then. What is recorded and audited is dated now all the same. No door of the service sets it.
    """

    actor: Actor
    source: str
    key: str | None = None
    expected_revision: int | None = None
    at: str | None = None


def request_id(actor: str, key: str) -> str:
    """Return the id under which a request's outcome is kept. Slashes in the actor's name are escaped."""
    return composed("", actor, key, plain=-1)


class Performer:
    """Does actions on one store."""

    def __init__(
        self,
        facts: Facts,
        store: Store,
        actions: Iterable[Action],
        inquiries: Iterable[Inquiry[Any]],
        statements: Mapping[str, FactsStatement],
    ) -> None:
        self.actions: dict[str, Action] = {}
        self.inquiries = {inquiry.name: inquiry for inquiry in inquiries}
        self.facts = facts
        self.reader = FactsReader(statements)
        self._store = store
        self._models: dict[str, type[BaseModel]] = {}
        for action in actions:
            if action.name in self.actions:
                raise DeclarationError(f"two verbs are called {action.name}")
            self.actions[action.name] = action
            self.reader.check(action, facts.graph.lock_order)
            for member in action.input.members:
                facts.graph.check_names(action.name, member)

    async def plan(self) -> None:
        """Have the engine plan the facts statements ahead, which takes Neo4j seconds. Raises `StoreError`."""
        names = {name for inquiry in self.inquiries.values() for name in inquiry.reads.statements()}
        for statement in self.reader.by_name.values():
            texts = (statement.text, statement.unlocked) if statement.name in names else (statement.text,)
            await self._store.plan(texts, statement.bound({p.name: None for p in statement.parameters}))

    def model(self, action: Action) -> type[BaseModel]:
        """Return the pydantic model of an action's input. It is made at the first use."""
        if action.name not in self._models:
            self._models[action.name] = self.facts.input(action.input)
        return self._models[action.name]

    async def do(self, name: str, input: Mapping[str, Any], by: Requester) -> Outcome:
        """Do an action, once for an idempotency key. Raises `StoreError`. All else in its way is a reason of a refusal."""
        action = self.actions[name]
        if reason := action.input.refusal(by.actor):
            return Refused((reason,))
        if by.key is not None and not 0 < len(by.key) <= MAX_KEY:
            return _invalid((f"idempotencyKey: must be 1 to {MAX_KEY} characters long; it has {len(by.key)}",))
        described = _Described(self.facts)
        try:
            read = partial(self._read, action, input, described)
            # Reading thousands of sightings takes longer than others may wait for their answers.
            values = await asyncio.to_thread(read) if action is ReportSightings.action else read()
        except ValidationError as error:
            return _invalid(reasons_of(error))
        except InvalidFact as error:
            return _invalid(error.reasons)

        if action is ReportSightings.action:
            return await take(self._store, values["sightings"], partial(self._take, action, described=described, by=by))
        return await self._once(action, values, described, by)

    async def _take(self, action: Action, sightings: Sequence[Any], *, described: _Described, by: Requester) -> Outcome:
        # Sightings that are repeated change nothing, and one request is several decisions: a key would be that of the first.
        return await self._once(action, {"sightings": sightings}, described, replace(by, key=None))

    async def _once(self, action: Action, values: Mapping[str, Any], described: _Described, by: Requester) -> Outcome:
        """Do an action with checked input in one transaction, again if others were faster. Raises `StoreError`."""
        document = values

        async def work(transaction: WriteTransaction) -> Outcome:
            return await _Doing(self, action, document, values, described, by, transaction).outcome()

        while True:
            try:
                outcome = await self._store.write(work)
                return outcome if reads(by.actor) else unread(outcome)
            except _Overtaken as overtaken:
                # Clocks of other machines may be ahead of ours.
                await asyncio.sleep(overtaken.ahead)
            except Renamed as renamed:
                values = placeholder.renamed(values, renamed.present)
                described = _Described(self.facts)

    async def ask(self, name: str, input: Mapping[str, Any], actor: Actor) -> list[Mapping[str, Any]]:
        """Return the rows of a question's decision. Raises `StoreError`."""
        inquiry = self.inquiries[name]
        for kind, ids in placeholder.ids(self.facts.graph, input).items():
            answers = await self._store.read(placeholder.same_as(kind), {"ids": ids})
            input = placeholder.renamed(input, {str(row["id"]): str(row["present"]) for row in answers})
        # What was known at a moment is asked of the world at that moment.
        now = str(input.get("asKnownAt") or moment(datetime.now(UTC)))
        rows = await self.reader.rows(inquiry.reads, now, input, inquiry.asks(input), self._store.read)

        def decided() -> Sequence[Mapping[str, Any]]:
            return inquiry.decide(input, inquiry.reads.of(rows, actor, now, self.facts.described))

        return list(await _beside(decided))

    def _read(self, action: Action, input: Mapping[str, Any], described: _Described) -> dict[str, Any]:
        """Return the checked input without absent members: facts as tidy documents, moments in the graph's form."""
        model = self.model(action).model_validate(input, context=DECIDED)
        members: dict[str, Any] = {}
        for p in action.input.members:
            if p.name not in model.__pydantic_fields_set__ or (checked := getattr(model, p.name)) is None:
                continue
            if p.is_fact:
                documents = [self.facts.document(p.names[0], fact) for fact in listed(input[p.name])]
                for document in documents:
                    described(document)
                members[p.name] = documents if p.item_type is not None else documents[0]
            elif p.value_type is not None:
                members[p.name] = [item.model_dump(exclude_none=True) for item in checked]
            else:
                members[p.name] = input[p.name] if p.is_json else checked
        return members


async def _beside(decide: Callable[..., T], *on: Any) -> T:
    """Take a decision in a thread: the first one that needs special functions imports them, which takes long."""
    return await asyncio.to_thread(decide, *on)


def _invalid(reasons: Iterable[str]) -> Refused:
    return Refused(tuple(Reason("INVALID_INPUT", text, "correct the field and try again") for text in reasons))


class _Described:
    """The rows of facts. Each fact of an input is read several times, and its rows are made once."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._made: dict[int, tuple[Mapping[str, Any], NodeRow]] = {}

    def __call__(self, document: Mapping[str, Any]) -> NodeRow:
        """Return the rows of a document. Raises `ValidationError` and `InvalidFact`."""
        if id(document) not in self._made:
            # Python may give an object's identity to another one once the object is gone, so keep the object.
            self._made[id(document)] = (document, self._facts.described(document))
        return self._made[id(document)][1]


class _Overtaken(Exception):
    """Others recorded facts after this attempt's moment, so decide anew, or the decision is dated before its facts.

    `ahead` is how many seconds their moment is still to come.
    """

    def __init__(self, at: str) -> None:
        super().__init__(at)
        self.ahead = max(0.0, (datetime.fromisoformat(at) - datetime.now(UTC)).total_seconds())


class _Doing:
    """One attempt. First it takes its moment. In `input`, ids of the `document` that lead on are replaced."""

    def __init__(
        self,
        performer: Performer,
        action: Action,
        document: Mapping[str, Any],
        input: Mapping[str, Any],
        described: _Described,
        by: Requester,
        transaction: WriteTransaction,
    ) -> None:
        self._performer = performer
        self._action = action
        self._said = document
        self._input = input
        self._request = action.input.from_input(input)
        self._described = described
        self._by = by
        self._request_id = request_id(by.actor.name, by.key) if by.key is not None else None
        self._transaction = transaction
        self._now = moment(datetime.now(UTC))
        self._at = by.at or self._now
        self._graph = performer.facts.graph

    async def outcome(self) -> Outcome:
        former, present, facts = await self._rows()
        if former:
            return self._again(former)
        if present:
            raise Renamed(present)
        self._wait_for(facts)
        decision_facts = self._action.reads.of(facts, self._by.actor, self._at, self._described)
        ruling = await _beside(self._request.decide, decision_facts)
        # Whatever changes how a release stands changes what may go on running of it.
        ruling = replace(ruling, derived=following(facts.get("standing", facts.get("resting", ())), ruling.effects, self._at))
        if (expected := self._by.expected_revision) is not None:
            revision = revision_of(facts, ruling.subject)
            if revision not in (None, expected):
                return Conflict(ruling.subject, expected, revision)
            if revision is None and not ruling.reasons:
                message = f"expectedRevision: {ruling.subject} has no revision that {self._action.name} goes by"
                return Refused((Reason("INVALID_INPUT", message, "leave expectedRevision out"),))
        outcome = ruling.outcome
        if ruling.dry:
            return outcome
        change = await self._change(ruling, facts)
        if self._request_id is not None:
            kept = {"at": self._now, "digest": self._digest, "outcome": encoded(outcome)}
            change.request = {"id": self._request_id, **kept}
        if ruling.effects or change.request:
            text, rows = change.statement()
            by, source = self._by.actor.name, self._by.source
            stamp = {"recordedAt": self._now, "recordedBy": by, "source": source}
            context = {"now": self._now, "by": by, "from": source, "stamp": stamp, "reason": self._input.get("reason")}
            await self._transaction.finish(text, {"change": rows | context})
        else:
            await self._transaction.undo()
        return outcome

    async def _rows(self) -> tuple[Mapping[str, Any] | None, dict[str, str], Mapping[str, Rows]]:
        """Return the outcome of the same request before, where ids lead on to, and the rows of the facts statements."""
        reader, reads, more = self._performer.reader, self._action.reads, self._request.asks()
        if reads.stepwise:
            found = await reader.rows(reads, self._at, self._input, more, self._transaction.run, locked=True)
        read = [] if reads.stepwise else reader.bound(reads, self._at, self._input, more)
        statements = [(statement.text, parameters) for statement, parameters in read]
        # After the facts, which lock what the request names.
        statements += [
            (placeholder.same_as(kind), {"ids": ids}) for kind, ids in placeholder.ids(self._graph, self._input).items()
        ]
        if self._request_id is not None:
            statements.append((FORMER, {"id": self._request_id}))
        answers: list[list[dict[str, Any]]] = await self._transaction.run_each(statements)
        former = answers.pop() if self._request_id is not None else []
        present = {row["id"]: row["present"] for rows in answers[len(read) :] for row in rows}
        rows = found if reads.stepwise else dict(zip(self._action.facts, answers, strict=False))
        return next(iter(former), None), present, rows

    def _wait_for(self, facts: object) -> None:
        """Raise `_Overtaken` if facts were recorded after this attempt's moment."""
        longest = moment(datetime.fromisoformat(self._now) + LONGEST_WAIT)
        # A moment that is later still comes from a broken clock. Do not wait for it.
        if overtaking := max((at for at in recorded(facts) if self._now <= at < longest), default=None):
            raise _Overtaken(overtaking)

    # ── idempotency ─────────────────────────────────────────────────────────────────────────────────────

    @property
    def _digest(self) -> str:
        return of_fields((self._action.name, json.dumps(uniform(self._said), sort_keys=True, ensure_ascii=False)))

    def _again(self, former: Mapping[str, Any]) -> Outcome:
        """Return the outcome that the request had before."""
        if former["digest"] != self._digest:
            return Refused(
                (
                    Reason(
                        "IDEMPOTENCY_KEY_REUSED",
                        f"the idempotency key {self._by.key!r} was used before for another request",
                        "give each request a key of its own, and repeat it only with the same input",
                    ),
                )
            )
        return decoded(former["outcome"])

    # ── writing ─────────────────────────────────────────────────────────────────────────────────────────

    async def _change(self, ruling: Ruling, facts: Mapping[str, Rows]) -> ActionWrite:
        change = ActionWrite(self._graph)
        for effect in (*ruling.effects, *ruling.derived):
            self._add(change, effect)
        joined = await self._joined(change)
        for effect in joined:
            self._add(change, effect)
        # A subject without a chain in the facts has none yet. If it had one, the entry's id would exist already.
        chains = {
            c["id"]: Tip(c["length"], c["hash"]) for rows in facts.values() for row in rows for c in row.get("chains", ())
        }
        self._tell(change, ruling, joined, chains)
        return change

    async def _joined(self, change: ActionWrite) -> list[Join]:
        """Return the placeholders that nodes replace, because they get their names. Lock both."""
        values = [(n.kind, n.id, {**n.guaranteed, **n.updated}) for n in (*change.nodes, *change.updates)]
        values += [(r.kind, r.id, {**r.values}) for r in change.revisions]
        of = {p: (kind, id) for kind, id, named in values for p in placeholder.placeholders(kind, id, named)}
        if not of:
            return []
        names = sorted({name for _, _, named in values for name in named.get("externalIds") or ()})
        statements: list[tuple[str, dict[str, Any]]] = [(placeholder.HOLD, {"names": names})]
        for kind in sorted({kind.name for kind, _ in of.values()}):
            statements.append((placeholder.waiting(kind), {"ids": sorted(p for p in of if of[p][0].name == kind)}))
        _, *answers = await self._transaction.run_each(statements)
        waiting = [row for rows in answers for row in rows]
        self._wait_for(waiting)
        return [Join(of[str(row["id"])][1], str(row["id"])) for row in waiting]

    def _add(self, change: ActionWrite, effect: Effect) -> None:
        match effect:
            case Describe(document, kept):
                row = self._described(document)
                change.nodes.append(replace(row, guaranteed={**row.guaranteed, **kept}) if kept else row)
            case Revise(id, _, after):
                kind = self._graph.kinds[self._performer.facts.ids.kind(id)]
                change.revisions.append(Revision(kind, id, after))
            case Update(id, values):
                kind = self._graph.kinds[self._performer.facts.ids.kind(id)]
                change.updates.append(NodeRow(kind, id, {}, dict(values), ()))
            case Connect(id, edge, to, properties):
                change.edges.append(self._edge(id, edge, to, dict(properties)))
            case Disconnect(id, edge, to, identity):
                change.retired.append(self._edge(id, edge, to, dict(identity)))
            case Name(id, external_id):
                change.named.append((self._graph.kinds[self._performer.facts.ids.kind(id)], id, external_id))
            case Join(id, former):
                change.joined.append((self._graph.kinds[self._performer.facts.ids.kind(id)], id, former))

    def _edge(self, id: str, name: str, to: str, properties: dict[str, Any]) -> EdgeRow:
        ids = self._performer.facts.ids
        kind = self._graph.kinds[ids.kind(id)]
        edge: Edge = next(e for e in kind.edges if e.name == name)
        return EdgeRow(edge, id, to, ids.kind(to), properties)

    def _tell(self, change: ActionWrite, ruling: Ruling, joined: Iterable[Join], chains: Mapping[str, Tip]) -> None:
        """Add an audit entry and an outbox entry for each subject of the effects."""
        changes: dict[str, tuple[dict[str, Any], dict[str, Any]]] = defaultdict(lambda: ({}, {}))
        for effect in (*ruling.effects, *joined):
            before, after = changes[ruling.told_by or _subject(effect, ruling.subject)]
            tell(effect, before, after)
        for n, (subject, (before, after)) in enumerate(sorted(changes.items())):
            new = link(
                chains.get(subject),
                change=after,
                nth=n,
                subject=subject,
                at=self._now,
                by=self._by.actor.name,
                action=self._action.name,
                reason=self._input.get("reason"),
                request=self._by.key,
                before=json_text(before) if before else None,
                after=json_text(after),
            )
            change.links.append(new.row)


def _subject(effect: Effect, about: str) -> str:
    """Return the subject whose chain holds an effect. An effect on names belongs to the chain of `about`."""
    if isinstance(effect, (Name, Join)):
        return about
    if isinstance(effect, Describe) and effect.document["kind"] == "Decision":
        return str(effect.document["about"][0])
    return effect.id
