"""The verbs by which people decide about a release."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, TypeVar

from forebear.domain import release
from forebear.domain.case import Case, cases
from forebear.domain.outcome import Reason, Ruling
from forebear.domain.release import Decider
from forebear.domain.standing import InstalledFactsRow, StandingFactsRow
from forebear.graph.declaration import PROSE, prop
from forebear.graph.kinds.release import DecisionType, Verdict
from forebear.graph.moments import moment
from forebear.verbs.fact import Document, NoAction, VerbRequest
from forebear.verbs.verb import DecisionFacts, Verb

RELEASE = ("Release",)

AUTOMATIC = (DecisionType.EVALUATION, DecisionType.PROMOTION)
"""The types of decisions that the policy takes, and no verb."""


@dataclass(frozen=True)
class ReleaseFacts(DecisionFacts):
    """The standing of a release."""

    standing: list[StandingFactsRow]


@dataclass(frozen=True)
class ArchivalFacts(ReleaseFacts):
    """The standing of a release, and the robots that run it."""

    installed: InstalledFactsRow


F = TypeVar("F", bound=ReleaseFacts)


class ReleaseVerb(Verb[F]):
    """What the verbs about one release have in common: the actor must be allowed to write to its line."""

    release: str = prop("The release.", names=RELEASE)

    types: ClassVar[tuple[DecisionType, ...]] = ()
    """The types of decisions that this verb takes."""
    extra: ClassVar[str | None] = None
    """The additional member of the input for a decision of this type."""
    decisions: ClassVar[int] = 1
    """How many decisions it may record."""

    def decide(self, facts: F) -> Ruling:
        """Find the release, check that the actor may write to its line, and decide about it."""
        case = next(iter(cases(facts.standing, facts.now)), None)
        if case is None:
            message = f"release: {self.release} is not known, or not described yet"
            return Ruling(self.release, reasons=(Reason("NOT_FOUND", message, "register the candidate first"),))
        if forbidden := self.refusal(facts.actor, [case.line.id]):
            return Ruling(self.release, reasons=(forbidden,))
        by = Decider(facts.actor, facts.now, getattr(self, "reason", None), facts.new_ids("decision", self.decisions))
        return self.decide_about(case, by, facts)

    def decide_about(self, case: Case, by: Decider, facts: F) -> Ruling:
        """Decide about the release."""
        raise NotImplementedError

    @classmethod
    def of_fact(cls, fact: Document) -> VerbRequest | None:
        """A Decision of one of its types."""
        if "type" not in fact:
            raise NoAction("type: is required, since it says what is to be decided")
        if fact["type"] in AUTOMATIC:
            message = f"type: nobody takes a decision of type {fact['type']}: the policy does, when evidence arrives"
            raise NoAction(message)
        if fact["type"] not in cls.types:
            return None
        if fact.get("verdict", Verdict.GRANTED) != Verdict.GRANTED:
            raise NoAction("verdict: a request says GRANTED; only the registry answers REFUSED")
        about = fact.get("about", [])
        if len(about) != 1:
            raise NoAction(f"about: a decision is about one release; {len(about)} are named")
        input, members = {"release": about[0]}, {"release": "about", "reason": "reasons"}
        if reasons := fact.get("reasons"):
            input["reason"] = "; ".join(reasons)
        if cls.extra is not None:
            members[cls.extra] = cls.extra
            input |= {name: fact[name] for name in (cls.extra,) if name in fact}
        # The fact's id is the only identity of a decision, so the same fact again is the same decision.
        return VerbRequest(input, members, ("id", "type", "verdict"), key=fact["id"])


class Approve(ReleaseVerb[ReleaseFacts], roles="APPROVER", takes=("Decision",)):
    """Votes for a release in its line. The vote that completes what the policy asks for approves the release. Forebear
    refuses the approval, on record, if evidence is missing or the vote cannot count."""

    reason: str | None = prop("A reason, or any remark. It is kept in the audit trail.", default=None, length=PROSE)

    types: ClassVar = (DecisionType.VOTE, DecisionType.APPROVAL)
    decisions: ClassVar = 3

    def decide_about(self, case: Case, by: Decider, facts: ReleaseFacts) -> Ruling:
        """Vote for it."""
        return release.approve(case, by)


class ReasonedVerb(ReleaseVerb[F]):
    """A verb about one release that needs a reason."""

    reason: str = prop("The reason. It is kept in the audit trail.", length=PROSE)


class Reject(ReasonedVerb[ReleaseFacts], roles="APPROVER", takes=("Decision",)):
    """Decides against a release that is not approved. New evidence that suffices, or a restoration, brings it back."""

    types: ClassVar = (DecisionType.REJECTION,)

    def decide_about(self, case: Case, by: Decider, facts: ReleaseFacts) -> Ruling:
        """Reject it."""
        return release.reject(case, by)


class WithdrawApproval(ReasonedVerb[ReleaseFacts], roles="APPROVER", takes=("Decision",)):
    """Withdraws the approval of a release, so that it needs a new one. What runs goes on, unauthorised."""

    types: ClassVar = (DecisionType.WITHDRAWAL,)

    def decide_about(self, case: Case, by: Decider, facts: ReleaseFacts) -> Ruling:
        """Withdraw its approval."""
        return release.withdraw_approval(case, by)


class Deprecate(ReasonedVerb[ReleaseFacts], roles="APPROVER", takes=("Decision",)):
    """Forbids new deployments of a release. What runs goes on. Rolling back to the release stays allowed, unless
    `rollbackAllowed` is false. You may deprecate it again to change that. If the release must not run at all, withdraw its
    approval (withdrawApproval)."""

    rollback_allowed: bool | None = prop("Whether rolling back to it stays allowed. By default it does.", default=None)

    types: ClassVar = (DecisionType.DEPRECATION,)
    extra: ClassVar = "rollbackAllowed"

    def decide_about(self, case: Case, by: Decider, facts: ReleaseFacts) -> Ruling:
        """Deprecate it."""
        return release.deprecate(case, by, self.rollback_allowed is not False)


class Archive(ReasonedVerb[ArchivalFacts], roles="APPROVER", takes=("Decision",)):
    """Closes a release for good. Forebear refuses this while the release runs or is about to, or while robots are seen to run
    it."""

    types: ClassVar = (DecisionType.ARCHIVAL,)

    def decide_about(self, case: Case, by: Decider, facts: ArchivalFacts) -> Ruling:
        """Archive it."""
        return release.archive(case, by, facts.installed.robots)


class Restore(ReasonedVerb[ReleaseFacts], roles="APPROVER", takes=("Decision",)):
    """Restores a deprecated release with its approval as it was, or reopens a rejected one."""

    types: ClassVar = (DecisionType.RESTORATION,)

    def decide_about(self, case: Case, by: Decider, facts: ReleaseFacts) -> Ruling:
        """Restore it."""
        return release.restore(case, by)


class Override(ReleaseVerb[ReleaseFacts], roles="ADMIN", takes=("Decision",)):
    """Lets a release run until a moment without an approval, in an emergency. Everything that it authorises names the
    override."""

    reason: str = prop("Why it cannot wait.", length=PROSE)
    expires_at: datetime = prop("The moment until which it may run (exclusive).", ahead=True)

    types: ClassVar = (DecisionType.OVERRIDE,)
    extra: ClassVar = "expiresAt"

    def decide_about(self, case: Case, by: Decider, facts: ReleaseFacts) -> Ruling:
        """Override for it."""
        return release.override(case, by, moment(self.expires_at))
