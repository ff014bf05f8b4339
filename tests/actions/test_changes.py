"""What changed at a place, of a version or around an incident is one list: before, after and by whom, as it was known."""

from __future__ import annotations

from typing import Any

from forebear.app import Forebear
from tests.actions.plant import FLEET, RITA, SECOND, artifact, ready, reported, requested
from tests.actions.world import EVA, ago, done
from tests.record.asking import ask, now, origin, record

CHANGES = """query ($of: ID!, $from: DateTime, $to: DateTime, $known: DateTime, $first: Int, $after: String) {
  changes(of: $of, from: $from, to: $to, asKnownAt: $known, first: $first, after: $after) {
    nodes { at change subject { id } before after by node { id } } pageInfo { endCursor } totalCount } }"""


def told(answer: dict[str, Any]) -> list[tuple[object, ...]]:
    """The rows of an answer, with the ids of their nodes."""
    return [tuple(v["id"] if isinstance(v, dict) else v for v in row.values()) for row in answer["changes"]["nodes"]]


async def changes(registry: Forebear, of: str, **said: object) -> list[tuple[object, ...]]:
    """What changed: when, what, of what, before, after, by whom, and what is behind it."""
    return told(await ask(registry, CHANGES, of=of, **said))


async def test_the_changes_of_a_place_are_one_list_the_newest_first(registry: Forebear) -> None:
    await ready(registry)
    hours = {n: ago(hours=n) for n in range(1, 13)}
    owned = {"kind": "Fleet", "id": FLEET, "customers": [{"id": "customer:a", "validFrom": hours[12]}]}
    await registry.recorder.record([owned], origin("sales"))
    for n, hour in ((1, 11), (2, 9)):
        await requested(registry, n, f"deployment:{n}")
        await reported(registry, f"deployment:{n}", "ACTIVE", hours[hour])
    await done(registry, RITA, "reportInstallation", robot="robot:a", artifact=artifact(2), since=hours[8])
    known = now()
    owned["customers"] = [
        {"id": "customer:a", "validFrom": hours[12], "validTo": hours[6]}, {"id": "customer:b", "validFrom": hours[6]},
    ]  # fmt: skip
    await record(registry, owned, {"kind": "Robot", "id": "robot:a", "software": "4.1.0", "asOf": hours[5]})
    incident = {"at": ["robot:a"], "since": hours[4], "externalIds": ["pager:1"], "category": "drop", "severity": "LOW"}
    await done(registry, RITA, "reportIncident", reports=[incident])
    await done(registry, EVA, "resolveIncident", incidents=["incident:pager:1"], asOf=hours[2])
    await done(registry, EVA, "quarantineArtifact", artifact=artifact(2), reason="It drops.")

    one, two, seen = artifact(1), artifact(2), f"installation:a/{hours[8]}/{artifact(2).removeprefix('artifact:')}"
    began = [
        (hours[8], "INSTALLATION", "robot:a", None, two, "rita", seen),
        (hours[9], "DEPLOYMENT_STATE", FLEET, "PLANNED", "ACTIVE", "rita", "deployment:2"),
        (hours[9], "DEPLOYMENT", FLEET, one, two, "rita", "deployment:2"),
        (hours[11], "DEPLOYMENT_STATE", FLEET, "PLANNED", "ACTIVE", "rita", "deployment:1"),
        (hours[11], "DEPLOYMENT", FLEET, None, one, "rita", "deployment:1"),
    ]
    begun = (hours[12], "CUSTOMER", FLEET, None, "customer:a", "sales", "customer:a")
    between = {"from": hours[12], "to": hours[1]}
    since_it_ran = [
        (hours[2], "INCIDENT_STATE", "robot:a", "OPEN", "RESOLVED", "eva", "incident:pager:1"),
        (hours[2], "INCIDENT", "robot:a", "drop", None, "eva", "incident:pager:1"),
        (hours[4], "INCIDENT_STATE", "robot:a", None, "OPEN", "rita", "incident:pager:1"),
        (hours[4], "INCIDENT_SEVERITY", "robot:a", None, "LOW", "rita", "incident:pager:1"),
        (hours[4], "INCIDENT", "robot:a", None, "drop", "rita", "incident:pager:1"),
        (hours[5], "ROBOT_SOFTWARE", "robot:a", None, "4.1.0", "tester", "robot:a"),
        (hours[6], "CUSTOMER", FLEET, "customer:a", "customer:b", "tester", "customer:b"),
        *began[:3],
    ]
    assert await changes(registry, "robot:a", **between) == [*since_it_ran, *began[3:], begun]
    assert await changes(registry, "robot:a", known=known, **between) == [*began, begun]
    assert await changes(registry, SECOND, **between) == since_it_ran

    every = await changes(registry, "robot:a", first=100)
    assert [row[1:] for row in every[:3]] == [
        ("ARTIFACT_STATE", two, "AVAILABLE", "QUARANTINED", "eva", two),
        ("DEPLOYMENT_STATE", FLEET, None, "PLANNED", "olaf", "deployment:2"),
        ("DEPLOYMENT_STATE", FLEET, None, "PLANNED", "olaf", "deployment:1"),
    ]
    paged: list[tuple[object, ...]] = []
    after = None
    while len(paged) < len(every):
        answer = await ask(registry, CHANGES, of="robot:a", first=7, after=after)
        assert answer["changes"]["totalCount"] == len(every)
        paged, after = [*paged, *told(answer)], answer["changes"]["pageInfo"]["endCursor"]
    assert paged == every
    assert await changes(registry, "incident:pager:1", first=100) == every
