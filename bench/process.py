"""Services as child processes that end with the block that asked for them."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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


def peak_memory(pid: int) -> float:
    """The most memory that a process has had resident, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found, "the kernel says how much memory a process had"
    return int(found[1]) * 1024 / 1e6
