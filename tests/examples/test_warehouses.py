"""The further fleet of the demo is always the same one, and what was planted in it is found."""

from __future__ import annotations

from collections import Counter

from forebear.app import Forebear
from forebear.cli import warehouses
from tests.record.asking import ask, history

ASKED = """query($about: SuspectsAbout!) { suspects(about: $about) { incidents hours unsureHours apart { id } overdispersed
    suspects { standing names { dimension value } incidentsWith incidentsWithout rateRatio path } } }"""


def test_its_facts_are_always_the_same() -> None:
    facts = [*warehouses.facts()]
    assert facts == [*warehouses.facts()]
    assert len({fact["id"] for fact in facts}) == len(facts) == 970
    assert Counter(fact["category"] for fact in facts if fact["kind"] == "Incident") == {
        warehouses.DROPPED: 154,
        warehouses.LOST: 2,
    }
    newest = warehouses.RECIPES[-1]
    assert warehouses.CAUSE not in newest.data


async def test_the_planted_dataset_is_named_and_two_incidents_explain_nothing(registry: Forebear) -> None:
    await history(registry, *warehouses.facts())
    found = (await ask(registry, ASKED, about={"selection": {"category": warehouses.DROPPED}}))["suspects"]
    assert (found["incidents"], found["hours"], found["unsureHours"]) == (154, 120 * 181 * 24.0, 0.0)
    assert (found["apart"], found["overdispersed"]) == ([], False)
    first = found["suspects"][0]
    assert (first["standing"], first["names"]) == ("NAMED", [{"dimension": "DatasetVersion", "value": warehouses.CAUSE}])
    assert (first["incidentsWith"], first["incidentsWithout"], round(first["rateRatio"], 1)) == (126, 27, 5.0)
    assert first["path"][1:] == ["model:tote-picker@4", "checkpoint:tote-picker-4", "run:tote-picker-4", warehouses.CAUSE]
    lost = (await ask(registry, ASKED, about={"selection": {"category": warehouses.LOST}}))["suspects"]
    assert (lost["incidents"], {row["standing"] for row in lost["suspects"]}) == (2, {"UNKNOWN"})
