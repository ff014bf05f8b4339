"""No document can occupy the service: what is too deep, too wide or too costly is refused, quickly."""

import pytest
from graphql import GraphQLError, parse

from forebear.api.answering.executor import Executor
from forebear.api.document import limits
from forebear.api.document.errors import RequestError
from forebear.api.plan.variables import coerce
from forebear.app import schema_of
from forebear.graph.kinds import GRAPH
from forebear.graph.query.dialect import Dialect, Engine


@pytest.fixture(scope="module")
def executor() -> Executor:
    """It never comes to its store here."""
    return Executor(schema_of(), None, Dialect(GRAPH, Engine.NEO4J))  # type: ignore[arg-type]


def cost(executor: Executor, query: str, variables: dict[str, object] | None = None) -> int:
    document = executor.document(query, None)
    coerced = coerce(executor.schema.core, document, variables)
    return executor.planner.parameters(executor.planner.plan(document, coerced), coerced)[1]


def refused(executor: Executor, query: str, variables: dict[str, object] | None = None) -> tuple[str, str]:
    with pytest.raises(RequestError) as caught:
        cost(executor, query, variables)
    error = caught.value.errors[0]
    return error.extensions["code"], error.message


def test_too_deep(executor: Executor) -> None:
    assert refused(executor, "{ models { nodes " + "{ versions { nodes " * 13 + "{ id }" + " } }" * 13 + " } }") == (
        "TOO_DEEP",
        "the operation is 29 fields deep; at most 25 are answered",
    )


def test_too_wide(executor: Executor) -> None:
    fields = " ".join(f"a{i}: id" for i in range(1001))
    assert refused(executor, "{ models { nodes { " + fields + " } } }") == (
        "TOO_WIDE",
        "the operation comes to 1003 fields; at most 1000 are answered",
    )


def test_fragments_that_double_at_each_level_are_counted_without_being_followed(executor: Executor) -> None:
    levels = 24
    fragments = " ".join(f"fragment F{i} on Model {{ ...F{i + 1} ... {{ ...F{i + 1} }} }}" for i in range(levels))
    query = f"{{ models {{ nodes {{ ...F0 }} }} }} {fragments} fragment F{levels} on Model {{ id }}"
    assert refused(executor, query)[0] == "TOO_WIDE"


def test_fragments_in_a_circle_are_refused(executor: Executor) -> None:
    query = "{ models { nodes { ...A } } } fragment A on Model { ...B } fragment B on Model { ...A }"
    code, message = refused(executor, query)
    assert (code, "Cannot spread fragment" in message) == ("INVALID_DOCUMENT", True)


def test_too_many_directives(executor: Executor) -> None:
    query = "{ " + " ".join("... @skip(if: false) @include(if: true) { __typename }" for _ in range(26)) + " }"
    assert refused(executor, query)[0] == "TOO_WIDE"


def test_too_many_root_fields(executor: Executor) -> None:
    assert refused(executor, "{ " + " ".join(f"a{i}: __typename" for i in range(31)) + " }")[0] == "TOO_WIDE"


def test_too_many_tokens(executor: Executor) -> None:
    assert refused(executor, "{ " + "id " * 5000 + "}")[0] == "TOO_LONG"


def test_too_long(executor: Executor) -> None:
    assert refused(executor, "{ id }" + " " * limits.MAX_LENGTH)[0] == "TOO_LONG"


QUERY = """query ($n: Int) {
  runs(first: $n) { nodes { checkpoints(first: $n) { nodes { promotions(first: $n) { nodes { id } } } } } }
}"""


def test_the_cost_is_reckoned_by_each_requests_own_variables(executor: Executor) -> None:
    assert cost(executor, QUERY, {"n": 3}) == 1 + 3 + 9 + 27
    assert refused(executor, QUERY, {"n": 1000}) == (
        "TOO_COSTLY",
        "the operation may come to 1001001001 rows; at most 5000000 are answered: lower `first`",
    )


NESTED = "nodes { checkpoints%s { nodes { promotions%s { nodes { id } } } } }"


@pytest.mark.parametrize("first", ["(first: null)", "(first: $n)", ""])
def test_the_cost_is_that_of_the_rows_that_are_answered_where_none_are_asked_for(executor: Executor, first: str) -> None:
    query = f"query{' ($n: Int)' if '$' in first else ''} {{ runs{first} {{ {NESTED % (first, first)} }} }}"
    for variables in ({}, {"n": None}):
        assert cost(executor, query, variables) == 1 + 20 + 20**2 + 20**3


def test_a_default_that_a_document_names_is_counted(executor: Executor) -> None:
    query = QUERY.replace("$n: Int", "$n: Int = 7")
    assert cost(executor, query) == 1 + 7 + 7**2 + 7**3
    assert cost(executor, query, {"n": None}) == 1 + 20 + 20**2 + 20**3


def test_nodes_by_their_ids_cost_as_many_as_there_are_ids(executor: Executor) -> None:
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Run { checkpoints(first: 10) { nodes { id } } } } }"
    assert cost(executor, query, {"ids": [f"run:{n}" for n in range(30)]}) == 1 + 30 + 30 * 10


def test_variables_that_are_not_used_are_not_looked_at(executor: Executor) -> None:
    deep: object = 1
    for _ in range(900):
        deep = [deep]
    assert cost(executor, "{ models { totalCount } }", {"deep": deep, "many": [{}] * 10_000, "long": "x" * 1_000_000}) == 21


def test_texts_of_a_query_are_no_longer_than_a_document(executor: Executor) -> None:
    query = "query ($t: String!) { search(text: $t) { totalCount } }"
    assert refused(executor, query, {"t": "x" * 100_001}) == (
        "TOO_LONG",
        "the texts of the variables have more than 100000 characters",
    )


def test_json_is_as_deep_in_a_mutation_as_in_a_fact(executor: Executor) -> None:
    query = "mutation ($facts: [FactInput!]!) { record(facts: $facts) { __typename } }"
    deep: object = 1
    for _ in range(64):
        deep = [deep]
    document = executor.document(query, None)
    assert coerce(executor.schema.core, document, {"facts": [{"run": {"id": "run:a", "configuration": deep}}]})
    for _ in range(20):
        deep = [deep]
    with pytest.raises(RequestError) as caught:
        coerce(executor.schema.core, document, {"facts": [{"run": {"id": "run:a", "configuration": deep}}]})
    assert caught.value.errors[0].extensions == {"code": "TOO_DEEP"}
    literal = "[" * 81 + "]" * 81
    query = f'mutation {{ record(facts: [{{run: {{id: "run:a", configuration: {literal}}}}}]) {{ __typename }} }}'
    assert refused(executor, query) == ("TOO_DEEP", "a value in the document is more than 80 values deep")


def test_what_is_nested_too_deeply_to_be_read_names_the_limits(executor: Executor) -> None:
    for query in (f"{{ runs(first: {'[' * 1_900}) }}", "{ runs " * 1_900):
        assert refused(executor, query) == ("TOO_DEEP", limits.TOO_NESTED)
    assert refused(executor, "{ runs(first: token")[0] == "SYNTAX_ERROR"


def test_what_is_too_intricate_to_validate_names_the_limit(executor: Executor) -> None:
    fields = " ".join("a: id" for _ in range(330))
    code, message = refused(executor, f"{{ models {{ nodes {{ {fields} }} }} }}")
    assert (code, "50000 comparisons" in message) == ("TOO_WIDE", True)


def test_variables_are_limited_as_documents_are(executor: Executor) -> None:
    query = "query ($filter: RunFilter) { runs(filter: $filter) { totalCount } }"
    nested: dict[str, object] = {"name": {"eq": "a"}}
    for _ in range(30):
        nested = {"not": nested}
    assert refused(executor, query, {"filter": nested}) == ("TOO_DEEP", "the variables are more than 25 values deep")
    wide = {"or": [{"name": {"eq": "a"}}] * 300}
    message = "the variables have more than 500 objects: ask in parts"
    assert refused(executor, query, {"filter": wide}) == ("TOO_WIDE", message)
    assert cost(executor, query, {"filter": {"not": {"or": [{"name": {"eq": "a"}}] * 3}}})


def test_a_refused_document_is_remembered(executor: Executor) -> None:
    query = "{ nothing }"
    with pytest.raises(RequestError) as first:
        executor.document(query, None)
    with pytest.raises(RequestError) as second:
        executor.document(query, None)
    assert first.value is second.value


def test_what_is_within_the_limits_passes() -> None:
    limits.check(parse("{ models { nodes { id versions { nodes { id } } } } }"))


def test_what_is_beyond_is_a_graphql_error_with_a_code() -> None:
    with pytest.raises(GraphQLError) as caught:
        limits.refuse_cost(limits.MAX_COST + 1)
    assert caught.value.extensions == {"code": "TOO_COSTLY"}
