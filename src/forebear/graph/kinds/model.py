"""Models: their versions, and the tags, aliases and stages by which people find them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from forebear.graph.declaration import Admission, Change, Digest, EdgeProperties, Long, Node, Value, edge, prop
from forebear.graph.kinds.edge_types import ALIASED, JUSTIFIED_BY, PROMOTED_FROM, STAGED, SUPERSEDES, VERSION_OF

TAG_VALUE = 100_000
"""The longest value of a tag, in characters, as in MLflow."""


class Tag(Value):
    """A key with a value, as people tag models in MLflow."""

    key: str = prop("The key.")
    value: str | None = prop("The value, which may be empty.", default=None, length=TAG_VALUE)


class Stage(StrEnum):
    """Where a version stands in MLflow. It says nothing about what may run: a release does."""

    STAGING = "STAGING"
    PRODUCTION = "PRODUCTION"
    ARCHIVED = "ARCHIVED"
    DELETED = "DELETED"


class Aliasing(EdgeProperties):
    """By which alias a model's version is called."""

    alias: str = prop("The alias, such as champion.", identity=True)


class Staging(EdgeProperties):
    """In which stage a model's version is."""

    stage: Stage = prop("The stage. DELETED: MLflow does not show the version any more.", identity=True)


class Model(Node, prefix="model", locked_after="ExternalId"):
    """A named model. Actions govern its versions."""

    tags: list[Tag] | None = prop("Its tags.", change=Change.UPDATED, default=None)
    updated_at: datetime | None = prop(
        "When it was last changed: named, described, or given another version or stage.", change=Change.UPDATED, default=None
    )


class ModelVersion(Node, prefix="model", versioned=True, standing=Admission.GOVERNED, locked_after="Experiment"):
    """One version of a model, with everything that makes a robot policy executable."""

    weights_digest: Digest | None = prop("Digest of the weights.", default=None, indexed=True)
    normalization_digest: Digest | None = prop("Digest of the normalisation statistics.", default=None)
    action_space_digest: Digest | None = prop("Digest of the action space's definition.", default=None)
    controller_digest: Digest | None = prop("Digest of the controller convention.", default=None)
    uri: str | None = prop("Where it lies.", default=None)
    parameters: Long | None = prop("Number of parameters.", default=None, least=0)
    sensors: list[str] | None = prop("The sensors that it reads.", default=None)
    action_space: str | None = prop("The actions that it outputs, such as 7-DoF end-effector deltas.", default=None)
    rate_hz: float | None = prop("The rate at which a robot must run it, in Hz.", default=None, least=0)
    memory_mib: float | None = prop("Memory that it needs, in MiB.", default=None, least=0)
    robot_software: str | None = prop("The robot software versions that it works with, such as >=4.2,<5.", default=None)
    license: str | None = prop("The licence of the weights.", default=None)
    created_at: datetime | None = prop("When it was registered, in the world.", default=None)
    run_link: str | None = prop("Where people look at the run that it comes from.", default=None)
    tags: list[Tag] | None = prop("Its tags.", change=Change.UPDATED, default=None)
    updated_at: datetime | None = prop(
        "When it was last described or given another stage.", change=Change.UPDATED, default=None
    )

    model = edge(
        VERSION_OF, "Model", one=True, doc="The model that it is a version of.",
        back="versions", back_doc="Its versions.",
    )  # fmt: skip
    alias_in = edge(
        ALIASED, "Model", interval=True, properties=Aliasing, doc="The model that calls it by an alias, and when.",
        back="aliases", back_doc="The versions that aliases point at, and when.",
    )  # fmt: skip
    staged_in = edge(
        STAGED, "Model", interval=True, properties=Staging, doc="The model in which it has a stage, and when.",
        back="stages", back_doc="The versions that have a stage, and when.",
    )  # fmt: skip
    promoted_from = edge(
        PROMOTED_FROM, "Checkpoint", doc="The checkpoints that it was promoted from.",
        back="promotions", back_doc="The model versions promoted from it.",
    )  # fmt: skip
    justified_by = edge(
        JUSTIFIED_BY, "Experiment", doc="The experiments that justify it.",
        back="justifies", back_doc="The model versions that it justifies.",
    )  # fmt: skip
    supersedes = edge(
        SUPERSEDES, "ModelVersion", doc="The versions whose place it takes.",
        back="supersededBy", back_doc="The versions that take its place.",
    )  # fmt: skip
