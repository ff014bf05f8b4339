"""Installations: each report of what a robot runs is an installation, which the robot's next report ends.

Reports are never merged, so a late report can still come between two others. An end only moves nearer: it is the earliest of
the reported ends and the next report. So the same reports give the same installations in any order. Nothing here asks what may
run: an observation has happened.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from forebear.domain.digest import malformed
from forebear.domain.outcome import Connect, Describe, Disconnect, Effect, Join, Name, Reason, Revise, Ruling, Update
from forebear.domain.standing import Row
from forebear.graph.ids import composed, named_id, nameof, unescape
from forebear.graph.kinds.fleet import DeploymentState
from forebear.graph.moments import latest
from forebear.graph.values import BACKWARDS, IN_FUTURE

AMBIGUOUS = "AMBIGUOUS"
BLANK = "BLANK"


class InstallationRow(Row, frozen=True):
    """An installation on the robot. `released`: it ended because the robot, or its fleet, left service then."""

    id: str
    valid_from: str = ""
    valid_to: str | None = None
    artifact: str | None = None
    installed_by: str | None = None
    released: bool = False
    last_seen_at: str | None = None


class CoveringDeploymentRow(Row, frozen=True):
    """A deployment of the artifact to a fleet or cohort that the robot belonged to."""

    id: str
    state: DeploymentState
    to_cohort: bool
    valid_from: str | None = None
    valid_to: str | None = None
    recorded_at: str | None = None
    planned_for: str | None = None


class InstallationFactsRow(Row, frozen=True):
    """A row of `cypher/actions/installation_facts.cypher`: what is on record around a moment on a robot.

    `before` holds the installations that still ran then, `same` those that began at that moment, and `next` the moment of the
    following one. `retracted` is the moment at which the robot was retracted, if it was. `named`: a node has the id that is
    made from the artifact's name. `placeholder` is that id, if another artifact got the name later. `several` holds the
    artifacts with the name, if there are several. `described` has the robot and the artifact if somebody described them.
    """

    artifact: str | None = None
    retracted: str | None = None
    named: bool = False
    placeholder: str | None = None
    several: tuple[str, ...] = ()
    described: tuple[str, ...] = ()
    next: str | None = None
    before: tuple[InstallationRow, ...] = ()
    same: tuple[InstallationRow, ...] = ()
    covering: tuple[CoveringDeploymentRow, ...] = ()
    covering_fleet: tuple[CoveringDeploymentRow, ...] = ()


@dataclass(frozen=True)
class Sighting:
    """A report: which artifact somebody saw on a robot, from when to when, and the deployment that brought it there.

    The artifact is named in one of three ways: by its id, its digest or its name in another system.
    """

    robot: str
    since: str
    artifact: str | None = None
    digest: str | None = None
    external_id: str | None = None
    until: str | None = None
    deployment: str | None = None
    seen_at: str | None = None

    @property
    def last(self) -> str:
        """When it was seen there last, as far as the report says."""
        return self.seen_at or self.until or self.since

    @property
    def name(self) -> str:
        """The name of the artifact; for an id, the name that is in it."""
        return self.digest or self.external_id or unescape(nameof(self.artifact or ""))

    @property
    def unknown(self) -> str:
        """The id of an artifact that nobody described. It contains the digest or the name, so a registration completes it."""
        return self.artifact or named_id("artifact", self.name)


def report(sighting: Sighting, around: InstallationFactsRow, now: str) -> Ruling:
    """Record that a robot runs an artifact. Refuse only what cannot be: no artifact, several, or an impossible moment."""
    if reasons := (*impossible(sighting, now), *several(sighting, around)):
        return Ruling(sighting.robot, reasons=reasons)
    artifact = around.artifact or sighting.unknown
    undescribed = tuple(sorted({sighting.robot, artifact} - {*around.described}))
    effects: list[Effect] = [Revise(b.id, {"validTo": b.valid_to}, {"validTo": sighting.since}) for b in around.before]
    if around.retracted is not None:
        # Somebody retracted the robot by mistake, since it is seen. Take that back.
        effects.append(Revise(sighting.robot, {"retractedAt": around.retracted}, {"retractedAt": None}))
    if around.placeholder is not None:
        effects.append(Join(artifact, around.placeholder))
    if around.artifact is None and not around.named and sighting.external_id is not None:
        effects.append(Name(artifact, sighting.external_id))
    until = min((m for m in (sighting.until, around.next) if m is not None), default=None)
    by = sighting.deployment or _brought_about(sighting, around)
    installation = next((s for s in around.same if s.artifact in (artifact, around.placeholder)), None)
    since = sighting.since
    if installation is not None and not _goes_on(installation, until):
        amended = _amended(installation, until, by, explicit=sighting.deployment is not None)
        return Ruling(installation.id, (*effects, *amended, *_seen_last(installation, sighting)), undescribed=undescribed)
    if installation is not None:
        # Forebear ended the installation with the service of its place, but the robot reports that it still runs.
        since, by = installation.valid_to or since, sighting.deployment
    new = begun(sighting.robot, artifact, since, until, max(sighting.last, since), by)
    return Ruling(new.id, (new, *effects), undescribed=undescribed)


def begun(robot: str, artifact: str, since: str, until: str | None, last: str, by: str | None) -> Describe:
    """Return a new installation: of an artifact on a robot, from when to when, when it was seen last, and what brought it."""
    id = composed("installation:", nameof(robot), since.replace(".000000", ""), nameof(artifact), plain=-1)
    document = {"kind": "Installation", "id": id, "robot": robot, "artifact": artifact, "validFrom": since, "lastSeenAt": last}
    return Describe(document | {n: v for n, v in (("validTo", until), ("installedBy", by)) if v is not None})


def _goes_on(installation: InstallationRow, until: str | None) -> bool:
    """Return whether a report says that an artifact runs on after its robot left service."""
    return installation.released and installation.valid_to is not None and (until is None or until > installation.valid_to)


def _amended(installation: InstallationRow, until: str | None, by: str | None, *, explicit: bool) -> Iterable[Effect]:
    """Add what a report says to an installation that is on record."""
    if until is not None and (installation.valid_to is None or until < installation.valid_to):
        yield Revise(installation.id, {"validTo": installation.valid_to}, {"validTo": until})
    if by is None or by == installation.installed_by:
        return
    if installation.installed_by is None:
        yield Connect(installation.id, "installedBy", by)
    elif explicit:
        # An explicit deployment goes before one that Forebear found.
        yield Disconnect(installation.id, "installedBy", installation.installed_by)
        yield Connect(installation.id, "installedBy", by)


def _seen_last(installation: InstallationRow, sighting: Sighting) -> Iterable[Effect]:
    """What a report adds to when an installation was seen last: of several moments the latest counts."""
    # What was recorded without such a moment was seen when it began.
    if (installation.last_seen_at or sighting.since) < sighting.last:
        yield Update(installation.id, {"lastSeenAt": sighting.last})


def impossible(sighting: Sighting, now: str) -> Iterable[Reason]:
    """Return why a report cannot be, whatever is on record: it names no artifact or several, or its moments are impossible."""
    names = [n for n in (sighting.artifact, sighting.digest, sighting.external_id) if n is not None]
    if len(names) != 1:
        message = "artifact, digest, externalId: " + (f"{len(names)} of them are given" if names else "none of them is given")
        yield Reason(AMBIGUOUS, message, "name the artifact by exactly one of them")
    if sighting.until is not None and sighting.until <= sighting.since:
        message = f"until: {sighting.until} does not lie after since, {sighting.since}"
        yield Reason(BACKWARDS, message, "report since when it was seen, and until when")
    if sighting.seen_at is not None and sighting.seen_at < sighting.since:
        message = f"seenAt: {sighting.seen_at} lies before since, {sighting.since}"
        yield Reason(BACKWARDS, message, "report since when it was seen, and when it was seen last")
    for name, text in (("digest", sighting.digest), ("externalId", sighting.external_id)):
        if text is not None and not text.strip():
            yield Reason(BLANK, f"{name}: is blank, and names nothing", "give the name in full")
        elif name == "digest" and text is not None and (reason := malformed(name, text)):
            yield reason
    for name, at in (("since", sighting.since), ("until", sighting.until), ("seenAt", sighting.seen_at)):
        if at is not None and at > latest(now):
            message = f"{name}: {at} is yet to come"
            yield Reason(IN_FUTURE, message, "report it when it has happened, or set the clock right")


def several(sighting: Sighting, around: InstallationFactsRow) -> Iterable[Reason]:
    """Return a refusal of a name of several artifacts: to pick one would record something that nobody saw."""
    if around.several and sighting.artifact is None:
        name = "digest" if sighting.digest is not None else "externalId"
        message = f"{name}: {sighting.name} is the name of {len(around.several)} artifacts: {', '.join(around.several)}"
        yield Reason(AMBIGUOUS, message, "name the artifact by its id, or take the name from those that it is not of")


def _brought_about(sighting: Sighting, around: InstallationFactsRow) -> str | None:
    """Return the only deployment that explains an installation, or None. One of its cohort comes before one of its fleet."""
    under_way = [d for d in (*around.covering, *around.covering_fleet) if _was_under_way(d, sighting.since)]
    for nearest in ([d for d in under_way if d.to_cohort], [d for d in under_way if not d.to_cohort]):
        ids = sorted({d.id for d in nearest})
        if ids:
            return ids[0] if len(ids) == 1 else None
    return None


def _was_under_way(d: CoveringDeploymentRow, since: str) -> bool:
    """Return whether a deployment was requested and not over at a moment.

    Robots are often faster than their manager. So a deployment counts from its request on, not from the report that it is
    active.
    """
    if d.state is DeploymentState.PLANNED and d.planned_for is not None and d.planned_for > since:
        return False
    if d.state in (DeploymentState.FAILED, DeploymentState.ENDED) and (d.valid_to is None or d.valid_to <= since):
        return False
    return min((m for m in (d.recorded_at, d.valid_from) if m is not None), default=since) <= since
