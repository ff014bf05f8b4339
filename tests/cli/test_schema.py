"""The schema in its four forms."""

import re
from pathlib import Path

from forebear.graph.facts import Facts
from forebear.graph.kinds import GRAPH
from tests.cli.terminal import forebear

ROOT = Path(__file__).parents[2]


def test_graphql_is_what_is_committed() -> None:
    assert forebear("schema", "graphql").out == (ROOT / "schema.graphql").read_text("utf-8")


def test_facts_is_their_json_schema() -> None:
    assert forebear("schema", "facts").json == Facts(GRAPH).json_schema


def test_the_reference_has_every_kind_property_and_edge() -> None:
    text = forebear("schema", "graph").out
    for kind in GRAPH.kinds.values():
        (section,) = (part for part in text.split("\n## ") if part.startswith(f"{kind.name}\n"))
        assert kind.doc in section
        for p in kind.own_properties:
            assert f"| `{p.name}`" in section
        for e in kind.edges:
            assert f"| {e.type.name} | {e.type.edge_class} | {' or '.join(e.targets)} | {e.doc}" in section
    assert (
        "| `dataset` | VERSION_OF | CONTEXT | Dataset | The dataset that it is a version of. |\n"
        "| `derivedFrom` [] | DERIVED_FROM | LINEAGE | DatasetVersion | What it was made of., "
        "`role`: Its use, such as train, validation or finetune., "
        "`weight`: Its sampling weight in the mixture, without a unit. |\n"
    ) in text
    assert "| `guidedBy` [] | GUIDED_BY | LINEAGE | ModelVersion | The models that it learned from., `role`!: " in text


def test_cypher_is_a_whole_statement_of_an_engine() -> None:
    lineage = forebear("schema", "cypher", "lineage").out
    assert re.match(r':param of => "dataset:x";\n', lineage)
    assert "MATCH walk = (start)-[:" in lineage
    embedded = forebear("schema", "cypher", "lineage", "--engine", "embedded", "--as-known-at").out
    assert "MATCH walk" not in embedded
    assert ':param asKnownAt => "20' in embedded


def test_a_wrong_name_is_answered_with_those_that_there_are() -> None:
    failed = forebear("schema", "cypher", "drifft")
    assert (failed.code, failed.out) == (2, "")
    assert failed.err.startswith(
        "forebear: no question or facts are called 'drifft'; did you mean 'drift'? There are aliased, also_running, "
    )
