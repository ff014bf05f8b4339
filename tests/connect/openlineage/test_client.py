"""The real client of OpenLineage, as its users configure it, posts to Forebear."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, JobEvent, OutputDataset, Run, RunEvent, RunState
from openlineage.client.generated.lineage import LineageDatasetEntry, LineageDatasetInput, LineageJobFacet
from openlineage.client.generated.parent_run import Job as ParentJob
from openlineage.client.generated.parent_run import ParentRunFacet
from openlineage.client.generated.parent_run import Run as ParentRun
from openlineage.client.generated.symlinks_dataset import Identifier, SymlinksDatasetFacet
from openlineage.client.transport.http import ApiKeyTokenProvider, HttpCompression, HttpConfig, HttpTransport
from requests import HTTPError

from forebear.app import Forebear
from forebear.domain.roles import Role
from forebear.identity.actors import DEVELOPMENT
from forebear.identity.tokens import CreatedToken
from tests.api.served import served
from tests.record.asking import ask

PRODUCER = "https://example.net/pipelines"
RUN, PARENT = "0199c0de-0000-7000-8000-0000000000a1", "0199c0de-0000-7000-8000-0000000000a0"


def events() -> list[RunEvent | JobEvent]:
    """The start and the end of a run whose outputs came of different inputs, and the definition of another job."""
    files = {name: ("s3://lake", name) for name in ("a", "b", "c", "d")}
    inputs = [InputDataset(*files[name]) for name in ("a", "b")]
    link = SymlinksDatasetFacet(identifiers=[Identifier("hive://lake:9083", "robots.c", "TABLE")])
    outputs = [OutputDataset(*files["c"], facets={"symlinks": link}), OutputDataset(*files["d"])]
    entries = [
        LineageDatasetEntry(*files[target], type="DATASET", inputs=[LineageDatasetInput(*files[source], type="DATASET")])
        for target, source in (("c", "a"), ("d", "b"))
    ]
    parent = ParentRunFacet(run=ParentRun(runId=PARENT), job=ParentJob(namespace="airflow", name="day"))
    job = Job("airflow", "day.split", facets={"lineage": LineageJobFacet(entries=list(entries))})
    told = {"producer": PRODUCER}
    start = RunEvent(
        eventType=RunState.START, eventTime="2026-09-10T06:00:00Z", run=Run(RUN, {"parent": parent}),
        job=Job("airflow", "day.split"), **told,
    )  # fmt: skip
    end = RunEvent(
        eventType=RunState.COMPLETE, eventTime="2026-09-10T06:01:00Z", run=Run(RUN), job=job, inputs=inputs, outputs=outputs,
        **told,
    )  # fmt: skip
    view = JobEvent(
        eventTime="2026-09-10T06:02:00Z", job=Job("dbt", "view"), inputs=inputs[:1], outputs=[OutputDataset("s3://lake", "e")],
        **told,
    )  # fmt: skip
    return [start, end, view]


async def test_the_unchanged_client_tells_of_runs_and_jobs(
    registry: Forebear, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = await registry.tokens.create(DEVELOPMENT, "airflow", (Role.RECORDER,), machine=True, connector="openlineage")
    assert isinstance(made, CreatedToken)
    # A configuration file of this machine is not to count.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    async with served(registry) as service:
        url = f"http://127.0.0.1:{service.port}"
        monkeypatch.setenv("OPENLINEAGE_URL", url)
        monkeypatch.setenv("OPENLINEAGE_API_KEY", made.secret)
        start, *others = events()
        await asyncio.to_thread(OpenLineageClient().emit, start)
        key = ApiKeyTokenProvider({"api_key": made.secret})
        zipped = HttpTransport(HttpConfig(url, auth=key, compression=HttpCompression.GZIP))
        for event in others:
            await asyncio.to_thread(OpenLineageClient(transport=zipped).emit, event)
        stranger = HttpTransport(HttpConfig(url, auth=ApiKeyTokenProvider({"api_key": "forebear_x"})))
        with pytest.raises(HTTPError, match="401"):
            await asyncio.to_thread(OpenLineageClient(transport=stranger).emit, start)
        zipped.close()

    query = """{ jobRun(id: "job-run:0199c0de-0000-7000-8000-0000000000a1") {
        status recordedBy source partOf { nodes { jobs { nodes { id } } } } read { nodes { id } }
        made { nodes { id derivedFrom { nodes { id } } alsoNamed { nodes { id } } } } }
      job(id: "job:dbt:view") { read { nodes { id } } made { nodes { id } } } }"""
    version = "dataset:s3://lake/{}@unversioned"
    assert await ask(registry, query) == {
        "jobRun": {
            "status": "SUCCEEDED",
            "recordedBy": "airflow",
            "source": "openlineage",
            "partOf": {"nodes": [{"jobs": {"nodes": [{"id": "job:airflow:day"}]}}]},
            "read": {"nodes": [{"id": version.format("a")}, {"id": version.format("b")}]},
            "made": {
                "nodes": [
                    {
                        "id": version.format(target),
                        "derivedFrom": {"nodes": [{"id": version.format(source)}]},
                        "alsoNamed": {"nodes": [{"id": id} for id in links]},
                    }
                    for target, source, links in (("c", "a", ["dataset:hive://lake:9083/robots.c@unversioned"]), ("d", "b", []))
                ]
            },
        },
        "job": {"read": {"nodes": [{"id": version.format("a")}]}, "made": {"nodes": [{"id": version.format("e")}]}},
    }
