"""What is said at a terminal."""

import json
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.cli.terminal import counted, moment, print_json, printable

HOSTILE = "arm\x1b[2J\nrobot:q is APPROVED\r\x07\x9b1m\u202e\u2066\u2028"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
DOCUMENTS = st.recursive(TEXTS | st.integers() | st.none(), lambda each: st.lists(each) | st.dictionaries(TEXTS, each))


@pytest.mark.parametrize(
    ("n", "what", "said"),
    [(0, "nodes", "0 nodes"), (1, "entries", "1 entry"), (1, "edges added", "1 edge added"), (1200, "heads", "1,200 heads")],
)
def test_one_is_no_plural(n: int, what: str, said: str) -> None:
    assert counted(n, what) == said


def test_what_would_move_the_cursor_is_a_picture_of_it() -> None:
    assert printable({"name": HOSTILE, "configuration": {"\x1b[2J": 1}, "tags": ["é日🤖👩‍🔬", 1, None]}) == {
        "configuration": {"␛[2J": 1},
        "name": "arm␛[2J␊robot:q is APPROVED␍␇\ufffd1m\ufffd\ufffd\ufffd",
        "tags": ["é日🤖👩‍🔬", 1, None],
    }


@given(TEXTS)
def test_no_printable_text_holds_a_control_character(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    assert not {"Cc", "Zl", "Zp"} & {unicodedata.category(c) for c in shown}
    assert not {"RLO", "LRO", "RLE", "LRE", "RLI", "LRI", "FSI", "PDF", "PDI"} & {unicodedata.bidirectional(c) for c in shown}


@given(DOCUMENTS | st.just(HOSTILE))
def test_json_is_exact_and_moves_no_cursor(value: Any) -> None:
    with pytest.MonkeyPatch.context() as patched:
        printed: list[str] = []
        patched.setattr("sys.stdout.write", printed.append)
        print_json(value)
    (line,) = printed
    assert json.loads(line) == value
    assert printable(line.removesuffix("\n")) == line.removesuffix("\n")


@pytest.mark.parametrize(
    ("text", "away"), [("5m", timedelta(minutes=5)), ("12h", timedelta(hours=12)), ("90d", timedelta(days=90))]
)
def test_how_far_away_a_moment_is_means_the_past_unless_it_lies_ahead(text: str, away: timedelta) -> None:
    now = datetime.now(UTC)
    ago, then = (datetime.fromisoformat(moment("--since", text, ahead=ahead)) for ahead in (False, True))
    assert abs(ago - (now - away)) < timedelta(seconds=30)
    assert abs(then - (now + away)) < timedelta(seconds=30)
