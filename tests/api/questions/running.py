"""What runs where, as it is meant and as it is seen, and what happened there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.api.memory import Node
from tests.api.questions.asking import Asking, Row
from tests.api.questions.permission import basis, recalls, usable
from tests.api.questions.view import View, by_id


def running(asking: Asking) -> Iterator[Row]:
    view, at = asking.view, asking.view.time.at
    artifacts = view.origins([asking.subject], "BUILT_FROM")
    for thing in view.origins(artifacts, "OF", "Deployment", "Installation"):
        if not view.current(thing, at):
            continue
        places = view.ends([thing], "ON")
        intended = thing.kind.name == "Deployment"
        artifact = view.end(thing, "OF")
        stop = _stop(view, thing)
        yield Row(
            (thing.id,),
            {
                "basis": "OBSERVED" if not intended else "STOPPING" if stop else "INTENDED",
                "stop": stop,
                "authorizedOn": basis(view, artifact, _fleets(view, places)),
                "recalls": recalls(view, artifact),
                "artifact": artifact,
                "deployment": thing if intended else None,
                "installation": None if intended else thing,
                "lastSeenAt": _last_seen(view, view.origins([thing], "INSTALLED_BY") if intended else [thing]),
                "robots": by_id({robot for place in places for robot in view.robots(place, at)}),
                **_belongings(view, places),
            },
        )


def _stop(view: View, thing: Node) -> Node | None:
    """The stop after which a deployment says nothing any more, or that stands on the robot of an installation."""
    for place in view.ends([thing], "ON"):
        if thing.kind.name == "Installation":
            return view.standing_stop(view.spots(place, view.time.at), view.time.at)
        stop = view.newest_stop(view.spots(place, view.time.at), view.time.at)
        return stop if view.stopped(thing, stop) else None
    return None


def _fleets(view: View, places: Iterable[Node]) -> list[Node]:
    """The fleets of some places at the moment."""
    return by_id({fleet for place in places for fleet in view.places(place, view.time.at, "Fleet")})


def _belongings(view: View, places: Iterable[Node]) -> dict[str, list[Node]]:
    """The fleets, sites and customers of some places at the moment."""
    columns = {"fleets": "Fleet", "sites": "Site", "customers": "Customer"}
    at = view.time.at
    return {name: by_id({n for place in places for n in view.places(place, at, kind)}) for name, kind in columns.items()}


def what_was_running(asking: Asking) -> Iterator[Row]:
    return _on(asking.view, asking.arguments["place"])


def _on(view: View, place: Node) -> Iterator[Row]:
    at = view.time.at
    if place.kind.name == "Robot":
        yield _robot(view, place)
        return
    fleets = [place]
    if place.kind.name == "Site":
        fleets = by_id({link.source for link in view.into(place, ("AT",)) if link.edge.source == "Fleet" and link.holds(at)})
    for robot in by_id({robot for fleet in fleets for robot in view.robots(fleet, at)}):
        yield _robot(view, robot)
    for fleet in fleets:
        if not view.robots(fleet, at):
            stop = view.newest_stop([fleet], at)
            here = [d for d in view.origins([fleet], "ON", "Deployment") if view.current(d, at) and not view.stopped(d, stop)]
            columns = _compared(view, None, next(iter(view.newest(here)), None)) | {"stop": view.standing_stop([fleet], at)}
            yield Row(
                ("", fleet.id), {"robot": None, **columns, **_permitted(view, columns, [fleet]), **_belongings(view, [fleet])}
            )


def _robot(view: View, robot: Node) -> Row:
    at = view.time.at
    # A robot that is out of service belongs nowhere, whatever is recorded.
    serves = not any(view.current(out, at) for out in view.origins([robot], "DECOMMISSIONS"))
    spots = view.spots(robot, at) if serves else [robot]
    seen, meant = view.seen_on(robot, at), view.meant_for(robot, at, view.newest_stop(spots, at)) if serves else []
    columns = _compared(view, seen[0] if seen else None, meant[0] if meant else None)
    columns["stop"] = view.standing_stop(spots, at)
    places = [robot] if serves else []
    return Row((robot.id, ""), {"robot": robot, **columns, **_permitted(view, columns, places), **_belongings(view, places)})


def _permitted(view: View, compared: Mapping[str, Any], places: Iterable[Node]) -> dict[str, Any]:
    """Whether what was observed may run at some places or, where nothing was, what is intended; and on what."""
    artifact = compared["observed"] or compared["intended"]
    found = basis(view, artifact, _fleets(view, places))
    authorized = artifact and usable(view, artifact) and found is not None
    return {"authorized": authorized, "basis": found, "recalls": recalls(view, artifact)}


def _released(view: View, fleet: Node) -> Iterator[Node]:
    """The robots that a decommissioning took from a fleet, and that belong to none since then."""
    for out in view.origins([fleet], "CONCERNS", "Decommissioning"):
        if view.current(out, view.time.at):
            yield from (robot for robot in view.ends([out], "CONCERNS", "Robot") if not _fleets(view, [robot]))


def drift(asking: Asking) -> Iterator[Row]:
    """What `whatWasRunning` shows otherwise than as intended and permitted: robots of a fleet, and deployments on it."""
    view, at, fleet = asking.view, asking.view.time.at, asking.arguments["fleet"]
    cohorts = {link.source for link in view.into(fleet, ("PART_OF",)) if link.holds(at)}
    found = [_robot(view, robot).columns for robot in {*view.robots(fleet, at), *_released(view, fleet)}]
    for deployment in view.origins([fleet, *cohorts], "ON", "Deployment"):
        if view.current(deployment, at):
            compared, stop = _compared(view, None, deployment), _stop(view, deployment)
            permitted = _permitted(view, compared, view.ends([deployment], "ON"))
            here = {"robot": None, **compared, "standing": "STOPPING" if stop else None, **permitted, "stop": stop}
            found.append(here | ({"intended": None} if stop else {}))
    for columns in found:
        robot, deployment, observed = columns["robot"], columns["deployment"], columns["observed"]
        silent = _silent(view, robot, columns["lastSeenAt"])
        wrong = silent or columns["standing"] not in (None, "AS_INTENDED") or columns["basis"] in (None, "OVERRIDE")
        columns["standing"] = columns["standing"] if robot else None
        artifact = observed or view.end(deployment, "OF")
        if artifact and (wrong or not columns["authorized"]):
            registered = view.described(observed) if observed else None
            order = (robot.id if robot else "", deployment.id if deployment else "")
            yield Row(order, {**columns, "registered": registered, "silent": silent})


def _silent(view: View, robot: Node | None, last: str | None) -> bool:
    """Whether a robot was last seen as long ago as one of its fleets allows. A robot out of service belongs to none."""
    at = view.time.at
    if robot is None or last is None or any(view.current(out, at) for out in view.origins([robot], "DECOMMISSIONS")):
        return False
    allowed = [after for fleet in _fleets(view, [robot]) if (after := view.get(fleet, "silentAfter")) is not None]
    return bool(allowed) and datetime.fromisoformat(last) + timedelta(seconds=min(allowed)) <= datetime.fromisoformat(at)


def _last_seen(view: View, installations: Iterable[Node]) -> str | None:
    """When the newest report of any of some installations came."""
    return max((at for i in installations if (at := view.get(i, "lastSeenAt"))), default=None)


def _compared(view: View, installation: Node | None, deployment: Node | None) -> dict[str, Any]:
    """An observation beside an intention."""
    observed, intended = view.end(installation, "OF"), view.end(deployment, "OF")
    match observed, intended:
        case None, None:
            standing = "UNKNOWN"
        case None, _:
            standing = "UNREPORTED"
        case _, None:
            standing = "UNINTENDED"
        case _:
            standing = "AS_INTENDED" if observed is intended else "DIFFERENT"
    return {
        "standing": standing,
        "installation": installation,
        "lastSeenAt": _last_seen(view, [installation] if installation else []),
        "observed": observed,
        "observedVersion": view.end(observed, "BUILT_FROM"),
        "deployment": deployment,
        "intended": intended,
        "intendedVersion": view.end(intended, "BUILT_FROM"),
    }


def history(asking: Asking) -> Iterator[Row]:
    view = asking.view
    artifacts = view.origins([asking.subject], "BUILT_FROM")
    deployments = view.origins(artifacts, "OF", "Deployment")
    events: dict[tuple[str | None, str, Node], set[Node]] = {}
    for deployment in deployments:
        since, until = view.get(deployment, "validFrom"), view.get(deployment, "validTo")
        failed = view.get(deployment, "state") == "FAILED"
        places = set(view.ends([deployment], "ON"))
        if since is not None:
            events[since, "DEPLOYED", deployment] = places
        if until is not None or failed:
            events[until, "FAILED" if failed else "ENDED", deployment] = places
        for undoing in view.origins([deployment], "ROLLS_BACK"):
            if (when := view.get(undoing, "validFrom")) is not None:
                events[when, "ROLLED_BACK", undoing] = set(view.ends([undoing], "ON"))
    things = view.origins(artifacts, "OF", "Deployment", "Installation")
    for kind in ("Incident", "MaintenanceEvent"):
        for happening in view.all(kind):
            began = view.get(happening, "validFrom")
            places = {place for place in view.ends([happening], "AT") if _ran(view, things, place, began)}
            if places:
                event = "MAINTENANCE" if kind == "MaintenanceEvent" else view.get(happening, "type") or "INCIDENT"
                events[began, event, happening] = places
    for (at, event, node), places in events.items():
        yield Row((at or "", event, node.id), {"at": at, "event": event, "node": node, "places": by_id(places)})


def _ran(view: View, things: Iterable[Node], place: Node, at: str) -> bool:
    """Whether one of some things ran at a place at a moment: as it was seen on a robot or, where nothing was seen, as meant."""
    if place.kind.name == "Robot":
        return not set(things).isdisjoint(view.seen_on(place, at) or view.meant_for(place, at))
    return any(
        place in view.places(on, at, place.kind.name)
        for thing in things
        if view.current(thing, at)
        for on in view.ends([thing], "ON")
    )
