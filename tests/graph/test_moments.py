"""Moments are texts of one form, so that their order is that of time."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.graph.moments import moment, parse

offsets = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
moments = st.builds(
    datetime.replace,
    st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)),
    tzinfo=offsets,
)


@given(moments)
def test_a_moment_is_kept_to_the_microsecond_in_utc(value):
    text = moment(value)
    assert len(text) == 27
    assert text.endswith("Z")
    assert datetime.fromisoformat(text) == value


@given(moments, moments)
def test_texts_are_ordered_as_the_moments_are(one, other):
    assert (moment(one) < moment(other)) == (one < other)
    assert (moment(one) == moment(other)) == (one == other)


@given(moments)
def test_every_way_to_write_a_moment_is_the_same_text(value):
    assert parse(value.isoformat()) == parse(value.astimezone(UTC).isoformat()) == parse(moment(value)) == moment(value)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2026-11-23T14:52:06Z", "2026-11-23T14:52:06.000000Z"),
        ("2026-11-23T14:52:06.5+02:00", "2026-11-23T12:52:06.500000Z"),
        ("2026-11-23T00:00:00.123456-05:30", "2026-11-23T05:30:00.123456Z"),
        ("0033-01-01T00:00:00Z", "0033-01-01T00:00:00.000000Z"),
        ("2026-11-23t14:52:06z", "2026-11-23T14:52:06.000000Z"),
        ("2026-11-23 14:52:06.1234567890+00:00", "2026-11-23T14:52:06.123456Z"),
    ],
)
def test_the_canonical_text_is(text, canonical):
    assert parse(text) == canonical


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "'' is not an RFC 3339 moment, such as 2026-11-23T14:52:06Z"),
        ("yesterday", "'yesterday' is not an RFC 3339 moment, such as 2026-11-23T14:52:06Z"),
        ("2024", "'2024' is not an RFC 3339 moment, such as 2026-11-23T14:52:06Z"),
        ("2026-02-30T00:00:00Z", "'2026-02-30T00:00:00Z' is not an RFC 3339 moment, such as 2026-11-23T14:52:06Z"),
        *(
            (text, f"{text!r} is not an RFC 3339 moment, such as 2026-11-23T14:52:06Z")
            for text in (
                "2026-01-01X00:00:00Z",
                "2026-W01-1T00:00:00Z",
                "2026-W01",
                "20261123T145206Z",
                "2026-11-23T14:52Z",
                "2026-11-23T14Z",
                "2026-11-23T24:00:00Z",
                "2026-11-23T14:52:60Z",
                "2026-11-23T14:52:06,5Z",
                "2026-11-23T14:52:06.Z",
                "2026-11-23T14:52:06+0200",
                "2026-11-23T14:52:06+02:60",
                "2026-11-23T14:52:06+02:00:30",
                "2026-11-23T14:52:06 Z",
                " 2026-11-23T14:52:06Z",
                "２０２６-11-23T14:52:06Z",
                "2026-11-23T14:52:06Z\n",
            )
        ),
        ("2026-11-23", "'2026-11-23' is a day: write 2026-11-23T00:00:00Z, or another time"),
        ("2026-11-23T14:52:06", "'2026-11-23T14:52:06' has no offset: end it with Z, or with one such as +02:00"),
        ("0001-01-01T00:00:00+14:00", "'0001-01-01T00:00:00+14:00' lies outside the years 1 to 9999"),
        ("9999-12-31T23:59:59-01:00", "'9999-12-31T23:59:59-01:00' lies outside the years 1 to 9999"),
    ],
)
def test_what_is_no_moment_is_refused(text, reason):
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        parse(text)
    assert str(refused.value) == reason


def test_a_datetime_without_an_offset_is_no_moment():
    with pytest.raises(ValueError, match=r"^a moment needs an offset, such as Z or \+02:00$"):
        moment(datetime(2026, 11, 23))
