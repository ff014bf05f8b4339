"""The documentation hangs together: no link is broken, and each page is one click away from a start page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_project import ROOT

PAGES = [
    path.relative_to(ROOT).as_posix()
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "examples" / "README.md"])
]

STARTS = ("README.md", "docs/README.md")
"""The pages where a reader begins."""

LINK = re.compile(r"\]\((?!https?:)([^)\s]*)\)")


def links(page: str) -> Iterator[tuple[Path, str]]:
    """The files and headings that a page links to."""
    for target in LINK.findall((ROOT / page).read_text("utf-8")):
        file, _, heading = target.partition("#")
        yield ((ROOT / page).parent / file).resolve() if file else ROOT / page, heading


def headings(page: Path) -> set[str]:
    """The headings of a page as GitHub links to them: lower case, blanks as hyphens, other marks left out."""
    found = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", PAGES)
def test_no_link_is_broken(page: str) -> None:
    broken = [
        f"{file.relative_to(ROOT)}#{heading}"
        for file, heading in links(page)
        if not file.exists() or (heading and heading not in headings(file))
    ]
    assert broken == []


def test_each_page_is_one_click_away_from_a_start_page() -> None:
    near = {file for start in STARTS for file, _ in links(start)}
    far = [
        page
        for page in PAGES
        if page.startswith("docs/") and page not in STARTS and not {ROOT / page, (ROOT / page).parent} & near
    ]
    assert far == []
