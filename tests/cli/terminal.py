"""The command line as its users run it: a process, with its exit code, and what it printed."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import psutil

COMMAND = [sys.executable, "-m", "tests.cli.command"]
SECONDS = 60


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def environment(**settings: object) -> dict[str, str]:
    """The environment without settings but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FOREBEAR_")}
    return kept | {f"FOREBEAR_{name.upper()}": str(value) for name, value in settings.items()}


def forebear(*arguments: str | Path, stdin: str | bytes = b"", **settings: object) -> Ended:
    """Runs a command to its end."""
    ended = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        env=environment(**settings),
        timeout=SECONDS,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


def new_database(folder: Path) -> str:
    """What a command says that makes the database which it asks."""
    return f"There is no database in {folder} yet, so a new one is made.\n"


def on_terminal(*arguments: str, variables: Mapping[str, str] = MappingProxyType({}), **settings: object) -> str:
    """What a command prints on a terminal; `variables` of the environment are no settings."""
    ours, theirs = pty.openpty()
    environ = environment(**settings) | {"TERM": "xterm-256color", "COLUMNS": "120"} | variables
    with subprocess.Popen([*COMMAND, *arguments], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=environ):
        os.close(theirs)
        parts = []
        # A terminal whose last writer is gone ends with an error.
        with suppress(OSError):
            while part := os.read(ours, 10_000):
                parts.append(part)
    os.close(ours)
    return b"".join(parts).decode()


@dataclass
class Service:
    """A running service."""

    process: subprocess.Popen[str]
    url: str
    said: str
    """What it has printed by then, the last line that it listens."""

    @property
    def engine(self) -> psutil.Process:
        """Its embedded engine."""
        (java,) = (child for child in psutil.Process(self.process.pid).children(recursive=True) if child.name() == "java")
        return java

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """The data that answers a query."""
        response = httpx.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=SECONDS).json()
        assert "errors" not in response, response
        data: dict[str, Any] = response["data"]
        return data


@contextmanager
def serving(*arguments: str | Path, command: Sequence[str] = COMMAND, **settings: object) -> Iterator[Service]:
    """A service that is ready, on a free port unless `settings` name one; ended in the end if it still runs."""
    process = subprocess.Popen(
        [*command, *map(str, arguments or ("serve",))],
        stdout=subprocess.PIPE,
        env=environment(**{"port": 0, "engine_heap": 512, "log_level": "warning"} | settings),
        text=True,
    )
    assert process.stdout is not None
    try:
        said = ""
        for line in process.stdout:
            said += line
            if re.match("Forebear listens on https?://", line):
                break
        else:
            raise AssertionError(said)
        yield Service(process, line.split()[3].rstrip(","), said)
    finally:
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        process.wait(SECONDS)
        process.stdout.close()


def until(condition: Callable[[], Any], seconds: float = SECONDS) -> None:
    """Waits for a condition; what cannot be asked yet does not hold yet."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except (httpx.TransportError, AssertionError):
            pass
        time.sleep(0.01)
    raise AssertionError("it did not come to that")


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port
