"""The verbs by which something is recalled from the whole world, and by which a recall ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from forebear.domain.case import cases
from forebear.domain.outcome import Ruling
from forebear.domain.recall import execution
from forebear.domain.recall.execution import EndedFactsRow, Execution, RecallFactsRow
from forebear.domain.release import DECISIONS, Decider
from forebear.domain.standing import StandingFactsRow
from forebear.graph.declaration import PROSE, Digest, prop
from forebear.graph.kinds.recall import Recall
from forebear.graph.moments import moment
from forebear.verbs.verb import DecisionFacts, Verb

SUBJECT = next(edge.targets for edge in Recall.kind.edges if edge.name == "recalls")
"""The kinds that may be recalled."""


@dataclass(frozen=True)
class RecallFacts(DecisionFacts):
    """What a recall affects, and the releases among it."""

    recall: RecallFactsRow
    resting: list[StandingFactsRow]


class ExecuteRecall(Verb[RecallFacts], roles="APPROVER", called="recall"):
    """Recalls something from the whole world, as it was planned (recallPlan). This is a vote. The recall stands once the
    releases that it affects have the votes that the strictest of their lines asks for an approval. From then on nothing that
    descends from it may run anywhere, whenever its lineage is told. An approval that only rests on it, such as on a bad
    evaluation pack, becomes stale. Forebear refuses the recall if a release, an artifact or a deployment was added since the
    plan, and to an actor who may not write to all lines of the releases."""

    subject: str = prop("What is recalled.", names=SUBJECT)
    affected: Digest = prop("The digest of what the plan affects, as the plan says it.")
    reason: str = prop("Why. It is kept in the audit trail, and shown to whoever may not use what is recalled.", length=PROSE)
    planned_at: datetime | None = prop("The moment of the plan. A refusal shows what was added since.", default=None)

    def decide(self, facts: RecallFacts) -> Ruling:
        """Vote for it, if the actor may write to the lines of all releases that it affects."""
        releases = cases(facts.resting, facts.now)
        if forbidden := self.refusal_within(facts.actor, {case.line.id for case in releases}):
            return Ruling(self.subject, reasons=(forbidden,))
        planned_at = moment(self.planned_at) if self.planned_at is not None else None
        by = Decider(facts.actor, facts.now, self.reason, facts.new_ids("decision", DECISIONS * len(releases)))
        return execution.execute(Execution(self.subject, self.reason, self.affected, planned_at), facts.recall, releases, by)


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
