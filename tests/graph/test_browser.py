"""A statement is printed whole, so that it runs in Neo4j Browser as it is."""

import re

import pytest

from forebear.graph.kinds import GRAPH
from forebear.graph.query.browser import of_question
from forebear.graph.query.dialect import Dialect, Engine, InvalidStatement
from forebear.graph.query.question import parse
from forebear.store.statements import NoSuchStatement, names, whole

NOW = "2026-11-23T14:52:06.000000Z"
SOURCE = """\
// Which runs were trained on a dataset.
//
// parameter dataset ID(Dataset, DatasetVersion)!: The dataset.
// parameter order Order(FIRST, LAST)! = FIRST: Which comes first.
// parameter most Int(1..9)! = 5: How many steps.
// parameter names [String!]: Some names.
// parameter exact Boolean: Whether to look closely.
// parameter until DateTime: Until when.
// time at
// answers [Trained]: A run.
// column run Run!: The run.
// column since DateTime: Since when.
MATCH (d /* of dataset */ {id: $dataset})<-[on:TRAINED_ON]-(run:Run) WHERE run.startedAt <= $at AND run.name IN $names
WITH run WHERE $order = 'FIRST' AND $most > 1 AND $exact AND run.startedAt < $until
RETURN run, run.startedAt AS since
ORDER BY run.id
"""


def test_a_question_is_printed_with_its_columns_and_a_value_for_each_parameter() -> None:
    assert of_question(parse("trained", SOURCE, GRAPH), GRAPH, Dialect(GRAPH, Engine.NEO4J), NOW) == (
        ':param dataset => "dataset:x";\n'
        ':param order => "FIRST";\n'
        ":param most => 5;\n"
        ":param names => null;\n"
        ":param exact => null;\n"
        f':param until => "{NOW}";\n'
        f':param at => "{NOW}";\n'
        "\n"
        "// trained: Which runs were trained on a dataset.\n"
        "//\n"
        "// $dataset ID(Dataset, DatasetVersion)!: The dataset.\n"
        "// $order Order(FIRST, LAST)!: Which comes first.\n"
        "// $most Int(1..9)!: How many steps.\n"
        "// $names [String!]: Some names.\n"
        "// $exact Boolean: Whether to look closely.\n"
        "// $until DateTime: Until when.\n"
        "// $at DateTime!: The moment in the world that the question is about.\n"
        "MATCH (d:Dataset|DatasetVersion {id: $dataset})<-[on:TRAINED_ON]-(run:Run) "
        "WHERE run.startedAt <= $at AND run.name IN $names\n"
        "WITH run WHERE $order = 'FIRST' AND $most > 1 AND $exact AND run.startedAt < $until\n"
        "RETURN run,\n"
        "  run.startedAt AS since\n"
        "ORDER BY run.id;\n"
    )


def test_what_decisions_rest_on_is_printed_as_each_engine_takes_it() -> None:
    neo4j, embedded = (whole("build_facts", GRAPH, engine, NOW) for engine in (Engine.NEO4J, Engine.EMBEDDED))
    assert neo4j.startswith(
        f':param input => ({{version: "", target: "", toolchain: "", now: "{NOW}"}});\n\n'
        "// build_facts: What an artifact is said to be built from and for, and what of it is recalled. One row.\n//\n"
        "// $version ID(ModelVersion): The version.\n// $target ID(HardwareTarget): The hardware target.\n"
        "// $toolchain String: The toolchain that is said to have built it.\n"
        "// $now DateTime!: Now.\nOPTIONAL MATCH (named:ModelVersion {id: $input.version})\n"
    )
    assert "{id: $input.version}" in neo4j
    assert embedded.startswith(':param version => "";\n:param target => "";\n')
    assert "{id: $version}" in embedded


@pytest.mark.parametrize("name", ["what_was_running", "whatWasRunning", "what-was-running"])
def test_a_question_is_named_as_its_file_its_field_or_its_command(name: str) -> None:
    assert "\n// what_was_running: Lists what was running " in whole(name, GRAPH, Engine.EMBEDDED, NOW)


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize("name", names())
def test_every_parameter_has_a_value_and_every_mark_is_filled_in(name: str, engine: Engine) -> None:
    text = whole(name, GRAPH, engine, NOW)
    given = re.findall(r"^:param (\w+) => ", text, re.M)
    statement = text.split("\n//\n", 1)[1]
    assert {*re.findall(r"\$(\w+)", re.sub(r"^//.*$", "", statement, flags=re.M))} == {*given}
    assert "/*" not in text


def test_a_wrong_name_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(NoSuchStatement) as refused:
        whole("place_fact", GRAPH, Engine.NEO4J, NOW)
    assert str(refused.value) == (
        f"no question or facts are called 'place_fact'; did you mean 'place_facts'? There are {', '.join(names())}."
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("search", "search is about now only, so there is no statement of it as it was known"),
        ("lineage_diff", "lineage_diff names its moments of knowledge itself, so there is no statement of it as it was known"),
        ("place_facts", "place_facts are read for a decision, so there is no statement of them as they were known"),
    ],
)
def test_what_is_not_asked_as_it_was_known_says_so(name: str, reason: str) -> None:
    with pytest.raises(InvalidStatement) as refused:
        whole(name, GRAPH, Engine.NEO4J, NOW, as_known=True)
    assert str(refused.value) == reason
