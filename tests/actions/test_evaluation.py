"""Releases follow what nobody decided: a policy that begins, and what runs in their line."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from forebear.actions.evaluation import evaluate_lines, evaluations_kept
from forebear.actions.performer import Requester
from forebear.app import Forebear
from forebear.domain.outcome import Done, Outcome, Refused
from forebear.domain.roles import Role
from forebear.store.errors import StatementTimeout
from tests.actions.plant import beside_what_runs, reported
from tests.actions.test_evidence import COMPARED, attached, state
from tests.actions.test_policy import LOW, NEXT, adopted, fact
from tests.actions.world import ADA, ANNA, EVA, LINE, OLAF, POLICY, RELEASE, VERSION, ago, company, do, done, person
from tests.record.asking import ask, everything, record

LENIENT = POLICY | {"evidence": [{"pack": "pack:replay@1", "metric": "success", "minimum": 60}]}


async def evaluated(registry: Forebear) -> Done:
    """Has the company's line evaluated."""
    return await done(registry, EVA, "evaluate", line=LINE)


async def due(registry: Forebear) -> None:
    """What a service does from time to time."""
    await evaluate_lines(registry.store, registry.performer)


async def decisions(registry: Forebear, release: str = RELEASE) -> list[dict[str, Any]]:
    """What was decided about a release, and by whom."""
    query = """query($id: ID!) { release(id: $id) { decisions(orderBy: {field: decidedAt}) { nodes {
        type verdict actor recordedBy under { nodes { id } } } } } }"""
    nodes = (await ask(registry, query, id=release))["release"]["decisions"]["nodes"]
    return [node | {"under": node["under"]["nodes"][0]["id"]} for node in nodes]


async def test_a_policy_that_begins_promotes_by_itself_what_satisfies_it(registry: Forebear) -> None:
    await company(registry, success=70.0)
    soon = ago(seconds=-2)
    await adopted(registry, {}, policy=fact(LENIENT | LOW, governs=[{"id": LINE, "validFrom": soon}]), lines=[])
    async with evaluations_kept(registry.store, registry.performer, 0.05):
        while await state(registry) != "APPROVED":
            await asyncio.sleep(0.01)
    by_itself = {"verdict": "GRANTED", "actor": NEXT, "recordedBy": NEXT, "under": NEXT}
    found = sorted(await decisions(registry), key=lambda d: str(d["type"]))
    assert found == [{"type": "EVALUATION"} | by_itself, {"type": "PROMOTION"} | by_itself]


async def test_what_runs_in_a_line_changes_what_others_are_compared_with(registry: Forebear) -> None:
    second = await beside_what_runs(registry, policy=COMPARED)
    await attached(registry, "second", 85.0, about=["model:picker@2"])
    assert await evaluated(registry) == Done(LINE, unchanged=True)
    await reported(registry, "deployment:north", "ENDED", ago(minutes=5))
    assert await state(registry, second) == "CANDIDATE"
    outcome = await evaluated(registry)
    assert outcome == Done(LINE, outcome.decisions, (*outcome.decisions, second))
    assert (await state(registry, second), len(outcome.decisions)) == ("EVALUATED", 1)
    await reported(registry, "deployment:north", "ACTIVE", ago(minutes=4))
    await evaluated(registry)
    assert await state(registry, second) == "CANDIDATE"


async def test_what_needs_no_decision_writes_nothing(registry: Forebear) -> None:
    await company(registry)
    await adopted(registry, POLICY)
    before = await everything(registry)
    await due(registry)
    assert await evaluated(registry) == Done(LINE, unchanged=True)
    assert await everything(registry) == before


async def test_several_at_once_decide_once(registry: Forebear) -> None:
    second = await beside_what_runs(registry, policy=COMPARED)
    await adopted(registry, COMPARED)
    await attached(registry, "second", 85.0, about=["model:picker@2"])
    await reported(registry, "deployment:north", "ENDED", ago(minutes=5))
    await asyncio.gather(evaluated(registry), due(registry), due(registry), evaluated(registry))
    assert [d["type"] for d in await decisions(registry, second)] == ["EVALUATION"]


async def test_a_rejected_release_stays_so_and_history_is_left_alone_until_somebody_asks(registry: Forebear) -> None:
    await company(registry)
    before = await everything(registry)
    await due(registry)
    assert await everything(registry) == before
    await done(registry, ANNA, "reject", release=RELEASE, reason="No.")
    await evaluated(registry)
    assert await state(registry) == "REJECTED"


async def test_who_may_evaluate_does_so_in_their_lines(registry: Forebear) -> None:
    await company(registry)
    for actor in (OLAF, person("lia", Role.ENGINEER, lines=frozenset({"line:other"}))):
        outcome = await do(registry, actor, "evaluate", line=LINE)
        assert isinstance(outcome, Refused)
        assert [r.code for r in outcome.reasons] == ["FORBIDDEN"]
    outcome = await do(registry, ADA, "evaluate", line="line:nowhere")
    assert isinstance(outcome, Refused)
    assert [(r.code, r.message) for r in outcome.reasons] == [
        ("UNKNOWN", "line: line:nowhere is not known, or only named by others so far")
    ]


async def test_a_line_that_cannot_be_evaluated_does_not_keep_the_others_waiting(
    registry: Forebear, monkeypatch: pytest.MonkeyPatch
) -> None:
    await company(registry, success=70.0)
    await record(registry, {"kind": "ReleaseLine", "id": "line:first"})
    await adopted(registry, POLICY, lines=[LINE, "line:first"])
    await done(registry, EVA, "registerCandidate", versions=[{"kind": "ModelVersion", "id": VERSION}], lines=["line:first"])
    asked: list[str] = []

    async def late(name: str, input: dict[str, str], by: Requester) -> Outcome:
        asked.append(input["line"])
        raise StatementTimeout(30)

    monkeypatch.setattr(registry.performer, "do", late)
    await due(registry)
    assert asked == ["line:first", LINE]
