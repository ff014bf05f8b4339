"""Today's peer: the same graph behind @neo4j/graphql and GraphQL Yoga, as `bench/peer` declares it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.graphql import GraphQL
from bench.process import Unavailable, running

HOME = Path(__file__).parent / "peer"
LOCK, INSTALLED = HOME / "package-lock.json", HOME / "node_modules" / ".package-lock.json"


def install() -> None:
    """Installs the pinned packages, unless they are there. Raises `Unavailable`."""
    if INSTALLED.exists() and INSTALLED.stat().st_mtime >= LOCK.stat().st_mtime:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable("Node.js with npm is not installed")
    done = subprocess.run([npm, "ci", "--no-audit"], cwd=HOME, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"npm could not install it: {done.stderr[-500:]}")


@contextmanager
def serving(uri: str, workspace: Path) -> Iterator[GraphQL]:
    """The peer, serving the graph at a Bolt URI."""
    install()
    environment = {"NODE_ENV": "production", "FOREBEAR_GRAPH_URI": uri}
    log = workspace / "peer.log"
    with running(["node", str(HOME / "server.js")], environment, log) as child:
        assert child.stdout
        port = child.stdout.readline()
        if not port:
            raise Unavailable(f"it did not start: {log.read_text()[-500:]}")
        yield GraphQL("@neo4j/graphql", int(port), lambda q: q.peer, lambda q, answer: q.read_peer(answer))
