"""The course of a deployment follows from its reports, in whatever order they came."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.domain.course import Course, CourseReport, course, first_and_last
from forebear.graph.kinds.fleet import DeploymentState

PLANNED, IN_PROGRESS, ACTIVE, FAILED, ENDED = DeploymentState


@pytest.mark.parametrize(
    ("reports", "taken", "expected"),
    [
        ("", "", Course(PLANNED, None, None)),
        ("P1", "", Course(IN_PROGRESS, None, None)),
        ("P1 A2", "", Course(ACTIVE, "2", None)),
        ("A2 P3", "", Course(ACTIVE, "2", None)),
        ("P1 F2", "", Course(FAILED, None, None)),
        ("P1 F2 P3", "", Course(IN_PROGRESS, None, None)),
        ("P1 A2 E5", "", Course(ENDED, "2", "5")),
        ("A2 F5", "", Course(FAILED, "2", "5")),
        ("E2", "", Course(ENDED, None, None)),
        ("A2 A3", "", Course(ACTIVE, "2", None)),
        ("A2 E3 A4", "", Course(ACTIVE, "2", None)),
        ("A2 E3 P4", "", Course(IN_PROGRESS, "2", "3")),
        ("A2 E5 E7", "", Course(ENDED, "2", "5")),
        ("A2", "5", Course(ENDED, "2", "5")),
        ("A2", "1", Course(ACTIVE, "2", None)),
        ("A2 E4", "5", Course(ENDED, "2", "4")),
        ("A2 E7", "5", Course(ENDED, "2", "5")),
        ("A2 F7", "5", Course(FAILED, "2", "5")),
        ("A2 A6", "5", Course(ACTIVE, "2", None)),
        ("P1", "5", Course(IN_PROGRESS, None, None)),
    ],
)
def test_a_deployment_runs_from_its_first_report_until_what_ends_it(reports: str, taken: str, expected: Course) -> None:
    assert course(read(reports), taken.split()) == expected


@pytest.mark.parametrize(
    ("reports", "replaced", "state"),
    [("", "5", ENDED), ("P3", "5", ENDED), ("P7", "5", IN_PROGRESS), ("P3 F4", "5", FAILED), ("A3", "5", ACTIVE)],
)
def test_what_is_pending_ends_when_what_was_to_replace_it_is_active(
    reports: str, replaced: str, state: DeploymentState
) -> None:
    assert course(read(reports), (), replaced.split()).state is state


@pytest.mark.parametrize(
    ("reports", "taken", "expected"),
    [
        ("P1", "", Course(IN_PROGRESS, None, None)),
        ("P1 A2", "", Course(ENDED, "2", "2")),
        ("A2 A5 P6", "4", Course(ENDED, "2", "2")),
        ("P1 F2", "", Course(FAILED, None, None)),
        ("A2 F5", "", Course(FAILED, "2", "2")),
        ("A2 F5 P6", "", Course(IN_PROGRESS, "2", "2")),
        ("A2 F5 P6 A7", "", Course(ENDED, "2", "2")),
    ],
)
def test_what_rejoins_its_fleet_is_over_in_the_moment_that_it_is_active(reports: str, taken: str, expected: Course) -> None:
    assert course(read(reports), taken.split(), rejoins=True) == expected


def read(text: str) -> list[CourseReport]:
    """Reports as the tables above write them: a state's letter and a moment."""
    states = {"P": IN_PROGRESS, "A": ACTIVE, "F": FAILED, "E": ENDED}
    return [CourseReport(word[1:], states[word[0]]) for word in text.split()]


some_reports = st.lists(
    st.builds(CourseReport, st.sampled_from("123456789"), st.sampled_from([IN_PROGRESS, ACTIVE, FAILED, ENDED])), max_size=12
)
some_moments = st.lists(st.sampled_from("123456789"), max_size=3)


@given(some_reports, some_reports)
def test_what_is_kept_does_not_depend_on_the_order_of_arrival(first: list[CourseReport], then: list[CourseReport]) -> None:
    assert (
        first_and_last([*first_and_last(first), *then])
        == first_and_last([*first, *then])
        == first_and_last([*first_and_last(then), *first_and_last(first), *then])
    )


@given(some_reports, st.randoms(use_true_random=False))
def test_the_same_reports_in_any_order_and_twice_are_the_same_course(reports: list[CourseReport], random: object) -> None:
    arrived: tuple[CourseReport, ...] = ()
    shuffled = [*reports, *reports]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for report in shuffled:
        arrived = first_and_last([*arrived, report])
    assert course(arrived) == course(reports)
    assert len(arrived) <= 8


@given(some_reports, some_moments, some_moments)
def test_an_interval_begins_before_it_ends_and_only_what_is_active_is_open(
    reports: list[CourseReport], taken: list[str], replaced: list[str]
) -> None:
    found = course(reports, taken, replaced)
    if found.valid_to is not None:
        assert found.valid_from is not None
        assert found.valid_from <= found.valid_to
    assert (found.state is ACTIVE) == (found.valid_from is not None and found.valid_to is None)


@given(some_reports, some_reports)
def test_an_older_report_never_takes_back_what_a_newer_one_said(newer: list[CourseReport], older: list[CourseReport]) -> None:
    oldest = min((r.at for r in newer), default="0")
    late = [r for r in older if r.at < oldest]
    before, after = course(newer), course([*newer, *late])
    if any(r.state is not IN_PROGRESS for r in newer):
        assert after.state is before.state
        if before.valid_from is not None:
            ends = {None, *(r.at for r in newer if r.state in (FAILED, ENDED))}
            assert after.valid_to in ends
            assert (after.valid_to is None) == (before.valid_to is None)
    elif newer:
        # What is in progress may have been active before, and then still is.
        assert after.state in (IN_PROGRESS, ACTIVE)
