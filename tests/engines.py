"""The engines that the tests run on, and how one is emptied."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forebear.settings import Settings
from forebear.store import Store, WriteTransaction
from tests import neo4j_server

ENGINES = ("embedded", "neo4j")
URI = "FOREBEAR_TEST_NEO4J_URI"
REQUIRE = "FOREBEAR_TEST_REQUIRE_NEO4J"

PLANNING = {"read_timeout": 60, "write_timeout": 120}
"""A Neo4j that has just started plans each statement for the first time, on a machine that may be busy."""


def neo4j_missing() -> str | None:
    """Why the tests cannot run on Neo4j, or None if they can."""
    if os.environ.get(URI):
        return None
    reason = neo4j_server.unavailable()
    return reason and f"{reason}, and {URI} is not set"


def settings(directory: Path, **changed: object) -> Settings:
    """Settings for the tests: the embedded engine in `directory`, which ends statements at 15 s. Its heap holds what
    the engine's parser remembers of some hundred different statements, which it never forgets."""
    return Settings.model_validate(
        {"data_dir": directory, "engine_heap": 1536, "read_timeout": 15, "write_timeout": 15} | changed
    )


@contextmanager
def neo4j_running() -> Iterator[str]:
    """The URI of the Neo4j that the environment names, or of a new one."""
    if uri := os.environ.get(URI):
        yield uri
    else:
        with neo4j_server.running() as uri:
            yield uri


async def empty(store: Store) -> None:
    """Delete every node and edge; indexes stay."""

    async def delete(transaction: WriteTransaction) -> None:
        await transaction.run("MATCH (n) DETACH DELETE n")

    await store.write(delete)
