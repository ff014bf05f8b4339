"""Requests to stop: one stop for each place that is not to stop already, and the end of what is only planned there."""

from __future__ import annotations

from forebear.domain.outcome import Describe, Revise
from forebear.domain.stop import IntentRow, StopFactsRow, StopRequest, stop

NOW = "2026-03-01T00:00:00.000000Z"
PLANNED = IntentRow("deployment:planned")


def asked(*rows: StopFactsRow, places: tuple[str, ...] = ()) -> tuple[str, list[str], list[str]]:
    """What a request comes to: its subject, the places of new stops, and the deployments that end."""
    named = {place: f"stop:{place}" for place in places or [row.place for row in rows]}
    ruling = stop(StopRequest(named, "Smoke.", NOW), rows)
    new = [str(e.document["place"]) for e in ruling.effects if isinstance(e, Describe)]
    ends = [e.id for e in ruling.effects if isinstance(e, Revise)]
    return ruling.subject, [*new, *(reason.message for reason in ruling.reasons)], ends


def test_a_place_that_is_to_stop_already_stays_as_it_is_until_something_is_requested_there() -> None:
    before = StopFactsRow("fleet:f", stop=IntentRow("stop:before"))
    assert asked(before) == ("stop:before", [], [])
    later = StopFactsRow("fleet:f", stop=IntentRow("stop:before"), later=IntentRow("deployment:later"))
    assert asked(later) == ("stop:fleet:f", ["fleet:f"], [])
    assert asked(before, StopFactsRow("robot:r")) == ("stop:before", ["robot:r"], [])


def test_what_is_planned_at_a_fleet_and_its_cohort_ends_once() -> None:
    rows = (StopFactsRow("fleet:f", planned=(PLANNED,)), StopFactsRow("cohort:c", planned=(PLANNED,)))
    assert asked(*rows) == ("stop:fleet:f", ["fleet:f", "cohort:c"], ["deployment:planned"])


def test_one_place_that_nobody_knows_stops_nothing() -> None:
    message = "place: robot:none is not known, or only named by others so far"
    row = StopFactsRow("fleet:f", planned=(PLANNED,))
    assert asked(row, places=("fleet:f", "robot:none")) == ("stop:fleet:f", [message], [])
