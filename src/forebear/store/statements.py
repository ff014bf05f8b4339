"""The hand-written Cypher files: found, read and parsed once."""

from __future__ import annotations

from pathlib import Path

from forebear.graph.declaration import Graph
from forebear.graph.question import Question, parse


def directory(name: str) -> Path:
    """A directory of the project that is shipped with the package: beside `src`, or inside the installed package."""
    package = Path(__file__).parent.parent
    checkout = package.parent.parent / name
    return checkout if (package.parent.parent / "pyproject.toml").is_file() else package / name


def questions(graph: Graph, folder: Path | None = None) -> list[Question]:
    """The questions in `cypher/questions`, by name. Raises `InvalidStatement`."""
    files = sorted((folder or directory("cypher") / "questions").glob("*.cypher"))
    return [parse(file.stem, file.read_text("utf-8"), graph) for file in files]
