"""A stop is an intent, as a deployment is: it holds from its request on, and reports confirm it."""

from __future__ import annotations

from typing import Any

from forebear.app import Forebear
from forebear.domain.outcome import Refused
from forebear.domain.roles import Role
from tests.actions.plant import CANARY, FLEET, RITA, active, artifact, node, plant, reported, requested
from tests.actions.test_drift import drift, running, seen, was_running
from tests.actions.world import LINE, OLAF, VERSION, do, done, person
from tests.audit.auditing import findings
from tests.record.asking import ask, history, now, record


async def stopped(registry: Forebear, *places: str) -> str:
    """Requests a stop; the id of the first one."""
    return (await done(registry, OLAF, "requestStop", place=[*places], reason="It drops parcels.")).subject


async def confirmation(registry: Forebear, stop: str, **at: str) -> tuple[str, list[str], list[str], str | None]:
    """How far a stop came: its state, the robots and the deployments that still run, and what took its place."""
    query = """query ($id: ID!, $at: DateTime, $known: DateTime) { stop(id: $id, asKnownAt: $known) { confirmation(at: $at) {
        state robots { id } deployments { id } supersededBy { id } } } }"""
    found = (await ask(registry, query, id=stop, **at))["stop"]["confirmation"]
    later = found["supersededBy"]
    return found["state"], *([n["id"] for n in found[name]] for name in ("robots", "deployments")), later and later["id"]


async def intents(registry: Forebear, version: str = VERSION) -> list[tuple[Any, ...]]:
    """Where a version is meant to run and seen to run, and which stop holds there."""
    query = "query ($id: ID!) { modelVersion(id: $id) { running { nodes { basis robots { id } stop { id } } } } }"
    rows = (await ask(registry, query, id=version))["modelVersion"]["running"]["nodes"]
    return sorted((r["basis"], [robot["id"] for robot in r["robots"]], r["stop"] and r["stop"]["id"]) for r in rows)


async def stops(registry: Forebear, place: str, **at: str) -> list[Any]:
    """The stop that holds on each robot of a place."""
    query = """query ($p: ID!, $at: DateTime, $known: DateTime) { whatWasRunning(place: $p, at: $at, asKnownAt: $known) {
        nodes { stop { id } deployment { id } } } }"""
    rows = (await ask(registry, query, p=place, **at))["whatWasRunning"]["nodes"]
    return [(r["stop"] and r["stop"]["id"], r["deployment"] and r["deployment"]["id"]) for r in rows]


async def test_a_fleet_that_is_asked_to_stop_is_meant_to_run_nothing_until_a_later_deployment(registry: Forebear) -> None:
    await running(registry)
    before = now()
    assert await drift(registry) == []
    stop = await stopped(registry, FLEET)
    asked = await node(registry, "Stop", stop, "requestedAt recordedAt reason place { __typename }")
    assert asked == {
        "requestedAt": asked["recordedAt"], "recordedAt": asked["recordedAt"], "reason": "It drops parcels.",
        "place": {"__typename": "Fleet"},
    }  # fmt: skip
    # The same request again is the same.
    again = await done(registry, OLAF, "requestStop", place=[FLEET], reason="Again.")
    assert (again.subject, again.unchanged) == (stop, True)
    # What still runs is drift: the robots, and the deployment that is still active.
    rows = [(r["robot"], r["standing"], r["deployment"], r["intended"], r["authorized"]) for r in await drift(registry)]
    assert rows == [
        (None, None, "deployment:first", None, True),
        ("robot:a", "UNINTENDED", None, None, True),
        ("robot:b", "UNINTENDED", None, None, True),
    ]
    assert await stops(registry, FLEET) == [(stop, None), (stop, None)]
    assert (
        await stops(registry, FLEET, at=before)
        == await stops(registry, FLEET, known=before)
        == 2 * [(None, "deployment:first")]
    )
    assert await intents(registry) == [
        ("OBSERVED", ["robot:a"], stop), ("OBSERVED", ["robot:b"], stop), ("STOPPING", ["robot:a", "robot:b"], stop),
    ]  # fmt: skip
    # Reports confirm it: of each robot, and of the deployment. A robot that runs again takes the confirmation back.
    assert await confirmation(registry, stop) == ("REQUESTED", ["robot:a", "robot:b"], ["deployment:first"], None)
    await reported(registry, "deployment:first", "ENDED", now())
    for robot in ("robot:a", "robot:b"):
        assert (await confirmation(registry, stop))[0] == "REQUESTED"
        (known,) = (await node(registry, "Robot", robot, "installations { nodes { validFrom } }"))["installations"]["nodes"]
        ends = {"robot": robot, "artifact": artifact(1), "since": known["validFrom"], "until": now()}
        await done(registry, RITA, "reportInstallation", **ends)
    confirmed = now()
    assert await confirmation(registry, stop) == ("CONFIRMED", [], [], None)
    assert await drift(registry) == []
    assert await was_running(registry, "robot:a") == [("robot:a", "UNKNOWN", None, None)]
    await seen(registry, 1, "robot:a", now())
    assert await confirmation(registry, stop) == ("REQUESTED", ["robot:a"], [], None)
    assert await confirmation(registry, stop, at=confirmed) == ("CONFIRMED", [], [], None)
    assert await confirmation(registry, stop, known=confirmed) == ("CONFIRMED", [], [], None)
    # A canary after the stop counts for its robots alone.
    await active(registry, 2, "deployment:canary", now(), CANARY)
    assert await stops(registry, FLEET) == [(None, "deployment:canary"), (stop, None)]
    assert (await confirmation(registry, stop))[0] == "CONFIRMED"
    await active(registry, 2, "deployment:second", now())
    assert await confirmation(registry, stop) == ("SUPERSEDED", [], [], "deployment:second")
    assert [s for s, _ in await stops(registry, FLEET)] == [None, None]
    # What was requested before the stop stays stopped, however late its manager reports it.
    await reported(registry, "deployment:first", "ACTIVE", now())
    assert [d for _, d in await stops(registry, "robot:b")] != ["deployment:first"]
    # A request after that is another stop.
    other = await stopped(registry, FLEET)
    assert other != stop
    assert await stops(registry, FLEET) == [(other, None), (other, None)]


async def test_a_robot_is_asked_to_stop_and_its_fleet_goes_on(registry: Forebear) -> None:
    await running(registry)
    assert (await done(registry, OLAF, "requestStop", place=["robot:b", "robot:b"], reason="Smoke.")).changed
    assert [(r["robot"], r["standing"]) for r in await drift(registry)] == [("robot:b", "UNINTENDED")]
    (stop,) = [stop for stop, _ in await stops(registry, "robot:b")]
    assert await stops(registry, FLEET) == [(None, "deployment:first"), (stop, None)]
    assert await intents(registry) == [
        ("INTENDED", ["robot:a", "robot:b"], None), ("OBSERVED", ["robot:a"], None), ("OBSERVED", ["robot:b"], stop),
    ]  # fmt: skip
    assert await confirmation(registry, stop) == ("REQUESTED", ["robot:b"], [], None)
    # It stays stopped while the fleet's deployment is reported again, and runs again what is requested later.
    await reported(registry, "deployment:first", "ACTIVE", now())
    assert await stops(registry, "robot:b") == [(stop, None)]
    await active(registry, 2, "deployment:second", now())
    assert await stops(registry, "robot:b") == [(None, "deployment:second")]
    assert await confirmation(registry, stop) == ("SUPERSEDED", [], [], "deployment:second")
    # A robot that left service begins anew.
    again = await stopped(registry, "robot:b")
    await done(registry, OLAF, "decommission", place="robot:b", reason="Sold.")
    await done(registry, OLAF, "recommission", place="robot:b", reason="Bought back.")
    await record(registry, {"kind": "Robot", "id": "robot:b", "memberOf": [{"id": FLEET, "validFrom": now()}]})
    assert await stops(registry, "robot:b") == [(None, "deployment:second")]
    assert await stopped(registry, "robot:b") != again


async def test_a_stop_ends_what_is_planned_and_stands_in_the_way_of_nothing_later(registry: Forebear) -> None:
    await running(registry)
    await requested(registry, 2, "deployment:planned", CANARY)
    stop = await stopped(registry, FLEET, CANARY, "robot:a")
    assert await node(registry, "Deployment", "deployment:planned", "state validFrom") == {"state": "ENDED", "validFrom": None}
    three = await ask(registry, "{ stops { nodes { place { ... on Node { id } } } } }")
    assert [s["place"]["id"] for s in three["stops"]["nodes"]] == [FLEET, CANARY, "robot:a"]
    assert (await done(registry, OLAF, "requestStop", place=["robot:a", FLEET], reason="x")).unchanged
    # A deployment manager is told, and a deployment under way that was stopped blocks no request.
    query = 'query { permitted(deployment: "deployment:first") { allowed reasons { code message } } }'
    assert (await ask(registry, query))["permitted"] == {
        "allowed": False,
        "reasons": [
            {
                "code": "STOPPED",
                "message": f"{stop} asks to stop what was requested on {FLEET} before, deployment:first included",
            }
        ],
    }
    await requested(registry, 2, "deployment:next")
    await reported(registry, "deployment:next", "IN_PROGRESS", now())
    refused = await do(registry, OLAF, "requestDeployment", artifact=artifact(1), on=FLEET, reason="x")
    assert isinstance(refused, Refused)
    assert [r.code for r in refused.reasons] == ["PENDING"]
    await stopped(registry, FLEET)
    await requested(registry, 2, "deployment:after")
    replaced = await node(registry, "Deployment", "deployment:after", "replaces { nodes { id } }")
    assert [d["id"] for d in replaced["replaces"]["nodes"]] == ["deployment:first", "deployment:next"]
    # A rollback takes the place of a stop as well, also of one that is confirmed.
    await reported(registry, "deployment:after", "ACTIVE", now())
    await stopped(registry, FLEET)
    await reported(registry, "deployment:after", "ENDED", now())
    back = await done(registry, OLAF, "rollBack", on=FLEET, reason="Worse.")
    await reported(registry, back.subject, "ACTIVE", now())
    assert await stops(registry, "robot:b") == [(None, back.subject)]
    undid = await node(registry, "Deployment", back.subject, "rollsBack { nodes { id } }")
    assert [d["id"] for d in undid["rollsBack"]["nodes"]] == ["deployment:after"]
    assert await findings(registry.store) == []


async def test_who_may_stop_a_place_is_an_operator_of_all_its_lines(registry: Forebear) -> None:
    await plant(registry)
    one = person("oda", Role.OPERATOR, lines=frozenset({LINE}))
    other = person("oleg", Role.OPERATOR, lines=frozenset({"line:other"}))
    for actor, place, code in (
        (RITA, FLEET, "FORBIDDEN"), (other, "robot:a", "FORBIDDEN"), (OLAF, "robot:none", "UNKNOWN"),
    ):  # fmt: skip
        refused = await do(registry, actor, "requestStop", place=[CANARY, place], reason="x")
        assert isinstance(refused, Refused)
        assert {r.code for r in refused.reasons} == {code}
    for input in ({"place": [], "reason": "x"}, {"place": [FLEET], "reason": " "}):
        refused = await do(registry, OLAF, "requestStop", **input)
        assert isinstance(refused, Refused)
        assert [r.code for r in refused.reasons] == ["INVALID_INPUT"]
    assert (await ask(registry, "{ stops { totalCount } }"))["stops"]["totalCount"] == 0
    await done(registry, one, "requestStop", place=[FLEET, CANARY, "robot:a"], reason="x")
    # A fact is the same request, and history comes as it was.
    fact = {"kind": "Stop", "id": "stop:mine", "place": "robot:b", "reason": "Smoke."}
    for _ in range(2):
        assert (await record(registry, fact)).rejections == []
    assert (await ask(registry, "{ stops { totalCount } }"))["stops"]["totalCount"] == 4
    await history(registry, fact | {"id": "stop:old", "place": CANARY, "requestedAt": "2026-02-01T00:00:00Z"})
    assert await node(registry, "Stop", "stop:old", "requestedAt") == {"requestedAt": "2026-02-01T00:00:00.000000Z"}
