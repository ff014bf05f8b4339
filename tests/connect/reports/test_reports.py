"""Reports of evaluations and tests come to the same readings whoever wrote them, and what is wrong in one is named."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from forebear.connect.reports.formats import FORMATS, MAX_BYTES, format_of, read
from forebear.connect.reports.mapping import mapping_of
from forebear.connect.reports.report import EvaluationReport, InvalidReport, ReportedValue

GROUPS = {
    "per_task": [
        {"task_group": "dark", "task_id": 0, "metrics": {"sum_rewards": [1.0, 3.0], "max_rewards": [1.0, 1.0]}},
        {"task_group": "bright", "task_id": 0, "metrics": {"sum_rewards": [2.0, 2.0], "max_rewards": [1.0, float("nan")]}},
    ],
    "per_group": {
        "dark": {"pc_success": 50.0, "avg_sum_reward": 2.0, "n_episodes": 2, "video_paths": []},
        "bright": {"pc_success": 100.0, "avg_sum_reward": 2.0, "n_episodes": 2, "video_paths": []},
    },
    "overall": {
        "pc_success": 75.0, "avg_sum_reward": 2.0, "avg_max_reward": float("nan"), "n_episodes": 4, "eval_s": 3.5,
    },
}  # fmt: skip

JUNIT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="bench" tests="4" timestamp="2026-11-23T14:52:06+01:00">
  <properties><property name="runner" value="lab-3"/></properties>
  <testcase classname="bench" name="grasp">
    <properties><property name="latency[dark]" value="41.5"/><property name="latency[dark].unit" value="ms"/>
      <property name="latency[dark].trials" value="200"/></properties></testcase>
  <testcase classname="bench" name="place"><failure message="dropped">…</failure></testcase>
  <testcase classname="bench" name="fold"><error message="no camera"/></testcase>
  <testcase classname="bench" name="pour"><skipped/></testcase>
</testsuite></testsuites>"""


def test_lerobots_evaluation_gives_success_and_rewards_of_all_and_of_each_group() -> None:
    report = read("lerobot", json.dumps(GROUPS).encode(), None)
    assert report == EvaluationReport(
        [
            ReportedValue("pc_success", 75.0, None, "%", 4),
            ReportedValue("avg_sum_reward", 2.0, None, None, 4, pytest.approx(0.816496580927726)),
            ReportedValue("pc_success", 50.0, "dark", "%", 2),
            ReportedValue("avg_sum_reward", 2.0, "dark", None, 2, pytest.approx(2**0.5)),
            ReportedValue("pc_success", 100.0, "bright", "%", 2),
            ReportedValue("avg_sum_reward", 2.0, "bright", None, 2, 0.0),
        ],
        left_out=["avg_max_reward: no episode has a value"],
    )
    assert report.only(["pc_success"]).whole().readings == [ReportedValue("pc_success", 75.0, None, "%", 4)]


def test_the_evaluation_of_one_task_counts_its_episodes() -> None:
    before = {
        "per_episode": [{"sum_reward": 1.0, "max_reward": 1.0, "success": True, "seed": 1}] * 2,
        "aggregated": {"pc_success": 100.0, "avg_sum_reward": 1.0, "avg_max_reward": 1.0, "eval_s": 2.0},
    }
    assert read("lerobot", json.dumps(before).encode(), None).readings == [
        ReportedValue("pc_success", 100.0, None, "%", 2),
        ReportedValue("avg_sum_reward", 1.0, None, None, 2, 0.0),
        ReportedValue("avg_max_reward", 1.0, None, None, 2, 0.0),
    ]


def test_junit_gives_the_share_that_passed_of_what_ran_and_the_numbers_that_tests_recorded() -> None:
    assert read("junit", JUNIT.encode(), None) == EvaluationReport(
        [ReportedValue("pass_rate", pytest.approx(100 / 3), None, "%", 3), ReportedValue("latency", 41.5, "dark", "ms", 200)],
        datetime.fromisoformat("2026-11-23T14:52:06+01:00"),
        ["bench: runner: 'lab-3' is no number"],
    )


@pytest.mark.parametrize(
    ("format", "data", "paths"),
    [
        ("json", '{"dark": {"success": 91.5, "n": 200}, "runs": [{"p99": 38}]}', ("dark.success", "dark.n", "runs.0.p99")),
        ("csv", "task,success,n,p99\ndark,91.5,200,\nall,,,38\n", ("dark.success", "/dark/n", "all.p99")),
    ],
)
def test_a_mapping_says_what_values_mean(format: str, data: str, paths: tuple[str, str, str]) -> None:
    success, trials, latency = paths
    mapping = mapping_of(
        {
            success: {"metric": "success", "slice": "dark", "unit": "%", "trials": trials},
            latency: {"metric": "latency", "unit": "ms", "trials": 50, "spread": 2.5},
        }
    )
    assert read(format, data.encode(), mapping) == EvaluationReport(
        [ReportedValue("success", 91.5, "dark", "%", 200), ReportedValue("latency", 38.0, None, "ms", 50, 2.5)]
    )


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>'
TWICE = "<testsuite>{}</testsuite>".format(
    "".join(f'<testcase name="{n}"><properties><property name="m" value="1"/></properties></testcase>' for n in "ab")
)
MAPPED = {"a.b": {"metric": "m", "trials": "n"}}


@pytest.mark.parametrize(
    ("format", "data", "mapping", "message"),
    [
        ("junit", BOMB, None, "it declares a document type, entities or an unknown encoding; JUnit XML needs none"),
        ("junit", "<html/>", None, "its root is <html>, and that of JUnit XML is <testsuites> or <testsuite>"),
        ("junit", "nope", None, "it is no XML: syntax error: line 1, column 0"),
        ("junit", TWICE, None, "m: both a and b record it; give each a slice of its own, as in m[SLICE]"),
        ("junit", "<testsuite/>", MAPPED, "the format junit takes no mapping: leave it out, or read it as json or csv"),
        ("lerobot", "{}", None, "it has neither `overall` nor `aggregated`: it is not as LeRobot writes it"),
        ("lerobot", "[", None, "it is not as LeRobot writes it: Input data was truncated"),
        ("json", "{}", None, "the format json does not say what a value means: name a mapping file with --mapping"),
        ("json", '{"a": {"c": 1}}', MAPPED, "n: there is no n; there is a"),
        ("json", '{"a": {"c": 1}, "n": 2}', MAPPED, "a.b: there is no b; there is c"),
        ("json", '{"a": {"b": true}, "n": 2}', MAPPED, "a.b: True is no number"),
        ("json", '{"a": {"b": 1}, "n": 0.5}', MAPPED, "a.b: trials: 0.5 is no number of trials"),
        ("csv", "x,b\na,1\na,2\n", MAPPED, "line 3: a row 'a' was there before; the first cell names the row"),
        ("csv", "", MAPPED, "n: there is no n; there is nothing"),
        ("csv", b"\xff", MAPPED, "it is not UTF-8"),
    ],
)
def test_what_cannot_be_read_is_named(format: str, data: Any, mapping: Any, message: str) -> None:
    with pytest.raises(InvalidReport) as error:
        read(format, data if isinstance(data, bytes) else data.encode(), mapping and mapping_of(mapping))
    assert str(error.value) == message


def test_what_is_too_large_is_refused_and_what_is_no_mapping_too() -> None:
    with pytest.raises(InvalidReport, match=f"^it is larger than {MAX_BYTES} bytes$"):
        read("junit", bytes(MAX_BYTES + 1), None)
    with pytest.raises(InvalidReport, match=r"^it maps no path$"):
        mapping_of({})
    with pytest.raises(
        InvalidReport, match=r"^Object contains unknown field `unti` - at `\$\[\.\.\.\]`; a mapping is PATH: \{"
    ):
        mapping_of({"a": {"metric": "m", "unti": "ms"}})
    with pytest.raises(InvalidReport, match=r"^it has no metric 'succes'; it has pass_rate$"):
        read("junit", b"<testsuite><testcase name='a'/></testsuite>", None).only(["succes"])


def test_the_name_of_a_file_tells_its_format() -> None:
    names = ("out/eval_info.json", "junit.xml", "a.csv", "a.json")
    assert {name: format_of(name, mapping=False) for name in names} == dict(zip(names, FORMATS, strict=True))
    assert format_of("eval_info.json", mapping=True) == "json"
    with pytest.raises(InvalidReport, match=r"^its name does not tell its format: name one of lerobot, junit, csv, json with"):
        format_of("a.txt", mapping=False)


def test_the_same_report_about_the_same_thing_is_the_same_evidence() -> None:
    report = EvaluationReport([ReportedValue("success", 91.5)])
    values: dict[str, Any] = {"pack": "pack:a@1", "type": "REPLAY", "measured_at": datetime(2026, 1, 1, tzinfo=UTC)}
    one, again, other = (report.evidence(about=f"model:a@{n}", **values) for n in (1, 1, 2))
    assert dict(one.items()) == dict(again.items())
    assert one.id != other.id
    with pytest.raises(InvalidReport, match=r"^it has no measurement$"):
        EvaluationReport([]).evidence(about="model:a@1", **values)
    with pytest.raises(InvalidReport) as error:
        report.evidence(about="nope", **values | {"type": "NOPE"})
    assert str(error.value) == (
        "type: expected 'REPLAY', 'BENCHMARK', 'LATENCY', 'INTERVENTION_RATE', 'ROLLOUT_NOTE' or 'EXTERNAL_DECISION' "
        "(got 'NOPE'); "
        "about.0.id: 'nope' has no kind: an id is `kind:name`, such as dataset:bridge_orig@1.0.0"
    )
