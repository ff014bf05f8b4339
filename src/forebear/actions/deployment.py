"""The verbs about what is to run where, and what is reported of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from forebear.actions.action import Action, Given, Inquiry
from forebear.actions.artifact import ARTIFACT, build, permission_of
from forebear.actions.cases import cases
from forebear.domain import contract, deployment
from forebear.domain.artifact import Build
from forebear.domain.contract import Eligible
from forebear.domain.deployment import Deployed, Reported, Request
from forebear.domain.outcome import Reason, Verdict
from forebear.domain.permission import weakest
from forebear.domain.place import Place
from forebear.domain.roles import Actor, refusal_within
from forebear.graph.declaration import ENDS, PROSE, Value, prop
from forebear.graph.kinds.fleet import DeploymentState

DEPLOYMENT = ("Deployment",)
PLACE = ("Fleet", "Cohort")


class RequestDeployment(Value):
    """Authorises the deployment of an artifact to a fleet or a cohort, and records the intent. The deployment manager carries
    it out and reports it. Forebear refuses the request with every reason why the artifact may not run there, and while
    another deployment is pending there. A canary is a deployment to a cohort. To promote it, request a deployment to the
    fleet."""

    artifact: str = prop("The artifact to run.", names=ARTIFACT)
    on: str = prop("The fleet or cohort.", names=PLACE)
    reason: str = prop("The reason. It is kept in the audit trail.", length=PROSE)
    planned_for: datetime | None = prop(
        "When the deployment is to begin. The moment must not be past. By default it begins at once.", default=None, ahead=True
    )
    id: str | None = prop("The id for the deployment. The same request again changes nothing.", default=None, names=DEPLOYMENT)


class ReportDeployment(Value):
    """Reports the state of a deployment. Reports may come late, twice and out of order. The newest moment decides the state,
    and older ones fill in what was unknown. Once the deployment is active, what it replaces is over."""

    deployment: str = prop("The deployment.", names=DEPLOYMENT)
    state: DeploymentState = prop("The state: IN_PROGRESS, ACTIVE, FAILED or ENDED.")
    at: datetime = prop("The moment since which it has this state.")
    active_from: datetime | None = prop("The moment since which it was active, if nobody reported that before.", default=None)
    failed_robots: list[str] | None = prop("The robots on which it failed.", default=None, names=("Robot",), items=ENDS)
    reason: str | None = prop("A reason, or any remark. It is kept in the audit trail.", default=None, length=PROSE)


def place(given: Given) -> Place:
    """The place that `place_facts` were asked for."""
    (found,) = given.rows("place", Place)
    return found


def forbidden(actor: Actor, verb: str, at: Place, target: str | None, others: Iterable[str] = ()) -> Reason | None:
    """Why somebody whose writes are limited to lines may not write to a place: of its lines, those for the hardware count.

    `others` are lines that are concerned as well.
    """
    lines = [line for fleet in at.fleets for line in fleet.lines]
    here = {line.id for line in lines if line.target == target} or {line.id for line in lines}
    return refusal_within(actor, verb, {*here, *others})


def _asks_to_request(given: Mapping[str, Any]) -> dict[str, Any]:
    return permission_of(artifact=given["artifact"]) | {"on": given["on"], "deployment": given.get("id")}


def _request(given: Given) -> Verdict:
    at, of = place(given), build(given)
    (id,) = given.new_ids("deployment", 1)
    said = given.input
    asked = Request(said.get("id", id), said["artifact"], said["on"], said["reason"], said.get("plannedFor"))
    if at.place and (reason := forbidden(given.actor, "requestDeployment", at, of.target.id if of.target else None)):
        return Verdict(asked.id, reasons=(reason,))
    return deployment.request(asked, at, of, cases(given, "permission"), given.now)


def _asks_to_report(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"on": None, "deployment": given["deployment"]}


def _report(given: Given) -> Verdict:
    said = given.input
    failed = tuple(said.get("failedRobots", ()))
    reported = Reported(said["deployment"], DeploymentState(said["state"]), said["at"], said.get("activeFrom"), failed)
    at, releases = place(given), given.rows("deployed", Deployed)
    verdict = deployment.report(reported, at, releases, given.now)
    target = next((d.target for d in at.deployments if d.id == reported.deployment), None)
    lines = deployment.lines_concerned(reported.deployment, verdict, releases)
    if not verdict.reasons and (reason := forbidden(given.actor, "reportDeployment", at, target, lines)):
        return Verdict(reported.deployment, reasons=(reason,))
    return verdict


def obstacles(reasons: Iterable[Reason]) -> list[dict[str, str]]:
    """Reasons as rows of an answer."""
    return [{"code": r.code, "message": r.message, "remedy": r.remedy} for r in reasons]


def _eligible(given: Given) -> list[dict[str, Any]]:
    found = contract.eligible(given.rows("artifact", Build), place(given), cases(given, "permission"))
    return [
        {"rank": f"{n:06}", "artifact": each.artifact, "version": each.version, **_allowed(each)}
        for n, each in enumerate(found)
    ]


def _permitted(given: Given) -> list[dict[str, Any]]:
    id = given.input["deployment"]
    return [{"deployment": id, **_allowed(contract.permitted(id, place(given), build(given), cases(given, "permission")))}]


def _allowed(found: Eligible) -> dict[str, Any]:
    """The columns that say whether something is allowed, on what, and why not."""
    return {
        "allowed": found.allowed,
        "basis": basis.value if (basis := weakest(found.permissions)) else None,
        "releases": [p.case.release.id for p in found.permissions],
        "decisions": [d for p in found.permissions for d in p.decisions],
        "reasons": obstacles(found.reasons),
    }


ACTIONS = (
    Action("requestDeployment", RequestDeployment, ("permission", "artifact", "place"), _request, _asks_to_request),
    Action("reportDeployment", ReportDeployment, ("deployed", "place"), _report, _asks_to_report),
)

INQUIRIES = (
    Inquiry(
        "eligible",
        ("permission", "artifact", "place"),
        _eligible,
        lambda given: permission_of(place=given["place"]) | {"on": given["place"], "deployment": None},
    ),
    Inquiry(
        "permitted",
        ("permission", "artifact", "place"),
        _permitted,
        lambda given: permission_of(intent=given["deployment"]) | {"on": None, "deployment": given["deployment"]},
    ),
)
