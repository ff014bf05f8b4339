"""Engines start once for the whole run; each test gets an empty one."""

import contextlib
import logging
import os
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import hypothesis
import pytest
import structlog

from forebear.app import Forebear
from forebear.store import Store
from forebear.store.errors import StatementTimeout
from tests import browser, engines, neo4j_server
from tests.record.asking import record, serving

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
    _needs_neo4j(engines.neo4j_missing())
    with engines.neo4j_running() as uri:
        yield uri


@pytest.fixture
def mortal_neo4j() -> Iterator[neo4j_server.Server]:
    """A Neo4j of one test, which may kill it and start it again."""
    _needs_neo4j(neo4j_server.unavailable())
    with neo4j_server.serving() as server:
        yield server


def _needs_neo4j(missing: str | None) -> None:
    if missing and os.environ.get(engines.REQUIRE) == "1":
        pytest.fail(f"{engines.REQUIRE}=1, but {missing}")
    if missing:
        pytest.skip(f"{NEO4J}{missing}")


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


@pytest.fixture(scope="session")
async def engine_registry(engine_store: Store) -> Forebear:
    """The registry of the whole run, on each engine, whose engine has written before.

    An engine's very first statements can take longer than a test's timeout.
    """
    registry = await Forebear.on(engine_store)
    for kind in ("Dataset", "Model", "Site", "Customer", "Fleet"):
        with contextlib.suppress(StatementTimeout):
            await record(registry, {"kind": kind, "id": f"{kind.lower()}:warm"})
    return registry


@pytest.fixture
async def registry(engine_registry: Forebear, store: Store) -> Forebear:
    """An empty registry, on each engine."""
    return engine_registry


@pytest.fixture
async def http(registry: Forebear) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service on an empty registry, on each engine."""
    async with serving(registry) as client:
        yield client


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    """The entries that are logged meanwhile."""
    before = structlog.get_config()
    capture = structlog.testing.LogCapture()
    structlog.configure(processors=[capture], wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    yield capture.entries
    structlog.configure(**before)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    from tests.sharing import Sharing

    return Sharing(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        from tests.sharing import order

        items.sort(key=order)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for reason in sorted({_skipped(report) for report in terminalreporter.stats.get("skipped", ())}):
        if reason.startswith(NEO4J):
            terminalreporter.write_line(f"Neo4j was NOT tested: {reason.removeprefix(NEO4J)}", red=True)
        if reason.startswith("MLflow: "):
            terminalreporter.write_line(f"The client of MLflow was NOT tested: {reason.removeprefix('MLflow: ')}", red=True)
    if reason := browser.missing():
        terminalreporter.write_line(f"The console was NOT tested: {reason}", red=True)


def _skipped(report: pytest.TestReport | pytest.CollectReport) -> str:
    return report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""
