"""A full disk is said as what it is, and reading goes on."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from forebear.app import Forebear
from forebear.store import Store
from tests import engines
from tests.record.asking import serving

MIB = 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 160 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", disk], check=False, capture_output=True).returncode:
        pytest.skip("a file system cannot be mounted here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


async def test_a_full_disk_is_told_by_name_and_ends_readiness_until_there_is_room(small_disk: Path) -> None:
    settings = engines.settings(small_disk / "data", engine_heap=512)
    fact = {"kind": "Dataset", "id": "dataset:a"}
    async with Store.open(settings) as store, serving(await Forebear.on(store)) as http:
        assert (await http.post("/facts", json=[fact])).status_code == 200
        ballast = small_disk / "ballast"
        with ballast.open("wb") as file, contextlib.suppress(OSError):
            while True:
                os.write(file.fileno(), b"x" * 64 * 1024)
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "full")

        for n in range(50):  # until what the engine has allocated is used
            large = [{"kind": "Dataset", "id": f"dataset:{n}-{i}", "description": "x" * 20_000} for i in range(50)]
            refused = await http.post("/facts", json=large)
            if refused.status_code != 200:
                break
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]) == (507, {"code": "STORAGE_FULL"})
        assert "disk is full" in refused.json()["errors"][0]["message"]
        asked = await http.post("/graphql", json={"query": '{ dataset(id: "dataset:a") { id } }'})
        assert asked.json()["data"] == {"dataset": {"id": "dataset:a"}}

        ballast.unlink()
        assert (await http.get("/readyz")).status_code == 200
