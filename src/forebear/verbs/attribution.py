"""The verb that records what explains incidents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forebear.domain.attribution import Conclusion, ExplainedFactsRow, concluded
from forebear.domain.outcome import Ruling
from forebear.graph.declaration import PROSE, prop
from forebear.graph.kinds.incident import SUSPECT, AttributionFinding
from forebear.verbs.fact import Document, VerbRequest, named
from forebear.verbs.incident import INCIDENT
from forebear.verbs.verb import DecisionFacts, Verb

ATTRIBUTION = ("Attribution",)


@dataclass(frozen=True)
class AttributionFacts(DecisionFacts):
    """The incidents, what explains them so far, and the suspects."""

    explained: ExplainedFactsRow


class Attribute(Verb[AttributionFacts], roles="ENGINEER APPROVER OPERATOR", takes=ATTRIBUTION):
    """Records a conclusion about what explains incidents: that of a person, or of the method that the question `suspects`
    follows. Nobody can change it. It supersedes what explained these incidents, or some of them, and nothing else until then,
    which stays on record. Without suspects and findings it says that nothing is known to explain them. Whoever may write to
    the lines of the incidents may suspect anything that is on record."""

    incidents: list[str] = prop("The incidents that it explains.", names=INCIDENT)
    suspects: list[str] | None = prop(
        "The nodes that it suspects. Those in findings are suspected as well.", default=None, names=SUSPECT
    )
    findings: list[AttributionFinding] | None = prop("What was found about suspects. It stays as it was then.", default=None)
    method: str | None = prop("How it was found, such as `inspection` or `suspects`.", default=None)
    confidence: float | None = prop("The confidence, from 0 to 1.", default=None, least=0, most=1)
    description: str | None = prop("What there is to say about it.", default=None, length=PROSE)
    id: str | None = prop(
        "The id for the attribution. The same request again changes nothing.", default=None, names=ATTRIBUTION
    )
    reason: str | None = prop("A reason, or any remark. It is kept in the audit trail.", default=None, length=PROSE)

    def asks(self) -> dict[str, Any]:
        """The attribution with the same id, if there is one, and the suspects."""
        return {"attribution": self.id, "suspects": sorted(self._conclusion("").named)}

    def decide(self, facts: AttributionFacts) -> Ruling:
        """Record it, if the actor may write to the lines of the incidents."""
        (new,) = facts.new_ids("attribution", 1)
        if reason := self.refusal(facts.actor, facts.explained.lines):
            return Ruling(self.id or new, reasons=(reason,))
        return concluded(self._conclusion(facts.actor.name), facts.explained, new, facts.described)

    def _conclusion(self, actor: str) -> Conclusion:
        findings: list[Mapping[str, Any]] = self.findings or []  # type: ignore[assignment]
        return Conclusion(
            self.id, self.incidents, self.suspects or [], findings, actor, self.method, self.confidence, self.description
        )

    @classmethod
    def of_fact(cls, fact: Document) -> VerbRequest:
        """The attribution itself, of whoever records it."""
        same = {name: name for name in ("id", "suspects", "findings", "method", "confidence", "description")}
        return named(fact, incidents="explains", **same)
