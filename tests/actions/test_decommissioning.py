"""What really ends leaves service: an interval of its own, after which nothing is deployed there and what is seen is drift."""

from __future__ import annotations

from typing import Any

from forebear.app import Forebear
from forebear.domain.outcome import Done, Refused
from forebear.domain.roles import Role
from tests.actions.plant import CANARY, FLEET, RITA, ROBOTS, active, artifact, node, ready, reported, requested
from tests.actions.test_drift import drift, seen, was_running
from tests.actions.world import LINE, OLAF, ago, do, done, person
from tests.record.asking import ask, history, now, record

SINCE = "2026-01-01T00:00:00Z"


async def ended(registry: Forebear, place: str) -> Done:
    """Takes a place out of service."""
    return await done(registry, OLAF, "decommission", place=place, reason="Sold.")


async def refusal(registry: Forebear, verb: str, actor: Any = OLAF, **input: Any) -> list[tuple[str, str, str]]:
    """Why something is refused: codes, messages and remedies."""
    outcome = await do(registry, actor, verb, **input)
    assert isinstance(outcome, Refused), outcome
    return [(r.code, r.message, r.remedy) for r in outcome.reasons]


async def out(registry: Forebear, place: str, **moments: str) -> tuple[str, str | None, str] | None:
    """Since when a place is out of service, until when, and why."""
    kind = {"fleet": "Fleet", "cohort": "Cohort", "robot": "Robot"}[place.partition(":")[0]]
    query = f"""query($id: ID!, $at: DateTime, $t: DateTime) {{ node(id: $id, asKnownAt: $t) {{ ... on {kind} {{
        outOfService(at: $at) {{ since until reason decommissioning {{ place {{ id }} }} }} }} }} }}"""
    said = (await ask(registry, query, id=place, **moments))["node"]["outOfService"]
    if said is None:
        return None
    assert said["decommissioning"] == {"place": {"id": place}}
    return said["since"], said["until"], said["reason"]


async def members(registry: Forebear, **moments: str) -> dict[str, list[str]]:
    """The robots of the fleet and of its canary, and the cohorts of the fleet."""
    query = """query($at: DateTime, $t: DateTime) {
        fleet(id: "fleet:north", asKnownAt: $t) { robots(at: $at) { nodes { id } } cohorts(at: $at) { nodes { id } } }
        cohort(id: "cohort:north/canary", asKnownAt: $t) { robots(at: $at) { nodes { id } } } }"""
    said = await ask(registry, query, **moments)
    found = {"fleet": said["fleet"]["robots"], "cohorts": said["fleet"]["cohorts"], "canary": said["cohort"]["robots"]}
    return {name: [n["id"] for n in ends["nodes"]] for name, ends in found.items()}


async def runs(registry: Forebear, robot: str) -> list[tuple[str, str | None]]:
    """Since when and until when something was seen on a robot."""
    query = "query($id: ID!) { robot(id: $id) { installations(orderBy: {field: validFrom}) { nodes { validFrom validTo } } } }"
    nodes = (await ask(registry, query, id=robot))["robot"]["installations"]["nodes"]
    return [(n["validFrom"], n["validTo"]) for n in nodes]


async def test_a_fleet_is_decommissioned_once_nothing_is_deployed_there_and_nothing_is_deployed_there_since(
    registry: Forebear,
) -> None:
    await ready(registry)
    await active(registry, 1, "deployment:first", ago(days=3))
    await requested(registry, 2, "deployment:canary", CANARY)
    began = ago(days=2)
    await seen(registry, 1, "robot:a", began)
    # The command that ends each deployment is in the refusal.
    (canary, first) = await refusal(registry, "decommission", place=FLEET, reason="Sold.")
    assert canary[:2] == ("NOT_OVER", f"deployment:canary is PLANNED on {CANARY}")
    assert first[:2] == ("NOT_OVER", f"deployment:first is ACTIVE on {FLEET}")
    assert "(reportDeployment): forebear report-deployment deployment:first --state ENDED --at " in first[2]
    await reported(registry, "deployment:first", "ENDED", ago(minutes=2))
    await reported(registry, "deployment:canary", "ENDED", ago(minutes=2))
    before = now()
    assert (await ended(registry, FLEET)).subject == FLEET
    since, *said = await out(registry, FLEET) or ()
    assert said == [None, "Sold."]
    # Both clocks: it was in service before, and nobody knew better then.
    assert await out(registry, FLEET, at=before) is await out(registry, FLEET, t=before) is None
    assert await members(registry) == {"fleet": [], "cohorts": [], "canary": ["robot:a"]}
    whole = {"fleet": [*ROBOTS], "cohorts": [CANARY], "canary": ["robot:a"]}
    assert await members(registry, at=before) == await members(registry, t=before) == whole
    assert await runs(registry, "robot:a") == [(began, since)]
    assert await done(registry, OLAF, "decommission", place=FLEET, reason="Again.") == Done(FLEET, unchanged=True)
    gone = ("DECOMMISSIONED", f"{FLEET} is out of service since {since}")
    remedy = f"put it into service again first (recommission): forebear recommission {FLEET} --reason REASON"
    assert (*gone, remedy) in await refusal(registry, "requestDeployment", artifact=artifact(1), on=FLEET, reason="x")
    query = """query($f: ID!) { eligible(place: $f) { nodes { allowed reasons { code } } }
        rollbackTargets(place: $f) { nodes { allowed reasons { code } } } }"""
    answer = await ask(registry, query, f=FLEET)
    for row in (*answer["eligible"]["nodes"], *answer["rollbackTargets"]["nodes"]):
        assert (row["allowed"], [r["code"] for r in row["reasons"]]) == (False, ["DECOMMISSIONED"])
    # What is seen there later is recorded, and is drift.
    assert await drift(registry) == []
    await seen(registry, 1, "robot:b", now())
    (row,) = await drift(registry)
    assert (row["robot"], row["standing"], row["authorized"], row["basis"]) == ("robot:b", "UNINTENDED", False, None)
    await reported(registry, "deployment:first", "ACTIVE", now())
    assert [(r["robot"], r["deployment"], r["authorized"]) for r in await drift(registry)] == [
        (None, "deployment:first", False), ("robot:b", None, False),
    ]  # fmt: skip
    await reported(registry, "deployment:first", "ENDED", now())
    # It returns as another interval, and begins anew.
    await done(registry, OLAF, "recommission", place=FLEET, reason="Bought back.")
    until = (await out(registry, FLEET, at=since) or ())[1]
    assert until is not None
    assert await out(registry, FLEET) is None
    assert await done(registry, OLAF, "recommission", place=FLEET, reason="Again.") == Done(FLEET, unchanged=True)
    assert await members(registry) == {"fleet": [], "cohorts": [], "canary": ["robot:a"]}
    await requested(registry, 1, "deployment:anew")
    await reported(registry, "deployment:anew", "ENDED", ago())
    await ended(registry, FLEET)
    intervals = (await node(registry, "Fleet", FLEET, "decommissionings { nodes { validFrom validTo } }"))["decommissionings"]
    assert len(intervals["nodes"]) == 2


async def test_a_robot_that_is_decommissioned_counts_no_more_and_what_it_runs_later_is_drift(registry: Forebear) -> None:
    await ready(registry, {"kind": "ModelVersion", "id": "model:picker@1", "robotSoftware": ">=4"})
    await record(registry, {"kind": "Robot", "id": "robot:b", "software": "3.1"})
    await active(registry, 2, "deployment:first", ago(days=3))
    began = ago(days=2)
    for robot in ROBOTS:
        await seen(registry, 2, robot, began)
    asked = {"artifact": artifact(1), "on": FLEET, "reason": "Better.", "id": "deployment:second"}
    codes = [code for code, *_ in await refusal(registry, "requestDeployment", **asked)]
    assert codes == ["OTHER_ROBOT_SOFTWARE"]
    # Its fleet's deployment goes on without it.
    then = now()
    await ended(registry, "robot:b")
    since, *_ = await out(registry, "robot:b") or ()
    assert await members(registry) == {"fleet": ["robot:a"], "cohorts": [CANARY], "canary": ["robot:a"]}
    assert await runs(registry, "robot:b") == [(began, since)]
    assert await drift(registry) == []
    # An inventory that says again what it said before brings nothing back; one that says it anew does not either.
    again = {"kind": "Robot", "id": "robot:b", "memberOf": [{"id": FLEET, "validFrom": SINCE}]}
    await record(registry, again)
    assert (await members(registry))["fleet"] == ["robot:a"]
    await record(registry, again | {"memberOf": [{"id": FLEET, "validFrom": now()}]})
    assert await drift(registry) == []
    await done(registry, OLAF, "requestDeployment", **asked)
    later = now()
    await seen(registry, 2, "robot:b", later)
    assert await runs(registry, "robot:b") == [(began, since), (later, None)]
    assert [(r["robot"], r["standing"], r["authorized"]) for r in await drift(registry)] == [("robot:b", "UNINTENDED", False)]
    assert await was_running(registry, "robot:b") == [("robot:b", "UNINTENDED", False, None)]
    assert await was_running(registry, "robot:b", at=then) == [("robot:b", "AS_INTENDED", True, "APPROVAL")]
    # A robot that says again what it said before says that it goes on: since it left service, and once.
    await done(registry, OLAF, "recommission", place="robot:b", reason="Back.")
    await record(registry, again | {"memberOf": [{"id": FLEET, "validFrom": now()}]})
    await ended(registry, "robot:b")
    gone, *_ = await out(registry, "robot:b") or ()
    assert await drift(registry) == []
    for _ in range(2):
        await seen(registry, 2, "robot:b", later)
        assert await runs(registry, "robot:b") == [(began, since), (later, gone), (gone, None)]
    assert [(r["robot"], r["standing"], r["authorized"]) for r in await drift(registry)] == [("robot:b", "UNINTENDED", False)]
    # A report that tells an end before that tells when it was seen last, once, and nothing else.
    said = {"robot": "robot:b", "artifact": artifact(2), "since": later}
    await done(registry, RITA, "reportInstallation", **said, until=gone)
    assert (await done(registry, RITA, "reportInstallation", **said, until=gone)).unchanged
    assert await runs(registry, "robot:b") == [(began, since), (later, gone), (gone, None)]
    # What the audit trail tells of its memberships, a fact may still take back.
    edge = {"kind": "Retraction", "of": "robot:b", "edge": "memberOf", "to": FLEET, "reason": "Never there."}
    of_robot = 'query { robot(id: "robot:b") { memberOf(allTime: true) { edges { validFrom } } } }'
    for membership in (await ask(registry, of_robot))["robot"]["memberOf"]["edges"]:
        assert (await record(registry, edge | membership)).rejections == []


async def test_a_cohort_is_decommissioned_and_its_robots_stay_in_the_fleet(registry: Forebear) -> None:
    await ready(registry)
    await active(registry, 1, "deployment:first", ago(days=3))
    await seen(registry, 1, "robot:a", ago(days=2))
    await requested(registry, 2, "deployment:canary", CANARY)
    assert [code for code, *_ in await refusal(registry, "decommission", place=CANARY, reason="x")] == ["NOT_OVER"]
    await reported(registry, "deployment:canary", "ENDED", ago())
    # The fleet's own deployment is not on the cohort.
    await ended(registry, CANARY)
    assert await members(registry) == {"fleet": [*ROBOTS], "cohorts": [], "canary": []}
    assert [until for _, until in await runs(registry, "robot:a")] == [None]
    codes = [code for code, *_ in await refusal(registry, "requestDeployment", artifact=artifact(2), on=CANARY, reason="x")]
    assert codes == ["DECOMMISSIONED"]
    await done(registry, OLAF, "recommission", place=CANARY, reason="Again.")
    codes = [code for code, *_ in await refusal(registry, "requestDeployment", artifact=artifact(2), on=CANARY, reason="x")]
    assert codes == ["NO_FLEET"]
    # What belonged to no other place was of it alone.
    await record(registry, {"kind": "Cohort", "id": CANARY, "fleets": [{"id": FLEET, "validFrom": now()}]})
    await record(registry, {"kind": "Robot", "id": "robot:c", "memberOf": [{"id": CANARY, "validFrom": now()}]})
    await seen(registry, 1, "robot:c", now())
    await ended(registry, CANARY)
    assert [until is None for _, until in await runs(registry, "robot:c")] == [False]
    await seen(registry, 1, "robot:c", now())
    assert [r["robot"] for r in await drift(registry)] == ["robot:b", "robot:c"]


async def test_who_may_decommission_is_an_operator_of_all_its_lines(registry: Forebear) -> None:
    await ready(registry)
    await record(registry, {"kind": "ReleaseLine", "id": "line:other", "target": "target:orin"})
    await record(registry, {"kind": "Fleet", "id": FLEET, "lines": [{"id": "line:other", "validFrom": SINCE}]})
    one = person("oda", Role.OPERATOR, lines=frozenset({LINE}))
    both = person("oleg", Role.OPERATOR, lines=frozenset({LINE, "line:other"}))
    for verb in ("decommission", "recommission"):
        for place in ("robot:b", CANARY, FLEET):
            assert [c for c, *_ in await refusal(registry, verb, RITA, place=place, reason="x")] == ["FORBIDDEN"]
            ((code, said, _),) = await refusal(registry, verb, one, place=place, reason="x")
            assert (code, said) == (
                "FORBIDDEN", f"oda's writes are limited to {LINE}, and {verb} would reach line:other",
            )  # fmt: skip
    for verb in ("decommission", "recommission"):
        for place in ("robot:b", CANARY, FLEET):
            if verb == "recommission":
                # It has left its fleets, and is theirs all the same.
                assert [c for c, *_ in await refusal(registry, verb, one, place=place, reason="x")] == ["FORBIDDEN"]
            await done(registry, both, verb, place=place, reason="x")
    assert [c for c, *_ in await refusal(registry, "decommission", place="robot:none", reason="x")] == ["UNKNOWN"]
    assert [c for c, *_ in await refusal(registry, "decommission", place="robot:a", reason=" ")] == ["INVALID_INPUT"]


async def test_a_decommissioning_is_the_same_as_a_fact_and_comes_with_history(registry: Forebear) -> None:
    await ready(registry)
    fact = {"kind": "Decommissioning", "id": "decommissioning:b", "place": "robot:b", "reason": "Scrapped."}
    for _ in range(2):
        summary = await record(registry, fact)
        assert summary.rejections == []
    assert (await out(registry, "robot:b") or ())[1:] == (None, "Scrapped.")
    count = await ask(registry, "{ decommissionings { totalCount } }")
    assert count == {"decommissionings": {"totalCount": 1}}
    former = {"validFrom": "2026-02-01T00:00:00.000000Z", "validTo": "2026-03-01T00:00:00.000000Z"}
    await history(registry, {"kind": "Decommissioning", "id": "decommissioning:old", "place": "robot:a", **former})
    assert await out(registry, "robot:a") is None
    during = await node(registry, "Robot", "robot:a", 'outOfService(at: "2026-02-10T00:00:00Z") { since until reason }')
    assert during == {"outOfService": {"since": former["validFrom"], "until": former["validTo"], "reason": None}}
