"""Importing facts: from files and pipes, whole or in part, and through a death of the service or of its engine."""

import codecs
import gzip
import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from forebear.record.stream import BATCH
from forebear.store import Store
from tests import engines
from tests.cli.terminal import COMMAND, SECONDS, Service, environment, forebear, free_port, on_terminal, serving, until

FACTS = 15_000
OTHERS_OF_FIRST_BATCH = 3
MANY = FACTS - OTHERS_OF_FIRST_BATCH - 2
COUNT = "{ robots { totalCount } }"


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(data_dir=tmp_path_factory.mktemp("import")) as running:
        yield running


def robots(prefix: str, count: int) -> str:
    return "".join(json.dumps({"kind": "Robot", "id": f"robot:{prefix}-{n}", "serial": str(n)}) + "\n" for n in range(count))


def test_each_rejected_fact_is_reported_and_the_others_are_in(service: Service) -> None:
    lines = [
        '{"kind": "Robot", "id": "robot:a-1", "serial": "1"}',
        '{"kind": "Robot", "id": "robot", "serial": 2}',
        "",
        "{",
        '{"kind": "Decision", "id": "decision:a"}',
        '{"kind": "Robot", "id": "robot:a-2", "memberOf": [{"id": "fleet:a", "validFrom": "2026-01-01T00:00:00Z"}]}',
    ]
    ended = forebear("import", "-", stdin="\n".join(lines), url=service.url)
    assert ended.code == 1
    assert [line.split(": ")[:3] for line in ended.err.splitlines()] == [
        ["line 2", "robot", "id"],
        ["line 4", "(no id)", "the line is no JSON"],
        ["line 5", "decision:a", "type"],
    ]
    assert ended.out == (
        "        2  Robot\n"
        "        2  facts: 2 nodes described, 1 edge added; 3 rejected\n"
        "Named, and not described by any fact yet: fleet:a\n"
    )
    again = forebear("import", "-", stdin="\n".join(lines), url=service.url)
    assert again.out.splitlines()[1] == "        2  facts: nothing was new; 3 rejected"


def test_json_is_a_line_for_each_rejection_and_one_for_the_summary(service: Service) -> None:
    ended = forebear("import", "-", "--json", stdin='[{"kind": "Robot",\n "id": "robot:b"}, {"kind": "Robo"}]', url=service.url)
    assert (ended.code, ended.err) == (1, "")
    assert [json.loads(line) for line in ended.out.splitlines()] == [
        {"line": 2, "id": None, "reasons": ["kind: 'Robo' is not known; did you mean 'Robot'?"]},
        {
            "done": True, "kinds": {"Robot": 1}, "described": 1, "connected": 0, "revised": 0, "updated": 0, "retracted": 0,
            "undescribed": [], "rejected": 1,
        },
    ]  # fmt: skip


def test_all_or_nothing_records_nothing_where_one_is_rejected(service: Service) -> None:
    lines = '{"kind": "Robot", "id": "robot:c"}\n{"kind": "Robot", "id": "c"}\n'
    ended = forebear("import", "-", "--all-or-nothing", stdin=lines, url=service.url)
    assert ended.code == 1
    assert ended.out == "        0  facts: nothing was new; 1 rejected\n"
    assert service.ask('{ node(id: "robot:c") { id } }') == {"node": None}
    assert forebear("import", "-", "--all-or-nothing", stdin=lines.splitlines()[0], url=service.url).code == 0
    assert service.ask('{ node(id: "robot:c") { id } }') == {"node": {"id": "robot:c"}}


def test_a_gzip_file_names_its_facts_source(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "robots.ndjson.gz"
    file.write_bytes(gzip.compress(robots("zipped", 3).encode()))
    assert forebear("import", file, url=service.url).code == 0
    assert (
        forebear("import", "-", "--source", "pipe", stdin=gzip.compress(robots("piped", 1).encode()), url=service.url).code == 0
    )
    assert service.ask('{ nodes(ids: ["robot:zipped-2", "robot:piped-0"]) { source recordedBy } }') == {
        "nodes": [
            {"source": "robots.ndjson.gz", "recordedBy": "development"},
            {"source": "pipe", "recordedBy": "development"},
        ]
    }


def test_a_file_may_begin_with_a_byte_order_mark(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "marked"
    facts = [json.loads(line) for line in robots("marked", 2).splitlines()]
    for content in (json.dumps(facts), robots("marked", 2)):
        for partial in ("--partial", "--all-or-nothing"):
            file.write_bytes(codecs.BOM_UTF8 + content.encode())
            ended = forebear("import", partial, file, url=service.url)
            assert (ended.code, ended.out.split()[:2]) == (0, ["2", "Robot"])


def test_a_number_that_json_does_not_know_is_refused_by_its_field(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "facts"
    fact = '{"kind": "Run", "id": "run:nan", "metrics": {"loss": NaN}}'
    for content in (f"[{fact}]", fact):
        for partial in ("--partial", "--all-or-nothing"):
            file.write_text(content)
            ended = forebear("import", partial, file, url=service.url)
            assert ended.err == "line 1: run:nan: metrics: loss: nan is no number of JSON, which knows finite ones only\n"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'[{"kind": "Robot"},', "begins like a JSON array and is none: Input data was truncated"),
        (gzip.compress(b'{"kind": "Robot"}\n' * 1000, mtime=0)[:-8], "cannot be read to its end: "),
        (b"x" * 5_000_000, "a line is longer than 1048576 bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(service: Service, tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "facts"
    file.write_bytes(content)
    ended = forebear("import", file, url=service.url)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert says in ended.err


def importing(file: Path, **settings: object) -> "subprocess.Popen[str]":
    command = [*COMMAND, "import", str(file)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(**settings))


def completed(running: "subprocess.Popen[str]") -> str:
    out, err = running.communicate(timeout=SECONDS * 2)
    assert running.returncode == 0, err
    return out.splitlines()[-1]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of three batches: robots with an edge each, and a run that the last batch says otherwise of than the first."""
    edge = {"id": "fleet:many", "validFrom": "2026-01-01T00:00:00Z"}
    facts: list[dict[str, Any]] = [
        {"kind": "Fleet", "id": "fleet:many"},
        {"kind": "DatasetVersion", "id": "dataset:many@1"},
        {"kind": "Run", "id": "run:many", "status": "RUNNING", "trainedOn": ["dataset:many@1"]},
        *({"kind": "Robot", "id": f"robot:many-{n}", "serial": str(n), "memberOf": [edge]} for n in range(MANY)),
        {"kind": "Run", "id": "run:many", "status": "SUCCEEDED"},
        {"kind": "Retraction", "of": "run:many", "edge": "trainedOn", "to": "dataset:many@1", "reason": "It was never read."},
    ]
    assert len(facts) == FACTS == 3 * BATCH
    file = tmp_path / "many.ndjson"
    file.write_text("".join(json.dumps(fact) + "\n" for fact in facts))
    return file


@pytest.fixture(params=engines.ENGINES)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, object]:
    """The settings of an empty database, on each engine, that nobody has open."""
    if request.param == "embedded":
        return {"data_dir": tmp_path / "data"}
    uri = request.getfixturevalue("neo4j_uri")
    async with Store.open(engines.settings(tmp_path, graph_uri=uri)) as store:
        await engines.empty(store)
    return {"graph_uri": uri, **engines.PLANNING}


def whole_batches(archive: str) -> int:
    """How many batches of the file are in an exported graph, of which nothing is torn."""
    records = [json.loads(line) for line in archive.splitlines()]
    nodes = [(r["node"], r["properties"]) for r in records if "node" in r]
    edges = [(r["edge"], r["properties"]) for r in records if "edge" in r]
    kinds = Counter(kind for kind, _ in nodes)
    assert all("recordedAt" in node and "describedAt" in node for kind, node in nodes if kind in ("Fleet", "Robot", "Run"))
    assert all("recordedAt" in edge and "recordedBy" in edge for kind, edge in edges if kind != "REVISES")
    assert all("validFrom" in edge for kind, edge in edges if kind == "MEMBER_OF")
    batches = kinds["AuditEntry"]
    robots = min(batches * BATCH - OTHERS_OF_FIRST_BATCH, MANY)
    ended = batches == FACTS // BATCH
    assert kinds["Robot"] == robots
    assert Counter(kind for kind, _ in edges) == Counter(
        {"MEMBER_OF": robots, "RETRACTED" if ended else "TRAINED_ON": 1} | ({"REVISES": 1} if ended else {})
    )
    return batches


def test_killed_in_the_middle_of_an_import_the_service_keeps_whole_batches_and_what_was_acknowledged(
    database: dict[str, object], file: Path
) -> None:
    port = free_port()
    with serving(port=port, **database) as service:
        running = importing(file, url=service.url)
        until(lambda: service.ask(COUNT)["robots"]["totalCount"])
        acknowledged = service.ask(COUNT)["robots"]["totalCount"]
        service.process.kill()
        service.process.wait()
        assert running.poll() is None
    assert 0 < acknowledged < MANY
    assert acknowledged < BATCH * whole_batches(forebear("export", **database).out)
    with serving(port=port, **database) as service:
        assert service.ask(COUNT)["robots"]["totalCount"] >= acknowledged
        assert f"{FACTS:,}  facts" in completed(running)
        assert service.ask(COUNT) == {"robots": {"totalCount": MANY}}
        assert whole_batches(forebear("export", url=service.url).out) == FACTS // BATCH
        again = importing(file, url=service.url)
        assert completed(again).endswith(f"{FACTS:,}  facts: nothing was new; 0 rejected")


def test_killed_in_the_middle_of_an_import_the_engine_keeps_what_was_acknowledged(tmp_path: Path, file: Path) -> None:
    with serving(data_dir=tmp_path / "data", log_level="error") as service:
        running = importing(file, url=service.url)
        until(lambda: service.ask(COUNT)["robots"]["totalCount"])
        acknowledged = service.ask(COUNT)["robots"]["totalCount"]
        service.engine.kill()
        until(lambda: service.ask(COUNT)["robots"]["totalCount"] >= acknowledged)
        assert f"{FACTS:,}  facts" in completed(running)
        assert whole_batches(forebear("export", url=service.url).out) == FACTS // BATCH


def test_on_an_engine_of_its_own_an_import_survives_the_engines_death(tmp_path: Path, file: Path) -> None:
    settings = {"data_dir": tmp_path / "data", "engine_heap": 512}
    running = importing(file, **settings)
    database = tmp_path / "data" / "databases" / "forebear"
    until(lambda: sum(part.stat().st_size for part in database.glob("Robot_*.bucket")) > 0)
    (java,) = (child for child in psutil.Process(running.pid).children(recursive=True) if child.name() == "java")
    os.kill(java.pid, signal.SIGKILL)
    assert f"{FACTS:,}  facts" in completed(running)
    assert completed(importing(file, **settings)).endswith(f"{FACTS:,}  facts: nothing was new; 0 rejected")


def test_a_progress_bar_is_for_who_watches(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "robots.ndjson"
    file.write_text(robots("watched", 3))
    watched = on_terminal("import", str(file), url=service.url)
    assert ("importing" in watched, "━" in watched, "3  facts" in watched) == (True, True, True), watched
    piped = forebear("import", file, url=service.url)
    assert (piped.code, piped.out, piped.err) == (0, "        3  Robot\n        3  facts: nothing was new; 0 rejected\n", "")
