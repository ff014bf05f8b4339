"""Facts as lines, of any number: atomic per batch, saying as it goes what is in, and gone on with after an interruption."""

import asyncio
import contextlib
import gc
import gzip
import json
import tracemalloc
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpx
import msgspec
import pytest

from forebear.app import Forebear
from forebear.cli import import_ as cli_stream
from forebear.cli.import_ import Import
from forebear.cli.registry import Remote
from forebear.cli.terminal import Code, Failure
from forebear.record import stream
from forebear.record.stream import Line, record_lines
from forebear.record.summary import Origin
from forebear.store import WriteTransaction
from tests import engines
from tests.record.asking import ORIGIN, ask, everything, history


def run(n: int, **values: object) -> dict[str, object]:
    return {"kind": "Run", "id": f"run:{n:03}", **values}


def lines(facts: Iterable[object]) -> bytes:
    return b"".join(msgspec.json.encode(fact) + b"\n" for fact in facts)


async def chunks(body: bytes, size: int = 7) -> AsyncIterator[bytes]:
    for i in range(0, len(body), size):
        yield body[i : i + size]


async def streamed(registry: Forebear, body: bytes, *, partial: bool = True, size: int = 7) -> list[dict[str, Any]]:
    """The reports of a stream, as they go over the wire."""
    reports = record_lines(registry.recorder, chunks(body, size), ORIGIN, partial=partial)
    return [msgspec.json.decode(msgspec.json.encode(report)) async for report in reports]


def done(through: int, facts: int, **values: object) -> dict[str, Any]:
    return {
        "through": through, "done": True, "kinds": {"Run": facts} if facts else {}, "described": facts, "connected": 0,
        "revised": 0, "updated": 0, "retracted": 0, "undescribed": [], **values,
    }  # fmt: skip


async def runs(registry: Forebear) -> list[str]:
    found = await ask(registry, "{ runs(first: 1000) { nodes { id } } }")
    return [node["id"] for node in found["runs"]["nodes"]]


@pytest.fixture
def batches_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of three facts."""
    monkeypatch.setattr(stream, "BATCH", 3)


@pytest.fixture
def small_batches(batches_of_three: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of three facts, and lines of at most 100 bytes."""
    monkeypatch.setattr(stream, "MAX_LINE", 100)


@pytest.mark.usefixtures("small_batches")
async def test_a_report_follows_each_batch_and_a_last_one_the_whole(registry: Forebear) -> None:
    assert await streamed(registry, lines(run(n) for n in range(7))) == [
        {"through": 3},
        {"through": 6},
        {"through": 7},
        done(7, 7),
    ]
    assert await runs(registry) == [f"run:00{n}" for n in range(7)]


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 6])
@pytest.mark.parametrize("size", [1, 64, 10_000])
async def test_it_does_not_matter_how_the_bytes_come(registry: Forebear, count: int, size: int) -> None:
    reports = await streamed(registry, lines(run(n) for n in range(count)), size=size)
    batches = [{"through": min(n + 3, count)} for n in range(0, count, 3)]
    assert reports == [*batches, done(count, count)]


@pytest.mark.usefixtures("small_batches")
async def test_blank_lines_count_and_say_nothing_and_the_last_needs_no_end(registry: Forebear) -> None:
    body = b"\n" + lines([run(0)]) + b"  \r\n\n" + lines([run(1)]).replace(b"\n", b"\r\n") + lines([run(2)]).rstrip()
    assert await streamed(registry, body) == [{"through": 3}, {"through": 6}, done(6, 3)]


@pytest.mark.usefixtures("small_batches")
async def test_broken_lines_are_rejected_like_any_other_bad_fact(registry: Forebear) -> None:
    body = lines([run(0)]) + b'{"kind": "Run", \n' + b'"\xff"\n' + lines([run(1, seed="x"), run(2)]) + b"[" * 150
    first, second, last = await streamed(registry, body)

    assert (first["through"], second["through"], last) == (3, 6, done(6, 2))
    assert [(r["position"], r["id"]) for r in first["rejections"]] == [(1, None), (2, None)]
    assert first["rejections"][0]["reasons"] == ["the line is no JSON: Input data was truncated"]
    assert second["rejections"] == [
        {"position": 3, "id": "run:001", "reasons": ["seed: a text is no number"]},
        {"position": 5, "id": None, "reasons": ["the line is longer than 100 bytes"]},
    ]


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("size", [1, 99, 1_000, 10_000])
async def test_a_line_that_is_too_long_is_one_line(registry: Forebear, size: int) -> None:
    body = lines([run(0), run(1, name="x" * 1_000), run(2), run(3)])
    reports = await streamed(registry, body, size=size)

    rejection = {"position": 1, "id": None, "reasons": ["the line is longer than 100 bytes"]}
    assert reports == [{"through": 3, "rejections": [rejection]}, {"through": 4}, done(4, 3)]


@pytest.mark.usefixtures("small_batches")
async def test_unless_it_may_be_partial_it_stops_at_a_rejected_fact(registry: Forebear) -> None:
    body = lines([run(0), run(1), run(2), run(3), run(4, seed="x"), run(5), run(6)])
    rejection = {"position": 4, "id": "run:004", "reasons": ["seed: a text is no number"]}

    reports = await streamed(registry, body, partial=False)

    assert reports == [{"through": 3}, {"through": 3, "rejections": [rejection], "stopped": True}, done(3, 3)]
    assert await runs(registry) == ["run:000", "run:001", "run:002"]


@pytest.mark.usefixtures("small_batches")
async def test_the_same_lines_again_change_nothing(registry: Forebear) -> None:
    body = lines(run(n, seed=n) for n in range(5))
    await streamed(registry, body)
    written = await everything(registry)

    assert (await streamed(registry, body))[-1] == done(5, 5, described=0)
    assert await everything(registry) == written


@pytest.mark.usefixtures("small_batches")
async def test_what_was_interrupted_is_gone_on_with_where_it_stopped(registry: Forebear) -> None:
    facts = [run(n, seed=n) for n in range(8)]
    reports = record_lines(registry.recorder, chunks(lines(facts)), ORIGIN)
    through = (await anext(reports)).through
    await reports.aclose()

    rest = await streamed(registry, lines(facts[through:]))
    assert (through, rest[-1]["through"]) == (3, 5)
    assert await runs(registry) == [f"run:00{n}" for n in range(8)]


@pytest.mark.usefixtures("small_batches")
async def test_a_batch_that_contradicts_the_graph_leaves_the_others_in(registry: Forebear) -> None:
    await history(registry, run(1, seed=1))
    reports = await streamed(registry, lines(run(n, seed=5) for n in range(4)))

    assert [(r["position"], r["id"]) for r in reports[0]["rejections"]] == [(1, "run:001")]
    assert reports[-1] == done(4, 3)


@pytest.mark.usefixtures("small_batches")
async def test_what_stays_undescribed_is_named_at_the_end(registry: Forebear) -> None:
    reports = await streamed(registry, lines(run(n, ran=[f"code:{n}@1"]) for n in range(4)))
    assert reports[-1] == done(4, 4, connected=4, undescribed=[f"code:{n}@1" for n in range(4)])


async def test_memory_does_not_grow_with_the_stream(registry: Forebear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "BATCH", 50)
    kept = []

    async def body() -> AsyncIterator[bytes]:
        for n in range(25 * 50):
            yield lines([run(n, configuration={"said": "x" * 2_000})])

    tracemalloc.start()
    try:
        async for _ in record_lines(registry.recorder, body(), ORIGIN, after=""):
            gc.collect()
            kept.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    # A batch is 100 kB of lines; what is made once, such as statements and connections, is made by the fifth.
    assert max(kept[5:]) - kept[5] < 50_000


# ── a file, again ───────────────────────────────────────────────────────────────────────────────────────────

NDJSON = {"content-type": "application/x-ndjson"}
FILE = [
    run(1, seed=1, status="RUNNING", trainedOn=[{"id": "dataset:a@1", "weight": 0.5}, "dataset:b@1"]),
    run(2, status="RUNNING"),
    {"kind": "Correction", "of": "run:001", "values": {"seed": 2}, "reason": "Typed wrongly."},
    {"kind": "Correction", "of": "run:001", "edge": "trainedOn", "to": "dataset:a@1", "values": {"weight": 1}, "reason": "It."},
    {"kind": "Retraction", "of": "run:001", "edge": "trainedOn", "to": "dataset:b@1", "reason": "It was never read."},
    run(1, status="FAILED"),
    run(1, status="SUCCEEDED"),
    {"kind": "Retraction", "of": "run:002", "reason": "It never ran."},
]  # fmt: skip
"""Three batches that say different things of the same, one after the other."""
WHOLE = {"runs": {"nodes": [{
    "id": "run:001", "status": "SUCCEEDED", "seed": 2, "trainedOn": {"edges": [{"node": {"id": "dataset:a@1"}, "weight": 1}]},
}]}}  # fmt: skip
IMPORTED = """{ runs { nodes { id status seed trainedOn { edges { node { id } weight } } } } }"""


async def imported(registry: Forebear, facts: Iterable[object], after: str = "", origin: Origin = ORIGIN) -> list[Line]:
    """The reports of a file that is imported."""
    reports = record_lines(registry.recorder, chunks(lines(facts), 1_000), origin, after=after)
    return [report async for report in reports]


def changed(reports: list[Line]) -> tuple[int | None, ...]:
    last = reports[-1]
    return last.described, last.connected, last.revised, last.retracted


@pytest.mark.usefixtures("batches_of_three")
async def test_the_same_file_again_changes_nothing_whatever_it_takes_back_or_puts_right(registry: Forebear) -> None:
    first = await imported(registry, FILE)
    written, known = await everything(registry), await ask(registry, IMPORTED)
    again = await imported(registry, FILE)

    assert known == WHOLE
    assert (changed(first), changed(again)) == ((2, 2, 4, 2), (0, 0, 0, 0))
    assert (again[-1].kinds, again[-1].undescribed) == (first[-1].kinds, first[-1].undescribed)
    assert await everything(registry) == written


@pytest.mark.usefixtures("batches_of_three")
async def test_cut_off_in_the_middle_the_same_file_again_completes_it(registry: Forebear) -> None:
    whole = record_lines(registry.recorder, chunks(lines(FILE), 1_000), ORIGIN, after="")
    await anext(whole)
    await whole.aclose()
    assert changed(await imported(registry, FILE)) != (0, 0, 0, 0)
    assert await ask(registry, IMPORTED) == WHOLE
    corrections = "MATCH (v:Revision)-[:REVISES]->(n:Run {id: 'run:001'}) RETURN v.changed AS changed ORDER BY v.number"
    assert [row["changed"] for row in await registry.store.read(corrections)] == [["seed"], ["status"], ["status"]]


@pytest.mark.usefixtures("batches_of_three")
async def test_what_goes_on_with_a_file_names_the_mark_that_it_goes_on_from(registry: Forebear) -> None:
    first, *_ = await imported(registry, FILE[:3])
    rest = await imported(registry, FILE[3:], after=first.mark or "")
    written = await everything(registry)
    assert rest[-1].mark == (await imported(registry, FILE))[-1].mark
    assert await everything(registry) == written


@pytest.mark.usefixtures("batches_of_three")
async def test_what_was_left_out_of_a_file_is_tried_again(registry: Forebear) -> None:
    late = {"kind": "Correction", "of": "run:009", "values": {"seed": 2}, "reason": "Typed wrongly."}
    file = [run(1, status="RUNNING"), late, run(2), *FILE[5:]]
    first = await imported(registry, file)
    again = await imported(registry, file)
    assert [(r["position"], r["id"]) for r in first[0].rejections] == [(1, "run:009")]
    assert (again[0].rejections, changed(again)) == (first[0].rejections, (0, 0, 0, 0))

    await history(registry, run(9, seed=1))
    assert changed(await imported(registry, file)) == (0, 0, 1, 0)
    written = await everything(registry)
    assert changed(await imported(registry, file)) == (0, 0, 0, 0)
    assert await everything(registry) == written


@pytest.mark.usefixtures("batches_of_three")
async def test_after_another_file_of_its_source_a_file_says_it_anew(registry: Forebear) -> None:
    runs, fails = [run(1, status="RUNNING"), *(run(n) for n in range(2, 5)), run(1, seed=1)], [run(1, status="FAILED")]
    elsewhere = Origin(ORIGIN.actor, "elsewhere")
    said = [(runs, ORIGIN), (fails, elsewhere), (runs, ORIGIN), (fails, ORIGIN), (runs, ORIGIN), (runs, ORIGIN)]
    assert [(await imported(registry, file, origin=origin))[-1].revised for file, origin in said] == [1, 1, 0, 0, 1, 0]
    assert (await ask(registry, IMPORTED))["runs"]["nodes"][0]["status"] == "RUNNING"


async def test_what_is_no_file_says_everything_anew(http: httpx.AsyncClient, registry: Forebear) -> None:
    for status in ("RUNNING", "FAILED", "RUNNING"):
        await http.post("/facts", content=lines([run(1, status=status)]), headers=NDJSON)
    assert (await ask(registry, IMPORTED))["runs"]["nodes"][0]["status"] == "RUNNING"


@pytest.mark.parametrize("body", [{"json": FILE}, {"content": lines(FILE), "headers": NDJSON}], ids=["array", "lines"])
async def test_a_file_comes_over_http_as_lines_or_as_an_array(
    http: httpx.AsyncClient, registry: Forebear, body: dict[str, Any]
) -> None:
    first = await http.post("/facts?after=", **body)
    assert first.status_code == 200, first.text
    written = await everything(registry)
    again = await http.post("/facts?after=", **body)
    summary = json.loads(again.text.splitlines()[-1])
    assert [summary[name] for name in ("described", "connected", "revised", "retracted")] == [0, 0, 0, 0]
    assert await everything(registry) == written


# ── over HTTP ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_ndjson_comes_in_over_http_zipped_or_not(http: httpx.AsyncClient, registry: Forebear) -> None:
    body = lines(run(n) for n in range(3))
    plain = await http.post("/facts?source=mlflow", content=body, headers=NDJSON)
    zipped = await http.post("/facts", content=gzip.compress(body), headers=NDJSON | {"content-encoding": "gzip"})

    assert [json.loads(line) for line in plain.text.splitlines()] == [{"through": 3}, done(3, 3)]
    assert [json.loads(line) for line in zipped.text.splitlines()] == [{"through": 3}, done(3, 3, described=0)]
    assert await ask(registry, '{ node(id: "run:000") { recordedBy source } }') == {
        "node": {"recordedBy": "development", "source": "mlflow"}
    }


async def test_several_zipped_files_one_behind_the_other_are_one(http: httpx.AsyncClient, registry: Forebear) -> None:
    body = b"".join(gzip.compress(lines([run(n)])) for n in range(3))
    zipped = await http.post("/facts", content=body, headers=NDJSON | {"content-encoding": "gzip"})
    assert msgspec.json.decode(zipped.text.splitlines()[-1])["kinds"] == {"Run": 3}
    assert len(await runs(registry)) == 3


async def test_a_byte_order_mark_is_no_part_of_the_first_fact(registry: Forebear) -> None:
    reports = await streamed(registry, b"\xef\xbb\xbf" + lines([run(0)]))
    assert reports[-1] == done(1, 1)


async def test_a_batch_ends_where_its_lines_are_many_bytes(registry: Forebear, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = [run(n, configuration={"packages": "x" * 1_000}) for n in range(4)]
    monkeypatch.setattr(stream, "BATCH_BYTES", 2_500)
    reports = await streamed(registry, lines(facts))
    assert [report["through"] for report in reports] == [2, 4, 4]


async def test_what_nests_too_deep_is_rejected_like_any_other_bad_fact(http: httpx.AsyncClient, registry: Forebear) -> None:
    deep = b"[" * 5_000 + b"]" * 5_000
    reports = await streamed(registry, deep + b"\n" + lines([run(0)]), size=1_000)
    (rejection,) = reports[0]["rejections"]
    assert (rejection["position"], rejection["reasons"][0][:20]) == (0, "the line is no JSON:")
    assert await runs(registry) == ["run:000"]
    array = await http.post("/facts", content=deep, headers={"content-type": "application/json"})
    assert array.status_code == 400
    variables = b'{"query": "{ __typename }", "variables": {"a": ' + deep + b"}}"
    asked = await http.post("/graphql", content=variables, headers={"content-type": "application/json"})
    assert asked.status_code == 400


async def test_a_zipped_body_that_ends_too_early_is_an_error_at_the_end(http: httpx.AsyncClient) -> None:
    body = gzip.compress(lines(run(n) for n in range(3)))[:-4]
    answer = await http.post("/facts", content=body, headers=NDJSON | {"content-encoding": "gzip"})
    assert json.loads(answer.text.splitlines()[-1]) == {
        "error": {"code": "BAD_REQUEST", "message": "the gzip body ends too early"}
    }


async def test_an_array_comes_in_whole_or_not_at_all(http: httpx.AsyncClient, registry: Forebear) -> None:
    facts = [run(0), run(1, seed="x")]
    rejection = {"position": 1, "id": "run:001", "reasons": ["seed: a text is no number"]}
    whole = await http.post("/facts", json=facts)
    assert (whole.status_code, whole.json(), await runs(registry)) == (422, {"rejections": [rejection]}, [])

    partial = await http.post("/facts?partial=true", json=facts)
    assert (partial.status_code, await runs(registry)) == (200, ["run:000"])
    assert partial.json() == {
        "kinds": [{"kind": "Run", "facts": 1}],
        "described": 1,
        "connected": 0,
        "revised": 0,
        "updated": 0,
        "retracted": 0,
        "undescribed": [],
        "undescribedCount": 0,
        "rejections": [rejection],
    }


async def test_facts_come_in_by_graphql(http: httpx.AsyncClient, registry: Forebear) -> None:
    query = """mutation ($facts: [FactInput!]!) { record(facts: $facts, source: "catalogue") {
      __typename ... on Recorded { described undescribed } ... on NotRecorded { rejections { position id reasons } } } }"""

    async def recorded(*facts: object) -> object:
        return (await http.post("/graphql", json={"query": query, "variables": {"facts": facts}})).json()

    assert await recorded({"run": {"id": "run:000", "seed": 1, "trainedOn": [{"id": "dataset:a@1", "weight": 0.5}]}}) == {
        "data": {"record": {"__typename": "Recorded", "described": 1, "undescribed": ["dataset:a@1"]}}
    }
    assert await recorded({"run": {"id": "run:000", "seed": 2}}) == {
        "data": {
            "record": {
                "__typename": "NotRecorded",
                "rejections": [
                    {
                        "position": 0,
                        "id": "run:000",
                        "reasons": [
                            "seed: run:000 has 1, recorded before, and this fact says 2; "
                            "it cannot change (a Correction can say that it was wrong)"
                        ],
                    }
                ],
            }
        }
    }
    assert await recorded({"retraction": {"of": "run:000", "reason": "never ran"}}) == {
        "data": {"record": {"__typename": "Recorded", "described": 0, "undescribed": []}}
    }
    assert await runs(registry) == []


# ── a database that is held up ──────────────────────────────────────────────────────────────────────────────


@contextlib.asynccontextmanager
async def held(registry: Forebear) -> AsyncIterator[asyncio.Event]:
    """A write that keeps others from their turn, or from run:002, until the event."""
    begun, released = asyncio.Event(), asyncio.Event()

    async def hold(transaction: WriteTransaction) -> None:
        await transaction.run("MATCH (n:Run {id: 'run:002'}) REMOVE n.lock RETURN n.id AS id")
        begun.set()
        await released.wait()

    await history(registry, run(2))
    holding = asyncio.create_task(registry.store.write(hold, timeout=60))
    await begun.wait()
    try:
        yield released
    finally:
        released.set()
        await holding


@pytest.mark.usefixtures("batches_of_three")
async def test_an_import_that_a_timeout_interrupts_is_tried_again_and_goes_on_where_it_was(
    http: httpx.AsyncClient, registry: Forebear, monkeypatch: pytest.MonkeyPatch, logged: list[Any]
) -> None:
    def interruptions() -> list[str]:
        return [entry["error"] for entry in logged if entry["event"] == "request"]

    await imported(registry, FILE)
    await engines.empty(registry.store)
    done = Import(Remote(http), "file", False, False, True)
    monkeypatch.setattr(registry.store, "_write_seconds", 0.5)
    async with held(registry) as released:
        importing = asyncio.create_task(done.add(lines(FILE).splitlines(keepends=True)))
        while "TIMEOUT" not in interruptions():
            await asyncio.sleep(0.01)
        monkeypatch.setattr(registry.store, "_write_seconds", 60)
        released.set()
        await importing
    assert {*interruptions()} == {"TIMEOUT", None}
    assert await ask(registry, IMPORTED) == WHOLE
    retracted = "MATCH (:Run)-[e:RETRACTED]->() RETURN count(e) AS count"
    assert await registry.store.read(retracted) == [{"count": 2}]
    assert (done.rejected, done.kinds["Run"]) == (0, 4)


@pytest.mark.usefixtures("batches_of_three")
@pytest.mark.parametrize("whole", [False, True], ids=["lines", "array"])
async def test_an_import_whose_database_stays_held_up_gives_up_and_says_why(
    http: httpx.AsyncClient, registry: Forebear, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    done = Import(Remote(http), "file", False, False, True)
    monkeypatch.setattr(registry.store, "_write_seconds", 0.5)
    monkeypatch.setattr(cli_stream, "PATIENCE", 0)
    async with held(registry):
        with pytest.raises(Failure, match=r"after line 0: The database did not answer within 0\.5 s\. What is in") as failed:
            await (done.add_all if whole else done.add)(lines(FILE).splitlines(keepends=True))
    assert failed.value.code == Code.UNREACHABLE
