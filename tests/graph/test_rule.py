"""A rule means the same wherever a statement uses it, and a wrong one or a wrong use is named by file and line."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.graph.query.compiler.time import Time
from forebear.graph.query.dialect import InvalidStatement
from forebear.graph.query.lexer import source_of, tokens
from forebear.graph.query.rule import Rules
from forebear.store.statements import directory, expanded, rules

HOLDS = """\
// An interval holds at a moment.
//
// parameter span: An edge or a node.
// parameter moment: The moment.
span.validFrom <= moment
  AND coalesce(span.validTo > moment, true)  // until then
"""
RETIRED = """\
// A place is out of service.
//
// parameter place: The place.
// parameter moment: The moment.
EXISTS { MATCH (place)<-[ends:DECOMMISSIONS]-(out:Decommissioning) WHERE holds(out, moment) }
"""
EITHER = """\
// One of two conditions is true.
//
// parameter one: The one.
// parameter other: The other.
one OR other
"""
REACHED = """\
// The nodes that one was made from.
//
// parameter thing: The one.
COLLECT {
  MATCH walk = (thing)-[:MADE*0..50]->(source)
  WITH source, min(length(walk)) AS depth
  RETURN source
}
"""
RULES = Rules({"holds": HOLDS, "retired": RETIRED, "either": EITHER, "reached": REACHED})


def expand(text: str) -> str:
    return RULES.expand("asked.cypher", text)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        # Where its neighbours would not tear it apart, it stands as it is.
        (
            "MATCH (a)-[e:OF]->(b) WHERE holds(e, $now) AND b.x\nRETURN b",
            "MATCH (a)-[e:OF]->(b) WHERE e.validFrom <= $now AND coalesce(e.validTo > $now, true) AND b.x\nRETURN b",
        ),
        (
            "WITH e WHERE a AND holds(e, $now)\nRETURN e",
            "WITH e WHERE a AND e.validFrom <= $now AND coalesce(e.validTo > $now, true)\nRETURN e",
        ),
        ("WHERE NOT holds(e, $now)", "WHERE NOT (e.validFrom <= $now AND coalesce(e.validTo > $now, true))"),
        ("WHERE holds(e, 1) = x", "WHERE (e.validFrom <= 1 AND coalesce(e.validTo > 1, true)) = x"),
        ("WHERE either(a, b) AND c", "WHERE (a OR b) AND c"),
        ("WHERE NOT retired(p, $now)", "WHERE NOT EXISTS { MATCH (p)<-[ends:DECOMMISSIONS]-(out:Decommissioning) "
         "WHERE out.validFrom <= $now AND coalesce(out.validTo > $now, true) }"),
        # An argument is one expression, too.
        ("WHERE holds(e, $a + $b)", "WHERE e.validFrom <= ($a + $b) AND coalesce(e.validTo > ($a + $b), true)"),
        ("WHERE holds(e, x.y[0].z)", "WHERE e.validFrom <= x.y[0].z AND coalesce(e.validTo > x.y[0].z, true)"),
        ("RETURN either(NOT a, CASE WHEN b THEN c OR d END)", "RETURN ((NOT a) OR CASE WHEN b THEN c OR d END)"),
        ("RETURN either(either(a, b), coalesce(c, ','))", "RETURN ((a OR b) OR coalesce(c, ','))"),
        # What a rule binds is not what a statement calls the same.
        ("MATCH (out) WHERE retired(ends, $now)", "MATCH (out) WHERE EXISTS { MATCH (ends)<-[ends2:DECOMMISSIONS]-"
         "(out2:Decommissioning) WHERE out2.validFrom <= $now AND coalesce(out2.validTo > $now, true) }"),
        ("WHERE retired(p, out.x)", "WHERE EXISTS { MATCH (p)<-[ends:DECOMMISSIONS]-(out2:Decommissioning) "
         "WHERE out2.validFrom <= out.x AND coalesce(out2.validTo > out.x, true) }"),
        # A walk keeps the names that its form needs.
        ("MATCH walk = (a)-[:MADE*0..50]->(source)\nWITH a, min(length(walk)) AS depth\nRETURN reached(a) AS source",
         "MATCH walk = (a)-[:MADE*0..50]->(source)\nWITH a, min(length(walk)) AS depth\nRETURN COLLECT { "
         "MATCH walk = (a)-[:MADE*0..50]->(source2) WITH source2, min(length(walk)) AS depth RETURN source2 } AS source"),
        # What only looks like a use is none.
        ("// holds(e)\nRETURN 'holds(e)' /* holds(e) */, `holds(e)`, x.holds", "// holds(e)\nRETURN 'holds(e)' "
         "/* holds(e) */, `holds(e)`, x.holds"),
        ("RETURN {span: 1, holds: holds} AS moment", "RETURN {span: 1, holds: holds} AS moment"),
        ("CALL apoc.holds(x) YIELD y", "CALL apoc.holds(x) YIELD y"),
    ],
)  # fmt: skip
def test_a_use_becomes_what_the_rule_stands_for(written: str, meant: str) -> None:
    assert expand(written) == meant


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("RETURN 1\n  AS x, hold(e, $now)", "2: no rule or function is called hold; did you mean 'holds'?"),
        ("RETURN holds(e)", "1: holds(span, moment) does not go with 1 argument"),
        ("RETURN holds()", "1: holds(span, moment) does not go with 0 arguments"),
        ("RETURN holds(e, $now, 1)", "1: holds(span, moment) does not go with 3 arguments"),
        ("RETURN holds(e,)", "1: holds(span, moment) does not go with 2 arguments"),
        ("RETURN holds(e.f, $now)", "1: holds(span, moment) needs the name of a node or an edge as its span, not e.f"),
        ("RETURN retired($p, $now)", "1: retired(place, moment) needs the name of a node or an edge as its place, not $p"),
        ("RETURN either(holds(e), 1)", "1: holds(span, moment) does not go with 1 argument"),
        ("RETURN holds(e, [1)", "1: the parenthesis behind holds is not closed"),
    ],
)
def test_a_wrong_use_is_named_by_file_and_line(text: str, message: str) -> None:
    with pytest.raises(InvalidStatement) as refused:
        expand(text)
    assert str(refused.value) == f"asked.cypher:{message}"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x AND y\n", "1: its header does not say what it means"),
        ("// Nothing.\n", "1: it has no expression"),
        ("// Parameters.\n// parameter x\nx", "2: cannot read 'parameter x'"),
        ("// Twice.\n// parameter x: X.\n// parameter x: X.\nx", "3: parameter x is declared twice"),
        ("// Unused.\n// parameter x: X.\n1", "3: parameter x is declared and not used"),
        ("// Free.\n1\n  = y", "3: y is neither a parameter nor bound here (keywords are in capitals)"),
        ("// Small.\n// parameter x: X.\nx and 1", "3: and is neither a parameter nor bound here (keywords are in capitals)"),
        ("// The statement's.\n$now > 1", "2: a rule takes $now as a parameter of its own, and is used with it"),
        ("// Quoted.\n`x` > 1", "2: write `x` without backticks"),
        (
            "// A clause.\n// parameter x: X.\nx > 1\nRETURN x",
            "4: RETURN is a clause, and a rule is a condition or an expression",
        ),
        ("// A clause.\nMATCH (a:Run) WHERE true", "2: MATCH is a clause, and a rule is a condition or an expression"),
        ("// A clause.\n(WITH 1 AS x)", "2: WITH is a clause, and a rule is a condition or an expression"),
        (
            "// Writes.\nEXISTS { MATCH (a:Run) WHERE true SET a.x = 1 }",
            "2: SET writes, and a rule is a condition or an expression",
        ),
        ("// A column.\n// parameter x: X.\nx AS y", "3: AS names a column, and a rule is a condition or an expression"),
        ("// Two.\n1, 2", "2: a rule is one expression: , ends it"),
        ("// Two.\n1; 2", "2: a rule is one expression: ; ends it"),
        ("// Torn.\n1) OR (2", "2: ) closes nothing"),
        ("// Torn.\n(1 + [2)", "2: ) closes nothing"),
        ("// Torn.\n(1 + [2]", "2: ) is missing"),
        ("// Torn.\n'abc", "2: what ' begins does not end"),
        ("// Torn.\n1 /* abc", "2: what /* begins does not end"),
        ("// Anew.\n// parameter x: X.\nany(x IN [1] WHERE x)", "3: x is a parameter, and is bound anew"),
        ("// Anew.\n// parameter x: X.\nCOLLECT { RETURN 1 AS x }", "3: x is a parameter, and is bound anew"),
        ("// Nobody.\nnobody(1)", "2: no rule or function is called nobody"),
        ("// Itself.\n// parameter x: X.\nrule(x)", "3: rules may not use each other in a circle: rule → rule"),
        (
            "// Elsewhere.\n// parameter c: C.\nEXISTS { MATCH (a:Run)-[e:OF]->(b:Run)-[f:OF]->(c) WHERE true }",
            "3: begin (a:Run)-[e:OF]->(b:Run)-[f:OF]->(c) at (c), which is given (by two patterns of one MATCH, where it is in "
            "the middle)",
        ),
    ],
)
def test_a_wrong_rule_is_named_by_file_and_line(source: str, message: str) -> None:
    with pytest.raises(InvalidStatement) as refused:
        Rules({"rule": source})
    assert str(refused.value) == f"rule.cypher:{message}"


@pytest.mark.parametrize("name", ["Holds", "coalesce", "toUpper", "on-time"])
def test_a_rule_is_not_called_as_a_function_or_a_label_is(name: str) -> None:
    with pytest.raises(InvalidStatement, match=rf"^{name}\.cypher:1: '{name}' can be no rule's name"):
        Rules({name: "// Any.\n1"})


def test_rules_in_a_circle_are_named_in_its_order() -> None:
    sources = {name: f"// Circle.\n{other}()" for name, other in (("a", "b"), ("b", "c"), ("c", "b"))}
    with pytest.raises(InvalidStatement) as refused:
        Rules(sources)
    assert str(refused.value) == "c.cypher:2: rules may not use each other in a circle: b → c → b"


def test_a_rule_takes_no_parameters_where_it_needs_none() -> None:
    constant = Rules({"states": "// The states of what is not over.\n['PLANNED', 'ACTIVE']"})
    assert constant.expand("x.cypher", "WHERE d.state IN states()") == "WHERE d.state IN ['PLANNED', 'ACTIVE']"


# What conditions come to does not change where rules say a part of them: each as it is written, and as it is meant.
LOGIC = Rules(
    {
        "either": EITHER,
        "both": EITHER.replace("OR", "AND"),
        "opposite": "// It is false.\n// parameter x: X.\nNOT x",
        "same": EITHER.replace("OR", "="),
    }
)
conditions = st.recursive(
    st.sampled_from([("true", "True"), ("false", "False")]),
    lambda inner: st.one_of(
        st.builds(lambda a: (f"NOT ({a[0]})", f"(not {a[1]})"), inner),
        st.builds(lambda a: (f"opposite({a[0]})", f"(not {a[1]})"), inner),
        st.builds(lambda a, b: (f"({a[0]} AND {b[0]})", f"({a[1]} and {b[1]})"), inner, inner),
        st.builds(lambda a, b: (f"either({a[0]}, {b[0]})", f"({a[1]} or {b[1]})"), inner, inner),
        st.builds(lambda a, b: (f"both({a[0]}, {b[0]})", f"({a[1]} and {b[1]})"), inner, inner),
        st.builds(lambda a, b: (f"same({a[0]}, {b[0]})", f"({a[1]} == {b[1]})"), inner, inner),
    ),
    max_leaves=12,
)
PYTHON = {"NOT": "not", "AND": "and", "OR": "or", " = ": " == ", "true": "True", "false": "False"}


@given(conditions, conditions, st.sampled_from(["AND", "OR"]))
def test_a_condition_stays_what_it_was_between_its_neighbours(
    one: tuple[str, str], other: tuple[str, str], operator: str
) -> None:
    written = LOGIC.expand("x.cypher", f"WHERE {one[0]} {operator} {other[0]}").removeprefix("WHERE ")
    for cypher, python in PYTHON.items():
        written = written.replace(cypher, python)
    assert eval(written) == eval(f"({one[1]}) {operator.lower()} ({other[1]})")


@given(st.text(st.sampled_from("ab'\"`/*$ \n.(){}[],:|0-<>=;é")))
def test_a_text_without_uses_stays_as_it_is(text: str) -> None:
    assert source_of([*tokens(text)]) == text
    assert Rules({}).expand("x.cypher", text.replace("(", "")) == text.replace("(", "")


@pytest.mark.parametrize("file", sorted(directory("cypher").rglob("*.cypher")), ids=lambda f: f.stem)
def test_every_file_uses_rules_that_there_are(file: Path) -> None:
    assert expanded(file)


def test_an_interval_holds_for_the_compiler_when_it_holds_for_a_rule() -> None:
    assert rules().expand("x.cypher", "WHERE holds(e, $at)") == f"WHERE {Time('$at', None).holds('e')}"


def test_every_rule_is_used() -> None:
    written = [file.read_text("utf-8") for file in directory("cypher").rglob("*.cypher")]
    assert [rule.name for rule in rules() if not any(f"{rule.name}(" in text for text in written)] == []


names = st.sampled_from(["out", "ends", "out2", "ends2", "out3", "place", "p"])


@given(names, names, st.lists(names))
def test_what_a_rule_binds_is_no_name_of_the_statement(place: str, moment: str, others: list[str]) -> None:
    before = f"WITH {', '.join(['*', *others])} WHERE "
    text = expand(f"{before}retired({place}, {moment}.at)").removeprefix(before)
    inside = re.fullmatch(
        r"EXISTS \{ MATCH \((\w+)\)<-\[(\w+):DECOMMISSIONS\]-\((\w+):Decommissioning\) "
        r"WHERE \3\.validFrom <= (\w+)\.at AND coalesce\(\3\.validTo > \4\.at, true\) \}",
        text,
    )
    assert inside
    assert (inside[1], inside[4]) == (place, moment)
    assert not {inside[2], inside[3]} & {place, moment, *others}
    assert inside[2] != inside[3]
