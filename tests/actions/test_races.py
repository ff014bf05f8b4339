"""Races: whatever comes of two at once, some order of the two explains it, and nothing is half done."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from itertools import pairwise

import pytest

from forebear.actions.performer import Requester
from forebear.app import Forebear
from forebear.domain.outcome import Done, Outcome, Refused
from forebear.domain.roles import Actor
from tests.actions.world import ADA, ANNA, BEN, EVA, LINE, POLICY, RELEASE, VERSION, ago, company, done
from tests.record.asking import ask, record

ROUNDS = 50
"""How often each race is run on each engine, about releases whose history grows."""

pytestmark = pytest.mark.usefixtures("anew")

STRICT = POLICY | {"standingApprovals": {"rule": "REAPPROVE"}}
"""A policy that makes standing approvals stale."""


async def together(registry: Forebear, *asked: tuple[Actor, str, dict[str, object], str | None]) -> list[Outcome]:
    """Does actions at once."""
    return list(
        await asyncio.gather(
            *(registry.performer.do(verb, input, Requester(actor, "race", key)) for actor, verb, input, key in asked)
        )
    )


async def decisions(registry: Forebear) -> Counter[str]:
    """How many granted decisions of each type there are about the release."""
    query = """query($id: ID!) { release(id: $id) {
        decisions(first: 1000, filter: {verdict: {eq: GRANTED}}) { nodes { type } } } }"""
    answer = await ask(registry, query, id=RELEASE)
    return Counter(node["type"] for node in answer["release"]["decisions"]["nodes"])


async def state(registry: Forebear) -> str:
    """The release's state."""
    return str((await ask(registry, "query($id: ID!) { release(id: $id) { state } }", id=RELEASE))["release"]["state"])


async def chain(registry: Forebear) -> list[int]:
    """The numbers of the release's audit entries, in order, whose links fit."""
    rows = await registry.store.read(
        "MATCH (e:AuditEntry {subject: $id}) RETURN e.number AS number, e.previous AS previous, e.hash AS hash ORDER BY number",
        {"id": RELEASE},
    )
    for before, after in pairwise(rows):
        assert after["previous"] == before["hash"]
    return [int(str(row["number"])) for row in rows]


async def restart(registry: Forebear) -> None:
    """Brings the release back to a candidate without votes."""
    at = await state(registry)
    if at == "APPROVED":
        await done(registry, ANNA, "deprecate", release=RELEASE, reason="Again.")
        await done(registry, ANNA, "restore", release=RELEASE, reason="Again.")
        await done(registry, ANNA, "withdrawApproval", release=RELEASE, reason="Again.")
        at = "EVALUATED"
    if at != "REJECTED":
        await done(registry, ANNA, "reject", release=RELEASE, reason="Again.")
    await done(registry, ANNA, "restore", release=RELEASE, reason="Again.")


async def test_two_approvers_at_once_are_two_votes_and_one_approval(registry: Forebear) -> None:
    await company(registry)
    for n in range(1, ROUNDS + 1):
        outcomes = await together(
            registry, (ANNA, "approve", {"release": RELEASE}, None), (BEN, "approve", {"release": RELEASE}, None)
        )
        assert all(isinstance(o, Done) for o in outcomes), outcomes
        assert await state(registry) == "APPROVED"
        found = await decisions(registry)
        assert (found["VOTE"], found["APPROVAL"], found["EVALUATION"]) == (2 * n, n, n)
        await restart(registry)
    assert await chain(registry) == list(range(len(await chain(registry))))


async def test_approving_and_rejecting_at_once_ends_as_one_after_the_other(registry: Forebear) -> None:
    await company(registry)
    for _ in range(ROUNDS):
        await done(registry, ANNA, "approve", release=RELEASE)
        approve, reject = await together(
            registry,
            (BEN, "approve", {"release": RELEASE}, None),
            (ANNA, "reject", {"release": RELEASE, "reason": "No."}, None),
        )
        match approve, reject:
            case Done(), Refused():  # approved first; what is approved is not rejected but withdrawn
                assert await state(registry) == "APPROVED"
            case Refused(), Done():
                assert await state(registry) == "REJECTED"
            case other:
                raise AssertionError(other)
        await restart(registry)
    assert await chain(registry) == list(range(len(await chain(registry))))


async def test_approving_and_withdrawing_at_once_ends_as_one_after_the_other(registry: Forebear) -> None:
    await company(registry)
    for n in range(ROUNDS):
        # Either there is no approval yet that could be withdrawn, or a stale one.
        if is_stale := n % 5 == 0:
            for actor in (ANNA, BEN):
                await done(registry, actor, "approve", release=RELEASE)
            policy = {"kind": "ReleasePolicy", "id": f"policy:ur5e@{n + 2}", "document": STRICT}
            await done(registry, ADA, "adoptPolicy", policy=policy, lines=[LINE], reason="Again.")
        await done(registry, ANNA, "approve", release=RELEASE)
        before = await decisions(registry)
        both: list[tuple[Actor, str, dict[str, object], str | None]] = [
            (BEN, "approve", {"release": RELEASE}, None),
            (ANNA, "withdrawApproval", {"release": RELEASE, "reason": "No."}, None),
        ]
        outcomes = await together(registry, *(both if n % 2 else reversed(both)))
        approve, withdraw = outcomes if n % 2 else reversed(outcomes)
        assert isinstance(approve, Done)
        new = await decisions(registry) - before
        assert new["VOTE"] == 1
        match withdraw, new["APPROVAL"]:
            case Done(), 1:  # approved first, and that taken back
                assert await state(registry) == "EVALUATED"
            case Done(), 0 if is_stale:  # what was stale taken back first, and with it the other vote
                assert await state(registry) == "EVALUATED"
                await done(registry, ANNA, "reject", release=RELEASE, reason="Again.")
                await done(registry, ANNA, "restore", release=RELEASE, reason="Again.")
            case Refused((reason,)), 1 if not is_stale:  # nothing to take back yet
                assert (reason.code, await state(registry)) == ("ILLEGAL_TRANSITION", "APPROVED")
                await done(registry, ANNA, "withdrawApproval", release=RELEASE, reason="Again.")
            case other:
                raise AssertionError(other)
    assert await chain(registry) == list(range(len(await chain(registry))))


async def test_equal_idempotency_keys_at_once_are_one_request(registry: Forebear) -> None:
    await company(registry)
    for n in range(ROUNDS):
        vote = (ANNA, "approve", {"release": RELEASE}, f"key-{n}")
        first, second, third = await together(registry, vote, vote, vote)
        assert isinstance(first, Done)
        assert first == second == third
        found = await decisions(registry)
        assert found["VOTE"] == n + 1
        await restart(registry)


async def test_evidence_and_a_new_policy_at_once_come_to_what_both_together_say(registry: Forebear) -> None:
    await company(registry, success=0.0)
    choose = random.Random(4)
    for n in range(ROUNDS):
        value, bound = choose.randint(1, 9), choose.randint(1, 9)
        evidence = {
            "kind": "Evidence", "id": f"evidence:{n}", "type": "REPLAY", "measuredAt": ago(),
            "measurements": [{"metric": "success", "value": value}], "about": [VERSION], "measuredWith": ["pack:replay@1"],
        }  # fmt: skip
        asked = {"pack": "pack:replay@1", "metric": "success", "minimum": bound}
        policy = {"kind": "ReleasePolicy", "id": f"policy:ur5e@{n + 2}", "document": POLICY | {"evidence": [asked]}}
        both: list[tuple[Actor, str, dict[str, object], str | None]] = [
            (EVA, "attachEvidence", {"evidence": evidence}, None),
            (ADA, "adoptPolicy", {"policy": policy, "lines": [LINE], "reason": "Again."}, None),
        ]
        outcomes = await together(registry, *choose.sample(both, 2))
        assert all(isinstance(o, Done) for o in outcomes), outcomes
        assert await state(registry) == ("EVALUATED" if value >= bound else "CANDIDATE"), (value, bound)
    assert await chain(registry) == list(range(len(await chain(registry))))


async def test_policies_adopted_at_once_govern_one_after_the_other(registry: Forebear) -> None:
    await company(registry)
    ids = iter(range(2, 2 + 3 * ROUNDS))
    for _ in range(ROUNDS):
        policies = [{"kind": "ReleasePolicy", "id": f"policy:ur5e@{next(ids)}", "document": POLICY} for _ in range(3)]
        outcomes = await together(
            registry, *((ADA, "adoptPolicy", {"policy": p, "lines": [LINE], "reason": "Again."}, None) for p in policies)
        )
        assert all(isinstance(o, Done) for o in outcomes), outcomes
    rows = await registry.store.read(
        "MATCH (p:ReleasePolicy)-[g:GOVERNS]->(l:ReleaseLine) RETURN g.validFrom AS since, g.validTo AS until ORDER BY since"
    )
    assert len(rows) == 1 + 3 * ROUNDS
    assert [row["until"] for row in rows] == [*(row["since"] for row in rows[1:]), None]


async def test_a_version_registered_twice_at_once_is_one_of_the_two(registry: Forebear) -> None:
    await company(registry)
    for n in range(ROUNDS):
        id, digests = f"model:picker@{n + 2}", [f"sha256:{digit * 64}" for digit in "ab"]
        versions = [{"kind": "ModelVersion", "id": id, "weightsDigest": digest} for digest in digests]
        first, second = await together(
            registry, *((EVA, "registerCandidate", {"versions": [v], "lines": [LINE]}, None) for v in versions)
        )
        (stored,) = await registry.store.read("MATCH (v:ModelVersion {id: $id}) RETURN v.weightsDigest AS digest", {"id": id})
        match first, second:
            case Done(), Refused((reason,)):
                assert stored["digest"] == digests[0]
            case Refused((reason,)), Done():
                assert stored["digest"] == digests[1]
            case other:
                raise AssertionError(other)
        assert reason.code == "IMMUTABLE"


async def test_evidence_that_comes_while_its_version_enters_a_line_counts_there(registry: Forebear) -> None:
    await company(registry)
    await record(registry, {"kind": "ReleaseLine", "id": "line:kitchen"})
    policy = {"kind": "ReleasePolicy", "id": "policy:kitchen@1", "document": POLICY}
    await done(registry, ADA, "adoptPolicy", policy=policy, lines=["line:kitchen"], reason="The first.")
    for n in range(2, 2 + ROUNDS):
        version = {"kind": "ModelVersion", "id": f"model:picker@{n}", "parameters": 1}
        await done(registry, EVA, "registerCandidate", versions=[version], lines=[LINE])
        evidence = {
            "kind": "Evidence", "id": f"evidence:{n}", "type": "REPLAY", "measuredAt": ago(),
            "measurements": [{"metric": "success", "value": 90}], "about": [version["id"]], "measuredWith": ["pack:replay@1"],
        }  # fmt: skip
        both: list[tuple[Actor, str, dict[str, object], str | None]] = [
            (EVA, "attachEvidence", {"evidence": evidence}, None),
            (EVA, "registerCandidate", {"versions": [version], "lines": ["line:kitchen"]}, None),
        ]
        outcomes = await together(registry, *(both if n % 2 else reversed(both)))
        assert all(isinstance(o, Done) for o in outcomes), outcomes
        rows = await registry.store.read(
            "MATCH (r:Release)-[of:OF]->(v:ModelVersion {id: $id}) RETURN r.state AS state", {"id": version["id"]}
        )
        assert [row["state"] for row in rows] == ["EVALUATED", "EVALUATED"]
