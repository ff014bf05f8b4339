"""The verbs by which something is recalled from the whole world, and by which a recall ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from forebear.domain.case import cases
from forebear.domain.outcome import Connect, Reason, Ruling
from forebear.domain.recall import execution
from forebear.domain.recall.execution import EndedFactsRow, Execution, RecallFactsRow
from forebear.domain.recall.reach import Reach, RecalledFactsRow
from forebear.domain.recall.subject import Subject
from forebear.domain.reference import unknown
from forebear.domain.release import DECISIONS, Decider
from forebear.domain.standing import Row, StandingFactsRow
from forebear.graph.declaration import ENDS, PROSE, Digest, Value, prop
from forebear.graph.kinds.recall import Recall
from forebear.graph.moments import moment
from forebear.verbs.fact import Document, VerbRequest, named
from forebear.verbs.recall_item import BegunFacts
from forebear.verbs.recall_plan import RecallPlanFacts, asks
from forebear.verbs.verb import DecisionFacts, Rows, Verb

SUBJECTS = next(edge.targets for edge in Recall.kind.edges if edge.name == "recalls")
"""The kinds that may be recalled."""


def parsed(text: str) -> Subject | None:
    """Return the subject with a text, or None if there is none."""
    try:
        return Subject.parse(text)
    except ValueError:
        return None


class RecallChoice(Value):
    """What a plan does about a deployment that goes back."""

    deployment: str = prop("The deployment.")
    artifact: str = prop("What it goes back to.")


@dataclass(frozen=True)
class RecallFacts(RecallPlanFacts):
    """What a recall affects, what it goes back to if the request names that, the former recalls of its subject, and the
    affected releases."""

    stepwise: ClassVar = True

    recall: RecallFactsRow
    resting: list[StandingFactsRow]

    @classmethod
    def subject(cls, input: Mapping[str, Any], rows: Mapping[str, Rows]) -> Subject:
        """Return what is recalled."""
        return Subject.parse(input["subject"])

    @classmethod
    def follows(cls, input: Mapping[str, Any], rows: Mapping[str, Rows]) -> Mapping[str, object]:
        """Where affected things run and what ran there before; then the affected nodes of the kinds that are locked."""
        subject = parsed(input["subject"])
        if subject is None or not rows:
            return {}
        if [*rows][-1] != "recalled_open":
            return super().follows(input, rows) if input.get("targets") else {}
        reach = Reach(subject, msgspec.convert(rows["recalled"], list[RecalledFactsRow]))
        kinds = {"checkpoints": "Checkpoint", "versions": "ModelVersion", "releases": "Release", "artifacts": "Artifact"}
        return {name: sorted(id for id in reach.found if reach.kinds[id] == kind) for name, kind in kinds.items()}


class ExecuteRecall(Verb[RecallFacts], roles="APPROVER", takes=("Recall",), called="recall"):
    """Recalls something from the whole world, as it was planned (recallPlan). This is a vote. The recall stands once the
    releases that it affects have the votes that the strictest of their lines asks for an approval. From then on nothing that
    descends from it may run anywhere, whenever its lineage is told. An approval that only rests on it, such as on a bad
    evaluation pack, becomes stale. Forebear refuses the recall if a release, an artifact or a deployment was added since the
    plan, if what the plan goes back to may no longer run, and to an actor who may not write to all lines of the releases."""

    subject: str = prop("What is recalled: an id, or toolchain=NAME, dataOf=CUSTOMER, setting=NAME=VALUE.")
    affected: Digest = prop("The digest of what the plan affects, as the plan says it.")
    reason: str = prop("Why. It is kept in the audit trail, and shown to whoever may not use what is recalled.", length=PROSE)
    planned_at: datetime | None = prop("The moment of the plan. A refusal shows what was added since.", default=None)
    targets: list[RecallChoice] | None = prop(
        "What the plan goes back to. Forebear refuses the recall if any of it may no longer run there.",
        default=None, items=ENDS,
    )  # fmt: skip

    def asks(self) -> Mapping[str, object]:
        """What the subject begins with."""
        subject = parsed(self.subject)
        return {"subject": str(subject), **asks(subject)} if subject else {}

    def decide(self, facts: RecallFacts) -> Ruling:
        """Vote for it, if the actor may write to the lines of all releases that it affects."""
        subject = parsed(self.subject)
        if subject is None:
            message = f"subject: {self.subject!r} names nothing that may be recalled"
            remedy = "give an id, or toolchain=NAME, dataOf=CUSTOMER, setting=NAME=VALUE"
            return Ruling(self.subject, reasons=(Reason("INVALID_INPUT", message, remedy),))
        reach = Reach(subject, facts.recalled)
        if (kind := reach.kinds.get(subject.value)) and kind not in SUBJECTS:
            message = f"subject: {subject} is of the kind {kind}, which is not recalled"
            return Ruling(self.subject, reasons=(Reason("INVALID_INPUT", message, "recall what it was made from"),))
        releases = cases(facts.resting, facts.now)
        if forbidden := self.refusal_within(facts.actor, {case.line.id for case in releases}):
            return Ruling(self.subject, reasons=(forbidden,))
        planned_at = moment(self.planned_at) if self.planned_at is not None else None
        by = Decider(facts.actor, facts.now, self.reason, facts.new_ids("decision", DECISIONS * len(releases)))
        chosen: list[Mapping[str, Any]] = self.targets or []  # type: ignore[assignment]
        pairs = [(choice["deployment"], choice["artifact"]) for choice in chosen]
        lost = tuple(execution.lost(facts.plan(subject), pairs, subject))
        asked = Execution(subject, self.reason, self.affected, reach, planned_at, lost)
        return execution.execute(asked, facts.recall, releases, by)

    @classmethod
    def of_fact(cls, fact: Document) -> VerbRequest:
        """A vote for the recall. As a decision, it has no other identity than its fact's id."""
        return named(fact, "id", key=fact["id"], subject="subject", affected="affectedDigest", reason="reason")


@dataclass(frozen=True)
class EndFacts(DecisionFacts):
    """A recall, and the lines of what it affects."""

    ended: EndedFactsRow


class EndRecall(Verb[EndFacts], roles="APPROVER"):
    """Ends a recall from now on. What it named may run again where it is permitted. What was withdrawn, rolled back or stopped
    because of it stays so."""

    recall: str = prop("The recall.", names=("Recall",))
    reason: str = prop("The reason. It is kept in the audit trail.", length=PROSE)

    def decide(self, facts: EndFacts) -> Ruling:
        """End it, if the actor may write to the lines of all releases that it affects."""
        if forbidden := self.refusal_within(facts.actor, facts.ended.lines):
            return Ruling(self.recall, reasons=(forbidden,))
        return execution.end(self.recall, facts.ended, facts.now)


class BeginningFactsRow(Row, frozen=True):
    """A row of `cypher/actions/beginning_facts.cypher`: something of a recall's subject that the recall does not name yet."""

    id: str
    configuration: str | None = None


@dataclass(frozen=True)
class ExtendFacts(BegunFacts):
    """A recall, and what is of its subject and not named yet."""

    stepwise: ClassVar = True

    beginning: list[BeginningFactsRow]

    @classmethod
    def follows(cls, input: Mapping[str, Any], rows: Mapping[str, Rows]) -> Mapping[str, object]:
        """What the recall begins with."""
        if not rows:
            return {}
        recall = rows["begun"][0]["recall"]
        named = asks(Subject.parse(recall["subject"])) if recall else {"node": None, "setting": None}
        return {name: named[name] for name in ("node", "setting")}


class ExtendRecall(Verb[ExtendFacts], roles="APPROVER ADMIN"):
    """Adds to a recall what is of its subject by now: data of a customer, runs with a setting, or versions of a dataset that
    were told after the recall began. A service does so after each fact of such a kind. If there is nothing to add, it writes
    nothing."""

    recall: str = prop("The recall.", names=("Recall",))

    def decide(self, facts: ExtendFacts) -> Ruling:
        """Name what the recall does not name yet, as long as it stands."""
        recall = facts.begun.recall
        if recall is None:
            return Ruling(self.recall, reasons=(unknown("recall", self.recall),))
        if recall.valid_from is None or recall.valid_to is not None:
            return Ruling(self.recall)
        subject = Subject.parse(recall.subject)
        new = [row.id for row in facts.beginning if subject.id is not None or subject.begins(row.configuration)]
        return Ruling(self.recall, tuple(Connect(self.recall, "recalls", id, {}) for id in new))
