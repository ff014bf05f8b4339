"""The loops beside the demo bring a model to robots, and end with it. What stops one of them stops nothing else."""

import re
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from cryptography.fernet import Fernet

from forebear.cli import loops
from tests.cli.terminal import free_port, serving, until

AT_WORK = """  engineer  release:reacher@NAME/reacher-bench is APPROVED
  builder   model:reacher@NAME is built: artifact:sha256:BUILD…
  engineer  artifact:sha256:BUILD… is requested for fleet:bench
  deployer  DEPLOYMENT is IN_PROGRESS
  deployer  robot:bench-arm-1 runs artifact:sha256:BUILD…
  deployer  robot:bench-arm-2 runs artifact:sha256:BUILD…
  deployer  robot:bench-arm-3 runs artifact:sha256:BUILD…
  deployer  DEPLOYMENT is ACTIVE
"""
NAMES = {r"reach-\d{8}-\d{6}": "NAME", "(?<=sha256:)[0-9a-f]{12}": "BUILD", r"deployment:[^ ]+": "DEPLOYMENT"}


@dataclass
class Terminal:
    """All that was printed."""

    capture: pytest.CaptureFixture[str]
    text: str = ""

    def shows(self, text: str) -> bool:
        self.text += self.capture.readouterr().out
        return text in self.text


def test_the_loops_bring_a_model_to_the_arms_of_the_bench_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    deployer = ("fleet:bench", "--port", "0", "--pause", "0")
    monkeypatch.setattr(loops, "LOOPS", {"builder.py": ("--port", "0"), "deployer.py": deployer, "engineer.py": ()})
    terminal = Terminal(capfd)
    hooks = {"secret_key": Fernet.generate_key().decode(), "webhook_networks": "127.0.0.0/8"}
    with serving(data_dir=tmp_path / "data", **hooks) as service:
        with loops.looping(service.url, tmp_path / "loops"):
            until(lambda: terminal.shows("is ACTIVE\n"))
        work = "".join(line for line in terminal.text.splitlines(keepends=True) if " told " not in line)
        for pattern, name in NAMES.items():
            work = re.sub(pattern, name, work)
        assert work == AT_WORK
        with loops.looping(service.url, tmp_path / "loops"):
            until(lambda: terminal.shows("was requested for fleet:bench before\n"))
        counts = service.ask("{ modelVersions { totalCount } artifacts { totalCount } deployments { totalCount } }")
    assert counts == {kind: {"totalCount": 1} for kind in ("modelVersions", "artifacts", "deployments")}


def test_a_loop_whose_port_is_taken_says_so_and_the_other_one_runs_until_the_demo_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        terminal, busy = Terminal(capfd), str(taken.getsockname()[1])
        others = {"builder.py": ("--port", busy), "deployer.py": ("fleet:bench", "--port", str(port))}
        monkeypatch.setattr(loops, "LOOPS", others)
        with loops.looping(f"http://127.0.0.1:{free_port()}", tmp_path / "loops"):
            until(lambda: terminal.shows("Address already in use"))
            until(lambda: terminal.shows(f"  deployer  deploys to fleet:bench, told at http://127.0.0.1:{port}/\n"))
            children = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
            running = [child for child in children if str(port) in child.cmdline()]
            assert len(running) == 1
        assert not running[0].is_running()


def test_loops_end_with_a_demo_that_is_killed(tmp_path: Path) -> None:
    script = f"""
from pathlib import Path
from forebear.cli import loops
loops.LOOPS = {{"builder.py": ("--port", "0")}}
with loops.looping("http://127.0.0.1:{free_port()}", Path({str(tmp_path)!r})):
    input()
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        assert demo.stdout.readline().startswith("  builder   builds for target:bench-pc, told at ")
        (child,) = psutil.Process(demo.pid).children()
        demo.kill()
    until(lambda: not child.is_running())
