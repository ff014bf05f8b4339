"""The verbs about what should run where, and about reports of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from forebear.domain import deployment
from forebear.domain.artifact import ArtifactFactsRow, the_one
from forebear.domain.canary import CanaryFactsRow, Observation
from forebear.domain.case import cases
from forebear.domain.contract import Grounds
from forebear.domain.deployment import DeployedFactsRow, StateReport
from forebear.domain.outcome import Ruling
from forebear.domain.place import PlaceFactsRow
from forebear.domain.standing import StandingFactsRow
from forebear.graph.declaration import ENDS, PROSE, prop
from forebear.graph.kinds.fleet import DeploymentState
from forebear.graph.moments import moment
from forebear.verbs.artifact import ARTIFACT
from forebear.verbs.fact import Document, VerbRequest, named
from forebear.verbs.verb import DecisionFacts, Verb

DEPLOYMENT = ("Deployment",)
PLACE = ("Fleet", "Cohort")


@dataclass(frozen=True)
class DeploymentFacts(DecisionFacts):
    """What lets versions run, the artifacts, the place, and what robots were observed to run."""

    permission: list[StandingFactsRow]
    artifact: list[ArtifactFactsRow]
    place: PlaceFactsRow
    canary: list[CanaryFactsRow]

    @property
    def grounds(self) -> Grounds:
        """What a permission rests on."""
        return Grounds(cases(self.permission, self.now), [Observation(row, self.now) for row in self.canary])


def lines_at(place: PlaceFactsRow, target: str | None, others: Iterable[str] = ()) -> set[str]:
    """Return the lines of a place that a write there concerns: those for the hardware target or, if there are none, all.

    `others` are further lines that it concerns.
    """
    lines = [line for fleet in place.fleets for line in fleet.lines]
    return {*({line.id for line in lines if line.target == target} or {line.id for line in lines}), *others}


class RequestDeployment(Verb[DeploymentFacts], roles="OPERATOR", takes=DEPLOYMENT):
    """Authorises the deployment of an artifact to a fleet or a cohort, and records the intent. The deployment manager carries
    it out and reports it. Forebear refuses the request with every reason why the artifact may not run there, and while
    another deployment is pending there. A canary is a deployment to a cohort. To promote it, request a deployment to the
    fleet."""

    artifact: str = prop("The artifact to run.", names=ARTIFACT)
    on: str = prop("The fleet or cohort.", names=PLACE)
    reason: str = prop("The reason. It is kept in the audit trail.", length=PROSE)
    planned_for: datetime | None = prop(
        "When the deployment is to begin. The moment must not be past. By default it begins at once.", default=None, ahead=True
    )
    id: str | None = prop("The id for the deployment. The same request again changes nothing.", default=None, names=DEPLOYMENT)

    def asks(self) -> dict[str, Any]:
        """The deployment with the same id, if there is one."""
        return {"deployment": self.id}

    def decide(self, facts: DeploymentFacts) -> Ruling:
        """Authorise it, if the actor may write to the lines of the place."""
        of = the_one(facts.artifact)
        (id,) = facts.new_ids("deployment", 1)
        begin = moment(self.planned_for) if self.planned_for is not None else None
        request = deployment.Request(self.id or id, self.artifact, self.on, self.reason, begin)
        lines = lines_at(facts.place, of.target.id if of.target else None)
        if facts.place.place and (reason := self.refusal_within(facts.actor, lines)):
            return Ruling(request.id, reasons=(reason,))
        return deployment.request(request, facts.place, of, facts.grounds, facts.now)

    @classmethod
    def of_fact(cls, fact: Document) -> VerbRequest | None:
        """A planned deployment that rolls nothing back."""
        if fact["state"] != DeploymentState.PLANNED or fact.get("rollsBack"):
            return None
        return named(fact, "state", id="id", artifact="artifact", on="on", reason="reason", plannedFor="plannedFor")


@dataclass(frozen=True)
class ReportFacts(DecisionFacts):
    """The releases that a report may change, and the place of the deployment."""

    deployed: list[DeployedFactsRow]
    place: PlaceFactsRow


class ReportDeployment(Verb[ReportFacts], roles="OPERATOR RECORDER", takes=DEPLOYMENT):
    """Reports the state of a deployment. Reports may come late, twice and out of order. The newest moment decides the state,
    and older ones fill in what was unknown. Once the deployment is active, what it replaces is over."""

    deployment: str = prop("The deployment.", names=DEPLOYMENT)
    state: DeploymentState = prop("The state: IN_PROGRESS, ACTIVE, FAILED or ENDED.")
    at: datetime = prop("The moment since which it has this state.")
    active_from: datetime | None = prop("The moment since which it was active, if nobody reported that before.", default=None)
    failed_robots: list[str] | None = prop("The robots on which it failed.", default=None, names=("Robot",), items=ENDS)
    reason: str | None = prop("A reason, or any remark. It is kept in the audit trail.", default=None, length=PROSE)

    def decide(self, facts: ReportFacts) -> Ruling:
        """Take the report, if the actor may write to the lines that it concerns."""
        active_from = moment(self.active_from) if self.active_from is not None else None
        failed = tuple(self.failed_robots or ())
        reported = StateReport(self.deployment, self.state, moment(self.at), active_from, failed)
        ruling = deployment.report(reported, facts.place, facts.deployed, facts.now)
        target = next((d.target for d in facts.place.deployments if d.id == self.deployment), None)
        lines = lines_at(facts.place, target, deployment.lines_concerned(self.deployment, ruling, facts.deployed))
        if not ruling.reasons and (reason := self.refusal_within(facts.actor, lines)):
            return Ruling(self.deployment, reasons=(reason,))
        return ruling

    @classmethod
    def of_fact(cls, fact: Document) -> VerbRequest | None:
        """A deployment in any state but PLANNED."""
        if fact["state"] == DeploymentState.PLANNED:
            return None
        when = {"at": "validTo", "activeFrom": "validFrom"} if "validTo" in fact else {"at": "validFrom"}
        return named(fact, deployment="id", state="state", failedRobots="failedRobots", reason="reason", **when)
