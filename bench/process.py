"""Services as child processes that end with the block that asked for them."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class Unavailable(Exception):
    """A system cannot be had here; the message says why."""


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A child process, whose errors go to a file. Ended politely, and after ten seconds by force."""
    with log.open("wb") as errors:
        child = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.PIPE, stderr=errors)
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


@dataclass(frozen=True)
class Memory:
    """What a process itself, without its children, has resident, in MB."""

    now: float
    peak: float


def memory(pid: int) -> Memory:
    """The memory of a process that runs."""
    status = Path(f"/proc/{pid}/status").read_text()
    given = {name: int(kb) * 1024 / 1e6 for name, kb in re.findall(r"(Vm\w+):\s+(\d+) kB", status)}
    return Memory(given["VmRSS"], given["VmHWM"])
