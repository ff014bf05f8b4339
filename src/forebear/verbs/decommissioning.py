"""The verbs by which robots, cohorts and fleets leave service, and return to it."""

from __future__ import annotations

from dataclasses import dataclass

from forebear.domain import decommissioning
from forebear.domain.decommissioning import DecommissionFactsRow, ServiceChange
from forebear.domain.outcome import Ruling
from forebear.graph.declaration import prop
from forebear.verbs.fact import Document, VerbRequest, named
from forebear.verbs.verb import DecisionFacts, Verb

SPOT = ("Robot", "Cohort", "Fleet")


@dataclass(frozen=True)
class ServiceFacts(DecisionFacts):
    """What belongs to a place and runs there, and whether it is in service."""

    decommission: DecommissionFactsRow


class ServiceVerb(Verb[ServiceFacts]):
    """What the verbs about the service of a place have in common."""

    place: str = prop("The robot, cohort or fleet.", names=SPOT)
    reason: str = prop("The reason. It is kept in the audit trail.")

    def change(self, change: ServiceChange, service: DecommissionFactsRow) -> Ruling:
        """Return the decision, once the actor is allowed to take it."""
        raise NotImplementedError

    def decide(self, facts: ServiceFacts) -> Ruling:
        """Change the service of the place, if the actor may write to the lines of its fleets."""
        if reason := self.refusal_within(facts.actor, facts.decommission.lines):
            return Ruling(self.place, reasons=(reason,))
        (id,) = facts.new_ids("decommissioning", 1)
        return self.change(ServiceChange(self.place, self.reason, facts.now, id), facts.decommission)


class Decommission(ServiceVerb, roles="OPERATOR", takes=("Decommissioning",)):
    """Takes a robot, a cohort or a fleet out of service, from now on. Forebear refuses this while a deployment there, or to a
    cohort of the fleet, is not over. It ends the memberships of the place, and what was seen on robots that belong to no
    fleet since then. Nobody can deploy anything there any more. Forebear still records what robots report there, and shows it
    as drift."""

    def change(self, change: ServiceChange, service: DecommissionFactsRow) -> Ruling:
        """Take it out of service."""
        return decommissioning.decommission(change, service)

    @classmethod
    def of_fact(cls, fact: Document) -> VerbRequest:
        """A decommissioning. As a decision, it has no other identity than its fact's id."""
        return named(fact, "id", key=fact["id"], place="place", reason="reason")


class Recommission(ServiceVerb, roles="OPERATOR"):
    """Returns a decommissioned robot, cohort or fleet to service, from now on. It begins anew: record which fleets and
    cohorts it belongs to now."""

    def change(self, change: ServiceChange, service: DecommissionFactsRow) -> Ruling:
        """Put it into service again."""
        return decommissioning.recommission(change, service)
