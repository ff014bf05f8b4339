"""What is told of the world comes to the same in whatever order it arrives."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from forebear.graph.kinds.training import Run
from forebear.graph.moments import moment
from forebear.graph.telling import Telling, corrected, stored_tellings

STATUS = Run.kind.properties["status"]
NOON, ONE, TWO, NOW = (moment(datetime(2026, 1, 1, hour, tzinfo=UTC)) for hour in (12, 13, 14, 20))


def stored(*tellings: tuple[str | None, str], former: dict[str, object] | None = None) -> dict[str, object]:
    """What is stored after tellings, one recorded after the other."""
    after = dict(former or {})
    for n, (as_of, value) in enumerate(tellings):
        recorded = moment(datetime(2026, 1, 1, 20, tzinfo=UTC) + timedelta(seconds=n))
        after |= stored_tellings(after, [Telling(STATUS, value, as_of)], recorded)
    return after


def held(state: dict[str, object], at: str) -> object:
    """The value that held at a moment."""
    values = [value for value, since in zip(state["statusTold"], state["statusSince"], strict=True) if since <= at]  # type: ignore[call-overload]
    return values[-1] if values else None


@given(st.dictionaries(st.sampled_from([NOON, ONE, TWO, NOW]), st.sampled_from(["PENDING", "RUNNING", "FAILED"]), min_size=1))
def test_every_order_and_repetition_comes_to_the_same(said: dict[str, str]) -> None:
    states = [stored(*order, *order[:2]) for order in permutations(said.items())]

    assert all(state == states[0] for state in states)
    assert states[0]["status"] == said[max(said)]
    for at in said:
        assert held(states[0], at) == said[at]


def test_of_two_with_one_moment_the_later_recorded_holds_and_both_are_kept() -> None:
    state = stored((ONE, "FAILED"), (TWO, "RUNNING"), (TWO, "SUCCEEDED"), (TWO, "RUNNING"))
    assert state == {
        "status": "SUCCEEDED", "statusTold": ["FAILED", "RUNNING", "SUCCEEDED"], "statusSince": [ONE, TWO, TWO]
    }  # fmt: skip


def test_without_a_moment_it_holds_from_when_it_is_recorded_unless_it_holds_already() -> None:
    state = stored((None, "RUNNING"), (None, "RUNNING"), (None, "FAILED"), (None, "RUNNING"))
    assert state["statusTold"] == ["RUNNING", "FAILED", "RUNNING"]
    at_once = [Telling(STATUS, "FAILED", None), Telling(STATUS, "RUNNING", NOON)]
    assert stored_tellings({}, at_once, NOW) == {
        "status": "FAILED",
        "statusTold": ["RUNNING", "FAILED"],
        "statusSince": [NOON, NOW],
    }


def test_what_holds_from_now_on_is_the_newest_also_after_a_sender_whose_clock_is_ahead() -> None:
    ahead = moment(datetime(2026, 1, 1, 20, 2, tzinfo=UTC))
    assert stored((ahead, "RUNNING"), (None, "FAILED")) == {
        "status": "FAILED", "statusTold": ["RUNNING", "FAILED"], "statusSince": [ahead, ahead]
    }  # fmt: skip


def test_what_was_recorded_without_tellings_holds_from_when_it_was_described() -> None:
    former = {"status": "RUNNING", "describedAt": ONE}
    assert stored((NOON, "PENDING"), former=former) == {
        **former, "statusTold": ["PENDING", "RUNNING"], "statusSince": [NOON, ONE]
    }  # fmt: skip


def test_a_correction_puts_right_or_takes_back_what_held() -> None:
    state = stored((NOON, "PENDING"), (ONE, "RUNNING"), (TWO, "FAILED"))
    assert corrected(state, STATUS, "CANCELLED", None, NOW) == {
        "status": "CANCELLED", "statusTold": ["PENDING", "RUNNING", "CANCELLED"], "statusSince": [NOON, ONE, TWO]
    }  # fmt: skip
    assert corrected(state, STATUS, None, None, NOW)["status"] == "RUNNING"
    assert corrected(state, STATUS, None, ONE, NOW)["statusTold"] == ["PENDING", "FAILED"]
    assert corrected(stored((ONE, "FAILED")), STATUS, None, None, NOW) == dict.fromkeys(("status", "statusTold", "statusSince"))
    assert corrected(stored((ONE, "FAILED")), STATUS, "PENDING", NOON, NOW)["statusTold"] == ["PENDING", "FAILED"]
