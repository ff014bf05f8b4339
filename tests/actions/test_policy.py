"""A policy comes to govern release lines, and what stands there follows; what it would do can be asked before."""

from __future__ import annotations

from typing import Any

import pytest

from forebear.app import Forebear
from forebear.domain.outcome import Done, Reason, Refused
from forebear.domain.roles import Role
from tests.actions.plant import approve, beside_what_runs
from tests.actions.world import ADA, ANNA, BEN, EVA, LINE, POLICY, RELEASE, ago, company, do, done, person
from tests.record.asking import ask, everything, history, now, record

NEXT = "policy:ur5e@2"
STRICT = POLICY | {"evidence": [{"pack": "pack:replay@1", "metric": "success", "minimum": 95}]}
REAPPROVE = POLICY | {"standingApprovals": {"rule": "REAPPROVE"}}
LOW = {"riskTier": "LOW", "approvals": {"count": 1}, "automaticPromotion": True}


def fact(document: dict[str, Any] | None = POLICY, id: str = NEXT, **values: Any) -> dict[str, Any]:
    """A policy as a fact."""
    return {"kind": "ReleasePolicy", "id": id, "document": document} | values


async def adopted(registry: Forebear, document: dict[str, Any], id: str = NEXT, **input: Any) -> Done:
    """Has a policy govern the company's line from now on, unless it is said otherwise."""
    given = {"lines": [LINE], "reason": "Film tears.", "policy": fact(document, id)} | input
    return await done(registry, ADA, "adoptPolicy", **given)


async def refused(registry: Forebear, **input: Any) -> list[tuple[str, str]]:
    """The codes and words of a refusal, which writes nothing."""
    before = await everything(registry)
    outcome = await do(registry, ADA, "adoptPolicy", **({"lines": [LINE], "reason": "Film tears."} | input))
    assert isinstance(outcome, Refused)
    assert await everything(registry) == before
    return [(r.code, r.message) for r in outcome.reasons]


async def governed(registry: Forebear, **known: str) -> list[dict[str, Any]]:
    """The policies of the company's line, with their intervals."""
    query = """query($id: ID!, $asKnownAt: DateTime) { releaseLine(id: $id, asKnownAt: $asKnownAt) {
        policies(allTime: true) { edges { validFrom validTo node { id } } } } }"""
    edges = (await ask(registry, query, id=LINE, **known))["releaseLine"]["policies"]["edges"]
    return sorted(({"id": e.pop("node")["id"]} | e for e in edges), key=lambda e: str(e["validFrom"]))


async def standing(registry: Forebear, release: str = RELEASE) -> dict[str, Any]:
    """Where a release stands, and from when its approval is stale."""
    query = "query($id: ID!) { release(id: $id) { state staleFrom } }"
    return dict((await ask(registry, query, id=release))["release"])


async def test_a_policy_governs_from_now_on_and_the_one_before_it_ends_there(registry: Forebear) -> None:
    await company(registry, success=70.0)
    (before,) = await governed(registry)
    then = now()
    outcome = await adopted(registry, POLICY | LOW)
    # Everything that it asks for was measured, and does not suffice: it refuses the promotion.
    (refused,) = outcome.decisions
    assert outcome == Done(NEXT, (refused,), (NEXT, "policy:ur5e@1", refused))
    former, current = await governed(registry)
    assert former == before | {"validTo": current["validFrom"]}
    assert (current["id"], current["validTo"]) == (NEXT, None)
    assert then < current["validFrom"] < now()
    # What was known of it before stays known.
    assert await governed(registry, asKnownAt=then) == [before]
    query = "query($id: ID!) { releasePolicy(id: $id) { riskTier document packs recordedBy } }"
    assert (await ask(registry, query, id=NEXT))["releasePolicy"] == {
        "riskTier": "LOW", "packs": ["pack:replay@1"], "recordedBy": "ada",
        "document": {
            "riskTier": "LOW", "candidate": [], "noRegression": [], "automaticPromotion": True,
            "evidence": [{"pack": "pack:replay@1", "metric": "success", "minimum": 80.0, "onTarget": False}],
            "approvals": {"count": 1, "roles": ["APPROVER"], "selfApproval": False, "byTrainer": False, "trustedMachines": []},
            "standingApprovals": {"rule": "KEEP"},
        },
    }  # fmt: skip


async def test_every_release_of_its_lines_is_evaluated_anew(registry: Forebear) -> None:
    await company(registry, success=70.0)
    lenient = POLICY | {"evidence": [{"pack": "pack:replay@1", "metric": "success", "minimum": 60}]}
    outcome = await adopted(registry, lenient)
    assert (await standing(registry), len(outcome.decisions)) == ({"state": "EVALUATED", "staleFrom": None}, 1)
    await adopted(registry, STRICT, "policy:ur5e@3")
    assert (await standing(registry))["state"] == "CANDIDATE"
    promoted = await adopted(registry, lenient | LOW, "policy:ur5e@4")
    assert ((await standing(registry))["state"], len(promoted.decisions)) == ("APPROVED", 2)


async def test_a_promotion_is_refused_on_record_once_all_was_measured(
    registry: Forebear,
) -> None:
    await company(registry, success=70.0)
    (refused,) = (await adopted(registry, POLICY | LOW)).decisions
    query = """query($id: ID!) { node(id: $id) { ... on Decision {
        type verdict actor state reasons checks { code } under { nodes { id } } } } }"""
    assert (await ask(registry, query, id=refused))["node"] == {
        "type": "PROMOTION", "verdict": "REFUSED", "actor": NEXT, "state": None, "under": {"nodes": [{"id": NEXT}]},
        "reasons": ["success is 70 % (evidence:first); the policy asks for at least 80 %"],
        "checks": [{"code": "THRESHOLD_MISSED"}],
    }  # fmt: skip
    assert (await standing(registry))["state"] == "CANDIDATE"


async def test_a_policy_is_no_new_evidence_so_what_is_rejected_stays_so(registry: Forebear) -> None:
    await company(registry)
    await done(registry, ANNA, "reject", release=RELEASE, reason="No.")
    await adopted(registry, POLICY)
    assert (await standing(registry))["state"] == "REJECTED"


async def test_votes_of_before_do_not_count_under_a_new_policy(registry: Forebear) -> None:
    await company(registry)
    await done(registry, ANNA, "approve", release=RELEASE)
    await adopted(registry, POLICY)
    await done(registry, BEN, "approve", release=RELEASE)
    assert (await standing(registry))["state"] == "EVALUATED"
    await done(registry, ANNA, "approve", release=RELEASE)
    assert (await standing(registry))["state"] == "APPROVED"


@pytest.mark.parametrize("rule", ["KEEP", "REAPPROVE", "GRACE"])
async def test_standing_approvals_are_kept_or_stale_as_the_policy_says(registry: Forebear, rule: str) -> None:
    await company(registry)
    await approve(registry, RELEASE)
    until = ago(days=-30)
    said = {"rule": rule} | ({"until": until} if rule == "GRACE" else {})
    await adopted(registry, POLICY | {"standingApprovals": said})
    began = (await governed(registry))[-1]["validFrom"]
    assert await standing(registry) == {
        "state": "APPROVED", "staleFrom": {"KEEP": None, "REAPPROVE": began, "GRACE": until}[rule],
    }  # fmt: skip


async def test_what_is_stale_already_does_not_become_fresher_and_is_approved_anew(registry: Forebear) -> None:
    await company(registry)
    await approve(registry, RELEASE)
    await adopted(registry, REAPPROVE)
    stale = (await standing(registry))["staleFrom"]
    await adopted(registry, POLICY, "policy:ur5e@3")
    await adopted(registry, REAPPROVE, "policy:ur5e@4")
    assert await standing(registry) == {"state": "APPROVED", "staleFrom": stale}
    await approve(registry, RELEASE)
    assert await standing(registry) == {"state": "APPROVED", "staleFrom": None}


async def test_a_stale_approval_of_low_risk_is_renewed_by_the_policy_itself(registry: Forebear) -> None:
    await company(registry)
    await approve(registry, RELEASE)
    outcome = await adopted(registry, REAPPROVE | LOW)
    assert await standing(registry) == {"state": "APPROVED", "staleFrom": None}
    query = "query($id: ID!) { release(id: $id) { approvedBy { nodes { id type actor } } } }"
    assert (await ask(registry, query, id=RELEASE))["release"]["approvedBy"]["nodes"] == [
        {"id": outcome.decisions[0], "type": "PROMOTION", "actor": NEXT}
    ]


async def test_a_policy_may_begin_later_and_reaches_approvals_that_are_given_until_then(registry: Forebear) -> None:
    await company(registry)
    tomorrow = ago(days=-1)
    coming = fact(REAPPROVE | {"approvals": {"count": 3}}, governs=[{"id": LINE, "validFrom": tomorrow}])
    await adopted(registry, {}, policy=coming, lines=[])
    former, later = await governed(registry)
    assert (former["validTo"], later["id"], later["validFrom"]) == (tomorrow, NEXT, tomorrow)
    await approve(registry, RELEASE)
    assert await standing(registry) == {"state": "APPROVED", "staleFrom": tomorrow}
    (refusal,) = await refused(registry, policy=fact(POLICY, "policy:ur5e@3"))
    assert refusal == (
        "OUT_OF_ORDER",
        f"{NEXT} governs {LINE} from {tomorrow} on, and policy:ur5e@3 would not begin later",
    )


async def test_the_same_again_changes_nothing_and_a_further_line_is_added(registry: Forebear) -> None:
    await company(registry)
    await record(registry, {"kind": "ReleaseLine", "id": "line:kitchen"})
    await adopted(registry, POLICY)
    before = await everything(registry)
    assert await adopted(registry, POLICY) == Done(NEXT, unchanged=True)
    assert await everything(registry) == before
    further = {"kind": "ReleasePolicy", "id": NEXT}
    assert await adopted(registry, {}, policy=further, lines=["line:kitchen"]) == Done(NEXT, (), (NEXT,))


async def test_a_version_is_never_edited(registry: Forebear) -> None:
    await company(registry)
    await adopted(registry, POLICY)
    assert await refused(registry, policy=fact(STRICT)) == [
        (
            "IMMUTABLE",
            f'document.evidence: {NEXT} has [{{"metric":"success","minimum":80.0,"onTarget":false,"pack":"pack:replay@1"}}] '
            'already, and the request says [{"metric":"success","minimum":95.0,"onTarget":false,"pack":"pack:replay@1"}]',
        )
    ]
    await adopted(registry, {}, policy=fact(POLICY, name="UR5e, second edition"))
    query = "query($id: ID!) { releasePolicy(id: $id) { name revision } }"
    assert (await ask(registry, query, id=NEXT))["releasePolicy"] == {"name": "UR5e, second edition", "revision": 0}


async def test_every_mistake_is_named_by_its_path(registry: Forebear) -> None:
    await company(registry)
    wrong = {"riskTier": "HIGH", "evidnce": [], "automaticPromotion": True, "standingApprovals": {"rule": "GRACE"}}
    assert await refused(registry, policy=fact(wrong)) == [
        ("INVALID_POLICY", "document.standingApprovals.until: GRACE needs the moment until which approvals hold"),
        ("INVALID_POLICY", "document.evidnce: 'evidnce' is not known; did you mean 'evidence'?"),
    ]
    undefined = POLICY | {"evidence": [{"pack": "pack:replay@1", "metric": "sucess", "minimum": 80}]}
    assert await refused(registry, policy=fact(undefined)) == [
        ("INVALID_POLICY", "document.evidence.0.metric: pack:replay@1 defines no metric 'sucess'; did you mean 'success'?")
    ]
    unknown = POLICY | {"evidence": [{"pack": "pack:none@1", "metric": "success", "minimum": 80}]}
    assert await refused(registry, policy=fact(unknown)) == [
        ("INVALID_POLICY", "document.evidence.0.pack: pack:none@1 is not known")
    ]
    assert await refused(registry, policy={"kind": "ReleasePolicy", "id": NEXT}) == [("MISSING", "document: is missing")]


async def test_what_contradicts_the_document_or_time_is_refused(registry: Forebear) -> None:
    await company(registry)
    yesterday, later, latest = ago(days=1), ago(days=-1), ago(days=-2)
    governs = [
        {"id": "line:nowhere", "validFrom": yesterday},
        {"id": "line:other", "validFrom": later, "validTo": latest},
        {"id": LINE, "validFrom": later},
    ]
    contradicting = fact(POLICY, riskTier="LOW", packs=["pack:other@1"], governs=governs)
    assert await refused(registry, policy=contradicting) == [
        ("CONTRADICTS", "riskTier: LOW differs from the document, which says HIGH"),
        ("CONTRADICTS", "packs: ['pack:other@1'] differs from the document, which says ['pack:replay@1']"),
        ("IN_PAST", f"governs: the policy would govern line:nowhere from {yesterday}, which is past"),
        ("NO_END", "governs: line:other has an end"),
        ("REPEATED", f"governs: {LINE} occurs more than once"),
        ("UNKNOWN", "governs: line:nowhere is not known, or only named by others so far"),
        ("UNKNOWN", "governs: line:other is not known, or only named by others so far"),
    ]
    assert await refused(registry, policy=fact(), lines=[]) == [("NOTHING_GOVERNED", "lines: there is none")]


async def test_only_admins_adopt_and_only_in_their_lines(registry: Forebear) -> None:
    await company(registry)
    for actor in (ANNA, EVA, person("lia", Role.ADMIN, lines=frozenset({"line:other"}))):
        outcome = await do(registry, actor, "adoptPolicy", policy=fact(), lines=[LINE], reason="Film tears.")
        assert isinstance(outcome, Refused)
        assert [r.code for r in outcome.reasons] == ["FORBIDDEN"]


async def test_a_policy_of_an_older_registry_gives_way(registry: Forebear) -> None:
    await company(registry)
    await history(registry, fact({"requirements": []}, "policy:old@1", governs=[{"id": LINE, "validFrom": ago(days=2)}]))
    outcome = await do(registry, ANNA, "approve", release=RELEASE)
    assert isinstance(outcome, Refused)
    assert len(outcome.decisions) == 1
    assert outcome == Refused(
        (
            Reason(
                "UNREADABLE_POLICY",
                f"policy:old@1, in force in {LINE}, cannot be read: riskTier: is required; standingApprovals: is required; "
                "requirements: 'requirements' is not known; known: riskTier, candidate, evidence, noRegression, covers, "
                "approvals, automaticPromotion, rollout, protectedAliases, standingApprovals",
                f"have an admin adopt a policy for {LINE}",
            ),
        ),
        outcome.decisions,
    )
    await adopted(registry, POLICY)
    assert [(g["id"], g["validTo"] is None) for g in await governed(registry)] == [
        ("policy:ur5e@1", False), ("policy:old@1", False), (NEXT, True),
    ]  # fmt: skip
    await done(registry, ANNA, "approve", release=RELEASE)


async def test_a_governed_fact_is_the_same_action(registry: Forebear) -> None:
    await company(registry)
    governs = [{"id": LINE, "validFrom": ago(minutes=1)}]
    summary = await record(registry, fact(STRICT, description="Film tears.", governs=governs))
    assert summary.rejections == []
    assert [g["id"] for g in await governed(registry)] == ["policy:ur5e@1", NEXT]
    (rejection,) = (await record(registry, fact(POLICY, "policy:ur5e@3"))).rejections
    assert rejection.reasons == ("description: is missing; say there why the policy is adopted",)
    (rejection,) = (await record(registry, fact(POLICY, "policy:ur5e@3", description=" "))).rejections
    assert rejection.reasons == ("description: must not be blank (got ' '); correct the field and try again",)


SIMULATE = """query($document: JSON!, $lines: [ID!]!) { simulatePolicy(document: $document, lines: $lines) { nodes {
    release { id state } becomes staleFrom fleets { id }
    checks { passed code message remedy } missing { code message } } } }"""


async def test_what_a_policy_would_decide_is_said_and_nothing_is_written(registry: Forebear) -> None:
    second = await beside_what_runs(registry)
    before = await everything(registry)
    document = STRICT | {"standingApprovals": {"rule": "GRACE", "until": (until := ago(days=-9))}}
    simulated = (await ask(registry, SIMULATE, document=document, lines=[LINE]))["simulatePolicy"]["nodes"]
    assert await everything(registry) == before
    said = "success is 90 % (evidence:first); the policy asks for at least 95 %"
    none = "success was not measured with pack:replay@1"
    remedy = "a newer measurement of success that is at least 95 % (pack:replay@1)"
    votes = {"code": "APPROVALS_MISSING", "message": "there are 0 of 2 votes"}
    assert simulated == [
        {
            "release": {"id": RELEASE, "state": "DEPLOYED"}, "becomes": "DEPLOYED", "staleFrom": until,
            "fleets": [{"id": "fleet:north"}], "missing": [],
            "checks": [{"passed": False, "code": "THRESHOLD_MISSED", "message": said, "remedy": remedy}],
        },
        {
            "release": {"id": second, "state": "CANDIDATE"}, "becomes": "CANDIDATE", "staleFrom": None, "fleets": [],
            "missing": [{"code": "NO_EVIDENCE", "message": none}, votes],
            "checks": [
                {"passed": False, "code": "NO_EVIDENCE", "message": none,
                 "remedy": "attach evidence of success (pack:replay@1)"},
            ],
        },
    ]  # fmt: skip
    # It is what adopting it comes to.
    await adopted(registry, document)
    assert await standing(registry) == {"state": "DEPLOYED", "staleFrom": until}


async def test_a_policy_that_would_promote_is_said_to(registry: Forebear) -> None:
    await company(registry)
    (simulated,) = (await ask(registry, SIMULATE, document=POLICY | LOW, lines=[LINE]))["simulatePolicy"]["nodes"]
    assert (simulated["becomes"], simulated["missing"]) == ("APPROVED", [])
    assert await standing(registry) == {"state": "CANDIDATE", "staleFrom": None}


async def test_what_cannot_be_simulated_says_why(registry: Forebear) -> None:
    await company(registry)
    wrong = {"riskTier": "HIGH", "standingApprovals": "KEEP", "evidnce": []}
    answer = await registry.executor.answer(
        SIMULATE, {"document": wrong, "lines": ["line:nowhere"]}, None, registry.context(ADA)
    )
    assert b"document.evidnce: 'evidnce' is not known" in answer.body
    assert b"lines: line:nowhere is not known" in answer.body
    assert b'"code":"INVALID_ARGUMENT"' in answer.body
