"""Whatever stands in an argument, the answer is an answer or says what is wrong with it: no error comes from inside."""

from __future__ import annotations

import json
import random

from forebear.app import Forebear
from forebear.identity.actors import DEVELOPMENT
from forebear.store import Engine, Store
from tests.api.hostile import Hostile
from tests.record.asking import history
from tests.soak import SOAK

FROM_INSIDE = {"INTERNAL", "DATABASE_ERROR", "INVALID_RESULT"}
SINCE = "2026-01-01T00:00:00Z"
FACTS = [
    {"kind": "HardwareTarget", "id": "target:q"},
    {"kind": "ReleaseLine", "id": "line:q", "target": "target:q"},
    {"kind": "Fleet", "id": "fleet:q", "lines": [{"id": "line:q", "validFrom": SINCE}]},
    {"kind": "Robot", "id": "robot:q", "memberOf": [{"id": "fleet:q", "validFrom": SINCE}]},
    {"kind": "DatasetVersion", "id": "dataset:d@1", "name": "d"},
    {"kind": "Run", "id": "run:r", "trainedOn": [{"id": "dataset:d@1"}]},
    {"kind": "Checkpoint", "id": "checkpoint:c", "producedBy": "run:r"},
    {"kind": "ModelVersion", "id": "model:m@1", "promotedFrom": ["checkpoint:c"]},
    {"kind": "Release", "id": "release:m@1/q", "version": "model:m@1", "line": "line:q", "state": "APPROVED"},
    {"kind": "Artifact", "id": "artifact:a", "state": "AVAILABLE", "builtFrom": "model:m@1", "target": "target:q"},
    {
        "kind": "Deployment",
        "id": "deployment:x",
        "state": "ACTIVE",
        "validFrom": SINCE,
        "artifact": "artifact:a",
        "on": "fleet:q",
    },
]
IDS = {fact["kind"]: fact["id"] for fact in FACTS}


async def test_no_error_comes_from_inside(store: Store) -> None:
    registry = await Forebear.on(store)
    await history(registry, *FACTS)
    # Neo4j plans each for tens of milliseconds, and what is refused is refused before it.
    count = (600 if store.engine is Engine.EMBEDDED else 150) * SOAK
    hostile = Hostile(registry.schema.core, IDS, random.Random(7))
    found = {}
    for query, variables in hostile.operations(count):
        answer = await registry.executor.answer(query, variables, None, registry.context(DEVELOPMENT))
        codes = {e.get("extensions", {}).get("code") for e in json.loads(answer.body).get("errors", ())}
        if codes & FROM_INSIDE:
            found[query] = (codes, variables)
    assert found == {}
