"""Incidents: what went wrong in the field, what was maintained, and what explains it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from forebear.graph.declaration import Admission, Change, Node, Value, edge, prop
from forebear.graph.kinds.edge_types import ABOUT, AT, DUPLICATE_OF, EXPLAINS, SUPERSEDES, SUSPECTS


class Severity(StrEnum):
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


class Attribution(Node, prefix="attribution", standing=Admission.GOVERNED):
    """An explanation of an incident, with method, confidence and actor."""

    method: str | None = prop("The method by which somebody found it.", default=None)
    confidence: float | None = prop("The confidence, from 0 to 1.", default=None, least=0, most=1)
    actor: str | None = prop("Who explains it.", default=None)

    explains = edge(
        EXPLAINS, "Incident", doc="The incident that it explains.",
        back="attributions", back_doc="What explains it.",
    )  # fmt: skip
    suspects = edge(
        SUSPECTS, "DatasetVersion", "CurationRuleset", "CodeVersion", "SoftwareEnvironment", "Run", "Checkpoint",
        "ModelVersion", "Artifact", "HardwareTarget", "Robot", "Site", "Deployment", "MaintenanceEvent",
        doc="What it suspects.", back="suspectedBy", back_doc="The attributions that suspect it.",
    )  # fmt: skip
    supersedes = edge(
        SUPERSEDES, "Attribution", doc="The attributions that it corrects.",
        back="supersededBy", back_doc="The attributions that correct it.",
    )  # fmt: skip
