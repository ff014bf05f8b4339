"""Reading the past of a tracking server: pages, marks, and what a run's logged models become."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from forebear.connect.mlflow.past import Mark, experiments, facts_of, pages_of_runs
from forebear.connect.mlflow.tracking import Tracking, Unanswered

LOGGED = "m-" + "4f2c" * 8


def run(id: str, end: int | None = None, **more: Any) -> dict[str, Any]:
    return {
        "info": {
            "run_id": id,
            "start_time": 1_000,
            "status": "FINISHED" if end else "RUNNING",
            **({"end_time": end} if end else {}),
        },
        "data": {"params": [{"key": "lr", "value": "0.1"}]},
        **more,
    }


def answering(answers: Mapping[tuple[str, str | None], Any], asked: list[Any]) -> Tracking:
    """A tracking server with answers by path and page."""

    def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content or b"{}")
        asked.append({name: value for name, value in body.items() if name in ("filter", "order_by", "page_token")})
        path = request.url.path.removeprefix("/api/2.0/mlflow/")
        found = answers.get((path, body.get("filter") or body.get("page_token")))
        # MLflow leaves empty lists out.
        return httpx.Response(404) if found is None else httpx.Response(200, json=found)

    return Tracking("http://mlflow.example", transport=httpx.MockTransport(answer))


async def test_runs_come_by_pages_as_they_were_over_and_then_those_that_are_not() -> None:
    since, asked = "attributes.end_time >= 7", list[Any]()
    server = answering(
        {
            ("experiments/search", None): {"experiments": [{"experiment_id": 1, "name": "a"}], "next_page_token": "x"},
            ("experiments/search", "x"): {"experiments": [{"experiment_id": 2}]},
            ("runs/search", since): {"runs": [run("r1", 7), run("r2", 9)]},
            ("runs/search", "attributes.status = 'RUNNING'"): {},
        },
        asked,
    )
    assert await experiments(server) == [("1", "a"), ("2", "")]
    asked.clear()
    pages = [page async for page in pages_of_runs(server, "1", 7)]
    assert [[each["info"]["run_id"] for each in page] for page in pages] == [["r1", "r2"], []]
    assert asked == [
        {"filter": since, "order_by": ["attributes.end_time ASC", "attributes.run_id ASC"]},
        {"filter": "attributes.status = 'RUNNING'"},
    ]
    await server.aclose()


def test_a_mark_is_behind_the_last_run_that_is_over() -> None:
    assert Mark.after([], None) is None
    assert Mark.after([run("r1", 7), run("r2", 9), run("r3")], None) == Mark(9, "r2")
    assert Mark.after([run("r3")], Mark(9, "r2")) == Mark(9, "r2")
    assert Mark.after([run("r4", 11)], Mark(9, "r2")) == Mark(11, "r4")


async def test_a_run_keeps_the_id_that_it_has_and_its_logged_models_become_checkpoints() -> None:
    answers = {(f"logged-models/{LOGGED}", None): {"model": {"info": {"artifact_uri": "s3://b/1"}}}}
    server = answering(answers, [])
    outputs = {"model_outputs": [{"model_id": LOGGED, "step": "30"}, {"model_id": "m-gone"}]}
    assert await facts_of(server, [run("r1", 2_000, outputs=outputs), run("r2")], {"mlflow:run/r2": "run:bc"}) == [
        {
            "kind": "Run",
            "id": "run:mlflow:r1",
            "status": "SUCCEEDED",
            "startedAt": "1970-01-01T00:00:01.000000Z",
            "endedAt": "1970-01-01T00:00:02.000000Z",
            "configuration": {"lr": "0.1"},
            "externalIds": ["mlflow:run/r1"],
        },
        {
            "kind": "Checkpoint",
            "id": f"checkpoint:mlflow:{LOGGED}",
            "uri": "s3://b/1",
            "producedBy": "run:mlflow:r1",
            "step": 30,
        },
        {
            "kind": "Run",
            "id": "run:bc",
            "status": "RUNNING",
            "startedAt": "1970-01-01T00:00:01.000000Z",
            "externalIds": ["mlflow:run/r2"],
        },
    ]
    await server.aclose()


@pytest.mark.parametrize("answer", [None, [], {"experiments": 1}])
async def test_what_is_no_tracking_server_is_said(answer: Any) -> None:
    server = answering({("experiments/search", None): answer}, [])
    with pytest.raises(Unanswered):
        await experiments(server)
    await server.aclose()
