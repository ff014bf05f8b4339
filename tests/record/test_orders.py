"""Filters compare values that have an order, and rows without a value come last."""

from __future__ import annotations

import pytest

from forebear.app import Forebear
from tests.record.asking import ask, record

SEVERITIES = {"a": "HIGH", "b": None, "c": "LOW", "d": "CRITICAL", "e": "MEDIUM", "f": "HIGH", "g": None}


@pytest.fixture
async def incidents(registry: Forebear) -> Forebear:
    """Incidents of every severity, and of none."""
    facts = []
    for id, severity in SEVERITIES.items():
        fact = {
            "kind": "Incident",
            "id": f"incident:{id}",
            "validFrom": "2026-01-01T00:00:00Z",
            "description": f"Größe {id.upper()}",
        }
        facts.append({**fact, "severity": severity} if severity else fact)
    assert (await record(registry, *facts)).rejections == []
    return registry


async def pages(registry: Forebear, direction: str, first: int) -> str:
    """The incidents by severity, page by page."""
    query = f"""query ($after: String) {{ incidents(first: {first}, after: $after,
      orderBy: {{field: severity, direction: {direction}}}) {{ nodes {{ id }} pageInfo {{ endCursor hasNextPage }} }} }}"""
    ids, after, more = "", None, True
    while more:
        page = (await ask(registry, query, after=after))["incidents"]
        ids += "".join(node["id"][-1] for node in page["nodes"])
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return ids


async def matching(registry: Forebear, filter: str) -> str:
    """The incidents that a filter holds."""
    found = await ask(registry, f"{{ incidents(filter: {filter}) {{ nodes {{ id }} }} }}")
    return "".join(node["id"][-1] for node in found["incidents"]["nodes"])


async def test_severities_are_ordered_by_how_bad_they_are_and_none_comes_last(incidents: Forebear) -> None:
    orders = {(way, first): await pages(incidents, way, first) for way in ("ASC", "DESC") for first in (1, 2, 1000)}
    assert orders == {(way, n): ids for way, ids in (("ASC", "ceafdbg"), ("DESC", "dafecbg")) for n in (1, 2, 1000)}


async def test_severities_are_compared_by_how_bad_they_are(incidents: Forebear) -> None:
    held = {
        filter: await matching(incidents, f"{{severity: {filter}}}")
        for filter in ("{gte: HIGH}", "{gt: HIGH}", "{lt: HIGH}", "{lte: HIGH}", "{gt: LOW, lt: CRITICAL}", "{eq: HIGH}")
    }
    assert held == {
        "{gte: HIGH}": "adf", "{gt: HIGH}": "d", "{lt: HIGH}": "ce", "{lte: HIGH}": "acef", "{gt: LOW, lt: CRITICAL}": "aef",
        "{eq: HIGH}": "af",
    }  # fmt: skip


async def test_a_text_is_found_in_whichever_case(incidents: Forebear) -> None:
    filters = ('"GRÖSSE c"', '"GRÖßE C"', '"größe c"', '"C"', '"x"')
    held = {text: await matching(incidents, f"{{description: {{containsIgnoringCase: {text}}}}}") for text in filters}
    assert held == {'"GRÖSSE c"': "", '"GRÖßE C"': "c", '"größe c"': "c", '"C"': "c", '"x"': ""}
