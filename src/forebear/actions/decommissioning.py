"""The verbs by which robots, cohorts and fleets leave service, and return to it."""

from __future__ import annotations

from collections.abc import Callable

from forebear.actions.action import Action, Given
from forebear.domain import decommissioning
from forebear.domain.decommissioning import Change, Service
from forebear.domain.outcome import Verdict
from forebear.domain.roles import refusal_within
from forebear.graph.declaration import Value, prop

SPOT = ("Robot", "Cohort", "Fleet")


class Decommission(Value):
    """Takes a robot, a cohort or a fleet out of service, from now on. Forebear refuses this while a deployment there, or to a
    cohort of the fleet, is not over. It ends the memberships of the place, and what was seen on robots that belong to no
    fleet since then. Nobody can deploy anything there any more. Forebear still records what robots report there, and shows it
    as drift."""

    place: str = prop("The robot, cohort or fleet.", names=SPOT)
    reason: str = prop("The reason. It is kept in the audit trail.")


class Recommission(Value):
    """Returns a decommissioned robot, cohort or fleet to service, from now on. It begins anew: record which fleets and
    cohorts it belongs to now."""

    place: str = prop("The robot, cohort or fleet.", names=SPOT)
    reason: str = prop("The reason. It is kept in the audit trail.")


def _decided(verb: str, decide: Callable[[Change, Service], Verdict]) -> Callable[[Given], Verdict]:
    def decided(given: Given) -> Verdict:
        (service,) = given.rows("decommission", Service)
        place = given.input["place"]
        if reason := refusal_within(given.actor, verb, service.lines):
            return Verdict(place, reasons=(reason,))
        (id,) = given.new_ids("decommissioning", 1)
        return decide(Change(place, given.input["reason"], given.now, id), service)

    return decided


ACTIONS = (
    Action("decommission", Decommission, ("decommission",), _decided("decommission", decommissioning.decommission)),
    Action("recommission", Recommission, ("decommission",), _decided("recommission", decommissioning.recommission)),
)
