"""Whose votes count, and how many more are needed."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.domain.outcome import Reason
from forebear.domain.policy import Policy, parse
from forebear.domain.roles import Role
from forebear.domain.votes import Candidacy, Vote, count_votes
from tests.domain.policies import MACHINES, candidacies, days_ago, policies, votes

NOBODY = Candidacy()


def asking(**approvals: Any) -> Policy:
    return parse({"riskTier": "LOW", "standingApprovals": "KEEP", "approvals": approvals})


def vote(actor: str, *roles: Role, nth: int = 1, machine: bool = False) -> Vote:
    return Vote(f"decision:{actor}-{nth}", actor, frozenset(roles or {Role.APPROVER}), machine, days_ago(10 - nth))


def test_distinct_people_with_the_role_count() -> None:
    ada, ben = vote("ada"), vote("ben")
    count = count_votes(asking(count=2), [ada, ben], NOBODY)
    assert (count.counted, count.still_needed, count.excluded, count.missing) == ((ada, ben), 0, (), ())


def test_the_first_vote_of_a_person_counts_and_no_other() -> None:
    first, again = vote("ada", nth=1), vote("ada", nth=2)
    count = count_votes(asking(count=2), [again, first], NOBODY)
    assert (count.counted, count.still_needed) == ((first,), 1)
    assert count.excluded == (
        (again, Reason("VOTED_BEFORE", "ada has voted before (decision:ada-1)", "have somebody else vote")),
    )


def test_a_vote_cast_before_its_voter_had_the_role_does_not_stand_in_the_way_of_a_later_one() -> None:
    before, after = vote("ada", Role.ENGINEER, nth=1), vote("ada", Role.APPROVER, nth=2)
    count = count_votes(asking(), [before, after], NOBODY)
    assert (count.counted, [v for v, _ in count.excluded]) == ((after,), [before])


@pytest.mark.parametrize(
    ("cast", "candidacy", "approvals", "reason"),
    [
        (
            vote("ada"),
            Candidacy(frozenset({"ada"})),
            {},
            Reason("SELF_APPROVAL", "ada registered the candidate", "have somebody else vote"),
        ),
        (vote("ada"), Candidacy(frozenset({"ada"})), {"selfApproval": True}, None),
        (
            vote("ada"),
            Candidacy(frozenset({"ben"}), frozenset({"ada"})),
            {},
            Reason("BY_TRAINER", "ada trained the candidate", "have somebody vote who did not train it"),
        ),
        (vote("ada"), Candidacy(frozenset({"ben"}), frozenset({"ada"})), {"byTrainer": True}, None),
        (
            vote("ada", Role.VIEWER, Role.ENGINEER),
            NOBODY,
            {"roles": ["APPROVER", "ADMIN"]},
            Reason(
                "WITHOUT_ROLE",
                "ada had VIEWER and ENGINEER when voting, and the policy asks for APPROVER or ADMIN",
                "have somebody vote who has APPROVER or ADMIN",
            ),
        ),
        (vote("ada", Role.ADMIN), NOBODY, {"roles": ["APPROVER", "ADMIN"]}, None),
        (
            vote("gate", machine=True),
            NOBODY,
            {"trustedMachines": ["bench"]},
            Reason(
                "UNTRUSTED_MACHINE",
                "gate is a machine that the policy does not name under approvals.trustedMachines",
                "have a person vote",
            ),
        ),
        (vote("gate", Role.RECORDER, machine=True), NOBODY, {"trustedMachines": ["gate"]}, None),
        (
            vote("gate", machine=True),
            Candidacy(frozenset({"gate"})),
            {"trustedMachines": ["gate"]},
            Reason("SELF_APPROVAL", "gate registered the candidate", "have somebody else vote"),
        ),
    ],
)
def test_a_vote_counts_or_says_why_not(
    cast: Vote, candidacy: Candidacy, approvals: dict[str, Any], reason: Reason | None
) -> None:
    count = count_votes(asking(**approvals), [cast], candidacy)
    assert (count.counted, count.excluded) == (((cast,), ()) if reason is None else ((), ((cast, reason),)))


def test_a_person_who_is_called_as_a_trusted_machine_is_still_a_person() -> None:
    count = count_votes(asking(trustedMachines=["gate"]), [vote("gate", Role.VIEWER)], NOBODY)
    assert [reason.code for _, reason in count.excluded] == ["WITHOUT_ROLE"]


def test_what_is_missing_says_who_has_voted_whose_votes_do_not_count_and_who_may_still_vote() -> None:
    policy = asking(count=3, trustedMachines=["gate"])
    count = count_votes(
        policy, [vote("ada"), vote("ben"), vote("cleo")], Candidacy(frozenset({"ben"}), frozenset({"dan", "ada"}))
    )
    assert count.missing == (
        Reason(
            "APPROVALS_MISSING",
            "there are 1 of 3 votes (cleo); others do not count: ada trained the candidate; ben registered the candidate",
            "2 more, each of another person who has APPROVER (not ada, ben, cleo or dan), or of gate",
        ),
    )
    assert count_votes(asking(), [], NOBODY).missing == (
        Reason("APPROVALS_MISSING", "there are 0 of 1 votes", "1 more, each of another person who has APPROVER"),
    )


cast = st.lists(votes(), max_size=8, unique_by=lambda v: v.decision)


@given(policies, cast, candidacies)
def test_a_vote_is_counted_or_excluded_and_voters_are_distinct(policy: Policy, given: list[Vote], candidacy: Candidacy) -> None:
    count = count_votes(policy, given, candidacy)
    assert sorted([*count.counted, *(v for v, _ in count.excluded)], key=repr) == sorted(given, key=repr)
    voters = [v.actor for v in count.counted]
    assert len(voters) == len({*voters})
    assert count.still_needed == max(0, policy.approvals.count - len(voters))
    assert len(count.missing) == (count.still_needed > 0)
    assert all(reason.message and reason.remedy for reason in (*count.missing, *(r for _, r in count.excluded)))


@given(policies, cast, candidacies)
def test_exactly_those_count_whom_the_policy_lets_vote(policy: Policy, given: list[Vote], candidacy: Candidacy) -> None:
    approvals = policy.approvals
    barred = {*candidacy.trainers} if not approvals.by_trainer else set()
    barred |= {*candidacy.registrants} if not approvals.self_approval else set()
    people = {v.actor for v in given if v.actor not in MACHINES and v.roles & {*approvals.roles}}
    machines = {v.actor for v in given} & {*approvals.trusted_machines}
    counted = {v.actor for v in count_votes(policy, given, candidacy).counted}
    assert counted == (people | machines) - barred


@given(policies, cast, votes(), candidacies)
def test_one_more_vote_never_makes_more_votes_needed(
    policy: Policy, given: list[Vote], more: Vote, candidacy: Candidacy
) -> None:
    before, after = (count_votes(policy, cast, candidacy) for cast in (given, [*given, more]))
    was, is_now = ({v.actor for v in count.counted} for count in (before, after))
    assert was <= is_now <= was | {more.actor}
    assert after.still_needed == max(0, policy.approvals.count - len(is_now)) <= before.still_needed


@given(policies, cast, candidacies, st.randoms(use_true_random=False))
def test_the_order_in_which_votes_are_given_does_not_matter(
    policy: Policy, given: list[Vote], candidacy: Candidacy, random: Random
) -> None:
    shuffled = random.sample(given, len(given))
    assert count_votes(policy, shuffled, candidacy) == count_votes(policy, given, candidacy)


@given(policies, cast, candidacies)
def test_machines_alone_approve_nothing_but_low_risk(policy: Policy, given: list[Vote], candidacy: Candidacy) -> None:
    count = count_votes(policy, [v for v in given if v.machine], candidacy)
    assert count.still_needed or policy.risk_tier.value == "LOW"
