"""Nothing that actions govern is written past them, whichever door a fact comes through."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
import pytest

from forebear.app import Forebear
from forebear.graph.declaration import Standing
from forebear.graph.kinds import GRAPH
from tests.actions.plant import FLEET, artifact, ready, requested
from tests.actions.world import LINE, POLICY, RELEASE, VERSION, ago
from tests.record.asking import ask, everything, record

FORGED: Mapping[str, dict[str, Any]] = {
    "ModelVersion": {"id": VERSION, "weightsDigest": f"sha256:{'f' * 64}"},
    "Release": {"id": RELEASE, "state": "DEPLOYED", "version": VERSION, "line": LINE},
    "Evidence": {"id": "evidence:forged", "type": "REPLAY", "about": [VERSION], "measuredWith": ["pack:none@1"]},
    "ReleasePolicy": {"id": "policy:forged@1", "document": POLICY, "governs": [{"id": LINE, "validFrom": ago(days=9)}]},
    "Decision": {"id": "decision:forged", "type": "PROMOTION", "verdict": "GRANTED", "about": [RELEASE]},
    "Artifact": {"id": artifact(9), "state": "AVAILABLE", "builtFrom": "model:picker@9", "target": "target:orin"},
    "Deployment": {
        "id": "deployment:forged",
        "state": "ACTIVE",
        "artifact": artifact(1),
        "on": FLEET,
        "validFrom": ago(days=1),
    },
    "Attribution": {"id": "attribution:forged", "suspects": [VERSION]},
}
"""A fact of each governed kind that no action would come to."""

Door = Callable[[httpx.AsyncClient, dict[str, Any]], Awaitable[list[str]]]
"""A way in for a fact: the ids of what it answers to be rejected."""


async def mutation(http: httpx.AsyncClient, fact: dict[str, Any]) -> list[str]:
    """The mutation `record`."""
    said = {name: value for name, value in fact.items() if name != "kind"}
    query = """mutation ($facts: [FactInput!]!) { record(facts: $facts) { ... on NotRecorded { rejections { id } } } }"""
    facts = [{fact["kind"][0].lower() + fact["kind"][1:]: said}]
    answer = (await http.post("/graphql", json={"query": query, "variables": {"facts": facts}})).json()
    return [rejection["id"] for rejection in answer["data"]["record"]["rejections"]]


async def array(http: httpx.AsyncClient, fact: dict[str, Any]) -> list[str]:
    """An array of facts over HTTP."""
    answer = await http.post("/facts", json=[fact])
    assert answer.status_code == 422
    return [rejection["id"] for rejection in answer.json()["rejections"]]


async def partial(http: httpx.AsyncClient, fact: dict[str, Any]) -> list[str]:
    """An array of which what is right is to be recorded."""
    answer = await http.post("/facts?partial=true", json=[fact])
    return [rejection["id"] for rejection in answer.json()["rejections"]]


async def stream(http: httpx.AsyncClient, fact: dict[str, Any]) -> list[str]:
    """Lines over HTTP, as `forebear import` sends them."""
    answer = await http.post("/facts", content=json.dumps(fact), headers={"content-type": "application/x-ndjson"})
    reports = [json.loads(line) for line in answer.text.splitlines()]
    return [rejection["id"] for report in reports for rejection in report.get("rejections", ())]


DOORS = (mutation, array, partial, stream)


def test_each_governed_kind_has_its_forgery() -> None:
    assert {*FORGED} == {kind.name for kind in GRAPH.kinds.values() if kind.standing is Standing.GOVERNED}


@pytest.mark.parametrize("door", DOORS)
async def test_a_governed_fact_that_no_action_comes_to_is_refused(
    registry: Forebear, http: httpx.AsyncClient, door: Door
) -> None:
    await ready(registry)
    before = await everything(registry)
    for kind, fact in FORGED.items():
        assert await door(http, {"kind": kind} | fact) == [fact["id"]], kind
        assert await everything(registry) == before, kind


@pytest.mark.parametrize("imported", [False, True])
async def test_no_amendment_takes_back_or_corrects_what_is_governed(registry: Forebear, imported: bool) -> None:
    await ready(registry)
    await requested(registry, 1, "deployment:d")
    decisions = (await ask(registry, "{ decisions(first: 1) { nodes { id } } }"))["decisions"]["nodes"]
    edges = {
        RELEASE: ("approvedBy", decisions[0]["id"]),
        VERSION: ("model", "model:picker"),
        "policy:ur5e@1": ("governs", LINE),
        artifact(1): ("builtFrom", VERSION),
        "deployment:d": ("on", FLEET),
        "evidence:first": ("about", VERSION),
        decisions[0]["id"]: ("about", RELEASE),
    }
    before = await everything(registry)
    for id, (edge, to) in edges.items():
        for amendment in (
            {"kind": "Retraction", "of": id, "reason": "Forged."},
            {"kind": "Retraction", "of": id, "edge": edge, "to": to, "reason": "Forged."},
            {"kind": "Correction", "of": id, "edge": edge, "to": to, "values": {"weight": 2}, "reason": "Forged."},
            {"kind": "Correction", "of": id, "values": {"state": "APPROVED"}, "reason": "Forged."},
        ):
            (rejection,) = (await record(registry, amendment, imported=imported)).rejections
            assert rejection.id == id
            assert await everything(registry) == before, amendment
