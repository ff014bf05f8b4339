"""The real client of MLflow at work: its registry is Forebear, and its tracking server is MLflow's own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from forebear.app import Forebear
from forebear.connect.mlflow.origin import Origins
from forebear.connect.mlflow.registry import MlflowRegistry
from forebear.connect.mlflow.tracking import Tracking
from forebear.store import Store
from tests import engines
from tests.api.served import served
from tests.audit.auditing import findings
from tests.cli.terminal import forebear, new_database
from tests.record.asking import ask

ROOT = Path(__file__).parents[3]
BIN = ROOT / ".venv-mlflow" / "bin"
CLIENT = Path(__file__).with_name("client.py")

pytestmark = pytest.mark.skipif(not BIN.is_dir(), reason="MLflow: `make .venv-mlflow/.ready` installs it")


def environment(directory: Path) -> dict[str, str]:
    """Variables for MLflow's programs: they keep to a directory, and tell nobody of it."""
    own = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    quiet = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
        "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    }
    return {**own, **quiet, "HOME": str(directory), "MPLCONFIGDIR": str(directory), "GIT_PYTHON_REFRESH": "quiet"}


@contextlib.asynccontextmanager
async def tracking(directory: Path) -> AsyncIterator[str]:
    """The URL of a tracking server of MLflow."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = ("server", "--port", str(port), "--backend-store-uri", f"sqlite:///{directory}/mlflow.db", "--workers", "1")
    with (directory / "server.log").open("wb") as log:
        server = await asyncio.create_subprocess_exec(
            BIN / "mlflow", *arguments, "--artifacts-destination", str(directory / "artifacts"),
            cwd=directory, env=environment(directory), stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client, asyncio.timeout(120):
                while True:
                    with contextlib.suppress(httpx.TransportError):
                        if (await client.get("/health")).is_success:
                            break
                    assert server.returncode is None, (directory / "server.log").read_text()
                    await asyncio.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, 15)
            await server.wait()


async def test_an_unchanged_client_registers_searches_and_loads_by_alias(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    async with Store.open(engines.settings(tmp_path / "data")) as store, tracking(tmp_path) as tracking_uri:
        registry = await Forebear.on(store)
        origins = Origins(store, registry.recorder, Tracking(tracking_uri))
        registry = replace(registry, origins=origins, mlflow=MlflowRegistry(store, origins, registry.performer))
        async with contextlib.aclosing(origins), served(registry) as service:
            client = await asyncio.create_subprocess_exec(
                BIN / "python", CLIENT, f"http://127.0.0.1:{service.port}/mlflow", tracking_uri,
                cwd=tmp_path, env=environment(tmp_path), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            said, _ = await client.communicate()
            assert client.returncode == 0, said.decode(errors="replace")
            # The script registered while its run was under way. It is over now.
            await origins.resolve()
            await brings_in_the_past(tmp_path, tracking_uri, f"http://127.0.0.1:{service.port}")
        query = """{ model(id: "model:iris") { version(alias: "champion") { version { id uri promotedFrom { nodes { id uri
          producedBy { status configuration metrics trainedOn { edges { role node { name } } } } } } } } } }"""
        version = (await ask(registry, query))["model"]["version"]["version"]
        (checkpoint,) = version["promotedFrom"]["nodes"]
        logged = version["uri"].removeprefix("models:/")
        assert (version["id"], checkpoint["id"]) == ("model:iris@2", f"checkpoint:mlflow:{logged}")
        assert checkpoint["uri"].endswith(f"/models/{logged}/artifacts")
        run = checkpoint["producedBy"]
        assert (run["status"], run["configuration"]["max_iter"]) == ("SUCCEEDED", "200")
        assert run["metrics"]["training_accuracy_score"] > 0.9
        assert {"role": "training", "node": {"name": "irises"}} in run["trainedOn"]["edges"]
        assert await findings(store) == []


async def brings_in_the_past(directory: Path, tracking_uri: str, service: str) -> None:
    """`forebear sync mlflow` of what the client left on its tracking server, where it was registered and in a new registry."""

    async def sync(*options: str) -> dict[str, Any]:
        command = ("sync", "mlflow", tracking_uri, "--json", *options)
        ended = await asyncio.to_thread(forebear, *command, data_dir=directory / "other")
        assert (ended.code, ended.err.removeprefix(new_database(directory / "other"))) == (0, "")
        return cast(dict[str, Any], ended.json)

    kinds = {"Checkpoint": 1, "CodeVersion": 1, "DatasetVersion": 3, "Run": 1}
    # The run has an id here, and autologging adds a dataset to it when it is over.
    assert (await sync("--url", service))["rejected"] == 0
    known = await sync("--url", service, "--again")
    assert (known["kinds"], known["described"], known["connected"], known["rejected"]) == (kinds, 0, 0, 0)
    assert (await sync())["kinds"] == kinds
    # What a command remembers of a database that is gone counts for nothing.
    shutil.rmtree(directory / "other")
    assert (await sync())["described"] == 6
