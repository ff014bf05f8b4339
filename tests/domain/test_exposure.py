"""From what is on record of robots to exposure, and to what was observed since a suspect was named."""

from __future__ import annotations

import pytest

from forebear.domain.suspects.explanation import OccurrenceFactsRow, ScenePlaceRow, Selection, explain
from forebear.domain.suspects.exposure import DAY
from forebear.domain.suspects.history import (
    BuildHistoryFactsRow,
    EarlierRow,
    GroupHistoryFactsRow,
    RobotHistory,
    RobotHistoryRow,
    SightingRow,
    SpanRow,
    Whereabouts,
    history,
    milliseconds,
)
from forebear.domain.suspects.upstream import Upstream, UpstreamFactsRow

JANUARY = milliseconds("2026-01-01T00:00:00.000000Z")


def at(n: int) -> str:
    """A moment of January 2026, from its first day, as the graph holds it."""
    return f"2026-01-{n + 1:02}T00:00:00.000000Z"


def on_record(*robots: RobotHistoryRow) -> RobotHistory:
    """The exposure of robots of a cohort, which moves from one fleet to another on the tenth day, until the twentieth."""
    there, whose = (SpanRow("site:s1", at(0)),), (SpanRow("customer:c", at(0), at(5)),)
    groups = (
        GroupHistoryFactsRow("fleet:a", True, [*there], [*whose], [], [], []),
        GroupHistoryFactsRow("fleet:b", True, [SpanRow("site:s2", at(0))], [], [], [at(12)], []),
        GroupHistoryFactsRow(
            "cohort:c", False, [], [], [SpanRow("fleet:a", at(0), at(10)), SpanRow("fleet:b", at(10))], [], []
        ),
    )
    builds = {id: BuildHistoryFactsRow(id, "trt", None, "target:t") for id in ("artifact:1", "artifact:2")}
    where = Whereabouts({g.id: g for g in groups}, builds, milliseconds(at(0)), milliseconds(at(20)))
    return history(robots, where)


def robot(id: str, *installations: SightingRow, maintained: tuple[str, ...] = ()) -> RobotHistoryRow:
    """A robot of the cohort, whose software was another until the third day."""
    return RobotHistoryRow(
        id, "ur5e", "5", [EarlierRow(at(3), "4")], [*installations], (SpanRow("cohort:c", at(0)),), [*maintained]
    )


def test_a_cohort_s_robots_are_where_its_fleets_are_and_stretches_are_cut_where_anything_changes() -> None:
    told = on_record(robot("robot:a", SightingRow("artifact:1", at(1), at(15)), maintained=(at(4),)), robot("robot:unseen"))
    assert told.unseen == ["robot:unseen"]
    days = [((s.begin - JANUARY) // DAY, (s.end - JANUARY) // DAY, told.profiles[s.profile]) for s in told.stretches]
    a = {"artifact": "artifact:1", "toolchain": "trt", "hardwareTarget": "target:t", "robotClass": "ur5e"}
    first = a | {"fleet": "fleet:a", "site": "site:s1", "customer": "customer:c"}
    later = {name: value for name, value in first.items() if name != "customer"} | {"robotSoftware": "5"}
    moved = later | {"fleet": "fleet:b", "site": "site:s2"}
    assert days == [
        (1, 3, first | {"robotSoftware": "4"}), (3, 4, first | {"robotSoftware": "5"}), (4, 5, first | {"robotSoftware": "5"}),
        (5, 10, later), (10, 12, moved), (12, 15, moved),
    ]  # fmt: skip
    maintained = [s.maintained and (s.maintained - JANUARY) // DAY for s in told.stretches]
    assert maintained == [None, None, 4, 4, 4, 12]


def test_an_installation_that_nobody_ended_counts_until_it_was_last_seen_or_until_now_and_is_marked_then() -> None:
    told = on_record(
        robot("robot:seen", SightingRow("artifact:1", at(12), None, at(14))),
        robot("robot:open", SightingRow("artifact:1", at(12))),
        robot("robot:both", SightingRow("artifact:1", at(12), at(13), at(18))),
    )
    hours = {(s.robot, s.unsure): (s.end - JANUARY) // DAY for s in told.stretches}
    assert hours == {("robot:seen", False): 14, ("robot:open", True): 20, ("robot:both", False): 13}


def test_a_suspect_that_was_named_has_its_contrast_on_what_was_observed_since() -> None:
    robots = [robot(f"robot:{n}", SightingRow(f"artifact:{1 + n % 2}", at(0), at(20))) for n in range(8)]
    places = [ScenePlaceRow("robot:1", "Robot")]
    happened = [OccurrenceFactsRow(f"incident:{n}", at(n), "drop", None, places) for n in range(1, 19, 2)]
    upstream = [
        UpstreamFactsRow("artifact:2", "Artifact", None, ["model:m@2"]),
        UpstreamFactsRow("model:m@2", "ModelVersion", None, []),
    ]
    named = {"model:m@2": at(10)}
    found = explain(Selection("drop"), happened, on_record(*robots), Upstream(upstream), named)
    row = next(r for r in found.rows if {"dimension": "ModelVersion", "value": "model:m@2"} in r["names"])
    assert (row["incidentsWith"], row["hoursWith"], row["namedSince"]) == (9, 4 * 20 * 24.0, at(10))
    contrast = row["sinceNamed"]
    assert [contrast[n] for n in ("incidentsWith", "hoursWith", "incidentsWithout", "hoursWithout")] == [4, 960.0, 0, 960.0]
    assert contrast["p"] == pytest.approx(0.5**4)
    unnamed = [r for r in found.rows if r is not row]
    assert {(r["namedSince"], r["sinceNamed"]) for r in unnamed} == {(None, None)}


def test_incidents_of_a_site_count_only_if_its_robots_ran_the_same_then() -> None:
    robots = [
        robot("robot:a", SightingRow("artifact:1", at(0), at(20))),
        robot("robot:b", SightingRow("artifact:2", at(6), at(20))),
    ]
    happened = [
        OccurrenceFactsRow(f"incident:{n}", at(n), None, None, [ScenePlaceRow(place, "Site")])
        for n, place in ((4, "site:s1"), (8, "site:s1"), (11, "site:s1"), (12, "site:s2"))
    ]
    found = explain(Selection(), happened, on_record(*robots), Upstream([]), {})
    assert (found.incidents, found.apart) == (1, ("incident:11", "incident:12", "incident:8"))
