"""Policies as people write them: YAML 1.2 or JSON, without surprises, and every mistake with its line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.domain.clause import InvalidPolicy, Mistake
from forebear.domain.policy import Policy, parse
from forebear.domain.policy_text import PolicyText, read
from tests.domain.policies import policies


def refused(text: str) -> list[Mistake]:
    with pytest.raises(InvalidPolicy) as error:
        read(text)
    return [*error.value.mistakes]


@given(policies, st.sampled_from([None, 2, "\t"]))
def test_a_policy_in_json_is_read_as_it_was_written(policy: Policy, indent: int | str | None) -> None:
    text = json.dumps(policy.document(), indent=indent)
    assert parse(read(text).document) == policy


texts = st.text(st.characters(codec="utf-8"), max_size=9)


@given(
    st.dictionaries(texts, texts | st.integers(-(2**53), 2**53) | st.booleans() | st.none() | st.floats(-1e9, 1e9), max_size=4)
)
def test_what_json_says_is_what_json_says(document: dict[str, object]) -> None:
    assert read(json.dumps(document)).document == document


def test_yaml_is_read_as_its_version_1_2_says() -> None:
    assert (
        read(
            "country: no\nswitch: on\ndate: 2026-01-01\nmoment: 2026-01-01T00:00:00Z\ndecimal: 010\ntime: 1:30\n"
            "grouped: 1_000\nhexadecimal: 0x1F\nreal: 1e3\nfraction: .5\nnegative: -3\nyes: true\nno: False\n"
            "nothing: ~\nempty:\nid: pack:replay@1\nflow: {pack: pack:replay@1, of: [a, 'b', \"c\"]}\n7: seven\n<<: {a: 1}\n"
        ).document
    ) == {
        "country": "no",
        "switch": "on",
        "date": "2026-01-01",
        "moment": "2026-01-01T00:00:00Z",
        "decimal": 10,
        "time": "1:30",
        "grouped": "1_000",
        "hexadecimal": "0x1F",
        "real": 1000.0,
        "fraction": 0.5,
        "negative": -3,
        "yes": True,
        "no": False,
        "nothing": None,
        "empty": None,
        "id": "pack:replay@1",
        "flow": {"pack": "pack:replay@1", "of": ["a", "b", "c"]},
        "7": "seven",
        "<<": {"a": 1},
    }


def test_each_field_has_its_line_in_yaml_and_in_json() -> None:
    yaml = "# a policy\nriskTier: LOW\nevidence:\n  - pack: pack:a@1\n    metric: m\n\n  - metric: n\n"
    assert read(yaml).lines == {
        "": 2,
        "riskTier": 2,
        "evidence": 3,
        "evidence.0": 4,
        "evidence.0.pack": 4,
        "evidence.0.metric": 5,
        "evidence.1": 7,
        "evidence.1.metric": 7,
    }
    assert read('{\n\t"riskTier": "LOW",\n\t"evidence": [\n\t\t{"metric": "m"}\n\t]\n}').lines == {
        "": 1,
        "riskTier": 2,
        "evidence": 3,
        "evidence.0": 4,
        "evidence.0.metric": 4,
    }


def test_a_mistake_lies_at_its_field_or_where_the_field_should_be() -> None:
    text = PolicyText(None, {"": 1, "evidence": 3, "evidence.0": 4, "evidence.0.metric": 5})
    given = [Mistake(path, "wrong") for path in ("evidence.0.metric", "evidence.0.pack", "evidence.7", "riskTier", "")]
    assert text.located(given) == (
        Mistake("riskTier", "wrong", 1),
        Mistake("", "wrong", 1),
        Mistake("evidence.7", "wrong", 3),
        Mistake("evidence.0.pack", "wrong", 4),
        Mistake("evidence.0.metric", "wrong", 5),
    )


def no_yaml(said: str, line: int | None) -> list[Mistake]:
    return [Mistake("", f"is no YAML: {said}", line)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [Mistake("", "is empty")]),
        ("# nothing\n", [Mistake("", "is empty")]),
        ("a: 1\nb: [", no_yaml("while parsing a flow node: expected the node content, but found '<stream end>'", 2)),
        (
            "a: 1\n\tb: 2",
            no_yaml("while scanning for the next token: found character '\\t' that cannot start any token", 2),
        ),
        (
            "a: \x00",
            no_yaml(
                'unacceptable character #x0000: special characters are not allowed in "<unicode string>", position 3', None
            ),
        ),
        ("a: 1\n---\nb: 2", no_yaml("expected a single document in the stream: but found another document", 2)),
        ("a: &x [1]\nb: *x", no_yaml("aliases are not allowed: write it out", 2)),
        (
            "a: 1\nb: 2\na: 3\nc: {d: 1, d: 2}",
            [
                Mistake("a", "is given twice, before in line 1", 3),
                Mistake("c.d", "is given twice, before in line 4", 4),
            ],
        ),
        ('{"a": 1,\n"a": 2}', [Mistake("a", "is given twice, before in line 1", 2)]),
        (
            "a: !!timestamp 2026-01-01\nb: !!python/name:os.system\nc: !!set {d}\ne: !!int x\nf: !!bool no",
            [
                Mistake("a", "has the tag 'timestamp': write it without a tag", 1),
                Mistake("b", "has the tag 'python/name:os.system': write it without a tag", 2),
                Mistake("c", "has the tag 'set': write it without a tag", 3),
                Mistake("e", "has the tag 'int': write it without a tag", 4),
                Mistake("f", "has the tag 'bool': write it without a tag", 5),
            ],
        ),
        ("? [a, b]\n: 3", [Mistake("", "has a name that is no text", 1)]),
        ("a: " + "9" * 5000, [Mistake("a", "is a number with too many digits", 1)]),
        ("[" * 5000, [Mistake("", "is nested too deeply")]),
        ('{"a":' * 5000, [Mistake("", "is nested too deeply")]),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text: str, expected: list[Mistake]) -> None:
    assert refused(text) == expected


@given(st.text(st.characters(codec="utf-8")) | st.text("a: -[]{}&*!|>'\"\n\t#?,~01"))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert read(text).lines[""] >= 1
    except InvalidPolicy as error:
        told = [*error.mistakes]
    else:
        return
    assert [m for m in told if not m.message] == []


def test_a_byte_order_mark_is_passed_over() -> None:
    for text in ("\ufeffriskTier: LOW", '\ufeff{"riskTier": "LOW"}'):
        assert read(text).document == {"riskTier": "LOW"}


@pytest.mark.parametrize(
    ("text", "path", "number"),
    [('{"a": [1, NaN]}', "a.1", "nan"), ('{"a": -Infinity}', "a", "-inf"), ("a:\n  b: 1e400", "a.b", "inf")],
)
def test_a_number_that_is_not_finite_is_a_mistake_where_it_stands(text: str, path: str, number: str) -> None:
    line = 2 if "\n" in text else 1
    assert refused(text) == [Mistake(path, f"{number} is no number of JSON, which knows finite ones only", line)]
