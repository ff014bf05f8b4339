"""What a store promises about reading and writing, on both engines."""

import asyncio
import gc
import logging
import weakref
from pathlib import Path

import psutil
import pytest

from forebear.graph.statements.indexes import Uniqueness
from forebear.store import Engine, Store, WriteTransaction
from forebear.store.errors import (
    ConstraintViolated,
    EngineUnavailable,
    Overloaded,
    StatementFailed,
    StatementTimeout,
    StatementTooLarge,
)
from forebear.store.indexes import apply
from tests.engines import settings

ENDLESS = """
UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b WITH a, b WHERE a = -b RETURN count(*) AS n"""
# Ends by itself, later than the test waits: the embedded engine goes on with what nobody waits for.
RUNAWAY = {Engine.NEO4J: ENDLESS, Engine.EMBEDDED: ENDLESS.replace("range(1, 100000) AS b", "range(1, 30) AS b")}

# More groups than the embedded engine allows, and more text than the Neo4j of the tests gives to a transaction.
LARGE = {
    Engine.EMBEDDED: "UNWIND range(1, 2000000) AS x WITH x, count(*) AS n RETURN count(n) AS n",
    Engine.NEO4J: "UNWIND range(1, 1000000) AS x WITH collect(toUpper($text + x)) AS texts RETURN texts[0] AS text",
}


async def test_a_read_returns_each_row_by_name(store: Store) -> None:
    rows = await store.read("UNWIND $them AS x RETURN x, {twice: 2 * x} AS y", {"them": [1, 2]})
    assert rows == [{"x": 1, "y": {"twice": 2}}, {"x": 2, "y": {"twice": 4}}]


async def test_a_read_of_one_returns_the_first_row_or_none(store: Store) -> None:
    assert await store.read_one("UNWIND [1, 2] AS x RETURN x") == {"x": 1}
    assert await store.read_one("MATCH (n:Nothing) RETURN n.id AS id") is None


async def test_a_write_returns_what_its_work_returned_and_is_seen_by_reads(store: Store) -> None:
    async def work(transaction: WriteTransaction) -> str:
        rows = await transaction.run("CREATE (n:Thing {id: $id}) RETURN n.id AS id", {"id": "a"})
        return f"made {rows[0]['id']}"

    assert await store.write(work) == "made a"
    assert await store.read("MATCH (n:Thing) RETURN n.id AS id") == [{"id": "a"}]


async def test_a_write_whose_work_fails_leaves_nothing(store: Store) -> None:
    async def work(transaction: WriteTransaction) -> None:
        await transaction.run("CREATE (n:Thing {id: 'a'})")
        raise LookupError("changed my mind")

    with pytest.raises(LookupError, match="changed my mind"):
        await store.write(work)
    assert await store.read("MATCH (n:Thing) RETURN n.id AS id") == []


async def test_neo4j_refuses_a_write_in_a_read(store: Store) -> None:
    if store.engine is Engine.EMBEDDED:
        pytest.skip("the embedded engine does not know what a read is")
    with pytest.raises(StatementFailed):
        await store.read("CREATE (n:Thing)")


async def test_several_reads_see_one_transaction(store: Store) -> None:
    async with store.reading() as transaction:
        assert await transaction.run("RETURN 1 AS a") == [{"a": 1}]
        assert await transaction.run("RETURN $b AS b", {"b": 2}) == [{"b": 2}]


async def test_statements_sent_one_behind_the_other_are_answered_in_their_order(store: Store) -> None:
    async def work(transaction: WriteTransaction) -> list[list[dict[str, object]]]:
        return await transaction.run_each(
            [
                ("UNWIND $them AS id CREATE (n:Thing {id: id}) RETURN id", {"them": [1, 2]}),
                ("MATCH (n:Thing) SET n.id = n.id + $more", {"more": 10}),
                ("MATCH (n:Thing) RETURN n.id AS id ORDER BY id", {}),
            ]
        )

    assert await store.write(work) == [[{"id": 1}, {"id": 2}], [], [{"id": 11}, {"id": 12}]]


@pytest.mark.parametrize("wrong", range(3))
async def test_one_wrong_statement_of_several_leaves_nothing(store: Store, wrong: int) -> None:
    async def work(transaction: WriteTransaction) -> None:
        texts = ["CREATE (n:Thing {id: 1})"] * 3
        texts[wrong] = "UNWIND [0] AS x RETURN 1 / x"
        await transaction.run_each((text, {}) for text in texts)

    with pytest.raises(StatementFailed):
        await store.write(work)
    assert await store.read("MATCH (n:Thing) RETURN n.id AS id") == []


async def test_a_work_that_finishes_with_its_last_statement_is_committed(store: Store) -> None:
    async def work(transaction: WriteTransaction) -> str:
        await transaction.run("CREATE (n:Thing {id: $id})", {"id": 1})
        await transaction.finish("MATCH (n:Thing) SET n.id = $n.id WITH n UNWIND range(1, 3) AS x RETURN x", {"n": {"id": 2}})
        return "done"

    assert await store.write(work) == "done"
    assert await store.read("MATCH (n:Thing) RETURN n.id AS id") == [{"id": 2}]


@pytest.mark.parametrize(
    "wrong",
    ["UNWIND [0] AS x RETURN 1 / x", "CREATE (:Racer {id: 1})", "not Cypher"],
    ids=["while it runs", "against a constraint", "before it runs"],
)
async def test_a_work_whose_last_statement_is_wrong_leaves_nothing_and_the_next_is_done(store: Store, wrong: str) -> None:
    await apply(store, [Uniqueness("Racer", "id")])

    async def works(transaction: WriteTransaction) -> None:
        await transaction.finish("CREATE (:Racer {id: $id})", {"id": 1})

    async def fails(transaction: WriteTransaction) -> None:
        await transaction.run("CREATE (n:Thing {id: 1})")
        await transaction.finish(wrong, {})

    await store.write(works)
    for _ in range(3):
        with pytest.raises((StatementFailed, ConstraintViolated)):
            await store.write(fails)
    assert await store.read("MATCH (n:Thing) RETURN n.id AS id") == []
    await store.write(lambda transaction: transaction.finish("MATCH (n:Racer) SET n.id = $id", {"id": 2}))
    assert await store.read("MATCH (n:Racer) RETURN n.id AS id") == [{"id": 2}]


async def test_what_a_written_statement_was_given_is_let_go_at_once(store: Store) -> None:
    class Rows(list[int]):
        """Rows that can be watched."""

    watched: list[weakref.ref[Rows]] = []

    def given() -> dict[str, object]:
        rows = Rows([1, 2])
        watched.append(weakref.ref(rows))
        return {"batch": {"rows": rows}}

    async def work(transaction: WriteTransaction) -> None:
        text = "UNWIND $batch.rows AS row RETURN row"
        assert await transaction.run(text, given()) == [{"row": 1}, {"row": 2}]
        assert await transaction.run_each([(text, given())]) == [[{"row": 1}, {"row": 2}]]
        await transaction.finish(text, given())

    gc.disable()
    try:
        await store.write(work)
        assert [rows() for rows in watched] == [None, None, None]
    finally:
        gc.enable()


async def test_a_statement_that_is_planned_is_not_run(store: Store) -> None:
    await store.plan(["CREATE (n:Thing {id: $batch.id})"] * 2, {"batch": {"id": 1}})
    assert await store.read("MATCH (n:Thing) RETURN n.id AS id") == []


async def test_the_drivers_log_does_not_say_what_is_written(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    async def work(transaction: WriteTransaction) -> None:
        await transaction.run("CREATE (n:Thing {id: $batch.id})", {"batch": {"id": "nobody's business"}})

    with caplog.at_level(logging.DEBUG, "neo4j"):
        await store.write(work)
    assert "CREATE (n:Thing" in caplog.text
    assert "nobody's business" not in caplog.text
    assert await store.read("MATCH (n:Thing) RETURN n.id AS id") == [{"id": "nobody's business"}]


async def test_a_stream_yields_every_row_in_order(store: Store) -> None:
    rows = [row["x"] async for row in store.stream("UNWIND range(1, 2500) AS x RETURN x", batch=100)]
    assert rows == list(range(1, 2501))


async def test_a_stream_may_be_left_early(store: Store) -> None:
    async for row in store.stream("UNWIND range(1, 100000) AS x RETURN x", batch=10):
        assert row == {"x": 1}
        break
    assert await store.read_one("RETURN 1 AS x") == {"x": 1}


async def test_a_wrong_statement_says_nothing_of_the_inside(store: Store) -> None:
    with pytest.raises(StatementFailed, match=r"^The database refused a statement; the details are in the log\.$"):
        await store.read("RETURN nonsense(")


async def test_a_statement_that_needs_too_much_memory_says_so_once(store: Store) -> None:
    with pytest.raises(StatementTooLarge, match="Ask about less"):
        await store.read(LARGE[store.engine], {"text": "x" * 1000})
    assert await store.read("RETURN 1 AS x") == [{"x": 1}]


async def test_a_runaway_read_ends_in_time_and_the_next_is_answered(store: Store) -> None:
    for _ in range(3):
        with pytest.raises(StatementTimeout, match=r"within 0\.2 s"):
            await store.read(ENDLESS, timeout=0.2)
    assert await store.read_one("RETURN 1 AS x") == {"x": 1}


async def test_a_runaway_write_ends_in_time_and_the_next_is_done(store: Store) -> None:
    async def work(transaction: WriteTransaction) -> None:
        await transaction.run("CREATE (n:Thing {id: 'a'})")
        await transaction.run(ENDLESS)

    with pytest.raises(StatementTimeout):
        await store.write(work, timeout=0.3)

    async def next_work(transaction: WriteTransaction) -> None:
        await transaction.run("CREATE (n:Thing {id: 'b'})")

    # The embedded engine has what the first wrote locked until its own limit ends it.
    await store.write(next_work, timeout=15)
    assert await store.read("MATCH (n:Thing) RETURN n.id AS id") == [{"id": "b"}]


async def test_runaway_reads_leave_no_connection(store: Store) -> None:
    def connections() -> int:
        ours = psutil.Process().net_connections()
        return sum(each.status == psutil.CONN_ESTABLISHED for each in ours)

    before = connections()
    for _ in range(5):
        reads = (store.read(RUNAWAY[store.engine], timeout=0.1) for _ in range(4))
        answers = await asyncio.gather(*reads, return_exceptions=True)
        # On the embedded engine an abandoned read keeps its place for a while, so the next ones may not be begun.
        assert {type(each) for each in answers} <= {StatementTimeout, Overloaded}
    assert connections() <= before
    assert await store.read_one("RETURN 1 AS x") == {"x": 1}


async def test_racing_writers_make_each_node_and_edge_once(store: Store) -> None:
    await apply(store, [Uniqueness("Racer", "id")])

    async def work(transaction: WriteTransaction) -> None:
        await transaction.run(
            "UNWIND range(1, 20) AS i MERGE (a:Racer {id: i}) MERGE (b:Racer {id: i + 1}) MERGE (a)-[:NEXT]->(b)"
        )

    await asyncio.gather(*(store.write(work) for _ in range(8)))
    assert await store.read_one("MATCH (n:Racer) RETURN count(n) AS n") == {"n": 21}
    assert await store.read_one("MATCH (:Racer)-[e:NEXT]->() RETURN count(e) AS n") == {"n": 20}


async def test_a_second_of_what_is_unique_is_refused(store: Store) -> None:
    await apply(store, [Uniqueness("Racer", "id")])

    async def work(transaction: WriteTransaction) -> None:
        await transaction.run("CREATE (:Racer {id: 1})")

    await store.write(work)
    with pytest.raises(ConstraintViolated):
        await store.write(work)
    assert await store.read("MATCH (n:Racer) RETURN n.id AS id") == [{"id": 1}]


async def test_a_database_that_is_not_there_is_said_to_be_unreachable(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r"FOREBEAR_GRAPH_URI cannot be reached"):
        async with Store.open(settings(tmp_path, graph_uri="bolt://127.0.0.1:9")):
            pass
