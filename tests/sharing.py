"""How processes share the tests.

Tests on Neo4j are one process's, since every Neo4j plans anew. They come first, since they take longest. All else that a file
holds stays together, with its fixtures.
"""

import re

import pytest
from xdist.scheduler import LoadScopeScheduling

ON_NEO4J = re.compile(r"[\[-]neo4j[\]-]")
APART = "tests/api/test_answers.py"
"""It asks what nothing else asks, for a fifth of the time on Neo4j, so that another Neo4j may as well plan it."""


def is_on_neo4j(test: str) -> bool:
    """Whether the test of an id runs on Neo4j."""
    return ON_NEO4J.search(test) is not None


def order(item: pytest.Item) -> tuple[object, ...]:
    """Where a test comes. It is the same in every process, also for parameters that come from a set."""
    file, _, test = item.nodeid.partition("::")
    return not is_on_neo4j(test), file, item.location[1] or 0, test


class Sharing(LoadScopeScheduling):
    """Hands out what stays together."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        return "neo4j" if is_on_neo4j(test) and file != APART else file
