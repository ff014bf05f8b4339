"""A registry of which the audit trail speaks, whatever is done with it."""

from collections.abc import AsyncIterator

import pytest

from forebear.app import Forebear
from forebear.store import Store
from tests.audit.auditing import findings
from tests.soak import SOAK


@pytest.fixture(params=range(SOAK))
def anew(request: pytest.FixtureRequest) -> int:
    """Has a test done from the beginning as often as `make soak` asks for: its history stays short."""
    return int(request.param)


@pytest.fixture
async def registry(engine_registry: Forebear, store: Store) -> AsyncIterator[Forebear]:
    """An empty registry, on each engine. Whatever a test does with it, the audit trail speaks of it, and holds."""
    yield engine_registry
    assert await findings(store) == []
