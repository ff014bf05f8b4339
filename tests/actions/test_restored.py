"""What was exported and restored goes on as it was: what is out of service, and what has another name."""

from __future__ import annotations

from forebear.app import Forebear
from forebear.domain.outcome import Done
from forebear.graph.kinds import GRAPH
from forebear.record.archive import export, restore
from tests import engines
from tests.actions.plant import FLEET, active, artifact, ready, registered, reported
from tests.actions.test_decommissioning import ended, members, out, refusal, runs
from tests.actions.test_drift import drift
from tests.actions.test_installation import ran, seen
from tests.actions.test_names import EVALUATION, NAME, PLACEHOLDER, named, node_id
from tests.actions.world import OLAF, ago, done
from tests.record.asking import ask, everything, now, record


async def moved(registry: Forebear) -> None:
    """Exports everything, and restores it into the emptied database."""

    async def kept() -> object:
        # Which migrations a database has had is its own affair.
        nodes, edges = await everything(registry)
        return [node for node in nodes if '"label":"Migration"' not in node], edges

    before = await kept()
    lines = [line async for line in export(registry.store, GRAPH)]
    await engines.empty(registry.store)
    assert [done async for done in restore(registry.store, GRAPH, lines)]
    assert await kept() == before


async def test_what_is_out_of_service_stays_so_until_it_returns(registry: Forebear) -> None:
    await ready(registry)
    await active(registry, 1, "deployment:first", ago(days=3))
    began, then = ago(days=2), now()
    await seen(registry, began, robot="robot:b", artifact=artifact(1))
    await reported(registry, "deployment:first", "ENDED", ago(minutes=1))
    await ended(registry, FLEET)
    since, until, why = await out(registry, FLEET) or ()
    await moved(registry)
    assert await out(registry, FLEET) == (since, until, why) == (since, None, "Sold.")
    assert await out(registry, FLEET, t=then) is None
    assert await members(registry) == {"fleet": [], "cohorts": [], "canary": ["robot:a"]}
    assert (await members(registry, t=then))["fleet"] == ["robot:a", "robot:b"]
    assert await runs(registry, "robot:b") == [(began, since)]
    asked = {"artifact": artifact(2), "on": FLEET, "reason": "Better."}
    assert [code for code, *_ in await refusal(registry, "requestDeployment", **asked)] == ["DECOMMISSIONED"]
    # A robot that goes on is drift of the fleet that it belonged to.
    await seen(registry, began, robot="robot:b", artifact=artifact(1))
    assert [(r["robot"], r["standing"]) for r in await drift(registry)] == [("robot:b", "UNINTENDED")]
    await done(registry, OLAF, "recommission", place=FLEET, reason="Bought back.")
    await record(registry, {"kind": "Robot", "id": "robot:a", "memberOf": [{"id": FLEET, "validFrom": now()}]})
    await done(registry, OLAF, "requestDeployment", **asked)
    assert await out(registry, FLEET) is None
    assert await out(registry, FLEET, at=since) is not None


async def test_what_has_another_name_meets_it_before_and_after(registry: Forebear) -> None:
    await ready(registry)
    first, second = ago(hours=5), ago(hours=4)
    joined = await seen(registry, first, externalId=NAME)
    waiting = await seen(registry, second, robot="robot:b", externalId="ci:9")
    then = now()
    await registered(registry, 3, externalIds=[NAME], **EVALUATION)
    for n in (1, 2):
        fact = {
            "kind": "Incident",
            "id": f"incident:{n}",
            "validFrom": first,
            "at": ["robot:a"],
            "externalIds": ["pagerduty:1"],
        }
        assert (await record(registry, fact)).rejections == []
    await moved(registry)
    # What was joined stays joined, and its former id leads on to it.
    assert await named(registry, NAME) == await named(registry, PLACEHOLDER) == [artifact(3)]
    assert await node_id(registry, PLACEHOLDER) == artifact(3)
    assert await node_id(registry, PLACEHOLDER, asKnownAt=then) == PLACEHOLDER
    assert await node_id(registry, "incident:2") == "incident:1"
    for name in ({"externalId": NAME}, {"artifact": PLACEHOLDER}, {"artifact": artifact(3)}):
        assert await seen(registry, first, **name) == Done(joined.subject, unchanged=True), name
    assert (await record(registry, fact)).changed == 0
    assert (await ask(registry, "{ incidents { totalCount } }"))["incidents"] == {"totalCount": 1}
    # What waits for its artifact still meets it.
    await registered(registry, 4, externalIds=["ci:9"], **EVALUATION)
    assert await ran(registry, "robot:b") == [(artifact(4), second, None, None)]
    assert await seen(registry, second, robot="robot:b", externalId="ci:9") == Done(waiting.subject, unchanged=True)
