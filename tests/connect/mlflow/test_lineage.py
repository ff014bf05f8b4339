"""What a tracking server of MLflow says of runs becomes lineage: at registration, and later what is not over yet."""

from __future__ import annotations

from typing import Any

import httpx

from forebear.app import Forebear
from forebear.connect.mlflow.lineage import of_logged_model, of_run
from forebear.connect.mlflow.origin import Origins
from forebear.connect.mlflow.tracking import Tracking
from tests.actions.world import EVA
from tests.record.asking import ask

LOGGED = "m-0123456789abcdef0123456789abcdef"
DATA = "dataset:mlflow:irises@79f1"
CODE = "code:mlflow:train.py@9be42d7"


def run(status: str) -> dict[str, Any]:
    """A run as `runs/get` answers it."""
    info = {"run_id": "r1", "run_name": "calm-eel", "status": status, "start_time": 1796001914888}
    tags = [{"key": "mlflow.source.git.commit", "value": "9be42d7"}, {"key": "mlflow.source.name", "value": "train.py"}]
    context = {"key": "mlflow.data.context", "value": "training"}
    return {
        "run": {
            "info": info | ({"end_time": "1796001915000"} if status == "FINISHED" else {}),
            "data": {
                "tags": tags,
                "params": [{"key": "max_iter", "value": "200"}],
                "metrics": [{"key": "accuracy", "value": 0.97, "step": 0}, {"key": "loss", "value": "NaN"}],
            },
            "inputs": {"dataset_inputs": [{"tags": [context], "dataset": {"name": "irises", "digest": "79f1"}}]},
        }
    }


def logged_model() -> dict[str, Any]:
    """A logged model as the server answers it."""
    return {"model": {"info": {"model_id": LOGGED, "source_run_id": "r1", "artifact_uri": "mlflow-artifacts:/1/models/m"}}}


def test_a_run_becomes_facts_and_its_configuration_and_metrics_wait_until_it_is_over() -> None:
    known = {
        "kind": "Run", "id": "run:x", "startedAt": "2026-11-30T01:25:14.888000Z", "name": "calm-eel", "ran": [CODE],
        "trainedOn": [{"id": DATA, "role": "training"}],
    }  # fmt: skip
    beside = [
        {"kind": "CodeVersion", "id": CODE, "commit": "9be42d7"},
        {
            "kind": "DatasetVersion", "id": DATA, "name": "irises", "externalIds": ["mlflow:dataset/irises@79f1"],
            "dataset": "dataset:mlflow:irises",
        },
    ]  # fmt: skip
    assert of_run("run:x", run("RUNNING")) == [*beside, known | {"status": "RUNNING"}]
    assert of_run("run:x", run("FINISHED")) == [
        *beside,
        known | {
            "status": "SUCCEEDED", "endedAt": "2026-11-30T01:25:15.000000Z", "configuration": {"max_iter": "200"},
            "metrics": {"accuracy": 0.97, "loss": "NaN"},
        },
    ]  # fmt: skip
    assert of_run("run:x", {"run": {"info": {}}}) == [{"kind": "Run", "id": "run:x"}]
    assert of_logged_model("checkpoint:c", "run:x", logged_model()) == [
        {"kind": "Checkpoint", "id": "checkpoint:c", "uri": "mlflow-artifacts:/1/models/m", "producedBy": "run:x"}
    ]


class Server:
    """A tracking server that may be away, and that sees who asks."""

    def __init__(self) -> None:
        self.status: str | None = None
        self.asked: list[str | None] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.headers.get("authorization"))
        if self.status is None:
            return httpx.Response(502)
        if request.url.path.endswith(f"logged-models/{LOGGED}"):
            return httpx.Response(200, json=logged_model())
        return httpx.Response(200, json=run(self.status)) if request.url.params.get("run_id") == "r1" else httpx.Response(404)


QUERY = """{ checkpoint(id: "checkpoint:mlflow:%s") { uri producedBy {
  id status startedAt endedAt configuration metrics
  trainedOn { edges { role node { id name } } } ran { nodes { id commit } } } } }"""


async def test_what_cannot_be_looked_up_at_the_registration_is_looked_up_later(registry: Forebear) -> None:
    server = Server()
    tracking = Tracking("http://tracking/", "ours", httpx.MockTransport(server))
    origins = Origins(registry.store, registry.recorder, tracking)

    async def known() -> Any:
        return (await ask(registry, QUERY % LOGGED))["checkpoint"]

    assert await origins.record(EVA, f"models:/{LOGGED}", None) == (f"checkpoint:mlflow:{LOGGED}", [])
    assert await known() == {"uri": None, "producedBy": None}
    await origins.resolve()
    assert await known() == {"uri": None, "producedBy": None}

    server.status = "RUNNING"
    await origins.resolve()
    begun = {
        "id": "run:mlflow:r1", "status": "RUNNING", "startedAt": "2026-11-30T01:25:14.888000Z", "endedAt": None,
        "configuration": None, "metrics": None, "ran": {"nodes": [{"id": CODE, "commit": "9be42d7"}]},
        "trainedOn": {"edges": [{"role": "training", "node": {"id": DATA, "name": "irises"}}]},
    }  # fmt: skip
    assert await known() == {"uri": "mlflow-artifacts:/1/models/m", "producedBy": begun}
    # Another version of the same run, while it is under way.
    assert await origins.record(EVA, "s3://b/x", "r1") == ("checkpoint:mlflow:r1/s3://b/x", [])

    server.status = "FINISHED"
    await origins.resolve()
    over = begun | {
        "status": "SUCCEEDED", "endedAt": "2026-11-30T01:25:15.000000Z", "configuration": {"max_iter": "200"},
        "metrics": {"accuracy": 0.97, "loss": "NaN"},
    }  # fmt: skip
    assert await known() == {"uri": "mlflow-artifacts:/1/models/m", "producedBy": over}
    assert {*server.asked} == {"Bearer ours"}
    asked = len(server.asked)
    await origins.resolve()
    assert len(server.asked) == asked

    # A local path is taken within these folders.
    assert await origins.folders("r1", LOGGED) == ["mlflow-artifacts:/1/models/m"]
    assert await origins.folders("r2", None) == []
    # Of a run that the server does not have, what the client says is on record.
    assert await origins.record(EVA, "runs:/r2/model", None) == ("checkpoint:mlflow:r2/runs:/r2/model", [])
    await origins.aclose()
