"""What to do about each deployment and robot that a recall affects: go back to something, stop, or neither and why.

A place goes back to the best of what `rollbackTargets` would offer there that the recall does not affect. Without any it stops.
A robot does what its deployment does. One on which the bad build was seen, though its place is to run something else, goes back
to that.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from forebear.domain.contract import DECOMMISSIONED
from forebear.domain.outcome import Reason
from forebear.domain.permission import weakest
from forebear.domain.place import DeploymentRow, PlaceFactsRow
from forebear.domain.reference import UNKNOWN
from forebear.domain.rollback import NO_TARGET, RollbackTarget, against
from forebear.graph.kinds.release import Basis


class RecallStep(StrEnum):
    """What to do."""

    GO_BACK = "GO_BACK"
    STOP = "STOP"
    NEITHER = "NEITHER"


@dataclass(frozen=True)
class RecallTarget:
    """What to do about a deployment or a robot, `of`.

    `place` is the fleet, cohort or robot that goes back or stops; None where that is unknown. `artifact`, `version` and
    `basis` say what to go back to and what lets it run; None unless the step is GO_BACK. `deployment` is what decides over a
    robot: the deployment whose step it takes, or the one that says what it is meant to run. `reasons` say why not better: why
    there is nothing to go back to and, for NEITHER, why it cannot stop either.
    """

    of: str
    step: RecallStep
    place: str | None = None
    artifact: str | None = None
    version: str | None = None
    basis: Basis | None = None
    deployment: str | None = None
    remarks: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class RobotStanding:
    """An affected robot: its places, cohorts before fleets, and since when it is out of service, if it is."""

    id: str
    places: tuple[str, ...] = ()
    retired_since: str | None = None


def of_deployment(
    deployment: str, place: PlaceFactsRow, options: Iterable[RollbackTarget], affected: Container[str]
) -> RecallTarget:
    """Return what to do about an affected deployment, by its id.

    `options` are what its place can go back to with it undone, the best first (`rollback.targets`). Those whose artifact is in
    `affected` do not count.
    """
    if place.place is None:
        unknown = Reason(UNKNOWN, f"the place of {deployment} is unknown", "find out where it runs, and stop it there")
        return RecallTarget(deployment, RecallStep.NEITHER, reasons=(unknown,))
    spot = place.place.id
    good = [option for option in options if option.artifact not in affected]
    if best := next((option for option in good if option.is_default), None):
        basis = weakest(best.permissions)
        return RecallTarget(deployment, RecallStep.GO_BACK, spot, best.artifact, best.version, basis, remarks=best.remarks)
    if place.retired:
        return RecallTarget(
            deployment, RecallStep.NEITHER, spot, reasons=tuple(_retired(out.place, out.since) for out in place.retired)
        )
    reasons = tuple(dict.fromkeys(reason for option in good for reason in against(spot, option)))
    return RecallTarget(deployment, RecallStep.STOP, spot, reasons=reasons or (_nothing(spot),))


def of_robot(
    robot: RobotStanding,
    deployments: Mapping[str, Sequence[DeploymentRow]],
    targets: Mapping[str, RecallTarget],
    affected: Container[str],
) -> RecallTarget:
    """Return what to do about an affected robot.

    `deployments` holds by place those that are not over, and `targets` what to do about the affected ones. What somebody asked
    to stop is nothing that a robot goes back to.
    """
    if robot.retired_since is not None:
        return RecallTarget(robot.id, RecallStep.NEITHER, robot.id, reasons=(_retired(robot.id, robot.retired_since),))
    for place in robot.places:
        here = deployments.get(place, ())
        if bad := [d for d in here if d.id in targets]:
            meant = max(bad, key=lambda d: (d.is_active, d.id))
            return replace(targets[meant.id], of=robot.id, deployment=meant.id)
        active = [d for d in here if d.is_active and d.artifact is not None and d.artifact not in affected]
        if stops := [d.stop for d in active if d.stop is not None]:
            reason = Reason(
                NO_TARGET, f"{place} is to stop what it runs ({max(stops)})", "request a deployment there to start again"
            )
            return RecallTarget(robot.id, RecallStep.STOP, robot.id, reasons=(reason,))
        if good := active:
            meant = max(good, key=lambda d: (d.valid_from or "", d.id))
            remark = f"{meant.id} says that it is to run this, and it was seen to run something else"
            return RecallTarget(
                robot.id, RecallStep.GO_BACK, place, meant.artifact, meant.version, deployment=meant.id, remarks=(remark,)
            )
    return RecallTarget(robot.id, RecallStep.STOP, robot.id, reasons=(_nothing(robot.id),))


def _retired(place: str, since: str) -> Reason:
    return Reason(
        DECOMMISSIONED,
        f"{place} is out of service since {since}",
        "see to it that it does not run, or excuse it from the recall (excuseRecallItem)",
    )


def _nothing(place: str) -> Reason:
    message = f"nothing else that the recall does not affect ran on {place}"
    return Reason(NO_TARGET, message, "have another artifact approved and deploy it (eligible lists what may run there)")
