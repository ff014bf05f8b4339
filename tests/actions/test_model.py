"""Names, aliases and stages: they call models and versions by words, keep their history, and approve nothing."""

from __future__ import annotations

from typing import Any

from forebear.app import Forebear
from forebear.domain.naming import INVALID_NAME, NAME_TAKEN
from forebear.domain.outcome import Refused
from forebear.domain.pointer import ALIAS_PROTECTED, CANNOT_ARCHIVE, INVALID_ALIAS
from forebear.domain.roles import FORBIDDEN, Role
from tests.actions.world import ANNA, BEN, EVA, LINE, POLICY, RELEASE, VERSION, company, do, done, person
from tests.audit.auditing import findings
from tests.record.asking import ask, now, record

MODEL = "model:picker"
OF_MODEL = {"kind": "ModelVersion", "id": VERSION, "model": MODEL}
LIMITED = person("lia", Role.ENGINEER, lines=frozenset({"line:elsewhere"}))


async def codes(registry: Forebear, verb: str, **input: Any) -> list[str]:
    """The codes of a refusal."""
    outcome = await do(registry, EVA, verb, **input)
    assert isinstance(outcome, Refused), outcome
    return [reason.code for reason in outcome.reasons]


async def known(registry: Forebear, at: str | None = None) -> dict[str, Any]:
    """What aliases and stages point at, as it is known at a moment."""
    query = """query($id: ID!, $known: DateTime) { model(id: $id, asKnownAt: $known) {
      aliases(allTime: true) { edges { alias validTo node { id } } } stages { edges { stage node { id } } } } }"""
    model = (await ask(registry, query, id=MODEL, known=at))["model"]
    aliases = [(e["alias"], e["node"]["id"], e["validTo"] is None) for e in model["aliases"]["edges"]]
    return {"aliases": sorted(aliases), "stages": sorted((e["stage"], e["node"]["id"]) for e in model["stages"]["edges"])}


async def test_names_lead_to_one_model_each_and_move_and_end_while_ids_stay(registry: Forebear) -> None:
    tags = [{"key": "team", "value": "arms"}, {"key": "empty", "value": ""}, {"key": "team", "value": "legs"}]
    named = await done(registry, EVA, "nameModel", system="mlflow", name="Picker 1", description="Picks.", tags=tags)
    assert named.subject == "model:Picker%201"
    assert await codes(registry, "nameModel", system="mlflow", name="Picker 1") == [NAME_TAKEN]
    assert await codes(registry, "nameModel", system="mlflow", name=" ") == [INVALID_NAME]
    assert await codes(registry, "nameModel", system="mlflow") == [INVALID_NAME]
    assert await codes(registry, "nameModel", system="mlflow", name="x", model="model:nobody") == ["UNKNOWN"]

    await done(registry, EVA, "nameModel", system="mlflow", name="gripper", model=named.subject)
    again = await done(registry, EVA, "nameModel", system="mlflow", name="gripper", model=named.subject)
    assert again.unchanged
    await done(registry, EVA, "nameModel", system="other", name="gripper", model=named.subject)
    await done(registry, EVA, "nameModel", system="mlflow", model=named.subject)
    other = await done(registry, EVA, "nameModel", system="mlflow", name="Picker 1")
    assert other.subject.startswith("model:Picker%201~")

    query = "{ models { nodes { id name description tags { key value } externalIds } } }"
    first, second = (await ask(registry, query))["models"]["nodes"]
    assert first == {
        "id": "model:Picker%201", "name": "gripper", "description": "Picks.", "externalIds": ["other:model/gripper"],
        "tags": [{"key": "empty", "value": ""}, {"key": "team", "value": "legs"}],
    }  # fmt: skip
    assert (second["id"], second["name"], second["externalIds"]) == (other.subject, "Picker 1", ["mlflow:model/Picker 1"])


async def test_aliases_and_stages_move_with_their_history_and_approve_nothing(registry: Forebear) -> None:
    await company(registry)
    await record(registry, {"kind": "Model", "id": MODEL}, {"kind": "Checkpoint", "id": "checkpoint:c"})
    await done(registry, EVA, "registerCandidate", versions=[OF_MODEL], lines=[])
    second = (await done(registry, EVA, "registerVersion", model=MODEL, checkpoint="checkpoint:c", lines=[LINE])).subject
    third = (await done(registry, EVA, "registerVersion", model=MODEL, checkpoint="checkpoint:c", uri="s3://b")).subject
    assert (second, third) == ("model:picker@2", "model:picker@3")
    await done(registry, EVA, "setAlias", model=MODEL, alias="champion", version=VERSION)
    await done(registry, EVA, "setStage", model=MODEL, version=VERSION, stage="PRODUCTION")
    before = now()
    await done(registry, EVA, "setAlias", model=MODEL, alias="champion", version=second)
    assert (await done(registry, EVA, "setAlias", model=MODEL, alias="champion", version=second)).unchanged
    await done(registry, EVA, "setStage", model=MODEL, version=second, stage="PRODUCTION", archiveOthers=True)
    await done(registry, EVA, "setAlias", model=MODEL, alias="shadow", version=third)
    assert await known(registry) == {
        "aliases": [("champion", VERSION, False), ("champion", second, True), ("shadow", third, True)],
        "stages": [("ARCHIVED", VERSION), ("PRODUCTION", second)],
    }
    assert await known(registry, before) == {"aliases": [("champion", VERSION, True)], "stages": [("PRODUCTION", VERSION)]}

    query = """query($at: DateTime) { model(id: "model:picker") { version(alias: "champion", at: $at) {
      version { id releases { nodes { state } } } } } }"""
    present = (await ask(registry, query))["model"]["version"]
    assert present == {"version": {"id": second, "releases": {"nodes": [{"state": "CANDIDATE"}]}}}
    assert (await ask(registry, query, at=before))["model"]["version"]["version"]["id"] == VERSION

    await done(registry, EVA, "setStage", model=MODEL, version=second, stage="DELETED")
    await done(registry, EVA, "setAlias", model=MODEL, alias="shadow")
    assert (await known(registry))["aliases"] == [(a, v, False) for a, v in (
        ("champion", VERSION), ("champion", second), ("shadow", third),
    )]  # fmt: skip
    assert (await ask(registry, query))["model"]["version"] is None
    # The number of a deleted version is never used again, and its release stands.
    fourth = await done(registry, EVA, "registerVersion", model=MODEL, checkpoint="checkpoint:c")
    assert fourth.subject == "model:picker@4"
    releases = await ask(registry, "{ releases { nodes { id state } } }")
    assert {r["id"]: r["state"] for r in releases["releases"]["nodes"]} == {
        RELEASE: "EVALUATED", "release:picker@2/ur5e-orin": "CANDIDATE",
    }  # fmt: skip

    assert await codes(registry, "setAlias", model=MODEL, alias="v1", version=third) == [INVALID_ALIAS]
    assert await codes(registry, "setAlias", model=MODEL, alias="a", version=second) == ["UNKNOWN"]
    assert await codes(registry, "setAlias", model=MODEL, alias="a", version="model:other@1") == ["UNKNOWN"]
    assert await codes(registry, "setStage", model=MODEL, version=third, archiveOthers=True) == [CANNOT_ARCHIVE]
    assert await codes(registry, "registerVersion", model="model:nobody", checkpoint="checkpoint:c") == ["UNKNOWN"]
    assert await codes(registry, "registerVersion", model=MODEL, checkpoint="checkpoint:nobody") == ["UNKNOWN"]
    fact = {"kind": "ModelVersion", "id": "model:picker@9", "aliasIn": [{"id": MODEL, "alias": "a", "validFrom": before}]}
    rejections = (await record(registry, fact)).rejections
    assert [r.reasons for r in rejections] == [("aliasIn: a fact cannot say it; leave it out, and use setAlias",)]
    for verb, input in {
        "setAlias": {"model": MODEL, "alias": "a", "version": third},
        "setStage": {"model": MODEL, "version": third, "stage": "STAGING"},
        "annotate": {"of": VERSION, "description": "Mine."},
        "nameModel": {"system": "mlflow", "name": "mine", "model": MODEL},
        "registerVersion": {"model": MODEL, "checkpoint": "checkpoint:c", "lines": [LINE]},
    }.items():
        outcome = await do(registry, LIMITED, verb, **input)
        assert isinstance(outcome, Refused), verb
        assert [reason.code for reason in outcome.reasons] == [FORBIDDEN], verb
    assert await findings(registry.store) == []


async def test_a_protected_alias_points_only_at_what_is_approved_in_its_line(registry: Forebear) -> None:
    policy = POLICY | {"protectedAliases": ["champion"], "candidate": ["weightsDigest"]}
    await company(registry, policy=policy)
    await record(registry, {"kind": "Model", "id": MODEL, "tags": [{"key": "forebear.lines", "value": f"{LINE}, "}]})
    await record(registry, {"kind": "Checkpoint", "id": "checkpoint:c"})
    await done(registry, EVA, "registerCandidate", versions=[OF_MODEL], lines=[])
    outcome = await do(registry, EVA, "setAlias", model=MODEL, alias="champion", version=VERSION)
    assert isinstance(outcome, Refused)
    assert [(r.code, r.message) for r in outcome.reasons][:1] == [
        (ALIAS_PROTECTED, f"policy:ur5e@1 lets champion point only at what is approved in {LINE}, and {VERSION} is EVALUATED"),
    ]
    assert [r.code for r in outcome.reasons][1:] == ["APPROVALS_MISSING"]
    await done(registry, EVA, "setAlias", model=MODEL, alias="challenger", version=VERSION)
    await done(registry, EVA, "evaluate", line=LINE)
    for voter in (ANNA, BEN):
        await done(registry, voter, "approve", release=RELEASE)
    await done(registry, EVA, "setAlias", model=MODEL, alias="champion", version=VERSION)

    # The tag of the model makes a new version a candidate, although it lacks what the policy asks of one.
    new = (await done(registry, EVA, "registerVersion", model=MODEL, checkpoint="checkpoint:c", lines=["line:unknown"])).subject
    assert await codes(registry, "setAlias", model=MODEL, alias="champion", version=new) == [
        ALIAS_PROTECTED, "CANDIDATE_INCOMPLETE", "NO_EVIDENCE", "APPROVALS_MISSING",
    ]  # fmt: skip
    query = '{ missingForApproval(release: "release:picker@2/ur5e-orin") { nodes { code message } } }'
    assert (await ask(registry, query))["missingForApproval"]["nodes"][0] == {
        "code": "CANDIDATE_INCOMPLETE",
        "message": "the candidate carries no weightsDigest, which the policy asks for",
    }
    told = {"kind": "ModelVersion", "id": new, "weightsDigest": f"sha256:{64 * 'b'}"}
    await done(registry, EVA, "registerCandidate", versions=[told], lines=[])
    assert "CANDIDATE_INCOMPLETE" not in await codes(registry, "setAlias", model=MODEL, alias="champion", version=new)
    assert (await known(registry))["aliases"] == [("challenger", VERSION, True), ("champion", VERSION, True)]
