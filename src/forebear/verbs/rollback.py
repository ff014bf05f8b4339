"""The verb that goes back to what ran before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from forebear.domain import rollback
from forebear.domain.artifact import ArtifactFactsRow
from forebear.domain.case import cases
from forebear.domain.deployment import Request
from forebear.domain.outcome import Ruling
from forebear.domain.place import PlaceFactsRow
from forebear.domain.rollback import IncidentFactsRow, RollbackTarget
from forebear.domain.standing import StandingFactsRow
from forebear.graph.declaration import PROSE, prop
from forebear.graph.kinds.fleet import DeploymentState
from forebear.verbs.artifact import ARTIFACT
from forebear.verbs.deployment import DEPLOYMENT, PLACE, lines_at
from forebear.verbs.fact import Document, VerbRequest, named
from forebear.verbs.verb import DecisionFacts, Verb


@dataclass(frozen=True)
class RollbackFacts(DecisionFacts):
    """What lets versions run, the artifacts that matter at the place, its incidents, and the place."""

    permission: list[StandingFactsRow]
    artifact: list[ArtifactFactsRow]
    incident: IncidentFactsRow
    place: PlaceFactsRow

    @property
    def targets(self) -> list[RollbackTarget]:
        """What the place can go back to, the best first."""
        return rollback.targets(self.artifact, self.place, cases(self.permission, self.now), self.incident, self.now)


class RollBack(Verb[RollbackFacts], roles="OPERATOR", takes=DEPLOYMENT):
    """Goes back to what ran on a fleet or a cohort before: to the best target, or to the one that you name. It is a
    deployment like any other: requested here and confirmed by reports. But its approval may be stale or its release
    deprecated, and it takes the place of whatever is pending there. It goes back to what a rollback undid there only if you
    name it. A cohort that goes back to what its fleet runs rejoins the fleet. A dry run answers what it would do and what it
    weighed, and writes nothing."""

    on: str = prop("The fleet or cohort.", names=PLACE)
    reason: str = prop("The reason. It is kept in the audit trail.", length=PROSE)
    to: str | None = prop("The artifact to go back to. By default the first of rollbackTargets.", default=None, names=ARTIFACT)
    dry_run: bool | None = prop("Whether only to answer what it would do.", default=None)
    id: str | None = prop("The id for the deployment.", default=None, names=DEPLOYMENT)

    def asks(self) -> dict[str, Any]:
        """The place, and the deployment with the same id, if there is one."""
        return {"place": self.on, "deployment": self.id}

    def decide(self, facts: RollbackFacts) -> Ruling:
        """Go back, if the actor may write to the lines of the place."""
        (id,) = facts.new_ids("deployment", 1)
        request = Request(self.id or id, self.to, self.on, self.reason)
        bad = rollback.undone(facts.place)
        lines = lines_at(facts.place, bad.target if bad else None)
        if facts.place.place and (reason := self.refusal_within(facts.actor, lines)):
            ruling = Ruling(request.id, reasons=(reason,))
        else:
            ruling = rollback.roll_back(request, facts.place, facts.targets)
        return replace(ruling, dry=bool(self.dry_run))

    @classmethod
    def of_fact(cls, fact: Document) -> VerbRequest | None:
        """A planned deployment that rolls another one back."""
        if fact["state"] != DeploymentState.PLANNED or not fact.get("rollsBack"):
            return None
        return named(fact, "state", "rollsBack", id="id", to="artifact", on="on", reason="reason")
