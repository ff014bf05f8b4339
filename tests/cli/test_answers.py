"""A command for every question, made from its header, asked about the example lineage."""

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from forebear.cli import answers, rows
from forebear.cli.answers import document, is_negative, tell
from forebear.graph.declaration import camel
from forebear.graph.kinds import GRAPH
from forebear.store.statements import questions
from tests.cli.terminal import Service, forebear

QUESTIONS = {question.name: question for question in questions(GRAPH)}
COMMANDS = [
    "audit-trail",
    "buildable",
    "changes",
    "drift",
    "eligible",
    "fleets-running",
    "lineage-diff",
    "missing-for-approval",
    "permitted",
    "resolve",
    "rollback-targets",
    "search",
    "what-was-running",
]


def test_what_fits_is_a_table(demo: Service) -> None:
    ended = forebear("resolve", "telemetry:qf-ur-04", url=demo.url)
    assert (ended.code, [line.rstrip() for line in ended.out.splitlines()]) == (
        0, ["node          by", "robot:ur-04   externalId", "1 row"]
    )  # fmt: skip


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], io.StringIO]:
    """A terminal of some width, and what was printed on it."""

    def of(width: int) -> io.StringIO:
        printed = io.StringIO()
        for part in (answers, rows):
            monkeypatch.setattr(part, "out", lambda: Console(file=printed, width=width, soft_wrap=True, highlight=False))
        return printed

    return of


MAY_NOT = {"code": "DEPRECATED", "message": f"artifact:sha256:{'ab' * 32} is old", "remedy": "restore it"}
ELIGIBLE = {
    "totalCount": 3,
    "nodes": [
        {
            "artifact": {"id": "artifact:a"},
            "version": {"id": "model:m@1"},
            "allowed": allowed,
            "basis": "APPROVAL" if allowed else None,
            "releases": [{"id": "release:m@1/l"}] if allowed else [],
            "decisions": [],
            "reasons": [] if allowed else [MAY_NOT],
        }
        for allowed in (True, False)
    ],
}


def test_a_wide_terminal_shows_a_table(terminal: Callable[[int], io.StringIO]) -> None:
    printed = terminal(150)
    tell(QUESTIONS["eligible"], ELIGIBLE)
    assert [line.rstrip() for line in printed.getvalue().splitlines()] == [
        "artifact     version     allowed   basis      releases        reasons",
        "artifact:a   model:m@1   yes       APPROVAL   release:m@1/l",
        "artifact:a   model:m@1   no                                   artifact:sha256:abababababab… is old  DEPRECATED",
        "                                                                → restore it",
        "3 rows, 2 shown; --first shows more",
    ]


def test_a_narrow_one_shows_row_by_row_what_is_there(terminal: Callable[[int], io.StringIO]) -> None:
    printed = terminal(100)
    tell(QUESTIONS["eligible"], ELIGIBLE)
    assert printed.getvalue() == (
        "  artifact           artifact:a\n"
        "  version            model:m@1\n"
        "  allowed            yes\n"
        "  basis              APPROVAL\n"
        "  releases           release:m@1/l\n"
        "\n"
        "  artifact           artifact:a\n"
        "  version            model:m@1\n"
        "  allowed            no\n"
        "  reasons            artifact:sha256:abababababab… is old  DEPRECATED\n"
        "                       → restore it\n"
        "3 rows, 2 shown; --first shows more\n"
    )


def test_that_a_walk_met_its_bound_is_said(terminal: Callable[[int], io.StringIO]) -> None:
    printed = terminal(100)
    tell(QUESTIONS["fleets_running"], {"totalCount": 0, "truncated": True, "nodes": []})
    assert printed.getvalue().splitlines()[-1] == "none; a walk met its bound of 50 edges, so there may be more"


@pytest.mark.parametrize(
    ("arguments", "code", "last"),
    [
        ("eligible fleet:galley", 0, "5 rows"),
        ("rollback-targets fleet:galley --first 1", 0, "1 row"),
        ("permitted deployment:parcel-north-2026-10-late", 0, None),
        ("drift fleet:parcel-south", 0, "none"),
        ("missing-for-approval release:galley-hand@1/ur5e-rtx4090-kitchen", 0, "none"),
        ("buildable target:rtx-4090", 0, "2 rows"),
        ("buildable target:jetson-orin-64gb --first 1", 0, None),
        ("fleets-running dataset:bridge_orig@1.0.0 --no-include-derived", 0, "2 rows"),
        ("search nothingofthatname", 1, "none"),
        ("search bridge --kind Dataset --kind Run --first 1", 0, None),
        ("what-was-running robot:ur-04 --at 2026-07-15T12:00:00Z", 0, "1 row"),
        ("changes robot:ur-04 --to 2026-07-15T12:00:00Z --first 1", 0, None),
        ("lineage-diff model:parcel-picker@1 --with model:parcel-picker@1", 0, "none"),
        ("lineage-diff model:parcel-picker@1 --from 2020-01-01T00:00:00Z --first 1", 1, None),
        ("audit-trail release:galley-hand@1/ur5e-rtx4090-kitchen --from 1 --first 1", 0, None),
    ],
)
def test_the_exit_code_says_what_the_answer_comes_to(demo: Service, arguments: str, code: int, last: str | None) -> None:
    ended = forebear(*arguments.split(), url=demo.url)
    assert (ended.code, ended.err) == (code, "")
    assert last in (None, ended.out.splitlines()[-1])


def test_what_is_not_known_or_no_id_of_the_kind_is_one_line(demo: Service) -> None:
    unknown = forebear("eligible", "fleet:nowhere", url=demo.url)
    assert (unknown.code, unknown.out, unknown.err) == (1, "", "forebear: eligible: fleet:nowhere is not known\n")
    other = forebear("drift", "robot:ur-04", url=demo.url)
    assert (other.code, other.err) == (2, "forebear: robot:ur-04 is the id of a Robot; expected one of Fleet\n")


def test_for_machines_it_is_what_the_registry_answers(demo: Service) -> None:
    for name in ("eligible", "drift"):
        variables = {"place" if name == "eligible" else "fleet": "fleet:parcel-north"}
        answered = demo.ask(document(QUESTIONS[name], GRAPH), **variables, first=100)[camel(name)]
        assert forebear(name, "fleet:parcel-north", "--json", url=demo.url).json == answered


@pytest.mark.parametrize("command", COMMANDS)
def test_its_help_is_what_the_header_says(command: str) -> None:
    ended = forebear(command, "--help")
    question = QUESTIONS[command.replace("-", "_")]
    assert ended.code == 0
    said = " ".join(ended.out.replace("│", " ").split())
    assert question.doc.split(". ")[0] in said
    assert "The exit code is 1 if " in said


def test_what_is_wrong_is_a_negative_answer_where_it_is_there() -> None:
    some, none = {"nodes": [{"allowed": False}]}, {"nodes": []}
    assert [is_negative(QUESTIONS["drift"], found) for found in (some, none)] == [True, False]
    assert [is_negative(QUESTIONS["search"], found) for found in (some, none)] == [False, True]
    assert [is_negative(QUESTIONS["eligible"], found) for found in (some, none)] == [True, True]
    assert is_negative(QUESTIONS["permitted"], {"allowed": False})
