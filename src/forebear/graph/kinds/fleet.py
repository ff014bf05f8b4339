"""Fleets: customers, sites, robots, and what runs there, as it is meant and as it is seen."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from forebear.graph.declaration import ENDS, PROSE, Admission, Change, Node, Value, edge, prop
from forebear.graph.kinds.edge_types import (
    AT,
    AUTHORIZED_BY,
    CONCERNS,
    DECOMMISSIONS,
    FOR,
    IN_LINE,
    INSTALLED_BY,
    MEMBER_OF,
    OF,
    ON,
    PART_OF,
    REPLACES,
    ROLLS_BACK,
)
from forebear.graph.kinds.release import Basis


class Customer(Node, prefix="customer"):
    """A customer. Fleets are run for customers."""


class Site(Node, prefix="site"):
    """A place where fleets work."""

    country: str | None = prop("ISO 3166-1 alpha-2 code of the country.", default=None)


class Fleet(Node, prefix="fleet", locked_after="Artifact"):
    """Robots that are run together."""

    silent_after: int | None = prop(
        "After how many seconds without a report a robot of it counts as silent.", change=Change.APPENDED, default=None, least=0
    )

    sites = edge(AT, "Site", interval=True, doc="Where it works, and when.", back="fleets", back_doc="The fleets here.")
    customers = edge(
        FOR, "Customer", interval=True, doc="Whose it is, and when.",
        back="fleets", back_doc="Its fleets.",
    )  # fmt: skip
    lines = edge(
        IN_LINE, "ReleaseLine", interval=True, doc="The release lines that it runs, and when.",
        back="fleets", back_doc="The fleets in this line.",
    )  # fmt: skip


class Cohort(Node, prefix="cohort", locked_after="Fleet"):
    """A named part of a fleet."""

    fleets = edge(
        PART_OF, "Fleet", interval=True, doc="The fleet that it is part of, and when.",
        back="cohorts", back_doc="Its cohorts.",
    )  # fmt: skip


class Robot(Node, prefix="robot", locked_after="Deployment"):
    """One robot."""

    serial: str | None = prop("Its serial number.", default=None, indexed=True)
    robot_class: str | None = prop("Its class.", default=None)
    software: str | None = prop("The version of its software, such as 4.2.1.", change=Change.TOLD, default=None)
    rate_hz: float | None = prop(
        "The highest rate at which it takes commands, in Hz.", change=Change.TOLD, default=None, least=0
    )

    member_of = edge(
        MEMBER_OF, "Fleet", "Cohort", interval=True, doc="The fleets and cohorts that it belongs to, and when.",
        back="robots", back_doc="Its robots.",
    )  # fmt: skip


class Decommissioning(Node, prefix="decommissioning", standing=Admission.GOVERNED):
    """An interval in which a robot, a cohort or a fleet is out of service. Each time makes a new one."""

    valid_from: datetime | None = prop("Since when it is out of service.", default=None, indexed=True)
    valid_to: datetime | None = prop(
        "When it was recommissioned (exclusive). Null while it is out of service.",
        change=Change.APPENDED,
        default=None,
        after="valid_from",
    )
    reason: str | None = prop("Why somebody decommissioned it.", default=None, length=PROSE)

    place = edge(
        DECOMMISSIONS, "Robot", "Cohort", "Fleet", one=True, doc="What is out of service.",
        back="decommissionings", back_doc="The intervals in which it was out of service.",
    )  # fmt: skip
    fleets = edge(
        CONCERNS, "Fleet", doc="The fleet itself, or the fleets that the place belonged to until then.",
        back="departures", back_doc="The decommissionings of this fleet and of what belonged to it.",
    )  # fmt: skip
    robots = edge(
        CONCERNS, "Robot", doc="The robots that belong to no fleet since then, the decommissioned robot included.",
        back="departures", back_doc="The decommissionings that left the robot without a fleet.",
    )  # fmt: skip


class DeploymentState(StrEnum):
    """The state of a deployment, as its manager reports it."""

    PLANNED = "PLANNED"
    IN_PROGRESS = "IN_PROGRESS"
    ACTIVE = "ACTIVE"
    FAILED = "FAILED"
    ENDED = "ENDED"


class DeploymentReport(Value):
    """A report about a deployment."""

    state: DeploymentState = prop("The state.")
    at: datetime = prop("Since when.")


class Deployment(Node, prefix="deployment", standing=Admission.GOVERNED, locked_after="Cohort"):
    """The intent to run an artifact on a fleet or a cohort of it, with its interval."""

    state: DeploymentState = prop("Where it stands.", change=Change.APPENDED, indexed=True)
    valid_from: datetime | None = prop("When it became active.", change=Change.APPENDED, default=None, indexed=True)
    valid_to: datetime | None = prop("When it ended (exclusive).", change=Change.APPENDED, default=None, after="valid_from")
    reason: str | None = prop("Why it was requested.", default=None, length=PROSE)
    planned_for: datetime | None = prop("When it is to begin. Null means at once.", default=None, ahead=True)
    basis: Basis | None = prop("Why it was authorised.", default=None)
    rejoins: bool | None = prop(
        "Whether a cohort goes back to what its fleet runs. The deployment is then over once it "
        "is active, and the fleet's deployment holds.",
        default=None,
    )
    reports: list[DeploymentReport] | None = prop(
        "The first and the last report of each state, in the order of moments.",
        change=Change.APPENDED, default=None, items=ENDS,
    )  # fmt: skip
    failed_robots: list[str] | None = prop(
        "The ids of the robots on which it failed.", change=Change.APPENDED, default=None, items=ENDS
    )

    artifact = edge(
        OF, "Artifact", one=True, doc="The artifact that it is to run.",
        back="deployments", back_doc="The deployments of it.",
    )  # fmt: skip
    on = edge(
        ON, "Fleet", "Cohort", one=True, doc="The fleet or cohort where it is to run.",
        back="deployments", back_doc="The deployments to this place.",
    )  # fmt: skip
    authorized_by = edge(
        AUTHORIZED_BY, "Decision", doc="The decisions that authorised it.",
        back="authorizedDeployments", back_doc="The deployments that it authorised.",
    )  # fmt: skip
    replaces = edge(
        REPLACES, "Deployment", doc="The deployments whose place it takes.",
        back="replacedBy", back_doc="The deployments that took its place.",
    )  # fmt: skip
    rolls_back = edge(
        ROLLS_BACK, "Deployment", doc="The deployments that it undoes.",
        back="rolledBackBy", back_doc="The deployments that undid it.",
    )  # fmt: skip


class Stop(Node, prefix="stop", standing=Admission.GOVERNED):
    """The intent that a robot, a cohort or a fleet runs nothing of what was requested before. It holds there until a
    deployment that was requested later becomes active."""

    requested_at: datetime | None = prop("When it was requested.", default=None, indexed=True)
    reason: str | None = prop("Why it was requested.", default=None, length=PROSE)

    place = edge(
        ON, "Robot", "Cohort", "Fleet", one=True, doc="What is to stop.",
        back="stops", back_doc="The requests to stop what runs here.",
    )  # fmt: skip


class Installation(Node, prefix="installation", standing=Admission.OBSERVED):
    """An artifact that a robot was seen to run, for an interval."""

    valid_from: datetime = prop("Since when it was seen.", indexed=True)
    valid_to: datetime | None = prop(
        "Until when it was seen (exclusive). Null while it is seen.", change=Change.APPENDED, default=None, after="valid_from"
    )
    last_seen_at: datetime | None = prop(
        "When somebody saw it there last. Only the newest moment is kept, so `asKnownAt` answers null.",
        change=Change.LATEST, default=None,
    )  # fmt: skip

    artifact = edge(
        OF, "Artifact", one=True, doc="The artifact that was seen.",
        back="installations", back_doc="Where it was seen.",
    )  # fmt: skip
    robot = edge(
        ON, "Robot", one=True, doc="The robot that it was seen on.",
        back="installations", back_doc="What was seen on it.",
    )  # fmt: skip
    installed_by = edge(
        INSTALLED_BY, "Deployment", one=True, doc="The deployment that brought it about.",
        back="installations", back_doc="The installations that it brought about.",
    )  # fmt: skip
