"""What is told of an incident comes to one history, whatever the order."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from forebear.domain.incident import IncidentHistory, IncidentInterval, IncidentTelling, StoredIncidentRow
from forebear.graph.kinds.incident import IncidentState, Severity


def at(day: int) -> str:
    return f"2026-01-{day:02}T00:00:00.000000Z"


def report(since: int, until: int | None = None, as_of: int | None = None, **said: str) -> IncidentTelling:
    """A report of an incident."""
    holds = at(as_of or since)
    return IncidentTelling(holds, "OPEN", interval=IncidentInterval(holds, at(since), until and at(until)), **said)  # type: ignore[arg-type]


days = st.integers(1, 6)
tellings = st.one_of(
    st.builds(lambda d, s: IncidentTelling(at(d), s.value), days, st.sampled_from(IncidentState)),
    st.builds(lambda d, s: IncidentTelling(at(d), severity=s.value), days, st.sampled_from(Severity)),
    st.builds(lambda d, c: IncidentTelling(at(d), category=c), days, st.sampled_from(["drop", "collision"])),
    st.builds(lambda d, u, a: report(d, u and d + u, d + a), days, st.none() | st.integers(0, 3), st.integers(0, 3)),
)


def told(every: list[IncidentTelling]) -> IncidentHistory:
    """What tellings come to, one after the other."""
    history = IncidentHistory.of(StoredIncidentRow("incident:a"))
    for telling in every:
        history = history.with_(telling)
    return history


@given(st.lists(tellings, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_is_the_same_history(every: list[IncidentTelling], random: random.Random) -> None:
    shuffled = [*every, *random.sample(every, len(every) // 2)]
    random.shuffle(shuffled)
    assert told(shuffled) == told(every)
    assert told(shuffled).values == told(every).values


@given(st.lists(tellings, min_size=1, max_size=8))
def test_the_newest_telling_holds_and_an_open_incident_that_no_report_ends_has_no_end(every: list[IncidentTelling]) -> None:
    values = told(every).values
    states = [(t.as_of, [*IncidentState].index(IncidentState(t.state))) for t in every if t.state]
    states += [(t.interval.since, 0) for t in every if t.interval]
    assert values["state"] == (list(IncidentState)[max(states)[1]].value if states else None)
    ends = {t.interval.until for t in every if t.interval}
    if values["state"] in ("OPEN", None):
        assert values["validTo"] in ends | {None}
    else:
        assert values["validTo"] is not None
    beginnings = [t.interval.since for t in every if t.interval] or [t.as_of for t in every]
    assert values["validFrom"] == min(beginnings)


def test_after_it_was_resolved_only_a_later_moment_reopens_it() -> None:
    before = [report(1), IncidentTelling(at(4), "RESOLVED")]
    found = [told([*before, report(day)]).values for day in (3, 4, 5)]
    assert [(v["state"], v["validTo"]) for v in found] == [("RESOLVED", at(4)), ("RESOLVED", at(4)), ("OPEN", None)]
    still = told([*before, report(1, as_of=5)]).values
    assert (still["state"], still["validFrom"], still["validTo"]) == ("OPEN", at(1), None)


def test_its_end_is_what_the_newest_report_since_it_was_open_last_has_or_since_when_it_is_over() -> None:
    first = [report(1, until=2), IncidentTelling(at(4), "RESOLVED")]
    assert told(first).values["validTo"] == at(2)
    again = [*first, report(5), IncidentTelling(at(6), "RESOLVED"), IncidentTelling(at(6), "FALSE_ALARM")]
    assert told(again).values["validTo"] == at(6)


def test_what_a_fact_alone_recorded_was_open_until_its_end() -> None:
    row = StoredIncidentRow("incident:a", described=True, valid_from=at(1), valid_to=at(3), severity="LOW")
    assert IncidentHistory.of(row).told == {
        "state": ((at(1), "OPEN"), (at(3), "RESOLVED")),
        "severity": ((at(1), "LOW"),),
        "category": (),
    }
    assert IncidentHistory.of(row).intervals == (IncidentInterval(at(1), at(1), at(3)),)
