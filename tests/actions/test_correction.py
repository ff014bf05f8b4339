"""What was said wrongly is put right, and what rested on it falls."""

from __future__ import annotations

import re
from typing import Any

import pytest

from forebear.app import Forebear
from forebear.domain.correction import DIGESTS
from forebear.domain.outcome import Done, Refused
from forebear.domain.roles import Role
from forebear.graph.kinds.model import ModelVersion
from forebear.store.statements import directory
from tests.actions.plant import approve, artifact, beside_what_runs, plant, registered
from tests.actions.test_evidence import attached
from tests.actions.world import ADA, ANNA, BEN, EVA, LINE, POLICY, RELEASE, VERSION, company, do, done, person
from tests.record.asking import ask, everything, history, now, record

RIGHT = f"sha256:{'b' * 64}"


CORRECTED = (directory("cypher") / "rules" / "corrected_at.cypher").read_text("utf-8")


def test_the_digests_of_a_version_are_the_same_ones_wherever_they_are_listed() -> None:
    properties = ModelVersion.kind.properties
    assert tuple(name for name in properties if name.endswith("Digest")) == DIGESTS
    (listed,) = re.findall(r"WHERE name IN \[(.*?)\]", CORRECTED)
    assert re.findall(r"'(\w+)'", listed) == [*DIGESTS]


async def corrected(registry: Forebear, **values: Any) -> Done:
    """Corrects values of the company's version."""
    return await done(registry, ADA, "correct", of=VERSION, values=values, reason="Typed wrongly.")


async def standing(registry: Forebear) -> dict[str, Any]:
    """Where the release stands, and what approves it."""
    query = "query($id: ID!) { release(id: $id) { state staleFrom approvedBy { totalCount } } }"
    return dict((await ask(registry, query, id=RELEASE))["release"])


async def test_a_corrected_digest_voids_approval_votes_and_evidence(registry: Forebear) -> None:
    await company(registry)
    await approve(registry, RELEASE)
    then = now()
    assert await corrected(registry, weightsDigest=RIGHT) == Done(VERSION, (), (VERSION, RELEASE))
    assert await standing(registry) == {"state": "CANDIDATE", "staleFrom": None, "approvedBy": {"totalCount": 0}}
    query = (
        "query($id: ID!, $t: DateTime) { modelVersion(id: $id, asKnownAt: $t) { weightsDigest releases { nodes { state } } } }"
    )
    assert (await ask(registry, query, id=VERSION, t=then))["modelVersion"] == {
        "weightsDigest": f"sha256:{64 * 'a'}", "releases": {"nodes": [{"state": "APPROVED"}]},
    }  # fmt: skip
    question = "query($r: ID!) { missingForApproval(release: $r) { nodes { code message } } }"
    assert (await ask(registry, question, r=RELEASE))["missingForApproval"]["nodes"] == [
        {
            "code": "DIGEST_CORRECTED",
            "message": "success is 90 % (evidence:first), which does not count: a digest of its version was corrected since, "
            "so what was measured is something else",
        },
        {"code": "APPROVALS_MISSING", "message": "there are 0 of 2 votes"},
    ]
    await attached(registry, "anew")
    assert (await standing(registry))["state"] == "EVALUATED"
    await approve(registry, RELEASE)
    assert (await standing(registry))["state"] == "APPROVED"


async def test_a_corrected_interface_voids_approval_and_votes_alone(registry: Forebear) -> None:
    await company(registry)
    await approve(registry, RELEASE)
    outcome = await corrected(registry, rateHz=10, robotSoftware=">=4.2,<5")
    assert len(outcome.decisions) == 1
    assert await standing(registry) == {"state": "EVALUATED", "staleFrom": None, "approvedBy": {"totalCount": 0}}
    await done(registry, ANNA, "approve", release=RELEASE)
    await corrected(registry, rateHz=None)
    await done(registry, BEN, "approve", release=RELEASE)
    assert (await standing(registry))["state"] == "EVALUATED"


async def test_what_binds_nobody_changes_nothing_else(registry: Forebear) -> None:
    await company(registry)
    await approve(registry, RELEASE)
    outcome = await corrected(registry, license="MIT", description="The first.")
    assert outcome == Done(VERSION, (), (VERSION,))
    query = "query($id: ID!) { modelVersion(id: $id) { license description } }"
    assert (await ask(registry, query, id=VERSION))["modelVersion"] == {"license": "MIT", "description": "The first."}
    assert (await standing(registry))["state"] == "APPROVED"
    before = await everything(registry)
    assert await corrected(registry, license="MIT") == Done(VERSION, unchanged=True)
    assert await everything(registry) == before


async def test_what_is_deprecated_does_not_come_back_by_a_correction(registry: Forebear) -> None:
    await company(registry)
    await approve(registry, RELEASE)
    await done(registry, ANNA, "deprecate", release=RELEASE, reason="Old.")
    await corrected(registry, rateHz=10)
    assert await standing(registry) == {"state": "REJECTED", "staleFrom": None, "approvedBy": {"totalCount": 0}}


async def test_what_was_compared_with_a_version_is_compared_anew(registry: Forebear) -> None:
    compared = POLICY | {"noRegression": [{"pack": "pack:replay@1", "metric": "success"}]}
    second = await beside_what_runs(registry, policy=compared)
    await attached(registry, "second", 95.0, about=["model:picker@2"])
    query = "query($id: ID!) { release(id: $id) { state } }"
    assert (await ask(registry, query, id=second))["release"] == {"state": "EVALUATED"}
    # Nothing that was measured of what is deployed counts any more, so there is nothing to compare with.
    assert second in (await corrected(registry, weightsDigest=RIGHT)).changed
    assert (await ask(registry, query, id=second))["release"] == {"state": "CANDIDATE"}


async def test_an_artifacts_particulars_are_corrected(registry: Forebear) -> None:
    await plant(registry)
    await registered(registry, 1, state="EVALUATION_ONLY", format="ONNX")
    await done(registry, ADA, "correct", of=artifact(1), values={"format": "TensorRT"}, reason="Typed wrongly.")
    query = "query($id: ID!) { artifact(id: $id) { format revision } }"
    assert (await ask(registry, query, id=artifact(1)))["artifact"] == {"format": "TensorRT", "revision": 1}


@pytest.mark.parametrize(
    ("of", "values", "reasons"),
    [
        (VERSION, {}, [("INVALID_INPUT", "values: name at least one value to correct")]),
        (VERSION, ["x"], [("INVALID_INPUT", "values: expected an object")]),
        (
            VERSION,
            {"wieghts": "x"},
            [("INVALID_INPUT", "values.wieghts: 'wieghts' is not known; did you mean 'weightsDigest'?")],
        ),
        (VERSION, {"weightsDigest": "x"}, [("INVALID_DIGEST", "values.weightsDigest: 'x' is no digest")]),
        (VERSION, {"robotSoftware": "new"}, [("UNREADABLE_VERSION", "'new' is no range of versions")]),
        ("model:no@1", {"license": "MIT"}, [("UNKNOWN", "of: model:no@1 is not known, or only named by others so far")]),
        (artifact(1), {"digest": RIGHT}, [("NOT_CORRECTABLE", "values.digest: it cannot be corrected")]),
        (artifact(1), {"state": "AVAILABLE"}, [("NOT_CORRECTABLE", "values.state: it cannot be corrected")]),
        (
            "evidence:first",
            {"uri": "x"},
            [("INVALID_INPUT", "of: evidence:first is the id of an Evidence; expected one of ModelVersion or Artifact")],
        ),
    ],
)
async def test_what_cannot_be_corrected_is_refused(registry: Forebear, of: str, values: Any, reasons: Any) -> None:
    await plant(registry)
    await registered(registry, 1, state="EVALUATION_ONLY")
    before = await everything(registry)
    outcome = await do(registry, ADA, "correct", of=of, values=values, reason="Typed wrongly.")
    assert isinstance(outcome, Refused)
    assert [(r.code, r.message) for r in outcome.reasons] == reasons
    assert await everything(registry) == before


async def test_only_admins_correct_and_only_in_their_lines(registry: Forebear) -> None:
    await company(registry)
    for actor in (EVA, ANNA, person("lia", Role.ADMIN, lines=frozenset({"line:other"}))):
        outcome = await do(registry, actor, "correct", of=VERSION, values={"license": "MIT"}, reason="Typed wrongly.")
        assert isinstance(outcome, Refused)
        assert [r.code for r in outcome.reasons] == ["FORBIDDEN"]


async def test_who_is_limited_corrects_nothing_that_lies_in_no_line(registry: Forebear) -> None:
    await company(registry)
    await history(registry, {"kind": "ModelVersion", "id": "model:loose@1"})
    lia = person("lia", Role.ADMIN, lines=frozenset({LINE}))
    for of, code in (("model:loose@1", "FORBIDDEN"), ("model:no@1", "UNKNOWN")):
        outcome = await do(registry, lia, "correct", of=of, values={"license": "MIT"}, reason="Typed wrongly.")
        assert isinstance(outcome, Refused)
        assert [r.code for r in outcome.reasons] == [code]
    assert isinstance(await do(registry, lia, "correct", of=VERSION, values={"license": "MIT"}, reason="x"), Done)


async def test_a_correction_as_a_fact_is_the_same_action(registry: Forebear) -> None:
    await company(registry)
    correction = {"kind": "Correction", "of": VERSION, "values": {"license": "MIT"}, "reason": "Typed wrongly."}
    assert (await record(registry, correction)).rejections == []
    query = "query($id: ID!) { modelVersion(id: $id) { license } }"
    assert (await ask(registry, query, id=VERSION))["modelVersion"] == {"license": "MIT"}
    frozen = {"kind": "Correction", "of": "evidence:first", "values": {"uri": "x"}, "reason": "Typed wrongly."}
    (rejection,) = (await record(registry, frozen)).rejections
    assert rejection.id == "evidence:first"
