"""Where Neo4j cannot be fetched it is not tested, and that is said; where it is required that is a failure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import engines, neo4j_server

ON_NEO4J_ALONE = """
import sys, pathlib, pytest
from tests import neo4j_server
neo4j_server.CACHE = pathlib.Path(sys.argv[1])
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "tests/store/test_indexes.py", "-k", "not_made_again and neo4j"]))
"""

NOWHERE = """<settings>
  <mirrors><mirror><id>nowhere</id><mirrorOf>*</mirrorOf><url>http://127.0.0.1:1/</url></mirror></mirrors>
</settings>
"""
REASON = f"Maven could not get Neo4j {neo4j_server.VERSION}: [ERROR] "


@pytest.fixture
def unconnected(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine with Java and Maven, whose Maven has fetched nothing yet and reaches nothing."""
    if reason := neo4j_server.unavailable():
        pytest.skip(reason)
    (tmp_path / ".m2").mkdir()
    (tmp_path / ".m2" / "settings.xml").write_text(NOWHERE)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FOREBEAR_TEST_")}
    return kept | {"MAVEN_OPTS": f"-Duser.home={tmp_path}"}


def ran(environment: dict[str, str], cache: Path) -> tuple[int, str]:
    """The exit code and the output of a test on Neo4j."""
    command = [sys.executable, "-c", ON_NEO4J_ALONE, str(cache)]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)
    return ended.returncode, ended.stdout


def test_without_a_network_it_says_that_neo4j_was_not_tested(unconnected: dict[str, str], tmp_path: Path) -> None:
    code, out = ran(unconnected, tmp_path / "cache")
    assert (code, f"Neo4j was NOT tested: {REASON}" in out, "1 skipped" in out) == (0, True, True), out


def test_where_neo4j_is_required_that_is_a_failure(unconnected: dict[str, str], tmp_path: Path) -> None:
    code, out = ran(unconnected | {engines.REQUIRE: "1"}, tmp_path / "cache")
    assert (code, f"{engines.REQUIRE}=1, but {REASON}" in out, "1 error" in out) == (1, True, True), out
