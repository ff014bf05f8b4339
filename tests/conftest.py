"""Engines start once for the whole run; each test gets an empty one."""

import logging
import os
from collections.abc import AsyncIterator

import hypothesis
import pytest
import structlog

from forebear.store import Store
from tests import browser, engines

# How long an example takes by the clock is the machine's business, not the code's: other work on it must fail no property.
hypothesis.settings.register_profile("forebear", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("forebear")


@pytest.fixture(scope="session", autouse=True)
def _quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


@pytest.fixture(scope="session", params=engines.ENGINES)
async def engine_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Store]:
    """The store of the whole run, on each engine; what earlier tests wrote may be in it."""
    if request.param == "neo4j" and (reason := engines.neo4j_missing()):
        if os.environ.get(engines.REQUIRE) == "1":
            pytest.fail(f"{engines.REQUIRE}=1, but {reason}")
        pytest.skip(f"Neo4j: {reason}")
    async with engines.running(request.param, tmp_path_factory.mktemp(request.param)) as store:
        yield store


@pytest.fixture
async def store(engine_store: Store) -> Store:
    """An empty graph, on each engine."""
    await engines.empty(engine_store)
    return engine_store


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if reason := engines.neo4j_missing():
        terminalreporter.write_line(f"Neo4j was NOT tested: {reason}", red=True)
    if reason := browser.missing():
        terminalreporter.write_line(f"The console was NOT tested: {reason}", red=True)
