"""`compare`: a page for a terminal, Markdown for a pull request, and an exit code."""

from typing import Any

from forebear.cli.compare import page, report
from tests.cli.terminal import Service, forebear

METRIC = {
    "pack": "pack:r@1", "metric": "success", "slice": "film", "target": None, "unit": "%", "base": 80.0, "candidate": 70.0,
    "baseTrials": 400, "candidateTrials": 400, "difference": -10.0, "low": -15.9, "high": -4.0, "method": "NEWCOMBE",
    "margin": None, "verdict": "REGRESSED", "reason": "all of the interval is worse",
}  # fmt: skip
MISSING = METRIC | {
    "slice": None, "target": "target:orin", "candidate": None, "candidateTrials": None, "difference": None, "low": None,
    "high": None, "method": None, "verdict": "MISSING", "reason": "the candidate was not measured",
}  # fmt: skip
FOUND: dict[str, Any] = {
    "base": {"id": "model:m@1"}, "candidate": {"id": "model:m@2"}, "line": {"id": "line:l"}, "basis": "DEPLOYED",
    "metrics": [METRIC, MISSING],
    "field": [
        {"of": "BASE", "robotHours": 4000.0, "incidents": 2, "perThousandHours": 0.5, "low": 0.0605, "high": 1.806},
        {"of": "CANDIDATE", "robotHours": 0.0, "incidents": 0, "perThousandHours": None, "low": None, "high": None},
    ],
    "policy": [{"passed": False, "message": "success is 70 %"}], "missing": [],
    "changes": [{"words": "code a|b: 1 → 2", "causes": True}, {"words": "evaluation pack:r added: pack:r@2", "causes": False}],
    "explanation": "one thing changed: code a|b: 1 → 2",
    "witnesses": [{"version": "model:m@3", "differsFrom": "BASE", "change": "code a|b: 1 → 2", "shows": []}],
    "remarks": ["Replays are paired."],
}  # fmt: skip


def test_the_page_has_a_line_for_each_thing() -> None:
    assert [*page(FOUND)] == [
        "model:m@2 against model:m@1, which is deployed in line:l",
        "regressed       success on film (pack:r@1): 80 % of 400 → 70 % of 400, -10 [-15.9, -4] newcombe  "
        "(all of the interval is worse)",
        "missing         success (pack:r@1, target:orin): 80 % of 400 → none  (the candidate was not measured)",
        "in the field    base: 2 incidents in 4,000 robot-hours, 0.5 per 1,000 [0.0605, 1.806]",
        "in the field    candidate: 0 incidents in 0 robot-hours",
        "✗ success is 70 %",
        "changed         code a|b: 1 → 2",
        "changed         evaluation pack:r added: pack:r@2  (no cause)",
        "attribution     one thing changed: code a|b: 1 → 2",
        "witness         model:m@3 differs from the base in code a|b: 1 → 2 alone: nothing that can be compared",
        "Replays are paired.",
    ]


def test_markdown_is_a_table_and_lists_whose_texts_are_no_markup() -> None:
    assert (
        "\n".join(report(FOUND))
        == """\
## model:m@2 against model:m@1, which is deployed in line:l

| verdict | metric | base | candidate | difference | why |
|---|---|---|---|---|---|
| REGRESSED | success on film (pack:r@1) | 80 % of 400 | 70 % of 400 | -10 \\[-15.9, -4\\] newcombe | \
all of the interval is worse |
| MISSING | success (pack:r@1, target:orin) | 80 % of 400 | none |  | the candidate was not measured |

### In the field

- base: 2 incidents in 4,000 robot-hours, 0.5 per 1,000 \\[0.0605, 1.806\\]
- candidate: 0 incidents in 0 robot-hours

### What the policy says of the candidate

- [ ] success is 70 %

### What changed upstream

- code a\\|b: 1 → 2
- evaluation pack:r added: pack:r@2 (no cause)

**Attribution:** one thing changed: code a\\|b: 1 → 2.

- model:m@3 differs from the base in code a\\|b: 1 → 2 alone: nothing that can be compared

> Replays are paired."""
    )


def test_the_demo_is_compared_on_the_command_line(demo: Service) -> None:
    versions = ("model:parcel-picker@2", "model:parcel-picker@3")
    ended = forebear("compare", *versions, "--line", "line:ur5e-orin-parcels", url=demo.url)
    assert ended.err == ""
    assert ended.out.startswith("model:parcel-picker@3 against model:parcel-picker@2 in line:ur5e-orin-parcels\n")
    assert "attribution     " in ended.out
    written = forebear("compare", *versions, "--line", "line:ur5e-orin-parcels", "--markdown", url=demo.url)
    assert "| verdict | metric |" in written.out
    assert forebear("compare", *versions, "model:c@1", url=demo.url).code == 2
    unknown = forebear("compare", "model:none@1", "--line", "line:ur5e-orin-parcels", url=demo.url)
    assert (unknown.code, unknown.out) == (1, "")
    assert "candidate: model:none@1 is not known" in unknown.err
