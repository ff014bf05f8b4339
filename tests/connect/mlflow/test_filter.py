"""MLflow's filters: what they say, what is wrong with them, and that their patterns mean what they say."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.connect.mlflow.errors import MlflowError
from forebear.connect.mlflow.filter import IS_PROMPT, MODELS, VERSIONS, FilterTerm, Patterns, parse, select
from forebear.domain.tagging import listed
from forebear.graph.document import json_text

LIST = "While parsing a list in the query, expected"


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", ()),
        ("  ", ()),
        ("name = 'a'", (FilterTerm("name", "=", "a"),)),
        ('attribute.name != "a b"', (FilterTerm("name", "!=", "a b"),)),
        (
            "name ilike 'A%' and tags.`my key` LIKE '_x' AND tag.\"other\"='1'",
            (
                FilterTerm("name", "ILIKE", "A%"),
                FilterTerm("my key", "LIKE", "_x", tag=True),
                FilterTerm("other", "=", "1", tag=True),
            ),
        ),
        ("tag.a.b-c = ''", (FilterTerm("a.b-c", "=", "", tag=True),)),
        ("run_id IN ('a', \"b\",)", (FilterTerm("run_id", "IN", ("a", "b")),)),
        ("version_number>=3", (FilterTerm("version_number", ">=", 3),)),
        ("version_number != -1", (FilterTerm("version_number", "!=", -1),)),
        ("source_path LIKE 's3://x/%'", (FilterTerm("source_path", "LIKE", "s3://x/%"),)),
        ("name = 'x AND y'", (FilterTerm("name", "=", "x AND y"),)),
    ],
)
def test_a_filter_is_comparisons_joined_by_and(text: str, terms: tuple[FilterTerm, ...]) -> None:
    assert parse(text, VERSIONS) == terms


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = 'a' OR name = 'b'", "Invalid clause(s) in filter string: OR name = 'b'"),
        ("NOT name = 'a'", "Invalid clause(s) in filter string: NOT name = 'a'"),
        ("(name = 'a')", "Invalid clause(s) in filter string: ( name = 'a' )"),
        ("name = 'a' AND", "Invalid clause(s) in filter string: AND"),
        ("name = 'a' name = 'b'", "Invalid clause(s) in filter string: name = 'b'"),
        ("blah", "Invalid clause(s) in filter string: blah"),
        ("name = 'a", "Invalid clause(s) in filter string: 'a"),
        ("name =", "Invalid clause(s) in filter string: name ="),
        (
            "name = a",
            "Parameter value is either not quoted or unidentified quote types used for string value a. Use either single or "
            "double quotes.",
        ),
        ("name = 1", "Expected a quoted string value for attributes. Got value 1"),
        ("tag.a = 1", "Expected a quoted string value for tag (e.g. 'my-value'). Got value 1"),
        ("name > 'a'", "Invalid comparator for attribute name: >"),
        ("name IN ('a')", "Invalid comparator for attribute name: IN"),
        ("tag.a IN ('a')", "Invalid comparator for tag: IN"),
        ("name == 'a'", "Invalid comparator for attribute name: =="),
        ("version_number LIKE '1'", "Invalid comparator for attribute version_number: LIKE"),
        ("version_number = 'one'", "Invalid value for numeric attribute 'version_number': 'one'"),
        ("version_number = 1.5", "Invalid value for numeric attribute 'version_number': 1.5"),
        ("run_id IN ()", f"{LIST} a non-empty list of string values, but got empty list"),
        ("run_id IN (a)", f"{LIST} a non-empty list of string values, but got ill-formed list."),
        ("run_id IN ('a' 'b')", f"{LIST} a non-empty list of string values, but got ill-formed list."),
        ("run_id IN ('a',", f"{LIST} a non-empty list of string values, but got ill-formed list."),
        ("run_id IN (1, 2)", f"{LIST} string value, punctuation, or whitespace, but got different type in list: 1"),
        ("metric.a = 'b'", "Invalid entity type 'metric'. Valid entity types are ('attribute', 'tag', 'tags')"),
    ],
)
def test_what_is_wrong_with_a_filter_is_said_in_the_words_of_mlflow(text: str, message: str) -> None:
    with pytest.raises(MlflowError) as refusal:
        parse(text, VERSIONS)
    assert (refusal.value.code, str(refusal.value)) == ("INVALID_PARAMETER_VALUE", message)


def test_models_are_found_by_name_and_tag_alone() -> None:
    with pytest.raises(MlflowError, match=re.escape("Invalid attribute key 'run_id' specified. Valid keys are '['name']'")):
        parse("run_id = 'a'", MODELS)


def test_bounds_of_a_number_come_together() -> None:
    chosen = select(
        parse("version_number > 2 AND version_number <= 9 AND version_number < 8 AND version_number != 5", VERSIONS)
    )
    assert (chosen.least, chosen.most, chosen.other_than) == (3, 7, [5])


def test_a_name_that_is_named_is_the_only_one_to_look_at() -> None:
    assert select(parse("name = 'a' AND tag.k = 'v'", MODELS)).names == ["a"]
    assert select(parse("name = 'a' AND name = 'b'", MODELS)).names == []
    assert select(parse("name LIKE 'a'", MODELS)).names is None


def fits(patterns: Patterns, value: str) -> bool:
    """Whether a value matches what it must match, and nothing that it must not."""
    return all(re.fullmatch(p, value) for p in patterns.matching) and not any(re.fullmatch(p, value) for p in patterns.avoiding)


def meets(text: str, tags: dict[str, str]) -> bool:
    """Whether tags meet a filter."""
    return fits(select(parse(text, MODELS)).of["tags"], json_text(listed(tags)))


def test_prompts_are_left_out_unless_a_filter_names_them() -> None:
    prompt, model = {IS_PROMPT: "true", "a": "b"}, {"a": "b"}
    none = f"tag.`{IS_PROMPT}` != 'true'"
    for text, found in {
        "": [model], none: [model], f"tag.a = 'b' AND {none}": [model], f"tag.`{IS_PROMPT}` = 'false'": [model],
        f"tag.`{IS_PROMPT}` = 'true'": [prompt], f"tag.`{IS_PROMPT}` != 'false'": [prompt],
    }.items():  # fmt: skip
        assert [tags for tags in (prompt, model) if meets(text, tags)] == found, text


TEXTS = st.text(st.sampled_from(list('aAbB%_"\\\n\t\x01é{}:,.*ß')), max_size=6)


def like(value: str, pattern: str, *, any_case: bool) -> bool:
    """Whether a text is like a pattern, told character by character."""
    if not pattern:
        return not value
    head, rest = pattern[0], pattern[1:]
    if head == "%":
        return any(like(value[n:], rest, any_case=any_case) for n in range(len(value) + 1))
    same = value[:1] == head or (any_case and value[:1].lower() == head.lower())
    return bool(value) and (head == "_" or same) and like(value[1:], rest, any_case=any_case)


@given(st.dictionaries(st.sampled_from(["k", 'x"y', "K"]), TEXTS, max_size=3), TEXTS)
def test_a_pattern_finds_the_tags_that_its_comparison_means(tags: dict[str, str], value: str) -> None:
    def found(operator: str, key: str = "k") -> bool:
        return fits(select([FilterTerm(key, operator, value, tag=True)]).of["tags"], json_text(listed(tags)))

    has = tags.get("k")
    assert found("=") == (has == value)
    assert found("!=") == (has is not None and has != value)
    assert found("LIKE") == (has is not None and like(has, value, any_case=False))
    assert found("ILIKE") == (has is not None and like(has, value, any_case=True))
    assert found("=", 'x"y') == (tags.get('x"y') == value)


@given(TEXTS, TEXTS)
def test_a_pattern_finds_the_names_that_its_comparison_means(name: str, value: str) -> None:
    def found(operator: str) -> bool:
        return fits(select([FilterTerm("name", operator, value)]).of["name"], name)

    assert (found("="), found("!=")) == (name == value, name != value)
    assert (found("LIKE"), found("ILIKE")) == (like(name, value, any_case=False), like(name, value, any_case=True))


@given(st.text(max_size=40))
def test_any_text_is_a_filter_or_is_refused(text: str) -> None:
    with contextlib.suppress(MlflowError):
        assert isinstance(parse(text, VERSIONS), tuple)
