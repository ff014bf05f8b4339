"""Each layer imports only what lies below it, and the pure ones do no I/O."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from forebear.connect.catalogue import CATALOGUE

SOURCE = Path(__file__).parents[1] / "src"

# What each layer, a package or module directly under forebear, may import of the others.
LAYERS: dict[str, set[str]] = {
    "graph": set(),
    "domain": {"graph"},
    "verbs": {"domain", "graph"},
    "view": {"graph"},
    "settings": {"domain", "graph"},
    "store": {"graph", "settings"},
    "audit": {"store", "domain", "graph"},
    "identity": {"verbs", "audit", "store", "domain", "graph", "settings"},
    "actions": {"verbs", "audit", "store", "domain", "graph"},
    "record": {"actions", "verbs", "audit", "store", "domain", "graph"},
    "connect": {"client", "record", "actions", "view", "verbs", "audit", "store", "domain", "graph"},
    "client": {"view", "verbs", "domain", "graph"},
    "api": {"view", "connect", "record", "actions", "identity", "verbs", "audit", "store", "domain", "graph", "settings"},
    "app": {
        "api", "view", "connect", "record", "actions", "identity", "verbs", "audit", "store", "domain", "graph", "settings",
    },
    "cli": {
        "app", "client", "api", "view", "connect", "record", "actions", "identity", "verbs", "audit", "store", "domain",
        "graph", "settings",
    },
    "pytest_plugin": {"client", "connect", "verbs", "graph"},
    "__main__": {"cli"},
    "__init__": set(),
}  # fmt: skip
PURE = {"graph", "domain", "verbs", "view"}
PURE_FILES = {
    "forebear/audit/chain.py",
    "forebear/audit/check.py",
    "forebear/connect/translator.py",
    "forebear/connect/folding.py",
    "forebear/connect/names.py",
    *(file.relative_to(SOURCE).as_posix() for file in (SOURCE / "forebear" / "connect" / "reports").glob("*.py")),
    *(type(translator).__module__.replace(".", "/") + ".py" for translator in CATALOGUE),
}
"""Files of layers that are not pure. A translator is."""
# The only file that knows Strawberry.
STRAWBERRY = "forebear/api/types/made.py"
# Libraries and modules a pure layer does without: it neither serves, nor asks a database, nor does I/O.
IMPURE = {
    "asyncio", "http", "httpx", "io", "neo4j", "os", "pathlib", "shutil", "socket", "starlette",
    "strawberry", "subprocess", "tempfile", "urllib.request", "uvicorn",
}  # fmt: skip


def imported(tree: ast.Module, package: str) -> Iterator[str]:
    """The absolute dotted names that a module of `package` imports, wherever in it the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            origin = ".".join([*parents, *([node.module] if node.module else [])])
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def violations(path: Path, source: str) -> list[str]:
    """What the file at `path`, relative to src, does that its layer may not."""
    layer = path.with_suffix("").parts[1]
    if layer not in LAYERS:
        return [f"{layer} is no layer"]
    pure = layer in PURE or path.as_posix() in PURE_FILES
    tree = ast.parse(source)
    found = []
    for name in imported(tree, ".".join(path.parent.parts)):
        top, _, rest = name.partition(".")
        other = rest.partition(".")[0]
        if top == "forebear" and other in LAYERS and other not in LAYERS[layer] | {layer}:
            found.append(f"{layer} imports {other}")
        elif top == "neo4j" and layer != "store":
            found.append(f"{layer} imports neo4j")
        elif top == "strawberry" and path.as_posix() != STRAWBERRY:
            found.append(f"{path.stem} imports strawberry")
        elif pure:
            found += [f"{layer} imports {bad}" for bad in sorted(IMPURE) if f"{name}.".startswith(f"{bad}.")]
    if pure:
        found += [
            f"{layer} opens a file"
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"
        ]
    return found


# What stands inside `graph/` before the others: no file of the model imports the walls that are built on it, and so on.
WALLS = ("forebear/graph/query", "forebear/graph/statements", "forebear/graph")


def climbs(path: Path, source: str) -> list[str]:
    """What the file at `path` imports of rooms of `graph/` that stand on its own."""
    own = next(i for i, room in enumerate(WALLS) if path.is_relative_to(room))
    names = imported(ast.parse(source), ".".join(path.parent.parts))
    return [name for name in names if any(f"{name}.".startswith(room.replace("/", ".") + ".") for room in WALLS[:own])]


def test_within_graph_the_model_knows_no_statements_and_statements_know_no_queries() -> None:
    files = [path.relative_to(SOURCE) for path in sorted((SOURCE / "forebear" / "graph").rglob("*.py"))]
    found = {str(path): climbs(path, (SOURCE / path).read_text("utf-8")) for path in files}
    assert {path: wrong for path, wrong in found.items() if wrong} == {}
    assert climbs(Path("forebear/graph/ids.py"), "from .statements import upsert") == ["forebear.graph.statements.upsert"]
    assert climbs(Path("forebear/graph/statements/upsert.py"), "from forebear.graph.query import field") == [
        "forebear.graph.query.field"
    ]


def test_every_module_keeps_to_its_layer() -> None:
    files = [path.relative_to(SOURCE) for path in sorted((SOURCE / "forebear").rglob("*.py"))]
    found = {str(path): violations(path, (SOURCE / path).read_text("utf-8")) for path in files}
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(
    ("path", "source", "wrong"),
    [
        ("forebear/graph/ids.py", "from forebear.store import read", ["graph imports store"]),
        ("forebear/graph/ids.py", "from forebear import domain", ["graph imports domain"]),
        ("forebear/domain/policy.py", "from forebear.store import Store", ["domain imports store"]),
        ("forebear/verbs/release.py", "from forebear.store import Store", ["verbs imports store"]),
        ("forebear/verbs/release.py", "from forebear.api import context", ["verbs imports api"]),
        ("forebear/graph/__init__.py", "from ..api.schema import build", ["graph imports api"]),
        ("forebear/store/__init__.py", "import forebear.settings, forebear.record", ["store imports record"]),
        ("forebear/connect/mlflow/names.py", "def start():\n    from ... import api", ["connect imports api"]),
        ("forebear/app.py", "from . import cli", ["app imports cli"]),
        ("forebear/record/facts.py", "from neo4j import AsyncDriver", ["record imports neo4j"]),
        ("forebear/domain/policy.py", "import os.path", ["domain imports os"]),
        (
            "forebear/domain/policy.py",
            "from urllib.request import urlopen",
            ["domain imports urllib.request"],
        ),
        ("forebear/domain/policy.py", "open('policy.json')", ["domain opens a file"]),
        ("forebear/api/schema.py", "import strawberry", ["schema imports strawberry"]),
        ("forebear/audit/chain.py", "import httpx", ["audit imports httpx"]),
        ("forebear/helpers.py", "", ["helpers is no layer"]),
    ],
)
def test_a_module_that_leaves_its_layer_is_named(path: str, source: str, wrong: list[str]) -> None:
    assert violations(Path(path), source) == wrong


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (
            "forebear/store/driver.py",
            "import neo4j\nfrom ..graph import kinds\nfrom ..settings import Settings",
        ),
        (
            "forebear/graph/ids.py",
            "from urllib.parse import quote\nfrom . import kinds\nfrom forebear import __version__",
        ),
        ("forebear/cli.py", "from .app import build\nfrom forebear.store import engine"),
    ],
)
def test_a_module_may_import_its_own_layer_and_those_below(path: str, source: str) -> None:
    assert violations(Path(path), source) == []
