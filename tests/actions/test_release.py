"""People decide about releases."""

from __future__ import annotations

from forebear.app import Forebear
from forebear.domain.outcome import Done, Reason, Refused
from tests.actions.world import ANNA, BEN, EVA, RELEASE, company, do, done
from tests.record.asking import ask

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
                {"type": "VOTE", "verdict": "GRANTED", "actor": "anna", "state": None, "counts": none, "cites": none},
                {"type": "VOTE", "verdict": "GRANTED", "actor": "ben", "state": None, "counts": none, "cites": none},
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
            "success is 70 % (evidence:first), and asked for is at least 80 %",
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
                {"code": "THRESHOLD_MISSED", "message": "success is 70 % (evidence:first), and asked for is at least 80 %"},
                {"code": "APPROVALS_MISSING", "message": "there are 0 of 2 votes"},
            ],
        }
    }
