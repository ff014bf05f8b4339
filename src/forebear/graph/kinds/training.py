"""Training: what a run read and executed, and what it wrote."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from forebear.graph.declaration import PROSE, Change, Digest, EdgeProperties, Json, Long, Node, edge, prop
from forebear.graph.kinds.data import Mixing
from forebear.graph.kinds.edge_types import (
    GUIDED_BY,
    IN_ENVIRONMENT,
    INITIALIZED_FROM,
    ON_COMPUTE,
    PART_OF,
    PRODUCED_BY,
    RAN,
    TRAINED_ON,
)


class Guidance(EdgeProperties):
    """As what a model guided a run."""

    role: str = prop("The role of the model: teacher or reward.", identity=True)


class CodeVersion(Node, prefix="code", versioned=True):
    """A repository at a commit, or with changes that nobody has committed."""

    repository: str | None = prop("The repository's address.", default=None)
    commit: str | None = prop("The commit.", default=None, indexed=True)
    modified: bool | None = prop("Whether files differed from the commit, or were in no commit. Null if unknown.", default=None)
    changes: Digest | None = prop("Digest of the files that differed. Null if none did, or if unknown.", default=None)


class SoftwareEnvironment(Node, prefix="environment"):
    """The software that was installed where a run ran."""

    digest: Digest | None = prop("Digest of the lock file or image, as `algorithm:hex`.", default=None, indexed=True)
    image: str | None = prop("The container image, such as registry.example/train:2026.05.", default=None)
    packages: Json | None = prop("Package names with their versions.", default=None)


class ComputeProfile(Node, prefix="compute"):
    """The hardware that a run used, and how much of it."""

    accelerator: str | None = prop("Accelerator, such as A100-80GB.", default=None)
    accelerator_count: int | None = prop("How many accelerators.", default=None, least=0)
    hosts: int | None = prop("How many hosts.", default=None, least=0)


class ExperimentDecision(StrEnum):
    """What an experiment concluded."""

    ADOPT = "ADOPT"
    REJECT = "REJECT"
    CONTINUE = "CONTINUE"


class Experiment(Node, prefix="experiment", locked_after="Checkpoint"):
    """A hypothesis, the comparison that tests it, and the conclusion."""

    hypothesis: str | None = prop("What was expected, and why.", default=None, searchable=True, length=PROSE)
    comparison: str | None = prop("What was compared with what.", default=None, length=PROSE)
    decision: ExperimentDecision | None = prop("What was concluded.", change=Change.APPENDED, default=None)
    rationale: str | None = prop("Why.", change=Change.APPENDED, default=None, searchable=True, length=PROSE)


class RunStatus(StrEnum):
    """The status of a run."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class Run(Node, prefix="run"):
    """One training run, with its configuration, times, status and metrics."""

    status: RunStatus | None = prop("Where it stands.", change=Change.TOLD, default=None)
    configuration: Json | None = prop("Its configuration.", default=None)
    started_at: datetime | None = prop("When it started.", default=None)
    ended_at: datetime | None = prop("When it ended.", change=Change.TOLD, default=None, after="started_at")
    error: str | None = prop(
        "The class of the error that it failed with, such as torch.OutOfMemoryError.", change=Change.TOLD, default=None
    )
    seed: Long | None = prop("Its random seed.", default=None)
    metrics: Json | None = prop("Its final metrics.", change=Change.TOLD, default=None)

    experiment = edge(
        PART_OF, "Experiment", one=True, doc="The experiment that it is part of.",
        back="runs", back_doc="Its runs.",
    )  # fmt: skip
    trained_on = edge(
        TRAINED_ON, "DatasetVersion", properties=Mixing, doc="The training data that it read.",
        back="trainingRuns", back_doc="The runs that were trained on it.",
    )  # fmt: skip
    ran = edge(
        RAN,
        "CodeVersion",
        doc="The code that it executed.",
        back="runs",
        back_doc="The runs that executed it.",
    )
    in_environment = edge(
        IN_ENVIRONMENT, "SoftwareEnvironment", doc="The software environment that it used.",
        back="runs", back_doc="The runs that used it.",
    )  # fmt: skip
    on_compute = edge(
        ON_COMPUTE, "ComputeProfile", doc="The compute that it used.",
        back="runs", back_doc="The runs that used it.",
    )  # fmt: skip
    initialized_from = edge(
        INITIALIZED_FROM, "Checkpoint", "ModelVersion", doc="The weights that it started from.",
        back="initialized", back_doc="The runs that started from it.",
    )  # fmt: skip
    guided_by = edge(
        GUIDED_BY, "ModelVersion", properties=Guidance, doc="The models that it learned from.",
        back="guided", back_doc="The runs that learned from it.",
    )  # fmt: skip


class Checkpoint(Node, prefix="checkpoint", locked_after="Model"):
    """The weights at one step of a run."""

    step: Long | None = prop("Optimizer steps taken.", default=None, least=0)
    uri: str | None = prop("Where it lies.", default=None)
    digest: Digest | None = prop("Digest of its content, as `algorithm:hex`.", default=None, indexed=True)
    metrics: Json | None = prop("Metrics at this step.", default=None)

    produced_by = edge(
        PRODUCED_BY, "Run", one=True, doc="The run that wrote it.",
        back="checkpoints", back_doc="The checkpoints that it wrote.",
    )  # fmt: skip
