"""The loops beside the demo end with it, and what stops one of them stops nothing else."""

import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from forebear.cli import loops
from tests.cli.terminal import free_port, until


def test_a_loop_whose_port_is_taken_says_so_and_the_other_one_runs_until_the_demo_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    with ExitStack() as taken:
        busy = taken.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
        monkeypatch.setattr(
            loops,
            "LOOPS",
            {"builder.py": ("--port", str(busy)), "deployer.py": ("fleet:bench", "--port", str(port))},
        )
        with loops.looping(f"http://127.0.0.1:{free_port()}", tmp_path / "loops") as (builder, deployer):
            until(lambda: "Address already in use" in builder.read_text())
            until(lambda: deployer.read_text() == f"deploys to fleet:bench, told at http://127.0.0.1:{port}/\n")
            children = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
            running = [child for child in children if str(port) in child.cmdline()]
            assert len(running) == 1
        assert not running[0].is_running()


def test_loops_end_with_a_demo_that_is_killed(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    script = f"""
from pathlib import Path
from forebear.cli import loops
loops.LOOPS = {{"builder.py": ("--port", "{free_port()}")}}
with loops.looping({url!r}, Path({str(tmp_path)!r})):
    input()
"""
    (said := tmp_path / "builder.log").touch()
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE) as demo:
        until(lambda: "builds for target:bench-pc" in said.read_text())
        (child,) = psutil.Process(demo.pid).children()
        demo.kill()
    until(lambda: not child.is_running())
