"""A program records, acts and asks by the client: each answer has a type, and each refusal is an exception."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from forebear.app import Forebear
from forebear.client import (
    Done,
    FactsRejected,
    OutOfDate,
    QueryFailed,
    Reason,
    Refusal,
    Registry,
    RegistryError,
    RejectedFact,
    Unreachable,
)
from forebear.graph.kinds.data import DatasetVersion
from forebear.graph.kinds.fleet import Fleet, Robot
from forebear.graph.kinds.model import ModelVersion
from forebear.graph.kinds.release import Evidence, EvidenceType
from forebear.graph.kinds.training import Checkpoint, Run
from forebear.verbs.candidate import RegisterCandidate
from forebear.verbs.evidence import AttachEvidence
from forebear.verbs.installation import ReportInstallation
from forebear.verbs.release import Approve
from tests.actions.world import LINE, company
from tests.api.served import served
from tests.cli.terminal import free_port

THEN = datetime(2026, 6, 1, tzinfo=UTC)
ARTIFACT = f"sha256:{64 * '7'}"


def story(url: str) -> None:
    """What a program does, one thing after the other."""
    with Registry(url, patience=120) as registry:
        recorded = registry.record(
            DatasetVersion("dataset:demos@3", episodes=1200),
            Run("run:arm", status="SUCCEEDED", as_of=THEN, trained_on=["dataset:demos@3"], ran=["code:arm@1"]),
            Checkpoint("checkpoint:arm/step-10", step=10, produced_by="run:arm"),
            Fleet("fleet:cells", lines=[{"id": LINE, "validFrom": THEN}]),
            Robot("robot:arm-1", member_of=[{"id": "fleet:cells", "validFrom": THEN}]),
        )
        assert (recorded.described, recorded.connected, recorded.undescribed) == (5, 5, ("code:arm@1",))
        good, bad = Run("run:good"), Run("run:bad", seed="seven", trained_on=["model:arm@1"])
        with pytest.raises(FactsRejected) as rejected:
            registry.record(good, bad)
        reasons = (
            "seed: a text is no number",
            "trainedOn.0.id: model:arm@1 is the id of a ModelVersion; expected one of DatasetVersion",
        )
        assert rejected.value.rejections == (RejectedFact(1, "run:bad", reasons),)
        assert str(rejected.value) == f"nothing was recorded: run:bad: {'; '.join(reasons)}"
        assert registry.record(good, bad, partial=True).rejections == rejected.value.rejections

        version = ModelVersion("model:arm@1", weights_digest=ARTIFACT, promoted_from=["checkpoint:arm/step-10"])
        candidate = RegisterCandidate(versions=[version], lines=[LINE])
        once = registry.do(candidate, idempotency_key="arm-1")
        assert once == Done("model:arm@1", (), ("model:arm@1", "release:arm@1/ur5e-orin"))
        assert registry.do(candidate, idempotency_key="arm-1") == once
        approve = Approve(release="release:arm@1/ur5e-orin", reason="It looks good.")
        with pytest.raises(Refusal) as refused:
            registry.do(approve)
        missing = Reason(
            "NO_EVIDENCE", "success was not measured with pack:replay@1", "attach evidence of success (pack:replay@1)"
        )
        assert refused.value.reasons == (missing,)
        assert (refused.value.code, refused.value.remedies) == ("NO_EVIDENCE", (missing.remedy,))
        assert len(refused.value.decisions) == 1
        assert str(refused.value) == (
            "approve was refused: success was not measured with pack:replay@1 (NO_EVIDENCE): "
            "attach evidence of success (pack:replay@1)"
        )
        with pytest.raises(OutOfDate) as late:
            registry.do(approve, expected_revision=7)
        assert (late.value.code, late.value.expected) == ("CONFLICT", 7)
        evidence = Evidence(
            "evidence:arm-1", type=EvidenceType.REPLAY, about=["model:arm@1"], measured_with=["pack:replay@1"],
            measured_at=THEN, measurements=[{"metric": "success", "value": 93, "unit": "%"}],
        )  # fmt: skip
        attached = registry.do(AttachEvidence(evidence=evidence))
        assert isinstance(attached, Done)
        assert (attached.subject, len(attached.decisions)) == ("evidence:arm-1", 1)

        registry.do(ReportInstallation(robot="robot:arm-1", artifact=f"artifact:{ARTIFACT}", since=THEN))
        running = registry.ask("whatWasRunning", place="robot:arm-1", at=THEN + timedelta(days=1))
        assert running["totalCount"] == 1
        assert running["nodes"][0]["observed"]["id"] == f"artifact:{ARTIFACT}"
        assert registry.ask("missingForApproval", release="release:arm@1/ur5e-orin")["nodes"][0]["code"] == "APPROVALS_MISSING"
        trained_on = registry.ask("provenance", id="model:arm@1")["trainedOn"]
        assert [each["dataset"]["id"] for each in trained_on] == ["dataset:demos@3"]
        with pytest.raises(TypeError, match="whatWasRunning has no argument plac; did you mean 'place'"):
            registry.ask("whatWasRunning", plac="robot:arm-1")
        with pytest.raises(RegistryError, match="no question is called 'drifft'; did you mean 'drift'") as unknown:
            registry.ask("drifft")
        assert unknown.value.code == "NOT_FOUND"

        query = "query($id: ID!) { run(id: $id) { status } }"
        assert registry.query(query, {"id": "run:arm"}) == {"run": {"status": "SUCCEEDED"}}
        with pytest.raises(QueryFailed, match="'run' has no kind") as failed:
            registry.query(query, {"id": "run"})
        assert failed.value.code == "INVALID_ID"
    with Registry(url, "forebear_stranger") as registry, pytest.raises(RegistryError) as stranger:
        registry.record(good)
    assert stranger.value.code == "UNAUTHENTICATED"


async def test_a_program_records_acts_and_asks(registry: Forebear) -> None:
    await company(registry)
    async with served(registry) as service:
        await asyncio.to_thread(story, f"http://127.0.0.1:{service.port}")


def test_a_registry_that_is_away_is_an_error_of_its_own() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    says = f"^{url} cannot be reached \\(.*\\): does a service run there\\?$"
    with Registry(url, patience=0.15) as registry, pytest.raises(Unreachable, match=says) as away:
        registry.record(Run("run:a"))
    assert away.value.code == "UNREACHABLE"


@pytest.mark.parametrize(
    ("url", "token", "says"),
    [
        (None, None, "url: name the service, such as http://127.0.0.1:8080, or set FOREBEAR_URL"),
        ("localhost:8080", None, "url: 'localhost:8080' is no address of a service; write one such as http://127.0.0.1:8080"),
        ("http://127.0.0.1", "a\nb", "token: it holds characters that no token has"),
    ],
)
def test_an_address_that_can_be_none_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch, url: str | None, token: str | None, says: str
) -> None:
    monkeypatch.delenv("FOREBEAR_URL", raising=False)
    with pytest.raises(ValueError, match=says.replace("?", r"\?")):
        Registry(url, token)
