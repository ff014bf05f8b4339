"""One text, two engines, two ways of asking: the forms that are rewritten, and what they become."""

import inspect
import re
import textwrap

import pytest

from forebear.graph.kinds import GRAPH
from forebear.graph.query.dialect import (
    REWRITINGS,
    Dialect,
    Engine,
    InvalidStatement,
    Rewriting,
    anchored,
    shortest_paths,
)
from forebear.graph.query.pattern import misbegun, undeclared
from tests.graph.cases import Case, cases
from tests.graph.tiny import TINY

DIALECTS = {engine: Dialect(TINY, engine) for engine in Engine}


@pytest.mark.parametrize("as_known", [False, True], ids=["now", "as known"])
@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize("case", [*cases("dialect.md")], ids=lambda c: c.name)
def test_it_becomes(case: Case, engine: Engine, as_known: bool) -> None:
    rewritten = DIALECTS[engine].rewrite(case["written"], as_known=as_known)
    label = f"{'as known' if as_known else 'now'}, {engine}"
    both = f"{'as known' if as_known else 'now'}, both engines"
    case.compare(both if both in case else label, rewritten)


LABEL = re.compile(r"(?P<what>written|becomes)(?P<when>(?:, [a-z0-9 ]+)*):\n(?P<text>(?:    .*\n?)+)")


def examples(rewriting: Rewriting) -> tuple[str, dict[frozenset[str], str]]:
    """The example of a docstring: what is written, and what becomes of it by engine and way of asking."""
    found = {}
    for m in LABEL.finditer(inspect.getdoc(rewriting) or ""):
        text = textwrap.dedent(m["text"]).rstrip("\n")
        found[m["what"], frozenset(part for part in m["when"].split(", ") if part)] = text
    return found["written", frozenset()], {when: text for (what, when), text in found.items() if what == "becomes"}


@pytest.mark.parametrize("as_known", [False, True], ids=["now", "as known"])
@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize("rewriting", REWRITINGS, ids=lambda r: r.__name__)
def test_a_rewriting_does_what_its_example_shows(rewriting: Rewriting, engine: Engine, as_known: bool) -> None:
    written, becomes = examples(rewriting)
    case = {engine.value, "as known" if as_known else "now"}
    shown = [text for when, text in becomes.items() if when <= case]
    # Where there is no example of a case, nothing changes; that of paths is as long as known, and stands in `dialect.md`.
    if shown or rewriting is not shortest_paths:
        assert [rewriting(written, DIALECTS[engine].asking(as_known=as_known))] == (shown or [written])


BLOCK = """\
MATCH (a:Car) WHERE true
/* as known at $from */ CALL (a) {
  MATCH (a)-[e:MADE]->(b) WHERE true
  RETURN b.state AS before
}
/* as known at $to */ CALL (a) {
  MATCH walk = (a)-[:MADE*0..1 /* lineage */]->(c)
  WITH c, min(length(walk)) AS depth
  RETURN collect(c) AS after
}
RETURN before, after"""


def test_a_block_is_asked_as_of_its_own_moment() -> None:
    assert DIALECTS[Engine.NEO4J].rewrite(BLOCK) == (
        "MATCH (a:Car) WHERE true\n"
        "CALL (a) {\n"
        "  MATCH (a)-[e:MADE|RETRACTED]->(b) WHERE e.recordedAt <= $from AND "
        "coalesce(e.type IN ['MADE'] AND e.retractedAt > $from, true) AND true\n"
        "  RETURN [s IN [reduce(was = b, v IN [(v:Revision)-[:REVISES]->(b) WHERE v.revisedAt > $from | v] | "
        "CASE WHEN was = b OR v.number < was.number THEN v ELSE was END)] WHERE s.describedAt <= $from][0].state AS before\n"
        "}\n"
        "CALL (a) {\n"
        "  MATCH walk = (a)-[:CUT|MADE|RETRACTED*0..1]->(c)\n"
        "WHERE all(x IN relationships(walk) WHERE x.recordedAt <= $to AND "
        "coalesce(x.type IN ['CUT', 'MADE'] AND x.retractedAt > $to, true))\n"
        "WITH c, min(length(walk)) AS depth\n"
        "  RETURN collect(c) AS after\n"
        "}\n"
        "RETURN before, after"
    )


@pytest.mark.parametrize("engine", Engine)
def test_a_column_reads_an_edge_that_the_statement_around_it_binds(engine: Engine) -> None:
    text = "MATCH (a:Car)-[e:MADE]->(b:Car) WHERE true RETURN e.state AS state"
    assert DIALECTS[engine].rewrite("e.state", as_known=True, within=text) == "e.state"
    assert DIALECTS[engine].rewrite("b.state", as_known=True, within=text) != "b.state"


@pytest.mark.parametrize("engine", Engine)
def test_a_revision_was_known_once_it_was_made(engine: Engine) -> None:
    text = "MATCH (v:Revision)-[revises:REVISES]->(b) WHERE v.number > 1 RETURN v.changed AS changed"
    known = text.replace("WHERE ", "WHERE v.revisedAt <= $asKnownAt AND ")
    assert DIALECTS[engine].rewrite(text, as_known=True) == known


@pytest.mark.parametrize(
    ("pattern", "given"),
    [
        ("(a:Car)-[e:MADE]->(b:Wheel)-[f:OF]->(c)", "(c)"),
        ("(a:Car|Wheel)<-[e:MADE|OF]-(b:Wheel)-[f:OF]->(c:Car {id: $id})", "(c:Car {id: $id})"),
        ("(a:Car)-[e:MADE]->(b /* of of */ {id: $of})", "(b /* of of */ {id: $of})"),
        ("(:Car)-[e:MADE]->(b)<-[f:OF]-(c)", "(b)"),
    ],
)
def test_a_pattern_that_begins_elsewhere_than_at_what_is_given_is_named(pattern: str, given: str) -> None:
    for text in (f"MATCH {pattern} WHERE true\nRETURN e", f"RETURN EXISTS {{ MATCH {pattern} WHERE true }} AS e"):
        assert misbegun(f"MATCH (c)-[d:CUT]->(d:Car) WHERE true\n{text}") == (
            f"begin {pattern} at {given}, which is given (by two patterns of one MATCH, where it is in the middle)"
        )


@pytest.mark.parametrize(
    "pattern",
    [
        "(c)<-[f:OF]-(b:Wheel)<-[e:MADE]-(a:Car)",
        "(a)-[e:MADE]->(b)-[f:OF]->(c)",
        "(a:Car {id: $a})-[e:MADE]->(b:Wheel {id: $b})",
        "(b:Car {id: $id})<-[e:MADE]-(a:Car), (b)-[f:OF]->(c:Car)",
        # Nothing is given, or one edge leads to what is bound.
        "(a:Car)-[e:MADE]->(b:Wheel)-[f:OF]->(c:Car)",
        "(a:Car)-[e:MADE]->(b)",
        "path = shortestPath((a)-[:MADE*1..50]->(b))",
    ],
)
def test_other_patterns_are_left_to_begin_as_they_do(pattern: str) -> None:
    assert misbegun(f"MATCH {pattern} WHERE true RETURN e") is None


def test_parameters_and_labels_are_filled_in() -> None:
    text = "MATCH (a:Car|Wheel /* of of */ {id: $of}) WHERE a.x = $other AND $often\n"
    text += "MATCH (b /* of with */ {id: $with}) WHERE true"
    texts = {"of": "$p0", "of of": "Wheel", "with": "$p1", "of with": "Car", "often": "$p2"}
    assert DIALECTS[Engine.NEO4J].fill(text, texts) == (
        "MATCH (a:Wheel {id: $p0}) WHERE a.x = $other AND $p2\nMATCH (b:Car {id: $p1}) WHERE true"
    )


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "MATCH (a:Car)-[:MADE]->(b) WHERE true RETURN b",
            "name the edge in [MADE], so that it can be asked asKnownAt",
        ),
        (
            "MATCH (a:Car)-[e:MADE]->(b) RETURN b",
            "every MATCH needs a WHERE of its own (write WHERE true), so that it can be asked asKnownAt",
        ),
        (
            "MATCH (a)-[e:MADE /* heritage */]->(b) WHERE true RETURN b",
            "no set of edge types is called 'heritage'; known: lineage, authority, lineage and authority",
        ),
    ],
)
def test_what_cannot_be_asked_as_known_is_refused(engine: Engine, text: str, message: str) -> None:
    with pytest.raises(InvalidStatement) as refused:
        DIALECTS[engine].rewrite(text, as_known=True)
    assert str(refused.value) == message


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize("as_known", [False, True])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "MATCH walk = (a)-[:MADE*0..5 /* heritage */]->(b)\nWITH b, min(length(walk)) AS depth RETURN b",
            "no set of edge types is called 'heritage'; known: lineage, authority, lineage and authority",
        ),
        ("/* as known at $from */ CALL (a) { RETURN {x: 1} AS b", "a block `as known at` is not closed"),
        (
            "MATCH walk = (a)-[:MADE*0..5]->(b)\nRETURN b",
            "a walk is written `MATCH walk = (a)-[:A|B*0..50]->(b)` with `WITH …, min(length(walk)) AS depth` on the next line",
        ),
        (
            "MATCH path = shortestPath((a:Car)-[:MADE*1..5]->(b)) RETURN path",
            "a path is written `MATCH path = shortestPath((a)-[:A|B*1..50]->(b))`, or allShortestPaths",
        ),
    ],
)
def test_what_cannot_be_rewritten_is_refused(engine: Engine, as_known: bool, text: str, message: str) -> None:
    with pytest.raises(InvalidStatement) as refused:
        DIALECTS[engine].rewrite(text, as_known=as_known)
    assert str(refused.value) == message


def test_a_statement_anchored_at_ids_keeps_its_plan_where_plans_are_kept() -> None:
    assert anchored("MATCH (n) RETURN n", Engine.NEO4J) == "CYPHER replan=skip\nMATCH (n) RETURN n"
    assert anchored("MATCH (n) RETURN n", Engine.EMBEDDED) == "MATCH (n) RETURN n"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("MATCH (a:Robot)-[e:MEMBER_OF]->(b:Fleet|Cohort) WHERE true RETURN a", None),
        ("MATCH (a:Robto)-[e:MEMBER_OF]->(b) WHERE true RETURN a", "no kind is called Robto; did you mean Robot?"),
        ("MATCH (a)-[e:MEMBER]->(b) WHERE true RETURN a", "no edge type is called MEMBER; did you mean MEMBER_OF?"),
        ("MATCH (a)-[e:XX]->(b) WHERE true RETURN a", "no edge type is called XX"),
    ],
)
def test_a_pattern_names_what_is_declared(text: str, wrong: str | None) -> None:
    assert undeclared(text, GRAPH) == wrong


def test_a_row_of_a_decision_is_read_as_it_is() -> None:
    text = "UNWIND $decided AS each\nUNWIND each.parts AS part\nRETURN each.state AS state, part.state AS of"
    for dialect in DIALECTS.values():
        assert dialect.rewrite(text, as_known=True) == text
        assert dialect.rewrite("each.state", as_known=True, within=text) == "each.state"
