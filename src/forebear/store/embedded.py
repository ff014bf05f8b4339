"""The embedded engine: an ArcadeDB server of our own, for as long as we live."""

import asyncio
import fcntl
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
from base64 import b64encode
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Self

import structlog
from neo4j import AsyncGraphDatabase
from neo4j.exceptions import DriverError, Neo4jError

from forebear.store.errors import DataDirectoryInUse, EngineFailed
from forebear.store.java import DATABASE, ENVIRONMENT, command

READY_SECONDS = 120
STOP_SECONDS = 10
CRASHES, CRASH_SECONDS = 4, 60

ROOM = 64 * 1024 * 1024
"""How many bytes of disk the engine needs for its largest transaction: its statements, their pages and their log."""

# The shell becomes Java; what it leaves in the background waits for the end of the pipe whose
# other end only we hold, and then kills Java: however we end, the kernel closes that pipe. Unlike
# PR_SET_PDEATHSIG this is POSIX and does not depend on the thread that started it, and unlike a
# keeper process between us, Java is our own child. A process id is not given away while a group
# of that number exists, so the kill cannot meet a stranger.
LEASH = 'exec 3<&0; (read _; kill -9 $$) <&3 & exec "$@" </dev/null 3<&-'

log = structlog.get_logger()


class EmbeddedEngine:
    """A running engine, reachable on loopback at `uri` as root with `password`.

    It is started again if it ends by itself. `failure` says why it is gone for good.
    """

    def __init__(self, directory: Path, lock: int, heap: int, limit: float) -> None:
        self.password = secrets.token_urlsafe(32)
        self.failure: str | None = None
        self._directory = directory
        self._lock = lock
        self._bolt, self._http = _free_ports(2)
        self.uri = f"bolt://127.0.0.1:{self._bolt}"
        self._command = command(directory, heap, limit, self._bolt, self._http)
        self._log = directory / "engine.log"
        self._process: asyncio.subprocess.Process

    @classmethod
    @asynccontextmanager
    async def start(cls, directory: Path, heap: int, limit: float) -> AsyncIterator[Self]:
        """Start an engine on the data in `directory`, with `heap` MB. It ends statements after `limit` seconds.

        Raises DataDirectoryInUse or EngineFailed.
        """
        directory = directory.absolute()
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = await _own(directory)
        except OSError as error:
            raise EngineFailed(f"FOREBEAR_DATA_DIR={directory} cannot be used: {error.strerror}.") from error
        try:
            engine = cls(directory, lock, heap, limit)
            # The user lives as long as the owner: every start has a new password.
            shutil.rmtree(directory / "config", ignore_errors=True)
            try:
                await engine._launch()
                watch = asyncio.create_task(engine._watch())
                try:
                    yield engine
                finally:
                    watch.cancel()
                    with suppress(asyncio.CancelledError):
                        await watch
            finally:
                await engine._stop()
        finally:
            os.ftruncate(lock, 0)
            os.close(lock)

    @property
    def pid(self) -> int:
        """The process id of the engine."""
        return self._process.pid

    def announce(self, address: str) -> None:
        """Write the service's address for those who find the data directory in use."""
        _sign(self._lock, address)

    @property
    def full(self) -> bool:
        """Whether its disk lacks room for one transaction. The engine itself only says that a commit failed."""
        return shutil.disk_usage(self._directory).free < ROOM

    async def sql(self, script: str) -> list[dict[str, object]]:
        """Run an SQL script, for what the engine's Cypher lacks, and return its rows."""
        return await asyncio.to_thread(self._post, script)

    def _post(self, script: str) -> list[dict[str, object]]:
        connection = http.client.HTTPConnection("127.0.0.1", self._http, timeout=READY_SECONDS)
        try:
            connection.request(
                "POST",
                f"/api/v1/command/{DATABASE}",
                json.dumps({"language": "sqlscript", "command": script}),
                {
                    "Authorization": "Basic " + b64encode(f"root:{self.password}".encode()).decode(),
                    "Content-Type": "application/json",
                },
            )
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status != http.client.OK:
            raise EngineFailed(f"The embedded engine refused a schema change: {answer}")
        rows: list[dict[str, object]] = answer["result"]
        return rows

    async def _launch(self) -> None:
        secret = self._directory / "password"
        secret.unlink(missing_ok=True)
        with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self.password)
        pipe, leash = os.pipe()
        self._leash: int | None = leash
        try:
            with self._log.open("wb") as output:
                self._process = await asyncio.create_subprocess_exec(
                    "/bin/sh", "-c", LEASH, "sh", *self._command,
                    cwd=self._directory,
                    env={k: v for k, v in os.environ.items() if k in ENVIRONMENT},
                    stdin=pipe,
                    stdout=output,
                    stderr=output,
                    pass_fds=(self._lock,),
                    start_new_session=True,
                )  # fmt: skip
        finally:
            os.close(pipe)
        try:
            await self._ready()
        finally:
            secret.unlink(missing_ok=True)

    async def _ready(self) -> None:
        deadline = monotonic() + READY_SECONDS
        async with AsyncGraphDatabase.driver(self.uri, auth=("root", self.password)) as driver:
            while self._process.returncode is None and monotonic() < deadline:
                with suppress(DriverError, Neo4jError, OSError):
                    async with driver.session(database=DATABASE) as session:
                        await (await session.run("RETURN 1")).consume()
                    # The engine starts to listen to HTTP later. The search indexes need that.
                    _, http = await asyncio.open_connection("127.0.0.1", self._http)
                    http.close()
                    return
                await asyncio.sleep(0.02)
        last = self._log.read_text(errors="replace").splitlines()[-15:]
        raise EngineFailed("\n".join(["The embedded engine did not start:", *last]))

    async def _watch(self) -> None:
        crashes = deque[float](maxlen=CRASHES)
        while True:
            code = await self._process.wait()
            self._release()
            crashes.append(monotonic())
            log.error("the embedded engine stopped by itself", code=code)
            if len(crashes) == CRASHES and crashes[-1] - crashes[0] < CRASH_SECONDS:
                self.failure = "The embedded engine keeps stopping; the service's log says where to look."
                log.error("the embedded engine keeps stopping", see=str(self._log))
                return
            try:
                await self._launch()
            except EngineFailed as error:
                self.failure = "The embedded engine stopped, and did not start again; the service's log says why."
                log.error(str(error))
                return
            log.warning("the embedded engine runs again")

    async def _stop(self) -> None:
        if self._process.returncode is None:
            self._process.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        self._release()
        await self._process.wait()

    def _release(self) -> None:
        """End what is left of the process group: the leash, and Java if it did not end by itself."""
        if self._leash is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        os.close(self._leash)
        self._leash = None


def is_new(directory: Path) -> bool:
    """Return whether a directory holds no database yet."""
    return not (directory / "databases" / DATABASE).exists()


async def _own(directory: Path) -> int:
    """Return the lock on `directory`. Java inherits it, so it is free only when both processes are gone."""
    lock = os.open(directory / "owner", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = monotonic() + 5
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            holder = os.pread(lock, 1000, 0).decode()
            if _alive(holder) or monotonic() > deadline:
                os.close(lock)
                process, _, address = holder.partition(_SERVES)
                raise DataDirectoryInUse(f"{directory} is in use by {process}.", address or None) from None
        await asyncio.sleep(0.02)
    _sign(lock)
    return lock


_SERVES = " serves at "


def _sign(lock: int, address: str | None = None) -> None:
    """Write who owns the lock, such as `process 41, since 2026-11-23T14:52:06Z serves at http://127.0.0.1:8080`."""
    owner = f"process {os.getpid()}, since {datetime.now(UTC):%FT%TZ}" + (f"{_SERVES}{address}" if address else "")
    os.ftruncate(lock, 0)
    os.pwrite(lock, owner.encode(), 0)


def _alive(holder: str) -> bool:
    """Return whether the process that wrote `holder` lives. If not, only its engine is still ending."""
    try:
        os.kill(int(holder.split()[1].rstrip(",")), 0)
    except (ProcessLookupError, IndexError, ValueError):
        return False
    except PermissionError:
        return True
    return True


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
