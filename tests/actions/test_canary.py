"""A policy asks for a canary before a fleet: what its robots were observed to run decides, and nobody's intention."""

from __future__ import annotations

from typing import Any

from forebear.app import Forebear
from forebear.domain.outcome import Refused
from tests.actions.plant import CANARY, FLEET, RITA, SECOND_RELEASE, active, artifact, ready, reported, requested
from tests.actions.world import ADA, LINE, OLAF, POLICY, ago, do, done
from tests.record.asking import ask, now, record


async def refused(registry: Forebear, n: int, on: str = FLEET) -> list[tuple[str, str]]:
    """Why the n-th build may not be deployed to a place: what requestDeployment says, which is what eligible says."""
    outcome = await do(registry, OLAF, "requestDeployment", artifact=artifact(n), on=on, reason="Better.")
    assert isinstance(outcome, Refused), outcome
    (row,) = [row for row in await eligible(registry, on) if row["artifact"]["id"] == artifact(n)]
    assert row["reasons"] == [{"code": r.code, "message": r.message} for r in outcome.reasons]
    return [(r.code, r.message) for r in outcome.reasons]


async def eligible(registry: Forebear, place: str) -> list[Any]:
    """What may run at a place, and what is against the rest."""
    query = """query ($p: ID!) { eligible(place: $p) { nodes { allowed basis artifact { id } reasons { code message } } } }"""
    rows: list[Any] = (await ask(registry, query, p=place))["eligible"]["nodes"]
    return rows


async def permitted(registry: Forebear, deployment: str) -> tuple[bool, str | None, list[str]]:
    """Whether a deployment may start now, on what, and the codes of what is against it."""
    query = "query ($d: ID!) { permitted(deployment: $d) { allowed basis reasons { code } } }"
    answer = (await ask(registry, query, d=deployment))["permitted"]
    return answer["allowed"], answer["basis"], [r["code"] for r in answer["reasons"]]


async def seen(registry: Forebear, n: int, robot: str, since: str, **said: str) -> None:
    """Reports the n-th build on a robot."""
    await done(registry, RITA, "reportInstallation", robot=robot, artifact=artifact(n), since=since, **said)


async def test_an_artifact_reaches_its_fleet_after_a_canary_or_on_an_override(registry: Forebear) -> None:
    await ready(registry)
    await active(registry, 1, "deployment:first", ago(days=9))
    rollout = {"canary": {"robots": 1, "hours": 48, "severity": "MEDIUM"}}
    policy = {"kind": "ReleasePolicy", "id": "policy:careful@1", "document": POLICY | {"rollout": rollout}}
    await done(registry, ADA, "adoptPolicy", policy=policy, lines=[LINE], reason="Film tore.")
    # What was never seen to run anywhere may run on a canary alone.
    ((code, message),) = await refused(registry, 2)
    assert (code, message) == (
        "CANARY_MISSING",
        f"{artifact(2)} was observed for 48 hours on 0 robots of {LINE}, and policy:careful@1 asks for 1 before a fleet "
        "(no robot was seen to run it)",
    )
    await requested(registry, 2, "deployment:canary", CANARY)
    assert await permitted(registry, "deployment:canary") == (True, "APPROVAL", [])
    await reported(registry, "deployment:canary", "ACTIVE", ago(days=3))
    # An open installation counts until it was seen last, and on robots of the line alone.
    since = ago(days=3)
    await record(registry, {"kind": "Robot", "id": "robot:stray"})
    await seen(registry, 2, "robot:stray", since, seenAt=now())
    await seen(registry, 2, "robot:a", since)
    assert "(robot:a for 0 h)" in (await refused(registry, 2))[0][1]
    await seen(registry, 2, "robot:a", since, seenAt=ago(hours=36))
    assert "(robot:a for 36 h)" in (await refused(registry, 2))[0][1]
    await seen(registry, 2, "robot:a", since, seenAt=now())
    assert [row["allowed"] for row in await eligible(registry, FLEET) if row["artifact"]["id"] == artifact(2)] == [True]
    # Incidents stand in the way, but for mild ones and false alarms.
    at, place = ago(days=1), "robot:a"
    reports = [
        {"at": [place], "since": at, "severity": "LOW", "externalIds": ["pager:low"]},
        {"at": [place], "since": at, "severity": "HIGH", "externalIds": ["pager:high"]},
        {"at": [place], "since": ago(days=5), "severity": "HIGH", "externalIds": ["pager:before"]},
        {"at": ["robot:b"], "since": at, "severity": "HIGH", "externalIds": ["pager:beside"]},
    ]
    await done(registry, RITA, "reportIncident", reports=reports)
    assert await refused(registry, 2) == [
        (
            "CANARY_INCIDENTS",
            "policy:careful@1 asks for a canary without an incident of severity MEDIUM or worse, and 1 happened while robots "
            f"of {LINE} ran {artifact(2)}: incident:pager:high",
        )
    ]
    await done(registry, RITA, "dismissIncident", incidents=["incident:pager:high"], reason="The camera was covered.")
    await requested(registry, 2, "deployment:second")
    assert await permitted(registry, "deployment:second") == (True, "APPROVAL", [])
    # Whether it may start is asked anew.
    await done(registry, RITA, "reopenIncident", incidents=["incident:pager:high"])
    assert await permitted(registry, "deployment:second") == (False, None, ["CANARY_INCIDENTS"])
    await reported(registry, "deployment:second", "ENDED", now())
    # An override lifts it, for all to see.
    lifted = {"release": SECOND_RELEASE, "reason": "The line is down.", "expiresAt": "2099-01-01T00:00:00Z"}
    override = await done(registry, ADA, "override", **lifted)
    await requested(registry, 2, "deployment:overridden")
    query = 'query { deployment(id: "deployment:overridden") { basis authorizedBy { nodes { id } } } }'
    authorised = (await ask(registry, query))["deployment"]
    assert authorised == {"basis": "OVERRIDE", "authorizedBy": {"nodes": [{"id": d} for d in override.decisions]}}
    assert await permitted(registry, "deployment:overridden") == (True, "OVERRIDE", [])
    await reported(registry, "deployment:overridden", "ACTIVE", now())
    # A rollback needs no canary, though the first build was never seen to run.
    assert [code for code, _ in await refused(registry, 1)] == ["CANARY_MISSING"]
    back = await done(registry, OLAF, "rollBack", on=FLEET, reason="Worse.")
    assert await permitted(registry, back.subject) == (True, "APPROVAL", [])
    # A cohort that has grown is no canary any more.
    more = [{"kind": "Robot", "id": f"robot:c{n}", "memberOf": [{"id": CANARY, "validFrom": ago(hours=1)}]} for n in range(2)]
    await record(registry, *more)
    assert [code for code, _ in await refused(registry, 1, CANARY)] == ["CANARY_MISSING"]
