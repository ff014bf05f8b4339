"""Jobs: what an orchestrator runs to make data, and the runs of it."""

from __future__ import annotations

from datetime import datetime

from forebear.graph.declaration import Change, Json, Node, edge, prop
from forebear.graph.kinds.edge_types import PART_OF, RAN, READ, RUN_OF
from forebear.graph.kinds.training import RunStatus


class Job(Node, prefix="job"):
    """A job of an orchestrator or engine, such as a task of Airflow. Its runs make data."""

    type: str | None = prop("What kind of job it is, such as AIRFLOW TASK.", change=Change.APPENDED, default=None)

    read = edge(
        READ, "DatasetVersion", doc="What it reads, as its definition says. What came of it, `derivatives` says.",
        back="readByJobs", back_doc="The jobs that read it, as their definitions say.",
    )  # fmt: skip


class JobRun(Node, prefix="job-run"):
    """One run of a job, as an orchestrator or engine reports it."""

    status: RunStatus | None = prop("Where it stands.", change=Change.TOLD, default=None)
    started_at: datetime | None = prop("When it started.", change=Change.APPENDED, default=None)
    ended_at: datetime | None = prop("When it ended.", change=Change.TOLD, default=None, after="started_at")
    error: str | None = prop("The first line of the error that it failed with.", change=Change.TOLD, default=None)
    engine: str | None = prop("What ran it, such as spark 3.5.1.", change=Change.APPENDED, default=None)
    configuration: Json | None = prop("Its parameters.", change=Change.APPENDED, default=None)

    jobs = edge(
        RUN_OF, "Job", doc="The job that it is a run of. Several, if its events name the job differently.",
        back="runs", back_doc="Its runs.",
    )  # fmt: skip
    part_of = edge(
        PART_OF, "JobRun", doc="The run that started it, such as that of a whole pipeline.",
        back="parts", back_doc="The runs that it started.",
    )  # fmt: skip
    read = edge(
        READ, "DatasetVersion", doc="What it read. What came of it, `derivatives` says.",
        back="readBy", back_doc="The runs of jobs that read it.",
    )  # fmt: skip
    ran = edge(
        RAN, "CodeVersion", doc="The code that it executed.",
        back="jobRuns", back_doc="The runs of jobs that executed it.",
    )  # fmt: skip
