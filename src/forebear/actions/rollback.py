"""The verb that goes back to what ran before, and the question what could be gone back to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from forebear.actions.action import Action, Given, Inquiry
from forebear.actions.artifact import ARTIFACT, permission_of
from forebear.actions.cases import cases
from forebear.actions.deployment import DEPLOYMENT, PLACE, forbidden, obstacles, place
from forebear.domain import rollback
from forebear.domain.artifact import Build
from forebear.domain.deployment import Request
from forebear.domain.outcome import Verdict
from forebear.domain.permission import weakest
from forebear.domain.rollback import Incidents, Target, targets, undone
from forebear.graph.declaration import PROSE, Value, prop

FACTS = ("permission", "artifact", "incident", "place")


class RollBack(Value):
    """Goes back to what ran on a fleet or a cohort before: to the best target, or to the one that you name. It is a
    deployment like any other: requested here and confirmed by reports. But its approval may be stale or its release
    deprecated, and it takes the place of whatever is pending there. It goes back to what a rollback undid there only if you
    name it. A cohort that goes back to what its fleet runs rejoins the fleet. A dry run answers what it would do and what it
    weighed, and writes nothing."""

    on: str = prop("The fleet or cohort.", names=PLACE)
    reason: str = prop("The reason. It is kept in the audit trail.", length=PROSE)
    to: str | None = prop("The artifact to go back to. By default the first of rollbackTargets.", default=None, names=ARTIFACT)
    dry_run: bool | None = prop("Whether only to answer what it would do.", default=None)
    id: str | None = prop("The id for the deployment.", default=None, names=DEPLOYMENT)


def _found(given: Given) -> list[Target]:
    (incidents,) = given.rows("incident", Incidents)
    return targets(given.rows("artifact", Build), place(given), cases(given, "permission"), incidents, given.now)


def _roll_back(given: Given) -> Verdict:
    at, said = place(given), given.input
    (id,) = given.new_ids("deployment", 1)
    asked = Request(said.get("id", id), said.get("to"), said["on"], said["reason"])
    bad = undone(at)
    if at.place and (reason := forbidden(given.actor, "rollBack", at, bad.target if bad else None)):
        verdict = Verdict(asked.id, reasons=(reason,))
    else:
        verdict = rollback.roll_back(asked, at, _found(given))
    return replace(verdict, dry=bool(said.get("dryRun")))


def _targets(given: Given) -> list[dict[str, Any]]:
    return [
        {
            "rank": f"{n:06}",
            "artifact": each.artifact,
            "version": each.version,
            "allowed": each.allowed,
            "basis": basis.value if (basis := weakest(each.permissions)) else None,
            "deprecated": each.is_deprecated,
            "undoneBy": each.undone_by,
            "decisions": [d for p in each.permissions for d in p.decisions],
            "ranItself": bool(each.runs),
            "lastRan": each.last_ran,
            "hoursWell": round(each.went_well.total_seconds() / 3600, 2),
            "incidents": each.incidents,
            "openIncidents": list(each.open),
            "remarks": list(each.remarks),
            "reasons": obstacles(each.reasons),
        }
        for n, each in enumerate(_found(given))
    ]


def _asks_about(place: str, id: str | None = None) -> dict[str, Any]:
    return permission_of(place=place) | {"on": place, "deployment": id}


ACTIONS = (Action("rollBack", RollBack, FACTS, _roll_back, lambda given: _asks_about(given["on"], given.get("id"))),)

INQUIRIES = (Inquiry("rollback_targets", FACTS, _targets, lambda given: _asks_about(given["place"])),)
