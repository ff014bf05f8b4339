"""Each document that stands in `view/` is one that the schema answers."""

import importlib
import pkgutil
import re

import pytest
from graphql import parse, validate

import forebear.view
from forebear.app import schema_of
from forebear.graph.kinds import GRAPH
from forebear.view.nodes import document_of

DOCUMENTS = {
    f"{module.name}.{name}": value
    for module in pkgutil.iter_modules(forebear.view.__path__)
    for name, value in vars(importlib.import_module(f"forebear.view.{module.name}")).items()
    if isinstance(value, str) and re.match(r"query\b|mutation\b|\{", value)
}


def test_there_are_documents_to_check() -> None:
    assert {"actors.TOKENS", "nodes.VERSION", "policies.SIMULATE", "questions.LINEAGE"} <= DOCUMENTS.keys()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_one_of_the_schema(name: str) -> None:
    assert validate(schema_of().core, parse(DOCUMENTS[name])) == []


@pytest.mark.parametrize("kind", GRAPH.kinds)
def test_the_document_of_a_kind_is_one_of_the_schema(kind: str) -> None:
    assert validate(schema_of().core, parse(document_of(GRAPH, kind))) == []
