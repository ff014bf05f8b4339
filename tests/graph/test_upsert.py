"""The statements that write a declared graph, whole."""

import pytest

from forebear.graph.kinds import GRAPH
from forebear.graph.statements import upsert
from tests.graph.cases import Case, cases
from tests.graph.tiny import TINY

CAR = TINY.kinds["Car"]
WHEELS, FRAME, NEAR = CAR.edges
(USES,) = (e for e in GRAPH.kinds["Run"].edges if e.name == "trainedOn")

STATEMENTS = {
    "describe": upsert.describe(CAR),
    "revise": upsert.revise(CAR),
    "connect, with properties": upsert.connect(WHEELS, "Wheel"),
    "connect, to one": upsert.connect(FRAME, "Wheel"),
    "connect, for an interval": upsert.connect(NEAR, "Car"),
    "connect, of several uses": upsert.connect(USES, "DatasetVersion"),
    "connect, of whichever use": upsert.connect(USES, "DatasetVersion", vague=True),
    "others of a to-one edge": upsert.others(FRAME),
    "identify": upsert.identify(CAR),
    "retire": upsert.retire(WHEELS, "Car"),
    "retire, of an interval": upsert.retire(NEAR, "Car"),
    "retire, of several uses": upsert.retire(USES, "DatasetVersion"),
    "renew, of several uses": upsert.renew(USES, "DatasetVersion", vague=False),
    "renew, of an unknown use": upsert.renew(USES, "DatasetVersion", vague=True),
    "detach": upsert.detach("Car", TINY.types_of(*{t.edge_class for t in TINY.edge_types.values()})),
    "facts of nodes": upsert.node_facts(CAR),
    "facts of edges": upsert.edge_facts(WHEELS, "Wheel"),
}


@pytest.mark.parametrize("case", [*cases("upsert.md")], ids=lambda c: c.name)
def test_the_statement_is(case: Case) -> None:
    case.compare("statement", STATEMENTS[case.name])


def test_every_statement_is_here() -> None:
    assert [c.name for c in cases("upsert.md")] == [*STATEMENTS]
