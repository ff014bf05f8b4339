"""A real Neo4j from its Maven artifacts, for as long as the process that asked for it lives.

`python -m tests.neo4j_server [--port PORT]` prints its address and waits.
"""

import argparse
import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import neo4j

from forebear.store.embedded import LEASH

VERSION = "5.26.30"
JAVA_VERSIONS = ("17", "21")
CACHE = Path(__file__).parent.parent / ".cache" / f"neo4j-{VERSION}"
OPENED = ("java.nio", "java.io", "sun.nio.ch")
READY_SECONDS = 90
FETCH_SECONDS = 600

POM = f"""\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>forebear</groupId><artifactId>neo4j-for-tests</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.neo4j</groupId><artifactId>neo4j</artifactId><version>{VERSION}</version></dependency>
    <dependency>
      <groupId>org.neo4j.app</groupId><artifactId>neo4j-server</artifactId><version>{VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""

HEAP = "1g"
"""Of its Java: settings of the heap are the business of the script that starts a Neo4j elsewhere, and there is none here."""

CONFIGURATION = """\
server.bolt.listen_address=127.0.0.1:{port}
server.http.enabled=false
dbms.security.auth_enabled=false
dbms.usage_report.enabled=false
server.memory.pagecache.size=128m
db.memory.transaction.max=512m
dbms.cypher.min_replan_interval=1h
"""
"""By default Neo4j plans a statement anew after ten seconds if the graph has grown or shrunk to a multiple, and each test
empties it."""


class Neo4jUnavailable(Exception):
    """Neo4j cannot be started here; the message says what is missing."""


@cache
def unavailable() -> str | None:
    """Why Neo4j cannot be had here, or None if it can: it is fetched then."""
    try:
        _java()
        _libraries()
    except Neo4jUnavailable as reason:
        return str(reason)
    return None


@dataclass
class Server:
    """A Neo4j of its own on loopback, without authentication, which can be killed and started again on its data."""

    home: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """Its Bolt URI."""
        return f"bolt://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers. Raises `Neo4jUnavailable` if it does not."""
        java, libraries = _java(), _libraries()
        (self.home / "neo4j.conf").write_text(CONFIGURATION.format(port=self.port))
        log = self.home / "out.log"
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    "/bin/sh", "-c", LEASH, "sh", java, f"-Xms{HEAP}", f"-Xmx{HEAP}", "-cp", f"{libraries}/*",
                    *(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in OPENED),
                    "org.neo4j.server.CommunityEntryPoint", f"--home-dir={self.home}", f"--config-dir={self.home}",
                ],
                stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        _wait(self.process, self.uri, log)

    def kill(self) -> None:
        """End it as a crash would, with all that it started."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()
        self.process = None

    def stop(self) -> None:
        """End it, in order if it can."""
        if self.process is not None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        self.kill()


@contextmanager
def serving(port: int | None = None) -> Iterator[Server]:
    """A new, empty Neo4j that runs, and is gone with its data in the end."""
    if port is None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="forebear-neo4j-") as home:
        server = Server(Path(home), port)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def running(port: int | None = None) -> Iterator[str]:
    """The Bolt URI of a new, empty Neo4j on loopback; it has no authentication."""
    with serving(port) as server:
        yield server.uri


def _wait(server: subprocess.Popen[bytes], uri: str, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    with neo4j.GraphDatabase.driver(uri, max_transaction_retry_time=0) as driver:
        while True:
            try:
                driver.execute_query("RETURN 1", database_="neo4j")
                return
            except (neo4j.exceptions.DriverError, neo4j.exceptions.Neo4jError):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise Neo4jUnavailable(f"Neo4j did not start:\n{log.read_text()[-2000:]}") from None
                time.sleep(0.1)


def _java() -> str:
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin" if home else None)
    if java is None:
        raise Neo4jUnavailable(f"Java {' or '.join(JAVA_VERSIONS)} is not installed")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    if found is None or found[1] not in JAVA_VERSIONS:
        raise Neo4jUnavailable(f"Neo4j {VERSION} needs Java {' or '.join(JAVA_VERSIONS)}; {java} is another")
    return java


def _libraries() -> Path:
    if (CACHE / "complete").exists():
        return CACHE / "lib"
    maven = shutil.which("mvn")
    if maven is None:
        raise Neo4jUnavailable("Maven (mvn) is not installed")
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        # Processes that share the tests want it at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (CACHE / "complete").exists():
            _fetch(maven)
    return CACHE / "lib"


def _fetch(maven: str) -> None:
    (CACHE / "pom.xml").write_text(POM)
    fetch = [maven, "-B", "-q", "dependency:copy-dependencies", "-DoutputDirectory=lib"]
    try:
        done = subprocess.run(fetch, cwd=CACHE, capture_output=True, text=True, check=False, timeout=FETCH_SECONDS)
    except subprocess.TimeoutExpired:
        raise Neo4jUnavailable(f"Maven could not get Neo4j {VERSION} within {FETCH_SECONDS} s") from None
    if done.returncode:
        said = next((line for line in done.stdout.splitlines() if line.startswith("[ERROR]")), done.stderr[-500:])
        raise Neo4jUnavailable(f"Maven could not get Neo4j {VERSION}: {said}")
    (CACHE / "complete").touch()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, help="a loopback port; by default a free one")
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    with suppress(KeyboardInterrupt), running(parser.parse_args().port) as uri:
        print(uri, flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
