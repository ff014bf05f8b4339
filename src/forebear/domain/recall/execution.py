"""Executing a recall: votes of APPROVERs until it stands, and its end.

A recall stands once the policies of all lines with an affected release have the votes that they ask for an approval. Each vote
is for what was affected then, as a digest, so Forebear refuses it if a release, an artifact or a deployment was added since.
Where the recall reaches a release by authority alone, such as through a bad evaluation pack, the approval becomes stale.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from forebear.domain import release
from forebear.domain.case import Case
from forebear.domain.outcome import Describe, Effect, Reason, Revise, Ruling
from forebear.domain.policy import Policy
from forebear.domain.recall.affected import AUTHORITY, HELD, LINEAGE, Affected, digest
from forebear.domain.recall.plan import RecallPlan
from forebear.domain.recall.reach import Reach
from forebear.domain.recall.subject import Subject
from forebear.domain.recall.target import RecallStep
from forebear.domain.reference import unknown
from forebear.domain.release import Decider
from forebear.domain.standing import Row
from forebear.domain.votes import Candidacy, Vote, count_votes
from forebear.graph.document import json_text
from forebear.graph.ids import composed, escape

PLAN_CHANGED = "PLAN_CHANGED"

NAMED = 10
"""How many affected nodes a refusal names, if there are many."""


class HangingRow(Row, frozen=True):
    """A release, an artifact or a deployment of something that is affected, and when it was recorded."""

    id: str
    recorded_at: str


class FormerRecallRow(Row, frozen=True):
    """A recall of the same subject: it gathers votes, stands or is over."""

    id: str
    revision: int = 0
    reason: str = ""
    valid_from: str | None = None
    valid_to: str | None = None
    votes: str | None = None
    votes_missing: int | None = None


class RecallFactsRow(Row, frozen=True):
    """The row of `cypher/actions/recall_facts.cypher`."""

    hanging: tuple[HangingRow, ...] = ()
    former: tuple[FormerRecallRow, ...] = ()

    @property
    def open(self) -> FormerRecallRow | None:
        """The recall that gathers votes or stands, if there is one."""
        return next((former for former in self.former if former.valid_to is None), None)


@dataclass(frozen=True)
class Execution:
    """A request to recall a subject: why, the digest of what its plan affects, and how far it reaches now.

    `planned_at` is the moment of the plan.
    """

    subject: Subject
    reason: str
    expected: str
    reach: Reach
    planned_at: str | None = None
    lost: tuple[Reason, ...] = ()
    """Why what the plan goes back to may no longer run there."""

    @property
    def origins(self) -> list[str]:
        """The nodes that are recalled: the subject itself, or what begins with it."""
        begins = {row.id for row in self.reach.rows if row.origin is not None and row.id in self.reach.found}
        return sorted(begins | ({self.subject.id} if self.subject.id else set()))

    @property
    def affected(self) -> list[Affected]:
        """What is affected now."""
        return [Affected(self.reach.kinds[id], id, way) for id, (way, _) in self.reach.found.items()]

    @property
    def digest(self) -> str:
        """The digest of what is affected now."""
        return digest(self.affected)


def execute(execution: Execution, facts: RecallFactsRow, cases: Sequence[Case], by: Decider) -> Ruling:
    """Vote for a recall. The vote that completes what the strictest line asks for makes it stand.

    `cases` are the releases that it affects. A recall of the same subject that stands already changes nothing.
    """
    subject = str(execution.subject)
    id = facts.open.id if facts.open else composed("recall:", escape(subject), str(len(facts.former) + 1), plain=0)
    if not execution.reach.kinds:
        return Ruling(id, reasons=(unknown("subject", subject),))
    if facts.open and facts.open.valid_from is not None:
        return Ruling(id)
    known = {row.id for row in execution.reach.rows}
    if execution.digest != execution.expected or any(each.id not in known for each in facts.hanging):
        return Ruling(id, reasons=(_changed(execution, facts), *execution.lost))
    if execution.lost:
        return Ruling(id, reasons=execution.lost)
    vote = Vote(id, by.actor.name, frozenset(by.actor.roles), by.actor.machine, by.now)
    former = [vote for vote, seen in _votes(facts.open) if seen == execution.digest]
    counts = [count_votes(case.policy, [*former, vote], Candidacy()) for case in cases if isinstance(case.policy, Policy)]
    if against := [reason for count in counts for excluded, reason in count.excluded if excluded is vote]:
        return Ruling(id, reasons=tuple(dict.fromkeys(against)))
    missing = max((count.still_needed for count in counts), default=0)
    stands = missing == 0
    votes = json_text([*_kept(facts), _vote(vote, execution.digest)])
    began = {"validFrom": by.now, "affectedDigest": execution.digest} if stands else {}
    effects: list[Effect] = []
    if facts.open is None:
        document = {"kind": "Recall", "id": id, "subject": subject, "reason": execution.reason, **began}
        voted = {"votes": json.loads(votes), "votesMissing": missing}
        effects.append(Describe({**document, **voted, "recalls": execution.origins}))
    else:
        before: dict[str, object] = {"validFrom": None, "affectedDigest": None, "votes": facts.open.votes}
        before |= {"votesMissing": facts.open.votes_missing}
        after = {**began, "votes": votes, "votesMissing": missing}
        effects.append(Revise(id, {name: before[name] for name in after}, after))
    if stands:
        effects += _outdated(id, execution, cases, by)
    return Ruling(id, tuple(effects))


def _votes(recall: FormerRecallRow | None) -> Iterator[tuple[Vote, str]]:
    """Return the votes for a recall, each with the digest of what was affected then."""
    for v in json.loads(recall.votes or "[]") if recall else ():
        yield Vote(recall.id if recall else "", v["actor"], frozenset(v["roles"]), v["machine"], v["at"]), v["affected"]


def _kept(facts: RecallFactsRow) -> list[dict[str, object]]:
    return [_vote(vote, seen) for vote, seen in _votes(facts.open)]


def _vote(vote: Vote, affected: str) -> dict[str, object]:
    return {"actor": vote.actor, "roles": sorted(vote.roles), "machine": vote.machine, "at": vote.at, "affected": affected}


def _changed(execution: Execution, facts: RecallFactsRow) -> Reason:
    """Explain that the plan is not what is affected now, and show what was added since the plan was made."""
    since = execution.planned_at
    recorded = {row.id: row.recorded_at for row in execution.reach.rows}
    added = {each.id: each.way for each in execution.affected if each.kind in HELD and (not since or recorded[each.id] > since)}
    added |= {each.id: LINEAGE for each in facts.hanging if each.id not in recorded}
    shown = ", ".join(f"{id} ({way})" for id, way in sorted(added.items())[:NAMED]) or "nothing that was recorded since"
    more = f" and {len(added) - NAMED} more" if len(added) > NAMED else ""
    what = f"added since {since}" if since else "affected now"
    return Reason(
        PLAN_CHANGED,
        f"affected: the plan has {execution.expected}, and what is affected now has {execution.digest}; {what}: {shown}{more}",
        f"plan it anew and look at the difference: forebear recall plan '{execution.subject}'",
    )


def lost(plan: RecallPlan, chosen: Iterable[tuple[str, str]], subject: Subject) -> Iterator[Reason]:
    """Explain which deployments of a former plan cannot go back to what it chose: pairs of a deployment and an artifact."""
    for deployment, artifact in chosen:
        if against := plan.against(deployment, artifact):
            why = "; ".join(reason.message for reason in against)
            target = plan.targets.get(deployment)
            instead = f"; it would {_INSTEAD[target.step]} {target.artifact or ''}".rstrip() + " now" if target else ""
            message = f"targets: {deployment} was to go back to {artifact}, which may no longer run there: {why}{instead}"
            yield Reason(PLAN_CHANGED, message, f"plan it anew and look at the difference: forebear recall plan '{subject}'")


_INSTEAD = {RecallStep.GO_BACK: "go back to", RecallStep.STOP: "stop", RecallStep.NEITHER: "do neither"}


def _outdated(id: str, execution: Execution, cases: Iterable[Case], by: Decider) -> list[Effect]:
    """Make the approvals stale that rest on the subject by authority alone."""
    ways = {each.id: each.way for each in execution.affected}
    reason = f"{id} recalls {execution.subject}, which its approval rests on: {execution.reason}"
    resting = [case for case in cases if ways.get(case.release.id) is AUTHORITY]
    return [effect for n, case in enumerate(resting) for effect in release.outdated(case, by.on(n), reason)]


class EndingRecallRow(Row, frozen=True):
    """A recall that is to end."""

    id: str
    subject: str
    valid_from: str | None = None
    valid_to: str | None = None


class EndedFactsRow(Row, frozen=True):
    """The row of `cypher/actions/ended_facts.cypher`: the recall, and the lines of the releases that it affects."""

    recall: EndingRecallRow | None = None
    lines: tuple[str, ...] = ()


def end(recall: str, facts: EndedFactsRow, now: str) -> Ruling:
    """End a recall, or the gathering of votes for it. What was withdrawn because of it stays withdrawn.

    A recall that is over stays so.
    """
    row = facts.recall
    if row is None:
        return Ruling(recall, reasons=(unknown("recall", recall),))
    if row.valid_to is not None:
        return Ruling(recall)
    since = {} if row.valid_from else {"validFrom": now}
    return Ruling(recall, (Revise(recall, {**dict.fromkeys(since), "validTo": None}, {**since, "validTo": now}),))
