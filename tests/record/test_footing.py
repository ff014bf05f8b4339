"""What governed, settled and observed nodes lead to stays while they do."""

from typing import Any

import pytest

from forebear.app import Forebear
from forebear.record.summary import Rejection
from tests.record.asking import ask, history, record, refused

SINCE = "2026-01-01T00:00:00Z"


def retraction(of: str, **values: object) -> dict[str, object]:
    return {"kind": "Retraction", "of": of, "reason": "t", **values}


def incident(id: str = "incident:i", at: str = "fleet:q") -> dict[str, object]:
    return {"kind": "Incident", "id": id, "validFrom": SINCE, "at": [at]}


def installation(id: str = "installation:i", robot: str = "robot:r") -> dict[str, object]:
    return {"kind": "Installation", "id": id, "validFrom": SINCE, "artifact": "artifact:a", "robot": robot}


DEPLOYMENT = {"kind": "Deployment", "id": "deployment:d", "state": "ACTIVE", "artifact": "artifact:a", "on": "fleet:q"}
WRONG = "retract an observation that was wrong first; "
DECOMMISSION = WRONG + "what is not used any more is decommissioned (forebear decommission "
CORRECT = WRONG + "where values of {0} were wrong, record a Correction"


@pytest.mark.parametrize(
    ("fact", "of", "leads", "remedy"),
    [
        (DEPLOYMENT, "fleet:q", "deployment:d (on) leads", DECOMMISSION + "fleet:q)"),
        (DEPLOYMENT | {"on": "cohort:c"}, "cohort:c", "deployment:d (on) leads", DECOMMISSION + "cohort:c)"),
        (installation(), "robot:r", "installation:i (robot) leads", DECOMMISSION + "robot:r)"),
        (incident(at="site:s"), "site:s", "incident:i (at) leads", CORRECT),
        (
            {"kind": "ModelVersion", "id": "model:q@1", "model": "model:q", "promotedFrom": ["checkpoint:q"]},
            "checkpoint:q", "model:q@1 (promotedFrom) leads", CORRECT,
        ),
        ({"kind": "ModelVersion", "id": "model:q@1", "model": "model:q"}, "model:q", "model:q@1 (model) leads", CORRECT),
        (
            {"kind": "Attribution", "id": "attribution:a", "explains": ["incident:i"], "suspects": ["dataset:d@1"]},
            "incident:i", "attribution:a (explains) leads", CORRECT,
        ),
        (
            {"kind": "EvaluationPack", "id": "pack:p@1", "sampledFrom": ["dataset:d@1"]},
            "dataset:d@1", "pack:p@1 (sampledFrom) leads", CORRECT,
        ),
    ],
)  # fmt: skip
async def test_what_stays_on_record_keeps_what_it_leads_to(
    registry: Forebear, fact: dict[str, Any], of: str, leads: str, remedy: str
) -> None:
    await history(registry, fact)
    reason = f"of: {of} cannot be retracted while {leads} to it; {remedy.format(of)}"
    assert await refused(registry, retraction(of)) == [Rejection(0, of, (reason,))]
    assert await refused(registry, retraction(of), imported=True) == [Rejection(0, of, (reason,))]


async def test_of_many_that_lead_to_a_node_a_few_are_named_and_the_others_counted(registry: Forebear) -> None:
    await history(registry, *(incident(f"incident:{n:03}") for n in range(120)), DEPLOYMENT)
    (rejection,) = await refused(registry, retraction("fleet:q"))
    named = ", ".join(["deployment:d (on)", *(f"incident:{n:03} (at)" for n in range(4))])
    (reason,) = rejection.reasons
    assert reason.startswith("of: fleet:q cannot be retracted while deployment:d (on), incident:")
    assert " and at least 97 more lead to it; " in reason
    await record(registry, *(retraction(f"incident:{n:03}") for n in range(20, 120)))
    (rejection,) = await refused(registry, retraction("fleet:q"))
    assert rejection.reasons == (
        f"of: fleet:q cannot be retracted while {named} and 16 more lead to it; {DECOMMISSION}fleet:q)",
    )


async def test_what_plain_facts_lead_to_can_be_retracted(registry: Forebear) -> None:
    await record(
        registry,
        {"kind": "Run", "id": "run:a", "trainedOn": ["dataset:d@1"]},
        {"kind": "Robot", "id": "robot:r", "memberOf": [{"id": "fleet:q", "validFrom": SINCE}]},
    )
    summary = await record(registry, retraction("dataset:d@1"), retraction("fleet:q"), retraction("run:a"))
    assert (summary.rejections, summary.retracted) == ([], 3)


@pytest.mark.parametrize("reverse", [False, True])
async def test_an_observation_and_where_it_was_are_retracted_together(registry: Forebear, reverse: bool) -> None:
    await record(registry, incident(), installation())
    gone = [retraction("incident:i"), retraction("fleet:q"), retraction("installation:i"), retraction("robot:r")]
    summary = await record(registry, *(reversed(gone) if reverse else gone))
    assert (summary.rejections, summary.retracted) == ([], 4)


async def test_what_leads_to_a_node_from_the_same_batch_keeps_it(registry: Forebear) -> None:
    (rejection,) = await refused(registry, incident(), retraction("fleet:q"))
    assert rejection.reasons == (f"of: fleet:q cannot be retracted while incident:i (at) leads to it; {DECOMMISSION}fleet:q)",)
    await record(registry, {"kind": "Fleet", "id": "fleet:q"}, incident(at="fleet:other"))
    moved = (retraction("incident:i"), incident(at="fleet:q"), retraction("fleet:other"))
    assert (await record(registry, *moved)).rejections == []


async def test_an_observation_is_retracted_whole_and_not_left_without_what_it_is_of(registry: Forebear) -> None:
    await record(registry, installation(), incident())
    robot = retraction("installation:i", edge="robot", to="robot:r")
    assert [r.reasons for r in await refused(registry, robot)] == [
        (
            "edge: without it installation:i would have no robot; where it was not seen so, retract installation:i whole, "
            "or record in the same batch where else the edge leads",
        )
    ]
    assert len(await refused(registry, retraction("incident:i", edge="at", to="fleet:q"))) == 1

    summary = await record(
        registry,
        robot, {"kind": "Installation", "id": "installation:i", "validFrom": SINCE, "robot": "robot:s"},
        {"kind": "Incident", "id": "incident:i", "validFrom": SINCE, "at": ["site:s"]},
    )  # fmt: skip
    assert summary.rejections == []
    assert (await record(registry, retraction("incident:i", edge="at", to="fleet:q"))).retracted == 1
    assert (await record(registry, retraction("robot:r"), retraction("fleet:q"))).rejections == []
    found = await ask(registry, '{ installation(id: "installation:i") { robot { id } } }')
    assert found == {"installation": {"robot": {"id": "robot:s"}}}
