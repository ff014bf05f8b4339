"""The embedded engine as a process: private, durable, never alone and never twice."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from forebear.store import Store, WriteTransaction
from forebear.store.errors import DataDirectoryInUse, EngineFailed, EngineUnavailable
from tests.engines import settings

OWNER = """
import asyncio, sys
from pathlib import Path
import structlog
from forebear.store import Store
from tests.engines import settings

async def own():
    async with Store.open(settings(Path(sys.argv[1]))) as store:
        async def work(transaction):
            await transaction.run("CREATE (:Thing {id: 'kept'})")
        await store.write(work)
        print(store.embedded.pid, flush=True)
        await asyncio.Event().wait()

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
asyncio.run(own())
"""


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def add(store: Store, name: str) -> None:
    async def work(transaction: WriteTransaction) -> None:
        await transaction.run("CREATE (:Thing {id: $id})", {"id": name})

    await store.write(work)


async def things(store: Store) -> list[object]:
    return [row["id"] for row in await store.read("MATCH (n:Thing) RETURN n.id AS id ORDER BY id")]


async def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    async with Store.open(settings(tmp_path)) as store:
        await add(store, "a")
    async with Store.open(settings(tmp_path)) as store:
        assert await things(store) == ["a"]


async def test_every_port_is_on_loopback_and_no_password_is_in_the_process_list(tmp_path: Path) -> None:
    async with Store.open(settings(tmp_path)) as store:
        assert store.embedded is not None
        java = psutil.Process(store.embedded.pid)
        listening = {each.laddr.ip for each in java.net_connections() if each.status == psutil.CONN_LISTEN}
        assert {address.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}
        assert store.embedded.password not in " ".join(java.cmdline())
        assert not (tmp_path / "password").exists()


async def test_killed_it_runs_again_with_all_that_was_acknowledged(tmp_path: Path) -> None:
    async with Store.open(settings(tmp_path)) as store:
        assert store.embedded is not None
        names = [f"thing {i:03}" for i in range(50)]
        for name in names:
            await add(store, name)
        killed = store.embedded.pid
        os.kill(killed, signal.SIGKILL)
        await until(lambda: not psutil.pid_exists(killed))
        with pytest.raises(EngineUnavailable) as down:
            await store.read("RETURN 1 AS x")
        assert down.value.retry_after > 0
        with pytest.raises(EngineUnavailable):
            await add(store, "lost")

        async with asyncio.timeout(20):
            while True:
                try:
                    assert await things(store) == names
                    break
                except EngineUnavailable as again:
                    await asyncio.sleep(again.retry_after / 20)
        assert store.embedded.pid != killed
        await add(store, "written after")
        assert await things(store) == [*names, "written after"]


async def test_it_gives_up_when_it_keeps_stopping(tmp_path: Path) -> None:
    async with Store.open(settings(tmp_path)) as store:
        engine = store.embedded
        assert engine is not None
        killed: set[int] = set()
        async with asyncio.timeout(60):
            while engine.failure is None:
                if engine.pid not in killed:
                    killed.add(engine.pid)
                    os.kill(engine.pid, signal.SIGKILL)
                await asyncio.sleep(0.01)
        with pytest.raises(EngineFailed, match=r"keeps stopping|did not start again"):
            await store.read("RETURN 1 AS x")
        leash = os.open(os.devnull, os.O_RDONLY)
    # What it had let go of already, closing did not close again.
    os.close(leash)


async def test_a_second_owner_is_told_who_the_first_is(tmp_path: Path) -> None:
    async with Store.open(settings(tmp_path)):
        with pytest.raises(DataDirectoryInUse, match=f"in use by process {os.getpid()}, since ") as refused:
            async with Store.open(settings(tmp_path)):
                pass
        assert refused.value.address is None


async def test_it_ends_with_its_owner_even_when_that_is_killed(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=os.environ)
    assert owner.stdout is not None
    java = int(await asyncio.to_thread(owner.stdout.readline))
    assert psutil.Process(java).name() == "java"
    owner.kill()
    owner.wait()
    owner.stdout.close()

    async with Store.open(settings(tmp_path)) as store:
        assert not psutil.pid_exists(java) or psutil.Process(java).status() == psutil.STATUS_ZOMBIE
        assert await things(store) == ["kept"]


async def test_closed_it_leaves_no_process(tmp_path: Path) -> None:
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    async with Store.open(settings(tmp_path)):
        pass
    left = {process.pid for process in psutil.Process().children(recursive=True)}
    assert left <= before


async def test_an_engine_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "databases" / "forebear").mkdir(parents=True)
    (tmp_path / "databases" / "forebear" / "schema.json").write_text("this is not a schema")
    (tmp_path / "databases" / "forebear" / "configuration.json").write_text("nor is this a configuration")
    with pytest.raises(EngineFailed, match="The embedded engine did not start:\n"):
        async with Store.open(settings(tmp_path)):
            pass


async def test_a_data_directory_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for directory, why in ((file, "File exists"), (file / "below", "Not a directory")):
        with pytest.raises(EngineFailed, match=rf"^FOREBEAR_DATA_DIR={directory} cannot be used: {why}\.$"):
            async with Store.open(settings(directory)):
                pass
