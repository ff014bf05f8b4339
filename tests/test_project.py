"""What is in git, and what is in the wheel that is built from it."""

import importlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Directories where people and build machines keep their things; an URL's path is none.
MACHINE_PATH = re.compile(rb"(?<![\w.:/-])/(?:home|root|Users|work)/\w")
REGISTRY_HOST = re.compile(
    rb"//[\w.@:-]*(?:registry|artifactory|nexus|mirror)"
    rb"|(?:pypi|pythonhosted|npmjs|yarnpkg|repo\d?\.maven(?:\.apache)?)\.(?:org|com)"
)


def tracked(*under: str) -> list[str]:
    """The files in git that exist, as paths relative to the project."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z", *under], cwd=ROOT, check=True, capture_output=True, text=True)
    return [path for path in listed.stdout.split("\0") if path and (ROOT / path).is_file()]


@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY_HOST], ids=["machine path", "registry host"])
def test_no_tracked_file_depends_on_the_machine_it_was_written_on(pattern: re.Pattern[bytes]) -> None:
    found = {path: pattern.findall((ROOT / path).read_bytes()) for path in tracked()}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (MACHINE_PATH, "/{}/someone/project", ["home", "root", "Users", "work"]),
        (
            REGISTRY_HOST,
            "https://{}/simple",
            ["pypi" + ".org", "registry" + ".example.com", "repo1.maven" + ".org"],
        ),
    ],
    ids=["machine path", "registry host"],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[bytes], text: str, matches: list[str]) -> None:
    assert [name for name in matches if pattern.search(text.format(name).encode())] == matches


def test_the_wheel_has_every_statement_and_example(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        shipped = set(archive.namelist())
    assert {f"forebear/{path}" for path in tracked("cypher", "examples")} - shipped == set()


@pytest.mark.parametrize("file", sorted((ROOT / "bench").rglob("*.py")), ids=lambda file: str(file.relative_to(ROOT)))
def test_what_measures_uses_names_that_there_are(file: Path) -> None:
    name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    assert importlib.import_module(name).__doc__
