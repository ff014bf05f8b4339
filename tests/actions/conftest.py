"""A registry on each engine, empty for each test."""

import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest

from forebear.app import Forebear
from forebear.store import Store
from forebear.store.errors import StatementTimeout
from tests.record.asking import record, serving
from tests.record.auditing import findings
from tests.soak import SOAK


@pytest.fixture(params=range(SOAK))
def anew(request: pytest.FixtureRequest) -> int:
    """Has a test done from the beginning as often as `make soak` asks for: its history stays short."""
    return int(request.param)


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
async def registry(engine_registry: Forebear, store: Store) -> AsyncIterator[Forebear]:
    """An empty registry, on each engine. Whatever a test does with it, the audit trail speaks of it, and holds."""
    yield engine_registry
    assert await findings(store) == []


@pytest.fixture
async def http(registry: Forebear) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service on an empty registry, on each engine."""
    async with serving(registry) as client:
        yield client
