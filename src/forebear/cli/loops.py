"""The loops of the examples, which run beside the demo and end with it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOOPS = {
    "builder.py": ("--target", "target:bench-pc", "--port", "8091"),
    "deployer.py": ("fleet:bench", "--port", "8092"),
}
"""The scripts, with their arguments: a builder, and a deployment manager with simulated robots."""

BOUND = """
import os, runpy, sys, threading

def end():
    sys.stdin.read()
    os._exit(0)

threading.Thread(target=end, daemon=True).start()
del sys.argv[0]
sys.path[0] = os.path.dirname(sys.argv[0])
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs a script that ends when whoever holds its standard input does, also if that is killed."""


@contextmanager
def looping(url: str, folder: Path) -> Iterator[list[Path]]:
    """Run the loops against a service. Answers the files of what they say. What they build lies beside them.

    A loop that cannot run, such as on a port that is taken, says so in its file, and nothing else fails.
    """
    from forebear.store.statements import directory

    folder.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FOREBEAR_")}
    running, logs = [], []
    try:
        for script, arguments in LOOPS.items():
            logs.append(folder / f"{Path(script).stem}.log")
            with logs[-1].open("w") as log:
                command = [sys.executable, "-c", BOUND, str(directory("examples") / script), "--url", url, *arguments]
                running.append(
                    subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment, cwd=folder)
                )
        yield logs
    finally:
        for process in running:
            process.terminate()
        for process in running:
            # It also closes the standard input.
            process.communicate()
