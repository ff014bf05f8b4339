"""What surrounds a run is read as it is: code with what nobody committed, packages, accelerators, seed and rank."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from forebear.client import digest, surroundings
from forebear.client.content import digest_of_file
from forebear.client.documents import document
from forebear.graph.digest import of_folder
from forebear.graph.facts import Facts
from forebear.graph.kinds import GRAPH


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    return subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit, whose remote's address holds a secret."""
    folder = tmp_path / "train"
    folder.mkdir()
    git(folder, "init", "--quiet")
    git(folder, "remote", "add", "origin", "https://me:secret@git.example/arm/train.git")
    (folder / ".gitignore").write_text("out/\n")
    (folder / "train.py").write_text("print(1)\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "Train")
    return folder


def said(node: Any) -> dict[str, Any]:
    """A node as a fact, which the registry takes."""
    fact = document(node)
    Facts(GRAPH).read(fact)
    return fact


def test_code_is_a_commit_and_what_nobody_committed_is_another_version(repository: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD")
    clean = {
        "kind": "CodeVersion", "id": f"code:git.example/arm/train@{commit}", "commit": commit,
        "repository": "https://git.example/arm/train.git", "modified": False,
    }  # fmt: skip
    (repository / "out").mkdir()
    (repository / "out" / "weights").write_bytes(b"1")
    assert said(surroundings.code(repository / "out")) == clean

    (repository / "train.py").write_text("print(2)\n")
    (repository / "new.py").write_text("")
    changes = of_folder((name, digest_of_file(repository / name)) for name in ("train.py", "new.py"))
    changed = {**clean, "id": f"{clean['id']}+{changes[7:19]}", "modified": True, "changes": changes}
    assert said(surroundings.code(repository)) == changed
    git(repository, "add", ".")
    assert said(surroundings.code(repository)) == changed
    (repository / "train.py").unlink()
    assert said(surroundings.code(repository))["changes"] == of_folder(
        [("train.py", ""), ("new.py", digest(repository / "new.py"))]
    )


def test_without_a_commit_there_is_no_code(tmp_path: Path) -> None:
    assert surroundings.code(tmp_path) is None
    git(tmp_path, "init", "--quiet")
    assert surroundings.code(tmp_path) is None


@pytest.mark.parametrize(
    ("address", "without"),
    [
        ("git@git.example:arm/train.git", "ssh://git.example/arm/train.git"),
        ("https://me:secret@git.example/arm/train", "https://git.example/arm/train"),
        ("https://git.example/arm/train@2", "https://git.example/arm/train@2"),
        ("/srv/git/train", "/srv/git/train"),
        ("", ""),
    ],
)
def test_an_address_loses_user_and_password(address: str, without: str) -> None:
    assert surroundings.repository(address) == without


def test_an_environment_is_its_packages_its_image_and_its_lock_file(repository: Path) -> None:
    bare = said(surroundings.environment(repository, image=None))
    assert {"python", "httpx", "pydantic"} <= bare["packages"].keys()
    assert bare.keys() == {"kind", "id", "packages"}
    assert said(surroundings.environment(repository / "out", image=None)) == bare
    (repository / "uv.lock").write_text("version = 1\n")
    pinned = f"registry.example/train@sha256:{64 * 'c'}"
    locked, image = (said(surroundings.environment(repository, image=image)) for image in (None, pinned))
    assert (locked["digest"], image["digest"]) == (digest(repository / "uv.lock"), f"sha256:{64 * 'c'}")
    assert image["image"] == pinned
    assert len({bare["id"], locked["id"], image["id"]}) == 3


LISTED = "0, GPU-aa11, NVIDIA A100\n1, GPU-bb22, NVIDIA A100\n2, GPU-cc33, NVIDIA L4\n"


@pytest.mark.parametrize(
    ("visible", "hosts", "is_so"),
    [
        ("0,1", 2, {"id": "compute:4xNVIDIA%20A100/2", "accelerator": "NVIDIA A100", "acceleratorCount": 4}),
        ("GPU-cc", 1, {"id": "compute:1xNVIDIA%20L4/1", "accelerator": "NVIDIA L4", "acceleratorCount": 1}),
        (
            None, 1,
            {
                "id": "compute:3xNVIDIA%20A100%20and%20NVIDIA%20L4/1",
                "accelerator": "NVIDIA A100 and NVIDIA L4", "acceleratorCount": 3,
            },
        ),
        ("", 1, {"id": "compute:0xnone/1", "acceleratorCount": 0}),
    ],
)  # fmt: skip
def test_compute_is_what_cuda_may_see_times_the_hosts(visible: str | None, hosts: int, is_so: dict[str, Any]) -> None:
    assert said(surroundings.compute_of(LISTED, visible, hosts)) == {"kind": "ComputeProfile", "hosts": hosts} | is_so


def test_rank_seed_and_restarts_are_what_the_launcher_and_the_configuration_say(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*surroundings.RANKS, *surroundings.RESTARTS, "PL_GLOBAL_SEED"):
        monkeypatch.delenv(name, raising=False)
    assert (surroundings.rank(), surroundings.restarted(), surroundings.seed({})) == (0, False, None)
    monkeypatch.setenv("SLURM_PROCID", "3")
    assert surroundings.rank() == 3
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    monkeypatch.setenv("PL_GLOBAL_SEED", "42")
    assert (surroundings.rank(), surroundings.restarted()) == (0, True)
    assert [surroundings.seed(c) for c in ({"seed": 7}, {"seed": "7"}, {"seed": True}, None)] == [7, 42, 42, 42]
