"""What changes in the world is told with the moment from which it holds; late and repeated messages reset nothing."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from forebear.app import Forebear
from forebear.graph.kinds import GRAPH
from forebear.graph.moments import moment
from forebear.record.archive import export, restore
from tests import engines
from tests.audit.auditing import findings, tamper
from tests.record.asking import ask, history, now, refused

DAYS = tuple(f"2026-01-0{day}T00:00:00.000000Z" for day in range(1, 6))
ONE, TWO, THREE, FOUR, FIVE = DAYS


def run(id: str = "run:a", **values: object) -> dict[str, Any]:
    return {"kind": "Run", "id": id, **values}


async def status(registry: Forebear, id: str = "run:a", **moments: object) -> list[object]:
    """The present status of a run, and those that held at five moments."""
    at = " ".join(f'd{n}: status(at: "{day}")' for n, day in enumerate(DAYS))
    query = f"query ($id: ID!, $asKnownAt: DateTime) {{ run(id: $id, asKnownAt: $asKnownAt) {{ status {at} }} }}"
    return [*(await ask(registry, query, id=id, **moments))["run"].values()]


async def test_a_late_message_resets_nothing_and_what_held_stays_answerable(registry: Forebear) -> None:
    await history(registry, run(status="SUCCEEDED", endedAt=THREE, metrics={"loss": 0.1}, asOf=THREE))
    known = now()
    late = run(status="RUNNING", metrics={"loss": 0.9}, asOf=TWO)
    summary, again = await history(registry, late), await history(registry, late)

    assert (summary.revised, again.changed) == (1, 0)
    assert await status(registry) == ["SUCCEEDED", None, "RUNNING", "SUCCEEDED", "SUCCEEDED", "SUCCEEDED"]
    assert await status(registry, asKnownAt=known) == ["SUCCEEDED", None, None, "SUCCEEDED", "SUCCEEDED", "SUCCEEDED"]
    root = await ask(
        registry, f'{{ run(id: "run:a", at: "{TWO}") {{ status metrics endedAt present: status(at: "{FIVE}") }} }}'
    )
    assert root == {"run": {"status": "RUNNING", "metrics": {"loss": 0.9}, "endedAt": None, "present": "SUCCEEDED"}}
    found = await ask(registry, f'{{ runs(at: "{TWO}", filter: {{status: {{eq: RUNNING}}}}) {{ nodes {{ id }} }} }}')
    assert found == {"runs": {"nodes": [{"id": "run:a"}]}}


async def test_in_whatever_order_it_is_told_it_comes_to_the_same(registry: Forebear) -> None:
    told = [(TWO, "RUNNING"), (THREE, "FAILED"), (FOUR, "RUNNING"), (FIVE, "SUCCEEDED")]
    orders = [*permutations(told)]
    for n, order in enumerate(orders):
        one_by_one = [run(f"run:{n}", status=s, asOf=at) for at, s in order]
        for facts in [*([fact] for fact in one_by_one), [{**f, "id": f"run:{n}-at-once"} for f in one_by_one], one_by_one]:
            await history(registry, *facts)
    expected = ["SUCCEEDED", None, "RUNNING", "FAILED", "RUNNING", "SUCCEEDED"]
    for n in range(0, len(orders), 5):
        assert [await status(registry, f"run:{n}{how}") for how in ("", "-at-once")] == [expected] * 2
    (kept,) = await registry.store.read("MATCH (n:Run) RETURN count(DISTINCT n.statusTold) AS lists, count(n) AS runs")
    assert kept == {"lists": 1, "runs": 2 * len(orders)}
    assert await findings(registry.store) == []


async def test_without_a_moment_it_holds_from_when_it_is_recorded(registry: Forebear) -> None:
    await history(registry, run(status="RUNNING"), run(status="FAILED"))
    before = now()
    again = await history(registry, run(status="FAILED"))
    await history(registry, run(status="RUNNING"))
    found = await ask(registry, f'{{ run(id: "run:a") {{ status then: status(at: "{before}") old: status(at: "{FIVE}") }} }}')

    assert again.changed == 0
    assert found == {"run": {"status": "RUNNING", "then": "FAILED", "old": None}}


async def test_the_software_of_a_robot_is_told_too_and_corrected_retracted_and_restored(registry: Forebear) -> None:
    robot = {"kind": "Robot", "id": "robot:r"}
    for fact in (
        robot | {"software": "4.2.1", "rateHz": 10, "asOf": FOUR},
        robot | {"software": "4.1", "asOf": TWO},
        {"kind": "Correction", "of": "robot:r", "values": {"software": "4.1.1"}, "asOf": THREE, "reason": "typo"},
        {"kind": "Correction", "of": "robot:r", "values": {"software": None}, "reason": "never installed"},
    ):
        await history(registry, fact)
    query = f'{{ robot(id: "robot:r") {{ software rateHz old: software(at: "{ONE}") rate: rateHz(at: "{FIVE}") }} }}'
    expected = {"robot": {"software": "4.1.1", "rateHz": 10.0, "old": None, "rate": 10.0}}
    assert await ask(registry, query) == expected
    assert await findings(registry.store) == []

    archive = [line async for line in export(registry.store, GRAPH)]
    await engines.empty(registry.store)
    async for _ in restore(registry.store, GRAPH, archive):
        pass
    assert await ask(registry, query) == expected
    await history(registry, {"kind": "Retraction", "of": "robot:r", "reason": "none"}, robot | {"software": "5", "asOf": FIVE})
    assert (await ask(registry, query))["robot"] == {"software": "5", "rateHz": None, "old": None, "rate": None}
    assert await findings(registry.store) == []
    await tamper(registry.store, f"MATCH (r:Robot) SET r.softwareSince = ['{ONE}']")
    assert [f.split(",")[0] for f in await findings(registry.store)] == [f'robot:r has softwareSince ["{ONE}"]']


async def test_what_an_older_version_recorded_is_answered_at_any_moment_until_more_is_told(registry: Forebear) -> None:
    await history(registry, run(status="RUNNING", asOf=TWO))
    await tamper(registry.store, f"MATCH (r:Run) SET r.describedAt = '{THREE}' REMOVE r.statusTold, r.statusSince")
    assert await status(registry) == ["RUNNING"] * 6
    await history(registry, run(status="FAILED", asOf=FOUR))
    assert await status(registry) == ["FAILED", None, None, "RUNNING", "FAILED", "FAILED"]


async def test_a_sender_s_clock_may_be_ahead_and_what_holds_from_now_on_is_the_newest_all_the_same(registry: Forebear) -> None:
    soon = moment(datetime.now(UTC) + timedelta(minutes=2))
    await history(registry, run(status="RUNNING", asOf=soon))
    assert (await history(registry, run(status="RUNNING", asOf=soon))).changed == 0
    await history(registry, run(status="FAILED"))
    (row,) = await registry.store.read("MATCH (r:Run) RETURN r.status AS status, r.statusSince AS since")
    assert row == {"status": "FAILED", "since": [soon, soon]}


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        (run(status="RUNNING", asOf="2999-01-01T00:00:00Z"), "asOf: 2999-01-01T00:00:00.000000Z lies ahead"),
        (run(seed=1, asOf=ONE), "asOf: says from when status and endedAt and error and metrics hold, and this fact gives none"),
        ({"kind": "Checkpoint", "id": "checkpoint:a/1", "asOf": ONE}, "asOf: 'asOf' is not known"),
        (
            {"kind": "Correction", "of": "run:a", "values": {"seed": 1}, "asOf": ONE, "reason": "typo"},
            "asOf: says when what is corrected held, and nothing that changes in the world is corrected",
        ),
    ],
    ids=["ahead", "of nothing", "of a kind that does not change", "a correction of nothing"],
)
async def test_a_moment_that_says_nothing_is_refused(registry: Forebear, fact: dict[str, Any], reason: str) -> None:
    await history(registry, run(status="RUNNING"))
    ((said,),) = [r.reasons for r in await refused(registry, fact)]
    assert said.startswith(reason)
