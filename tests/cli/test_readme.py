"""The commands of the README print on the demo what it says."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.cli.terminal import Service, forebear
from tests.cli.test_tutorial import pattern
from tests.test_project import ROOT

SHOWN = re.findall(r"```sh\nforebear ([^\n]*)\n```\n\n```text\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
"""The commands, each with what it prints."""


@pytest.mark.parametrize(("command", "prints"), SHOWN, ids=[command for command, _ in SHOWN])
def test_a_command_prints_what_the_readme_says(demo: Service, command: str, prints: str) -> None:
    ended = forebear(*shlex.split(command), url=demo.url)
    assert ended.err == ""
    assert pattern(prints).fullmatch("\n".join(line.rstrip() for line in ended.out.splitlines()) + "\n"), ended.out
