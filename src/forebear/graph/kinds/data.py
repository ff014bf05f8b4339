"""Data: datasets, their versions, and the rules by which they were curated."""

from __future__ import annotations

from datetime import datetime

from forebear.graph.declaration import Digest, EdgeProperties, Json, Long, Node, edge, prop
from forebear.graph.kinds.edge_types import (
    ALSO_NAMED,
    COLLECTED_FROM,
    CURATED_BY,
    DERIVED_FROM,
    LABELLED_BY,
    MADE_BY,
    VERSION_OF,
)


class Mixing(EdgeProperties):
    """How one dataset version entered another, or a run."""

    role: str | None = prop("Its use, such as train, validation or finetune.", default=None, identity=True)
    weight: float | None = prop("Its sampling weight in the mixture, without a unit.", default=None, least=0)


class Collection(EdgeProperties):
    """When data was collected."""

    collected_from: datetime | None = prop("Since when data was collected. Null if unknown.", default=None)
    collected_to: datetime | None = prop(
        "Until when data was collected (exclusive). Null if unknown or ongoing.", default=None, after="collected_from"
    )


class Dataset(Node, prefix="dataset"):
    """A named collection of data. Runs read its versions."""


class DatasetVersion(Node, prefix="dataset", versioned=True):
    """One immutable version of a dataset."""

    digest: Digest | None = prop("Digest of its manifest, as `algorithm:hex`.", default=None, indexed=True)
    uri: str | None = prop("Where it lies.", default=None)
    episodes: Long | None = prop("Number of episodes.", default=None, least=0)
    frames: Long | None = prop("Number of frames.", default=None, least=0)
    bytes: Long | None = prop("Size in bytes.", default=None, least=0)
    license: str | None = prop("The licence of the data, as an SPDX identifier if there is one.", default=None)
    created_at: datetime | None = prop("When it was made, in the world.", default=None)

    dataset = edge(
        VERSION_OF, "Dataset", one=True, doc="The dataset that it is a version of.",
        back="versions", back_doc="Its versions.",
    )  # fmt: skip
    derived_from = edge(
        DERIVED_FROM, "DatasetVersion", properties=Mixing, doc="What it was made of.",
        back="derivatives", back_doc="What was made of it.",
    )  # fmt: skip
    made_by = edge(
        MADE_BY, "JobRun", "Job", doc="The runs of jobs that made it, or the jobs that make it by their definition.",
        back="made", back_doc="The dataset versions that it made.",
    )  # fmt: skip
    also_named = edge(
        ALSO_NAMED, "DatasetVersion", doc="The same data under another name. Each of the two names leads to the other.",
        back="namedAlsoBy", back_doc="The same data under other names, as those say.",
    )  # fmt: skip
    curated_by = edge(
        CURATED_BY, "CurationRuleset", doc="The rules by which it was curated.",
        back="curated", back_doc="The dataset versions that were curated by it.",
    )  # fmt: skip
    collected_from = edge(
        COLLECTED_FROM, "Fleet", "Robot", "Site", properties=Collection, doc="Where its data was collected.",
        back="collected", back_doc="Dataset versions with data collected here.",
    )  # fmt: skip
    labelled_by = edge(
        LABELLED_BY, "ModelVersion", doc="The model versions that labelled it.",
        back="labelled", back_doc="The dataset versions that it labelled.",
    )  # fmt: skip


class CurationRuleset(Node, prefix="curation", versioned=True):
    """A versioned set of curation rules."""

    digest: Digest | None = prop("Digest of the rules, as `algorithm:hex`.", default=None, indexed=True)
    uri: str | None = prop("Where the rules lie.", default=None)
    rules: Json | None = prop("The rules themselves.", default=None)
