"""Where things run: a fleet of two robots of which one is a canary, and builds of the company's model for its hardware."""

from __future__ import annotations

from typing import Any

from forebear.app import Forebear
from forebear.domain.outcome import Done
from forebear.domain.roles import Role
from tests.actions.world import ADA, ANNA, BEN, EVA, LINE, OLAF, POLICY, RELEASE, VERSION, ago, company, done, person
from tests.record.asking import ask, history, record

FLEET = "fleet:north"
CANARY = "cohort:north/canary"
ROBOTS = ("robot:a", "robot:b")
SINCE = "2026-01-01T00:00:00Z"

RITA = person("rita", Role.RECORDER)
"""Who reports: the deployment manager and the robots, in one."""


def artifact(n: int) -> str:
    """The id of the n-th build."""
    return f"artifact:sha256:{n:064x}"


def build(n: int, **values: Any) -> dict[str, Any]:
    """The n-th build as a fact: of the company's version for its hardware, unless it says otherwise."""
    return {"id": artifact(n), "builtFrom": VERSION, "target": "target:orin", "kind": "Artifact"} | values


async def plant(registry: Forebear, **values: Any) -> None:
    """The company with its fleet; `values` are the company's."""
    await company(registry, **values)
    summary = await record(
        registry,
        {"kind": "HardwareTarget", "id": "target:nano", "memoryMib": 4096},
        {"kind": "Fleet", "id": FLEET, "lines": [{"id": LINE, "validFrom": SINCE}]},
        {"kind": "Cohort", "id": CANARY, "fleets": [{"id": FLEET, "validFrom": SINCE}]},
        {
            "kind": "Robot", "id": ROBOTS[0], "software": "4.2.1",
            "memberOf": [{"id": FLEET, "validFrom": SINCE}, {"id": CANARY, "validFrom": SINCE}],
        },
        {"kind": "Robot", "id": ROBOTS[1], "software": "4.2.1", "memberOf": [{"id": FLEET, "validFrom": SINCE}]},
    )  # fmt: skip
    assert summary.rejections == []


async def approve(registry: Forebear, release: str) -> str:
    """Has two people approve a release; the id of the approval."""
    await done(registry, ANNA, "approve", release=release)
    return (await done(registry, BEN, "approve", release=release)).decisions[-1]


async def stale(registry: Forebear) -> str:
    """Has a policy adopted that asks for every approval anew; since when they are stale."""
    anew = POLICY | {"standingApprovals": {"rule": "REAPPROVE"}}
    policy = {"kind": "ReleasePolicy", "id": "policy:ur5e@9", "document": anew}
    await done(registry, ADA, "adoptPolicy", policy=policy, lines=[LINE], reason="Film tears.")
    since: str = (await node(registry, "Release", RELEASE, "staleFrom"))["staleFrom"]
    return since


async def registered(registry: Forebear, n: int, **values: Any) -> Done:
    """Registers the n-th build."""
    return await done(registry, EVA, "registerArtifact", artifact=build(n, **values))


SECOND = "model:picker@2"
SECOND_RELEASE = "release:picker@2/ur5e-orin"


async def ready(registry: Forebear, *before: object) -> None:
    """The plant, with two approved versions and a build of each; `before` is history besides."""
    await plant(registry)
    await history(
        registry,
        *before,
        {"kind": "ModelVersion", "id": SECOND, "weightsDigest": f"sha256:{64 * 'b'}"},
        {"kind": "Release", "id": SECOND_RELEASE, "state": "CANDIDATE", "version": SECOND, "line": LINE},
        {
            "kind": "Evidence", "id": "evidence:second", "type": "REPLAY", "measuredAt": ago(days=2),
            "measurements": [{"metric": "success", "value": 95, "unit": "%"}],
            "about": [SECOND], "measuredWith": ["pack:replay@1"],
        },
    )  # fmt: skip
    await approve(registry, RELEASE)
    await approve(registry, SECOND_RELEASE)
    await registered(registry, 1)
    await registered(registry, 2, builtFrom=SECOND)


async def requested(registry: Forebear, n: int, id: str, on: str = FLEET) -> str:
    """Requests the deployment of the n-th build, under an id."""
    await done(registry, OLAF, "requestDeployment", artifact=artifact(n), on=on, reason="Better.", id=id)
    return id


async def reported(registry: Forebear, id: str, state: str, at: str, **said: Any) -> Done:
    """Reports where a deployment stands."""
    return await done(registry, RITA, "reportDeployment", deployment=id, state=state, at=at, **said)


async def active(registry: Forebear, n: int, id: str, at: str, on: str = FLEET) -> str:
    """Has the n-th build deployed."""
    await requested(registry, n, id, on)
    await reported(registry, id, "ACTIVE", at)
    return id


async def beside_what_runs(registry: Forebear, **values: Any) -> str:
    """The plant, whose fleet runs the first version; the release of a second, a candidate. `values` are the company's."""
    await plant(registry, **values)
    await history(
        registry,
        {"kind": "ModelVersion", "id": SECOND},
        {"kind": "Release", "id": SECOND_RELEASE, "state": "CANDIDATE", "version": SECOND, "line": LINE},
    )
    await approve(registry, RELEASE)
    await registered(registry, 1)
    await active(registry, 1, "deployment:north", ago(days=1))
    return SECOND_RELEASE


async def node(registry: Forebear, kind: str, id: str, fields: str) -> Any:
    """What a node is."""
    return (await ask(registry, f"query($id: ID!) {{ node(id: $id) {{ ... on {kind} {{ {fields} }} }} }}", id=id))["node"]
