"""The verb that corrects wrong values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forebear.domain.artifact import ArtifactFactsRow, the_one
from forebear.domain.case import cases
from forebear.domain.correction import CorrectionFactsRow, PendingCorrection
from forebear.domain.outcome import Reason, Ruling
from forebear.domain.release import DECISIONS, Decider
from forebear.domain.standing import StandingFactsRow
from forebear.graph.amendment import corrected
from forebear.graph.declaration import PROSE, Json, prop
from forebear.graph.ids import Ids
from forebear.graph.kinds import GRAPH
from forebear.verbs.fact import Document, VerbRequest, named
from forebear.verbs.verb import DecisionFacts, Verb

_IDS = Ids(GRAPH)


@dataclass(frozen=True)
class CorrectionFacts(DecisionFacts):
    """The stored values of a version or an artifact, and the releases that it concerns."""

    correction: CorrectionFactsRow
    standing: list[StandingFactsRow]
    artifact: list[ArtifactFactsRow]


class Correct(Verb[CorrectionFacts], roles="ADMIN", takes=("Correction",)):
    """Corrects values of a model version or an artifact. The former values stay known. If a digest or the interface of a
    version changes, no approval and no vote of it holds any more. If a digest changes, no evidence does either."""

    of: str = prop("The version or artifact to correct.", names=("ModelVersion", "Artifact"))
    values: Json = prop("The corrected values by property. A null takes a value away.")
    reason: str = prop("The reason. It is kept in the audit trail.", length=PROSE)

    def asks(self) -> dict[str, Any]:
        """The version or the artifact, and the releases that are compared with it."""
        name = "version" if _IDS.kind(self.of) == "ModelVersion" else "artifact"
        return {name: self.of, "compared": True}

    def decide(self, facts: CorrectionFacts) -> Ruling:
        """Correct the values, and void what rested on them."""
        kind = GRAPH.kinds[_IDS.kind(self.of)]
        if not isinstance(self.values, Mapping):
            reason = Reason("INVALID_INPUT", "values: expected an object", "give the values by property")
            return Ruling(self.of, reasons=(reason,))
        values, wrong = corrected(kind, self.values)
        if wrong:
            invalid = (Reason("INVALID_INPUT", text, "correct the field and try again") for text in wrong)
            return Ruling(self.of, reasons=tuple(invalid))
        releases = cases(facts.standing, facts.now)
        stored_artifact = the_one(facts.artifact)
        stored = (
            stored_artifact.artifact.values
            if stored_artifact.artifact and stored_artifact.is_registered
            else facts.correction.stored
        )
        if stored is not None and (forbidden := self.refusal_within(facts.actor, {c.line.id for c in releases})):
            return Ruling(self.of, reasons=(forbidden,))
        by = Decider(facts.actor, facts.now, self.reason, facts.new_ids("decision", DECISIONS * len(releases)))
        return PendingCorrection(self.of, kind, values, stored, releases, by).ruling()

    @classmethod
    def of_fact(cls, fact: Document) -> VerbRequest:
        """A correction of a node of a governed kind."""
        return named(fact, of="of", values="values", reason="reason")
