"""The example loops as processes that can be killed and started again."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli.terminal import environment, free_port
from tests.test_project import ROOT


@dataclass
class Loop:
    """A loop of the examples, with what it has said."""

    script: str
    arguments: list[str]
    url: str
    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def said(self) -> str:
        return (self.folder / f"{self.script}.log").read_text()

    def again(self, *arguments: str) -> None:
        """Kills it, as a crash of the machine would, and starts it again, with other arguments if there are any."""
        self.kill()
        self.arguments = [*arguments] or self.arguments
        self.start()

    def start(self) -> None:
        command = [sys.executable, str(ROOT / "examples" / self.script), "--port", str(self.port)]
        # It looks again only if it is told, or started anew.
        command += ["--every", "3600", *self.arguments]
        with (self.folder / f"{self.script}.log").open("a") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment(url=self.url), cwd=self.folder)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def looping(script: str, url: str, folder: Path, *arguments: str) -> Iterator[Loop]:
    """A loop that runs, and is killed in the end."""
    loop = Loop(script, [*arguments], url, folder)
    loop.start()
    try:
        yield loop
    finally:
        loop.kill()
