"""Where things run: a fleet of two robots of which one is a canary, and builds of the company's model for its hardware."""

from __future__ import annotations

from typing import Any

from forebear.app import Forebear
from forebear.domain.outcome import Done
from forebear.domain.roles import Role
from tests.actions.world import ANNA, BEN, EVA, LINE, VERSION, company, done, person
from tests.record.asking import ask, record

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


async def registered(registry: Forebear, n: int, **values: Any) -> Done:
    """Registers the n-th build."""
    return await done(registry, EVA, "registerArtifact", artifact=build(n, **values))


async def node(registry: Forebear, kind: str, id: str, fields: str) -> Any:
    """What a node is."""
    return (await ask(registry, f"query($id: ID!) {{ node(id: $id) {{ ... on {kind} {{ {fields} }} }} }}", id=id))["node"]
