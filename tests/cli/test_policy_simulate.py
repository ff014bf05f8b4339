"""`policy simulate`: what a policy would have decided, and which fleets it would touch; nothing is written."""

from pathlib import Path

from tests.cli.terminal import Service, forebear

POLICY = """\
riskTier: MEDIUM
evidence:
  - {pack: pack:parcels-replay@1, metric: success_rate, minimum: 87}
approvals: {count: 1}
standingApprovals: {rule: GRACE, until: 2027-12-31T00:00:00Z}
"""
PARCELS = "line:ur5e-orin-parcels"


def written(directory: Path, text: str = POLICY) -> Path:
    """The policy as a file."""
    file = directory / "policy.yaml"
    file.write_text(text, "utf-8")
    return file


def test_it_says_what_it_would_have_decided_about_a_line(demo: Service, tmp_path: Path) -> None:
    count = "{ decisions { totalCount } }"
    before = demo.ask(count)
    ended = forebear("policy", "simulate", written(tmp_path), "--line", PARCELS, url=demo.url)
    assert (ended.code, ended.err) == (0, "")
    first, second, third = "parcel-picker-1/replay", "parcel-picker-2/replay", "parcel-picker-3/replay"
    asked = "the policy asks for at least 87 %"
    assert ended.out.splitlines() == [
        "release:parcel-picker@1/ur5e-orin-parcels  DEPRECATED, as it is",
        "  its approval is stale from 2027-12-31T00:00:00.000000Z on",
        f"  ✗ success_rate is 83.2 % (evidence:{first}, 400 trials); {asked}",
        "  ✗ the release is DEPRECATED, and VOTE is possible from EVALUATED, APPROVED, DEPLOYED alone; possible from here: "
        "RESTORATION (to APPROVED), DEPRECATION, ARCHIVAL (to ARCHIVED), OVERRIDE",
        "release:parcel-picker@2/ur5e-orin-parcels  DEPLOYED, as it is",
        "  its approval is stale from 2027-12-31T00:00:00.000000Z on",
        "  runs on fleet:parcel-north",
        "  runs on fleet:parcel-south",
        f"  ✓ success_rate is 87.4 % (evidence:{second}, 400 trials); the policy asks for at least 87 %",
        "release:parcel-picker@3/ur5e-orin-parcels  REJECTED, as it is",
        f"  ✗ success_rate is 86.1 % (evidence:{third}, 400 trials); {asked}",
        "  ✗ the release is REJECTED, and VOTE is possible from EVALUATED, APPROVED, DEPLOYED alone; possible from here: "
        "EVALUATION (to EVALUATED), RESTORATION (to CANDIDATE), ARCHIVAL (to ARCHIVED), OVERRIDE",
        "3 releases: 0 changes of state, 2 approvals stale, 2 fleets touched",
    ]
    assert demo.ask(count) == before


def test_without_a_line_it_is_about_all_of_them(demo: Service, tmp_path: Path) -> None:
    rows = forebear("policy", "simulate", written(tmp_path), "--json", url=demo.url).json
    total = demo.ask("{ releases { totalCount } }")["releases"]["totalCount"]
    assert len(rows) == total
    assert PARCELS in {row["release"]["line"]["id"] for row in rows}


def test_a_policy_that_is_none_is_refused_with_its_lines(tmp_path: Path) -> None:
    file = written(tmp_path, POLICY.replace("minimum", "minimun"))
    ended = forebear("policy", "simulate", file)
    assert (ended.code, ended.err) == (1, "")
    assert ended.out.splitlines()[0].startswith(f"{file}:3: evidence.0")


def test_what_the_registry_does_not_know_is_named(demo: Service, tmp_path: Path) -> None:
    file = written(tmp_path, POLICY.replace("success_rate", "sucess_rate"))
    ended = forebear("policy", "simulate", file, "--line", "line:nowhere", url=demo.url)
    assert ended.code == 2
    assert "document.evidence.0.metric: pack:parcels-replay@1 defines no metric 'sucess_rate'" in ended.err
    assert "lines: line:nowhere is not known" in ended.err
