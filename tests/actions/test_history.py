"""Imported history ends where actions begin: what an action has decided about, no import changes."""

from __future__ import annotations

from typing import Any

import pytest

from forebear.app import Forebear
from forebear.domain.roles import Actor, Role
from forebear.record.summary import Origin
from tests.actions.plant import SECOND, artifact, ready
from tests.actions.world import ADA, EVA, LINE, POLICY, RELEASE, VERSION, ago, company, done
from tests.record.asking import everything, history, record, refused

ACTED = "is decided about by actions; history cannot change it any more, so ask for the action"
APPROVAL: dict[str, Any] = {
    "kind": "Decision",
    "id": "decision:forged",
    "type": "VOTE",
    "verdict": "GRANTED",
    "about": [RELEASE],
}
MEASURED: dict[str, Any] = {
    "kind": "Evidence", "id": "evidence:forged", "type": "REPLAY", "measuredAt": "2026-01-01T00:00:00Z", "about": [VERSION],
    "measurements": [{"metric": "success", "value": 100, "unit": "%"}], "measuredWith": ["pack:replay@1"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("fact", "reasons"),
    [
        ({"kind": "Release", "id": RELEASE, "state": "DEPRECATED"}, (f"id: {RELEASE} {ACTED}",)),
        (
            {"kind": "Release", "id": RELEASE, "state": "APPROVED", "approvedBy": ["decision:a"]},
            (f"approvedBy → decision:a: {RELEASE} {ACTED}",),
        ),
        (APPROVAL, (f"about → {RELEASE}: {RELEASE} {ACTED}",)),
        ({"kind": "Artifact", "id": artifact(1), "state": "QUARANTINED"}, (f"id: {artifact(1)} {ACTED}",)),
        (
            {"kind": "Deployment", "id": "deployment:forged", "state": "ACTIVE", "artifact": artifact(1), "on": "fleet:north"},
            (f"artifact → {artifact(1)}: {artifact(1)} {ACTED}",),
        ),
    ],
)
async def test_what_actions_have_decided_about_no_history_changes(
    registry: Forebear, fact: dict[str, Any], reasons: tuple[str, ...]
) -> None:
    await ready(registry)
    (rejection,) = await refused(registry, fact, imported=True)
    assert rejection.reasons == reasons


async def test_a_line_for_which_a_policy_was_adopted_takes_no_history(registry: Forebear) -> None:
    await company(registry)
    adopted = {"kind": "ReleasePolicy", "id": "policy:ur5e@2", "document": POLICY}
    await done(registry, ADA, "adoptPolicy", policy=adopted, lines=[LINE], reason="As before.")
    (release,) = await refused(
        registry,
        {"kind": "Release", "id": "release:new@1/ur5e-orin", "state": "APPROVED", "version": "model:new@1", "line": LINE},
        imported=True,
    )
    assert release.reasons == (f"line → {LINE}: {LINE} {ACTED}",)
    lax = POLICY | {"evidence": []}
    (policy,) = await refused(
        registry,
        {"kind": "ReleasePolicy", "id": "policy:lax@1", "document": lax, "governs": [{"id": LINE, "validFrom": ago()}]},
        imported=True,
    )
    assert policy.reasons == (f"governs → {LINE}: {LINE} {ACTED}",)


async def test_evidence_of_a_registered_version_is_attached_and_not_imported(registry: Forebear) -> None:
    await company(registry)
    version = {"kind": "ModelVersion", "id": "model:picker@7", "weightsDigest": f"sha256:{7:064x}"}
    await done(registry, EVA, "registerCandidate", versions=[version], lines=[])
    (rejection,) = await refused(registry, MEASURED | {"about": ["model:picker@7"]}, imported=True)
    assert rejection.reasons == (f"about → model:picker@7: model:picker@7 {ACTED}",)
    await history(registry, MEASURED)


async def test_history_that_says_what_stands_changes_nothing(registry: Forebear) -> None:
    await ready(registry)
    before = await everything(registry)
    summary = await history(
        registry,
        {"kind": "Release", "id": RELEASE, "state": "APPROVED", "version": VERSION, "line": LINE},
        {"kind": "ModelVersion", "id": SECOND, "weightsDigest": f"sha256:{64 * 'b'}"},
    )
    assert summary.changed == 0
    assert await everything(registry) == before


async def test_of_several_facts_those_that_are_history_are_taken(registry: Forebear) -> None:
    await ready(registry)
    batch = registry.recorder.read(
        enumerate([{"kind": "Release", "id": RELEASE, "state": "REJECTED"}, {"kind": "ModelVersion", "id": "model:old@1"}]),
        imported=True,
    )
    summary = await registry.recorder.write(batch, Origin(Actor("ada", frozenset(Role)), "tests"), partial=True)
    assert ([r.position for r in summary.rejections], dict(summary.facts)) == ([0], {"ModelVersion": 1})


async def test_an_attribution_of_what_actions_decide_about_is_an_action_too(registry: Forebear) -> None:
    await ready(registry)
    await record(registry, {"kind": "Incident", "id": "incident:a", "validFrom": ago(hours=1)})
    fact = {"kind": "Attribution", "id": "attribution:a", "explains": ["incident:a"], "suspects": [artifact(1)]}
    (rejection,) = (await record(registry, fact, imported=True)).rejections
    assert rejection.reasons[0].startswith(f"suspects → {artifact(1)}: {artifact(1)} is decided about by actions")
    assert (await record(registry, fact)).rejections == []
