"""What every command has in common: help, exit codes, one line for an error, JSON for machines, colours for people."""

import importlib.metadata
import os
import subprocess
import sys

import pytest

from tests.cli.terminal import COMMAND, Service, environment, forebear, on_terminal

COMMANDS = [
    "serve",
    "demo",
    "import",
    "show",
    "lineage",
    "impact",
    "paths",
    "eligible",
    "missing-for-approval",
    "what-was-running",
    "compare",
    "query",
    "record",
    "export",
    "restore",
    "policy",
    "doctor",
    "schema",
]


def test_help_names_every_command_and_the_exit_codes() -> None:
    ended = forebear("--help")
    assert ended.code == 0
    assert [name for name in COMMANDS if f"│ {name} " not in ended.out] == []
    assert "Exit codes: 0 ok" in ended.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    ended = forebear(command, "--help")
    assert ended.code == 0
    assert f"Usage: forebear {command}" in ended.out


def test_it_says_its_version() -> None:
    ended = forebear("--version")
    assert (ended.code, ended.out) == (0, f"forebear {importlib.metadata.version('forebear')}\n")


def test_a_shell_completes_commands_and_options() -> None:
    def completed(*words: str) -> list[str]:
        environ = {"_FOREBEAR_COMPLETE": "complete_bash", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
        command = [sys.executable, "-c", "from forebear.cli import main; main([])"]
        return subprocess.run(command, env=environment() | environ, capture_output=True, text=True, check=False).stdout.split()

    assert completed("forebear", "incident") == ["incident", "incidents-like"]
    assert completed("forebear", "lineage", "--de") == ["--depth"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ("nope", 2, "No such command 'nope'. See forebear --help."),
        (
            "whatwas-running",
            2,
            "No such command 'whatwas-running'. Did you mean 'what-was-running', 'also-running', 'fleets-running'? "
            "See forebear --help.",
        ),
        ("import", 2, "Missing argument 'file'. See forebear import --help."),
        (
            "lineage model:a@1 --depth 51",
            2,
            "Invalid value for '--depth': Input should be less than or equal to 50. See forebear lineage --help.",
        ),
        ("import /nowhere/facts.ndjson", 2, "/nowhere/facts.ndjson: No such file or directory"),
        ("query /nowhere/q.graphql", 2, "/nowhere/q.graphql: No such file or directory"),
        ("query - --variables x", 2, "--variables is no JSON object: JSON is malformed: invalid character (byte 0)"),
        ("query - --var x", 2, "--var x: write NAME=VALUE"),
        (
            "what-was-running robot:a --at yesterday --url http://127.0.0.1:1",
            2,
            "--at yesterday: write now, 90d, 12h, 30m or a moment with its offset, such as 2026-07-15T12:00:00Z",
        ),
        (
            "paths robot:a robot:b --as-known-at 2026-07-15 --url http://127.0.0.1:1",
            2,
            "--as-known-at 2026-07-15: write now, 90d, 12h, 30m or a moment with its offset, such as 2026-07-15T12:00:00Z",
        ),
        (
            "lineage-diff model:a@1 --from 12:00 --url http://127.0.0.1:1",
            2,
            "--from 12:00: write now, 90d, 12h, 30m or a moment with its offset, such as 2026-07-15T12:00:00Z",
        ),
        (
            "query - --url localhost:8080",
            2,
            "--url localhost:8080 is no address of a service; it looks like http://127.0.0.1:8080",
        ),
        (
            "lineage robot:a --url http://127.0.0.1:1",
            3,
            "http://127.0.0.1:1 cannot be reached (All connection attempts failed): does a service run there?",
        ),
    ],
)
def test_what_is_wrong_is_one_line(arguments: str, code: int, says: str) -> None:
    ended = forebear(*arguments.split())
    assert (ended.code, ended.out, ended.err) == (code, "", f"forebear: {says}\n")


def test_a_restore_is_not_done_through_a_service() -> None:
    ended = forebear("restore", "all.ndjson", url="http://127.0.0.1:1")
    assert (ended.code, ended.err) == (
        2,
        "forebear: a restore is not done through a service, and FOREBEAR_URL names http://127.0.0.1:1: unset it, and name the "
        "database by FOREBEAR_GRAPH_URI or FOREBEAR_DATA_DIR\n",
    )


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ("lineage robot", 2, "'robot' has no kind: an id is `kind:name`, such as dataset:bridge_orig@1.0.0"),
        ("show robot:a@1", 2, "'robot:a@1': ids of Robot look like robot:name, without a version"),
        ("show robot:none", 1, "robot:none is not known"),
        ("lineage robot:none", 1, "lineage: robot:none is not known"),
        ("impact robot:none", 1, "impact: robot:none is not known"),
    ],
)
def test_an_id_that_is_wrong_or_unknown_says_so(demo: Service, arguments: str, code: int, says: str) -> None:
    ended = forebear(*arguments.split(), url=demo.url)
    assert (ended.code, ended.out, ended.err) == (code, "", f"forebear: {says}\n")


def test_colours_are_for_terminals_that_want_them(demo: Service) -> None:
    command = ("lineage", "model:parcel-picker@2", "--depth", "1", "--url", demo.url)
    environ = {name: "" for name in ("NO_COLOR", "FORCE_COLOR") if name in os.environ}
    assert "\x1b[1mmodel:parcel-picker@2\x1b[0m" in on_terminal(*command, variables=environ)
    assert "\x1b[2" not in on_terminal(*command, variables={"NO_COLOR": "1"}).replace("\x1b[2m", "")
    assert "\x1b[" not in forebear(*command).out


HEAVY = {"neo4j", "numpy", "packaging", "scipy", "starlette", "strawberry", "uvicorn"}
"""What takes long to import, and only a registry in the same process needs."""


@pytest.mark.parametrize("arguments", ["--help", "search bridge --url {url}", "show model:parcel-picker@2 --url {url}"])
def test_what_needs_no_engine_imports_no_driver_and_no_server(demo: Service, arguments: str) -> None:
    program = "import sys; from forebear.cli import main; print(main(sys.argv[1:]), *sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments.format(url=demo.url).split()],
        capture_output=True, text=True, env=environment(), check=False,
    )  # fmt: skip
    code, *modules = ended.stdout.splitlines()[-1].split()
    assert (code, HEAVY & {*modules}) == ("0", set())


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = " ".join(f"'{part}'" for part in COMMAND)
    ended = subprocess.run(
        f"{command} schema graphql | head -1; exit ${{PIPESTATUS[0]}}",
        shell=True, executable="/bin/bash", capture_output=True, text=True, env=environment(), check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
