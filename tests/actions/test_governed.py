"""Nothing that actions govern is written past them, whichever door a fact comes through."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
import pytest

from forebear.app import Forebear
from forebear.graph.declaration import Admission
from forebear.graph.kinds import GRAPH
from forebear.record.summary import Origin, Rejection
from forebear.verbs.catalogue import ACTIONS
from forebear.verbs.governed import NAMES
from tests.actions.plant import FLEET, RITA, artifact, ready, requested
from tests.actions.sequences import APART
from tests.actions.world import ANNA, LINE, POLICY, RELEASE, VERSION, ago, company
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
    "Decommissioning": {"id": "decommissioning:forged", "place": "robot:a", "validFrom": ago(days=1)},
    "Stop": {"id": "stop:forged", "place": "robot:a", "requestedAt": ago(days=1)},
    "Attribution": {"id": "attribution:forged", "suspects": [VERSION]},
    "Recall": {"id": "recall:forged", "subject": VERSION, "reason": "Torn film.", "validFrom": ago(days=1)},
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
    assert {*FORGED} == {kind.name for kind in GRAPH.kinds.values() if kind.standing is Admission.GOVERNED}


@pytest.mark.parametrize("door", DOORS)
async def test_a_governed_fact_that_no_action_comes_to_is_refused(
    registry: Forebear, http: httpx.AsyncClient, door: Door
) -> None:
    await ready(registry)
    before = await everything(registry)
    for kind, fact in FORGED.items():
        assert await door(http, {"kind": kind} | fact) == [fact["id"]], kind
        assert await everything(registry) == before, kind


@pytest.mark.parametrize(
    ("fact", "reasons"),
    [
        (
            {"kind": "Release", "id": RELEASE, "state": "CANDIDATE", "version": VERSION, "line": LINE, "labels": ["a"]},
            ("labels: this fact asks for registerCandidate, which takes no labels; leave it out",),
        ),
        (
            {"kind": "Release", "id": RELEASE, "state": "CANDIDATE"},
            ("version: is missing", "line: is missing"),
        ),
        (
            {
                "kind": "Decision", "id": "decision:a", "type": "REJECTION", "about": [RELEASE], "reasons": ["No."],
                "actor": "anna", "expiresAt": "2099-01-01T00:00:00Z",
            },
            (
                "actor: this fact asks for reject, which takes no actor; leave it out",
                "expiresAt: this fact asks for reject, which takes no expiresAt; leave it out",
            ),
        ),
        (
            {"kind": "Decision", "id": "decision:a", "type": "REJECTION", "about": [RELEASE]},
            ("reasons: is required; correct the field and try again",),
        ),
        (
            {"kind": "Decision", "id": "decision:a", "type": ["REJECTION"], "about": 7},
            (
                "type: expected 'EVALUATION', 'VOTE', 'APPROVAL', 'REJECTION', 'WITHDRAWAL', "
                "'DEPRECATION', 'ARCHIVAL', 'RESTORATION', 'PROMOTION' or 'OVERRIDE'",
                "about: expected a list (got 7)",
            ),
        ),
        (
            {"kind": "Artifact", "id": artifact(1), "state": "QUARANTINED", "uri": "https://a"},
            ("uri: this fact asks for quarantineArtifact, which takes no uri; leave it out",),
        ),
        (
            {"kind": "Correction", "of": VERSION, "values": {"license": "MIT"}, "reason": "Typed wrongly.", "to": "model:a@1"},
            ("to: this fact asks for correct, which takes no to; leave it out",),
        ),
        (
            {"kind": "Evidence", "id": "evidence:a", "tpye": "REPLAY"},
            ("tpye: 'tpye' is not known; did you mean 'type'?",),
        ),
    ],
)  # fmt: skip
async def test_what_an_action_does_not_take_is_named(
    registry: Forebear, fact: dict[str, Any], reasons: tuple[str, ...]
) -> None:
    await ready(registry)
    before = await everything(registry)
    (rejection,) = (await record(registry, fact)).rejections
    assert rejection.reasons == reasons
    assert await everything(registry) == before


REJECTS = {"kind": "Decision", "id": "decision:no", "type": "REJECTION", "about": [RELEASE], "reasons": ["No."]}


async def test_the_roles_of_the_action_decide_alone_and_those_of_recording_about_plain_facts(registry: Forebear) -> None:
    await company(registry)
    plain = {"kind": "Dataset", "id": "dataset:a"}
    origin, recorder = Origin(ANNA, "tests"), registry.recorder
    summary = await recorder.record([REJECTS, plain], origin, partial=True)
    assert summary.facts == {"Decision": 1}
    forbidden = "anna may not record: that needs RECORDER, ENGINEER or OPERATOR, and anna has APPROVER"
    assert summary.rejections == [Rejection(1, "dataset:a", (forbidden,))]
    (rejection,) = (await recorder.record([REJECTS], Origin(RITA, "tests"))).rejections
    assert rejection.reasons == (
        "rita may not reject: that needs APPROVER, and rita has RECORDER; "
        "ask somebody who has APPROVER, or an admin for the role",
    )


REPORTS = {"reportIncident", "escalateIncident", "resolveIncident", "reopenIncident", "dismissIncident", "reportMaintenance"}
"""Verbs about observed kinds, which facts record by themselves."""


def test_what_facts_may_be_are_actions_of_the_catalogue() -> None:
    assert {*NAMES} == {action.name for action in ACTIONS} - {
        "evaluate", "reportInstallation", "reportSightings", "recommission", "endRecall", "extendRecall",
        "excuseRecallItem", *REPORTS, *APART,
    }  # fmt: skip


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
