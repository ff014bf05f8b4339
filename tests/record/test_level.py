"""Rows are cut into levels: what is written at once, and in which order."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from forebear.graph.kinds import GRAPH
from forebear.graph.rows import Amendment, EdgeRow, NodeRow, Row
from forebear.graph.statements import upsert
from forebear.record import footing
from forebear.record.level import Level, levels

RUN = GRAPH.kinds["Run"]
DATASET = GRAPH.kinds["DatasetVersion"]
TRAINED_ON = next(e for e in RUN.edges if e.name == "trainedOn")
DERIVED_FROM = next(e for e in DATASET.edges if e.name == "derivedFrom")

runs = st.sampled_from([f"run:{n}" for n in range(4)])
data = st.sampled_from([f"dataset:{n}@1" for n in range(4)])


def run(id: str, targets: list[str], **guaranteed: object) -> NodeRow:
    edges = tuple(EdgeRow(TRAINED_ON, id, target, "DatasetVersion", {}) for target in targets)
    return NodeRow(RUN, id, guaranteed, {}, edges)


def dataset(id: str, target: str) -> NodeRow:
    return NodeRow(DATASET, id, {}, {}, (EdgeRow(DERIVED_FROM, id, target, "DatasetVersion", {}),))


def correction(of: str, to: str | None = None) -> Amendment:
    edge, kind = (TRAINED_ON, "DatasetVersion") if to else (None, None)
    return Amendment(RUN, of, "wrong", {"seed": 1}, edge, to, kind)


rows = st.lists(
    st.builds(run, runs, st.lists(data, max_size=3, unique=True))
    | st.builds(dataset, data, data)
    | st.builds(correction, runs, st.none() | data),
    max_size=20,
)


def named(row: Row) -> set[str]:
    if isinstance(row, Amendment):
        return {row.of, *([row.to] if row.to else [])}
    return {row.id, *(e.target for e in row.edges)}


def positions(level: Level) -> set[int]:
    described = (p for nodes in level.nodes.values() for node in nodes.values() for p, _ in node.facts)
    return {*described, *(p for amendments in level.amendments.values() for p, _ in amendments)}


@given(rows)
def test_each_row_is_in_one_level_and_none_is_written_and_amended_in_it(given: list[Row]) -> None:
    cut = [positions(level) for level in levels(enumerate(given))]

    assert sorted(p for level in cut for p in level) == [*range(len(given))]
    for level in cut:
        amended = [id for p in level if isinstance(given[p], Amendment) for id in named(given[p])]
        written = {id for p in level if isinstance(given[p], NodeRow) for id in named(given[p])}
        assert len(amended) == len({*amended})
        assert written.isdisjoint(amended)


@given(rows)
def test_what_is_about_the_same_node_keeps_its_order_where_one_amends_it(given: list[Row]) -> None:
    level_of = {p: n for n, level in enumerate(levels(enumerate(given))) for p in positions(level)}
    for id in {id for row in given for id in named(row)}:
        about = [p for p, row in enumerate(given) if id in named(row)]
        for before, after in pairwise(about):
            if isinstance(given[before], Amendment) or isinstance(given[after], Amendment):
                assert level_of[before] < level_of[after]


@given(rows)
def test_what_names_a_node_is_not_written_before_an_earlier_fact_about_it(given: list[Row]) -> None:
    level_of = {p: n for n, level in enumerate(levels(enumerate(given))) for p in positions(level)}
    facts = [(p, row) for p, row in enumerate(given) if isinstance(row, NodeRow)]
    for before, told in facts:
        for after, naming in facts:
            if before < after and told.id in named(naming):
                assert level_of[before] <= level_of[after]


def test_without_amendments_there_is_one_level() -> None:
    (level,) = levels(enumerate([run("run:a", ["dataset:a@1"]), run("run:b", ["dataset:a@1"]), run("run:a", [])]))
    assert [*level.statements(GRAPH)] == [upsert.describe(RUN), upsert.connect(TRAINED_ON, "DatasetVersion", vague=True)]


def test_facts_of_one_node_are_folded_and_leave_the_rows_as_they_were() -> None:
    first, second = run("run:a", [], status="RUNNING", seed=1), run("run:a", [], status="FAILED")
    (level,) = levels([(3, first), (5, second)])

    node = level.nodes["Run"]["run:a"]
    assert (node.facts, node.guaranteed) == ([(3, first), (5, second)], {"status": "FAILED", "seed": 1})
    assert (first.guaranteed, second.guaranteed) == ({"status": "RUNNING", "seed": 1}, {"status": "FAILED"})


def test_a_contradiction_is_noted_at_the_later_fact() -> None:
    (level,) = levels([(3, run("run:a", [], seed=1)), (5, run("run:a", [], seed=2))])
    assert level.contradictions == {5: ["seed: an earlier fact of this batch says 1 of run:a, this one says 2"]}


def test_amendments_need_what_is_stored_first() -> None:
    node, edge = levels([(0, correction("run:a")), (1, correction("run:a", "dataset:a@1"))])
    assert [*node.statements(GRAPH)] == [upsert.node_facts(RUN), footing.holders(GRAPH, RUN), upsert.revise(RUN)]
    assert [*edge.statements(GRAPH)] == [
        upsert.edge_facts(TRAINED_ON, "DatasetVersion"),
        upsert.retire(TRAINED_ON, "DatasetVersion"),
    ]
