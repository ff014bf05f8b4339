"""An approval stands on the lineage that its policy asked for: once that is taken back or corrected, it is stale."""

from __future__ import annotations

from typing import Any

import pytest

from forebear.app import Forebear
from forebear.domain.outcome import Refused
from tests.actions.plant import FLEET, active, approve, artifact, build, node, plant
from tests.actions.world import ADA, EVA, LINE, OLAF, POLICY, ago, do, done
from tests.record.asking import ask, now, record

VERSION = "model:picker@7"
RELEASE = "release:picker@7/ur5e-orin"
ASKED = ["experiment", "checkpoint", "dataset", "code", "environment", "compute", "configuration"]
OTHER = {"kind": "DatasetVersion", "id": "dataset:other@1", "digest": "sha256:" + "d" * 64}
LINEAGE: list[dict[str, Any]] = [
    {"kind": "DatasetVersion", "id": "dataset:grasps@1", "digest": "sha256:" + "a" * 64},
    {"kind": "CodeVersion", "id": "code:train@1", "commit": "4f1c2aa"},
    {"kind": "SoftwareEnvironment", "id": "environment:lock", "digest": "sha256:" + "e" * 64},
    {"kind": "ComputeProfile", "id": "compute:dgx", "hosts": 1},
    {"kind": "Experiment", "id": "experiment:film"},
    {
        "kind": "Run", "id": "run:a", "status": "SUCCEEDED", "configuration": {"lr": 0.1}, "trainedOn": ["dataset:grasps@1"],
        "ran": ["code:train@1"], "inEnvironment": ["environment:lock"], "onCompute": ["compute:dgx"],
    },
    {"kind": "Checkpoint", "id": "checkpoint:a/9", "producedBy": "run:a"},
]  # fmt: skip


async def approved(registry: Forebear, asked: list[str] = ASKED) -> None:
    """A version that is approved under a policy that asks for its lineage, and deployed."""
    await plant(registry)
    policy = {"kind": "ReleasePolicy", "id": "policy:ur5e@2", "document": POLICY | {"candidate": asked}}
    await done(registry, ADA, "adoptPolicy", policy=policy, lines=[LINE], reason="Lineage.")
    assert (await record(registry, *LINEAGE)).rejections == []
    fact = {
        "kind": "ModelVersion", "id": VERSION, "weightsDigest": "sha256:" + "7" * 64,
        "promotedFrom": ["checkpoint:a/9"], "justifiedBy": ["experiment:film"],
    }  # fmt: skip
    await done(registry, EVA, "registerCandidate", versions=[fact], lines=[LINE])
    measured = {"metric": "success", "value": 95, "unit": "%"}
    evidence = {"kind": "Evidence", "id": "evidence:seventh", "type": "REPLAY", "measuredAt": ago(days=2)}
    evidence |= {"measurements": [measured], "about": [VERSION], "measuredWith": ["pack:replay@1"]}
    await done(registry, EVA, "attachEvidence", evidence=evidence)
    await approve(registry, RELEASE)
    await done(registry, EVA, "registerArtifact", artifact=build(7, builtFrom=VERSION))
    await active(registry, 7, "deployment:seventh", ago(hours=1))


async def stands(registry: Forebear) -> tuple[str, str | None]:
    """The release's state, and since when its approval is stale."""
    said = await node(registry, "Release", RELEASE, "state staleFrom")
    return said["state"], said["staleFrom"]


AMENDED: list[tuple[dict[str, Any], str]] = [
    ({"kind": "Retraction", "of": "run:a", "edge": "trainedOn", "to": "dataset:grasps@1"},
     "dataset: it was approved on run:a trainedOn dataset:grasps@1, which is no part of its lineage any more"),
    ({"kind": "Retraction", "of": "dataset:grasps@1"},
     "dataset: it was approved on run:a trainedOn dataset:grasps@1, which is no part of its lineage any more"),
    ({"kind": "Retraction", "of": "environment:lock"},
     "environment: it was approved on run:a inEnvironment environment:lock, which is no part of its lineage any more"),
    ({"kind": "Retraction", "of": "checkpoint:a/9", "edge": "producedBy", "to": "run:a"},
     "checkpoint: it was approved on checkpoint:a/9 producedBy run:a, which is no part of its lineage any more"),
    ({"kind": "Correction", "of": "code:train@1", "values": {"commit": "0000000"}},
     "code: it was approved on run:a ran code:train@1 with 4f1c2aa, which is 0000000 now"),
    ({"kind": "Correction", "of": "run:a", "values": {"configuration": {"lr": 0.2}}},
     "configuration: it was approved on the configuration of run:a, which was corrected"),
    ({"kind": "Correction", "of": "run:a", "values": {"status": "FAILED"}},
     "checkpoint: it was approved on checkpoint:a/9 producedBy run:a with SUCCEEDED, which is FAILED now"),
    ({"kind": "Run", "id": "run:a", "status": "FAILED"},
     "checkpoint: it was approved on checkpoint:a/9 producedBy run:a with SUCCEEDED, which is FAILED now"),
]  # fmt: skip


@pytest.mark.parametrize(("fact", "said"), AMENDED, ids=[str(n) for n, _ in enumerate(AMENDED)])
async def test_an_approval_is_stale_once_what_it_rested_on_is_taken_back_or_corrected(
    registry: Forebear, fact: dict[str, Any], said: str
) -> None:
    await approved(registry)
    then = now()
    reason = {"reason": "Wrong."} if fact["kind"] in ("Retraction", "Correction") else {}
    assert (await record(registry, fact | reason)).rejections == []
    state, since = await stands(registry)
    assert state == "DEPLOYED"
    assert since is not None
    assert then <= since <= now()
    query = """query($r: ID!) { release(id: $r) { decisions(orderBy: {field: decidedAt, direction: DESC}, first: 1) { nodes {
        type verdict reasons } } } }"""
    ((last,),) = [(await ask(registry, query, r=RELEASE))["release"]["decisions"]["nodes"]]
    assert (last["type"], last["verdict"]) == ("EVALUATION", "REFUSED")
    assert said in last["reasons"]
    outcome = await do(registry, OLAF, "requestDeployment", artifact=artifact(7), on=FLEET, reason="x")
    assert isinstance(outcome, Refused)
    assert [r.code for r in outcome.reasons] == ["APPROVAL_STALE"]


async def test_what_is_said_since_or_was_not_asked_for_leaves_an_approval_alone(registry: Forebear) -> None:
    await approved(registry, ["dataset"])
    frozen = await node(registry, "Release", RELEASE, "approvedBy { nodes { grounds { part of edge to value } } }")
    assert frozen["approvedBy"]["nodes"] == [{"grounds": [
        {"part": "dataset", "of": "run:a", "edge": "trainedOn", "to": "dataset:grasps@1", "value": LINEAGE[0]["digest"]},
    ]}]  # fmt: skip
    summary = await record(
        registry,
        OTHER,
        {"kind": "Run", "id": "run:a", "trainedOn": ["dataset:other@1"]},
        {"kind": "Retraction", "of": "environment:lock", "reason": "x"},
        {"kind": "Correction", "of": "dataset:grasps@1", "values": {"license": "MIT"}, "reason": "x"},
        {"kind": "Retraction", "of": "run:a", "edge": "ran", "to": "code:train@1", "reason": "x"},
    )
    assert summary.rejections == []
    assert await stands(registry) == ("DEPLOYED", None)
    # Whoever approves it anew approves what its lineage is then.
    await record(registry, {"kind": "Retraction", "of": "run:a", "edge": "trainedOn", "to": "dataset:grasps@1", "reason": "x"})
    assert (await stands(registry))[1] is not None
    await approve(registry, RELEASE)
    assert await stands(registry) == ("DEPLOYED", None)
    await record(registry, {"kind": "Retraction", "of": "dataset:other@1", "reason": "x"})
    assert (await stands(registry))[1] is not None
    missing = await ask(registry, "query($r: ID!) { missingForApproval(release: $r) { nodes { code message } } }", r=RELEASE)
    lacks = "the candidate carries no dataset, which the policy asks for"
    assert {"code": "CANDIDATE_INCOMPLETE", "message": lacks} in missing["missingForApproval"]["nodes"]


async def test_an_approval_that_froze_no_grounds_is_judged_under_its_own_policy(registry: Forebear) -> None:
    await approved(registry)
    # As a version of Forebear that froze none would have left it.
    found = "MATCH (d:Decision {id: $id}) RETURN d.grounds AS grounds"
    (approval,) = (await node(registry, "Release", RELEASE, "approvedBy { nodes { id } }"))["approvedBy"]["nodes"]
    ((frozen),) = await registry.store.read(found, {"id": approval["id"]})

    async def freeze(grounds: object) -> None:
        said = {"id": approval["id"], "grounds": grounds}
        set = "MATCH (d:Decision {id: $id}) SET d.grounds = $grounds RETURN d.id AS id"
        await registry.store.write(lambda transaction: transaction.run(set, said))

    await freeze(None)
    keep = {"kind": "ReleasePolicy", "id": "policy:ur5e@3", "document": POLICY}
    await done(registry, ADA, "adoptPolicy", policy=keep, lines=[LINE], reason="Less.")
    await record(registry, {"kind": "Retraction", "of": "run:a", "edge": "ran", "to": "code:train@1", "reason": "x"})
    assert (await stands(registry))[1] is not None
    await freeze(frozen["grounds"])
