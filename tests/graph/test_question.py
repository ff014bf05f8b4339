"""Questions are Cypher files whose header declares what they take and answer; a wrong header is refused by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.graph.kinds import GRAPH
from forebear.graph.query.dialect import Dialect, Engine, InvalidStatement
from forebear.graph.query.header import Column, Parameter, RowType, TypeRef
from forebear.graph.query.lexer import listed
from forebear.graph.query.node_question import of_nodes
from forebear.graph.query.question import Question, parse
from forebear.store.statements import directory, questions

SOURCE = """\
// Which runs were trained on a dataset,
// and since when.
//
// parameter dataset ID(Dataset, DatasetVersion)!: The dataset: any version of it.
// parameter order Order(FIRST, LAST)! = FIRST: Which.
// parameter names [String!]: Some names.
// time at
// answers [Trained]: A run.
// column run Run!: The run.
// column steps [Step!]!: How it got there.
// type Step: One step.
//   node Node!: Where it leads.
//   how StepKind(LEFT, RIGHT): Which way.
MATCH (d /* of dataset */ {id: $dataset})<-[on:TRAINED_ON]-(run:Run)
WHERE run.startedAt <= $at AND run.name IN $names AND $order = 'FIRST'
RETURN run,
  COLLECT { UNWIND [1, 2] AS x RETURN {node: run, how: 'LEFT, (RIGHT)'} AS item } AS steps
ORDER BY run.id, size(run.name)
"""


def test_a_header_is_read_whole() -> None:
    assert parse("trained", SOURCE, GRAPH) == Question(
        name="trained",
        doc="Which runs were trained on a dataset, and since when.",
        on=(),
        parameters=(
            Parameter(
                "dataset",
                TypeRef("ID", required=True, kinds=("Dataset", "DatasetVersion")),
                None,
                "The dataset: any version of it.",
            ),
            Parameter("order", TypeRef("Order", required=True, kinds=("FIRST", "LAST")), "FIRST", "Which."),
            Parameter("names", TypeRef("String", many=True), None, "Some names."),
        ),
        row=RowType(
            "Trained",
            "A run.",
            (
                Column("run", TypeRef("Run", required=True), "The run.", "run"),
                Column(
                    "steps",
                    TypeRef("Step", required=True, many=True),
                    "How it got there.",
                    "COLLECT { UNWIND [1, 2] AS x RETURN {node: run, how: 'LEFT, (RIGHT)'} AS item }",
                ),
            ),
        ),
        types={
            "Step": RowType(
                "Step",
                "One step.",
                (
                    Column("node", TypeRef("Node", required=True), "Where it leads."),
                    Column("how", TypeRef("StepKind", kinds=("LEFT", "RIGHT")), "Which way."),
                ),
            )
        },
        paged=True,
        timed=True,
        timeless=False,
        decided=False,
        faults=False,
        body="MATCH (d /* of dataset */ {id: $dataset})<-[on:TRAINED_ON]-(run:Run)\n"
        "WHERE run.startedAt <= $at AND run.name IN $names AND $order = 'FIRST'",
        order=("run.id", "size(run.name)"),
    )


@pytest.mark.parametrize(
    ("given", "mutated", "message"),
    [
        ("// answers [Trained]: A run.\n", "", "8: say what it answers before its columns"),
        (
            "// parameter dataset ID(",
            "// parameter dataset: ID(",
            "4: cannot read 'parameter dataset: ID(Dataset, DatasetVersion)!: "
            "The dataset: any version of it.'",
        ),
        ("[String!]: Some", "[String!: Some", "6: cannot read the type '[String!'"),
        ("// column run Run!: The run.", "// column run", "9: cannot read 'column run'"),
        ("// type Step: One step.", "// type Step", "11: cannot read 'type Step'"),
        ("// time at", "// time now", "7: 'time now': the answer depends on `time at`, `time known` or `time none`"),
        ("// time at\n", "", " `time at` and the use of $at must go together"),
        ("<= $at", "<= 'x'", " `time at` and the use of $at must go together"),
        ("// time at\n", "// time at\n// on Runner\n", " on Runner: no such kind"),
        (
            "// time at\n", "// time at\n// on Run\n// verb readAudit\n",
            " whoever may see a node, or what is decided, may `query`: `verb` does not go with `on` and `decided`",
        ),
        ("ORDER BY run.id, size(run.name)\n", "", " a list is paged, so it needs a total ORDER BY"),
        (
            "ORDER BY run.id,", "ORDER BY run.id DESC,",
            " a list ascends or descends throughout, and size(run.name) ascends: write DESC behind every key or none",
        ),
        ("\nRETURN run,", " RETURN run,", " it has no RETURN on a line of its own"),
        ("RETURN run,\n", "RETURN run AS runs,\n", " it returns runs, steps; its header declares run, steps"),
        ("// column run Run!: The run.\n", "", " it returns run, steps; its header declares steps"),
        (
            "(d /* of dataset */ {id: $dataset})<-[on:TRAINED_ON]-(run:Run)",
            "(run:Run)-[on:TRAINED_ON]->(d:Dataset {id: $dataset})",
            " begin (run:Run)-[on:TRAINED_ON]->(d:Dataset {id: $dataset}) at (d:Dataset {id: $dataset}), which is given "
            "(by two patterns of one MATCH, where it is in the middle)",
        ),
        ("IN $names", "IN $others", " parameter $others is not declared"),
        ("IN $names", "IN []", " parameter names is declared and not used"),
        ("// column run Run!", "// column run Runner!", " column run: no type is called Runner"),
        ("//   node Node!", "//   node Nod!", " column node: no type is called Nod"),
        ("(FIRST, LAST)! = FIRST", "(FIRST, LAST)! = LATER", " parameter order: 'LATER' is none of FIRST, LAST"),
        ("ID(Dataset, DatasetVersion)", "ID(Dataset, DatasetVersions)", " parameter dataset: no such kind as DatasetVersions"),
        ("names [String!]", "names [Strings!]", " parameter names: no type is called Strings"),
        ("names [String!]", "names [String(0..9)!]", "6: '[String(0..9)!]': only an Int has bounds"),
        (
            "names [String!]", "names [Int!]",
            " the parameter names is an Int, so it names its bounds, such as Int(0..50)",
        ),
        ("// column steps", "// column run Run!: Twice.\n// column steps", "10: column run is declared twice"),
        ("// type Step: One step.\n", "", "11: name the type before its members"),
    ],
)  # fmt: skip
def test_a_wrong_header_is_refused_and_named(given: str, mutated: str, message: str) -> None:
    assert given in SOURCE
    with pytest.raises(InvalidStatement) as refused:
        parse("trained", SOURCE.replace(given, mutated), GRAPH)
    assert str(refused.value) == f"trained.cypher:{message}"


def test_a_file_that_answers_nothing_is_refused() -> None:
    with pytest.raises(InvalidStatement) as refused:
        parse("silent", "// Nothing.\nMATCH (run:Run) WHERE true\nRETURN run", GRAPH)
    assert str(refused.value) == "silent.cypher: its header does not say what it answers"


def test_a_question_may_take_another_verb_than_query() -> None:
    assert parse("trained", SOURCE, GRAPH).verb == "query"
    assert parse("trained", SOURCE.replace("// time at\n", "// time at\n// verb readAudit\n"), GRAPH).verb == "readAudit"


WALK = """\
// What was made from a dataset.
//
// parameter dataset ID(DatasetVersion)!: The dataset.
// answers [Made]: A run.
// column run Run!: The run.
MATCH (d:DatasetVersion {id: $dataset}) WHERE true
MATCH walk = (d)<-[:TRAINED_ON*0..9 /* lineage */]-(run)
WITH run, min(length(walk)) AS depth
WITH run, depth > 8 AS truncated
WITH * WHERE NOT truncated
RETURN run
ORDER BY run.id
"""


def test_a_list_that_walks_says_up_to_a_line_whether_it_met_its_bound() -> None:
    question = parse("made", WALK, GRAPH)
    assert question.bounded == "\n".join(WALK.splitlines()[5:9])
    assert question.body == f"{question.bounded}\nWITH * WHERE NOT truncated"
    assert parse("trained", SOURCE, GRAPH).bounded is None


def test_a_walk_that_does_not_say_whether_it_met_its_bound_is_refused() -> None:
    silent = WALK.replace("WITH run, depth > 8 AS truncated\nWITH * WHERE NOT truncated\n", "")
    with pytest.raises(InvalidStatement) as refused:
        parse("made", silent, GRAPH)
    assert str(refused.value) == (
        "made.cypher: it walks, so it must say whether it met a bound: by a column `truncated`, in a list by "
        "`WITH …, truncated`"
    )


@pytest.mark.parametrize(
    ("clause", "named"),
    [
        ("CREATE (other:Run)", "CREATE"),
        ("MERGE (other:Run {id: 'run:x'})", "MERGE"),
        ("SET run.name = 'x'", "SET"),
        ("set\trun += {name: 'x'}", "SET"),
        ("REMOVE run.name", "REMOVE"),
        ("DELETE on", "DELETE"),
        ("DETACH  DELETE run", "DETACH DELETE"),
        ("FOREACH (x IN [run] | SET x.name = '')", "FOREACH"),
        ("CALL (run) { CREATE (:Run) }", "CREATE"),
        ("CALL (run) { WITH run RETURN 1 AS one } IN TRANSACTIONS", "IN TRANSACTIONS"),
        ("LOAD CSV FROM 'file:///x' AS line", "LOAD CSV"),
    ],
)
def test_a_question_that_writes_is_refused(clause: str, named: str) -> None:
    with pytest.raises(InvalidStatement) as refused:
        parse("trained", SOURCE.replace("\nRETURN run,", f"\n{clause}\nRETURN run,"), GRAPH)
    assert str(refused.value) == f"trained.cypher: {named} writes, and a question reads alone"


def test_what_only_looks_like_a_write_is_none() -> None:
    harmless = (
        "WITH run, {set: run.created, create: 'MERGE (x)'} AS merged, \"DELETE\" AS removed /* SET */, `SET` AS x\nRETURN run,"
    )
    assert parse("trained", SOURCE.replace("\nRETURN run,", f"\n{harmless}"), GRAPH).paged


def test_every_file_of_the_registry_is_read() -> None:
    assert {q.name for q in questions(GRAPH)} == {f.stem for f in (directory("cypher") / "questions").glob("*.cypher")}


@pytest.mark.parametrize("question", questions(GRAPH), ids=lambda q: q.name)
def test_the_file_is_the_statement(question: Question) -> None:
    again = parse(question.name, "\n".join((*header(question.name), question.text)), GRAPH)
    assert again == question


def header(name: str) -> list[str]:
    source = (directory("cypher") / "questions" / f"{name}.cypher").read_text("utf-8")
    return [line for line in source.splitlines() if line.startswith("//")]


expressions = st.recursive(
    st.sampled_from(["a.b", "1", "'x, y'", '"(,"', "`a,b`", "$p"]),
    lambda inner: (
        st.builds("{}({})".format, st.sampled_from(["f", "size", ""]), st.lists(inner, min_size=1).map(", ".join))
        | st.builds("[{}]".format, st.lists(inner).map(", ".join))
        | st.builds("{{k: {}}}".format, inner)
    ),
    max_leaves=8,
)


@given(st.lists(expressions, min_size=1))
def test_a_list_of_expressions_is_cut_at_its_own_commas(expressions: list[str]) -> None:
    assert listed(", ".join(expressions)) == expressions


@pytest.mark.parametrize("question", questions(GRAPH), ids=lambda question: question.name)
@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize("as_known", [False, True], ids=["now", "as known"])
def test_what_says_whether_a_bound_was_met_begins_the_body_when_both_are_rewritten(
    question: Question, engine: Engine, as_known: bool
) -> None:
    dialect, as_known = Dialect(GRAPH, engine), as_known and not question.timeless
    bounded = dialect.rewrite(question.bounded or "", as_known=as_known)
    assert dialect.rewrite(question.body, as_known=as_known).startswith(bounded)


def test_a_list_may_descend_and_a_moment_has_a_default() -> None:
    source = SOURCE.replace("run.id, size(run.name)", "run.id DESC, size(run.name) DESC").replace(
        "// parameter names [String!]:",
        "// parameter since DateTime! = 2026-01-01T00:00:00Z: From when on.\n// parameter names [String!]:",
    )
    question = parse("trained", source.replace("<= $at", "<= $at AND $since"), GRAPH)
    assert (question.order, question.descending) == (("run.id", "size(run.name)"), True)
    assert question.text.endswith("ORDER BY run.id DESC, size(run.name) DESC")
    assert question.parameters[2] == Parameter(
        "since", TypeRef("DateTime", required=True), "2026-01-01T00:00:00Z", "From when on."
    )


def test_what_is_decided_may_take_input_types_of_its_own() -> None:
    source = """\
// What explains something.
//
// parameter about About!: What.
// decided
// answers Why: Why.
// column n Int!: How many.
// one of About: One thing or several.
//   run ID(Run): A run.
//   some Some: Several.
// input Some: A selection.
//   status RunStatus: Their status.
UNWIND $decided AS each
RETURN each.n AS n
"""
    question = parse("why", source, GRAPH)
    assert {name: (i.one_of, [c.name for c in i.members.columns]) for name, i in question.inputs.items()} == {
        "About": (True, ["run", "some"]),
        "Some": (False, ["status"]),
    }
    assert (question.types, question.parameters[0].type) == ({}, TypeRef("About", required=True))
    with pytest.raises(InvalidStatement, match="parameter about: no type is called Other"):
        parse("why", source.replace("about About!", "about Other!"), GRAPH)


NODE = """\
// What ran at a place.
//
// parameter place ID(Robot, Fleet, Site)!: The place.
// parameter since DateTime: The beginning.
// time at
// answers [Ran]: An installation.
// column installation Installation!: The installation.
MATCH (place /* of place */ {id: $place}) WHERE true
MATCH (place)<-[on:ON]-(installation:Installation) WHERE installation.validFrom >= $since AND installation.validFrom <= $at
RETURN installation
ORDER BY installation.id
"""
THERE = "// field Incident.ran(place: at, at: validFrom, since: validFrom): What ran there."


def asked_of(*fields: str) -> tuple[Question, ...]:
    return of_nodes(parse("ran", "\n".join([*fields, NODE]), GRAPH), GRAPH)


def test_a_root_question_is_a_field_of_a_node_that_its_parameters_are_taken_from() -> None:
    there, here = asked_of(THERE, "// field Robot.ran(place: id): What ran on it.")
    assert (there.on, there.doc, [p.name for p in there.parameters]) == (("Incident",), "What ran there.", ["since"])
    beginning = there.body.splitlines()[0]
    assert beginning == "MATCH (self:Incident {id: $self})-[leads:AT]->(place:Robot|Fleet|Site) WHERE true"
    assert here.body.splitlines()[0] == "MATCH (place:Robot {id: $self}) WHERE true"
    assert asked_of() == ()


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("Accident.ran(place: at): It.", "field Accident.ran: no such kind"),
        ("Incident.at(place: at): It.", "field Incident.at: Incident has a member of that name"),
        ("Incident.ran(place: where): It.", "field Incident.ran: place: Incident has no edge called where"),
        ("Incident.ran(place: id): It.", "field Incident.ran: place: Incident is none of Robot, Fleet, Site"),
        ("Incident.ran(place: artifacts): It.", "field Incident.ran: place: Artifact is none of Robot, Fleet, Site"),
        ("Incident.ran(site: at): It.", "field Incident.ran: site: it is no id and no moment of the question"),
        ("Incident.ran(at: category): It.", "field Incident.ran: at: Incident has no moment called category"),
    ],
)
def test_a_field_that_cannot_ask_the_question_is_refused_and_named(field: str, message: str) -> None:
    with pytest.raises(InvalidStatement) as refused:
        asked_of(f"// field {field}")
    assert str(refused.value) == f"ran.cypher: {message}"


def test_a_question_that_cannot_be_asked_of_a_node_is_refused_and_named() -> None:
    with pytest.raises(InvalidStatement) as unreadable:
        parse("ran", f"// field Incident.ran: It.\n{NODE}", GRAPH)
    assert str(unreadable.value) == "ran.cypher:1: cannot read 'field Incident.ran: It.'"
    twice = NODE.replace("RETURN", "WITH * WHERE installation.id <> $place\nRETURN")
    with pytest.raises(InvalidStatement) as used:
        of_nodes(parse("ran", f"{THERE}\n{twice}", GRAPH), GRAPH)
    message = "the statement must say once `MATCH (… /* of place */ {id: $place}) WHERE true`"
    assert str(used.value) == f"ran.cypher: field Incident.ran: place: {message}"
    audited = NODE.replace("// time at", "// time at\n// verb readAudit")
    with pytest.raises(InvalidStatement) as guarded:
        of_nodes(parse("ran", f"{THERE}\n{audited}", GRAPH), GRAPH)
    message = "it is for root fields that everybody may ask who may `query`"
    assert str(guarded.value) == f"ran.cypher: field Incident.ran: {message}"
