"""The page that shows how to record facts is true: what it records is recorded, and what it shows refused is refused so."""

from __future__ import annotations

import json
import re

import pytest

from forebear.app import Forebear
from tests.record.asking import ask, history, now, record, serving
from tests.test_project import ROOT

PAGE = (ROOT / "docs" / "how-to" / "record-facts.md").read_text("utf-8")
MUTATION, ANSWER = re.search(r"```graphql\n(.*?)```\n\n```json\n(.*?)```", PAGE, re.DOTALL).groups()  # type: ignore[union-attr]
REFUSED = re.search(r"-d '(\[.*?\])'", PAGE, re.DOTALL)[1]  # type: ignore[index]
TOLD = [json.loads(line) for line in re.findall(r"^    (\{\"kind\".*\})$", PAGE, re.MULTILINE)]


@pytest.fixture
async def recorded(registry: Forebear) -> Forebear:
    """A registry with what the page's first example records."""
    await history(registry, {"kind": "DatasetVersion", "id": "dataset:bridge_orig@1.0.0"})
    assert await ask(registry, MUTATION) == json.loads(ANSWER)
    return registry


async def test_a_refusal_names_every_reason_that_the_page_shows(recorded: Forebear) -> None:
    async with serving(recorded) as client:
        response = await client.post("/facts", content=REFUSED, headers={"content-type": "application/json"})
    shown = " ".join(PAGE.split())
    assert response.status_code == 422
    for rejection in response.json()["rejections"]:
        for reason in rejection["reasons"]:
            assert " ".join(reason.split()) in shown


async def test_what_the_page_tells_takes_back_and_corrects_is_taken(recorded: Forebear) -> None:
    before = now()
    summary = await record(recorded, *TOLD)
    assert summary.rejections == []
    query = (
        """query($t: DateTime) { run(id: "run:tidy-1", asKnownAt: $t) { status configuration trainedOn { nodes { id } } } }"""
    )
    assert (await ask(recorded, query))["run"] == {
        "status": "RUNNING",
        "configuration": {"lr": 0.1},
        "trainedOn": {"nodes": []},
    }
    assert (await ask(recorded, query, t=before))["run"] == {
        "status": "RUNNING",
        "configuration": {"lr": 0.0001},
        "trainedOn": {"nodes": [{"id": "dataset:bridge_orig@1.0.0"}]},
    }
