"""A telling of the story that is cut off goes on where it stopped, and one that goes otherwise stops and says so."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest

from forebear.actions.performer import Requester
from forebear.app import Forebear
from forebear.cli.demo import CAST, load
from forebear.cli.story import Step, play, steps
from forebear.cli.terminal import Failure
from forebear.domain.outcome import Done
from forebear.store import Store
from tests import engines
from tests.audit.auditing import findings

STORY = steps()
CUTS = (
    next(n for n, s in enumerate(STORY, 1) if s.do == "approve" and s.comes != "Done"),
    next(n for n, s in enumerate(STORY, 1) if s.do == "quarantineArtifact"),
    next(n for n, s in enumerate(STORY, 1) if s.comes == "Planned"),
    len(STORY) - 1,
)
"""After which steps it is cut off: after a refusal, amid a canary, between the dry run and what it planned, before the end."""


async def told(registry: Forebear, until: int = len(STORY)) -> list[str]:
    """Plays what is left of the first steps; their keys."""
    return [step.key async for step, _ in play(registry, STORY[:until], CAST)]


async def end(registry: Forebear) -> Any:
    """How the world stands: what has a state or an interval, and how many nodes and edges there are of everything else."""
    nodes = await registry.store.read("MATCH (n) RETURN labels(n)[0] AS kind, properties(n) AS p")
    edges = await registry.store.read("MATCH (a)-[e]->(b) RETURN labels(a)[0] AS a, type(e) AS type, labels(b)[0] AS b")
    stand = {
        (row["kind"], row["p"]["id"], row["p"].get("state"), row["p"].get("validFrom"), row["p"].get("validTo"))  # type: ignore[index,union-attr]
        for row in nodes
        if row["kind"] in ("Release", "Artifact", "Deployment", "Installation")
    }
    batches = ("AuditChain", "AuditEntry", "AuditHead")
    kinds = Counter(str(row["kind"]) for row in nodes if row["kind"] not in batches)
    return stand, kinds, Counter((str(row["a"]), str(row["type"]), str(row["b"])) for row in edges)


async def test_a_telling_that_is_cut_off_goes_on_to_the_same_end(engine_registry: Forebear, store: Store) -> None:
    await load(engine_registry)
    assert await told(engine_registry) == [step.key for step in STORY]
    whole = await end(engine_registry)

    await engines.empty(store)
    keys: list[str] = []
    for cut in (*CUTS, len(STORY)):
        await load(engine_registry)
        keys += await told(engine_registry, cut)
    dry = [step.key for step in STORY if step.comes == "Planned"]
    # A dry run leaves nothing on record, so the one that was cut off right after is done again.
    assert Counter(keys) == Counter([step.key for step in STORY] + dry)
    assert await end(engine_registry) == whole
    assert await findings(store) == []


async def test_what_was_done_before_the_teller_knew_of_it_is_not_done_again(engine_registry: Forebear, store: Store) -> None:
    await load(engine_registry)
    first, second = STORY[:2]
    by = Requester(CAST[first.by], "story.ndjson", first.key)
    assert isinstance(await engine_registry.performer.do(first.do, first.input, by), Done)
    assert await told(engine_registry, 2) == [second.key]


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (
            msgspec.structs.replace(STORY[0], comes={"Refused": ["FORBIDDEN"]}),
            "the story stops at adopt-lab@1: {'Refused': ['FORBIDDEN']} was expected, and Done came; ",
        ),
        (
            msgspec.structs.replace(STORY[0], by="ines.okoro"),
            "the story stops at adopt-lab@1: Done was expected, and {'Refused': ['FORBIDDEN']} came (ines.okoro may not",
        ),
    ],
)
async def test_what_goes_otherwise_stops_it(engine_registry: Forebear, store: Store, step: Step, says: str) -> None:
    await load(engine_registry)
    for _ in range(2):
        with pytest.raises(Failure) as failure:
            [_ async for _ in play(engine_registry, [step, STORY[1]], CAST)]
        assert str(failure.value).startswith(says)
