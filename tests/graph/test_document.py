"""JSON documents are compared by value, and read with what may stand before them."""

import codecs
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.graph.document import MAX_DEPTH, InvalidDocument, canonical, decode, json_text, same, text_of

NUMBERS = st.one_of(
    st.integers(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**60), 2**60).map(float),
)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(DOCUMENTS)
def test_a_document_is_the_same_once_it_is_read_again_and_however_it_is_written(document: object) -> None:
    assert canonical(json.loads(json.dumps(document))) == canonical(decode(json_text(document))) == canonical(document)
    assert canonical(decode(canonical(document))) == canonical(document)
    assert same(json.dumps(document, indent=1), json_text(document))


@given(NUMBERS, NUMBERS)
def test_numbers_are_the_same_where_their_values_are(one: float, other: float) -> None:
    assert (canonical({"n": [one]}) == canonical({"n": [other]})) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"lr": 1}', '{"lr": 1.0}'), ("1000", "1e3"), ("0.0", "-0.0"), ("0", "-0"), ('{"a": 1, "b": 2}', '{"b": 2, "a": 1}'),
        ('"\\u00e9"', '"é"'), ("0.1", "1e-1"), ("18446744073709551616", "1.8446744073709551616e19"),
        ("[1e21]", "[1000000000000000000000]"),
    ],
)  # fmt: skip
def test_one_value_may_be_written_in_two_ways(one: str, other: str) -> None:
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("9007199254740993", "9007199254740992"),
        ("1", "true"),
        ("0", "false"),
        ('"1"', "1"),
        ("[1, 2]", "[2, 1]"),
        ("null", "0"),
    ],
)
def test_other_values_are_others(one: str, other: str) -> None:
    assert not same(one, other)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400"])
def test_a_number_that_json_does_not_know_is_refused_by_where_it_stands(number: str) -> None:
    with pytest.raises(InvalidDocument) as refused:
        text_of(decode(f'{{"a": [1, {{"b": {number}}}]}}'))
    assert str(refused.value) == f"a.1.b: {float(number)} is no number of JSON, which knows finite ones only"


def test_a_document_is_not_nested_deeper_than_the_stated_depth() -> None:
    deepest = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert text_of(decode(deepest)) == deepest
    for depth in (MAX_DEPTH + 1, 481, 900):
        with pytest.raises(InvalidDocument, match=rf"^must be nested at most {MAX_DEPTH} deep$"):
            text_of(decode("[" * depth + "]" * depth))
    with pytest.raises(InvalidDocument, match=r"^it is nested too deeply$"):
        decode("[" * 100_000)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert decode(codecs.BOM_UTF8 + b"[1]") == decode("\ufeff[1]") == [1]


@pytest.mark.parametrize("text", [b"", b"{", b"[1,]", b"\xff", b"nan", b"[NaN", b'"\\ud800"'])
def test_what_is_no_json_says_so(text: bytes) -> None:
    with pytest.raises(InvalidDocument):
        decode(text)
