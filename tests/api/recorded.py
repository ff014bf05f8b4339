"""Registries that hold a generated history and nothing else, and how they answer."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any

from graphql import GraphQLSchema

from forebear.api.types.made import rule_of
from forebear.app import Forebear, schema_of
from forebear.identity.actors import DEVELOPMENT
from forebear.store import Engine, Store
from tests import engines
from tests.api.answers import schema_in_memory
from tests.api.histories import NOW, Batch
from tests.record.asking import origin


class Clock:
    """Tells the recorder and the executor what time it is."""

    moment = NOW

    @classmethod
    def now(cls, zone: tzinfo) -> datetime:
        return datetime.fromisoformat(cls.moment).astimezone(zone)


@cache
def schema() -> GraphQLSchema:
    """The schema of what is asked of the graph: without root fields that have a resolver of their own."""
    ours, built = schema_of().core.query_type, schema_in_memory(schema_of().sdl)
    assert ours is not None
    assert built.query_type is not None
    built.query_type.fields = {n: f for n, f in built.query_type.fields.items() if rule_of(ours.fields[n]) is not None}
    return built


@asynccontextmanager
async def fresh(engine_store: Store, directory: Path) -> AsyncIterator[Store]:
    """A store for some hundred statements that are all different.

    The embedded engine never forgets how it parsed a statement, so that it runs out of heap in the end.
    """
    if engine_store.engine is Engine.NEO4J:
        yield engine_store
    else:
        async with Store.open(engines.settings(directory, read_timeout=60, write_timeout=60)) as store:
            yield store


async def recorded(store: Store, batches: Sequence[Batch]) -> Forebear:
    """A registry on a store that holds a history and nothing else; the clock must have been set."""
    await engines.empty(store)
    registry = await Forebear.on(store)
    for batch in batches:
        Clock.moment = batch.moment
        summary = await registry.recorder.record(batch.documents, origin(batch.by, batch.source), imported=True)
        assert not summary.rejections, summary.rejections
    Clock.moment = NOW
    return registry


async def answer(registry: Forebear, query: str, variables: Mapping[str, Any]) -> Any:
    """A registry's answer."""
    return json.loads((await registry.executor.answer(query, variables, None, registry.context(DEVELOPMENT))).body)
