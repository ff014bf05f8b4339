"""`policy check`: a policy as it is understood, or every mistake in it, and nothing is written."""

from pathlib import Path

from tests.cli.terminal import Service, forebear, new_database

POLICY = """\
riskTier: LOW
candidate: [code, interface]
evidence:
  - {pack: pack:parcels-replay@1, metric: success_rate, slice: boxes, minimum: 85}
  - pack: pack:latency@1
    metric: latency_p95
    onTarget: true
    maximum: 220
    maximumAge: 90
noRegression:
  - {pack: pack:parcels-replay@1, metric: interventions_per_hour, margin: 0.5}
automaticPromotion: true
standingApprovals: {rule: GRACE, until: 2026-12-31T00:00:00+01:00}
"""


def test_a_policy_is_printed_as_it_is_understood(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY, "utf-8")
    ended = forebear("policy", "check", file)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "risk tier           LOW",
        "candidate           code, interface",
        "evidence            success_rate on boxes at least 85 (pack:parcels-replay@1)",
        "                    latency_p95 at most 220 (pack:latency@1, on the line's target), at most 90 days old",
        "no regression       interventions_per_hour not worse than deployed by more than 0.5 (pack:parcels-replay@1)",
        "promotion           by itself, as soon as the evidence suffices",
        "                    by votes, once somebody has rejected it or withdrawn its approval",
        "approvals           1 vote: a person with the role APPROVER",
        "                    not by anybody who registered it or who trained it",
        "standing approvals  grace: they hold until 2026-12-30T23:00:00.000000Z",
    ]


def test_the_least_policy_says_what_it_does_not_ask_for() -> None:
    ended = forebear("policy", "check", "-", stdin='{"riskTier": "HIGH", "standingApprovals": "REAPPROVE"}')
    assert ended.out.splitlines() == [
        "risk tier           HIGH",
        "candidate           may carry what it likes",
        "evidence            none is required",
        "no regression       is not asked for",
        "approvals           1 vote: a person with the role APPROVER",
        "                    not by anybody who registered it or who trained it",
        "standing approvals  reapprove: they are stale as soon as this policy takes effect",
    ]


def test_every_mistake_has_file_line_and_path(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(
        POLICY.replace("LOW", "low").replace("onTarget: true", "onTarget: yes").replace("margin", "magrin"), "utf-8"
    )
    ended = forebear("policy", "check", file)
    assert (ended.code, ended.err) == (1, "")
    assert ended.out.splitlines() == [
        f"{file}:1: riskTier: expected 'LOW', 'MEDIUM' or 'HIGH' (got 'low')",
        f"{file}:7: evidence.1.onTarget: expected true or false (got 'yes')",
        f"{file}:11: noRegression.0.magrin: 'magrin' is not known; did you mean 'margin'?",
    ]


def test_a_policy_that_contradicts_itself_or_is_no_yaml_is_refused() -> None:
    ended = forebear("policy", "check", "-", stdin=POLICY.replace("LOW", "HIGH"))
    assert (ended.code, ended.out) == (
        1,
        "standard input:12: automaticPromotion: riskTier is HIGH; only a policy of riskTier LOW promotes by itself\n",
    )
    ended = forebear("policy", "check", "-", stdin="riskTier: LOW\n riskTier: [")
    assert (ended.code, ended.out) == (1, "standard input:2: is no YAML: mapping values are not allowed here\n")


def test_machines_get_the_whole_policy_or_each_mistake() -> None:
    ended = forebear("policy", "check", "-", "--json", stdin="riskTier: LOW\nstandingApprovals: KEEP\n")
    assert (ended.code, ended.json) == (
        0,
        {
            "valid": True,
            "policy": {
                "riskTier": "LOW",
                "candidate": [],
                "evidence": [],
                "noRegression": [],
                "approvals": {
                    "count": 1,
                    "roles": ["APPROVER"],
                    "selfApproval": False,
                    "byTrainer": False,
                    "trustedMachines": [],
                },
                "automaticPromotion": False,
                "standingApprovals": {"rule": "KEEP"},
            },
        },
    )
    ended = forebear("policy", "check", "-", "--json", stdin="riskTier: LOW\n")
    assert (ended.code, ended.json) == (
        1,
        {"valid": False, "mistakes": [{"path": "standingApprovals", "message": "is required", "line": 1}]},
    )


def test_a_file_that_cannot_be_read_is_wrong_usage(tmp_path: Path) -> None:
    ended = forebear("policy", "check", tmp_path / "none.yaml")
    assert (ended.code, ended.err) == (2, f"forebear: {tmp_path / 'none.yaml'}: No such file or directory\n")
    ended = forebear("policy", "check", "-", stdin=b"\xff")
    assert (ended.code, ended.err) == (2, "forebear: - is not UTF-8\n")


def test_with_packs_a_policy_is_held_to_what_the_registry_knows(demo: Service) -> None:
    ended = forebear("policy", "check", "-", "--packs", url=demo.url, stdin=POLICY)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[2:5] == [
        "evidence            success_rate on boxes at least 85 % (pack:parcels-replay@1)",
        "                    latency_p95 at most 220 ms (pack:latency@1, on the line's target), at most 90 days old",
        "no regression       interventions_per_hour not worse than deployed by more than 0.5 1/h (pack:parcels-replay@1)",
    ]
    wrong = POLICY.replace("slice: boxes, minimum", "slice: box, maximum").replace("latency@1", "latency@2")
    ended = forebear("policy", "check", "-", "--packs", url=demo.url, stdin=wrong)
    assert (ended.code, ended.out.splitlines()) == (
        1,
        [
            "standard input:4: evidence.0.slice: pack:parcels-replay@1 defines no slice 'box'; did you mean 'boxes'?",
            "standard input:4: evidence.0.maximum: success_rate of pack:parcels-replay@1 is better the higher it is: "
            "did you mean minimum?",
            "standard input:5: evidence.1.pack: pack:latency@2 is not known",
        ],
    )


def test_with_packs_the_local_engine_is_asked_where_no_service_is_named(tmp_path: Path) -> None:
    ended = forebear("policy", "check", "-", "--packs", data_dir=tmp_path, engine_heap=512, stdin=POLICY)
    assert (ended.code, ended.out.splitlines(), ended.err) == (
        1,
        [
            "standard input:4: evidence.0.pack: pack:parcels-replay@1 is not known",
            "standard input:5: evidence.1.pack: pack:latency@1 is not known",
            "standard input:11: noRegression.0.pack: pack:parcels-replay@1 is not known",
        ],
        new_database(tmp_path),
    )
