"""Actions take their locks in one order of kinds, so that no two wait for each other in a circle."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from forebear.actions.action import Action
from forebear.actions.catalogue import ACTIONS
from forebear.graph.query.dialect import Engine
from forebear.store.statements import facts

ROOT = Path(__file__).parents[2]
KINDS = (
    "ExternalId", "Model", "Checkpoint", "Experiment", "ModelVersion", "ReleaseLine", "Release", "Artifact", "Fleet", "Cohort",
    "Deployment", "Robot",
)  # fmt: skip
"""The order, as docs/explanation/architecture.md has it."""

NAMES = (
    "external", "model", "checkpoint", "experiment", "version", "line", "release", "artifact", "fleet", "cohort", "asked",
    "robot",
)  # fmt: skip
VARIABLES = dict(zip(NAMES, KINDS, strict=True))
"""What the facts statements call a node of each kind where they lock it."""

STATEMENTS = facts(Engine.EMBEDDED, ROOT / "cypher" / "actions")


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_an_action_takes_its_locks_in_the_one_order(action: Action) -> None:
    locked = [name for fact in action.facts for name in re.findall(r"REMOVE (\w+)\.lock", STATEMENTS[fact].text)]
    order = [KINDS.index(VARIABLES[name]) for name in locked]
    assert locked
    assert order == sorted(order)


def test_a_statement_locks_what_it_calls_by_the_name_of_its_kind() -> None:
    for statement in STATEMENTS.values():
        for name in re.findall(r"REMOVE (\w+)\.lock", statement.text):
            assert re.search(rf"\({name}:{VARIABLES[name]}\b", statement.text), (statement.name, name)


def test_the_order_is_written_down() -> None:
    assert " → ".join(KINDS) in (ROOT / "docs" / "explanation" / "architecture.md").read_text("utf-8")
