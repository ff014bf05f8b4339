"""The example company on each engine, its story told."""

import pytest

from forebear.app import Forebear
from forebear.cli.demo import CAST, load
from forebear.cli.story import play, steps
from forebear.store import Store
from tests import engines


@pytest.fixture(scope="module")
async def company(engine_registry: Forebear, engine_store: Store) -> Forebear:
    """The registry with the example lineage and the whole story, once for all tests that only ask."""
    await engines.empty(engine_store)
    await load(engine_registry)
    async for _ in play(engine_registry, steps(), CAST):
        pass
    return engine_registry
