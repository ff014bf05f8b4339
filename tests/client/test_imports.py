"""Whoever imports the client, such as a training script, loads nothing of the service."""

import subprocess
import sys

SERVICE = (
    "starlette", "strawberry", "graphql", "neo4j", "arcadedb_embedded", "jpype", "numpy", "scipy", "uvicorn", "typer",
    "forebear.store", "forebear.api", "forebear.app", "forebear.settings", "forebear.cli",
)  # fmt: skip


def test_importing_the_client_loads_nothing_of_the_service() -> None:
    program = (
        "import sys, forebear.client, forebear.graph.kinds, forebear.verbs.catalogue\n"
        f"print([name for name in {SERVICE!r} if name in sys.modules], 'httpx' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout == "[] True\n"
