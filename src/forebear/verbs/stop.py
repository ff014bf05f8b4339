"""The verb that asks places to stop what they run."""

from __future__ import annotations

from dataclasses import dataclass, replace

from forebear.domain import stop
from forebear.domain.outcome import Reason, Ruling
from forebear.domain.stop import StopFactsRow, StopRequest
from forebear.graph.declaration import PROSE, prop
from forebear.verbs.fact import Document, VerbRequest, named
from forebear.verbs.verb import DecisionFacts, Verb


@dataclass(frozen=True)
class StopFacts(DecisionFacts):
    """What is meant to run at the places."""

    stop: list[StopFactsRow]


class RequestStop(Verb[StopFacts], roles="OPERATOR", takes=("Stop",)):
    """Asks robots, cohorts or fleets to stop what they run, one or many. From then on, no deployment that was requested before
    says what should run there, and a robot that still runs something is drift. What is only planned there is over at once.
    Reports confirm the rest. A deployment that is requested later, or a rollback, takes the place of the stop. The same
    request again changes nothing."""

    place: list[str] = prop("The robots, cohorts and fleets, one or many.", names=("Robot", "Cohort", "Fleet"))
    reason: str = prop("The reason. It is kept in the audit trail.", length=PROSE)

    def decide(self, facts: StopFacts) -> Ruling:
        """Request it, if the actor may write to the lines of every place's fleets."""
        places = list(dict.fromkeys(self.place))
        if not places:
            return Ruling("", reasons=(Reason("INVALID_INPUT", "place: is empty", "name a place at least"),))
        for row in facts.stop:
            if reason := self.refusal_within(facts.actor, row.lines):
                return Ruling(row.place, reasons=(reason,))
        ids = facts.new_ids("stop", len(places))
        return stop.stop(StopRequest(dict(zip(places, ids, strict=True)), self.reason, facts.now), facts.stop)

    @classmethod
    def of_fact(cls, fact: Document) -> VerbRequest:
        """A stop. As a decision, it has no other identity than its fact's id."""
        asked = named(fact, "id", key=fact["id"], place="place", reason="reason")
        return replace(asked, input={name: [said] if name == "place" else said for name, said in asked.input.items()})
