"""Decisions about a release: votes and approval, rejection and withdrawal, the ways to its end and back.

Each takes facts and returns effects. A decision freezes what it rests on: the checks, the evidence, the policy, and the release
that it was compared with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from forebear.domain.case import Case
from forebear.domain.evaluation import missing, promotes_itself
from forebear.domain.lifecycle import Event, allowed, observed
from forebear.domain.outcome import Connect, Describe, Disconnect, Effect, Reason, Revise, Ruling
from forebear.domain.place import not_over
from forebear.domain.policy import Policy
from forebear.domain.roles import Actor
from forebear.domain.votes import Vote
from forebear.graph.kinds.release import DecisionType, ReleaseState, Verdict

STILL_RUNS = "STILL_RUNS"
EVIDENCE_CORRECTED = "EVIDENCE_CORRECTED"
RESTS_ON_RECALLED = "RESTS_ON_RECALLED"

APPROVALS = (DecisionType.APPROVAL, DecisionType.PROMOTION)
"""The decisions that approve a release."""

NAMED = 5
"""How many robots a refusal names, if there are many."""


DECISIONS = 2
"""How many decisions an evaluation of a release may record: itself and a promotion by the policy."""


@dataclass(frozen=True)
class Decider:
    """Who decides, when and why, and the ids that new decisions get, in order."""

    actor: Actor
    now: str
    reason: str | None
    ids: Sequence[str]

    def on(self, nth: int) -> Decider:
        """Return the same for the nth of several releases, with ids of its own."""
        return replace(self, ids=self.ids[nth * DECISIONS : (nth + 1) * DECISIONS])


def _decision(
    case: Case,
    by: Decider,
    nth: int,
    type: DecisionType,
    verdict: Verdict = Verdict.GRANTED,
    *,
    state: ReleaseState | None = None,
    reasons: Iterable[Reason] = (),
    counts: Iterable[str] = (),
    checked: bool = False,
    actor: str | None = None,
    values: Mapping[str, Any] | None = None,
) -> Describe:
    """Return a decision about a release as a fact. `checked`: it rests on the checks. `actor`: the policy, if it decides.

    `values` are those that only this type of decision has.
    """
    reasons_given = [by.reason] if by.reason else []
    policy = case.standing.policy
    document: dict[str, Any] = {
        "kind": "Decision",
        "id": by.ids[nth],
        "type": type.value,
        "verdict": verdict.value,
        "actor": actor or by.actor.name,
        "digest": case.digest,
        "decidedAt": case.now,
        "reasons": [*reasons_given, *(r.message for r in reasons)],
        "about": [case.release.id],
        "under": [policy.id] if policy else [],
        "counts": list(counts),
    }
    if actor is None:
        document |= {"roles": sorted(by.actor.roles), "machine": by.actor.machine}
    if state is not None:
        document["state"] = state.value
    document |= values or {}
    if checked:
        document["checks"] = [c.frozen() for c in case.checks]
        document["cites"] = list(dict.fromkeys(evidence for c in case.checks for evidence in c.rests_on))
        if type in APPROVALS and verdict is Verdict.GRANTED and isinstance(case.policy, Policy):
            document["grounds"] = [g.frozen() for g in case.grounds if g.part in case.policy.candidate]
        compared = case.standing.baseline and case.standing.baseline.release
        document["comparedWith"] = [compared] if compared else []
    return Describe(document)


def _moves(case: Case, state: ReleaseState, **changed: Any) -> list[Effect]:
    """Return the release's new state and other new values, or nothing if all stays."""
    before = {"state": case.release.state.value, "staleFrom": case.release.stale_from}
    after = {name: value for name, value in {"state": state.value, **changed}.items() if before[name] != value}
    return [Revise(case.release.id, {name: before[name] for name in after}, after)] if after else []


def _stands_approved(case: Case, decision: str) -> list[Effect]:
    """Approve the release by one decision. It is DEPLOYED at once if something of it runs already."""
    state = ReleaseState.APPROVED
    if case.running:
        state = observed(state, Event.DEPLOYMENT_ACTIVE)
    former = (Disconnect(case.release.id, "approvedBy", id) for id in case.approvals)
    return [*_moves(case, state, staleFrom=case.stale_from), *former, Connect(case.release.id, "approvedBy", decision)]


def _refused(
    case: Case, by: Decider, nth: int, type: DecisionType, reasons: Iterable[Reason], before: Iterable[Effect] = ()
) -> Ruling:
    """Refuse, and record the refusal."""
    reasons = tuple(reasons)
    decision = _decision(case, by, nth, type, Verdict.REFUSED, reasons=reasons, checked=True)
    return Ruling(case.release.id, (*before, decision), reasons)


def approve(case: Case, by: Decider) -> Ruling:
    """Vote for a release. The last vote that the policy asks for approves it.

    The refusal is on record if evidence is missing or the vote cannot count. A vote for an approved release changes nothing. If
    the approval is stale, votes count anew. What is recalled is not approved, whether it was before or not.
    """
    if case.recalled:
        return _refused(case, by, 0, DecisionType.APPROVAL, [case.recalled])
    if case.is_approved and not case.is_stale:
        return Ruling(case.release.id)
    if isinstance(case.policy, Reason):
        return _refused(case, by, 0, DecisionType.APPROVAL, [case.policy])
    failed = case.unmet
    effects: list[Effect] = []
    if case.release.state is ReleaseState.CANDIDATE and not failed:
        case, effects = _evaluated(case, by, 0)
    elif case.release.state in (ReleaseState.CANDIDATE, ReleaseState.EVALUATED) and failed:
        return _refused(case, by, 1, DecisionType.APPROVAL, failed, _lapsed(case, by, 0))
    target = allowed(case.release.state, DecisionType.VOTE)
    if isinstance(target, Reason):
        return _refused(case, by, 0, DecisionType.APPROVAL, [target])
    if failed:
        return _refused(case, by, 0, DecisionType.APPROVAL, failed)
    vote = _vote(by, by.ids[1])
    count = case.count([*case.votes, vote])
    if against := [reason for v, reason in count.excluded if v.decision == vote.decision]:
        return _refused(case, by, 0, DecisionType.APPROVAL, against)
    effects.append(_decision(case, by, 1, DecisionType.VOTE, checked=True))
    if not count.still_needed:
        state = ReleaseState.APPROVED
        counted = [v.decision for v in count.counted]
        effects.append(_decision(case, by, 2, DecisionType.APPROVAL, state=state, counts=counted, checked=True))
        effects += _stands_approved(case, by.ids[2])
    return Ruling(case.release.id, tuple(together(effects)))


def _vote(by: Decider, decision: str) -> Vote:
    return Vote(decision, by.actor.name, frozenset(by.actor.roles), by.actor.machine, by.now)


def _evaluation(
    case: Case, by: Decider, nth: int, verdict: Verdict, state: ReleaseState, reasons: Iterable[Reason] = ()
) -> Describe:
    """Return the policy's decision about the evidence."""
    policy = case.standing.policy
    actor = policy.id if policy else None
    return _decision(case, by, nth, DecisionType.EVALUATION, verdict, state=state, reasons=reasons, checked=True, actor=actor)


def _evaluated(case: Case, by: Decider, nth: int) -> tuple[Case, list[Effect]]:
    """Evaluate a release whose evidence suffices. Return the case after it, and the effects."""
    state = ReleaseState.EVALUATED
    effects = [_evaluation(case, by, nth, Verdict.GRANTED, state), *_moves(case, state)]
    return case.with_release(state=state), effects


def _lapsed(case: Case, by: Decider, nth: int) -> list[Effect]:
    """Make an evaluated release a candidate again, because its evidence no longer suffices."""
    state = observed(case.release.state, Event.EVIDENCE_LAPSED)
    if state is case.release.state:
        return []
    # The reason of whoever attached the evidence is not the policy's reason.
    return [_evaluation(case, replace(by, reason=None), nth, Verdict.REFUSED, state, case.unmet), *_moves(case, state)]


def _undermined(case: Case, by: Decider, nth: int) -> tuple[Case, list[Effect]]:
    """Make an approval stale from now on, because its grounds were corrected. Return the case after it, and the effects."""
    if not _may_become_stale(case) or not case.fallen:
        return case, []
    return _stale_since_now(
        case, by, nth, [Reason(EVIDENCE_CORRECTED, message, "have it approved anew") for message in case.fallen]
    )


def outdated(case: Case, by: Decider, message: str) -> list[Effect]:
    """Make an approval stale from now on, because what it rests on is recalled. Nothing, if it is stale already."""
    if not _may_become_stale(case):
        return []
    return _stale_since_now(case, by, 0, [Reason(RESTS_ON_RECALLED, message, "have it approved anew")])[1]


def _may_become_stale(case: Case) -> bool:
    return not case.is_stale and (case.is_approved or case.release.state is ReleaseState.DEPRECATED)


def _stale_since_now(case: Case, by: Decider, nth: int, reasons: Iterable[Reason]) -> tuple[Case, list[Effect]]:
    state = case.release.state
    decision = _evaluation(case, replace(by, reason=None), nth, Verdict.REFUSED, state, reasons)
    return case.with_release(stale_from=case.now), [decision, *_moves(case, state, staleFrom=case.now)]


def evaluate(case: Case, by: Decider) -> Ruling:
    """Apply new evidence or a new policy to a release: evaluate it, promote it, or make it a candidate again.

    An approval becomes stale once its grounds no longer hold.

    If nothing follows, nothing changes. A policy that promotes by itself is the actor of the promotion, and of its refusal once
    all that it asks for was measured.
    """
    case, effects = _undermined(case, by, 0)
    policy = case.policy
    if isinstance(policy, Reason):
        return Ruling(case.release.id, tuple(effects))
    if case.unmet:
        effects += _lapsed(case, by, 0)
        if policy.automatic_promotion and _is_to_be_refused(case):
            effects.append(_promotion(case, by, Verdict.REFUSED, reasons=case.unmet))
        return Ruling(case.release.id, tuple(effects))
    reopened = case.release.state is ReleaseState.REJECTED and case.has_new_evidence
    again = case.release.state is ReleaseState.EVALUATED and case.has_news(DecisionType.EVALUATION)
    if case.release.state is ReleaseState.CANDIDATE or reopened or again:
        case, effects = _evaluated(case, by, 0)
    waits = case.release.state is ReleaseState.EVALUATED or (case.is_approved and case.is_stale)
    if waits and not case.recalled and promotes_itself(policy, case.checks, refused_before=case.refused_before):
        effects.append(_promotion(case, by, Verdict.GRANTED, state=ReleaseState.APPROVED))
        effects += _stands_approved(case, by.ids[1])
    return Ruling(case.release.id, tuple(together(effects)))


def completed(case: Case, by: Decider, again: Decider) -> list[Effect]:
    """Return the effects on a release whose version got values that it lacked. `case` is the release after that.

    Votes were for what was known, so they lapse. The evidence stays, and the release is evaluated anew.
    """
    effects: list[Effect] = []
    state = observed(case.release.state, Event.EVIDENCE_LAPSED)
    if state is not case.release.state:
        reason = Reason("COMPLETED", f"more was said of {case.version.id} than before, so votes for it lapse", "vote anew")
        effects = [_evaluation(case, replace(by, reason=None), 0, Verdict.REFUSED, state, [reason]), *_moves(case, state)]
        case = case.with_release(state=state)
    return together([*effects, *evaluate(case, again).effects])


def _is_to_be_refused(case: Case) -> bool:
    """Return whether to refuse a promotion: everything was measured, it does not suffice, and no refusal says so yet."""
    waits = case.release.state in (ReleaseState.CANDIDATE, ReleaseState.EVALUATED)
    measured = not case.incomplete and all(check.passed or check.measured is not None for check in case.checks)
    return waits and measured and case.has_news(DecisionType.PROMOTION)


def _promotion(case: Case, by: Decider, verdict: Verdict, **values: Any) -> Describe:
    assert case.standing.policy is not None
    by = replace(by, reason=None) if verdict is Verdict.REFUSED else by
    return _decision(case, by, 1, DecisionType.PROMOTION, verdict, checked=True, actor=case.standing.policy.id, **values)


def together(effects: Iterable[Effect]) -> list[Effect]:
    """Merge the revisions of each node into one: its first values before, and its last values after."""
    effects_together: list[Effect] = []
    revised: dict[str, int] = {}
    for effect in effects:
        if isinstance(effect, Revise) and effect.id in revised:
            first = effects_together[revised[effect.id]]
            assert isinstance(first, Revise)
            effects_together[revised[effect.id]] = Revise(
                effect.id, {**effect.before, **first.before}, {**first.after, **effect.after}
            )
            continue
        if isinstance(effect, Revise):
            revised[effect.id] = len(effects_together)
        effects_together.append(effect)
    changed = (_changed(e) if isinstance(e, Revise) else e for e in effects_together)
    return [effect for effect in changed if effect is not None]


def _changed(effect: Revise) -> Revise | None:
    """Return the revision without values that stay, or None if all stay."""
    after = {name: value for name, value in effect.after.items() if effect.before[name] != value}
    return Revise(effect.id, {name: effect.before[name] for name in after}, after) if after else None


def missing_for_approval(case: Case) -> tuple[Reason, ...]:
    """Return what approval still needs, requirement by requirement; nothing if the release is approved.

    While its version is recalled, that stands first.
    """
    return (*([case.recalled] if case.recalled else ()), *_missing_apart(case))


def _missing_apart(case: Case) -> tuple[Reason, ...]:
    """Return what approval needs apart from the end of a recall."""
    policy = case.policy
    if isinstance(policy, Reason):
        return (policy,)
    if case.is_approved and not case.is_stale:
        return ()
    target = allowed(case.release.state, DecisionType.VOTE)
    if isinstance(target, Reason) and case.release.state is not ReleaseState.CANDIDATE:
        return (target,)
    if policy.automatic_promotion and not case.refused_before:
        return case.unmet
    return missing(case.checks, case.count(case.votes), case.incomplete)


def void(case: Case) -> list[Effect]:
    """Return what a release loses if what makes its version executable was wrong: its approval was for something else."""
    state = observed(case.release.state, Event.DIGEST_CORRECTED)
    if state is case.release.state:
        return []
    return [*_moves(case, state, staleFrom=None), *(Disconnect(case.release.id, "approvedBy", id) for id in case.approvals)]


def reject(case: Case, by: Decider) -> Ruling:
    """Decide against a release."""
    return _decided(case, by, DecisionType.REJECTION, checked=True)


def withdraw_approval(case: Case, by: Decider) -> Ruling:
    """Withdraw an approval, so that the release needs a new one. What runs goes on, unauthorised."""
    verdict = _decided(case, by, DecisionType.WITHDRAWAL, counts=case.approvals, staleFrom=None)
    if verdict.reasons:
        return verdict
    ends = (Disconnect(case.release.id, "approvedBy", id) for id in case.approvals)
    return Ruling(verdict.subject, (*verdict.effects, *ends))


def deprecate(case: Case, by: Decider, rollback_allowed: bool) -> Ruling:
    """Forbid new deployments of a release, and say whether a rollback to it stays allowed.

    Deprecate it again to change that.
    """
    if case.release.state is ReleaseState.DEPRECATED and case.is_way_back is rollback_allowed:
        return Ruling(case.release.id)
    return _decided(case, by, DecisionType.DEPRECATION, values={"rollbackAllowed": rollback_allowed})


def archive(case: Case, by: Decider, robots: Sequence[str]) -> Ruling:
    """Close a release for good. Refuse while it runs or is about to, or while `robots` run it."""
    reasons = [not_over(STILL_RUNS, d.id, d.state, d.place) for d in case.pending]
    if robots:
        more = f" and {len(robots) - NAMED} more" if len(robots) > NAMED else ""
        message = f"{case.version.id} is seen to run on {', '.join(robots[:NAMED])}{more}"
        reasons.append(Reason(STILL_RUNS, message, "have something else run there, and report it (reportInstallation)"))
    if reasons:
        return Ruling(case.release.id, reasons=tuple(reasons))
    return _decided(case, by, DecisionType.ARCHIVAL)


def restore(case: Case, by: Decider) -> Ruling:
    """Restore a deprecated release with its approval, or reopen a rejected one.

    Somebody whose vote could not have approved it cannot restore its approval.
    """
    target = allowed(case.release.state, DecisionType.RESTORATION)
    if target is ReleaseState.APPROVED:
        if isinstance(case.policy, Policy) and (against := case.count([_vote(by, by.ids[0])]).excluded):
            return Ruling(case.release.id, reasons=tuple(reason for _, reason in against))
        if case.running:
            target = observed(target, Event.DEPLOYMENT_ACTIVE)
    return _decided(case, by, DecisionType.RESTORATION, into=target)


def override(case: Case, by: Decider, expires_at: str) -> Ruling:
    """Let a release run until a moment although it is not approved, in an emergency. Its state stays.

    Everything that it authorises names it, so its effects stay visible.
    """
    if case.recalled:
        return Ruling(case.release.id, reasons=(case.recalled,))
    if expires_at <= case.now:
        reason = Reason("EXPIRED", f"expiresAt: {expires_at} lies in the past", "give a moment to come")
        return Ruling(case.release.id, reasons=(reason,))
    return _decided(case, by, DecisionType.OVERRIDE, values={"expiresAt": expires_at}, checked=True)


def _decided(
    case: Case,
    by: Decider,
    type: DecisionType,
    *,
    into: ReleaseState | Reason | None = None,
    counts: Iterable[str] = (),
    checked: bool = False,
    values: Mapping[str, Any] | None = None,
    **changed: Any,
) -> Ruling:
    """Take one person's decision, if the lifecycle allows it."""
    target = into or allowed(case.release.state, type)
    if isinstance(target, Reason):
        return Ruling(case.release.id, reasons=(target,))
    decision = _decision(case, by, 0, type, state=target, counts=counts, checked=checked, values=values)
    return Ruling(case.release.id, (decision, *_moves(case, target, **changed)))
