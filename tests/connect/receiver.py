"""The receiver of the page about events, as a process that can be killed and started again."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.test_project import ROOT

SCRIPT = ROOT / "docs" / "how-to" / "receive.py"


@dataclass
class Receiver:
    """A receiver, with the events that it has taken."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/events"

    @property
    def secret(self) -> Path:
        return self.folder / "secret"

    def start(self) -> None:
        arguments = [str(self.port), str(self.secret), str(self.folder / "events.ndjson")]
        self.process = subprocess.Popen(
            [sys.executable, str(SCRIPT), *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == f"listens on port {self.port}\n".encode()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def events(self) -> list[dict[str, Any]]:
        """The events that it has taken, in their order. A kill may leave half a line, which is none."""
        file = self.folder / "events.ndjson"
        lines = file.read_text().splitlines(keepends=True) if file.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]


@contextmanager
def receiving(port: int, folder: Path) -> Iterator[Receiver]:
    """A receiver, which does not listen before it is started."""
    receiver = Receiver(port, folder)
    try:
        yield receiver
    finally:
        receiver.kill()
