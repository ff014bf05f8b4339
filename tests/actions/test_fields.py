"""The fields of nodes that ask a question answer as the root question does, about that node."""

from __future__ import annotations

from typing import Any

import pytest

from forebear.app import Forebear
from forebear.graph.kinds import GRAPH
from forebear.graph.query.node_question import of_nodes
from forebear.graph.query.question import Question
from forebear.store.statements import questions
from forebear.view.questions import asked
from tests.actions.plant import CANARY, FLEET
from tests.actions.test_card import worked
from tests.actions.world import EVA, LINE, VERSION, done
from tests.record.asking import ask, now, record

SUBJECTS = {
    "Robot": "robot:a",
    "Fleet": FLEET,
    "Cohort": CANARY,
    "Site": "site:hall",
    "ModelVersion": VERSION,
    "HardwareTarget": "target:orin",
    "Release": "release:picker@9/ur5e-orin",
    "Deployment": "deployment:3",
}
"""The node of each kind that is asked about."""
FIELDS = [
    (question, field)
    for question in questions(GRAPH)
    for field in of_nodes(question, GRAPH)
    # Those of incidents ask at the incident's moment; see test_card.py. That of a model takes its parameter.
    if field.on[0] in SUBJECTS
]


async def answered(registry: Forebear, question: Question, id: str, **moments: Any) -> Any:
    """What answers a question about a node: its own field, or the root field whose parameter is the node."""
    form = asked(question, GRAPH)
    ((parameter, _),) = [*question.taking.takes.items()] if question.taking else [(form.arguments[0], None)]
    answer = await ask(registry, form.document, **{"id" if question.on else parameter: id}, **moments)
    for step in form.path:
        answer = answer[step]
    return answer


@pytest.fixture
async def world(registry: Forebear) -> Forebear:
    """A fleet at a site that ran one build, then another, and has a third deployment. A candidate waits."""
    await worked(registry)
    hall = {"id": "site:hall", "validFrom": "2026-01-01T00:00:00Z"}
    summary = await record(registry, {"kind": "Site", "id": "site:hall"}, {"kind": "Fleet", "id": FLEET, "sites": [hall]})
    assert summary.rejections == []
    await done(
        registry,
        EVA,
        "registerCandidate",
        versions=[{"kind": "ModelVersion", "id": "model:picker@9", "weightsDigest": f"sha256:{64 * '9'}"}],
        lines=[LINE],
    )
    return registry


async def test_every_field_of_a_node_answers_as_its_root_question_does(world: Forebear) -> None:
    known = now()
    answers: dict[str, Any] = {}
    for question, field in FIELDS:
        id = SUBJECTS[field.on[0]]
        for moments in ({},) if question.timeless or question.decided else ({}, {"asKnownAt": known}):
            answer = await answered(world, field, id, **moments)
            assert answer == await answered(world, question, id, **moments), (field.on, question.name, moments)
            answers[f"{field.on[0]}.{field.taking.name if field.taking else ''}"] = answer
    empty = [name for name, answer in answers.items() if answer.get("totalCount") == 0]
    assert empty == []
