"""The page of limits says what the code holds."""

import importlib
import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "limits.md").read_text("utf-8")
ROWS = re.findall(r"^\| (.+?) \| ([\d,]+).*? \| .+? \| `(.+)\.(MAX_\w+|\w+)` \|$", PAGE, re.M)


def test_each_limit_is_a_row() -> None:
    assert len(ROWS) == PAGE.count("` |\n")


@pytest.mark.parametrize(("what", "most", "module", "name"), ROWS)
def test_the_limit_is_as_it_is_written_down(what: str, most: str, module: str, name: str) -> None:
    assert getattr(importlib.import_module(f"forebear.{module}"), name) == int(most.replace(",", "")), what
