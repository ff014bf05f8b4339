"""What is said at a terminal."""

import pytest

from forebear.cli.terminal import counted


@pytest.mark.parametrize(
    ("n", "what", "said"),
    [(0, "nodes", "0 nodes"), (1, "entries", "1 entry"), (1, "edges added", "1 edge added"), (1200, "heads", "1,200 heads")],
)
def test_one_is_no_plural(n: int, what: str, said: str) -> None:
    assert counted(n, what) == said
