"""The verbs about artifacts: builds of model versions for hardware targets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec

from forebear.domain import artifact, release
from forebear.domain.artifact import ArtifactFactsRow, BuildFactsRow, the_one
from forebear.domain.case import Case, case, cases
from forebear.domain.outcome import Ruling, Update
from forebear.domain.release import DECISIONS, Decider
from forebear.domain.standing import StandingFactsRow
from forebear.graph.declaration import PROSE, Fact, prop
from forebear.graph.kinds.release import ArtifactState
from forebear.verbs.fact import Document, VerbRequest, named
from forebear.verbs.verb import DecisionFacts, Verb

ARTIFACT = ("Artifact",)

_TAKEN_AWAY = (ArtifactState.QUARANTINED, ArtifactState.DELETED)


@dataclass(frozen=True)
class ArtifactFacts(DecisionFacts):
    """What lets a version run, what an artifact is built from and for, and the artifact."""

    permission: list[StandingFactsRow]
    build: BuildFactsRow
    artifact: list[ArtifactFactsRow]


class RegisterArtifact(Verb[ArtifactFacts], roles="ENGINEER", takes=ARTIFACT):
    """Registers a build of a model version for a hardware target. Its id is the digest of its content. The build is
    AVAILABLE, which needs an approval in a release line for that hardware. Without one, register it as EVALUATION_ONLY.
    Register it again once its version is approved, and it becomes AVAILABLE. If robots reported the artifact before, it keeps
    its installations. Do not say what authorises it: Forebear finds that."""

    artifact: Fact = prop("The artifact.", names=ARTIFACT)
    reason: str | None = prop("A reason, or any remark. It is kept in the audit trail.", default=None, length=PROSE)

    def asks(self) -> dict[str, Any]:
        """The artifact, its version, its hardware target and its toolchain."""
        fact = self.artifact
        named = {"version": fact.get("builtFrom"), "target": fact.get("target"), "toolchain": fact.get("toolchain")}
        return {"artifact": fact["id"], **named}

    def decide(self, facts: ArtifactFacts) -> Ruling:
        """Register it, if the actor may write to one of the lines that it is for."""
        fact, stored = self.artifact, the_one(facts.artifact)
        target = fact.get("target") or (stored.target.id if stored.target else None)
        releases = cases(facts.permission, facts.now)
        lines, mine = _lines_for(target, releases), facts.actor.lines
        # One line suffices. Other lines decide for themselves what to use it for.
        if mine is not None and not lines & mine and (forbidden := self.refusal_within(facts.actor, lines)):
            return Ruling(fact["id"], reasons=(forbidden,))
        own = [c for c in releases if mine is None or c.line.id in mine or c.line.target != target]
        ruling = artifact.register(fact, facts.described(fact), facts.build, stored, own, facts.now)
        # Its name concerns every line that it is for.
        renamed = any(isinstance(effect, Update) for effect in ruling.effects)
        if renamed and (forbidden := self.refusal_within(facts.actor, lines)):
            return Ruling(fact["id"], reasons=(forbidden,))
        return ruling

    @classmethod
    def of_fact(cls, fact: Document) -> VerbRequest | None:
        """The artifact itself, unless its state takes it away."""
        return None if fact.get("state", "") in _TAKEN_AWAY else VerbRequest({"artifact": fact}, read=fact)


def _lines_for(target: str | None, releases: Iterable[Case]) -> set[str]:
    """Return the lines for a hardware target or, without a target, all lines of its version."""
    return {c.line.id for c in releases if target is None or c.line.target == target}


@dataclass(frozen=True)
class RemovalFacts(DecisionFacts):
    """The releases that an artifact's version or evidence concerns, and the artifact."""

    standing: list[StandingFactsRow]
    artifact: list[ArtifactFactsRow]


class RemovalVerb(Verb[RemovalFacts]):
    """A verb after which an artifact's measurements no longer count, so that releases are evaluated anew."""

    artifact: str = prop("The artifact.", names=ARTIFACT)
    reason: str = prop("The reason. It is kept in the audit trail.", length=PROSE)

    into: ClassVar[ArtifactState]
    """The state that the artifact gets."""

    def asks(self) -> dict[str, Any]:
        """The releases of its version, and those that are compared with it."""
        return {"compared": True}

    def remove(self, stored: ArtifactFactsRow, now: str) -> Ruling:
        """Decide about the artifact alone."""
        raise NotImplementedError

    def decide(self, facts: RemovalFacts) -> Ruling:
        """Remove it, and evaluate the releases that it concerns."""
        stored, releases = the_one(facts.artifact), cases(facts.standing, facts.now)
        ruling = self.remove(stored, facts.now)
        if ruling.reasons or not ruling.effects:
            return ruling
        by = Decider(facts.actor, facts.now, self.reason, facts.new_ids("decision", DECISIONS * len(releases)))
        after = [release.evaluate(_without(c, self.artifact, self.into), by.on(n)) for n, c in enumerate(releases)]
        # This concerns every line that it is for, and every line whose releases were measured on it.
        lines = _lines_for(stored.target.id if stored.target else None, releases)
        lines |= {c.line.id for c, v in zip(releases, after, strict=True) if v.effects}
        if forbidden := self.refusal_within(facts.actor, lines):
            return Ruling(self.artifact, reasons=(forbidden,))
        return Ruling(self.artifact, (*ruling.effects, *(effect for v in after for effect in v.effects)))

    @classmethod
    def of_fact(cls, fact: Document) -> VerbRequest | None:
        """The artifact in the state that it gets."""
        if fact.get("state") != cls.into:
            return None
        request = named(fact, "state", artifact="id", reason="description")
        request.input.setdefault("reason", "Recorded as a fact.")
        return request


def _without(before: Case, artifact: str, state: ArtifactState) -> Case:
    """Return a case as it is once nobody may use an artifact."""
    replace = msgspec.structs.replace
    evidence = [replace(e, artifact_state=state) if e.artifact == artifact else e for e in before.standing.built_evidence]
    after = case(replace(before.standing, built_evidence=evidence), before.now)
    assert after is not None
    return after


class QuarantineArtifact(RemovalVerb, roles="ENGINEER APPROVER OPERATOR", takes=ARTIFACT):
    """Forbids the use of an artifact. Nobody can deploy it any more, and measurements on it count no more. What runs of it
    goes on, and shows as drift. To go on, register another build."""

    into: ClassVar = ArtifactState.QUARANTINED

    def remove(self, stored: ArtifactFactsRow, now: str) -> Ruling:
        """Put it in quarantine."""
        return artifact.quarantine(self.artifact, stored, now)


class DeleteArtifact(RemovalVerb, roles="ENGINEER", takes=ARTIFACT):
    """Records that an artifact's content is gone. Its record stays. Forebear refuses this while a deployment of the artifact
    is not over."""

    into: ClassVar = ArtifactState.DELETED

    def remove(self, stored: ArtifactFactsRow, now: str) -> Ruling:
        """Record that it is deleted."""
        return artifact.delete(self.artifact, stored, now)
