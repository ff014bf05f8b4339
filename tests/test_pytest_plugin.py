"""What tests came to is attached as evidence at the end of their session, and never changes how it ends."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from forebear.app import Forebear
from forebear.client import Delivered, Registry
from tests.actions.world import VERSION, company
from tests.api.served import served
from tests.cli.terminal import environment, free_port
from tests.record.asking import ask

BENCH = """
import pytest

@pytest.mark.parametrize("n", range(4))
def test_grasp(n):
    assert n

def test_replay(record_property):
    record_property("success", 91.5)
    record_property("success.unit", "%")
    record_property("success.trials", 400)

@pytest.mark.skip
def test_pour():
    pass
"""

ATTACHED = """query($id: ID!) { modelVersion(id: $id) { evidence { nodes { recordedBy type
  measurements { metric value unit sampleSize } } } } }"""

MEASURED = [{"metric": "success", "value": 91.5, "unit": "%", "sampleSize": 400}]


def session(folder: Path, *arguments: str, spool: Path, **settings: object) -> tuple[int, list[str]]:
    """The exit status of a session of pytest, and what it says of evidence."""
    (folder / "test_bench.py").write_text(BENCH)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_bench.py", *arguments]
    ended = subprocess.run(
        command, cwd=folder, env=environment(spool=spool, **settings), capture_output=True, text=True, check=False
    )
    _, _, said = ended.stdout.partition(" evidence ")
    return ended.returncode, (said.splitlines()[1:] or ended.stderr.splitlines())[:1]


async def test_a_session_is_evidence_once_also_with_workers(registry: Forebear, tmp_path: Path) -> None:
    await company(registry, success=70.0)
    about = ("--forebear-evidence", VERSION, "--forebear-pack", "pack:replay@1")
    async with served(registry) as service:
        url = f"http://127.0.0.1:{service.port}"
        code, said = await asyncio.to_thread(session, tmp_path, *about, spool=tmp_path / "spool", url=url)
        undefined = "measurements.0.metric: pack:replay@1 defines no metric 'pass_rate'; known: success (UNDEFINED)"
        remedy = "measure what the pack defines, or name the pack version that defines it"
        assert (code, said) == (1, [f"nothing was attached: attachEvidence was refused: {undefined}: {remedy}"])
        chosen = (*about, "--forebear-metric", "success", "-n", "2")
        code, said = await asyncio.to_thread(session, tmp_path, *chosen, spool=tmp_path / "spool", url=url)
        (line,) = said
        assert (code, line.partition(" ")[2]) == (1, f"is attached to {VERSION}")
    evidence = (await ask(registry, ATTACHED, id=VERSION))["modelVersion"]["evidence"]["nodes"]
    assert [each["measurements"] for each in evidence if each["type"] == "BENCHMARK"] == [MEASURED]


async def test_evidence_waits_in_the_spool_while_the_registry_is_away(registry: Forebear, tmp_path: Path) -> None:
    await company(registry, success=70.0)
    port, spool = free_port(), tmp_path / "spool"
    url = f"http://127.0.0.1:{port}"
    about = ("--forebear-evidence", VERSION, "--forebear-pack", "pack:replay@1", "--forebear-metric", "success")
    code, said = await asyncio.to_thread(session, tmp_path, *about, spool=spool, url=url)
    assert (code, said[0].endswith("waits in the spool: `forebear spool flush` sends it")) == (1, True)
    async with served(registry, port=port):
        with Registry(url, spool=spool) as client:
            assert await asyncio.to_thread(client.flush) == Delivered(1)
    evidence = (await ask(registry, ATTACHED, id=VERSION))["modelVersion"]["evidence"]["nodes"]
    assert [each["measurements"] for each in evidence if each["type"] == "BENCHMARK"] == [MEASURED]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (
            "--forebear-evidence model:a@1",
            4,
            "ERROR: --forebear-evidence: name the evaluation pack that",
        ),
        (
            "--forebear-evidence model:a@1 --forebear-pack pack:a@1",
            4,
            "ERROR: --forebear-evidence: url: name the service",
        ),
        (
            "-x --forebear-evidence model:a@1 --forebear-pack pack:a@1",
            1,
            "not all tests have run, so nothing was attached",
        ),
    ],
)
def test_what_cannot_be_evidence_is_said(arguments: str, code: int, says: str, tmp_path: Path) -> None:
    settings = {"url": "http://127.0.0.1:1"} if "-x" in arguments else {}
    ended, (line,) = session(tmp_path, *arguments.split(), spool=tmp_path / "spool", **settings)
    assert (ended, line[: len(says)]) == (code, says)


def test_the_plugin_loads_nothing_before_it_is_asked() -> None:
    program = (
        "import sys, forebear.pytest_plugin; print([n for n in sys.modules if n.startswith(('forebear', 'httpx', 'msgspec'))])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout == "['forebear', 'forebear.pytest_plugin']\n"
