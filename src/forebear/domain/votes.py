"""The votes for a release, and which of them count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from forebear.domain.outcome import Reason
from forebear.domain.policy import Policy
from forebear.domain.roles import listed

APPROVALS_MISSING = "APPROVALS_MISSING"
UNTRUSTED_MACHINE = "UNTRUSTED_MACHINE"
SELF_APPROVAL = "SELF_APPROVAL"
BY_TRAINER = "BY_TRAINER"
WITHOUT_ROLE = "WITHOUT_ROLE"
VOTED_BEFORE = "VOTED_BEFORE"


@dataclass(frozen=True)
class Vote:
    """One vote for a release, with its voter's roles at the time and whether the voter is a machine."""

    decision: str
    actor: str
    roles: frozenset[str]
    machine: bool
    at: str


@dataclass(frozen=True)
class Candidacy:
    """The people who must not vote for a candidate: who registered it, and who trained it."""

    registrants: frozenset[str] = frozenset()
    trainers: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Count:
    """The votes that count, how many more are needed, and the votes that do not count, each with the reason."""

    counted: tuple[Vote, ...]
    still_needed: int
    excluded: tuple[tuple[Vote, Reason], ...] = ()
    missing: tuple[Reason, ...] = field(default=())
    """The reason that votes are missing, if they are."""


def count_votes(policy: Policy, votes: Iterable[Vote], candidacy: Candidacy) -> Count:
    """Count votes for a release, in any order: distinct voters, as the policy's `approvals` says.

    `votes` are votes in favour that still stand: they are newer than the last rejection or withdrawal, and than the last change
    of the release's digest or its line's policy. A vote is for what its voter saw. So the caller says which votes stand, and
    this function says who may vote. Of several votes of one voter, the first that counts does.

    A machine counts if the policy names it under `trustedMachines`; that is its role. It must not have registered or trained
    the version, as people must not.
    """
    counted: dict[str, Vote] = {}
    excluded: list[tuple[Vote, Reason]] = []
    for vote in sorted(votes, key=lambda v: (v.at, v.decision)):
        reason = _against(policy, vote, candidacy) or _again(vote, counted.get(vote.actor))
        if reason is None:
            counted[vote.actor] = vote
        else:
            excluded.append((vote, reason))
    needed = max(0, policy.approvals.count - len(counted))
    return Count(tuple(counted.values()), needed, tuple(excluded), _missing(policy, counted, needed, candidacy, excluded))


def _against(policy: Policy, vote: Vote, candidacy: Candidacy) -> Reason | None:
    approvals = policy.approvals
    if vote.machine and vote.actor not in approvals.trusted_machines:
        message = f"{vote.actor} is a machine that the policy does not name under approvals.trustedMachines"
        return Reason(UNTRUSTED_MACHINE, message, "have a person vote")
    if vote.actor in candidacy.registrants and not approvals.self_approval:
        return Reason(SELF_APPROVAL, f"{vote.actor} registered the candidate", "have somebody else vote")
    if vote.actor in candidacy.trainers and not approvals.by_trainer:
        return Reason(BY_TRAINER, f"{vote.actor} trained the candidate", "have somebody vote who did not train it")
    if not vote.machine and not vote.roles & {*approvals.roles}:
        has = listed(vote.roles, "and") or "no role"
        needed = listed(approvals.roles, "or")
        message = f"{vote.actor} had {has} when voting, and the policy asks for {needed}"
        return Reason(WITHOUT_ROLE, message, f"have somebody vote who has {needed}")
    return None


def _again(vote: Vote, first: Vote | None) -> Reason | None:
    if first is None:
        return None
    return Reason(VOTED_BEFORE, f"{vote.actor} has voted before ({first.decision})", "have somebody else vote")


def _missing(
    policy: Policy, counted: Iterable[str], needed: int, candidacy: Candidacy, excluded: Iterable[tuple[Vote, Reason]]
) -> tuple[Reason, ...]:
    if not needed:
        return ()
    approvals = policy.approvals
    by = sorted(counted)
    have = f"{len(by)} of {approvals.count} votes" + (f" ({listed(by, 'and')})" if by else "")
    uncounted = "; ".join(reason.message for _, reason in excluded)
    barred = frozenset() if approvals.self_approval else candidacy.registrants
    barred |= frozenset() if approvals.by_trainer else candidacy.trainers
    others = sorted({*by, *barred})
    machines = sorted({*approvals.trusted_machines} - {*others})
    return (
        Reason(
            APPROVALS_MISSING,
            f"there are {have}" + (f"; others do not count: {uncounted}" if uncounted else ""),
            f"{needed} more, each of another person who has {listed(approvals.roles, 'or')}"
            + (f" (not {listed(others, 'or')})" if others else "")
            + (f", or of {listed(machines, 'or')}" if machines else ""),
        ),
    )
