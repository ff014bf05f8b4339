"""Incidents: what went wrong in the field, what was maintained, and what explains it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from forebear.graph.declaration import Admission, Change, Node, Scale, Value, edge, prop
from forebear.graph.kinds.edge_types import ABOUT, AT, DUPLICATE_OF, EXPLAINS, SUPERSEDES, SUSPECTS


class Severity(Scale):
    """How bad an incident is."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


class IncidentType(StrEnum):
    """What kind of incident it is."""

    INCIDENT = "INCIDENT"
    REGRESSION = "REGRESSION"


class IncidentState(StrEnum):
    """Where an incident stands."""

    OPEN = "OPEN"
    RESOLVED = "RESOLVED"
    FALSE_ALARM = "FALSE_ALARM"
    DUPLICATE = "DUPLICATE"


class ReportedInterval(Value):
    """The interval of an incident, as one report has it."""

    as_of: datetime = prop("The moment from which the report holds.")
    valid_from: datetime = prop("When it began.")
    valid_to: datetime | None = prop("When it was over. Null if the report does not say.", default=None, after="valid_from")


class Quantity(Value):
    """A measured quantity, such as a force of 140 N."""

    name: str = prop("What was measured, such as `contactForce`.")
    value: float = prop("The value.")
    unit: str | None = prop("Its unit, such as `N`.", default=None)


class Incident(Node, prefix="incident", standing=Admission.OBSERVED, one_by_name=True, locked_after="Robot"):
    """An incident or a regression, with its state and severity."""

    type: IncidentType | None = prop("What kind of incident it is.", default=None)
    category: str | None = prop(
        "What happened, in a word of your own, such as collision, drop, intervention, disengagement, hardware or latency.",
        change=Change.TOLD, default=None, indexed=True,
    )  # fmt: skip
    state: IncidentState | None = prop(
        "Where it stands. Null if it was only recorded as a fact without a state: it is then open until `validTo`.",
        change=Change.TOLD, default=None, indexed=True,
    )  # fmt: skip
    severity: Severity | None = prop("How bad it is.", change=Change.TOLD, default=None)
    valid_from: datetime = prop("When it began: the earliest moment that a report has.", change=Change.APPENDED, indexed=True)
    valid_to: datetime | None = prop(
        "When it was over. Null while it is open and no report says when it was over.",
        change=Change.APPENDED, default=None, after="valid_from",
    )  # fmt: skip
    intervals: list[ReportedInterval] | None = prop(
        "The intervals that reports have, in the order of the moments from which they hold.",
        change=Change.APPENDED, default=None,
    )  # fmt: skip
    measured: list[Quantity] | None = prop("What was measured.", change=Change.APPENDED, default=None)
    logs: list[str] | None = prop("Links to logs.", change=Change.APPENDED, default=None)

    at = edge(
        AT, "Robot", "Fleet", "Site", doc="Where it happened.",
        back="incidents", back_doc="The incidents here.",
    )  # fmt: skip
    artifacts = edge(
        ABOUT, "Artifact", doc="The artifacts that are reported with it.",
        back="incidents", back_doc="The incidents that it is reported with.",
    )  # fmt: skip
    duplicate_of = edge(
        DUPLICATE_OF, "Incident", doc="The incidents that it is a duplicate of.",
        back="duplicates", back_doc="Its duplicates.",
    )  # fmt: skip


class MaintenanceEvent(Node, prefix="maintenance", standing=Admission.OBSERVED, one_by_name=True, locked_after="Incident"):
    """Maintenance of a robot, a fleet or a site."""

    categories: list[str] | None = prop(
        "What was done, in words of your own, such as calibration or gripper.", change=Change.APPENDED, default=None
    )
    valid_from: datetime = prop("When it began: the earliest moment that a report has.", change=Change.APPENDED, indexed=True)
    valid_to: datetime | None = prop(
        "When it was over. Null while it lasts.", change=Change.APPENDED, default=None, after="valid_from"
    )

    at = edge(
        AT, "Robot", "Fleet", "Site", doc="What was maintained.",
        back="maintenance", back_doc="The maintenance here.",
    )  # fmt: skip


SUSPECT = (
    "DatasetVersion", "CurationRuleset", "Job", "JobRun", "CodeVersion", "SoftwareEnvironment", "ComputeProfile", "Run",
    "Checkpoint", "ModelVersion", "Artifact", "HardwareTarget", "Robot", "Fleet", "Site", "Customer", "Deployment",
    "MaintenanceEvent",
)  # fmt: skip
"""The kinds of nodes that may be suspected."""


class AttributionFinding(Value):
    """What was found about one suspect: incidents and robot-hours with it and without it, and the ratio of the two rates."""

    name: str = prop("What it is: a kind of node, such as `DatasetVersion`, or a value, such as `robotSoftware`.")
    value: str = prop("The id of the node, or the value.")
    id: str | None = prop("The node, if it is one.", default=None, names=SUSPECT)
    incidents_with: int | None = prop("The incidents with it.", default=None, least=0)
    hours_with: float | None = prop("The robot-hours with it.", default=None, least=0)
    incidents_without: int | None = prop("The incidents without it.", default=None, least=0)
    hours_without: float | None = prop("The robot-hours without it.", default=None, least=0)
    rate_ratio: float | None = prop("The rate with it, by the rate without it.", default=None, least=0)
    low: float | None = prop("The lower bound of the 95 % interval of the ratio.", default=None, least=0)
    high: float | None = prop("The upper bound.", default=None, least=0)


class Attribution(Node, prefix="attribution", standing=Admission.GOVERNED):
    """An explanation of incidents, with its findings, method, confidence and actor."""

    method: str | None = prop("The method by which somebody found it.", default=None)
    confidence: float | None = prop("The confidence, from 0 to 1.", default=None, least=0, most=1)
    actor: str | None = prop("Who explains it.", default=None)
    findings: list[AttributionFinding] | None = prop("What was found about suspects, as it was then.", default=None)

    explains = edge(
        EXPLAINS, "Incident", doc="The incident that it explains.",
        back="attributions", back_doc="What explains it.",
    )  # fmt: skip
    suspects = edge(
        SUSPECTS, *SUSPECT, doc="What it suspects.", back="suspectedBy", back_doc="The attributions that suspect it.",
    )  # fmt: skip
    supersedes = edge(
        SUPERSEDES, "Attribution", doc="The attributions that it corrects.",
        back="supersededBy", back_doc="The attributions that correct it.",
    )  # fmt: skip
