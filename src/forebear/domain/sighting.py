"""Sightings: at a moment, somebody saw a robot run an artifact. Of each run of sightings, the first and the last are kept.

A sighting, unlike a report of an installation, does not say since when. While the robot runs what it ran before, a sighting
only moves when that was seen last. A sighting of something else begins an installation at its moment. If what it ends was seen
later still, that begins again when it was seen last.

Sightings in the order of their moments are the runs of what was seen. In any other order, each installation still begins at a
sighting of its artifact, nothing lies between two of them, and the newest is right. But of the sightings between the first and
the last of a run nothing is kept. So something else that is told of later, from the midst of a run, lasts until the run was
seen last.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from forebear.domain.installation import InstallationFactsRow, InstallationRow, Sighting, begun, report, several
from forebear.domain.outcome import Describe, Revise, Ruling, Update


def sight(sighting: Sighting, around: InstallationFactsRow, now: str) -> Ruling:
    """Return what a sighting changes, at its moment `since`: nothing if the robot is known to run the artifact then.

    That it was seen last then is left to the caller, since it is no change.
    """
    if reasons := tuple(several(sighting, around)):
        return Ruling(sighting.robot, reasons=reasons)
    meant = {around.artifact or sighting.unknown, around.placeholder, sighting.unknown}
    at, others = sighting.since, [each for each in around.before if each.artifact not in meant]
    later = [each for each in others if _seen_last(each) >= at]
    # What is cut was seen last when it began: nothing is kept of the sightings in between.
    rest = [Update(each.id, {"lastSeenAt": each.valid_from}) for each in later]
    begins_again = [again for each in later for again in _rest(sighting.robot, each, around.next)]
    if any(each.artifact in meant for each in (*around.before, *around.same)):
        cut = [Revise(each.id, {"validTo": each.valid_to}, {"validTo": at}) for each in others]
        return Ruling(sighting.robot, (*cut, *rest, *begins_again))
    # What was seen at this very moment as well goes on beside it.
    until = min((last for each in later if (last := _seen_last(each)) > at), default=None)
    ruling = report(replace(sighting, until=until, seen_at=at), around, now)
    return replace(ruling, effects=(*ruling.effects, *rest, *begins_again))


def _seen_last(installation: InstallationRow) -> str:
    """Return when an installation was seen last, which is not after its end."""
    last = installation.last_seen_at or installation.valid_from
    return last if installation.valid_to is None else min(last, installation.valid_to)


def _rest(robot: str, cut: InstallationRow, following: str | None) -> Iterable[Describe]:
    """Begin an installation that is cut anew when it was seen last, unless it ended then."""
    last = _seen_last(cut)
    if last != cut.valid_to:
        until = min((m for m in (cut.valid_to, following) if m is not None and m > last), default=None)
        yield begun(robot, cut.artifact or "", last, until, last, cut.installed_by)
