"""Forebear, as its users start it: `forebear serve`."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec

from bench.graphql import GraphQL
from bench.process import Memory, Unavailable, memory, running

COMMAND = Path(sys.executable).with_name("forebear")
START_SECONDS = 180
SILENCE_SECONDS = 150
WRITE_SECONDS = "120"
"""For a batch: the first finds a cold Neo4j, which on a busy machine takes long to plan all of its statements."""


@dataclass(frozen=True)
class Forebear:
    """A Forebear that is ready."""

    port: int
    process: subprocess.Popen[bytes]
    started: float
    """Seconds from the command to the first `/readyz` that says so."""

    @property
    def system(self) -> GraphQL:
        return GraphQL("Forebear", self.port, lambda q: q.forebear, lambda q, answer: q.read(answer))

    @property
    def memory(self) -> Memory:
        """Of the service itself."""
        return memory(self.process.pid)

    def record(self, facts: Path) -> float:
        """Imports NDJSON as history from an older registry: seconds from the request to its last report.

        Raises `Unavailable` unless every fact is in.
        """
        with httpx.Client(timeout=SILENCE_SECONDS, trust_env=False) as client, facts.open("rb") as lines:
            began = time.perf_counter()
            response = client.post(
                f"http://127.0.0.1:{self.port}/facts",
                params={"imported": "true"},
                headers={"Content-Type": "application/x-ndjson"},
                content=iter(lambda: lines.read(1 << 18), b""),
            )
            seconds = time.perf_counter() - began
        if not response.is_success:
            raise Unavailable(f"it did not record the graph: {response.text[-500:]}")
        reports = [msgspec.json.decode(line) for line in response.content.splitlines()]
        if rejections := [r for report in reports for r in report.get("rejections", ())]:
            raise Unavailable(f"it rejected {len(rejections)} facts of the graph, such as {rejections[0]}")
        if not (reports and reports[-1].get("done")):
            raise Unavailable(f"it recorded a part of the graph: {reports[-1:]}")
        return seconds


@contextmanager
def serving(workspace: Path, uri: str | None = None) -> Iterator[Forebear]:
    """Forebear over the Neo4j at a Bolt URI, or over a new embedded engine."""
    if not COMMAND.exists():
        raise Unavailable(f"there is no {COMMAND.name} beside {Path(sys.executable).name}")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {"FOREBEAR_PORT": str(port), "FOREBEAR_LOG_LEVEL": "warning", "FOREBEAR_WRITE_TIMEOUT": WRITE_SECONDS}
    environment |= {"FOREBEAR_GRAPH_URI": uri} if uri else {"FOREBEAR_DATA_DIR": str(workspace / "data")}
    log = workspace / "forebear.log"
    with httpx.Client(timeout=1, trust_env=False) as client:
        began = time.perf_counter()
        with running([str(COMMAND), "serve"], environment, log) as process:
            while not _ready(client, port):
                if process.poll() is not None or time.perf_counter() - began > START_SECONDS:
                    raise Unavailable(f"it did not start: {log.read_text()[-500:]}")
                time.sleep(0.01)
            yield Forebear(port, process, time.perf_counter() - began)


def _ready(client: httpx.Client, port: int) -> bool:
    try:
        return client.get(f"http://127.0.0.1:{port}/readyz").is_success
    except httpx.TransportError:
        return False
