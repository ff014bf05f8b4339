"""An external id of an incident names one incident, whatever ids its reports give it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from forebear.app import Forebear
from forebear.store import Store
from tests.audit.auditing import findings
from tests.record.asking import ask, history, ids, record, refused

REFERENCE = "pagerduty:Q1"


@pytest.fixture
async def registry(engine_registry: Forebear, store: Store) -> AsyncIterator[Forebear]:
    """An empty registry, on each engine, of which the audit trail speaks truly in the end."""
    yield engine_registry
    assert await findings(store) == []


def incident(n: int, *references: str, **values: Any) -> dict[str, Any]:
    """The report of an incident under an id of its own."""
    fact = {"kind": "Incident", "id": f"incident:{n}", "validFrom": "2026-05-01T00:00:00Z", "externalIds": [*references]}
    return fact | values


async def incidents(registry: Forebear) -> list[str]:
    """The ids of all incidents."""
    return ids((await ask(registry, "{ incidents { nodes { id } } }"))["incidents"])


async def test_two_reports_with_one_reference_are_one_incident(registry: Forebear) -> None:
    await record(registry, incident(1, REFERENCE, severity="LOW"))
    second = incident(2, REFERENCE, severity="HIGH", at=["robot:a"])
    summary = await record(registry, second)
    assert summary.rejections == []
    assert await incidents(registry) == ["incident:1"]
    # The other id leads on to it, wherever it is named, and the same again changes nothing.
    assert (await record(registry, second)).changed == 0
    await history(registry, {"kind": "Attribution", "id": "attribution:a", "explains": ["incident:2"]})
    query = """{ incident(id: "incident:2") { id severity at { nodes { id } } attributions { nodes { id } } }
        lineage(of: "incident:2") { nodes { node { id } } } resolve(name: "pagerduty:Q1") { nodes { node { id } } } }"""
    assert await ask(registry, query) == {
        "incident": {
            "id": "incident:1",
            "severity": "HIGH",
            "at": {"nodes": [{"id": "robot:a"}]},
            "attributions": {"nodes": [{"id": "attribution:a"}]},
        },
        "lineage": {"nodes": [{"node": {"id": "incident:1"}}]},
        "resolve": {"nodes": [{"node": {"id": "incident:1"}}]},
    }
    await record(registry, {"kind": "Correction", "of": "incident:2", "values": {"severity": "LOW"}, "reason": "t"})
    assert (await ask(registry, '{ incident(id: "incident:1") { severity } }'))["incident"] == {"severity": "LOW"}


async def test_two_reports_of_maintenance_with_one_reference_are_one(registry: Forebear) -> None:
    def report(n: int, **values: Any) -> dict[str, Any]:
        return incident(n, "cmms:7", kind="MaintenanceEvent", id=f"maintenance:{n}", **values)

    await record(registry, report(1))
    over = "2026-05-02T00:00:00.000000Z"
    for end in ({}, {"validTo": over}):
        assert (await record(registry, report(2, at=["robot:a"], **end))).rejections == []
    found = await ask(registry, "{ maintenanceEvents { nodes { id validTo at { nodes { id } } } } }")
    assert found["maintenanceEvents"]["nodes"] == [
        {"id": "maintenance:1", "validTo": over, "at": {"nodes": [{"id": "robot:a"}]}}
    ]
    assert await ask(registry, '{ node(id: "maintenance:2") { id } }') == {"node": {"id": "maintenance:1"}}
    found = await ask(registry, '{ resolve(name: "maintenance:2") { nodes { node { id } } } }')
    assert found == {"resolve": {"nodes": [{"node": {"id": "maintenance:1"}}]}}


async def test_reports_of_one_batch_are_one_incident_and_what_was_only_named_joins_it(registry: Forebear) -> None:
    await history(registry, {"kind": "Attribution", "id": "attribution:a", "explains": ["incident:3"]})
    summary = await record(registry, incident(2, REFERENCE), incident(1, REFERENCE, "jira:7"), incident(3, "jira:7"))
    assert summary.rejections == []
    assert await incidents(registry) == ["incident:2"]
    found = await ask(registry, '{ incident(id: "incident:3") { id attributions { nodes { id } } } }')
    assert found == {"incident": {"id": "incident:2", "attributions": {"nodes": [{"id": "attribution:a"}]}}}


async def test_an_incident_that_is_there_does_not_get_the_reference_of_another(registry: Forebear) -> None:
    await record(registry, incident(1, REFERENCE), incident(2, "jira:7"))
    why = "externalIds: pagerduty:Q1 names incident:1 already"
    one = "what has one name is one Incident: take the name from the other, or retract one of the two"
    values = {"externalIds": [REFERENCE]}
    correction = {"kind": "Correction", "of": "incident:2", "values": values, "reason": "t"}
    for fact in (incident(2, REFERENCE, "jira:7"), correction):
        (rejection,) = await refused(registry, fact)
        assert rejection.reasons == (f"{why}; {one}",)
    (rejection,) = await refused(registry, incident(3, REFERENCE, "jira:7"))
    assert rejection.reasons == (f"{why}, and another of them incident:2; {one}",)
    # A name that is let go of is free.
    await record(registry, incident(1), incident(2, REFERENCE))
    assert await incidents(registry) == ["incident:1", "incident:2"]


async def test_reports_of_one_incident_that_meet_are_one(registry: Forebear) -> None:
    for n in range(8):
        summaries = await asyncio.gather(*(record(registry, incident(3 * n + k, f"pagerduty:{n}")) for k in range(3)))
        assert [s.rejections for s in summaries] == [[], [], []]
    assert len(await incidents(registry)) == 8


async def test_a_fact_may_name_an_artifact_by_the_id_that_is_made_of_its_name(registry: Forebear) -> None:
    old = {"kind": "Artifact", "id": "artifact:old", "externalIds": ["ci:9"], "state": "AVAILABLE"}
    on = {"kind": "Installation", "id": "installation:a", "robot": "robot:a", "artifact": "artifact:ci:9"}
    await history(registry, old)
    await history(registry, on | {"validFrom": "2026-05-01T00:00:00Z"})
    found = await ask(registry, '{ robot(id: "robot:a") { installations { nodes { artifact { id } } } } }')
    assert found["robot"]["installations"]["nodes"] == [{"artifact": {"id": "artifact:old"}}]
