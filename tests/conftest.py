"""Engines start once for the whole run; each test gets an empty one."""

import logging
import os
from collections.abc import AsyncIterator, Iterator
from typing import Any

import hypothesis
import pytest
import structlog

from forebear.store import Store
from tests import browser, engines

NEO4J = "Neo4j: "
"""How the reason begins for which a test is skipped that needs it."""

# How long an example takes by the clock is the machine's business, not the code's: other work on it must fail no property.
hypothesis.settings.register_profile("forebear", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("forebear")


@pytest.fixture(scope="session", autouse=True)
def _quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


@pytest.fixture(scope="session")
def neo4j_uri() -> Iterator[str]:
    """A Neo4j for the whole run."""
    if reason := engines.neo4j_missing():
        if os.environ.get(engines.REQUIRE) == "1":
            pytest.fail(f"{engines.REQUIRE}=1, but {reason}")
        pytest.skip(f"{NEO4J}{reason}")
    with engines.neo4j_running() as uri:
        yield uri


@pytest.fixture(scope="session", params=engines.ENGINES)
async def engine_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Store]:
    """The store of the whole run, on each engine; what earlier tests wrote may be in it."""
    given = {"graph_uri": request.getfixturevalue("neo4j_uri"), **engines.PLANNING} if request.param == "neo4j" else {}
    async with Store.open(engines.settings(tmp_path_factory.mktemp(request.param), **given)) as store:
        yield store


@pytest.fixture
async def store(engine_store: Store) -> Store:
    """An empty graph, on each engine."""
    await engines.empty(engine_store)
    return engine_store


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    """The entries that are logged meanwhile."""
    before = structlog.get_config()
    capture = structlog.testing.LogCapture()
    structlog.configure(processors=[capture], wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    yield capture.entries
    structlog.configure(**before)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for reason in sorted({_skipped(report) for report in terminalreporter.stats.get("skipped", ())}):
        if reason.startswith(NEO4J):
            terminalreporter.write_line(f"Neo4j was NOT tested: {reason.removeprefix(NEO4J)}", red=True)
    if reason := browser.missing():
        terminalreporter.write_line(f"The console was NOT tested: {reason}", red=True)


def _skipped(report: pytest.TestReport | pytest.CollectReport) -> str:
    return report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""
