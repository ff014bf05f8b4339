"""What robots run against what was intended and what may run."""

from __future__ import annotations

from typing import Any

from forebear.app import Forebear
from tests.actions.plant import CANARY, FLEET, RITA, SECOND, active, artifact, ready, registered, stale
from tests.actions.world import ADA, ANNA, EVA, RELEASE, VERSION, ago, done
from tests.record.asking import ask, record


async def drift(registry: Forebear, **at: str) -> list[dict[str, Any]]:
    """The robots of the fleet that run something else than they should."""
    query = """query($f: ID!, $at: DateTime, $t: DateTime) { drift(fleet: $f, at: $at, asKnownAt: $t) { nodes {
        robot { id } observed { id } observedVersion { id } registered authorized basis
        deployment { id } intended { id } } } }"""
    nodes = (await ask(registry, query, f=FLEET, **at))["drift"]["nodes"]
    return [{name: v["id"] if isinstance(v, dict) else v for name, v in node.items()} for node in nodes]


async def seen(registry: Forebear, n: int, robot: str, since: str) -> None:
    """Reports the n-th build on a robot."""
    await done(registry, RITA, "reportInstallation", robot=robot, artifact=artifact(n), since=since)


async def running(registry: Forebear) -> None:
    """A fleet that runs the first version, as it should."""
    await ready(registry)
    await active(registry, 1, "deployment:first", ago(days=3))
    for robot in ("robot:a", "robot:b"):
        await seen(registry, 1, robot, ago(days=2))


def row(robot: str, n: int, **said: object) -> dict[str, Any]:
    """A robot that runs the n-th build where the first is intended."""
    version = {1: VERSION, 2: SECOND}.get(n)
    known = {"observedVersion": version, "registered": version is not None}
    found = {"robot": robot, "observed": artifact(n), "deployment": "deployment:first", "intended": artifact(1)}
    return found | known | {"authorized": True, "basis": "APPROVAL"} | said


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
    both = [row(robot, 1, authorized=False, basis=None) for robot in ("robot:a", "robot:b")]
    assert await drift(registry) == both
    assert await drift(registry, t=then) == []
    await done(registry, ADA, "override", release=RELEASE, reason="Line down.", expiresAt=ago(hours=-8))
    assert await drift(registry) == []


async def test_what_is_deprecated_goes_on(registry: Forebear) -> None:
    await running(registry)
    await done(registry, ANNA, "deprecate", release=RELEASE, reason="Old.")
    assert await drift(registry) == []


async def test_a_stale_approval_is_marked_and_no_drift_by_itself(registry: Forebear) -> None:
    await running(registry)
    await stale(registry)
    assert await drift(registry) == []
    await seen(registry, 2, "robot:a", ago(hours=2))
    assert await drift(registry) == [row("robot:a", 2, authorized=False, basis="STALE_APPROVAL")]


async def test_what_is_in_quarantine_is_drift(registry: Forebear) -> None:
    await running(registry)
    await done(registry, EVA, "quarantineArtifact", artifact=artifact(1), reason="It stops.")
    assert await drift(registry) == [row(robot, 1, authorized=False) for robot in ("robot:a", "robot:b")]


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
    assert [r["authorized"] for r in await drift(registry)] == [False, False]
    assert await drift(registry, at=before) == [other]
