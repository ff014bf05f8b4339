"""A condition of Cypher stands once: what several statements need is a rule."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import pytest

from forebear.graph.query.lexer import Lexeme, Word, closing, tokens
from forebear.graph.query.mention import CLAUSES, SUBQUERIES
from forebear.store.statements import directory

LONG = 128
"""How many characters a condition may have and stand twice: those of one line."""

SHORT = "validTo > ", "validFrom <= "
"""What no statement says of an interval, however short: `holds`, `lasts` and `within` do."""

FILES = sorted(directory("cypher").rglob("*.cypher"))


def written(source: str) -> list[Lexeme]:
    """The words of a statement, without space and comments."""
    return [token for token in tokens(source) if token.word not in (Word.SPACE, Word.COMMENT)]


def conditions(read: Sequence[Lexeme]) -> dict[tuple[int, int], str]:
    """Every subquery, and of every condition behind a WHERE each run of its parts between ANDs: by where it begins and ends."""
    found: dict[tuple[int, int], str] = {}
    for i, token in enumerate(read):
        if token.text in SUBQUERIES and i + 1 < len(read) and read[i + 1].text == "{":
            end = (closing(read, i + 1) or i) + 1
            found[i, end] = text(read[i:end])
        if token.text == "WHERE":
            starts = [*parts(read, i + 1)]
            for first, (start, _) in enumerate(starts):
                found |= {(start, end): text(read[start:end]) for _, end in starts[first:]}
    return found


def parts(read: Sequence[Lexeme], i: int) -> Iterator[tuple[int, int]]:
    """Where the parts between ANDs begin and end of a condition that begins at an index."""
    start = i
    while i < len(read) and read[i].text not in (*CLAUSES, ")", "]", "}", "|"):
        if read[i].text == "AND":
            yield start, i
            start = i + 1
        i = (closing(read, i) or i) + 1 if read[i].text in ("(", "[", "{") else i + 1
    yield start, i


def text(read: Sequence[Lexeme]) -> str:
    return " ".join(token.text for token in read)


def repeated(sources: dict[str, str]) -> list[str]:
    """The long conditions that stand more than once, each with where; of those that overlap, the longest."""
    places: dict[str, list[str]] = defaultdict(list)
    for name, source in sources.items():
        read = written(source)
        for (start, _), condition in conditions(read).items():
            if len(condition) > LONG:
                places[condition].append(f"{name}:{read[start].line}")
    twice = {condition: where for condition, where in places.items() if len(where) > 1}
    return [
        f"{', '.join(where)}: {condition}"
        for condition, where in twice.items()
        if not any(condition != other and condition in other and len(where) == len(twice[other]) for other in twice)
    ]


def test_no_long_condition_stands_twice() -> None:
    """One that does gets a name in `cypher/rules`."""
    assert repeated({f.stem: f.read_text("utf-8") for f in FILES}) == []


def test_only_rules_say_when_an_interval_holds() -> None:
    statements = {f.stem: f.read_text("utf-8") for f in FILES if f.parent.name != "rules"}
    found = {name: [short for short in SHORT if short in source] for name, source in statements.items()}
    assert {name: shorts for name, shorts in found.items() if shorts} == {}


CONDITION = (
    "EXISTS { MATCH (release)<-[about:ABOUT]-(decision:Decision) WHERE decision.type = 'OVERRIDE' AND decision.state IS NULL }"
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"WITH a WHERE {CONDITION}\nRETURN a", f"WITH b WHERE b.x AND {CONDITION} RETURN b"),
        (f"RETURN {CONDITION} AS a", "RETURN 1 AS b,\n  " + CONDITION.replace(" WHERE", "\n    WHERE") + " AS a"),
        (f"WHERE a AND b.{'x' * LONG} AND c RETURN a", f"WHERE a AND b.{'x' * LONG} AND d RETURN a"),
    ],
)
def test_a_long_condition_that_stands_twice_is_found(one: str, other: str) -> None:
    (found,) = repeated({"one": one, "other": other})
    assert found.startswith("one:1, other:")
    assert repeated({"one": one, "other": "// " + other.replace("\n", "")}) == []
