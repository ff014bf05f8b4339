"""A database that an older version of Forebear wrote is brought up to this one, and answers what it answered.

`demo-1.ndjson.gz` is an export of the demo that the version before the first migration made, and `demo-1.answers.json.gz` is
what that version answered of it.
"""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

import forebear.record.migration
from forebear.app import Forebear
from forebear.graph.kinds import GRAPH
from forebear.record.archive import ArchiveError, export, records, restore
from forebear.record.migration import MIGRATIONS, Migration, migrate, reopen
from forebear.store import Store, WriteTransaction
from tests.api.recorded import answer
from tests.audit.auditing import findings

HERE = Path(__file__).parent
ALL = [step.name for step in MIGRATIONS]
PERMITS = "MATCH (release:Release)-[permits:PERMITTED]->(line:ReleaseLine) RETURN count(permits) AS count"


def older() -> list[bytes]:
    """The lines of the older archive."""
    return gzip.decompress((HERE / "demo-1.ndjson.gz").read_bytes()).splitlines(keepends=True)


async def restored(store: Store, lines: list[bytes]) -> None:
    async for _ in restore(store, GRAPH, lines):
        pass


async def exported(store: Store) -> list[bytes]:
    return [line async for line in export(store, GRAPH)]


async def forgotten(transaction: WriteTransaction) -> None:
    """Takes out of a database what the migration writes."""
    for edge in ("e:PERMITTED]->() WHERE true", "e:RETRACTED]->() WHERE e.type = 'PERMITTED'"):
        await transaction.run(f"MATCH ()-[{edge} DELETE e RETURN count(*) AS written")


async def count(store: Store) -> int:
    (row,) = await store.read(PERMITS)
    assert isinstance(row["count"], int)
    return row["count"]


async def test_an_older_archive_is_migrated_when_it_is_restored_and_answers_the_same(registry: Forebear) -> None:
    await restored(registry.store, older())
    assert await count(registry.store) > 0
    answers = json.loads(gzip.decompress((HERE / "demo-1.answers.json.gz").read_bytes()))
    found = {}
    for query in answers:
        answered = await answer(registry, query, {})
        found[query] = answered["data"]["answer"]["nodes"] if "errors" not in answered else None
    assert found == answers
    assert await findings(registry.store) == []


async def test_what_is_exported_has_had_the_migrations_and_has_none_when_it_is_restored(
    registry: Forebear, tmp_path: Path
) -> None:
    store = registry.store
    await restored(store, older())
    archive = await exported(store)
    assert json.loads(archive[0]) == {"archive": "forebear", "version": 2, "migrations": ALL}
    assert await migrate(store) == []
    assert await exported(store) == archive


async def test_services_that_start_together_migrate_once(registry: Forebear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forebear.record.migration, "PAUSE", 0.01)
    store = registry.store
    await restored(store, older())
    expected = await exported(store)
    await store.write(forgotten)
    await reopen(store, 0)
    assert sorted(await asyncio.gather(*(migrate(store) for _ in range(3)))) == [[], [], ALL]
    assert await exported(store) == expected


async def test_a_migration_that_was_cut_off_is_gone_on_with(registry: Forebear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forebear.record.migration, "PAUSE", 0.01)
    monkeypatch.setattr(forebear.record.migration, "CLAIM", timedelta(seconds=0.2))
    (permits,) = MIGRATIONS

    async def cut_off(store: Store) -> AsyncIterator[int]:
        async for part in permits.work(store):
            yield part
            raise asyncio.CancelledError

    store = registry.store
    await restored(store, older())
    expected = await exported(store)
    await reopen(store, 0)
    with pytest.raises(asyncio.CancelledError):
        await migrate(store, [Migration(permits.name, permits.doc, cut_off)])
    assert await migrate(store) == ALL
    assert await exported(store) == expected


def test_an_archive_of_a_newer_version_is_refused() -> None:
    header = {"archive": "forebear", "version": 2, "migrations": [*ALL, "9999_later"]}
    with pytest.raises(ArchiveError, match="a newer version of Forebear made the archive: restore it with that version"):
        list(records([json.dumps(header).encode() + b"\n"], GRAPH))
