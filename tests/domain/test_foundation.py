"""Whether what an approval was given on still holds once that evidence is corrected."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.domain.evaluation import evaluate
from forebear.domain.evidence import Baseline, CheckResult, MeasuredValue
from forebear.domain.foundation import LineageGround, fallen, lost
from forebear.domain.part import Part
from forebear.domain.policy import parse
from tests.domain.policies import LINE_TARGET, NOW, PACKS, days_ago, values

RATE = {"pack": "pack:replay@1", "metric": "success_rate"}
STOPS = {"pack": "pack:replay@1", "metric": "interventions"}


def measured(asked: dict[str, Any], value: float, evidence: str = "evidence:first", **said: Any) -> MeasuredValue:
    """A measurement of what is asked for."""
    plain = MeasuredValue(
        evidence, asked["pack"], None, asked["metric"], None, value, None, None, None, days_ago(2), None, None
    )
    return replace(plain, **said)


def checked(
    section: str, asked: dict[str, Any], found: list[MeasuredValue], baseline: list[MeasuredValue] | None = None
) -> CheckResult:
    """The check of one requirement."""
    policy = parse({"riskTier": "HIGH", "standingApprovals": "KEEP", section: [asked]})
    (check,) = evaluate(policy, LINE_TARGET, found, PACKS, Baseline("model:b@1", tuple(baseline or ())), NOW)
    return check


def corrected(before: MeasuredValue, value: float, evidence: str) -> list[MeasuredValue]:
    """A measurement that was corrected, and what corrects it."""
    return [replace(before, superseded_by=evidence), replace(before, value=value, evidence=evidence)]


@given(st.sampled_from([RATE | {"minimum": 0.5}, STOPS | {"maximum": 0.5}]), values, values)
def test_a_threshold_that_was_met_is_met_by_what_corrects_the_evidence_or_falls(
    asked: dict[str, Any], before: float, after: float
) -> None:
    first = measured(asked, before)
    check = checked("evidence", asked, [first])
    now = corrected(first, after, "evidence:right")
    stands = not check.passed or checked("evidence", asked, now).passed
    assert (fallen([check.frozen()], now) == ()) == stands


@given(st.sampled_from([RATE, STOPS]), st.sampled_from([0, 0.1, 0.2]), *[values] * 4)
def test_a_comparison_is_held_to_corrections_of_both(
    asked: dict[str, Any], margin: float, before: float, after: float, was: float, became: float
) -> None:
    first, other = measured(asked, before), measured(asked, was, "evidence:other")
    check = checked("noRegression", asked | {"margin": margin}, [first], [other])
    own, others = corrected(first, after, "evidence:right"), corrected(other, became, "evidence:others")
    stands = not check.passed or checked("noRegression", asked | {"margin": margin}, own, others).passed
    assert (fallen([check.frozen()], [*own, *others]) == ()) == stands


FROZEN = checked("evidence", RATE | {"minimum": 75}, [measured(RATE, 80)]).frozen()


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ([], ()),
        ([measured(RATE, 80)], ()),
        ([measured(RATE, 80), measured(RATE, 10, "evidence:later", measured_at=days_ago(1))], ()),
        (corrected(measured(RATE, 80), 70, "evidence:right"), ("(evidence:first), which evidence:right corrects to 70 %",)),
        ([measured(RATE, 80, outdated=True)], ("(evidence:first), which does not count any more",)),
        ([measured(RATE, 80, superseded_by="evidence:note")], ("(evidence:first), which does not count any more",)),
        ([measured(RATE, 80, superseded_by="evidence:first")], ("(evidence:first), which does not count any more",)),
    ],
)
def test_what_does_not_hold_any_more_is_said(known: list[MeasuredValue], said: tuple[str, ...]) -> None:
    begins = "success_rate at least 75 % (pack:replay@1): it was approved on 80 % "
    assert fallen([FROZEN], known) == tuple(begins + each for each in said)


def test_the_last_of_several_corrections_counts() -> None:
    first, second = corrected(measured(RATE, 80), 70, "evidence:second")
    assert fallen([FROZEN], [first, *corrected(second, 90, "evidence:third")]) == ()


def test_a_check_that_does_not_say_which_way_is_better_holds_on_the_same_value_alone() -> None:
    check = {name: value for name, value in FROZEN.items() if name != "direction"}
    assert fallen([check], corrected(measured(RATE, 80), 80, "evidence:right")) == ()
    assert len(fallen([check], corrected(measured(RATE, 80), 90, "evidence:right"))) == 1


def test_what_did_not_pass_does_not_fall() -> None:
    assert fallen([FROZEN | {"passed": False}], corrected(measured(RATE, 80), 70, "evidence:right")) == ()


@st.composite
def lineages(draw: st.DrawFn) -> list[LineageGround]:
    """Edges of a small lineage, each at most once."""
    ends = draw(
        st.lists(st.tuples(st.sampled_from(["run:a", "run:b"]), st.sampled_from(["dataset:a@1", "dataset:b@1"])), unique=True)
    )
    return [
        LineageGround(Part.DATASET, of, "trainedOn", to, draw(st.sampled_from([None, "sha256:1", "sha256:2"])))
        for of, to in ends
    ]


@given(lineages(), lineages())
def test_what_was_approved_on_a_lineage_falls_with_each_edge_that_is_gone_or_leads_to_something_else(
    then: list[LineageGround], now: list[LineageGround]
) -> None:
    left = {(g.of, g.to): g.value for g in now}
    gone = [g for g in then if (g.of, g.to) not in left or g.value not in (None, left[g.of, g.to])]
    assert len(lost([g.frozen() for g in then], now)) == len(gone)
    assert lost([g.frozen() for g in then], [*now, *then]) == ()
