"""Events of OpenLineage come to the lineage that one would draw by hand, in any order and however often they are sent."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forebear.api.body import MAX_ARRAY
from forebear.app import Forebear
from forebear.connect.intake import MAX_EVENTS
from forebear.connect.translator import InvalidEvent
from forebear.graph.declaration import EDGES
from forebear.graph.facts import Facts
from forebear.graph.kinds import GRAPH
from tests.connect.openlineage.drawing import TRANSLATOR, drawn, facts_of, folded
from tests.record.asking import ask, everything, serving

SAMPLES = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(Path(__file__).parent.glob("*.json"))}
SHARED = Path(__file__).parents[4] / "shared" / "data" / "openlineage-events"
EVENTS: list[dict[str, Any]] = [event for sample in SAMPLES.values() for event in sample["events"]]
FACTS = Facts(GRAPH)
LINEAGE, BATCH = "/api/v1/lineage", "/api/v1/lineage/batch"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_comes_to_the_lineage_that_one_would_draw(name: str) -> None:
    events = SAMPLES[name]["events"]
    assert drawn(events) == SAMPLES[name]["drawn"]
    assert [reason for event in events for reason in TRANSLATOR.wrong(event)] == []


@given(st.sampled_from(sorted(SAMPLES)).flatmap(lambda name: st.permutations(SAMPLES[name]["events"])), st.data())
def test_the_order_of_events_makes_no_difference_nor_does_a_repetition(events: list[Any], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(events)))
    in_order = sorted(events, key=EVENTS.index)
    assert folded([*events, *again]) == folded(in_order)
    assert facts_of([*again, *events]) == facts_of(in_order)


RUN, INPUT, OUTPUT = "a-run", {"namespace": "s3://b", "name": "in"}, {"namespace": "s3://b", "name": "out"}
LINK = {"symlinks": {"identifiers": [{"namespace": "hive://h:9083", "name": "db.out"}]}}
NAMED = st.sampled_from([INPUT, OUTPUT, {"namespace": "s3://b", "name": "third"}])
FACETED = st.builds(
    lambda name, facets: {**name, "facets": facets},
    NAMED,
    st.sampled_from(
        [{}, LINK, {"version": {"datasetVersion": "7"}}, {"version": {"_deleted": True}}, {"lineage": {"inputs": []}}]
    ),
)
TOLD = st.builds(
    lambda type, minute, job, lineage, inputs, outputs: {
        "eventType": type,
        "eventTime": f"2026-09-01T00:0{minute}:00Z",
        "run": {"runId": RUN},
        "job": {"namespace": "n", "name": job, "facets": {} if lineage is None else {"lineage": {"entries": lineage}}},
        "inputs": inputs,
        "outputs": outputs,
    },
    st.sampled_from(["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]),
    st.integers(0, 3),
    st.sampled_from(["a", "a.b"]),
    st.sampled_from([None, None, [], [{**OUTPUT, "type": "DATASET", "inputs": [{**INPUT, "type": "DATASET"}]}]]),
    st.lists(FACETED, max_size=2),
    st.lists(FACETED, max_size=2),
)


@settings(max_examples=200)
@given(st.lists(TOLD, min_size=1, max_size=5).flatmap(lambda events: st.tuples(st.just(events), st.permutations(events))))
def test_whatever_the_events_of_a_run_say_their_order_makes_no_difference(both: tuple[list[Any], list[Any]]) -> None:
    events, shuffled = both
    assert folded(events) == folded([*shuffled, *events])
    assert facts_of(events) == facts_of(shuffled)


JUNK = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=3)
    | st.lists(st.none() | st.text(max_size=2), max_size=2)
    | st.dictionaries(st.text(max_size=2), st.none() | st.integers(), max_size=2)
)  # fmt: skip


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything within a JSON value."""
    if above:
        yield above
    if isinstance(value, dict | list):
        for place in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[place], (*above, place))


@st.composite
def spoilt(draw: st.DrawFn) -> Any:
    """An event in which something is not what it should be."""
    event = deepcopy(draw(st.sampled_from(EVENTS)))
    for _ in range(draw(st.integers(1, 3))):
        *above, place = draw(st.sampled_from([*places(event)]))
        within = event
        for each in above:
            within = within[each]
        within[place] = draw(JUNK)
    return event


@settings(max_examples=300)
@given(st.lists(spoilt(), min_size=1, max_size=3))
def test_whatever_is_wrong_in_an_event_is_refused_or_reported_and_the_rest_is_right(events: list[Any]) -> None:
    taken = []
    for event in events:
        # Nothing but InvalidEvent is raised: another exception is a bug.
        with suppress(InvalidEvent):
            folded([event])
            assert all(isinstance(reason, str) for reason in (*TRANSLATOR.wrong(event), *TRANSLATOR.left_out(event)))
            taken.append(event)
    for fact in facts_of(taken):
        FACTS.read(fact)


async def drawn_in(registry: Forebear) -> tuple[set[str], dict[str, str]]:
    """The edges that are in the graph, as lines, and the statuses of runs."""
    names = {(kind.name, edge.type.name): edge.name for kind in GRAPH.kinds.values() for edge in kind.edges}
    rows = await registry.store.read(
        "MATCH (a)-[e]->(b) WHERE a.id IS NOT NULL AND b.id IS NOT NULL "
        "RETURN a.id AS source, labels(a)[0] AS kind, type(e) AS type, b.id AS target"
    )
    edges = {
        f"{row['source']} {names[str(row['kind']), str(row['type'])]} {row['target']}"
        for row in rows
        if (row["kind"], row["type"]) in names
    }
    statuses = await registry.store.read("MATCH (r:JobRun|Run) RETURN r.id AS id, r.status AS status")
    return edges, {str(row["id"]): str(row["status"]) for row in statuses}


def is_edge(line: str) -> bool:
    """Whether a line of a drawing is an edge."""
    return not line.split(" ")[1].endswith(":")


async def test_events_in_the_reverse_order_and_repeated_come_to_the_same_graph(registry: Forebear) -> None:
    async with serving(registry) as client:
        for event in reversed(EVENTS):
            answer = await client.post(LINEAGE, json=event)
            assert (answer.status_code, answer.json()["events"][0]["status"]) == (200, "TAKEN"), answer.text
        edges, statuses = await drawn_in(registry)
        lines = {line for sample in SAMPLES.values() for line in sample["drawn"]}
        assert edges == {line for line in lines if is_edge(line)}
        assert sorted({*statuses.values()}) == ["FAILED", "None", "RUNNING", "SUCCEEDED"]

        before = await everything(registry)
        batch = await client.post(BATCH, json=EVENTS)
        assert batch.status_code == 200
        assert batch.json()["summary"] == {
            "received": len(EVENTS), "successful": len(EVENTS), "failed": 0, "retriable": 0, "non_retriable": 0,
        }  # fmt: skip
        assert {event["status"] for event in batch.json()["events"]} == {"KNOWN"}
        assert without_states(await everything(registry)) == without_states(before)

    # Whoever reads a table by its name has the lineage of the files that it is, also under their name before a change of it.
    query = """query ($of: ID!) { lineage(of: $of, direction: UPSTREAM) { nodes { depth node { id } } } }"""
    found = await ask(registry, query, of="dataset:hive://lake:9083/robots.weekly@unversioned")
    assert {row["node"]["id"].removesuffix("@unversioned"): row["depth"] for row in found["lineage"]["nodes"]} == {
        "dataset:hive://lake:9083/robots.weekly": 0,
        "dataset:hive://lake:9083/robots.clean": 1,
        "job-run:0199c0de-0000-7000-8000-000000000011": 1,
        "dataset:s3://lake/robots/clean": 2,
        "dataset:s3://lake/robots/clean-2026": 3,
        "dataset:s3://lake/robots/episodes": 3,
        "job-run:0199c0de-0000-7000-8000-000000000010": 3,
        "dataset:hive://lake:9083/robots.episodes": 4,
        "job-run:0199c0de-0000-7000-8000-000000000020": 4,
    }


def without_states(both: tuple[list[Any], list[Any]]) -> list[Any]:
    """Everything but the inbox, which holds when something came."""
    return [node for part in both for node in part if '"label":"InboxState"' not in node]


async def test_a_run_runs_from_its_start_and_is_over_by_its_last_word(registry: Forebear) -> None:
    start, end = SAMPLES["failure"]["events"]
    query = """{ jobRun(id: "job-run:0199c0de-0000-7000-8000-000000000050") {
      status startedAt endedAt error configuration jobs { nodes { name } } read { totalCount } made { nodes { id } } } }"""
    async with serving(registry) as client:
        assert (await client.post(LINEAGE, json=start)).status_code == 200
        running = {
            "status": "RUNNING", "startedAt": "2026-09-06T06:00:00.000000Z", "endedAt": None, "error": None,
            "configuration": {"threshold": "0.8"}, "jobs": {"nodes": [{"name": "label"}]},
            "read": {"totalCount": 0}, "made": {"nodes": []},
        }  # fmt: skip
        assert (await ask(registry, query))["jobRun"] == running
        assert (await client.post(LINEAGE, json=end)).status_code == 200
        late = {**start, "eventType": "RUNNING", "eventTime": "2026-09-06T06:01:03Z"}
        assert (await client.post(LINEAGE, json=late)).status_code == 200
    assert (await ask(registry, query))["jobRun"] == running | {
        "status": "FAILED", "endedAt": "2026-09-06T06:01:00.000000Z", "error": "KeyError: 'grip'",
        "read": {"totalCount": 1}, "made": {"nodes": [{"id": "dataset:s3://lake/labels@unversioned"}]},
    }  # fmt: skip


def event(**changes: Any) -> dict[str, Any]:
    """A right event with changes. None leaves a member out."""
    whole = {**SAMPLES["failure"]["events"][1], **changes}
    return {name: value for name, value in whole.items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"eventTime": None}, "eventTime: is no text of 1 to 2000 characters"),
        ({"eventTime": "2026-09-06T06:01:00"}, "eventTime: '2026-09-06T06:01:00' has no offset: end it with Z, or with one "
         "such as +02:00"),
        ({"run": {}}, "run.runId: is no text of 1 to 2000 characters"),
        ({"job": {"namespace": "n"}}, "job.name: is no text of 1 to 2000 characters"),
        ({"run": None, "job": None}, "run, job and dataset: none of them is there; an event of OpenLineage is about one of "
         "them"),
        ({"run": None, "job": 7}, "job: is no JSON object with namespace and name"),
    ],
)  # fmt: skip
def test_what_can_never_be_taken_is_refused_by_name(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidEvent) as refused:
        folded([event(**changes)])
    assert str(refused.value) == reason


def test_wrong_facets_are_reported_and_the_event_is_taken() -> None:
    wrong = event(
        eventType="DONE",
        run={"runId": "r", "facets": {"parent": {"run": {}}, "errorMessage": 7, "lineage": {"entries": [{"type": "TABLE"}]}}},
        inputs=[{"namespace": "s3://b"}, {**INPUT, "facets": {"version": {}}}, {**INPUT, "facets": 7}],
        outputs={"name": "x"},
    )
    text = "is no text of 1 to 2000 characters"
    assert TRANSLATOR.wrong(wrong) == [
        "eventType: 'DONE' is none of START, RUNNING, COMPLETE, ABORT, FAIL, OTHER; it is taken as OTHER",
        "run.facets.errorMessage: is no JSON object",
        "run.facets.lineage.entries.0.type: is neither DATASET nor JOB",
        f"run.facets.parent.run.runId: {text}",
        f"inputs.0.name: {text}",
        f"inputs.1.facets.version.datasetVersion: {text}",
        "inputs.2.facets: is no JSON object",
        "outputs: is no JSON array of datasets",
    ]
    (state,) = folded([wrong]).values()
    assert [*state["inputs"]] == ["s3://b/in"]


def test_what_has_no_place_is_said() -> None:
    loaded, split, training = SAMPLES["airflow"]["events"][2], SAMPLES["several_outputs"]["events"][1], SAMPLES["training"]
    assert TRANSLATOR.left_out(loaded) == [
        "job.facets: sql have no place in the graph",
        "inputs.0.facets: schema have no place in the graph",
        "outputs.0.facets.columnLineage: which column came of which is not kept, only which dataset",
    ]
    assert TRANSLATOR.left_out(split) == [
        "job.facets.lineage: which column came of which is not kept, only which dataset",
        "job.facets.lineage.entries: what the job airflow:other read is for its own events to say",
    ]
    assert TRANSLATOR.left_out(training["events"][1]) == [
        "inputs.2: a model that is named without a version is no checkpoint that one could name",
    ]
    facets = {"version": {"datasetVersion": "7"}, "datasetType": {"datasetType": "MODEL"}}
    model = {"namespace": "s3://models", "name": "labeller", "facets": facets}
    lost = ["inputs: that data came of the model s3://models/labeller has no place in the graph, only that weights did"]
    assert TRANSLATOR.left_out(event(inputs=[model], outputs=[OUTPUT])) == lost
    assert TRANSLATOR.left_out(event(inputs=[model], outputs=[{**model, "name": "next"}])) == []


def test_a_run_that_reads_very_much_is_told_in_several_facts() -> None:
    many = [{"namespace": "s3://b", "name": f"part-{n:05}"} for n in range(2 * EDGES + 1)]
    facts = [FACTS.read(fact) and fact for fact in facts_of([event(inputs=many, outputs=[OUTPUT])])]
    versions = [f"dataset:s3://b/{each['name']}@unversioned" for each in many]
    for kind, edge in (("JobRun", "read"), ("DatasetVersion", "derivedFrom")):
        ends = [fact[edge] for fact in facts if fact["kind"] == kind and edge in fact]
        assert ([len(each) for each in ends], [id for each in ends for id in each]) == ([EDGES, EDGES, 1], versions)


async def test_the_batch_says_which_events_failed_and_why(registry: Forebear) -> None:
    async with serving(registry) as client:
        answer = await client.post(
            BATCH, json=[event(), 7, event(eventTime="noon"), event(run={"runId": "r", "facets": {"parent": {}}})]
        )
        reason = "eventTime: 'noon' is not an RFC 3339 moment, such as 2026-11-23T14:52:06Z"
        assert answer.status_code == 200
        body = answer.json()
        assert {name: body[name] for name in ("status", "summary", "failed_events")} == {
            "status": "partial_success",
            "summary": {"received": 4, "successful": 2, "failed": 2, "retriable": 0, "non_retriable": 2},
            "failed_events": [
                {"index": 1, "reason": "the event is no JSON object", "retriable": False},
                {"index": 2, "reason": reason, "retriable": False},
            ],
        }  # fmt: skip
        assert [each["status"] for each in body["events"]] == ["TAKEN", "REJECTED", "REJECTED", "PARTLY"]
        failed = await client.post(BATCH, json=[7])
        assert (failed.status_code, failed.json()["status"]) == (200, "failure")
        assert (await client.post(BATCH, json=[])).json()["status"] == "success"
        assert (await client.post(BATCH, json=event())).status_code == 400
        single = await client.post(LINEAGE, json=event(eventTime="noon"))
        assert (single.status_code, single.json()) == (422, {"events": [{"status": "REJECTED", "reasons": [reason]}]})


async def test_the_doors_take_json_alone_also_as_gzip_and_within_bounds(registry: Forebear) -> None:
    async with serving(registry) as client:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            assert (await client.post(LINEAGE, content=b"{}", headers={"Content-Type": kind})).status_code == 415
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        zipped = await client.post(LINEAGE, content=gzip.compress(json.dumps(event()).encode()), headers=headers)
        assert (zipped.status_code, zipped.json()["events"][0]["status"]) == (200, "TAKEN")
        many = await client.post(BATCH, json=[{}] * (MAX_EVENTS + 1))
        assert (many.status_code, many.json()["errors"][0]["message"]) == (
            413, f"at most {MAX_EVENTS} events at a time; {MAX_EVENTS + 1} were sent: send fewer events at a time",
        )  # fmt: skip
        large = await client.post(LINEAGE, content=b'"' + b"x" * MAX_ARRAY + b'"', headers={"Content-Type": "application/json"})
        assert (large.status_code, large.json()["errors"][0]["message"]) == (
            413, f"the body is larger than {MAX_ARRAY} bytes; send fewer events at a time",
        )  # fmt: skip


@pytest.mark.skipif(not SHARED.is_dir(), reason="the samples are not here")
async def test_all_shared_events_are_taken_with_the_lineage_that_one_would_draw(registry: Forebear) -> None:
    events = [json.loads(file.read_text("utf-8")) for file in sorted(SHARED.rglob("*.json"))]
    async with serving(registry) as client:
        answer = await client.post(BATCH, json=events)
        assert {each["status"] for each in answer.json()["events"]} == {"TAKEN"}
    edges, statuses = await drawn_in(registry)
    assert {*statuses.values()} == {"SUCCEEDED"}
    files = {
        "compose_result.txt": [
            "copy_of_uploaded_data.txt",
            "copy_of_uploaded_file.txt",
            "uploaded_data.txt",
            "uploaded_file.txt",
        ],
        "copy_of_uploaded_data.txt": ["uploaded_data.txt"],
        "copy_of_uploaded_file.txt": ["uploaded_file.txt"],
    }
    bucket, tables, folder = "dataset:gs://mock-bucket/", "dataset:bigquery:mock-project.test.", "dataset:file:/tmp/cll_test/"
    pairs = [
        *chain.from_iterable(((bucket + made, bucket + of) for of in sources) for made, sources in files.items()),
        (f"{tables}upload", f"{bucket}copied.csv"),
        (f"{tables}upload", f"{bucket}test.csv"),
        (f"{tables}upload_cp", f"{tables}upload"),
        (f"{bucket}result.csv", f"{tables}upload_cp"),
        (f"{bucket}uploaded_file.txt", "dataset:file:/files/temp/data.txt"),
        ("dataset:file:/files/temp/downloaded_file.txt", f"{bucket}uploaded_file.txt"),
        (f"{folder}tbl1", f"{folder}cll_source1"),
        (f"{folder}tbl1", f"{folder}cll_source2"),
        ("dataset:bigquery:test.table.output", "dataset:bigquery:test.table.input"),
    ]
    expected = {f"{made}@unversioned derivedFrom {of}@unversioned" for made, of in pairs}
    assert {edge for edge in edges if " derivedFrom " in edge} == expected
    named = {edge for edge in edges if " alsoNamed " in edge}
    assert len(named) == 6
    assert f"{folder}tbl1@unversioned alsoNamed dataset:file%253A%252Ftmp%252Fcll_test:default.tbl1@unversioned" in named
    assert "dataset:gs://mock-bucket/to_be_deleted.txt@unversioned madeBy job-run:01936898-5bd1-78a2-bf21-3df49fddd032" in edges
