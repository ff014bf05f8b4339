"""Requests to stop what runs at places.

A stop is an intent, as a deployment is: robots and managers carry it out, and their reports confirm it. From its moment on, no
deployment that was requested before says what should run there. What is only planned there is over at once, or a manager would
begin it. What is under way or active is over when a report says so. A deployment that is requested later takes its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from forebear.domain.outcome import Describe, Effect, Revise, Ruling
from forebear.domain.reference import unknown
from forebear.domain.standing import Row
from forebear.graph.kinds.fleet import DeploymentState


class IntentRow(Row, frozen=True):
    """A stop or a deployment."""

    id: str


class StopFactsRow(Row, frozen=True):
    """A row of `cypher/actions/stop_facts.cypher`: a place, and the lines of its fleets.

    `stop` is the newest there, `later` a deployment that was requested since, and `planned` are those that have not begun.
    """

    place: str
    lines: tuple[str, ...] = ()
    stop: IntentRow | None = None
    later: IntentRow | None = None
    planned: tuple[IntentRow, ...] = ()

    @property
    def standing(self) -> str | None:
        """The stop that says it already."""
        return self.stop.id if self.stop and self.later is None else None


@dataclass(frozen=True)
class StopRequest:
    """A request to stop what runs at places, now, for a reason: the id of the stop of each place."""

    places: Mapping[str, str]
    reason: str
    now: str


def stop(request: StopRequest, rows: Iterable[StopFactsRow]) -> Ruling:
    """Request a stop of each place, and end what is only planned there. A place that is to stop already stays as it is."""
    known = {row.place: row for row in rows}
    subject = next(known[place].standing or id if place in known else id for place, id in request.places.items())
    if reasons := tuple(unknown("place", place) for place in request.places if place not in known):
        return Ruling(subject, reasons=reasons)
    new = [row for place in request.places if not (row := known[place]).standing]
    stops: list[Effect] = [_intent(request, row) for row in new]
    return Ruling(subject, (*stops, *_dropped(new)))


def _intent(request: StopRequest, row: StopFactsRow) -> Describe:
    return Describe(
        {
            "kind": "Stop",
            "id": request.places[row.place],
            "requestedAt": request.now,
            "reason": request.reason,
            "place": row.place,
        }
    )


def _dropped(rows: Iterable[StopFactsRow]) -> Iterator[Revise]:
    """End what is only planned. If it began without a report, a late report says so as ever."""
    planned, ended = DeploymentState.PLANNED, DeploymentState.ENDED
    for id in dict.fromkeys(d.id for row in rows for d in row.planned):
        yield Revise(id, {"state": planned.value}, {"state": ended.value})
