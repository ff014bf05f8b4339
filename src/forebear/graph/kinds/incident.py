"""Incidents: what went wrong in the field, what was maintained, and what explains it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from forebear.graph.declaration import Admission, Change, Node, edge, prop
from forebear.graph.kinds.edge_types import AT, EXPLAINS, SUPERSEDES, SUSPECTS


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


class Incident(Node, prefix="incident", standing=Admission.OBSERVED, one_by_name=True):
    """An incident or a regression, with its severity."""

    type: IncidentType | None = prop("What kind of incident it is.", default=None)
    severity: Severity | None = prop("How bad it is.", change=Change.TOLD, default=None)
    valid_from: datetime = prop("When it began.", indexed=True)
    valid_to: datetime | None = prop(
        "When it was over. Null while it is open.", change=Change.APPENDED, default=None, after="valid_from"
    )

    at = edge(
        AT, "Robot", "Fleet", "Site", doc="Where it happened.",
        back="incidents", back_doc="The incidents here.",
    )  # fmt: skip


class MaintenanceEvent(Node, prefix="maintenance", standing=Admission.OBSERVED, one_by_name=True):
    """Maintenance of a robot, a fleet or a site."""

    valid_from: datetime = prop("When it began.", indexed=True)
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
