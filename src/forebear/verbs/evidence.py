"""The verb that attaches a measurement as evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from forebear.domain.artifact import ArtifactFactsRow, the_one
from forebear.domain.attachment import Attachment, EvidenceFactsRow
from forebear.domain.case import cases
from forebear.domain.outcome import Ruling
from forebear.domain.release import DECISIONS, Decider
from forebear.domain.standing import StandingFactsRow
from forebear.graph.declaration import PROSE, Fact, prop
from forebear.verbs.fact import Document, VerbRequest
from forebear.verbs.verb import DecisionFacts, Verb


@dataclass(frozen=True)
class EvidenceFacts(DecisionFacts):
    """What evidence names, and the standing of the releases that it concerns."""

    evidence: EvidenceFactsRow
    standing: list[StandingFactsRow]
    artifact: list[ArtifactFactsRow]


class AttachEvidence(Verb[EvidenceFacts], roles="ENGINEER RECORDER", takes=("Evidence",)):
    """Attaches the result of a measurement of a version, or of an artifact on its hardware target. Forebear refuses a metric
    or a slice that the pack does not define. Nobody can change evidence: newer evidence supersedes it. Forebear evaluates at
    once every release that the evidence concerns. The release may become EVALUATED, a policy of low risk may promote it, or
    it may become a CANDIDATE again."""

    evidence: Fact = prop("The evidence.", names=("Evidence",))
    reason: str | None = prop("A reason, or any remark. It is kept in the audit trail.", default=None, length=PROSE)

    def asks(self) -> dict[str, Any]:
        """All that the evidence names, and the releases of what it is about."""
        about = next(iter(self.evidence.get("about") or ()), "")
        artifact = about if about.startswith("artifact:") else None
        return {
            "version": None if artifact else about,
            "artifact": artifact,
            "compared": True,
            "evidence": self.evidence["id"],
            "packs": self.evidence.get("measuredWith") or [],
            "superseded": self.evidence.get("supersedes") or [],
        }

    def decide(self, facts: EvidenceFacts) -> Ruling:
        """Attach it, and evaluate the releases that it concerns."""
        grounds = facts.evidence
        if grounds.artifact and (built := the_one(facts.artifact).artifact):
            # The artifact is locked by now, so a quarantine that came first is visible.
            grounds = replace(grounds, artifact=replace(grounds.artifact, state=built.state))
        releases = cases(facts.standing, facts.now)
        if forbidden := self.refusal(facts.actor, {c.line.id for c in releases}):
            return Ruling(self.evidence["id"], reasons=(forbidden,))
        by = Decider(facts.actor, facts.now, self.reason, facts.new_ids("decision", DECISIONS * len(releases)))
        return Attachment(self.evidence, facts.described(self.evidence), grounds, releases, by).ruling()

    @classmethod
    def of_fact(cls, fact: Document) -> VerbRequest:
        """The evidence itself."""
        return VerbRequest({"evidence": fact}, read=fact)
