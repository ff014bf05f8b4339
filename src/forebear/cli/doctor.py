"""Problems of this installation, and what to do: `doctor`."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from forebear.cli import terminal
from forebear.cli.terminal import AsJson, Code, Failure, Token, Url, out
from forebear.view.actors import ROLES

if TYPE_CHECKING:
    from forebear.settings import Settings

LIBRARIES = ("forebear", "neo4j", "arcadedb-embedded", "strawberry-graphql", "graphql-core")
LEAST_DISK = 1 << 30


@dataclass(frozen=True)
class Diagnosis:
    """The result of one check. If there is a problem, it says what to do."""

    check: str
    ok: bool
    says: str


def doctor(url: Url = None, token: Token = None, as_json: AsJson = False) -> None:
    """Check this installation (settings, data, engine or database, port), or with --url a running service. The exit code is 1
    if there is a problem."""
    terminal.configure_logs("error")
    sound = True
    for finding in findings(url, token):
        sound = sound and finding.ok
        if as_json:
            terminal.print_json(asdict(finding))
        else:
            style, word = ("green", "ok     ") if finding.ok else ("red", "problem")
            out().print(f"[{style}]{word}[/]", end=" ")
            out().print(f"{finding.check}: {finding.says}", markup=False)
    if not sound:
        raise typer.Exit(Code.NEGATIVE)


def findings(url: str | None, token: str | None) -> Iterator[Diagnosis]:
    """Do all checks, in order.

    A check is left out if it depends on something broken. A service at a URL is checked from outside.
    """
    versions = ", ".join(f"{name} {version}" for name in LIBRARIES if (version := _version(name)))
    yield Diagnosis("versions", True, f"Python {platform.python_version()}, {versions}")
    if url:
        yield from _service(url, token)
        return
    try:
        settings = terminal.settings()
    except Failure as failure:
        yield Diagnosis("settings", False, str(failure))
        return
    names = ", ".join(f"FOREBEAR_{name.upper()}" for name in sorted(settings.model_fields_set))
    yield Diagnosis("settings", True, names or "all by default")
    if settings.graph_uri:
        yield _database("database", settings)
    else:
        yield from _embedded(settings)
    yield _port(settings)


def _service(url: str, token: str | None) -> Iterator[Diagnosis]:
    import httpx

    from forebear.cli.registry import Interrupted, ask, opened

    async def authenticated() -> Diagnosis:
        try:
            async with opened(url, token) as registry:
                me = (await ask(registry, ROLES, {}))["me"]
        except (Failure, Interrupted) as problem:
            return Diagnosis("actor", False, str(problem))
        return Diagnosis("actor", True, f"{me['name']} is known there, with the roles {', '.join(me['roles'])}")

    try:
        answer = httpx.get(f"{url.rstrip('/')}/readyz", timeout=5, trust_env=False)
        summary = ", ".join(f"{name} {value}" for name, value in answer.json().items())
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        yield Diagnosis(
            "service", False, f"{url} cannot be reached ({error}): start one there, or name another by FOREBEAR_URL"
        )
    except (ValueError, AttributeError):
        yield Diagnosis("service", False, f"{url} is no Forebear; name another by FOREBEAR_URL")
    else:
        yield Diagnosis("service", answer.is_success, f"{url} answers: {summary}")
        yield terminal.run(authenticated())


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _embedded(settings: Settings) -> Iterator[Diagnosis]:
    java = _java()
    yield java
    directory = _directory(settings.data_dir)
    yield directory
    if java.ok and directory.ok:
        if settings.data_dir.exists():
            yield _database("engine", settings)
        else:
            with tempfile.TemporaryDirectory() as empty:
                yield _database("engine", settings.model_copy(update={"data_dir": Path(empty)}))


def _java() -> Diagnosis:
    package = importlib.util.find_spec("arcadedb_embedded")
    if package is None or not package.submodule_search_locations:
        return Diagnosis(
            "Java", False, "the embedded engine is not installed: pip install 'forebear[embedded]', or set FOREBEAR_GRAPH_URI"
        )
    java = Path(package.submodule_search_locations[0], "jre", "bin", "java")
    try:
        version = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=True).stderr
    except (OSError, subprocess.SubprocessError) as error:
        return Diagnosis(
            "Java", False, f"{java} does not run ({error}): reinstall arcadedb-embedded, or set FOREBEAR_GRAPH_URI"
        )
    return Diagnosis("Java", True, version.splitlines()[0])


def _directory(directory: Path) -> Diagnosis:
    there = next(parent for parent in (directory, *directory.absolute().parents) if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Diagnosis(
            "data", False, f"{there} cannot be written: change its owner, or set FOREBEAR_DATA_DIR to another place"
        )
    volume = os.statvfs(there)
    free = volume.f_bavail * volume.f_frsize
    if free < LEAST_DISK:
        return Diagnosis(
            "data", False, f"{there} has {free >> 20} MB left: make room, or set FOREBEAR_DATA_DIR to another place"
        )
    state = "is there" if directory.exists() else "will be made at the first start"
    return Diagnosis("data", True, f"{directory} {state}, {free >> 30} GB free")


def _database(check: str, settings: Settings) -> Diagnosis:
    from forebear.graph.kinds import GRAPH
    from forebear.graph.statements.constraints import wanted
    from forebear.store import Store, indexes
    from forebear.store.errors import DataDirectoryInUse, StoreError

    async def look() -> Diagnosis:
        async with Store.open(settings) as store:
            missing = await indexes.missing(store, wanted(GRAPH))
            if missing and settings.graph_uri:
                return Diagnosis(
                    check,
                    False,
                    f"reachable, but constraints and indexes are missing ({len(missing)}): `forebear serve` adds them",
                )
            at = f" at {settings.graph_uri}" if settings.graph_uri else ""
            state = "the next start adds its constraints" if missing else "constraints are present"
            return Diagnosis(check, True, f"{store.engine}{at} runs, {state}")

    async def reported() -> Diagnosis:
        try:
            return await look()
        except DataDirectoryInUse as error:
            return Diagnosis(check, True, f"{error} It is not checked further.")
        except StoreError as error:
            return Diagnosis(check, False, " ".join(str(error).split()))

    return terminal.run(reported())


def _port(settings: Settings) -> Diagnosis:
    import httpx

    from forebear.cli.serve import bound

    try:
        bound(settings).close()
    except Failure as failure:
        url = f"http://{settings.host}:{settings.port}/readyz"
        try:
            answer = httpx.get(url, timeout=5, trust_env=False).json()
        except (httpx.HTTPError, ValueError):
            return Diagnosis("port", False, str(failure))
        return Diagnosis("port", True, f"a Forebear serves on {settings.host}:{settings.port} ({answer['status']})")
    return Diagnosis("port", True, f"{settings.host}:{settings.port} is free")
