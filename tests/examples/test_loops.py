"""From a training to robots and back: the example loops build and deploy what is approved, however often they are killed."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy
import pytest
from cryptography.fernet import Fernet

from forebear.client import digest
from forebear.store import Store
from tests import engines
from tests.cli.terminal import Service, environment, serving, until
from tests.examples.loop import looping
from tests.test_project import ROOT

BUILDS = """{ artifacts { nodes { id state format precision digest target { id } builtFrom { id }
  authorizedBy { nodes { type } } } } webhooks { url events } }"""


async def emptied(engine: str, folder: Path, request: pytest.FixtureRequest) -> dict[str, object]:
    """The settings of a service on an empty engine, whose webhooks may go to this machine."""
    hooks = {"secret_key": Fernet.generate_key().decode(), "webhook_networks": "127.0.0.0/8"}
    if engine == "embedded":
        return {"data_dir": folder / "data", **hooks}
    uri = request.getfixturevalue("neo4j_uri")
    async with Store.open(engines.settings(folder, graph_uri=uri)) as store:
        await engines.empty(store)
    return {"graph_uri": uri, **engines.PLANNING, **hooks}


def trained(service: Service, folder: Path, name: str) -> None:
    """Trains a model that its policy approves by its evidence."""
    command = [sys.executable, str(ROOT / "examples" / "train.py"), "--name", name, "--out", str(folder / name)]
    settings = environment(url=service.url, spool=folder / "spool")
    said = subprocess.run(command, env=settings, capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == f"release:reacher@{name}/reacher-bench is APPROVED"


def builds(service: Service) -> list[str]:
    """The artifacts that are on record, in the order of their versions."""
    nodes = service.ask(BUILDS)["artifacts"]["nodes"]
    return [each["id"] for each in sorted(nodes, key=lambda each: each["builtFrom"]["id"])]


@pytest.mark.parametrize("engine", engines.ENGINES)
async def test_what_is_trained_is_built_though_the_loop_is_killed(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with ExitStack() as running:
        service = running.enter_context(serving(**await emptied(engine, tmp_path, request)))
        builder = running.enter_context(looping("builder.py", service.url, tmp_path))
        until(lambda: service.ask("{ webhooks { url } }")["webhooks"])
        trained(service, tmp_path, "first")
        # The training ends with the approval, so this is some moment of the build.
        builder.kill()
        builder.start()
        until(lambda: len(builds(service)) == 1)
        (built,) = builds(service)
        file = tmp_path / "builds" / f"{built.removeprefix('artifact:sha256:')}.npz"
        assert built == f"artifact:{digest(file)}"
        with numpy.load(file) as content:
            assert (content["weights"].shape, content["weights"].dtype) == ((2, 3), numpy.int8)
        assert service.ask(BUILDS) == {
            "artifacts": {
                "nodes": [
                    {
                        "id": built,
                        "state": "AVAILABLE",
                        "format": "NPZ",
                        "precision": "INT8",
                        "digest": digest(file),
                        "target": {"id": "target:bench-pc"},
                        "builtFrom": {"id": "model:reacher@first"},
                        "authorizedBy": {"nodes": [{"type": "PROMOTION"}]},
                    }
                ]
            },
            "webhooks": [
                {
                    "url": f"http://127.0.0.1:{builder.port}/",
                    "events": ["adoptPolicy", "approve", "attachEvidence", "override", "registerCandidate"],
                }
            ],
        }
