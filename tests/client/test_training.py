"""A training run records itself, whatever becomes of the registry and of the training, and never holds the training up."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy
import pytest

from forebear.client import Done, Registry, digest
from forebear.client.content import Content
from forebear.client.spool import Spool
from forebear.client.training import class_of, readable, status_of
from forebear.graph.kinds.data import DatasetVersion
from forebear.graph.kinds.model import ModelVersion
from forebear.graph.kinds.training import Experiment, RunStatus
from forebear.verbs.candidate import RegisterCandidate
from tests.cli.terminal import Ended, Service, environment, forebear, free_port, serving, until

KILLED = """
import sys
from forebear.client import Registry

with Registry(sys.argv[1]).run("killed", trained_on=["dataset:demos@3"], configuration={"lr": 3e-4, "seed": 7}) as run:
    run.checkpoint(sys.argv[2], step=1)
    print("told", flush=True)
    sys.stdin.read()
"""
"""A training that is killed within its block."""

MORTAL = """
import os, signal, sys
from forebear.client.spool import Spool
from forebear.cli import main

Spool.settle = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
main(["spool", "flush"])
"""
"""A flush that is killed after the registry has taken its facts, and before it notes that."""

RUN = """query($id: ID!) { run(id: $id) { status error endedAt seed configuration metrics trainedOn { nodes { id } }
  ran { nodes { commit } } inEnvironment { nodes { packages } } checkpoints { nodes { id step digest } } } }"""


def killed_within_its_block(url: str, spool: Path, weights: Path) -> None:
    """A training that somebody kills once it has told of its checkpoint and the digest."""
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, url, weights],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(spool=spool),
    ) as training:
        assert training.stdout is not None
        assert training.stdout.readline() == b"told\n"
        until(lambda: any("digest" in each.fact for each in Spool(spool, url).waiting() if each.fact["kind"] == "Checkpoint"))
        training.kill()


CANDIDATE = RegisterCandidate(
    versions=[ModelVersion("model:arm@1", promoted_from=["checkpoint:killed/step-1"])], lines=[], reason="It holds."
)

AFTER_ITS_COMMIT = 1 + len(RegisterCandidate.action.facts) + 1 + 2
"""The point at which the service dies of it: behind its statements and its commit, before the answer."""


@dataclass
class Story:
    """A machine with a spool, and a service that a kill can end."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def spool(self) -> Spool:
        return Spool(self.folder / "spool", self.url)

    @property
    def point(self) -> Path:
        """The file that says of which statement of an action the service dies."""
        return self.folder / "point"

    def serving(self, *command: str) -> AbstractContextManager[Service]:
        more = {"command": [sys.executable, *command]} if command else {}
        return serving("serve", data_dir=self.folder / "data", port=self.port, **more)

    def forebear(self, *arguments: str) -> Ended:
        return forebear(*arguments, spool=self.folder / "spool")

    def registry(self) -> Registry:
        return Registry(self.url, spool=self.folder / "spool", patience=120)


def fails_while_the_registry_is_killed(story: Story, service: Service, weights: Path, doing: Callable[[], None]) -> None:
    """A training that fails, and whose registry is killed in the middle of it by what somebody does."""
    data = DatasetVersion("dataset:demos@4", digest=digest(weights))
    with (
        story.registry() as registry,
        registry.run("failed", trained_on=[data], experiment="experiment:lr") as training,
    ):
        large = Experiment("experiment:large", description=1_100_000 * "x")
        training.record(Experiment("experiment:lr", hypothesis=7), large, Experiment("experiment:more", name="More"))
        until(lambda: service.ask(RUN, id="run:failed")["run"]["inEnvironment"]["nodes"] and not story.spool.waiting())
        doing()
        assert service.process.wait(60) == -signal.SIGKILL
        training.checkpoint(weights, step=2)
        training.checkpoint("s3://bucket/weights", step=3)
        training.metrics["loss"] = float("nan")
        raise ZeroDivisionError


def test_nothing_is_lost_and_nothing_told_twice_through_kills_and_a_registry_that_comes_and_goes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    story, weights = Story(tmp_path, free_port()), tmp_path / "weights"
    weights.write_bytes(b"1")
    story.point.write_text("0")
    killed_within_its_block(story.url, tmp_path / "spool", weights)
    waiting = len(story.spool.waiting())
    assert story.forebear("spool", "show").out.startswith(f"{story.url}: {waiting} facts waiting, 0 refused\n  ")
    away = story.forebear("spool", "flush")
    assert (away.code, away.err.endswith("does a service run there? Everything stays in the spool.\n")) == (3, True)

    with story.serving("-m", "tests.actions.mortal", str(story.point)) as service, ThreadPoolExecutor(1) as somebody:
        flushing = subprocess.run([sys.executable, "-c", MORTAL], env=environment(spool=tmp_path / "spool"), check=False)
        assert flushing.returncode == -signal.SIGKILL
        trail = httpx.get(f"{story.url}/audit").text
        assert story.forebear("spool", "flush").out == f"{waiting} facts recorded, 0 refused\n"
        assert httpx.get(f"{story.url}/audit").text == trail
        run = service.ask(RUN, id="run:killed")["run"]
        assert (run["status"], run["seed"], run["configuration"]) == ("RUNNING", 7, {"lr": 3e-4, "seed": 7})
        assert run["checkpoints"]["nodes"] == [{"id": "checkpoint:killed/step-1", "step": 1, "digest": digest(weights)}]

        story.point.write_text(str(AFTER_ITS_COMMIT))
        with story.registry() as registry:
            done: list[Future[Any]] = []
            with pytest.raises(ZeroDivisionError):
                fails_while_the_registry_is_killed(
                    story, service, weights, lambda: done.append(somebody.submit(registry.do, CANDIDATE))
                )
            assert story.spool.waiting()
            assert "`forebear spool flush` sends them" in caplog.text

            with story.serving() as again:
                # The same request, sent until there is an answer, is answered with what it did at first.
                assert done[0].result(120) == Done("model:arm@1", (), ("model:arm@1",))
                knows_all_of_it_once(story, again, weights)


def knows_all_of_it_once(story: Story, service: Service, weights: Path) -> None:
    """What the registry holds in the end, and what it refused."""
    assert story.forebear("spool", "flush").code == 0
    run = service.ask(RUN, id="run:failed")["run"]
    assert (run["status"], run["error"], run["metrics"]) == ("FAILED", "ZeroDivisionError", {"loss": "nan"})
    assert run["endedAt"] is not None
    assert run["trainedOn"]["nodes"] == [{"id": "dataset:demos@4"}]
    assert run["checkpoints"]["nodes"] == [
        {"id": "checkpoint:failed/step-2", "step": 2, "digest": digest(weights)},
        {"id": "checkpoint:failed/step-3", "step": 3, "digest": None},
    ]
    assert len(run["ran"]["nodes"][0]["commit"]) == 40
    assert "pydantic" in run["inEnvironment"]["nodes"][0]["packages"]
    assert service.ask("{ experiments { nodes { id name } } }")["experiments"]["nodes"] == [
        {"id": "experiment:lr", "name": None}, {"id": "experiment:more", "name": "More"},
    ]  # fmt: skip
    (shown,) = json.loads(story.forebear("spool", "show", "--json").out)
    assert (shown["url"], shown["waiting"]) == (story.url, [])
    assert [refused["reasons"] for refused in shown["refused"]] == [
        ["hypothesis: expected a text (got 7)"],
        ["the fact at position 0 is longer than 1048576 bytes"],
    ]
    assert os.environ["PATH"] not in "".join(file.read_text("utf-8") for file in (story.folder / "spool").iterdir())


@pytest.fixture
def away(tmp_path: Path) -> Registry:
    """A registry that nobody can reach."""
    return Registry(f"http://127.0.0.1:{free_port()}", "forebear_secret", spool=tmp_path / "spool")


def facts(registry: Registry, folder: Path) -> list[dict[str, Any]]:
    """What waits for a registry."""
    (spool,) = Spool.all(folder / "spool") or [Spool(folder / "spool", "")]
    return [dict(each.fact) for each in spool.waiting()]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"name": "a", "trained_on": "model:x@1"}, "run:a: trainedOn.0.id: model:x@1 is the id of a ModelVersion; expected"),
        ({"name": "a", "seed": 2**70}, "run:a: seed: "),
        ({"name": "run:a@1"}, "run:a@1: id: 'run:a@1': ids of Run look like run:name, without a version"),
        ({"name": "a", "code": "environment:x"}, "run:a: ran.0.id: environment:x is the id of a SoftwareEnvironment"),
        ({"name": "a", "colour": "red"}, "Run has no colour"),
    ],
)
def test_a_run_that_cannot_be_right_is_refused_before_it_begins(
    away: Registry, tmp_path: Path, arguments: dict[str, Any], says: str
) -> None:
    with away, pytest.raises((ValueError, TypeError)) as refused:
        away.run(**arguments)
    assert str(refused.value).startswith(says)
    assert not (tmp_path / "spool").exists()


@dataclass
class Model:
    size: int


def test_a_configuration_may_be_anything_and_keeps_what_json_can_say() -> None:
    assert readable({"lr": 3e-4, "clip": float("inf"), 1: (Path("x"), {2}), "model": Model(3), "args": Namespace(a=None)}) == {
        "lr": 3e-4, "clip": "inf", "1": ["x", [2]], "model": {"size": 3}, "args": {"a": None},
    }  # fmt: skip
    assert readable([numpy.float32(0.5), numpy.int64(3), numpy.array(2), numpy.array([1, 2])]) == [0.5, 3, 2, "[1 2]"]
    assert readable(len) == "<built-in function len>"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (None, RunStatus.SUCCEEDED),
        (SystemExit(0), RunStatus.SUCCEEDED),
        (SystemExit("no data"), RunStatus.FAILED),
        (KeyboardInterrupt(), RunStatus.CANCELLED),
        (httpx.ReadError("x"), RunStatus.FAILED),
    ],
)
def test_the_status_follows_how_the_block_ends(error: BaseException | None, status: RunStatus) -> None:
    assert status_of(error) is status


def test_an_error_is_told_by_its_class_alone() -> None:
    assert [class_of(e) for e in (KeyError("secret"), httpx.ReadError("x"))] == ["KeyError", "httpx.ReadError"]


def test_only_the_first_process_of_a_run_records_and_all_say_the_same_ids(
    away: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    with away, away.run("a") as run:
        assert run.checkpoint(tmp_path / "nowhere", step=3) == "checkpoint:a/step-3"
        run.record(Experiment("experiment:a"))
    assert not (tmp_path / "spool").exists()


def test_what_is_left_out_is_not_read_and_no_token_is_kept(away: Registry, tmp_path: Path) -> None:
    with away, away.run("a", code=False, environment=False, compute=False, seed=False, configuration={"seed": 7}, resumed=True):
        pass
    described, running, ended = facts(away, tmp_path)
    assert described == {"kind": "Run", "id": "run:a", "trainedOn": [], "configuration": {"seed": 7}}
    assert (running.keys(), running["status"]) == ({"kind", "id", "status", "asOf"}, "RUNNING")
    assert ended == {
        "kind": "Run", "id": "run:a", "status": "SUCCEEDED", "endedAt": ended["asOf"], "asOf": ended["asOf"],
    }  # fmt: skip
    assert "forebear_secret" not in "".join(file.read_text("utf-8") for file in (tmp_path / "spool").iterdir())


def test_what_cannot_be_recorded_is_logged_and_stops_nothing(
    away: Registry, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "spool").write_text("in the way")
    with away, away.run("a", code=False, environment=False, compute=False) as run:
        run.checkpoint(tmp_path / "nowhere", step=1)
        run.record({"kind": object()})
    said = {record.getMessage().partition(": ")[2] for record in caplog.records if record.levelno == logging.WARNING}
    assert f"[Errno 2] No such file or directory: '{tmp_path / 'nowhere'}'" in said
    assert f"not recorded: [Errno 17] File exists: '{tmp_path / 'spool'}'" in said
    assert any(each.startswith("not recorded: JSON holds no object: <object object") for each in said)


def test_what_finds_the_spool_locked_is_told_with_the_next(
    away: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forebear.client.spool.LOCK_SECONDS", 0.01)
    with away, away.run("a", code=False, environment=False, compute=False) as run:
        (lock,) = (tmp_path / "spool").glob("*.lock")
        with lock.open() as hung:
            fcntl.flock(hung, fcntl.LOCK_EX)
            run.record(Experiment("experiment:a"))
        run.record(Experiment("experiment:b"))
    assert [fact["id"] for fact in facts(away, tmp_path)] == ["run:a", "run:a", "experiment:a", "experiment:b", "run:a"]


def test_the_end_of_a_block_waits_a_while_for_a_digest_and_no_longer(
    away: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("forebear.client.training.WAIT", 0.2)
    (tmp_path / "weights").write_bytes(b"1")
    read, computing = threading.Event(), Content.digest
    monkeypatch.setattr(Content, "digest", lambda content: (read.wait(), computing(content))[1])
    began = time.monotonic()
    with away, away.run("a", code=False, environment=False, compute=False) as run:
        run.checkpoint(tmp_path / "weights", step=1)
    assert 0.2 <= time.monotonic() - began < 5
    assert "run:a: no digest is known yet of checkpoint:a/step-1" in caplog.text
    read.set()
    until(lambda: any("digest" in fact for fact in facts(away, tmp_path)))
