"""What is recalled may run nowhere while the recall stands, with everything that descends from it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from forebear.app import Forebear
from forebear.domain.outcome import Done, Outcome, Refused
from forebear.domain.recall.affected import AUTHORITY, LINEAGE, Affected, digest
from forebear.domain.roles import Actor, Role
from tests.actions.plant import (
    CANARY,
    FLEET,
    RITA,
    SECOND,
    SECOND_RELEASE,
    active,
    approve,
    artifact,
    build,
    node,
    ready,
    registered,
    requested,
)
from tests.actions.test_drift import drift, was_running
from tests.actions.world import ADA, ANNA, BEN, EVA, LINE, OLAF, RELEASE, VERSION, ago, do, done, person
from tests.record.asking import ask, history, now, record
from tests.soak import SOAK

CARA = person("cara", Role.APPROVER)

DATA = "dataset:grasps@7"
DESCENT = (
    {"kind": "DatasetVersion", "id": DATA},
    {"kind": "DatasetVersion", "id": "dataset:mix@1", "derivedFrom": [DATA]},
    {"kind": "Run", "id": "run:bad", "trainedOn": [{"id": "dataset:mix@1"}]},
    {"kind": "Checkpoint", "id": "checkpoint:bad/1", "producedBy": "run:bad"},
)
"""Data, and a checkpoint that descends from it."""


async def descending(registry: Forebear) -> None:
    """A fleet that runs the second version, which descends from the data. Before, it ran the first, which does not, and before
    that another build of the second."""
    await ready(registry, *DESCENT, {"kind": "ModelVersion", "id": SECOND, "promotedFrom": ["checkpoint:bad/1"]})
    await registered(registry, 3, builtFrom=SECOND, precision="INT8")
    await active(registry, 3, "deployment:zero", ago(days=5))
    await active(registry, 1, "deployment:first", ago(days=3))
    await active(registry, 2, "deployment:second", ago(days=1))
    for robot in ("robot:a", "robot:b"):
        await done(registry, RITA, "reportInstallation", robot=robot, artifact=artifact(2), since=ago(hours=20))


AFFECTED = [
    Affected("Release", SECOND_RELEASE, LINEAGE),
    *(Affected("Artifact", artifact(n), LINEAGE) for n in (2, 3)),
    Affected("Deployment", "deployment:second", LINEAGE),
]


async def recall(registry: Forebear, *affected: Affected, subject: str = DATA) -> str:
    """Has two people recall something; the id of the recall."""
    for actor in (ANNA, BEN):
        outcome = await done(
            registry, actor, "recall", subject=subject, affected=digest(affected), reason="Torn film in the labels."
        )
    return outcome.subject


def codes(outcome: Outcome) -> list[str]:
    """The codes of a refusal."""
    assert isinstance(outcome, Refused), outcome
    return [reason.code for reason in outcome.reasons]


def messages(outcome: Outcome) -> list[str]:
    """The messages of a refusal."""
    assert isinstance(outcome, Refused), outcome
    return [reason.message for reason in outcome.reasons]


async def offered(registry: Forebear) -> dict[str, list[Any]]:
    """What is offered for the fleet: what may run, what may be built, and what it can go back to."""
    query = """query($f: ID!) {
        eligible(place: $f) { nodes { artifact { id } allowed } }
        buildable(target: "target:orin") { nodes { release { id } } }
        rollbackTargets(place: $f) { nodes { artifact { id } } } }"""
    data = await ask(registry, query, f=FLEET)
    return {
        "eligible": [(n["artifact"]["id"], n["allowed"]) for n in data["eligible"]["nodes"]],
        "buildable": [n["release"]["id"] for n in data["buildable"]["nodes"]],
        "rollbackTargets": [n["artifact"]["id"] for n in data["rollbackTargets"]["nodes"]],
    }


async def test_what_descends_from_what_is_recalled_may_run_nowhere_until_the_recall_ends(registry: Forebear) -> None:
    await descending(registry)
    before, then = await offered(registry), ago()
    assert await drift(registry) == []
    id = await recall(registry, *AFFECTED)
    stored = await node(
        registry, "Recall", id, "subject validFrom validTo affectedDigest recalls { nodes { id } } votes { actor }"
    )
    assert stored.pop("validFrom")
    assert stored == {
        "subject": DATA, "validTo": None, "affectedDigest": digest(AFFECTED), "recalls": {"nodes": [{"id": DATA}]},
        "votes": [{"actor": "anna"}, {"actor": "ben"}],
    }  # fmt: skip

    # Every door is closed, and says which recall closed it, why, and by which way.
    way = f"{SECOND} → checkpoint:bad/1 → run:bad → dataset:mix@1 → {DATA}"
    asked = {"artifact": artifact(2), "on": FLEET, "reason": "Better."}
    refusals = {
        "requestDeployment": await do(registry, OLAF, "requestDeployment", **asked),
        "rollBack": await do(registry, OLAF, "rollBack", on=FLEET, to=artifact(3), reason="Worse."),
        "approve": await do(registry, ANNA, "approve", release=SECOND_RELEASE),
        "override": await do(registry, ADA, "override", release=SECOND_RELEASE, reason="Now.", expiresAt=ago(hours=-1)),
        "registerArtifact": await do(registry, EVA, "registerArtifact", artifact=build(4, builtFrom=SECOND)),
        "evaluationOnly": await do(
            registry, EVA, "registerArtifact", artifact=build(4, builtFrom=SECOND, state="EVALUATION_ONLY")
        ),
        "registerCandidate": await do(
            registry, EVA, "registerCandidate", lines=[LINE],
            versions=[{"kind": "ModelVersion", "id": "model:picker@3", "promotedFrom": ["checkpoint:bad/1"]}],
        ),
    }  # fmt: skip
    assert {door: codes(outcome) for door, outcome in refusals.items()} == {door: ["RECALLED"] for door in refusals}
    refused = refusals["approve"]
    assert isinstance(refused, Refused)
    (reason,) = refused.reasons
    assert reason.message.startswith(f"{id} recalls {SECOND} since ")
    assert reason.message.endswith(f"as it recalls {DATA} (Torn film in the labels.), through {way}")
    assert reason.remedy == (
        f'use what does not descend from {DATA}, or have an APPROVER end the recall: forebear recall end {id} --reason "…"'
    )
    # Nothing is offered that may not run, and what runs is drift. What is not recalled goes on as before.
    assert await offered(registry) == {
        "eligible": [(artifact(1), True)],
        "buildable": [RELEASE],
        "rollbackTargets": [artifact(1)],
    }
    assert [(row["robot"], row["authorized"], row["basis"]) for row in await drift(registry)] == [
        (None, False, None), ("robot:a", False, None), ("robot:b", False, None),
    ]  # fmt: skip
    assert await was_running(registry, "robot:a") == [("robot:a", "AS_INTENDED", False, None)]
    assert await was_running(registry, "robot:a", at=then) == [("robot:a", "AS_INTENDED", True, "APPROVAL")]

    # No release changed its state, and the same recall again changes nothing.
    assert await node(registry, "Release", SECOND_RELEASE, "state") == {"state": "DEPLOYED"}
    again = await done(registry, ANNA, "recall", subject=DATA, affected=digest(AFFECTED), reason="Again.")
    assert (again.subject, again.unchanged) == (id, True)

    # Once it ends, all is as it was.
    await done(registry, ANNA, "endRecall", recall=id, reason="The labels were right.")
    assert await offered(registry) == before
    assert await drift(registry) == []
    assert (await done(registry, ANNA, "endRecall", recall=id, reason="Again.")).unchanged
    # A fact is a vote as well.
    vote = {"kind": "Recall", "id": "recall:mine", "subject": DATA, "affectedDigest": digest(AFFECTED), "reason": "Again."}
    for _ in range(2):
        assert (await record(registry, vote)).rejections == []
    second = id.removesuffix("1") + "2"
    assert await node(registry, "Recall", second, "votes { actor }") == {"votes": [{"actor": "tester"}]}
    assert (await recall(registry, *AFFECTED)) == second


async def test_a_recall_is_voted_for_as_it_was_planned_by_who_may_write_to_all_lines_that_it_affects(
    registry: Forebear,
) -> None:
    await descending(registry)
    asked = {"subject": DATA, "reason": "Torn film in the labels.", "affected": digest(AFFECTED)}
    carl = person("carl", Role.APPROVER, lines=frozenset({"line:other"}))
    bot = Actor("bot", frozenset({Role.APPROVER}), machine=True)
    refusals = {
        "of nothing": await do(registry, ANNA, "recall", **asked | {"subject": "dataset:none@1"}),
        "by an operator": await do(registry, OLAF, "recall", **asked),
        "of another line": await do(registry, carl, "recall", **asked),
        "by a machine": await do(registry, bot, "recall", **asked),
    }
    assert {why: codes(outcome) for why, outcome in refusals.items()} == {
        "of nothing": ["UNKNOWN"],
        "by an operator": ["FORBIDDEN"],
        "of another line": ["FORBIDDEN"],
        "by a machine": ["UNTRUSTED_MACHINE"],
    }
    assert f"recall would reach {LINE}" in messages(refusals["of another line"])[0]

    # One vote of the two that the line's policy asks for: nothing is recalled yet.
    await done(registry, ANNA, "recall", **asked)
    assert codes(await do(registry, ANNA, "recall", **asked)) == ["VOTED_BEFORE"]
    planned_at = now()
    await requested(registry, 2, "deployment:canary", CANARY)

    # What was added since the plan is shown, and the vote for the former plan does not count for the new one.
    late = await do(registry, BEN, "recall", **asked, plannedAt=planned_at)
    assert codes(late) == ["PLAN_CHANGED"]
    assert messages(late)[0].endswith(f"added since {planned_at}: deployment:canary (LINEAGE)")
    asked["affected"] = digest([*AFFECTED, Affected("Deployment", "deployment:canary", LINEAGE)])

    # So is what the plan goes back to and may no longer run there.
    back = {"targets": [{"deployment": "deployment:second", "artifact": artifact(1)}]}
    await done(registry, ANNA, "withdrawApproval", release=RELEASE, reason="Worn out.")
    lost = await do(registry, BEN, "recall", **asked, **back)
    assert codes(lost) == ["PLAN_CHANGED"]
    assert messages(lost)[0].startswith(
        f"targets: deployment:second was to go back to {artifact(1)}, which may no longer run there: "
    )
    assert messages(lost)[0].endswith("; it would stop now")
    await approve(registry, RELEASE)
    first = await done(registry, BEN, "recall", **asked, **back)
    assert await node(registry, "Recall", first.subject, "validFrom votesMissing") == {"validFrom": None, "votesMissing": 1}
    assert await drift(registry) == []
    await done(registry, ANNA, "recall", **asked)
    permitted = (await ask(registry, PERMITTED, id="deployment:canary"))["permitted"]
    assert (permitted["allowed"], [reason["code"] for reason in permitted["reasons"]]) == (False, ["RECALLED"])

    # A recall that only gathers votes may be given up.
    other = await done(registry, ANNA, "recall", **asked | {"subject": "run:bad"})
    await done(registry, BEN, "endRecall", recall=other.subject, reason="The data alone.")
    assert codes(await do(registry, carl, "endRecall", recall=first.subject, reason="No.")) == ["FORBIDDEN"]

    # Lineage that is told later counts as well: so far nothing was known of where the first version came from.
    await history(registry, {"kind": "ModelVersion", "id": VERSION, "promotedFrom": ["checkpoint:bad/1"]})
    assert codes(await do(registry, OLAF, "requestDeployment", artifact=artifact(1), on=FLEET, reason="Back.")) == ["RECALLED"]


PERMITTED = "query($id: ID!) { permitted(deployment: $id) { allowed reasons { code } } }"


async def test_an_approval_that_rests_on_what_is_recalled_by_authority_becomes_stale(registry: Forebear) -> None:
    await ready(registry)
    affected = [Affected("Release", id, AUTHORITY) for id in (RELEASE, SECOND_RELEASE)]
    affected += [Affected("Artifact", artifact(n), AUTHORITY) for n in (1, 2)]
    id = await recall(registry, *affected, subject="pack:replay@1")
    for release in (RELEASE, SECOND_RELEASE):
        state = await node(registry, "Release", release, "state staleFrom")
        assert (state["state"], state["staleFrom"] is not None) == ("APPROVED", True)
    refusal = await do(registry, OLAF, "requestDeployment", artifact=artifact(1), on=FLEET, reason="Better.")
    assert codes(refusal) == ["APPROVAL_STALE"]
    # It can be approved anew, since nothing descends from the pack.
    await approve(registry, RELEASE)
    await requested(registry, 1, "deployment:first")
    await done(registry, ANNA, "endRecall", recall=id, reason="The pack was right.")
    assert (await node(registry, "Release", SECOND_RELEASE, "staleFrom"))["staleFrom"] is not None


@pytest.mark.parametrize("seed", range(SOAK))
async def test_of_a_recall_and_what_would_be_recalled_one_comes_first(registry: Forebear, seed: int) -> None:
    third = "release:picker@3/ur5e-orin"
    await ready(
        registry,
        *DESCENT,
        {"kind": "ModelVersion", "id": SECOND, "promotedFrom": ["checkpoint:bad/1"]},
        {"kind": "ModelVersion", "id": "model:picker@3", "promotedFrom": ["checkpoint:bad/1"]},
        {"kind": "Release", "id": third, "state": "CANDIDATE", "version": "model:picker@3", "line": LINE},
        {
            "kind": "Evidence", "id": "evidence:third", "type": "REPLAY", "measuredAt": ago(days=2),
            "measurements": [{"metric": "success", "value": 95, "unit": "%"}],
            "about": ["model:picker@3"], "measuredWith": ["pack:replay@1"],
        },
    )  # fmt: skip
    await done(registry, ANNA, "approve", release=third)
    affected = [Affected("Release", id, LINEAGE) for id in (SECOND_RELEASE, third)] + [
        Affected("Artifact", artifact(2), LINEAGE)
    ]
    asked: dict[str, Any] = {"subject": DATA, "reason": "Torn film.", "affected": digest(affected)}
    for round in range(3):
        await done(registry, ANNA, "recall", **asked)
        recalling, again, deploying, registering, approving = await asyncio.gather(
            do(registry, BEN, "recall", **asked),
            do(registry, CARA, "recall", **asked),
            do(registry, OLAF, "requestDeployment", artifact=artifact(2), on=FLEET, reason="Now.", id=f"deployment:{round}"),
            do(registry, EVA, "registerArtifact", artifact=build(20 + round, builtFrom=SECOND, state="EVALUATION_ONLY")),
            do(registry, CARA, "approve", release=third),
        )
        # Of two that recall, one makes it stand, and the other finds that it does.
        assert {type(recalling), type(again)} == {type(recalling)}
        stands = isinstance(recalling, Done)
        came = [isinstance(deploying, Done), isinstance(registering, Done)]
        if stands:
            assert isinstance(again, Done)
            assert sorted([recalling.unchanged, again.unchanged]) == [False, True]
            # What came before the recall would have changed its plan.
            assert came == [False, False]
            assert {codes(deploying)[0], codes(registering)[0]} == {"RECALLED"}
            await done(registry, ANNA, "endRecall", recall=recalling.subject, reason="Over.")
        else:
            assert codes(recalling) == codes(again) == ["PLAN_CHANGED"]
            assert any(came)
            (open,) = await registry.store.read("MATCH (r:Recall) WHERE r.validTo IS NULL RETURN r.id AS id")
            await done(registry, ANNA, "endRecall", recall=open["id"], reason="Anew.")
        # An approval is refused, or was decided before the recall stood.
        if isinstance(approving, Done):
            if isinstance(recalling, Done):
                decided = await node(registry, "Decision", approving.decisions[-1], "decidedAt")
                assert decided["decidedAt"] < (await node(registry, "Recall", recalling.subject, "validFrom"))["validFrom"]
            await done(registry, ANNA, "withdrawApproval", release=third, reason="Anew.")
            await done(registry, ANNA, "approve", release=third)
        else:
            assert (codes(approving), stands) == (["RECALLED"], True)
        if came[0]:
            await done(registry, RITA, "reportDeployment", deployment=f"deployment:{round}", state="ENDED", at=now())
        if came[1]:
            affected.append(Affected("Artifact", artifact(20 + round), LINEAGE))
            asked["affected"] = digest(affected)


async def test_a_toolchain_a_setting_and_the_data_of_a_customer_are_recalled_by_value(registry: Forebear) -> None:
    at = {"validFrom": "2026-01-01T00:00:00Z"}
    await ready(
        registry,
        {"kind": "Customer", "id": "customer:acme"},
        {"kind": "Fleet", "id": "fleet:acme", "customers": [{"id": "customer:acme", **at}]},
        {"kind": "DatasetVersion", "id": DATA, "collectedFrom": [{"id": "fleet:acme"}]},
        {"kind": "Run", "id": "run:bad", "trainedOn": [{"id": DATA}], "configuration": {"optimizer": {"lr": 0.1}}},
        {"kind": "Run", "id": "run:good", "configuration": {"scheduler": {"lr": 0.1}}},
        {"kind": "Checkpoint", "id": "checkpoint:bad/1", "producedBy": "run:bad"},
        {"kind": "Checkpoint", "id": "checkpoint:good/1", "producedBy": "run:good"},
        {"kind": "ModelVersion", "id": SECOND, "promotedFrom": ["checkpoint:bad/1"]},
        {"kind": "ModelVersion", "id": VERSION, "promotedFrom": ["checkpoint:good/1"]},
    )
    await registered(registry, 3, toolchain="trt 10")
    second = [Affected("Release", SECOND_RELEASE, LINEAGE), Affected("Artifact", artifact(2), LINEAGE)]
    for subject, affected, refused, named in (
        ("toolchain=trt 10", [Affected("Artifact", artifact(3), LINEAGE)], 3, [artifact(3)]),
        ("setting=optimizer.lr=0.1", second, 2, ["run:bad"]),
        ("dataOf=customer:acme", second, 2, ["customer:acme", DATA]),
    ):
        id = await recall(registry, *affected, subject=subject)
        recalls = (await node(registry, "Recall", id, "subject recalls { nodes { id } }")) | {}
        assert recalls == {"subject": subject, "recalls": {"nodes": [{"id": each} for each in named]}}
        for n in (1, 2, 3):
            asked = await do(registry, OLAF, "requestDeployment", artifact=artifact(n), on=FLEET, reason="Try.")
            if n == refused:
                assert codes(asked) == ["RECALLED"]
            else:
                assert isinstance(asked, Done)
                await done(registry, RITA, "reportDeployment", deployment=asked.subject, state="ENDED", at=now())
        if refused == 2:
            # Data, or a run, that is told later is of the subject as well.
            runs = (
                {"kind": "Run", "id": "run:later", "configuration": {"optimizer": {"lr": 0.1}}},
                {"kind": "Run", "id": "run:other", "configuration": {"scheduler": {"lr": 0.1}}},
            )
            data = ({"kind": "DatasetVersion", "id": "dataset:later@1", "collectedFrom": [{"id": "fleet:acme"}]},)
            told, new = (runs, "run:later") if subject.startswith("setting") else (data, "dataset:later@1")
            await record(registry, *told)
            extended = (await node(registry, "Recall", id, "recalls { nodes { id } }"))["recalls"]["nodes"]
            assert extended == [{"id": each} for each in sorted([*named, new])]
            assert await done(registry, ANNA, "extendRecall", recall=id) == Done(id, unchanged=True)
        if refused == 3:
            # A build that is told later is refused by its toolchain.
            late = await do(registry, EVA, "registerArtifact", artifact=build(4, toolchain="trt 10"))
            assert codes(late) == ["RECALLED"]
            await registered(registry, 4, toolchain="trt 11")
        await done(registry, ANNA, "endRecall", recall=id, reason="Over.")
    for subject, message in (("setting=", "names nothing"), ("deployment:x", "is not known")):
        outcome = await do(registry, ANNA, "recall", subject=subject, affected=digest([]), reason="Torn.")
        assert message in messages(outcome)[0]


async def test_a_recall_of_a_job_is_of_what_its_runs_made(registry: Forebear) -> None:
    named = "dataset:hive://lake/grasps@unversioned"
    await ready(
        registry,
        {"kind": "Job", "id": "job:airflow:label"},
        {"kind": "JobRun", "id": "job-run:tuesday", "jobs": ["job:airflow:label"]},
        {"kind": "DatasetVersion", "id": DATA, "madeBy": ["job-run:tuesday"], "alsoNamed": [named]},
        {"kind": "DatasetVersion", "id": named, "alsoNamed": [DATA]},
        {"kind": "Run", "id": "run:bad", "trainedOn": [{"id": named}]},
        {"kind": "Checkpoint", "id": "checkpoint:bad/1", "producedBy": "run:bad"},
        {"kind": "ModelVersion", "id": SECOND, "promotedFrom": ["checkpoint:bad/1"]},
    )
    query = """query ($of: ID!) { impact(of: $of, kinds: [ModelVersion]) { nodes { node { id } path { id } } } }"""
    (reached,) = (await ask(registry, query, of="job:airflow:label"))["impact"]["nodes"]
    way = [SECOND, "checkpoint:bad/1", "run:bad", named, DATA, "job-run:tuesday", "job:airflow:label"]
    assert reached == {"node": {"id": SECOND}, "path": [{"id": id} for id in way]}
    second = [Affected("Release", SECOND_RELEASE, LINEAGE), Affected("Artifact", artifact(2), LINEAGE)]
    for subject in ("job:airflow:label", "job-run:tuesday"):
        id = await recall(registry, *second, subject=subject)
        asked = await do(registry, OLAF, "requestDeployment", artifact=artifact(2), on=FLEET, reason="Try.")
        assert codes(asked) == ["RECALLED"]
        assert isinstance(await do(registry, ANNA, "endRecall", recall=id, reason="Mended."), Done)
