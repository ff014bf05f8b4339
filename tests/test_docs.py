"""The documentation is true: no link is broken, and lists, words, codes and the picture are those of the code."""

from __future__ import annotations

import ast
import importlib
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from forebear.graph.kinds import GRAPH
from tests.test_project import ROOT

DOCS = ROOT / "docs"
LISTS = runpy.run_path(str(DOCS / "reference" / "lists.py"))
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


@pytest.mark.parametrize("page", LISTS["pages"](), ids=lambda page: page.name)
def test_a_list_is_what_the_code_says(page: Path) -> None:
    text = page.read_text("utf-8")
    assert text == LISTS["written"](text), "run 'make schema'"


def test_every_list_stands_on_a_page() -> None:
    shown = {name for page in LISTS["pages"]() for name in re.findall(r"<!-- list: (\w+) -->", page.read_text("utf-8"))}
    assert shown == LISTS["LISTS"].keys()


WORDS = re.findall(r"^\| ([\w ]+) \| .+ \| `([\w.]+)\.(\w+)` \|$", (DOCS / "glossary.md").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize(("word", "module", "name"), WORDS, ids=[word for word, _, _ in WORDS])
def test_a_word_of_the_glossary_is_a_class(word: str, module: str, name: str) -> None:
    assert isinstance(getattr(importlib.import_module(f"forebear.{module}"), name), type)


def test_each_word_of_the_glossary_has_a_class_of_its_own() -> None:
    rows = re.findall(r"^\| (?!word|-)", (DOCS / "glossary.md").read_text("utf-8"), re.MULTILINE)
    assert len({word for word, _, _ in WORDS}) == len({(module, name) for _, module, name in WORDS}) == len(rows) >= 30


def test_the_picture_shows_edges_of_the_graph() -> None:
    picture = ElementTree.parse(DOCS / "graph.svg").getroot()
    declared = {
        (kind.name, edge.type.name, target): edge.type.edge_class.lower()
        for kind in GRAPH.kinds.values()
        for edge in kind.edges
        for target in edge.targets
    }
    drawn = {
        tuple(path.attrib["data-edge"].split()): path.attrib["class"] for path in picture.iter() if "data-edge" in path.attrib
    }
    assert len(drawn) == 18
    assert drawn == {edge: declared.get(edge) for edge in drawn}  # type: ignore[call-overload]
    ends = {end for source, _, target in drawn for end in (source, target)}
    assert {group.attrib["data-kind"] for group in picture.iter() if "data-kind" in group.attrib} == ends


CODE = re.compile(r"[A-Z]{2,}(?:_[A-Z]+)*")
POSITIONS = {"Reason": 0, "_refuse": 0, "error_of": 1, "InvalidArgument": 1, "_Refused": 1, "BadRequest": 2, "last_line": 0}
"""Which argument of a call is the code of a refusal."""


def codes() -> set[str]:
    """The codes of errors and refusals, wherever the source writes one down, by itself or by the name of a constant."""
    trees = {path: ast.parse(path.read_text("utf-8")) for path in (ROOT / "src").rglob("*.py")}
    constants = {
        (path, node.targets[0].id): node.value.value
        for path, tree in trees.items()
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Constant)
    }
    imported = {name: value for (_, name), value in constants.items()}
    # In the domain a constant that is called as its text is a code.
    found = {name for (path, name), value in constants.items() if name == value and "domain" in path.parts}
    for path, node in ((path, node) for path, tree in trees.items() for node in ast.walk(tree)):
        for each in (name for expression in places(node) for name in ast.walk(expression)):
            name = getattr(each, "id", "")
            text = each.value if isinstance(each, ast.Constant) else constants.get((path, name), imported.get(name))
            found |= {text} if isinstance(text, str) and CODE.fullmatch(text) else set()
    return found


def places(node: ast.AST) -> Iterator[ast.AST]:
    """Where a piece of source holds a code."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=args) if len(args) > POSITIONS.get(name, len(args)):
            yield args[POSITIONS[name]]
        case ast.Dict(keys=keys, values=values):
            yield from (v for k, v in zip(keys, values, strict=True) if isinstance(k, ast.Constant) and k.value == "code")
        case ast.FunctionDef(name="code_of"):
            yield node


def test_every_code_of_a_refusal_is_explained_and_nothing_else_is() -> None:
    page = (DOCS / "reference" / "errors.md").read_text("utf-8")
    explained = {code for row in re.findall(r"^\| (`[A-Z].*?) \|", page, re.MULTILINE) for code in re.findall(r"`(\w+)`", row)}
    assert explained - codes() == set()
    assert codes() - explained == set()
