"""The tutorial works word for word: its files are taken, and its commands print what it says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.cli.terminal import environment, serving
from tests.test_project import ROOT

PAGE = (ROOT / "docs" / "tutorial" / "from-run-to-robot.md").read_text("utf-8")
FILE = re.compile(r"as\s`([\w.]+)`:\n\n```\w+\n(.*?)```", re.DOTALL)
STEP = re.compile(r"```sh\n(?P<commands>.*?)```(?:\n\n```text\n(?P<prints>.*?)```)?", re.DOTALL)
ENDS = "--- ends here\n"

SHELL = """
import contextlib, io, json, os, re, shlex, sys
from forebear.cli import main

def run(line):
    if taken := re.fullmatch(r"(\\w+)=\\$\\((.*)\\)", line):
        with contextlib.redirect_stdout(io.StringIO()) as text:
            run(taken[2])
        os.environ[taken[1]] = text.getvalue().strip()
        return
    words = [os.path.expandvars(word) for word in shlex.split(line)]
    command = words.index("forebear") if "forebear" in words else len(words)
    before = dict(os.environ)
    os.environ.update(word.split("=", 1) for word in words[:command])
    if words[command:]:
        main(words[command + 1:])
        os.environ.clear()
        os.environ.update(before)

for step in json.load(sys.stdin):
    for line in step.splitlines():
        run(line)
    print("--- ends here")
"""
"""Runs the steps one after the other in one process, which is many times faster than a process for each command."""


def printed(page: str, folder: Path, url: str) -> Iterator[str]:
    """What each step of the page prints, errors included, after the first one, which chooses the folder and the service."""
    steps = [step["commands"] for step in STEP.finditer(page)][1:]
    ended = subprocess.run(
        [sys.executable, "-u", "-c", SHELL],
        input=json.dumps(steps),
        cwd=folder,
        env=environment(url=url),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    for output in ended.stdout.split(ENDS)[:-1]:
        yield "".join(f"{line.rstrip()}\n" for line in output.splitlines())


def pattern(shown: str) -> re.Pattern[str]:
    """What a page shows, where `…` stands for any text."""
    return re.compile(re.escape(shown).replace("…", r"[^\n]*"))


def test_the_tutorial_prints_what_it_says(tmp_path: Path) -> None:
    folder = tmp_path / "socks"
    folder.mkdir()
    for name, text in FILE.findall(PAGE):
        (folder / name).write_text(text, "utf-8")
    with serving(data_dir=tmp_path / "data") as service:
        outputs = [*printed(PAGE, folder, service.url)]
    shown = [step["prints"] for step in STEP.finditer(PAGE)][1:]
    assert [(text, output) for text, output in zip(shown, outputs, strict=True) if not pattern(text).fullmatch(output)] == []
