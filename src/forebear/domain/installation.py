"""What robots are seen to run: each report is an installation of its own, which the next one on its robot ends.

A report is never merged into another, so that one which arrives late can still come between the two; and an end only ever comes
nearer: it is the earliest of those that were reported and of the next report. So the same reports, in any order, are the
same installations. Nothing here asks what may run: an observation has happened.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from forebear.domain.digest import malformed
from forebear.domain.outcome import Connect, Describe, Disconnect, Effect, Join, Name, Reason, Revise, Ruling
from forebear.domain.standing import Row
from forebear.graph.ids import composed, named_id, nameof, unescape
from forebear.graph.kinds.fleet import DeploymentState
from forebear.graph.moments import latest
from forebear.graph.values import BACKWARDS, IN_FUTURE

AMBIGUOUS = "AMBIGUOUS"
BLANK = "BLANK"


class InstallationRow(Row, frozen=True):
    """An installation on the robot. `artifact` and what follows are known of those of the same moment alone.

    `released`: whether it ended because the robot, or its fleet, left service then.
    """

    id: str
    valid_to: str | None = None
    artifact: str | None = None
    installed_by: str | None = None
    released: bool = False


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
    """The row of `cypher/actions/installation_facts.cypher`: what is known around a moment on a robot.

    `before` are installations that were still seen then, `same` those since that very moment, `next` when one follows.
    `retracted`: since when the robot is, where it is.
    `named`: whether something is there by the id that is made of the artifact's name. `placeholder`: that id, where another
    artifact was registered with the name since. `several`: those registered with it, where it is not one.
    """

    artifact: str | None = None
    retracted: str | None = None
    named: bool = False
    placeholder: str | None = None
    several: tuple[str, ...] = ()
    next: str | None = None
    before: tuple[InstallationRow, ...] = ()
    same: tuple[InstallationRow, ...] = ()
    covering: tuple[CoveringDeploymentRow, ...] = ()
    covering_fleet: tuple[CoveringDeploymentRow, ...] = ()


@dataclass(frozen=True)
class Sighting:
    """A report: which artifact was seen on a robot, since when and until when, and what is said to have brought it there.

    The artifact is named by its id, its digest or its name in another system, by one of the three.
    """

    robot: str
    since: str
    artifact: str | None = None
    digest: str | None = None
    external_id: str | None = None
    until: str | None = None
    deployment: str | None = None

    @property
    def name(self) -> str:
        """The name of the artifact: of an id the one that it would be made of."""
        return self.digest or self.external_id or unescape(nameof(self.artifact or ""))

    @property
    def unknown(self) -> str:
        """The id that an artifact gets of which nothing is known: of a digest its name, so that registering completes it."""
        return self.artifact or named_id("artifact", self.name)


def report(sighting: Sighting, around: InstallationFactsRow, now: str) -> Ruling:
    """An artifact was seen on a robot. Refused is only what cannot be: no artifact or several, or an impossible moment."""
    if reasons := (*_impossible(sighting, now), *_several(sighting, around)):
        return Ruling(sighting.robot, reasons=reasons)
    artifact = around.artifact or sighting.unknown
    effects: list[Effect] = [Revise(b.id, {"validTo": b.valid_to}, {"validTo": sighting.since}) for b in around.before]
    if around.retracted is not None:
        # Whoever said that there is no such robot was wrong, since it was seen: it is known by name again.
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
        return Ruling(installation.id, (*effects, *_amended(installation, until, by, explicit=sighting.deployment is not None)))
    if installation is not None:
        # What ended with the service of its place was the registry's word, and the robot says that it runs still.
        since, by = installation.valid_to or since, sighting.deployment
    id = composed("installation:", nameof(sighting.robot), since.replace(".000000", ""), nameof(artifact), plain=-1)
    document = {"kind": "Installation", "id": id, "robot": sighting.robot, "artifact": artifact, "validFrom": since}
    document |= {n: v for n, v in (("validTo", until), ("installedBy", by)) if v is not None}
    return Ruling(id, (Describe(document), *effects))


def _goes_on(installation: InstallationRow, until: str | None) -> bool:
    """Whether a report tells that an artifact runs beyond the moment in which its robot left service."""
    return installation.released and installation.valid_to is not None and (until is None or until > installation.valid_to)


def _amended(installation: InstallationRow, until: str | None, by: str | None, *, explicit: bool) -> Iterable[Effect]:
    """What a report adds to an installation that is known already."""
    if until is not None and (installation.valid_to is None or until < installation.valid_to):
        yield Revise(installation.id, {"validTo": installation.valid_to}, {"validTo": until})
    if by is None or by == installation.installed_by:
        return
    if installation.installed_by is None:
        yield Connect(installation.id, "installedBy", by)
    elif explicit:
        # What somebody says goes before what was found.
        yield Disconnect(installation.id, "installedBy", installation.installed_by)
        yield Connect(installation.id, "installedBy", by)


def _impossible(sighting: Sighting, now: str) -> Iterable[Reason]:
    names = [n for n in (sighting.artifact, sighting.digest, sighting.external_id) if n is not None]
    if len(names) != 1:
        message = "artifact, digest, externalId: " + (f"{len(names)} of them are given" if names else "none of them is given")
        yield Reason(AMBIGUOUS, message, "name the artifact by exactly one of them")
    if sighting.until is not None and sighting.until <= sighting.since:
        message = f"until: {sighting.until} does not lie after since, {sighting.since}"
        yield Reason(BACKWARDS, message, "report since when it was seen, and until when")
    for name, text in (("digest", sighting.digest), ("externalId", sighting.external_id)):
        if text is not None and not text.strip():
            yield Reason(BLANK, f"{name}: is blank, and names nothing", "give the name in full")
        elif name == "digest" and text is not None and (reason := malformed(name, text)):
            yield reason
    for name, at in (("since", sighting.since), ("until", sighting.until)):
        if at is not None and at > latest(now):
            message = f"{name}: {at} is yet to come"
            yield Reason(IN_FUTURE, message, "report it when it has happened, or set the clock right")


def _several(sighting: Sighting, around: InstallationFactsRow) -> Iterable[Reason]:
    """Why it cannot be said which artifact was seen: taking one of several would say something that nobody has seen."""
    if around.several and sighting.artifact is None:
        name = "digest" if sighting.digest is not None else "externalId"
        message = f"{name}: {sighting.name} is the name of {len(around.several)} artifacts: {', '.join(around.several)}"
        yield Reason(AMBIGUOUS, message, "name the artifact by its id, or take the name from those that it is not of")


def _brought_about(sighting: Sighting, around: InstallationFactsRow) -> str | None:
    """The one deployment that explains an installation: of its cohort before that of its fleet; None of several."""
    under_way = [d for d in (*around.covering, *around.covering_fleet) if _was_under_way(d, sighting.since)]
    for nearest in ([d for d in under_way if d.to_cohort], [d for d in under_way if not d.to_cohort]):
        ids = sorted({d.id for d in nearest})
        if ids:
            return ids[0] if len(ids) == 1 else None
    return None


def _was_under_way(d: CoveringDeploymentRow, since: str) -> bool:
    """Whether a deployment was requested and not over at a moment.

    Robots are often faster than their manager, so it counts from its request on, not from the report that it is active.
    """
    if d.state is DeploymentState.PLANNED and d.planned_for is not None and d.planned_for > since:
        return False
    if d.state in (DeploymentState.FAILED, DeploymentState.ENDED) and (d.valid_to is None or d.valid_to <= since):
        return False
    return min((m for m in (d.recorded_at, d.valid_from) if m is not None), default=since) <= since
