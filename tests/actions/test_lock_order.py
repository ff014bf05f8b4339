"""Actions take their locks in one order of kinds, so that no two wait for each other in a circle."""

from __future__ import annotations

from pathlib import Path

import pytest

from forebear.graph.kinds import GRAPH
from forebear.graph.query.dialect import Engine
from forebear.store.statements import facts
from forebear.verbs.catalogue import ACTIONS
from forebear.verbs.verb import Action

ROOT = Path(__file__).parents[2]
STATEMENTS = facts(Engine.EMBEDDED, ROOT / "cypher" / "actions")


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_an_action_takes_its_locks_in_the_one_order(action: Action) -> None:
    locked = [kind for name in action.facts for kind in STATEMENTS[name].locks]
    assert locked
    assert locked == sorted(locked, key=GRAPH.lock_order.index)


def test_every_kind_that_is_locked_has_a_place_in_the_order() -> None:
    assert {kind for statement in STATEMENTS.values() for kind in statement.locks} == {*GRAPH.lock_order}


def test_a_statement_locks_each_node_that_it_says_it_locks() -> None:
    for statement in STATEMENTS.values():
        assert len(statement.locks) == statement.text.count(".lock"), statement.name


def test_the_order_is_written_down() -> None:
    assert " → ".join(GRAPH.lock_order) in (ROOT / "docs" / "explanation" / "architecture.md").read_text("utf-8")
