"""A further illustrative fleet for the demo: arms that pick totes in four warehouses, over half a year, made by seeded dice.

120 robots ran five versions of a model. Two of the versions were trained on recordings of the night shift as well, and with
those a robot drops five times as many totes. The newest version was not, so the newest deployment is not to blame. Two
robots also lost their position, which is too little to explain anything. A candidate that nobody deployed yet differs from the
fourth version in the recordings alone, and a benchmark of grasps tells the versions with them from those without.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise
from random import Random
from typing import Any, NamedTuple

SEED = 37
ROBOTS = 120
BEGIN, END = (datetime(2026, month, 5, 6, tzinfo=UTC) for month in (1, 7))
DROPPED, LOST = "dropped-tote", "lost-position"
HOURS_PER_DROP = 9_000
"""The robot-hours between two dropped totes, without the cause."""
RATIO = 5
"""How many times as many totes a robot drops with the cause."""
CAUSE = "dataset:tote-night@2026.01"

Fact = dict[str, Any]


class Recipe(NamedTuple):
    """A version of the model: what it was made from, and the week in which it began to spread."""

    week: int
    data: Sequence[str]
    code: str
    environment: str
    toolchain: str


RECIPES = (
    Recipe(0, ["dataset:totes@2025.12"], "a41c", "2025.12", "TensorRT 10.3"),
    Recipe(4, ["dataset:totes@2025.12", CAUSE], "b7e0", "2025.12", "TensorRT 10.3"),
    Recipe(9, ["dataset:totes@2026.02"], "b7e0", "2026.02", "TensorRT 10.3"),
    Recipe(13, ["dataset:totes@2026.02", CAUSE], "c98d", "2026.02", "TensorRT 10.7"),
    Recipe(19, ["dataset:totes@2026.02", "dataset:tote-returns@2026.04"], "c98d", "2026.02", "TensorRT 10.7"),
)
CANDIDATE = RECIPES[3]._replace(data=["dataset:totes@2026.02"])
"""The sixth version. It does not run anywhere yet."""
GRASPS = (93.1, 88.3, 93.4, 88.9, 92.1, 93.9)
"""Of the grasps that each version tried on the bench, the share that held, in %."""
TRIES = 1_200
SITES = {
    "aldermoor": "customer:wrenfield-retail",
    "brackwater": "customer:wrenfield-retail",
    "cindervale": "customer:osterly-pharma",
    "dunmarsh": "customer:osterly-pharma",
}


def facts(robots: int = ROBOTS, hours_per_drop: float = HOURS_PER_DROP) -> Iterator[Fact]:
    """Return the facts of the fleets, always the same ones."""
    for fact in chain(_lineage(), _sites(), _robots(Random(SEED), robots, hours_per_drop)):
        yield {**fact, "labels": ["illustrative"]}


def _lineage() -> Iterator[Fact]:
    yield {"kind": "Model", "id": "model:tote-picker", "name": "Tote picker"}
    yield {"kind": "HardwareTarget", "id": "target:tote-arm", "name": "Tote arm", "accelerator": "Jetson AGX Orin"}
    recipes = (*RECIPES, CANDIDATE)
    data = sorted({id for recipe in recipes for id in recipe.data})
    for dataset in sorted({id.partition("@")[0] for id in data}):
        yield {"kind": "Dataset", "id": dataset}
    for id in data:
        yield {"kind": "DatasetVersion", "id": id, "dataset": id.partition("@")[0]}
    for code in sorted({recipe.code for recipe in RECIPES}):
        yield {"kind": "CodeVersion", "id": f"code:tote-training@{code}", "commit": code}
    for environment in sorted({recipe.environment for recipe in RECIPES}):
        yield {"kind": "SoftwareEnvironment", "id": f"environment:totes-{environment}"}
    yield {
        "kind": "EvaluationPack",
        "id": "pack:tote-bench@1",
        "metrics": [{"name": "grasps_held", "unit": "%", "direction": "HIGHER_IS_BETTER", "statistic": "PROPORTION"}],
    }
    for n, (recipe, grasps) in enumerate(zip(recipes, GRASPS, strict=True), 1):
        yield {
            "kind": "Run",
            "id": f"run:tote-picker-{n}",
            "trainedOn": recipe.data,
            "ran": [f"code:tote-training@{recipe.code}"],
            "inEnvironment": [f"environment:totes-{recipe.environment}"],
        }
        yield {"kind": "Checkpoint", "id": f"checkpoint:tote-picker-{n}", "producedBy": f"run:tote-picker-{n}"}
        yield {
            "kind": "ModelVersion",
            "id": f"model:tote-picker@{n}",
            "name": f"tote-picker {n}",
            "model": "model:tote-picker",
            "promotedFrom": [f"checkpoint:tote-picker-{n}"],
        }
        yield {
            "kind": "Artifact",
            "id": _artifact(n),
            "builtFrom": f"model:tote-picker@{n}",
            "target": "target:tote-arm",
            "precision": "FP16",
            "toolchain": recipe.toolchain,
        }
        yield {
            "kind": "Evidence",
            "id": f"evidence:tote-picker-{n}/bench",
            "type": "BENCHMARK",
            "measuredAt": _text(BEGIN + timedelta(weeks=recipe.week, days=-3)),
            "measurements": [{"metric": "grasps_held", "value": grasps, "unit": "%", "sampleSize": TRIES}],
            "about": [f"model:tote-picker@{n}"],
            "measuredWith": ["pack:tote-bench@1"],
        }


def _sites() -> Iterator[Fact]:
    for customer in sorted({*SITES.values()}):
        yield {"kind": "Customer", "id": customer}
    for site, customer in SITES.items():
        yield {"kind": "Site", "id": f"site:{site}"}
        yield {
            "kind": "Fleet",
            "id": f"fleet:totes-{site}",
            "sites": [{"id": f"site:{site}", "validFrom": _text(BEGIN)}],
            "customers": [{"id": customer, "validFrom": _text(BEGIN)}],
        }


@dataclass(frozen=True)
class _Stay:
    """What a robot ran for a while."""

    since: datetime
    until: datetime
    version: int

    @property
    def id(self) -> str:
        return f"{self.since:%Y-%m-%dT%H}"


def _robots(dice: Random, number: int, hours_per_drop: float) -> Iterator[Fact]:
    late = {site: dice.uniform(0, 1.5) for site in SITES}
    robots = [f"tote-{n:03}" for n in range(1, number + 1)]
    for n, robot in enumerate(robots):
        home, next_home = ([*SITES][(n + step) % len(SITES)] for step in (0, 1))
        memberships = [{"id": f"fleet:totes-{home}", "validFrom": _text(BEGIN)}]
        if dice.random() < 0.1:
            moved = _text(BEGIN + timedelta(weeks=dice.randint(8, 18)))
            memberships[0]["validTo"] = moved
            memberships.append({"id": f"fleet:totes-{next_home}", "validFrom": moved})
        yield {
            "kind": "Robot",
            "id": f"robot:{robot}",
            "robotClass": dice.choice(("tote-arm-s", "tote-arm-l")),
            "software": dice.choice(("7.1", "7.2")),
            "memberOf": memberships,
        }
        for stay in _stays(dice, late[home]):
            yield {
                "kind": "Installation",
                "id": f"installation:{robot}/{stay.id}",
                "validFrom": _text(stay.since),
                "validTo": _text(stay.until),
                "artifact": _artifact(stay.version),
                "robot": f"robot:{robot}",
            }
            yield from _drops(dice, robot, stay, hours_per_drop)
        yield {
            "kind": "MaintenanceEvent",
            "id": f"maintenance:{robot}/2026",
            "categories": ["gripper"],
            "validFrom": _text(BEGIN + timedelta(hours=dice.randrange(180 * 24))),
            "at": [f"robot:{robot}"],
        }
    for robot in dice.sample(robots, 2):
        yield _incident(robot, LOST, "LOW", BEGIN + timedelta(hours=dice.uniform(0, 180 * 24)))


def _stays(dice: Random, late: float) -> Iterator[_Stay]:
    """What one robot ran: it takes a version some weeks after that began to spread, and passes over one now and then."""
    weeks = {0.0: 1}
    for n, recipe in enumerate(RECIPES[1:], 2):
        if dice.random() < 0.8:
            weeks[recipe.week + late + dice.uniform(0, 4)] = n
    moments = [*(BEGIN + timedelta(hours=round(week * 7 * 24)) for week in weeks), END]
    for (since, until), version in zip(pairwise(moments), weeks.values(), strict=True):
        yield _Stay(since, until, version)


def _drops(dice: Random, robot: str, stay: _Stay, hours: float) -> Iterator[Fact]:
    """The totes that a robot drops, at a constant rate."""
    rate = (RATIO if CAUSE in RECIPES[stay.version - 1].data else 1) / hours
    at = stay.since + timedelta(hours=dice.expovariate(rate))
    while at < stay.until:
        yield _incident(robot, DROPPED, dice.choice(("LOW", "MEDIUM")), at)
        at += timedelta(hours=dice.expovariate(rate))


def _incident(robot: str, category: str, severity: str, at: datetime) -> Fact:
    return {
        "kind": "Incident",
        "id": f"incident:{robot}/{at:%Y-%m-%dT%H-%M}",
        "category": category,
        "state": "RESOLVED",
        "severity": severity,
        "validFrom": _text(at),
        "validTo": _text(at + timedelta(minutes=5)),
        "at": [f"robot:{robot}"],
    }


def _artifact(version: int) -> str:
    return f"artifact:tote-picker-{version}/tote-arm"


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:00Z}"
