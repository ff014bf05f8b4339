"""The verb by which versions become candidates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from forebear.domain.candidate import Candidate, CandidateFactsRow, Registration, model_of
from forebear.domain.outcome import Ruling
from forebear.domain.release import DECISIONS, Decider
from forebear.domain.standing import StandingFactsRow
from forebear.graph.declaration import PROSE, Fact, prop
from forebear.graph.ids import release_id
from forebear.graph.kinds.release import ReleaseState
from forebear.verbs.fact import Document, NoAction, VerbRequest
from forebear.verbs.verb import DecisionFacts, Verb


@dataclass(frozen=True)
class CandidateFacts(DecisionFacts):
    """The versions and what they name, and the standing that their releases would have."""

    candidate: CandidateFactsRow
    standing: list[StandingFactsRow]


class RegisterCandidate(Verb[CandidateFacts], roles="ENGINEER", takes=("ModelVersion", "Release")):
    """Registers versions of one model, promoted from checkpoints, as candidates in release lines. Forebear refuses a version
    that lacks what a line's policy asks of a candidate, and names everything that is missing. A known version gets a release
    in each line where it has none. You may say once what nobody said of the version before, until it is approved in any line.
    Votes for it then lapse, and its evidence stands. Evidence that exists already counts at once."""

    versions: list[Fact] = prop("The versions, with the checkpoints that they come from.", names=("ModelVersion",))
    lines: list[str] = prop(
        "The release lines. With none, the versions are known and have no release yet.", names=("ReleaseLine",)
    )
    reason: str | None = prop("A reason, or any remark. It is kept in the audit trail.", default=None, length=PROSE)

    def asks(self) -> dict[str, Any]:
        """All that the versions name, and the releases that they are to have."""
        pairs = [{"version": v["id"], "line": line} for v in self.versions for line in self.lines]
        return {
            "candidates": pairs,
            "completed": [v["id"] for v in self.versions if v.keys() - {"kind", "id"}],
            "versions": [v["id"] for v in self.versions],
            "models": [model_of(v) for v in self.versions],
            "checkpoints": _ends(self.versions, "promotedFrom"),
            "experiments": _ends(self.versions, "justifiedBy"),
            "superseded": _ends(self.versions, "supersedes"),
            "releases": [release_id(pair["version"], pair["line"]) for pair in pairs],
        }

    def decide(self, facts: CandidateFacts) -> Ruling:
        """Register them in the lines to which the actor may write."""
        lines = list(dict.fromkeys(self.lines))
        candidates = [Candidate(document, facts.described(document)) for document in self.versions]
        ids = facts.new_ids("decision", DECISIONS * (len(candidates) * len(lines) + 2 * len(facts.standing)))
        by = Decider(facts.actor, facts.now, self.reason, ids)
        registration = Registration(candidates, lines, facts.candidate, facts.standing, by)
        if forbidden := self.refusal(facts.actor, {*lines, *registration.lines_amended}):
            return Ruling(registration.subject, reasons=(forbidden,))
        return registration.ruling()

    @classmethod
    def of_fact(cls, fact: Document) -> VerbRequest:
        """A new version, or a new release."""
        if fact["kind"] == "ModelVersion":
            return VerbRequest({"versions": [fact], "lines": []}, read=fact)
        if fact["state"] != ReleaseState.CANDIDATE:
            raise NoAction("state: a release begins as a CANDIDATE; decisions about it change its state")
        if unsaid := [f"{name}: is missing" for name in ("version", "line") if name not in fact]:
            raise NoAction(*unsaid)
        version, line = fact["version"], fact["line"]
        if fact["id"] != (expected := release_id(version, line)):
            raise NoAction(f"id: the release of {version} in {line} is {expected}")
        input = {"versions": [{"kind": "ModelVersion", "id": version}], "lines": [line]}
        return VerbRequest(input, {"versions": "version", "lines": "line"}, ("id", "state"))


def _ends(documents: Iterable[Mapping[str, Any]], edge: str) -> list[str]:
    return [str(end) for document in documents for end in document.get(edge) or ()]
