"""When releases may go on running follows from their history: of generated ones, as a plain memory of decisions has it."""

import random

import pytest

import forebear.api.plan.planner
import forebear.record.writing
from forebear.graph.kinds import GRAPH
from forebear.store import Store
from tests.api.histories import History
from tests.api.recorded import Clock, recorded
from tests.soak import SOAK

SIZES = {"Decision": 14, "Release": 6, "ModelVersion": 3, "ReleaseLine": 2}
"""How often facts are about these kinds; of others a few."""

STORED = """
MATCH (release:Release)-[permits:PERMITTED]->(line:ReleaseLine)
RETURN release.id AS release, permits.basis AS basis, permits.validFrom AS since, permits.validTo AS until,
  permits.recordedAt AS recorded, null AS retracted
UNION ALL
MATCH (release:Release)-[permits:RETRACTED]->(line:ReleaseLine) WHERE permits.type = 'PERMITTED'
RETURN release.id AS release, permits.basis AS basis, permits.validFrom AS since, permits.validTo AS until,
  permits.recordedAt AS recorded, permits.retractedAt AS retracted
"""


@pytest.mark.parametrize("seed", range(3 * SOAK))
async def test_intervals_are_those_of_a_plain_memory_as_known_now_and_as_they_were_known(
    store: Store, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(forebear.record.writing, "datetime", Clock)
    monkeypatch.setattr(forebear.api.plan.planner, "datetime", Clock)
    history = History(GRAPH, random.Random(seed), SIZES)
    await recorded(store, tuple(history.batches(10, 60)))
    links = [link for node in history.memory.nodes.values() for link in node.outgoing if link.edge.derived]
    expected = [
        (
            link.source.id, link.properties["basis"], link.properties["validFrom"], link.properties.get("validTo"),
            link.recorded[0], link.retracted_at,
        )
        for link in links
    ]  # fmt: skip
    assert expected
    assert sorted(map(str, expected)) == sorted(str(tuple(row.values())) for row in await store.read(STORED))
