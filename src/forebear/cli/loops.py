"""The loops of the examples, which work beside the demo and end with it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forebear.cli.terminal import out, short

LOOPS = {
    "builder.py": ("--target", "target:bench-pc", "--port", "8091"),
    "deployer.py": ("fleet:bench", "--port", "8092"),
    "engineer.py": (),
}
"""The scripts, with their arguments: a builder, a deployment manager with simulated robots, and who trains a model for them."""

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
def looping(url: str, folder: Path) -> Iterator[None]:
    """Run the loops against a service, and print what they say. What they train and build lies in the folder.

    A loop that cannot run, such as on a port that is taken, says so, and nothing else fails.
    """
    from forebear.store.statements import directory

    folder.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FOREBEAR_")}
    environment |= {"FOREBEAR_SPOOL": str(folder / "spool"), "PYTHONUNBUFFERED": "1"}
    running = []
    try:
        for script, arguments in LOOPS.items():
            process = subprocess.Popen(
                [sys.executable, "-c", BOUND, str(directory("examples") / script), "--url", url, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=folder,
                text=True,
                # Ctrl+C at the terminal ends the demo, and that ends the loops.
                start_new_session=True,
            )
            running.append((process, telling := threading.Thread(target=_tell, args=(Path(script).stem, process))))
            telling.start()
        yield
    finally:
        for process, _ in running:
            process.terminate()
        for process, telling in running:
            telling.join()
            process.wait()
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.close()
            process.stdout.close()


def _tell(name: str, process: subprocess.Popen[str]) -> None:
    """Print each line of a loop, after its name."""
    assert process.stdout is not None
    for line in process.stdout:
        out().print(f"  {name:<9} {short(line.rstrip())}", markup=False)
