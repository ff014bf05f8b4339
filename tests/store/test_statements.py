"""The hand-written files of `cypher/actions` as each engine is given them."""

import asyncio
from pathlib import Path

import pytest

from forebear.app import Forebear
from forebear.graph.kinds import GRAPH
from forebear.graph.query.dialect import Engine, InvalidStatement
from forebear.store import Store
from forebear.store.statements import FactsStatement, facts, names, whole
from tests.record.asking import everything
from tests.store.pasting import pasted

SOURCE = """// How something stands.
//
// parameter id ID(Thing): The thing.
// parameter now DateTime!: Now.
MATCH (n:Thing {id: $id}) WHERE n.at <= $now
REMOVE n.lock
RETURN n"""


def thing(engine: Engine, tmp_path: Path, source: str = SOURCE) -> FactsStatement:
    (tmp_path / "thing_facts.cypher").write_text(source, "utf-8")
    (found,) = facts(engine, tmp_path).values()
    return found


def test_the_embedded_engine_is_given_every_parameter(tmp_path: Path) -> None:
    statement = thing(Engine.EMBEDDED, tmp_path)
    assert statement.text == "MATCH (n:Thing {id: $id}) WHERE n.at <= $now\nREMOVE n.lock\nRETURN n"
    assert statement.bound({"id": "thing:1", "now": "2026", "other": 1}) == {"id": "thing:1", "now": "2026"}


def test_neo4j_is_given_one_map_of_them(tmp_path: Path) -> None:
    statement = thing(Engine.NEO4J, tmp_path)
    assert statement.text == "MATCH (n:Thing {id: $input.id}) WHERE n.at <= $input.now\nREMOVE n.lock\nRETURN n"
    assert statement.bound({"id": "thing:1", "now": "2026", "other": 1}) == {"input": {"id": "thing:1", "now": "2026"}}


def test_an_id_that_is_not_given_is_sought_as_one_that_no_node_has(tmp_path: Path) -> None:
    assert thing(Engine.EMBEDDED, tmp_path).bound({"id": None, "now": None}) == {"id": "", "now": None}


def test_who_only_wants_to_know_takes_no_locks(tmp_path: Path) -> None:
    assert thing(Engine.EMBEDDED, tmp_path).unlocked == "MATCH (n:Thing {id: $id}) WHERE n.at <= $now\nRETURN n"


def test_a_parameter_that_is_not_given_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidStatement, match=r"^thing_facts\.cypher: nothing was given for \$now$"):
        thing(Engine.NEO4J, tmp_path).bound({"id": "thing:1"})


def test_what_is_not_given_has_the_default_of_the_header(tmp_path: Path) -> None:
    source = SOURCE.replace("// parameter now", "// parameter ids [ID(Thing)] = []: More.\n// parameter now").replace(
        "WHERE", "WHERE n.id IN $ids AND"
    )
    statement = thing(Engine.EMBEDDED, tmp_path, source)
    assert statement.bound({"now": "2026"}) == {"id": "", "ids": [], "now": "2026"}
    assert statement.bound({"now": "2026", "ids": None}) == {"id": "", "ids": [], "now": "2026"}
    assert statement.bound({"now": "2026", "ids": ["thing:1"]}) == {"id": "", "ids": ["thing:1"], "now": "2026"}


def test_a_statement_says_which_kinds_it_locks(tmp_path: Path) -> None:
    assert thing(Engine.EMBEDDED, tmp_path).locks == ("Thing",)
    unwritten = thing(Engine.EMBEDDED, tmp_path, SOURCE.replace("REMOVE n.lock", "WITH n AS m\nREMOVE m.lock"))
    with pytest.raises(InvalidStatement, match=r"^thing_facts\.cypher: it locks m, whose kind no pattern says$"):
        assert unwritten.locks


@pytest.mark.parametrize(
    "source", [SOURCE.replace("// parameter id ID(Thing): The thing.\n", ""), SOURCE.replace("{id: $id}", "")]
)
def test_a_parameter_that_is_declared_or_used_alone_is_named(tmp_path: Path, source: str) -> None:
    with pytest.raises(InvalidStatement, match=r"^thing_facts\.cypher: parameter \$id is declared or used alone$"):
        thing(Engine.NEO4J, tmp_path, source)


def test_a_pattern_that_begins_elsewhere_than_at_what_is_given_is_refused(tmp_path: Path) -> None:
    source = SOURCE.replace("(n:", "(m:Thing)-[e:OF]->(n:")
    with pytest.raises(InvalidStatement, match=r"^thing_facts\.cypher: begin \(m:Thing\)-\[e:OF\]->\(n:Thing {id: \$id}\) at "):
        thing(Engine.NEO4J, tmp_path, source)


async def test_what_decisions_rest_on_can_be_planned_ahead(store: Store) -> None:
    registry = await Forebear.on(store)
    before = await everything(registry)
    await registry.performer.plan()
    assert await everything(registry) == before


NOW_ALONE = {
    "audit_trail", "buildable", "compare", "eligible", "lineage_diff", "missing_for_approval", "permitted", "resolve",
    "rollback_targets", "search", "simulate_policy", "suspects", *(name for name in names() if name.endswith("_facts")),
}  # fmt: skip
"""What is not asked as it was known at another moment."""


@pytest.mark.parametrize("as_known", [False, True], ids=["now", "as known"])
async def test_every_printed_statement_is_one_that_the_engine_can_plan(engine_store: Store, as_known: bool) -> None:
    turns = asyncio.Semaphore(2)

    async def planned(name: str) -> str | None:
        try:
            printed = whole(name, GRAPH, engine_store.engine, "2026-11-23T14:52:06.000000Z", as_known=as_known)
        except InvalidStatement:
            return None
        statement, parameters = pasted(printed)
        async with turns:
            await engine_store.read(f"EXPLAIN {statement}", parameters, timeout=120)
        return name

    done = {name for name in await asyncio.gather(*map(planned, names())) if name}
    assert {*names()} - done == (NOW_ALONE if as_known else set())
