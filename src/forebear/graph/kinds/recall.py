"""Recalls: something is taken back from the whole world, with everything that descends from it."""

from __future__ import annotations

from datetime import datetime

from forebear.graph.declaration import PROSE, Admission, Change, Digest, Node, Value, edge, prop
from forebear.graph.kinds.edge_types import RECALLS


class RecallVote(Value):
    """One APPROVER's vote for a recall. It counts for what was affected then."""

    actor: str = prop("Who voted.")
    roles: list[str] = prop("The roles that the voter had.")
    machine: bool = prop("Whether the voter is a machine.")
    at: datetime = prop("When.")
    affected: Digest = prop("The digest of what was affected, as the voter saw it.")


class RecallExcuse(Value):
    """Somebody excused an item of a recall: nothing more is to be done about it."""

    item: str = prop("The id of the deployment, the robot or the release.")
    reason: str = prop("Why.", length=PROSE)
    actor: str = prop("Who excused it.")
    at: datetime = prop("When.")


class Recall(Node, prefix="recall", standing=Admission.GOVERNED, locked_after="MaintenanceEvent"):
    """Something upstream that is taken back from the world. While the recall stands, what descends from it may run nowhere."""

    subject: str = prop(
        "What is recalled, as text: an id, or toolchain=NAME, dataOf=CUSTOMER, setting=NAME=VALUE.", indexed=True
    )
    reason: str = prop("Why.", length=PROSE)
    valid_from: datetime | None = prop(
        "Since when it stands. Null while votes for it are missing.", change=Change.APPENDED, default=None, indexed=True
    )
    valid_to: datetime | None = prop(
        "When somebody ended it (exclusive). Null until then.", change=Change.APPENDED, default=None, after="valid_from"
    )
    affected_digest: Digest | None = prop(
        "The digest of the versions, releases, artifacts and deployments that it affected when it began.",
        change=Change.APPENDED, default=None,
    )  # fmt: skip
    votes: list[RecallVote] | None = prop("The votes for it.", change=Change.APPENDED, default=None)
    votes_missing: int | None = prop(
        "How many votes it lacked after the last one, for what was affected then. 0 since it stands.",
        change=Change.APPENDED, default=None, least=0,
    )  # fmt: skip
    excuses: list[RecallExcuse] | None = prop("The items that somebody excused.", change=Change.APPENDED, default=None)

    recalls = edge(
        RECALLS, "Dataset", "DatasetVersion", "CurationRuleset", "Job", "JobRun", "CodeVersion", "SoftwareEnvironment",
        "ComputeProfile", "Experiment", "Run", "Checkpoint", "Model", "ModelVersion", "EvaluationPack", "Evidence",
        "ReleasePolicy", "Decision", "Artifact", "Customer", "Site", "Fleet", "Cohort", "Robot",
        doc="What it recalls: a node or, of a customer, a setting or a toolchain, the data, runs or builds known to be of it.",
        back="recalls", back_doc="The recalls of it.",
    )  # fmt: skip
