"""The statements that write a declared graph, whole."""

import pytest

from forebear.graph import upsert
from tests.graph.cases import Case, cases
from tests.graph.tiny import TINY

CAR = TINY.kinds["Car"]
WHEELS, FRAME, NEAR = CAR.edges

STATEMENTS = {
    "describe": upsert.describe(CAR),
    "revise": upsert.revise(CAR),
    "connect, with properties": upsert.connect(WHEELS, "Wheel"),
    "connect, to one": upsert.connect(FRAME, "Wheel"),
    "connect, for an interval": upsert.connect(NEAR, "Car"),
    "others of a to-one edge": upsert.others(FRAME),
    "identify": upsert.identify(CAR),
    "retire": upsert.retire(WHEELS, "Car"),
    "retire, of an interval": upsert.retire(NEAR, "Car"),
    "detach": upsert.detach("Car", TINY.types_of(*{t.edge_class for t in TINY.edge_types.values()})),
    "facts of nodes": upsert.node_facts(CAR),
    "facts of edges": upsert.edge_facts(WHEELS, "Wheel"),
    "facts of edges, of an interval": upsert.edge_facts(NEAR, "Car"),
}


@pytest.mark.parametrize("case", [*cases("upsert.md")], ids=lambda c: c.name)
def test_the_statement_is(case: Case) -> None:
    case.compare("statement", STATEMENTS[case.name])


def test_every_statement_is_here() -> None:
    assert [c.name for c in cases("upsert.md")] == [*STATEMENTS]
