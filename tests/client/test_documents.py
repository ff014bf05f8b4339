"""Facts and actions of the client are what the registry's doors read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import pytest

from forebear.client.documents import document, variables
from forebear.graph.facts import Facts
from forebear.graph.kinds import GRAPH
from forebear.graph.kinds.data import DatasetVersion
from forebear.graph.kinds.fleet import Fleet
from forebear.graph.kinds.model import ModelVersion
from forebear.graph.kinds.training import Run, RunStatus
from forebear.verbs.candidate import RegisterCandidate
from forebear.verbs.deployment import ReportDeployment

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_an_instance_of_a_kind_is_a_fact() -> None:
    demos = DatasetVersion("dataset:demos@3", digest=f"sha256:{64 * 'a'}")
    run = Run(
        "run:a", status=RunStatus.FAILED, as_of=NOON, external_ids=["mlflow:7"], configuration={"out": PurePosixPath("x")},
        trained_on=[{"id": demos.id, "weight": 0.5}], ran=["code:arm@1"], experiment=None,
    )  # fmt: skip
    assert document(run) == {
        "kind": "Run", "id": "run:a", "status": "FAILED", "asOf": "2026-03-01T12:00:00.000000Z", "externalIds": ["mlflow:7"],
        "configuration": {"out": "x"}, "trainedOn": [{"id": "dataset:demos@3", "weight": 0.5}], "ran": ["code:arm@1"],
        "experiment": None,
    }  # fmt: skip
    assert (run["status"], [*demos], len(demos)) == (RunStatus.FAILED, ["kind", "id", "digest"], 3)
    assert document(Run("run:b", trained_on=(demos,)))["trainedOn"] == ["dataset:demos@3"]
    assert Facts(GRAPH).read(document(run)).id == "run:a"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: Run("run:a", trainedon=[]), "Run has no trainedon; did you mean 'trained_on'?"),
        (lambda: Fleet("fleet:a", as_of=NOON), "Fleet has no as_of"),
        (lambda: document(Run("run:a", configuration={"model": object})), "JSON holds no type: <class 'object'>"),
        (lambda: document(Run("run:a", metrics={1: 2})), "the members of a JSON object have texts for names, and 1 is none"),
        (
            lambda: variables(RegisterCandidate(versions=[Run("run:a")], lines=[])),
            "expected a fact of the kind ModelVersion, not Run",
        ),
    ],
)
def test_what_no_fact_can_say_is_refused_where_it_is_written(made: Any, says: str) -> None:
    with pytest.raises(TypeError) as refused:
        made()
    assert str(refused.value) == says


def test_a_moment_needs_an_offset() -> None:
    with pytest.raises(ValueError, match="a moment needs an offset"):
        document(Run("run:a", started_at=datetime(2026, 3, 1)))


def test_an_action_is_the_variables_of_its_mutation() -> None:
    version = ModelVersion("model:arm@1", promoted_from=["checkpoint:a"], supersedes=[ModelVersion("model:arm@0")])
    assert variables(RegisterCandidate(versions=[version], lines=["line:cells"])) == {
        "versions": [{"id": "model:arm@1", "promotedFrom": ["checkpoint:a"], "supersedes": ["model:arm@0"]}],
        "lines": ["line:cells"],
    }
    report = ReportDeployment(deployment="deployment:a", state="ACTIVE", at=NOON)
    assert variables(report) == {"deployment": "deployment:a", "state": "ACTIVE", "at": "2026-03-01T12:00:00.000000Z"}
