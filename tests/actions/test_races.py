"""Races: whatever comes of two at once, some order of the two explains it, and nothing is half done."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from itertools import pairwise

from forebear.actions.performer import By
from forebear.app import Forebear
from forebear.domain.outcome import Done, Outcome, Refused
from forebear.domain.roles import Actor
from tests.actions.world import ANNA, BEN, RELEASE, company, done
from tests.record.asking import ask

ROUNDS = 50 * int(os.environ.get("FOREBEAR_SOAK", "1"))
"""How often each race is run on each engine."""


async def together(registry: Forebear, *asked: tuple[Actor, str, dict[str, object], str | None]) -> list[Outcome]:
    """Does actions at once."""
    return list(
        await asyncio.gather(*(registry.performer.do(verb, input, By(actor, "race", key)) for actor, verb, input, key in asked))
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
