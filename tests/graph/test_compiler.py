"""Whole operations and the whole statements that they become: two engines, now and as known at a moment."""

from functools import cache

import graphql
import pytest
from graphql import OperationDefinitionNode
from graphql.execution.values import VariableValues, get_variable_values

from forebear.api.plan.selection import Operation
from forebear.api.schema import Schema, build
from forebear.graph.declaration import Graph, Node
from forebear.graph.facts import Facts
from forebear.graph.query.compiler import compile
from forebear.graph.query.dialect import Dialect, Engine
from forebear.graph.query.question import parse
from tests.graph.cases import cases
from tests.graph.tiny import TINY, Car, Wheel

CASES = {case.name: case for case in cases("compiler.md")}


class Decision(Node, prefix="decision"):
    """What was decided: the outcome of a mutation tells of it in every schema."""


@cache
def schema() -> Schema:
    """Of the tiny graph, with the questions of all cases."""
    files = {label: text for case in CASES.values() for label, text in case.items() if label.startswith("question ")}
    questions = [parse(label.removeprefix("question "), text, TINY) for label, text in files.items()]
    governed = Graph((Wheel, Car, Decision))
    return build(governed, questions, Facts(governed), ())


def compiled(query: str, engine: Engine, variables: dict[str, str]) -> str:
    (operation,) = graphql.parse(query).definitions
    assert isinstance(operation, OperationDefinitionNode)
    coerced = get_variable_values(schema().core, operation.variable_definitions or (), variables)
    assert isinstance(coerced, VariableValues)
    return compile(Operation(schema().core, {}, operation, coerced).roots(), TINY, Dialect(TINY, engine)).text


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize("moment", ["now", "as known"])
@pytest.mark.parametrize("name", CASES)
def test_the_operation_becomes(name: str, moment: str, engine: Engine) -> None:
    case = CASES[name]
    variables = {"known": "2026-11-01T00:00:00Z"} if moment == "as known" else {}
    both = f"{moment}, both engines"
    case.compare(both if both in case else f"{moment}, {engine}", compiled(case["query"], engine, variables))
