"""What robots run against what was intended and what may run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from forebear.app import Forebear
from forebear.graph.moments import moment
from tests.actions.plant import (
    CANARY,
    FLEET,
    RITA,
    SECOND,
    SECOND_RELEASE,
    active,
    approve,
    artifact,
    plant,
    ready,
    registered,
    stale,
)
from tests.actions.world import ADA, ANNA, EVA, RELEASE, VERSION, ago, done
from tests.record.asking import ask, record


async def drift(registry: Forebear, **at: str) -> list[dict[str, Any]]:
    """The robots and deployments of the fleet that are not as they should be."""
    query = """query($f: ID!, $at: DateTime, $t: DateTime) { drift(fleet: $f, at: $at, asKnownAt: $t) { nodes {
        robot { id } standing installation { artifact { id } } observed { id } observedVersion { id } registered
        authorized basis deployment { id } intended { id } } } }"""
    nodes = (await ask(registry, query, f=FLEET, **at))["drift"]["nodes"]
    for node in nodes:
        installed = node.pop("installation")
        assert (installed and installed["artifact"]) == node["observed"]
    return [{name: v["id"] if isinstance(v, dict) else v for name, v in node.items()} for node in nodes]


async def was_running(registry: Forebear, place: str, **at: str) -> list[tuple[Any, ...]]:
    """Of each robot of a place: how it stands, whether that is authorised, and on what."""
    query = """query($p: ID!, $at: DateTime, $t: DateTime) { whatWasRunning(place: $p, at: $at, asKnownAt: $t) { nodes {
        robot { id } standing authorized basis } } }"""
    nodes = (await ask(registry, query, p=place, **at))["whatWasRunning"]["nodes"]
    return [(n["robot"] and n["robot"]["id"], n["standing"], n["authorized"], n["basis"]) for n in nodes]


async def seen(registry: Forebear, n: int, robot: str, since: str) -> None:
    """Reports the n-th build on a robot."""
    await done(registry, RITA, "reportInstallation", robot=robot, artifact=artifact(n), since=since)


async def running(registry: Forebear, *before: object) -> None:
    """A fleet that runs the first version, as it should; `before` is history besides."""
    await ready(registry, *before)
    await active(registry, 1, "deployment:first", ago(days=3))
    for robot in ("robot:a", "robot:b"):
        await seen(registry, 1, robot, ago(days=2))


def row(robot: str, n: int, **said: object) -> dict[str, Any]:
    """A robot that runs the n-th build where the first is intended."""
    version = {1: VERSION, 2: SECOND}.get(n)
    known = {"observedVersion": version, "registered": version is not None}
    found = {"robot": robot, "observed": artifact(n), "deployment": "deployment:first", "intended": artifact(1)}
    standing = "AS_INTENDED" if n == 1 else "DIFFERENT"
    return found | known | {"standing": standing, "authorized": True, "basis": "APPROVAL"} | said


def unseen(robot: str | None, n: int = 1, deployment: str = "deployment:first", **said: object) -> dict[str, Any]:
    """A robot that reported nothing where the n-th build is intended; no robot: the deployment that says so."""
    nothing = {"observed": None, "observedVersion": None, "registered": None, "deployment": deployment, "robot": robot}
    said = {"standing": "UNREPORTED" if robot else None, "authorized": True, "basis": "APPROVAL"} | said
    return nothing | {"intended": artifact(n)} | said


async def overridden(registry: Forebear, **lasts: float) -> None:
    """A fleet of which one robot reports that it runs what an override lets run; the override lasts an hour, or as it says."""
    await plant(registry)
    until = moment(datetime.now(UTC) + timedelta(**lasts or {"hours": 1}))
    await done(registry, ADA, "override", release=RELEASE, reason="Line down.", expiresAt=until)
    await registered(registry, 1)
    await active(registry, 1, "deployment:first", ago())
    await seen(registry, 1, "robot:a", ago())


async def test_what_runs_as_intended_is_no_drift(registry: Forebear) -> None:
    await running(registry)
    assert await drift(registry) == []


async def test_what_is_not_intended_is_drift_authorised_or_not(registry: Forebear) -> None:
    await running(registry)
    await seen(registry, 2, "robot:a", ago(hours=2))
    await seen(registry, 9, "robot:b", ago(hours=1))
    stranger = row("robot:b", 9, authorized=False, basis=None)
    assert await drift(registry) == [row("robot:a", 2), stranger]
    # For the canary the second version is as intended.
    await active(registry, 2, "deployment:canary", ago(minutes=5), CANARY)
    assert await drift(registry) == [stranger]


async def test_what_is_approved_no_more_is_drift_even_where_it_is_intended(registry: Forebear) -> None:
    await running(registry)
    then = ago()
    await done(registry, ANNA, "withdrawApproval", release=RELEASE, reason="Film tears.")
    none: dict[str, Any] = {"authorized": False, "basis": None}
    all = [unseen(None, **none), *(row(robot, 1, **none) for robot in ("robot:a", "robot:b"))]
    assert await drift(registry) == all
    assert await was_running(registry, "robot:a") == [("robot:a", "AS_INTENDED", False, None)]
    # Neither was known then, nor had it been decided by then.
    assert await drift(registry, t=then) == await drift(registry, at=then) == []
    assert await was_running(registry, "robot:a", at=then) == [("robot:a", "AS_INTENDED", True, "APPROVAL")]
    await done(registry, ADA, "override", release=RELEASE, reason="Line down.", expiresAt=ago(hours=-8))
    assert await drift(registry) == [one | {"authorized": True, "basis": "OVERRIDE"} for one in all]


async def test_what_runs_on_an_override_is_listed_and_marked(registry: Forebear) -> None:
    await overridden(registry)
    on = {"basis": "OVERRIDE"}
    assert await drift(registry) == [unseen(None, **on), row("robot:a", 1, **on), unseen("robot:b", **on)]
    assert await was_running(registry, FLEET) == [
        ("robot:a", "AS_INTENDED", True, "OVERRIDE"), ("robot:b", "UNREPORTED", True, "OVERRIDE"),
    ]  # fmt: skip
    runs = """query($v: ID!) { modelVersion(id: $v) { running { nodes { basis authorizedOn } } } }"""
    nodes = (await ask(registry, runs, v=VERSION))["modelVersion"]["running"]["nodes"]
    assert sorted((n["basis"], n["authorizedOn"]) for n in nodes) == [("INTENDED", "OVERRIDE"), ("OBSERVED", "OVERRIDE")]


async def test_an_override_is_of_what_it_was_given_for(registry: Forebear) -> None:
    await overridden(registry)
    then = ago()
    await done(registry, ADA, "correct", of=VERSION, values={"weightsDigest": "sha256:" + "c" * 64}, reason="A typo.")
    none: dict[str, Any] = {"authorized": False, "basis": None}
    assert await drift(registry) == [unseen(None, **none), row("robot:a", 1, **none), unseen("robot:b", **none)]
    before = [unseen(None, basis="OVERRIDE"), row("robot:a", 1, basis="OVERRIDE"), unseen("robot:b", basis="OVERRIDE")]
    assert await drift(registry, t=then) == await drift(registry, at=then) == before


async def test_an_override_that_a_decision_or_its_end_is_against_lets_nothing_run(registry: Forebear) -> None:
    await overridden(registry)
    then = ago()
    none: dict[str, Any] = {"authorized": False, "basis": None}
    ended = [unseen(None, **none), row("robot:a", 1, **none), unseen("robot:b", **none)]
    assert await drift(registry, at=moment(datetime.now(UTC) + timedelta(hours=2))) == ended
    await done(registry, ANNA, "reject", release=RELEASE, reason="It drops film.")
    assert await drift(registry) == ended
    assert {r["basis"] for r in await drift(registry, at=then)} == {"OVERRIDE"}


async def test_a_robot_that_reports_nothing_where_something_is_intended_is_drift(registry: Forebear) -> None:
    await ready(registry)
    await active(registry, 1, "deployment:first", ago(days=1))
    assert await drift(registry) == [unseen("robot:a"), unseen("robot:b")]
    await seen(registry, 1, "robot:a", ago(hours=1))
    assert await drift(registry) == [unseen("robot:b")]
    assert await drift(registry, at=ago(days=2)) == []


async def test_an_active_deployment_of_what_may_not_run_shows_without_any_robot(registry: Forebear) -> None:
    await ready(registry)
    away = {"validFrom": "2026-01-01T00:00:00Z", "validTo": ago(hours=1)}
    for robot in ("robot:a", "robot:b"):
        places = (FLEET, CANARY) if robot == "robot:a" else (FLEET,)
        await record(registry, {"kind": "Robot", "id": robot, "memberOf": [{"id": place, **away} for place in places]})
    await active(registry, 1, "deployment:first", ago(minutes=9))
    await active(registry, 2, "deployment:canary", ago(minutes=5), CANARY)
    assert await drift(registry) == []
    await done(registry, EVA, "quarantineArtifact", artifact=artifact(1), reason="It stops.")
    await done(registry, ANNA, "withdrawApproval", release=SECOND_RELEASE, reason="Film tears.")
    assert await drift(registry) == [
        unseen(None, 2, "deployment:canary", authorized=False, basis=None), unseen(None, authorized=False),
    ]  # fmt: skip


async def test_what_is_archived_may_not_run(registry: Forebear) -> None:
    await running(registry)
    await active(registry, 2, "deployment:second", ago(minutes=2))
    for robot in ("robot:a", "robot:b"):
        await seen(registry, 2, robot, ago(minutes=2))
    await done(registry, ANNA, "deprecate", release=RELEASE, reason="Old.")
    deprecated = ago()
    await done(registry, ANNA, "archive", release=RELEASE, reason="Gone.")
    # That a robot went back to it by itself is reported late.
    await seen(registry, 1, "robot:a", ago(minutes=1))
    assert await was_running(registry, "robot:a") == [("robot:a", "DIFFERENT", False, None)]
    assert await was_running(registry, "robot:a", at=deprecated) == [("robot:a", "DIFFERENT", True, "APPROVAL")]


async def test_what_was_running_is_authorised_by_the_lines_of_its_fleet(registry: Forebear) -> None:
    second = {"kind": "ReleaseLine", "id": "line:second", "target": "target:orin"}
    release = {"kind": "Release", "id": "release:picker@1/second", "state": "APPROVED", "staleFrom": ago(hours=3)}
    await running(registry, second, release | {"version": VERSION, "line": "line:second"})
    since = "2026-01-01T00:00:00Z"
    south = {"kind": "Fleet", "id": "fleet:south"}
    await record(
        registry,
        {"kind": "ReleaseLine", "id": "line:third", "target": "target:orin"},
        south | {"lines": [{"id": "line:third", "validFrom": since}]},
        {"kind": "Robot", "id": "robot:s", "memberOf": [{"id": "fleet:south", "validFrom": since}]},
    )
    await seen(registry, 1, "robot:s", ago(hours=1))
    assert await was_running(registry, "fleet:south") == [("robot:s", "UNINTENDED", False, None)]
    assert await was_running(registry, "robot:a") == [("robot:a", "AS_INTENDED", True, "APPROVAL")]
    # A robot of two fleets needs what each of them asks for.
    await record(registry, {"kind": "Robot", "id": "robot:a", "memberOf": [{"id": "fleet:south", "validFrom": since}]})
    assert await was_running(registry, "robot:a") == [("robot:a", "AS_INTENDED", False, None)]
    await record(registry, south | {"lines": [{"id": "line:second", "validFrom": since}]})
    assert await was_running(registry, "robot:a") == [("robot:a", "AS_INTENDED", True, "STALE_APPROVAL")]


async def test_what_is_deprecated_goes_on(registry: Forebear) -> None:
    await running(registry)
    await done(registry, ANNA, "deprecate", release=RELEASE, reason="Old.")
    assert await drift(registry) == []


async def test_a_stale_approval_is_marked_and_no_drift_by_itself(registry: Forebear) -> None:
    await running(registry)
    await stale(registry)
    assert await drift(registry) == []
    await seen(registry, 2, "robot:a", ago(hours=2))
    assert await drift(registry) == [row("robot:a", 2, basis="STALE_APPROVAL")]


async def test_what_was_stale_at_a_moment_was_stale_then_also_once_it_is_approved_anew(registry: Forebear) -> None:
    await running(registry)
    fresh = ago()
    await stale(registry)
    then = ago()
    await approve(registry, RELEASE)
    assert {
        name: await was_running(registry, "robot:a", **at)
        for name, at in {"before": {"at": fresh}, "then": {"at": then}, "known then": {"t": then}, "now": {}}.items()
    } == {
        name: [("robot:a", "AS_INTENDED", True, basis)]
        for name, basis in {
            "before": "APPROVAL", "then": "STALE_APPROVAL", "known then": "STALE_APPROVAL", "now": "APPROVAL",
        }.items()
    }  # fmt: skip


async def test_before_it_was_in_quarantine_an_artifact_could_be_used(registry: Forebear) -> None:
    await running(registry)
    then = ago()
    await done(registry, EVA, "quarantineArtifact", artifact=artifact(1), reason="It stops.")
    assert await was_running(registry, "robot:a", at=then) == [("robot:a", "AS_INTENDED", True, "APPROVAL")]
    assert await was_running(registry, "robot:a") == [("robot:a", "AS_INTENDED", False, "APPROVAL")]


async def test_what_is_in_quarantine_is_drift(registry: Forebear) -> None:
    await running(registry)
    await done(registry, EVA, "quarantineArtifact", artifact=artifact(1), reason="It stops.")
    both = [row(robot, 1, authorized=False) for robot in ("robot:a", "robot:b")]
    assert await drift(registry) == [unseen(None, authorized=False), *both]
    assert await was_running(registry, "robot:a") == [("robot:a", "AS_INTENDED", False, "APPROVAL")]


async def test_what_is_approved_for_other_hardware_or_in_another_line_is_unauthorised(registry: Forebear) -> None:
    await running(registry)
    await registered(registry, 3, target="target:nano", state="EVALUATION_ONLY")
    await seen(registry, 3, "robot:a", ago(hours=2))
    other = row("robot:a", 3, observedVersion=VERSION, registered=True, authorized=False, basis=None)
    assert await drift(registry) == [other]
    before, then = ago(), ago()
    await record(
        registry,
        {
            "kind": "Fleet",
            "id": FLEET,
            "lines": [{"id": "line:ur5e-orin", "validFrom": "2026-01-01T00:00:00Z", "validTo": then}],
        },
    )
    assert [r["authorized"] for r in await drift(registry)] == [False, False, False]
    assert await drift(registry, at=before) == [other]


async def test_a_robot_that_is_silent_for_as_long_as_its_fleet_allows_is_drift_from_then_on(registry: Forebear) -> None:
    await running(registry)
    await record(registry, {"kind": "Fleet", "id": FLEET, "silentAfter": 3600})
    query = """query($at: DateTime, $t: DateTime) { drift(fleet: "fleet:north", at: $at, asKnownAt: $t) { nodes {
        robot { id } silent standing lastSeenAt } } }"""

    async def silent(**at: str) -> list[tuple[str, str, str]]:
        nodes = (await ask(registry, query, **at))["drift"]["nodes"]
        return [(n["robot"]["id"], n["standing"], n["lastSeenAt"]) for n in nodes if n["silent"]]

    last = datetime.now(UTC) - timedelta(hours=5)
    for robot, at in (("robot:a", last), ("robot:b", datetime.now(UTC))):
        sighting = {"robot": robot, "at": moment(at), "artifact": artifact(1)}
        assert (await done(registry, RITA, "reportSightings", sightings=[sighting])).unchanged
    a_is_silent = [("robot:a", "AS_INTENDED", moment(last))]
    assert await silent() == await silent(at=moment(last + timedelta(hours=1))) == a_is_silent
    assert await silent(at=moment(last + timedelta(minutes=59))) == []
    # When it was seen last is not kept for the past.
    assert await silent(t=moment(datetime.now(UTC))) == []
    await done(registry, RITA, "reportSightings", sightings=[{"robot": "robot:a", "at": ago(), "artifact": artifact(1)}])
    assert await drift(registry) == []
