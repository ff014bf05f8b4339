"""Every action is a command, made from its declaration."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import parse, validate

from forebear.app import schema_of
from forebear.cli import answers
from forebear.cli.actions import NAMES, commands, in_commands
from forebear.cli.commands import app
from forebear.verbs.catalogue import ACTIONS
from forebear.verbs.verb import Action
from forebear.view.actions import mutation
from tests.cli.terminal import Ended, Service, forebear, serving

LINE = "line:ur5e"
RELEASE = "release:picker@1/ur5e"

POLICY = """# the policy of the line
id: policy:ur5e@1
document:
  riskTier: HIGH
  evidence: [{pack: pack:replay@1, metric: success, minimum: 80}]
  approvals: {count: 1, roles: [APPROVER], selfApproval: true, byTrainer: true}
  standingApprovals: KEEP
"""

FACTS = [
    {"kind": "ReleaseLine", "id": LINE},
    {"kind": "EvaluationPack", "id": "pack:replay@1", "metrics": [{"name": "success", "unit": "%"}]},
    {"kind": "Run", "id": "run:picker"},
    {"kind": "Checkpoint", "id": "checkpoint:picker/9", "producedBy": "run:picker"},
]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: str(action.name))
def test_the_mutation_of_a_command_is_one_of_the_schema(action: Action) -> None:
    assert validate(schema_of().core, parse(mutation(action.name, action.input.members))) == []


def test_each_action_has_a_command_under_its_name() -> None:
    help = forebear("--help").out
    panel = help[help.index("Govern") :]
    recalls = forebear("recall", "--help").out
    missing = [name for name in NAMES.values() if name.removeprefix("recall ") not in (panel if " " not in name else recalls)]
    assert missing == []
    assert "restore-release" in panel


def test_a_commands_help_says_what_its_declaration_says() -> None:
    help = " ".join(forebear("withdraw-approval", "--help", columns=200).out.split())
    for said in ("RELEASE", "Withdraws the approval of a release", "--reason", "--idempotency-key", "--expected-revision"):
        assert said in help


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with a line, a pack and a checkpoint."""
    with serving(data_dir=tmp_path_factory.mktemp("governed")) as running:
        facts = forebear("import", "-", stdin=json.dumps(FACTS), url=running.url)
        assert facts.code == 0, facts.err
        yield running


def test_an_incident_is_reported_by_options_and_many_by_a_document(service: Service) -> None:
    told = forebear(
        "report-incident", "--at", "robot:new", "--since", "2026-01-01T00:00:00Z", "--category", "drop", "--severity", "LOW",
        "--external-id", "pager:1", url=service.url,
    )  # fmt: skip
    expected = "incident:pager:1 is OPEN: done\n  incident:pager:1\n  nobody has described yet: robot:new\n"
    assert (told.code, told.out, told.err) == (0, expected, "")
    many = [{"at": [place], "since": "2026-01-02T00:00:00Z", "category": "drop"} for place in ("robot:new", "site:new")]
    told = forebear("report-incident", json.dumps(many), url=service.url)
    assert told.out.startswith("incident:new/2026-01-02T00:00:00Z/drop is OPEN: done\n")
    ended = forebear(
        "resolve-incident", "incident:pager:1", "incident:pager:2", "--as-of", "2026-01-03T00:00:00Z", url=service.url
    )
    assert ended.out.startswith("incident:pager:1 is RESOLVED: done\n")
    page = forebear("incident", "incident:pager:1", url=service.url)
    assert page.code == 0, page.err
    lines = page.out.splitlines()
    assert lines[0] == "incident:pager:1  RESOLVED LOW drop"
    assert [line.split() for line in lines[1:3]] == [
        ["when", "2026-01-01", "00:00", "to", "2026-01-03", "00:00"],
        ["where", "robot:new"],
    ]
    assert "  robot:new  unknown" in lines
    assert any("incident:new/2026-01-02T00:00:00Z/drop  OPEN" in line for line in lines)
    late = forebear("report-incident", "--at", "robot:new", "--since", "2999-01-01T00:00:00Z", url=service.url)
    assert late.code == 1
    assert "reports.0.since: 2999-01-01T00:00:00.000000Z is yet to come" in late.out


def test_a_candidate_goes_to_its_approval_by_commands(service: Service, tmp_path: Path) -> None:
    def run(*arguments: str | Path, stdin: str = "") -> Ended:
        return forebear(*arguments, stdin=stdin, url=service.url)

    file = tmp_path / "policy.yaml"
    file.write_text(POLICY)
    adopted = run("adopt-policy", f"@{file}", "--line", LINE, "--reason", "The first.")
    assert (adopted.code, adopted.out, adopted.err) == (0, "policy:ur5e@1: done\n  policy:ur5e@1\n", "")

    version = '{"kind": "ModelVersion", "id": "model:picker@1", "promotedFrom": ["checkpoint:picker/9"]}'
    registered = run("register-candidate", version, "--line", LINE)
    assert (registered.code, registered.out) == (0, f"model:picker@1: done\n  model:picker@1\n  {RELEASE}\n")
    again = run("register-candidate", version, "--line", LINE)
    assert (again.code, again.out) == (0, "model:picker@1: it was so already; nothing was done\n")

    early = run("approve", RELEASE)
    assert early.code == 1
    assert early.out.splitlines()[:3] == [
        "refused",
        "  success was not measured with pack:replay@1  NO_EVIDENCE",
        "    → attach evidence of success (pack:replay@1)",
    ]
    assert early.out.splitlines()[3].startswith(f"  APPROVAL REFUSED by development: {RELEASE}  decision:")

    measured = """
id: evidence:picker-1
type: REPLAY
measuredAt: "2026-03-01T08:00:00Z"
about: [model:picker@1]
measuredWith: [pack:replay@1]
measurements: [{metric: success, value: 91}]
"""
    attached = run("attach-evidence", "@-", stdin=measured)
    assert attached.code == 0
    assert attached.out.splitlines()[:3] == ["evidence:picker-1: done", "  evidence:picker-1", f"  {RELEASE}"]
    assert attached.out.splitlines()[3].startswith(f"  EVALUATION by policy:ur5e@1: {RELEASE} → EVALUATED  decision:")

    late = run("reject", RELEASE, "--reason", "No.", "--expected-revision", "0", "--json")
    assert late.code == 1
    assert late.json == {
        "__typename": "Conflict", "subject": {"id": RELEASE, "releaseState": "EVALUATED"}, "expected": 0, "revision": 1,
    }  # fmt: skip
    first = run("approve", RELEASE, "--idempotency-key", "k1", "--json")
    second = run("approve", RELEASE, "--idempotency-key", "k1", "--json")
    assert (first.code, first.json["subject"]) == (0, {"id": RELEASE, "releaseState": "APPROVED"})
    assert [d["type"] for d in first.json["decisions"]] == ["VOTE", "APPROVAL"]
    assert second.json == first.json


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("approve",), 2, "Missing argument 'RELEASE'. See forebear approve --help."),
        (("reject", RELEASE), 2, "Missing option '--reason'. See forebear reject --help."),
        (("attach-evidence", "@/nowhere.json"), 2, "/nowhere.json: No such file or directory"),
        (("attach-evidence", '{"id": '), 2, None),
        (("override", RELEASE, "--reason", "x", "--expires-at", "soon"), 2, None),
    ],
)
def test_what_is_wrong_is_one_line(arguments: tuple[str, ...], code: int, says: str | None) -> None:
    ended = forebear(*arguments, url="http://127.0.0.1:1")
    assert (ended.code, ended.out, ended.err.count("\n")) == (code, "", 1)
    assert says is None or ended.err == f"forebear: {says}\n"


def test_an_input_that_makes_no_sense_is_refused_with_reasons(service: Service) -> None:
    ended = forebear("approve", "model:picker@1", url=service.url)
    assert (ended.code, ended.out.splitlines()) == (
        1,
        [
            "refused",
            "  release: model:picker@1 is the id of a ModelVersion; expected one of Release  INVALID_INPUT",
            "    → correct the field and try again",
        ],
    )


def test_every_action_has_a_command_of_its_own() -> None:
    fixed = {entry.name for entry in (*app.registered_commands, *app.registered_groups)}
    assert sorted([*commands(), *(f"recall {name}" for name in commands("recall"))]) == sorted(NAMES.values())
    # That one is the action's own, and reads reports besides.
    assert {*NAMES.values()} & {*fixed, *answers.commands(names=())} == {"attach-evidence"}


def test_a_remedy_names_commands() -> None:
    assert in_commands("restore it first (restore)") == "restore it first (restore-release)"
    assert in_commands("attach the evidence (attachEvidence)") == "attach the evidence (attach-evidence)"
    assert in_commands("see the robot (ur5e)") == "see the robot (ur5e)"


def test_a_name_cannot_forge_a_line_at_the_terminal(service: Service, tmp_path: Path) -> None:
    name = "arm\x1b[2J\n  state              APPROVED\u202e"
    (tmp_path / "robot.json").write_text(json.dumps([{"kind": "Robot", "id": "robot:forged", "name": name}]))
    assert forebear("import", tmp_path / "robot.json", url=service.url).code == 0
    for command in (("show",), ("lineage",), ("search", "--first", "1")):
        about = "state" if command[0] == "search" else "robot:forged"
        shown = forebear(*command, about, url=service.url).out
        assert [c for c in shown if c in "\x1b\u202e"] == []
        assert "\n  state              APPROVED" not in shown
    assert "arm␛[2J␊" in forebear("show", "robot:forged", url=service.url).out
    assert forebear("show", "robot:forged", "--json", url=service.url).json["name"] == name
