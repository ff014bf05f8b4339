"""The verb that lets a policy govern release lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from forebear.domain.adoption import Adoption, PolicyFactsRow
from forebear.domain.case import cases
from forebear.domain.outcome import Ruling
from forebear.domain.policy import covers, packs_of
from forebear.domain.release import DECISIONS, Decider
from forebear.domain.standing import StandingFactsRow
from forebear.graph.declaration import PROSE, Fact, prop
from forebear.verbs.fact import Document, NoAction, VerbRequest
from forebear.verbs.verb import DecisionFacts, Verb


@dataclass(frozen=True)
class PolicyFacts(DecisionFacts):
    """A policy, what governs its lines, and the standing of the releases in them."""

    policy: PolicyFactsRow
    standing: list[StandingFactsRow]


class AdoptPolicy(Verb[PolicyFacts], roles="ADMIN", takes=("ReleasePolicy",)):
    """Lets a version of a policy govern release lines, from now or from a moment to come. The former policy ends there. The
    document says what happens to standing approvals, and Forebear evaluates every release of the lines anew. A version never
    changes. Its risk tier and packs are those of the document."""

    policy: Fact = prop(
        "The policy. `document` holds its rules, and `governs` the lines that it governs from a moment to come.",
        names=("ReleasePolicy",),
    )
    lines: list[str] | None = prop("The lines that it governs from now on.", default=None, names=("ReleaseLine",))
    reason: str = prop("The reason. It is kept in the audit trail.", length=PROSE)

    def asks(self) -> dict[str, Any]:
        """The policy, all lines that it is to govern, and the packs that it names."""
        governed = [end["id"] for end in self.policy.get("governs") or ()]
        lines = list(dict.fromkeys((*(self.lines or ()), *governed)))
        document = self.policy.get("document")
        return {"policy": self.policy["id"], "lines": lines, "packs": packs_of(document), "covering": covers(document)}

    def decide(self, facts: PolicyFacts) -> Ruling:
        """Adopt it, and evaluate the releases of its lines."""
        releases = cases(facts.standing, facts.now)
        by = Decider(facts.actor, facts.now, self.reason, facts.new_ids("decision", DECISIONS * len(releases)))
        lines = list(dict.fromkeys(self.lines or ()))
        adoption = Adoption(self.policy, facts.described(self.policy), lines, facts.policy, releases, by)
        if forbidden := self.refusal(facts.actor, adoption.starts):
            return Ruling(self.policy["id"], reasons=(forbidden,))
        return adoption.ruling()

    @classmethod
    def of_fact(cls, fact: Document) -> VerbRequest:
        """The policy itself."""
        if "description" not in fact:
            raise NoAction("description: is missing; say there why the policy is adopted")
        return VerbRequest({"policy": fact, "reason": fact["description"]}, {"reason": "description"}, fact)
