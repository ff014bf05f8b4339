"""What was exported and restored is the same graph, node by node and edge by edge."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from forebear.actions.performer import Performer
from forebear.graph.facts import Facts
from forebear.graph.kinds import GRAPH
from forebear.graph.statements.constraints import wanted
from forebear.record.archive import ArchiveError, contents, export, records, restore
from forebear.record.recorder import Recorder
from forebear.store import Store, indexes
from tests import engines
from tests.cli.terminal import forebear, serving
from tests.record.asking import origin

EXAMPLES = Path(__file__).parents[2] / "examples"

# Something of everything that a graph can hold: placeholders, revisions, retired edges, a return after a retraction,
# edges of one type to several kinds, values of every type, words of every plane.
FACTS: list[dict[str, Any]] = [
    {
        "kind": "Run", "id": "run:late", "name": "läuft 🤖", "status": "RUNNING", "seed": 7, "configuration": {"b": [1, 1.0]},
        "labels": ["x", "a"], "owners": [{"name": "o"}], "startedAt": "2026-01-01T00:00:00+02:00",
        "trainedOn": [{"id": "dataset:unseen@1", "weight": 0.5}], "initializedFrom": ["checkpoint:c", "model:m@1"],
    },
    {"kind": "Run", "id": "run:late", "status": "SUCCEEDED", "externalIds": ["mlflow:é🚀\U0000e000", "mlflow:b"]},
    {
        "kind": "Correction", "of": "run:late", "edge": "trainedOn", "to": "dataset:unseen@1",
        "values": {"weight": 1.0}, "reason": "measured again",
    },
    {"kind": "Retraction", "of": "run:late", "edge": "trainedOn", "to": "dataset:unseen@1", "reason": "never read"},
    {"kind": "Run", "id": "run:late", "trainedOn": [{"id": "dataset:unseen@1", "weight": 2.0}]},
    {"kind": "Robot", "id": "robot:gone", "memberOf": [{"id": "fleet:galley", "validFrom": "2026-01-01T00:00:00Z"}]},
    {"kind": "Retraction", "of": "robot:gone", "reason": "never built"},
    {"kind": "Robot", "id": "robot:gone", "serial": "7"},
    {"kind": "Attribution", "id": "attribution:a", "suspects": ["robot:gone", "model:m@1"]},
]  # fmt: skip


async def filled(store: Store) -> None:
    await indexes.apply(store, wanted(GRAPH))
    facts = Facts(GRAPH)
    recorder = Recorder(facts, store, Performer(facts, store, (), (), {}))
    for fact in FACTS:
        assert (await recorder.record([fact], origin("test", "facts"), imported=True)).rejections == []


async def everything(store: Store) -> tuple[list[Any], list[Any]]:
    """Every node and edge as plain values, in one order, read without what is under test.

    Which migrations there were is of the database, not of its graph.
    """
    nodes = await store.read("MATCH (n) WHERE NOT n:Migration RETURN labels(n) AS labels, properties(n) AS properties")
    edges = await store.read(
        "MATCH (a)-[e]->(b) RETURN labels(a) AS source, a.id AS from, type(e) AS type, properties(e) AS properties, "
        "labels(b) AS target, b.id AS to"
    )
    return tuple(sorted(json.dumps(row, sort_keys=True) for row in rows) for rows in (nodes, edges))  # type: ignore[return-value]


async def test_a_restored_graph_is_the_exported_one(store: Store) -> None:
    await filled(store)
    before = await everything(store)
    lines = [line async for line in export(store, GRAPH)]
    await engines.empty(store)
    steps = [done async for done in restore(store, GRAPH, lines)]
    assert await everything(store) == before
    assert steps[-1] == len(lines) - 2 == len(before[0]) + len(before[1])
    assert [line async for line in export(store, GRAPH)] == lines
    types = {record.get("edge") for record in records(lines, GRAPH)}
    assert {"RETRACTED", "REVISES", "IDENTIFIES", "TRAINED_ON"} <= types


async def test_what_was_known_stays_known(store: Store) -> None:
    await filled(store)
    recorded = (
        "MATCH (v:Revision)-[:REVISES]->(n:Run {id: 'run:late'}) RETURN v.status AS status, n.status AS now, v.revisedAt AS at"
    )
    before = await store.read(recorded)
    lines = [line async for line in export(store, GRAPH)]
    await engines.empty(store)
    async for _ in restore(store, GRAPH, lines):
        pass
    assert await store.read(recorded) == before
    assert [(row["status"], row["now"]) for row in before] == [("RUNNING", "SUCCEEDED")]


async def test_a_restore_needs_an_empty_database(store: Store) -> None:
    await filled(store)
    lines = [line async for line in export(store, GRAPH)]
    there = await contents(store)
    with pytest.raises(ArchiveError, match=rf"not empty \({there}\): an archive is restored into an empty one only"):
        async for _ in restore(store, GRAPH, lines):
            pass


async def test_an_empty_graph_can_be_exported_and_restored(store: Store) -> None:
    await indexes.apply(store, wanted(GRAPH))
    lines = [line async for line in export(store, GRAPH)]
    assert len(lines) == 2
    assert [done async for done in restore(store, GRAPH, lines)] == []


async def test_a_node_that_is_not_forebears_is_named(store: Store) -> None:
    async def stray(transaction: Any) -> None:
        await transaction.run("CREATE (:Invoice {id: 'invoice:1'})")

    await store.write(stray)
    with pytest.raises(ArchiveError, match="not Forebear's: Invoice"):
        async for _ in export(store, GRAPH):
            pass


HEADER = b'{"archive":"forebear","version":1}\n'
NODE = b'{"node":"Run","properties":{"id":"run:a"}}\n'
END = b'{"end":{"nodes":{"Run":1},"edges":{},"sha256":"3c8d4c1c"}}\n'


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "ends too early, after line 0"),
        ([b"{}\n"], "does not begin like an archive"),
        ([HEADER, NODE], "ends too early, after line 2"),
        ([HEADER, NODE[:20]], "line 2 is damaged or incomplete"),
        ([HEADER, NODE, END], "is not what its end says"),
        ([HEADER, NODE.replace(b"Run", b"Invoice", 1)], "line 2 is neither a node nor an edge"),
        ([HEADER, b'{"edge":"X]->() DETACH DELETE","from":"run:a","to":"run:a"}\n'], "line 2 is neither"),
        ([HEADER, END, NODE], "line 3 comes after the archive's end"),
    ],
)
def test_a_damaged_archive_is_refused(lines: list[bytes], says: str) -> None:
    with pytest.raises(ArchiveError, match=says):
        list(records(lines, GRAPH))


def test_a_running_service_exports_what_its_database_holds(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert forebear("import", "--imported", EXAMPLES / "company.ndjson", data_dir=data).code == 0
    with serving(data_dir=data) as service:
        held = forebear("export", data_dir=data)
        assert (held.code, held.out) == (3, "")
        assert held.err.endswith(f"Stop it first, or export from it with --url {service.url}.\n")
        piped = forebear("export", "--url", service.url)
        assert forebear("export", tmp_path / "a.ndjson.gz", url=service.url).code == 0
        service.process.kill()
        service.process.wait()
        gone = forebear("export", tmp_path / "gone.ndjson", url=service.url)
    local = forebear("export", data_dir=data)
    assert (piped.code, piped.out, piped.err) == (0, local.out, local.err)
    assert gzip.decompress((tmp_path / "a.ndjson.gz").read_bytes()).decode() == local.out
    assert (gone.code, [path.name for path in tmp_path.glob("gone*")]) == (3, [])


def test_from_file_to_file(tmp_path: Path) -> None:
    first, second = {"data_dir": tmp_path / "first"}, {"data_dir": tmp_path / "second"}
    assert forebear("import", "--imported", EXAMPLES / "company.ndjson", **first).code == 0
    exported = forebear("export", tmp_path / "a.ndjson.gz", **first)
    assert (exported.code, exported.out) == (0, "")
    whole = gzip.decompress((tmp_path / "a.ndjson.gz").read_bytes())
    lines = whole.splitlines(keepends=True)
    assert exported.err == f"{len(lines) - 2:,} records exported\n"

    (tmp_path / "cut.ndjson").write_bytes(b"".join(lines[:-1]))
    cut = forebear("restore", tmp_path / "cut.ndjson", **second)
    assert (cut.code, cut.err) == (
        1, f"forebear: the archive ends too early, after line {len(lines) - 1}: its end is missing\n",
    )  # fmt: skip
    (tmp_path / "cut.ndjson.gz").write_bytes((tmp_path / "a.ndjson.gz").read_bytes()[:-100])
    cut = forebear("restore", tmp_path / "cut.ndjson.gz", **second)
    assert cut.code == 1
    assert "this is no whole archive" in cut.err

    # Nothing of those was left behind, so the whole one still finds an empty database.
    restored = forebear("restore", "-", stdin=whole, **second)
    assert (restored.code, restored.err) == (
        0,
        f"{len(lines) - 2:,} records restored into the embedded engine in {second['data_dir']}\n",
    )
    assert forebear("export", "-", **second).out.encode() == whole
    again = forebear("restore", tmp_path / "a.ndjson.gz", **second)
    assert again.code == 1
    assert "an archive is restored into an empty one only" in again.err
    assert forebear("restore", tmp_path / "none", **second).err == f"forebear: {tmp_path}/none: No such file or directory\n"
