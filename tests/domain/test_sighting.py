"""Of each run of sightings the first and the last are kept, and what they say of the moments between is never made up."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.domain.installation import InstallationFactsRow, InstallationRow, Sighting
from forebear.domain.outcome import Describe, Reason, Revise, Ruling, Update
from forebear.domain.sighting import sight
from tests.domain.test_installation import NOW, Interval, applied, around, at

Points = dict[int, tuple[str, bool]]
"""What is kept of sightings, by their hours: the artifact, and whether it begins an installation."""


def seen(hour: int, artifact: str) -> Sighting:
    """Somebody saw an artifact on the robot."""
    return Sighting("robot:a", at(hour), f"artifact:{artifact}")


def taken(sightings: Iterable[tuple[int, str]]) -> dict[str, Interval]:
    """The installations after sightings."""
    known: dict[str, Interval] = {}
    for hour, artifact in sightings:
        sighting = seen(hour, artifact)
        verdict = sight(sighting, around(known, sighting), NOW)
        assert verdict.reasons == ()
        known = applied(known, verdict)
        for id, i in known.items():
            if i.artifact == sighting.artifact and i.since <= sighting.since and (i.until is None or sighting.since < i.until):
                # What changes nothing is done by the caller: when it was seen last moves on.
                known[id] = Interval(i.artifact, i.since, i.until, max(i.last, sighting.since))
    return known


def spans(known: dict[str, Interval]) -> list[tuple[str, str, str | None, str]]:
    return sorted((i.since, i.artifact, i.until, i.last) for i in known.values())


def plainly(sightings: Iterable[tuple[int, str]]) -> list[tuple[str, str, str | None, str]]:
    """The same from points in time alone: each either begins an installation or is when that was seen last."""
    points: Points = {}
    for hour, artifact in sightings:
        before = max((h for h in points if h <= hour), default=None)
        if before is None or points[before][0] != artifact:
            after = min((h for h in points if h > hour), default=None)
            if after is not None:
                points[after] = (points[after][0], True)
            points[hour] = (artifact, True)
        elif not points.get(hour, ("", False))[1]:
            later = min((h for h in points if h > hour), default=None)
            if later is not None and not points[later][1]:
                continue  # It lies inside.
            if not points[before][1]:
                del points[before]
            points[hour] = (artifact, False)
    begun = sorted(h for h in points if points[h][1])
    return [
        (at(h), f"artifact:{points[h][0]}", None if end is None else at(end),
         at(max(p for p in points if p >= h and (end is None or p < end))))
        for h, end in pairwise([*begun, None])
        if h is not None
    ]  # fmt: skip


truths = st.dictionaries(st.integers(1, 23), st.sampled_from("xyz"), max_size=10)
"""What a robot ran, at some hours."""


@given(truths.flatmap(lambda truth: st.permutations([*truth.items()])), st.data())
def test_sightings_in_any_order_are_what_their_points_in_time_say(order: list[tuple[int, str]], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(order), max_size=4)) if order else []
    assert spans(taken([*order, *again])) == plainly([*order, *again])


@given(truths)
def test_in_the_order_of_moments_installations_are_the_runs_of_what_was_seen(truth: dict[int, str]) -> None:
    moments = sorted(truth)
    begins = [h for before, h in pairwise([None, *moments]) if h and (before is None or truth[before] != truth[h])]
    assert spans(taken(sorted(truth.items()))) == [
        (
            at(h),
            f"artifact:{truth[h]}",
            at(end) if end else None,
            at(max(m for m in moments if m >= h and (not end or m < end))),
        )
        for h, end in pairwise([*begins, None])
        if h
    ]


@given(truths.filter(bool).flatmap(lambda truth: st.permutations([*truth.items()])))
def test_in_any_order_nothing_is_made_up_and_the_newest_is_right(order: list[tuple[int, str]]) -> None:
    truth = {at(hour): f"artifact:{artifact}" for hour, artifact in order}
    known = sorted(taken(order).values(), key=lambda i: i.since)
    assert all(truth[i.since] == truth[i.last] == i.artifact for i in known)
    assert [i.until for i in known] == [*(i.since for i in known[1:]), None]
    assert (known[0].since, known[-1].last) == (min(truth), max(truth))
    # Sent again in the order of moments, they say at each moment what was seen then, and change nothing any more.
    again = taken([*order, *sorted(order)])
    assert all(truth[m] in {i.artifact for i in again.values() if i.since <= m and (not i.until or m < i.until)} for m in truth)
    assert spans(taken([*order, *sorted(order), *sorted(order)])) == spans(again)


def test_something_else_inside_a_run_splits_it_where_it_was_seen_last() -> None:
    x = InstallationRow("installation:x", at(1), None, "artifact:x", "deployment:d", last_seen_at=at(9))
    facts = InstallationFactsRow(artifact="artifact:y", before=(x,), described=("robot:a", "artifact:y"))
    new, again = "installation:a/2026-05-31T05:00:00Z/y", "installation:a/2026-05-31T09:00:00Z/x"
    begun = {"kind": "Installation", "robot": "robot:a", "id": new, "artifact": "artifact:y", "validFrom": at(5)}
    once_more = begun | {"id": again, "artifact": "artifact:x", "validFrom": at(9), "installedBy": "deployment:d"}
    assert sight(seen(5, "y"), facts, NOW) == Ruling(
        new,
        (
            Describe(begun | {"lastSeenAt": at(5), "validTo": at(9)}),
            Revise("installation:x", {"validTo": None}, {"validTo": at(5)}),
            Update("installation:x", {"lastSeenAt": at(1)}),
            Describe(once_more | {"lastSeenAt": at(9)}),
        ),
    )  # fmt: skip


def test_two_artifacts_at_one_moment_are_both_seen_until_the_next_sighting() -> None:
    both = [(at(5), f"artifact:{name}", None, at(5)) for name in "xy"]
    assert spans(taken([(5, "x"), (5, "y")])) == spans(taken([(5, "y"), (5, "x")])) == both
    assert spans(taken([(1, "x"), (5, "x"), (5, "y")]))[1:] == both
    assert spans(taken([(5, "x"), (5, "y"), (7, "x")])) == [
        (at(5), "artifact:x", None, at(7)),
        (at(5), "artifact:y", at(7), at(5)),
    ]


@pytest.mark.parametrize("until", [at(9), at(12)])
def test_what_was_reported_to_end_does_not_begin_again_after_its_end(until: str) -> None:
    x = InstallationRow("installation:x", at(1), until, "artifact:x", last_seen_at=at(12))
    known = {"installation:x": Interval("artifact:x", at(1), until, at(12))}
    verdict = sight(seen(5, "y"), InstallationFactsRow(before=(x,)), NOW)
    assert spans(applied(known, verdict)) == [
        (at(1), "artifact:x", at(5), at(1)), (at(5), "artifact:y", until, at(5)),
    ]  # fmt: skip


def test_a_name_of_several_artifacts_is_refused() -> None:
    facts = InstallationFactsRow(several=("artifact:1", "artifact:2"))
    assert sight(Sighting("robot:a", at(5), external_id="ci:41"), facts, NOW).reasons == (
        Reason(
            "AMBIGUOUS",
            "externalId: ci:41 is the name of 2 artifacts: artifact:1, artifact:2",
            "name the artifact by its id, or take the name from those that it is not of",
        ),
    )
