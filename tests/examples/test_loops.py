"""From a training to robots and back: the example loops build and deploy what is approved, however often they are killed."""

import random
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy
import pytest
from cryptography.fernet import Fernet

from forebear.client import digest
from forebear.graph.moments import moment
from forebear.store import Store
from tests import engines
from tests.cli.terminal import Service, environment, serving, until
from tests.examples.loop import looping
from tests.test_project import ROOT

DONE = "{ __typename ... on Refused { reasons { message } } }"
REQUEST = 'mutation($artifact: ID!, $id: ID!) { done: requestDeployment(on: "fleet:bench", reason: "Approved.", '
REQUEST += f"artifact: $artifact, id: $id) {DONE} }}"
ROLL_BACK = f"""mutation {{ done: rollBack(on: "fleet:bench", reason: "It misses.", id: "deployment:back") {DONE} }}"""
WITHDRAW = 'mutation { done: withdrawApproval(release: "release:reacher@first/reacher-bench", reason: "It scratches.") '
WITHDRAW += f"{DONE} }}"

BUILDS = """{ artifacts { nodes { id state format precision digest target { id } builtFrom { id }
  authorizedBy { nodes { type } } } } }"""
DEPLOYMENTS = """{ deployments(orderBy: {field: recordedAt}) { nodes { id state failedRobots artifact { id }
  rollsBack { nodes { id } } } } }"""
ROBOTS = """{ robots(orderBy: {field: id}) { nodes { id installations(orderBy: {field: validFrom}) { nodes {
  artifact { id } } } } } }"""
INCIDENTS = """{ incidents { nodes { category severity
  whatWasRunning { nodes { standing observedVersion { id } } } } } }"""
ARMS = [f"robot:arm-{n}" for n in range(1, 5)]


def alert() -> dict[str, Any]:
    """An alert of a robot, as Alertmanager posts it."""
    labels = {"alertname": "ReachMissed", "severity": "critical", "robot": "arm-2"}
    firing = {"status": "firing", "labels": labels, "startsAt": moment(datetime.now(UTC)), "endsAt": "0001-01-01T00:00:00Z"}
    return {"version": "4", "status": "firing", "alerts": [{**firing, "annotations": {}, "fingerprint": "6f1c2a0e9b3d4c55"}]}


@dataclass
class Bench:
    """A bench with four arms, and the registry that knows it."""

    service: Service
    folder: Path

    def train(self, name: str, seed: int) -> None:
        """Trains a model that its policy approves by its evidence."""
        out = self.folder / name
        command = [sys.executable, str(ROOT / "examples" / "train.py"), "--name", name, "--seed", str(seed), "--out", str(out)]
        settings = environment(url=self.service.url, spool=self.folder / "spool")
        said = subprocess.run(command, env=settings, capture_output=True, text=True, check=True).stdout
        assert said.splitlines()[-1] == f"release:reacher@{name}/reacher-bench is APPROVED"

    def set_up(self) -> None:
        """Records its fleet."""
        since = moment(datetime.now(UTC))
        line, fleet = ({"id": id, "validFrom": since} for id in ("line:reacher-bench", "fleet:bench"))
        facts: list[dict[str, Any]] = [{"kind": "Fleet", "id": "fleet:bench", "lines": [line]}]
        facts += [{"kind": "Robot", "id": arm, "memberOf": [fleet]} for arm in ARMS]
        httpx.post(f"{self.service.url}/facts", json=facts).raise_for_status()

    def nodes(self, query: str) -> list[dict[str, Any]]:
        """The nodes that a query lists."""
        (answer,) = self.service.ask(query).values()
        nodes: list[dict[str, Any]] = answer["nodes"]
        return nodes

    def built(self, name: str) -> str | None:
        """The artifact of a version."""
        return next((a["id"] for a in self.nodes(BUILDS) if a["builtFrom"] == {"id": f"model:reacher@{name}"}), None)

    def do(self, mutation: str, **variables: str) -> None:
        assert self.service.ask(mutation, **variables)["done"] == {"__typename": "Done"}

    def state(self, deployment: str) -> str:
        (state,) = (each["state"] for each in self.nodes(DEPLOYMENTS) if each["id"] == deployment)
        return str(state)

    def ran(self) -> dict[str, list[str]]:
        """What each robot has run, in its order."""
        return {
            robot["id"]: [each["artifact"]["id"] for each in robot["installations"]["nodes"]] for robot in self.nodes(ROBOTS)
        }

    def count(self, artifact: str) -> int:
        """How many robots run an artifact."""
        return sum(ran[-1:] == [artifact] for ran in self.ran().values())


@contextmanager
def bench(folder: Path, settings: dict[str, object]) -> Iterator[Bench]:
    """A bench whose service may post webhooks to this machine."""
    hooks = {"secret_key": Fernet.generate_key().decode(), "webhook_networks": "127.0.0.0/8"}
    with serving(**settings, **hooks) as service:
        yield Bench(service, folder)


async def emptied(engine: str, folder: Path, request: pytest.FixtureRequest) -> dict[str, object]:
    """The settings of a service on an empty engine."""
    if engine == "embedded":
        return {"data_dir": folder / "data"}
    uri = request.getfixturevalue("neo4j_uri")
    async with Store.open(engines.settings(folder, graph_uri=uri)) as store:
        await engines.empty(store)
    return {"graph_uri": uri, **engines.PLANNING}


@pytest.mark.parametrize("engine", engines.ENGINES)
async def test_what_is_trained_comes_to_robots_and_goes_back_though_the_loops_are_killed(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    chance = random.Random()
    with (
        bench(tmp_path, await emptied(engine, tmp_path, request)) as at,
        ThreadPoolExecutor(1) as beside,
        looping("builder.py", at.service.url, tmp_path) as builder,
        looping("deployer.py", at.service.url, tmp_path, "fleet:bench", "--pause", "0.1") as deployer,
    ):
        until(lambda: len(at.service.ask("{ webhooks { url } }")["webhooks"]) == 2)
        at.train("first", 7)
        at.set_up()
        until(lambda: at.built("first"))
        first = at.built("first") or ""
        at.do(REQUEST, artifact=first, id="deployment:first")
        until(lambda: at.state("deployment:first") == "ACTIVE")

        # Each loop is killed at some moment of its work.
        lines = builder.said.count("\n") + chance.randint(1, 4)
        training = beside.submit(at.train, "second", 8)
        until(lambda: builder.said.count("\n") >= lines)
        builder.again()
        training.result()
        until(lambda: at.built("second"))
        second = at.built("second") or ""
        at.do(REQUEST, artifact=second, id="deployment:second")
        robots = chance.randint(0, 3)
        until(lambda: at.count(second) >= robots)
        deployer.again()
        until(lambda: at.state("deployment:second") == "ACTIVE")

        httpx.post(f"{at.service.url}/connect/alertmanager", json=alert()).raise_for_status()
        assert at.nodes(INCIDENTS) == [
            {
                "category": "ReachMissed",
                "severity": "CRITICAL",
                "whatWasRunning": {"nodes": [{"standing": "AS_INTENDED", "observedVersion": {"id": "model:reacher@second"}}]},
            }
        ]
        # The first robot goes back, and then its version may run no longer.
        deployer.again("fleet:bench", "--pause", "3600")
        at.do(ROLL_BACK)
        until(lambda: at.count(first) == 1)
        at.do(WITHDRAW)
        deployer.again()
        until(lambda: at.state("deployment:back") == "FAILED")
        ran = at.ran()
        deployments, builds = at.nodes(DEPLOYMENTS), at.nodes(BUILDS)
    assert ran == {ARMS[0]: [first, second, first], **{arm: [first, second] for arm in ARMS[1:]}}
    assert deployments == [
        {
            "id": "deployment:first",
            "state": "ENDED",
            "failedRobots": None,
            "artifact": {"id": first},
            "rollsBack": {"nodes": []},
        },
        {
            "id": "deployment:second",
            "state": "ACTIVE",
            "failedRobots": None,
            "artifact": {"id": second},
            "rollsBack": {"nodes": []},
        },
        {
            "id": "deployment:back",
            "state": "FAILED",
            "failedRobots": ARMS[1:],
            "artifact": {"id": first},
            "rollsBack": {"nodes": [{"id": "deployment:second"}]},
        },
    ]
    for built in builds:
        file = tmp_path / "builds" / f"{built['id'].removeprefix('artifact:sha256:')}.npz"
        with numpy.load(file) as content:
            assert (content["weights"].shape, content["weights"].dtype) == ((2, 3), numpy.int8)
        rest = {"state": "AVAILABLE", "format": "NPZ", "precision": "INT8", "target": {"id": "target:bench-pc"}}
        authorised = {"authorizedBy": {"nodes": [{"type": "PROMOTION"}]}, "builtFrom": built["builtFrom"]}
        assert built == {"id": f"artifact:{digest(file)}", "digest": digest(file), **rest, **authorised}
    assert sorted(built["id"] for built in builds) == sorted([first, second])
