"""Builds are registered, put in quarantine and deleted."""

from __future__ import annotations

from typing import Any

from forebear.app import Forebear
from forebear.domain.outcome import Done, Reason, Refused
from forebear.domain.roles import Role
from tests.actions.plant import RITA, approve, artifact, build, node, plant, registered, reported, requested, stale
from tests.actions.world import ADA, ANNA, EVA, LINE, OLAF, POLICY, RELEASE, VERSION, ago, do, done, person
from tests.record.asking import ask, history, record

STANDS = "described state digest format builtFrom { id } target { id } authorizedBy { nodes { id } }"


async def codes(registry: Forebear, fact: dict[str, Any]) -> list[str]:
    """Why a build is not registered."""
    outcome = await do(registry, EVA, "registerArtifact", artifact=fact)
    assert isinstance(outcome, Refused), outcome
    return [r.code for r in outcome.reasons]


async def test_a_build_of_an_approved_version_is_available_and_names_what_authorised_it(registry: Forebear) -> None:
    await plant(registry)
    approval = await approve(registry, RELEASE)
    outcome = await registered(registry, 1, format="TensorRT")
    assert outcome == Done(artifact(1), changed=(artifact(1),))
    assert await node(registry, "Artifact", artifact(1), STANDS) == {
        "described": True, "state": "AVAILABLE", "digest": artifact(1).removeprefix("artifact:"), "format": "TensorRT",
        "builtFrom": {"id": VERSION}, "target": {"id": "target:orin"}, "authorizedBy": {"nodes": [{"id": approval}]},
    }  # fmt: skip


async def test_before_approval_a_build_is_for_evaluation_only_and_becomes_available_after_it(registry: Forebear) -> None:
    await plant(registry)
    refused = await do(registry, EVA, "registerArtifact", artifact=build(1))
    assert refused == Refused(
        (
            Reason(
                "NOT_APPROVED",
                f"{RELEASE} is CANDIDATE, not approved",
                "have it approved first (missingForApproval lists what is needed)",
            ),
        )
    )
    await registered(registry, 1, state="EVALUATION_ONLY", format="TensorRT")
    state = "state authorizedBy { totalCount }"
    assert await node(registry, "Artifact", artifact(1), state) == {
        "state": "EVALUATION_ONLY",
        "authorizedBy": {"totalCount": 0},
    }
    await approve(registry, RELEASE)
    # A builder need not say again what it said before.
    await done(registry, EVA, "registerArtifact", artifact={"kind": "Artifact", "id": artifact(1), "toolchain": "TensorRT 10"})
    assert await node(registry, "Artifact", artifact(1), f"toolchain format {state}") == {
        "toolchain": "TensorRT 10", "format": "TensorRT", "state": "AVAILABLE", "authorizedBy": {"totalCount": 1},
    }  # fmt: skip


async def test_the_same_again_changes_nothing_and_other_values_are_refused_with_both(registry: Forebear) -> None:
    await plant(registry)
    await approve(registry, RELEASE)
    await registered(registry, 1, format="TensorRT", builtAt="2026-06-03T08:00:00+02:00")
    for same in ({"builtAt": "2026-06-03T06:00:00Z"}, {"format": "TensorRT", "state": "EVALUATION_ONLY"}):
        assert await registered(registry, 1, **same) == Done(artifact(1), unchanged=True)
    await done(registry, ANNA, "withdrawApproval", release=RELEASE, reason="Film tears.")
    assert await registered(registry, 1, format="TensorRT") == Done(artifact(1), unchanged=True)
    other = await do(registry, EVA, "registerArtifact", artifact=build(1, format="XLA", target="target:nano"))
    remedy = "register what was built otherwise under its own digest"

    def immutable(name: str, before: str, now: str) -> Reason:
        said = f"{name}: {artifact(1)} has {before} already, and the request says {now}"
        return Reason("IMMUTABLE", said, remedy)

    assert other == Refused(
        (immutable("format", "'TensorRT'", "'XLA'"), immutable("target", "target:orin", "target:nano")),
    )


async def test_what_people_call_a_build_may_change(registry: Forebear) -> None:
    await plant(registry)
    await registered(registry, 1, state="EVALUATION_ONLY", name="picker", externalIds=["ci:41"])
    await registered(
        registry, 1, state="EVALUATION_ONLY", name="picker 1", externalIds=["ci:42"], owners=[{"name": "builds"}], labels=["x"]
    )
    assert await node(registry, "Artifact", artifact(1), "name labels externalIds owners { name }") == {
        "name": "picker 1", "labels": ["x"], "externalIds": ["ci:42"], "owners": [{"name": "builds"}],
    }  # fmt: skip
    found = await ask(
        registry, '{ now: resolve(name: "ci:42") { nodes { by } } before: resolve(name: "ci:41") { totalCount } }'
    )
    assert found == {"now": {"nodes": [{"by": "externalId"}]}, "before": {"totalCount": 0}}


async def test_a_name_that_is_no_digest_and_unknown_grounds_are_refused_together(registry: Forebear) -> None:
    await plant(registry)
    outcome = await do(
        registry,
        EVA,
        "registerArtifact",
        artifact={"kind": "Artifact", "id": "artifact:picker", "builtFrom": "model:nope@1"},
    )
    assert outcome == Refused(
        (
            Reason(
                "INVALID_DIGEST",
                "id: 'picker' is no digest",
                "write it as algorithm:hex in lower case, such as sha256: and 64 digits",
            ),
            Reason(
                "UNKNOWN",
                "builtFrom: model:nope@1 is not known, or not described yet",
                "register the version as a candidate first (registerCandidate)",
            ),
            Reason("MISSING", "target: is required", "name its hardware target"),
        )
    )
    assert await codes(registry, build(1, digest="sha256:00", state="EVALUATION_ONLY")) == ["DIGEST_DISAGREES"]
    assert await codes(registry, build(1, state="QUARANTINED")) == ["OTHER_STATE"]


async def test_an_approval_for_one_target_is_none_for_another(registry: Forebear) -> None:
    await plant(registry)
    await approve(registry, RELEASE)
    outcome = await do(registry, EVA, "registerArtifact", artifact=build(1, target="target:nano"))
    assert outcome == Refused(
        (
            Reason(
                "OTHER_TARGET",
                f"target: {VERSION} is in no release line for target:nano; it is in {LINE} (for target:orin)",
                "register it as a candidate in a line for target:nano, and have it approved there",
            ),
        )
    )
    # It may be measured there, though: a policy can ask for that.
    await registered(registry, 1, target="target:nano", state="EVALUATION_ONLY")


async def test_a_build_must_fit_the_memory_of_its_hardware(registry: Forebear) -> None:
    await plant(registry)
    await history(registry, {"kind": "ModelVersion", "id": VERSION, "memoryMib": 7800})
    assert await codes(registry, build(1, target="target:nano", state="EVALUATION_ONLY")) == ["TOO_LITTLE_MEMORY"]


async def test_a_stale_approval_starts_nothing_and_an_override_does_until_it_expires(registry: Forebear) -> None:
    await plant(registry)
    await approve(registry, RELEASE)
    since = await stale(registry)
    outcome = await do(registry, EVA, "registerArtifact", artifact=build(1))
    assert outcome == Refused(
        (
            Reason(
                "APPROVAL_STALE",
                f"the approval of {RELEASE} is stale since {since}: a newer policy of {LINE} asks for more, "
                "or its evidence was corrected",
                "have it approved anew (missingForApproval lists what is needed)",
            ),
        )
    )
    override = await done(registry, ADA, "override", release=RELEASE, reason="Line down.", expiresAt=ago(hours=-8))
    await registered(registry, 1)
    assert await node(registry, "Artifact", artifact(1), "state authorizedBy { nodes { id type } }") == {
        "state": "AVAILABLE", "authorizedBy": {"nodes": [{"id": override.decisions[0], "type": "OVERRIDE"}]},
    }  # fmt: skip


async def test_what_a_robot_reported_first_is_completed_and_keeps_its_installations(registry: Forebear) -> None:
    await plant(registry)
    await record(
        registry,
        {"kind": "Installation", "id": "installation:i", "artifact": artifact(1), "robot": "robot:a", "validFrom": ago(days=1)},
    )
    seen = f"installations {{ nodes {{ id }} }} {STANDS}"
    before = await node(registry, "Artifact", artifact(1), seen)
    assert (before["described"], before["state"]) == (False, None)
    await registered(registry, 1, state="EVALUATION_ONLY")
    after = await node(registry, "Artifact", artifact(1), seen)
    assert (after["described"], after["state"]) == (True, "EVALUATION_ONLY")
    assert after["installations"] == before["installations"] == {"nodes": [{"id": "installation:i"}]}


async def test_what_was_measured_on_a_build_in_quarantine_counts_no_more(registry: Forebear) -> None:
    await plant(registry, success=70.0)
    await registered(registry, 1, state="EVALUATION_ONLY")
    await done(
        registry, EVA, "attachEvidence",
        evidence={
            "kind": "Evidence", "id": "evidence:built", "type": "REPLAY", "measuredAt": ago(days=1),
            "measurements": [{"metric": "success", "value": 90, "unit": "%"}],
            "about": [artifact(1)], "measuredWith": ["pack:replay@1"],
        },
    )  # fmt: skip
    assert await node(registry, "Release", RELEASE, "state") == {"state": "EVALUATED"}
    outcome = await done(registry, OLAF, "quarantineArtifact", artifact=artifact(1), reason="It stops after some hours.")
    (lapse,) = outcome.decisions
    assert outcome == Done(artifact(1), (lapse,), (artifact(1), lapse, RELEASE))
    assert await node(registry, "Artifact", artifact(1), "state") == {"state": "QUARANTINED"}
    assert await node(registry, "Release", RELEASE, "state") == {"state": "CANDIDATE"}
    again = await done(registry, OLAF, "quarantineArtifact", artifact=artifact(1), reason="Again.")
    assert again == Done(artifact(1), unchanged=True)
    assert await codes(registry, build(1, state="EVALUATION_ONLY")) == ["OTHER_STATE"]


async def test_a_deleted_build_stays_on_record_and_does_not_come_back(registry: Forebear) -> None:
    await plant(registry)
    await registered(registry, 1, state="EVALUATION_ONLY")
    await done(registry, EVA, "deleteArtifact", artifact=artifact(1), reason="Space.")
    assert await node(registry, "Artifact", artifact(1), "state builtFrom { id }") == {
        "state": "DELETED", "builtFrom": {"id": VERSION},
    }  # fmt: skip
    again = await done(registry, EVA, "deleteArtifact", artifact=artifact(1), reason="Again.")
    assert again == Done(artifact(1), unchanged=True)
    assert await codes(registry, build(1, state="EVALUATION_ONLY")) == ["OTHER_STATE"]
    quarantine = await do(registry, EVA, "quarantineArtifact", artifact=artifact(1), reason="Late.")
    assert isinstance(quarantine, Refused)
    assert [r.code for r in quarantine.reasons] == ["OTHER_STATE"]


async def test_a_build_that_a_deployment_still_needs_is_not_deleted(registry: Forebear) -> None:
    await plant(registry)
    await approve(registry, RELEASE)
    await registered(registry, 1)
    await requested(registry, 1, "deployment:d")
    await reported(registry, "deployment:d", "IN_PROGRESS", ago(hours=1))
    outcome = await do(registry, EVA, "deleteArtifact", artifact=artifact(1), reason="Space.")
    assert outcome == Refused(
        (
            Reason(
                "IN_USE",
                "deployment:d on fleet:north is IN_PROGRESS",
                "have fleet:north run something else, or report deployment:d ENDED",
            ),
        )
    )


async def test_what_nobody_registered_is_neither_quarantined_nor_deleted(registry: Forebear) -> None:
    await plant(registry)
    await record(
        registry,
        {"kind": "Installation", "id": "installation:i", "artifact": artifact(1), "robot": "robot:a", "validFrom": ago(days=1)},
    )
    for n, said in ((1, "was seen on a robot and never registered"), (2, "is not known")):
        outcome = await do(registry, EVA, "quarantineArtifact", artifact=artifact(n), reason="Odd.")
        assert outcome == Refused(
            (
                Reason(
                    "NOT_FOUND",
                    f"artifact: {artifact(n)} {said}",
                    "nothing: what is not registered cannot be deployed",
                ),
            )
        )


async def test_writes_of_builds_are_limited_to_lines_and_roles(registry: Forebear) -> None:
    await plant(registry)
    await approve(registry, RELEASE)
    for actor in (RITA, person("lia", Role.ENGINEER, lines=frozenset({"line:other"}))):
        outcome = await do(registry, actor, "registerArtifact", artifact=build(1))
        assert isinstance(outcome, Refused)
        assert [r.code for r in outcome.reasons] == ["FORBIDDEN"]
    within = person("lia", Role.ENGINEER, lines=frozenset({LINE}))
    assert isinstance(await do(registry, within, "registerArtifact", artifact=build(1)), Done)
    lines = frozenset({"line:other"})
    outcome = await do(
        registry, person("lia", Role.ENGINEER, lines=lines), "deleteArtifact", artifact=artifact(1), reason="No."
    )
    assert isinstance(outcome, Refused)
    assert [r.code for r in outcome.reasons] == ["FORBIDDEN"]


async def test_who_is_limited_takes_no_build_away_from_lines_of_others(registry: Forebear) -> None:
    await plant(registry)
    await approve(registry, RELEASE)
    await registered(registry, 1)
    await record(registry, {"kind": "ReleaseLine", "id": "line:b", "target": "target:orin"})
    await history(
        registry,
        {"kind": "Release", "id": "release:picker@1/b", "state": "APPROVED", "version": VERSION, "line": "line:b"},
        build(9, target="target:nano", state="AVAILABLE"),
    )

    async def refused(verb: str, n: int, *lines: str) -> list[str]:
        lia = person("lia", Role.ENGINEER, lines=frozenset(lines))
        outcome = await do(registry, lia, verb, artifact=artifact(n), reason="It stops.")
        return [r.message.partition(", and ")[2] for r in getattr(outcome, "reasons", ())]

    for verb in ("quarantineArtifact", "deleteArtifact"):
        assert await refused(verb, 1, "line:b") == [f"{verb} would reach {LINE}"]
        assert await refused(verb, 9, "line:b") == [f"{verb} would reach what lies in none"]
        assert await refused(verb, 1, LINE, "line:b") == []
    for lines, code in ((frozenset({"line:b"}), "FORBIDDEN"), (frozenset({LINE, "line:b"}), None)):
        lia = person("lia", Role.ENGINEER, lines=lines)
        outcome = await do(registry, lia, "registerArtifact", artifact=build(2, name=f"For {len(lines)}"))
        outcome = await do(registry, lia, "registerArtifact", artifact=build(2, name=f"Also for {len(lines)}"))
        assert [r.code for r in getattr(outcome, "reasons", ())] == ([code] if code else [])
    small = build(8, target="target:nano", state="EVALUATION_ONLY")
    outcome = await do(registry, person("lia", Role.ENGINEER, lines=frozenset({LINE})), "registerArtifact", artifact=small)
    assert isinstance(outcome, Refused)
    assert [r.code for r in outcome.reasons] == ["FORBIDDEN"]


async def test_who_is_limited_takes_no_evidence_away_from_lines_for_other_hardware(registry: Forebear) -> None:
    asks = {"pack": "pack:replay@1", "metric": "success", "minimum": 80, "target": "target:nano"}
    await plant(registry, policy=POLICY | {"evidence": [asks]})
    await registered(registry, 1, state="EVALUATION_ONLY", target="target:nano")
    await record(registry, {"kind": "ReleaseLine", "id": "line:nano", "target": "target:nano"})
    await history(
        registry,
        {"kind": "Release", "id": "release:picker@1/nano", "state": "CANDIDATE", "version": VERSION, "line": "line:nano"},
    )
    measured = {
        "kind": "Evidence", "id": "evidence:built", "type": "REPLAY", "measuredAt": ago(days=1), "about": [artifact(1)],
        "measurements": [{"metric": "success", "value": 90, "unit": "%"}], "measuredWith": ["pack:replay@1"],
    }  # fmt: skip
    await done(registry, EVA, "attachEvidence", evidence=measured)
    assert (await node(registry, "Release", RELEASE, "state"))["state"] == "EVALUATED"
    lia = person("lia", Role.ENGINEER, lines=frozenset({"line:nano"}))
    outcome = await do(registry, lia, "quarantineArtifact", artifact=artifact(1), reason="It stops.")
    assert isinstance(outcome, Refused)
    assert [r.message.partition(", and ")[2] for r in outcome.reasons] == [f"quarantineArtifact would reach {LINE}"]


async def test_a_fact_of_a_build_is_the_same_as_the_verb(registry: Forebear) -> None:
    await plant(registry)
    summary = await record(registry, build(1, state="EVALUATION_ONLY"))
    assert (summary.rejections, dict(summary.facts)) == ([], {"Artifact": 1})
    assert (await record(registry, build(1, state="EVALUATION_ONLY"))).changed == 0
    (rejection,) = (await record(registry, build(2))).rejections
    assert rejection.reasons == (
        f"{RELEASE} is CANDIDATE, not approved; have it approved first (missingForApproval lists what is needed)",
    )


async def test_what_may_be_built_is_listed_by_the_same_rule_as_it_is_registered(registry: Forebear) -> None:
    await plant(registry)
    await record(registry, {"kind": "ReleaseLine", "id": "line:nano", "target": "target:nano"})
    for name, needs in (("big", 32000), ("small", 4096)):
        version = f"model:{name}@1"
        await history(
            registry,
            {"kind": "ModelVersion", "id": version, "memoryMib": needs},
            {"kind": "Release", "id": f"release:{name}@1/nano", "state": "APPROVED", "version": version, "line": "line:nano"},
        )
    query = "query($t: ID!) { buildable(target: $t) { nodes { version { id } } } }"
    assert await ask(registry, query, t="target:nano") == {"buildable": {"nodes": [{"version": {"id": "model:small@1"}}]}}
    for n, name, refused in ((1, "big", ["TOO_LITTLE_MEMORY"]), (2, "small", [])):
        fact = build(n, builtFrom=f"model:{name}@1", target="target:nano")
        outcome = await do(registry, EVA, "registerArtifact", artifact=fact)
        assert [r.code for r in getattr(outcome, "reasons", ())] == refused


async def test_what_may_be_built_for_a_target_is_listed_with_why_and_what_is_built(registry: Forebear) -> None:
    await plant(registry)
    query = """query($t: ID!) { buildable(target: $t) { nodes {
        version { id } release { id } line { id } basis decisions { type } artifacts { id state } } } }"""
    assert await ask(registry, query, t="target:orin") == {"buildable": {"nodes": []}}
    await registered(registry, 1, state="EVALUATION_ONLY")
    await approve(registry, RELEASE)
    assert await ask(registry, query, t="target:nano") == {"buildable": {"nodes": []}}
    assert await ask(registry, query, t="target:orin") == {
        "buildable": {
            "nodes": [
                {
                    "version": {"id": VERSION}, "release": {"id": RELEASE}, "line": {"id": LINE}, "basis": "APPROVAL",
                    "decisions": [{"type": "APPROVAL"}], "artifacts": [{"id": artifact(1), "state": "EVALUATION_ONLY"}],
                }
            ]
        }
    }  # fmt: skip
