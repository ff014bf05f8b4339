"""People decide about releases."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.actions.performer import Requester, request_id
from forebear.app import Forebear
from forebear.domain.outcome import Conflict, Done, Outcome, Reason, Refused
from forebear.domain.roles import Role
from tests.actions.plant import FLEET, RITA, SINCE, artifact, ready
from tests.actions.world import ADA, ANNA, BEN, EVA, RELEASE, VERSION, ago, company, do, done, person
from tests.record.asking import ORIGIN, ask, history, now, record

names = st.text("a/%2F5", max_size=4)

STANDING = """
query($id: ID!) { release(id: $id) { state approvedBy { nodes { id type } }
    decisions(orderBy: {field: decidedAt}) {
      nodes { type verdict actor state counts { nodes { actor } } cites { nodes { id } } } } } }
"""


async def test_two_people_approve_a_release(registry: Forebear) -> None:
    await company(registry)
    first = await done(registry, ANNA, "approve", release=RELEASE)
    assert len(first.decisions) == 2
    second = await done(registry, BEN, "approve", release=RELEASE, reason="Good on film.")
    assert len(second.decisions) == 2
    standing = (await ask(registry, STANDING, id=RELEASE))["release"]
    evidence = {"nodes": [{"id": "evidence:first"}]}
    none: dict[str, list[str]] = {"nodes": []}
    assert standing == {
        "state": "APPROVED",
        "approvedBy": {"nodes": [{"id": second.decisions[-1], "type": "APPROVAL"}]},
        "decisions": {
            "nodes": [
                {"type": "EVALUATION", "verdict": "GRANTED", "actor": "policy:ur5e@1", "state": "EVALUATED",
                 "counts": none, "cites": evidence},
                {"type": "VOTE", "verdict": "GRANTED", "actor": "anna", "state": None, "counts": none, "cites": evidence},
                {"type": "VOTE", "verdict": "GRANTED", "actor": "ben", "state": None, "counts": none, "cites": evidence},
                {"type": "APPROVAL", "verdict": "GRANTED", "actor": "ben", "state": "APPROVED",
                 "counts": {"nodes": [{"actor": "anna"}, {"actor": "ben"}]}, "cites": evidence},
            ]
        },
    }  # fmt: skip


async def test_a_refused_approval_is_on_record_with_every_reason(registry: Forebear) -> None:
    await company(registry, success=70.0)
    outcome = await do(registry, ANNA, "approve", release=RELEASE)
    assert isinstance(outcome, Refused)
    assert outcome.reasons == (
        Reason(
            "THRESHOLD_MISSED",
            "success is 70 % (evidence:first); the policy asks for at least 80 %",
            "a newer measurement of success that is at least 80 % (pack:replay@1)",
        ),
    )
    answer = await ask(
        registry, "query($id: ID!) { node(id: $id) { ... on Decision { verdict type actor } } }", id=outcome.decisions[0]
    )
    assert answer == {"node": {"verdict": "REFUSED", "type": "APPROVAL", "actor": "anna"}}


async def test_nobody_decides_without_the_role(registry: Forebear) -> None:
    await company(registry)
    outcome = await do(registry, EVA, "approve", release=RELEASE)
    assert isinstance(outcome, Refused)
    assert [r.code for r in outcome.reasons] == ["FORBIDDEN"]


async def test_the_same_request_twice_is_done_once(registry: Forebear) -> None:
    await company(registry)
    first = await do(registry, ANNA, "approve", key="k1", release=RELEASE)
    assert isinstance(first, Done)
    assert await do(registry, ANNA, "approve", key="k1", release=RELEASE) == first
    other = await do(registry, ANNA, "approve", key="k1", release=RELEASE, reason="else")
    assert isinstance(other, Refused)
    assert [r.code for r in other.reasons] == ["IDEMPOTENCY_KEY_REUSED"]


async def test_a_key_is_its_actors_own_whatever_the_actor_is_called(registry: Forebear) -> None:
    await company(registry)
    for name, key in (("https://id.example/anna", "1"), ("https://id.example", "anna/1")):
        outcome = await do(registry, person(name, Role.APPROVER), "approve", key=key, release=RELEASE)
        assert isinstance(outcome, Done)
        assert not outcome.unchanged
    votes = "query($id: ID!) { release(id: $id) { decisions(filter: {type: {eq: VOTE}}) { nodes { actor } } } }"
    cast = (await ask(registry, votes, id=RELEASE))["release"]["decisions"]["nodes"]
    assert {vote["actor"] for vote in cast} == {"https://id.example/anna", "https://id.example"}


@given(st.tuples(names, names), st.tuples(names, names))
def test_no_two_actors_requests_have_one_id(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (request_id(*one) == request_id(*other)) == (one == other)


async def test_a_mutation_answers_what_came_of_it(registry: Forebear) -> None:
    await company(registry)
    mutation = """mutation($r: ID!) { approve(release: $r) { __typename
        ... on Done { subject { id ... on Release { state } } decisions { type about { nodes { id } } } unchanged }
        ... on Refused { reasons { code message remedy } } } }"""
    answer = await ask(registry, mutation, r=RELEASE)
    assert answer == {
        "approve": {
            "__typename": "Done",
            "subject": {"id": RELEASE, "state": "EVALUATED"},
            "decisions": [
                {"type": "EVALUATION", "about": {"nodes": [{"id": RELEASE}]}},
                {"type": "VOTE", "about": {"nodes": [{"id": RELEASE}]}},
            ],
            "unchanged": False,
        }
    }


async def test_what_is_missing_is_listed_requirement_by_requirement(registry: Forebear) -> None:
    await company(registry, success=70.0)
    question = "query($r: ID!) { missingForApproval(release: $r) { totalCount nodes { code message } } }"
    answer = await ask(registry, question, r=RELEASE)
    assert answer == {
        "missingForApproval": {
            "totalCount": 2,
            "nodes": [
                {"code": "THRESHOLD_MISSED", "message": "success is 70 % (evidence:first); the policy asks for at least 80 %"},
                {"code": "APPROVALS_MISSING", "message": "there are 0 of 2 votes"},
            ],
        }
    }


async def approved(registry: Forebear) -> None:
    """The company's candidate, approved by two people."""
    await company(registry)
    await done(registry, ANNA, "approve", release=RELEASE)
    await done(registry, BEN, "approve", release=RELEASE)


async def standing(registry: Forebear) -> dict[str, Any]:
    """Where the release stands."""
    query = "query($id: ID!) { release(id: $id) { state revision approvedBy { totalCount } decisions { totalCount } } }"
    return dict((await ask(registry, query, id=RELEASE))["release"])


async def test_an_approval_is_withdrawn_and_given_anew_by_new_votes(registry: Forebear) -> None:
    await approved(registry)
    withdrawn = await done(registry, ANNA, "withdrawApproval", release=RELEASE, reason="Film tears.")
    assert (await standing(registry))["state"] == "EVALUATED"
    counted = await ask(
        registry,
        "query($id: ID!) { node(id: $id) { ... on Decision { type reasons counts { nodes { type } } } } }",
        id=withdrawn.decisions[0],
    )
    assert counted == {"node": {"type": "WITHDRAWAL", "reasons": ["Film tears."], "counts": {"nodes": [{"type": "APPROVAL"}]}}}
    await done(registry, BEN, "approve", release=RELEASE)
    assert (await standing(registry))["state"] == "EVALUATED"
    await done(registry, ANNA, "approve", release=RELEASE)
    assert await standing(registry) | {"revision": 0} == {
        "state": "APPROVED", "revision": 0, "approvedBy": {"totalCount": 1}, "decisions": {"totalCount": 8},
    }  # fmt: skip


async def test_what_was_known_of_an_approval_stays_known(registry: Forebear) -> None:
    await approved(registry)
    then = now()
    await done(registry, ANNA, "withdrawApproval", release=RELEASE, reason="Film tears.")
    query = "query($id: ID!, $t: DateTime) { release(id: $id, asKnownAt: $t) { state approvedBy { totalCount } } }"
    assert await ask(registry, query, id=RELEASE, t=then) == {"release": {"state": "APPROVED", "approvedBy": {"totalCount": 1}}}
    assert await ask(registry, query, id=RELEASE) == {"release": {"state": "EVALUATED", "approvedBy": {"totalCount": 0}}}


async def test_a_release_goes_to_its_end_and_back(registry: Forebear) -> None:
    await approved(registry)
    for verb, state in (
        ("deprecate", "DEPRECATED"),
        ("restore", "APPROVED"),
        ("deprecate", "DEPRECATED"),
        ("archive", "ARCHIVED"),
    ):
        await done(registry, ANNA, verb, release=RELEASE, reason="As it should be.")
        assert (await standing(registry))["state"] == state
    refused = await do(registry, ANNA, "restore", release=RELEASE, reason="Regret.")
    assert refused == Refused(
        (
            Reason(
                "ILLEGAL_TRANSITION",
                "the release is ARCHIVED, and RESTORATION is possible from REJECTED, DEPRECATED alone; "
                "nothing is possible from ARCHIVED: it is final",
                "register a new version as a candidate (registerCandidate)",
            ),
        )
    )


async def test_who_could_not_vote_for_a_release_cannot_bring_its_approval_back(registry: Forebear) -> None:
    await approved(registry)
    await done(registry, ANNA, "deprecate", release=RELEASE, reason="It is unsafe.")
    outcome = await do(registry, person(ORIGIN.recorder, Role.APPROVER), "restore", release=RELEASE, reason="It is not.")
    assert isinstance(outcome, Refused)
    assert [r.code for r in outcome.reasons] == ["SELF_APPROVAL"]


async def test_what_robots_are_seen_to_run_is_not_put_away(registry: Forebear) -> None:
    await ready(registry)
    robots = sorted(f"robot:seen-{n}" for n in range(6))
    for robot in robots:
        await done(registry, RITA, "reportInstallation", robot=robot, since=ago(hours=2), artifact=artifact(1))
    await done(registry, ANNA, "deprecate", release=RELEASE, reason="Old.")

    async def archived() -> Outcome:
        return await do(registry, ANNA, "archive", release=RELEASE, reason="Old.")

    remedy = "have something else run there, and report it (reportInstallation)"
    named = "robot:seen-0, robot:seen-1, robot:seen-2, robot:seen-3, robot:seen-4"
    assert await archived() == Refused((Reason("STILL_RUNS", f"{VERSION} is seen to run on {named} and 1 more", remedy),))
    # A robot in another line of the version's is that line's, and one that runs something else by now is nobody's here.
    await record(
        registry,
        {"kind": "ReleaseLine", "id": "line:other", "target": "target:orin"},
        {"kind": "Fleet", "id": "fleet:other", "lines": [{"id": "line:other", "validFrom": SINCE}]},
        {"kind": "Cohort", "id": "cohort:other", "fleets": [{"id": "fleet:other", "validFrom": SINCE}]},
        {"kind": "Robot", "id": robots[0], "memberOf": [{"id": "fleet:other", "validFrom": SINCE}]},
        {"kind": "Robot", "id": robots[1], "memberOf": [{"id": "cohort:other", "validFrom": SINCE}]},
        {"kind": "Robot", "id": robots[2], "memberOf": [{"id": id, "validFrom": SINCE} for id in ("fleet:other", FLEET)]},
    )
    other = {"kind": "Release", "id": "release:picker@1/other", "state": "APPROVED", "version": VERSION, "line": "line:other"}
    await history(registry, other)
    for robot in robots[3:]:
        await done(registry, RITA, "reportInstallation", robot=robot, since=ago(hours=1), artifact=artifact(2))
    assert await archived() == Refused((Reason("STILL_RUNS", f"{VERSION} is seen to run on {robots[2]}", remedy),))
    await done(registry, RITA, "reportInstallation", robot=robots[2], since=ago(hours=1), artifact=artifact(2))
    assert isinstance(await archived(), Done)


async def test_a_rejected_release_is_reopened(registry: Forebear) -> None:
    await company(registry)
    await done(registry, ANNA, "reject", release=RELEASE, reason="No.")
    assert (await standing(registry))["state"] == "REJECTED"
    await done(registry, ANNA, "restore", release=RELEASE, reason="Yes.")
    assert (await standing(registry))["state"] == "CANDIDATE"


async def test_an_override_stands_out_and_changes_no_state(registry: Forebear) -> None:
    await company(registry, success=70.0)
    late = await do(registry, ADA, "override", release=RELEASE, reason="Line down.", expiresAt=ago(hours=1))
    assert isinstance(late, Refused)
    assert [r.code for r in late.reasons] == ["EXPIRED"]
    until = ago(hours=-8)
    overridden = await done(registry, ADA, "override", release=RELEASE, reason="Line down.", expiresAt=until)
    answer = await ask(
        registry,
        """query($id: ID!) { node(id: $id) { ... on Decision {
            type actor expiresAt checks { code passed } about { nodes { state } } } } }""",
        id=overridden.decisions[0],
    )
    assert answer == {
        "node": {
            "type": "OVERRIDE", "actor": "ada", "expiresAt": until, "about": {"nodes": [{"state": "CANDIDATE"}]},
            "checks": [{"code": "THRESHOLD_MISSED", "passed": False}],
        }
    }  # fmt: skip


async def test_one_person_is_one_vote_and_the_registrant_none(registry: Forebear) -> None:
    await company(registry)
    await done(registry, ANNA, "approve", release=RELEASE)
    again = await do(registry, ANNA, "approve", release=RELEASE)
    assert isinstance(again, Refused)
    assert [r.code for r in again.reasons] == ["VOTED_BEFORE"]
    # Whoever recorded the version is its registrant: in this company, the tests' recorder.
    own = await do(registry, person(ORIGIN.recorder, Role.APPROVER), "approve", release=RELEASE)
    assert isinstance(own, Refused)
    assert [r.code for r in own.reasons] == ["SELF_APPROVAL"]


async def test_writes_are_limited_to_lines(registry: Forebear) -> None:
    await company(registry)
    limited = person("lia", Role.APPROVER, lines=frozenset({"line:other"}))
    assert await do(registry, limited, "approve", release=RELEASE) == Refused(
        (
            Reason(
                "FORBIDDEN",
                "lia's writes are limited to line:other, and approve would reach line:ur5e-orin",
                "ask somebody who may write to line:ur5e-orin",
            ),
        )
    )


async def test_an_expected_revision_that_passed_is_a_conflict(registry: Forebear) -> None:
    await company(registry)
    revision = (await standing(registry))["revision"]
    await done(registry, ANNA, "reject", release=RELEASE, reason="No.")
    by = Requester(BEN, "tests", expected_revision=revision)
    outcome = await registry.performer.do("restore", {"release": RELEASE, "reason": "Yes."}, by)
    assert outcome == Conflict(RELEASE, expected=revision, revision=revision + 1)
    assert (await standing(registry))["state"] == "REJECTED"


async def test_an_expected_revision_of_what_has_none_is_refused(registry: Forebear) -> None:
    await company(registry)
    version = {"kind": "ModelVersion", "id": "model:picker@3", "weightsDigest": f"sha256:{3:064x}"}
    by = Requester(EVA, "tests", expected_revision=9999)
    assert await registry.performer.do("registerCandidate", {"versions": [version], "lines": []}, by) == Refused(
        (
            Reason(
                "INVALID_INPUT",
                "expectedRevision: model:picker@3 has no revision that registerCandidate goes by",
                "leave expectedRevision out",
            ),
        )
    )


@pytest.mark.parametrize("reason", ["", " \t"])
async def test_a_reason_says_something(registry: Forebear, reason: str) -> None:
    await company(registry)
    assert await do(registry, ANNA, "reject", release=RELEASE, reason=reason) == Refused(
        (Reason("INVALID_INPUT", f"reason: must not be blank (got {reason!r})", "correct the field and try again"),)
    )


async def test_what_is_not_known_or_not_understood_is_refused_by_name(registry: Forebear) -> None:
    await company(registry)
    unknown = await do(registry, ANNA, "reject", release="release:nope@1/x", reason="No.")
    assert unknown == Refused(
        (
            Reason(
                "NOT_FOUND",
                "release: release:nope@1/x is not known, or not described yet",
                "register the candidate first",
            ),
        )
    )
    wrong = await do(registry, ANNA, "reject", release="model:picker@1", reaon="No.")
    assert isinstance(wrong, Refused)
    assert [(r.code, r.message) for r in wrong.reasons] == [
        ("INVALID_INPUT", "release: model:picker@1 is the id of a ModelVersion; expected one of Release"),
        ("INVALID_INPUT", "reason: is required"),
        ("INVALID_INPUT", "reaon: 'reaon' is not known"),
    ]
