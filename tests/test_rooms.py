"""The source stays easy to read: no circle of imports, and no file or function too long to be read at once."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
FILES = {path.relative_to(SOURCE).as_posix(): path.read_text("utf-8") for path in sorted(SOURCE.rglob("*.py"))}

MOST_LINES = 450
"""The longest file of the source."""

MOST_OF_FUNCTION = 60
"""The longest function, in lines, its head and docstring included."""


def module_of(file: str) -> str:
    """The dotted name of a file."""
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports(file: str, source: str, modules: Mapping[str, str]) -> set[str]:
    """The files that a file imports, wherever in it the import stands: within `if TYPE_CHECKING` as well."""
    found: set[str] = set()
    package = file.split("/")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {modules[alias.name] for alias in node.names if alias.name in modules}
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*parents, *([node.module] if node.module else [])])
            for alias in node.names:
                # What is imported from a package is one of its modules, or stands in its own file.
                name = f"{origin}.{alias.name}"
                found |= {modules[each] for each in (name if name in modules else origin,) if each in modules}
    return found - {file}


def circle(files: Mapping[str, str]) -> list[str]:
    """Files that import each other in a circle; none where there is no circle."""
    modules = {module_of(file): file for file in files}
    graph = {file: imports(file, source, modules) for file, source in files.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def functions(source: str) -> Iterator[tuple[str, int]]:
    """The functions of a file, with how many lines each has."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert node.end_lineno is not None
            yield node.name, node.end_lineno - node.lineno + 1


def test_no_files_import_each_other_in_a_circle() -> None:
    assert circle(FILES) == []


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"a.py": "import b", "b.py": "import c", "c.py": "x = 1"}, []),
        ({"a.py": "import b", "b.py": "import a"}, ["a.py", "b.py", "a.py"]),
        (
            {"p/__init__.py": "", "p/a.py": "from p.b import x", "p/b.py": "def f():\n    from .a import y"},
            ["p/a.py", "p/b.py", "p/a.py"],
        ),
        (
            {"a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from b import X", "b.py": "from a import Y"},
            ["a.py", "b.py", "a.py"],
        ),
        ({"p/__init__.py": "from p.a import x", "p/a.py": "from p import b", "p/b.py": ""}, []),
        ({"p/__init__.py": "from p.a import x", "p/a.py": "from p import y"}, ["p/__init__.py", "p/a.py", "p/__init__.py"]),
    ],
)
def test_a_circle_is_found_wherever_its_imports_stand(files: dict[str, str], found: list[str]) -> None:
    assert sorted(circle(files)[1:]) == sorted(found[1:])
    assert len(circle(files)) == len(found)


def test_no_file_is_longer_than_is_read_at_once() -> None:
    longer = {file for file, source in FILES.items() if len(source.splitlines()) > MOST_LINES}
    assert longer == set()


def test_no_function_is_longer_than_is_read_at_once() -> None:
    longer = {name for source in FILES.values() for name, lines in functions(source) if lines > MOST_OF_FUNCTION}
    assert longer == set()


def test_a_class_name_stands_for_one_thing() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for file, source in FILES.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(file)
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
