"""The verb that updates releases when nobody decides: time passed, or something else runs in their line."""

from __future__ import annotations

from typing import Any

from forebear.domain import release
from forebear.domain.case import cases
from forebear.domain.outcome import Ruling
from forebear.domain.reference import unknown
from forebear.domain.release import DECISIONS
from forebear.graph.declaration import prop
from forebear.verbs.policy import PolicyFacts
from forebear.verbs.verb import Verb


class Evaluate(Verb[PolicyFacts], roles="ENGINEER APPROVER ADMIN"):
    """Evaluates the releases of a line by the policy in force there now, on the evidence that counts now, and compares them
    with what runs there now. A service does so every five minutes. If nothing follows, it writes nothing."""

    line: str = prop("The release line.", names=("ReleaseLine",))

    def asks(self) -> dict[str, Any]:
        """The line."""
        return {"lines": [self.line]}

    def decide(self, facts: PolicyFacts) -> Ruling:
        """Evaluate each release of the line."""
        if not facts.policy.lines:
            return Ruling(self.line, reasons=(unknown("line", self.line),))
        if forbidden := self.refusal(facts.actor, [self.line]):
            return Ruling(self.line, reasons=(forbidden,))
        releases = cases(facts.standing, facts.now)
        by = release.Decider(facts.actor, facts.now, None, facts.new_ids("decision", DECISIONS * len(releases)))
        effects = (effect for n, case in enumerate(releases) for effect in release.evaluate(case, by.on(n)).effects)
        return Ruling(self.line, tuple(effects))
