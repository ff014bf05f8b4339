"""A canary: what robots of a line were observed to run, held against what a policy asks for before a whole fleet."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.domain.canary import BelongedRow, CanaryFactsRow, Observation, ObservedIncidentRow, ObservedInstallationRow
from forebear.domain.clause import InvalidPolicy
from forebear.domain.place import FleetRow, PlaceFactsRow, PlaceRow, RobotRow
from forebear.domain.policy import parse
from forebear.domain.rollout import Canary
from forebear.domain.standing import PolicyRow
from forebear.graph.kinds.incident import Severity

ARTIFACT, LINE, RELEASE = "artifact:a", "line:l", "release:m@1/l"
DAY = "2026-03-{:02}T{:02}:00:00.000000Z".format
NOW = DAY(20, 0)


def policy(**canary: Any) -> PolicyRow:
    """A policy that asks for a canary."""
    document = {"riskTier": "LOW", "standingApprovals": "KEEP", "rollout": {"canary": {"robots": 2, "hours": 24} | canary}}
    return PolicyRow("policy:p@1", json.dumps(document))


def seen(robot: str, since: str, until: str | None) -> ObservedInstallationRow:
    return ObservedInstallationRow(robot, since, until)


def observed(*installations: ObservedInstallationRow, incidents: Any = (), belonged: Any = None, **canary: Any) -> Observation:
    """What was observed of the artifact. Robots belong to the line all along unless `belonged` says otherwise."""
    robots = {each.robot for each in installations}
    belonged = [BelongedRow(robot, (DAY(1, 0),)) for robot in robots] if belonged is None else belonged
    row = CanaryFactsRow(ARTIFACT, LINE, policy(**canary), installations, tuple(belonged), tuple(incidents))
    return Observation(row, NOW)


def fleet(robots: int = 9) -> PlaceFactsRow:
    every = tuple(RobotRow(f"robot:{n}") for n in range(robots))
    return PlaceFactsRow(PlaceRow("fleet:f"), (FleetRow("fleet:f"),), every)


def cohort(robots: int) -> PlaceFactsRow:
    every = tuple(RobotRow(f"robot:{n}") for n in range(robots))
    return PlaceFactsRow(PlaceRow("cohort:c"), (FleetRow("fleet:f"),), every)


def codes(observation: Observation, place: PlaceFactsRow | None = None) -> list[str]:
    return [reason.code for reason in observation.lacks(place or fleet(), RELEASE)]


ENOUGH = (seen("robot:a", DAY(2, 0), DAY(3, 0)), seen("robot:b", DAY(2, 0), DAY(3, 0)))


def test_a_canary_is_enough_robots_for_enough_hours_each() -> None:
    assert codes(observed(*ENOUGH)) == []
    assert codes(observed(*ENOUGH[:1])) == ["CANARY_MISSING"]
    # The hours of one robot do not make up for another.
    assert codes(observed(seen("robot:a", DAY(2, 0), DAY(9, 0)), seen("robot:b", DAY(2, 0), DAY(2, 23)))) == ["CANARY_MISSING"]
    # Several intervals of a robot add up, and what they share counts once.
    pieces = [seen("robot:a", DAY(4, 0), DAY(4, 20)), seen("robot:a", DAY(4, 18), DAY(5, 1))]
    assert observed(*pieces).hours == {"robot:a": 25.0}


def test_an_open_installation_counts_until_it_was_seen_last_and_nothing_counts_outside_the_line() -> None:
    assert observed(seen("robot:a", DAY(2, 0), None), seen("robot:b", DAY(19, 0), DAY(25, 0))).hours == {
        "robot:b": 24.0, "robot:a": 0.0,
    }  # fmt: skip
    # Of the fleet from the 3rd, in the line until the 4th, and in a cohort of it besides.
    belonged = [
        BelongedRow("robot:a", (DAY(3, 0), DAY(1, 0)), (DAY(4, 0), DAY(9, 0))),
        BelongedRow("robot:a", (DAY(3, 12), DAY(1, 0)), (DAY(4, 6),)),
    ]
    assert observed(seen("robot:a", DAY(2, 0), DAY(9, 0)), belonged=belonged).hours == {"robot:a": 30.0}
    assert observed(seen("robot:a", DAY(2, 0), DAY(9, 0)), belonged=[]).hours == {}


def test_incidents_count_by_severity_and_an_unknown_severity_always_does() -> None:
    found = [
        ObservedIncidentRow("incident:low", DAY(2, 1), Severity.LOW, "robot:a"),
        ObservedIncidentRow("incident:high", DAY(2, 2), Severity.HIGH, "robot:a"),
        ObservedIncidentRow("incident:unknown", DAY(2, 3), None, "robot:b"),
        ObservedIncidentRow("incident:named", DAY(2, 4), Severity.CRITICAL),
        # It was in another line then.
        ObservedIncidentRow("incident:before", "2026-02-01T00:00:00.000000Z", None, "robot:a"),
        # It was on two robots, and is one.
        ObservedIncidentRow("incident:high", DAY(2, 2), Severity.HIGH, "robot:b"),
    ]
    (reason,) = observed(*ENOUGH, incidents=found).lacks(fleet(), RELEASE)
    assert (reason.code, reason.message) == (
        "CANARY_INCIDENTS",
        "policy:p@1 asks for a canary without an incident, and 4 happened while robots of line:l ran artifact:a: "
        "incident:high, incident:low, incident:named, incident:unknown",
    )
    assert codes(observed(*ENOUGH, incidents=found, severity="HIGH", maximumIncidents=2)) == ["CANARY_INCIDENTS"]
    assert codes(observed(*ENOUGH, incidents=found, severity="HIGH", maximumIncidents=3)) == []
    assert codes(observed(incidents=found, maximumIncidents=9)) == ["CANARY_MISSING"]


def test_a_small_cohort_is_the_canary_itself() -> None:
    bad = [ObservedIncidentRow("incident:x", DAY(2, 1))]
    assert [codes(observed(incidents=bad), cohort(n)) for n in (0, 2)] == [[], []]
    assert codes(observed(incidents=bad), cohort(3)) == ["CANARY_MISSING", "CANARY_INCIDENTS"]
    # A fleet is none, however small it is.
    assert codes(observed(), fleet(1)) == ["CANARY_MISSING"]


def test_what_is_missing_is_said_robot_by_robot() -> None:
    many = [seen(f"robot:{n}", DAY(2, 0), DAY(2, n)) for n in range(8)]
    (reason,) = observed(*many).lacks(fleet(), RELEASE)
    assert reason.message == (
        "artifact:a was observed for 24 hours on 0 robots of line:l, and policy:p@1 asks for 2 before a fleet "
        "(robot:7 for 7 h, robot:6 for 6 h, robot:5 for 5 h, robot:4 for 4 h, robot:3 for 3 h and 3 more)"
    )
    assert reason.remedy == (
        "deploy it to a cohort of at most 2 robots first (requestDeployment), and report what they run "
        "(reportInstallation with seenAt); an ADMIN can let it run without: "
        "forebear override release:m@1/l --expires-at 8h --reason '…'"
    )


@pytest.mark.parametrize("document", ['{"riskTier": "LOW", "standingApprovals": "KEEP"}', '{"canary": 1}'])
def test_a_policy_without_a_canary_or_that_nobody_can_read_asks_for_none(document: str) -> None:
    row = CanaryFactsRow(ARTIFACT, LINE, PolicyRow("policy:p@1", document))
    assert codes(Observation(row, NOW)) == []


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=8))
def test_hours_are_those_of_the_union_of_the_intervals(intervals: list[tuple[int, int]]) -> None:
    def at(hour: int) -> str:
        return DAY(1 + hour // 24, hour % 24)

    rows = [seen("robot:a", at(low), at(high)) for low, high in map(sorted, intervals)]
    covered = {hour for low, high in map(sorted, intervals) for hour in range(low, high)}
    assert sum(observed(*rows).hours.values()) == len(covered)


@pytest.mark.parametrize(
    ("canary", "words", "numbers"),
    [
        (
            {"robots": 2, "hours": 72},
            "before a fleet, a canary of 2 robots for 72 hours each, without an incident",
            "2 robots and 72 hours without an incident bound it at 21 per 1,000 hours",
        ),
        (
            {"robots": 1, "hours": 24.5, "maximumIncidents": 1, "severity": "HIGH"},
            "before a fleet, a canary of 1 robot for 24.5 hours, with at most 1 incident of severity HIGH or worse",
            "1 robot and 24.5 hours with at most 1 incident of severity HIGH or worse bound it at 194 per 1,000 hours",
        ),
        (
            {"robots": 50, "hours": 1000, "maximumIncidents": 3, "severity": "CRITICAL"},
            "before a fleet, a canary of 50 robots for 1000 hours each, with at most 3 incidents of severity CRITICAL",
            "50 robots and 1000 hours with at most 3 incidents of severity CRITICAL bound it at 0.16 per 1,000 hours",
        ),
    ],
)
def test_a_canary_is_said_in_words_and_in_numbers(canary: dict[str, Any], words: str, numbers: str) -> None:
    asked = Canary.model_validate(canary)
    assert (asked.in_words, asked.in_numbers) == (words, numbers)


def test_the_bound_is_the_exact_one_of_poisson_events() -> None:
    # 3.00 and 4.74 are the textbook's limits for no event and for one: 95 %, one-sided.
    assert round(Canary(robots=2, hours=72).bound * 144, 3) == 2.996
    assert round(Canary.model_validate({"robots": 1, "hours": 1, "maximumIncidents": 1}).bound, 3) == 4.744


@pytest.mark.parametrize(
    ("rollout", "mistakes"),
    [
        ({}, ["rollout.canary: is required"]),
        ({"canary": {"robots": 2}}, ["rollout.canary.hours: is required"]),
        (
            {"canary": {"robots": 0, "hours": 0, "maximumIncidents": -1, "severity": "BAD", "hors": 1}},
            [
                "rollout.canary.severity: expected 'LOW', 'MEDIUM', 'HIGH' or 'CRITICAL' (got 'BAD')",
                "rollout.canary.robots: must be at least 1 (got 0)",
                "rollout.canary.hours: must be more than 0 (got 0)",
                "rollout.canary.maximumIncidents: must be at least 0 (got -1)",
                "rollout.canary.hors: 'hors' is not known; did you mean 'hours'?",
            ],
        ),
        ({"canary": {"robots": 1, "hours": 1}, "canery": 1}, ["rollout.canery: 'canery' is not known; did you mean 'canary'?"]),
    ],
)
def test_each_mistake_in_a_rollout_is_named(rollout: dict[str, Any], mistakes: list[str]) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        parse({"riskTier": "LOW", "standingApprovals": "KEEP", "rollout": rollout})
    assert [str(m) for m in refused.value.mistakes] == mistakes
