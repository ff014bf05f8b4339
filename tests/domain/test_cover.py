"""What a policy asks to be tested again: each incident of the line in a pack that the candidate passes."""

from __future__ import annotations

from typing import Any

import pytest

from forebear.domain.clause import InvalidPolicy
from forebear.domain.evaluation import evaluate, missing
from forebear.domain.evidence import CheckResult, MeasuredValue, Pack, SampledIncident
from forebear.domain.foundation import fallen
from forebear.domain.policy import parse
from forebear.graph.kinds.incident import Severity
from forebear.graph.kinds.release import Direction
from tests.domain.policies import LINE_TARGET, NOW, days_ago

SUCCESS = {"success": ("%", Direction.HIGHER_IS_BETTER)}
GLASS, FILM, OTHER = Pack("pack:glass@1", SUCCESS), Pack("pack:film@1", SUCCESS), Pack("pack:other@1", {"speed": (None, None)})


def incident(*packs: Pack, severity: Severity | None = Severity.HIGH, days: float = 3) -> SampledIncident:
    return SampledIncident("incident:x", severity, days_ago(days), packs)


def measured(pack: Pack, value: float, evidence: str = "evidence:e", days: float = 1) -> MeasuredValue:
    return MeasuredValue(evidence, pack.id, None, "success", None, value, "%", None, None, days_ago(days), None, None)


def checks(*incidents: SampledIncident, of: Any = (), **covers: Any) -> list[CheckResult]:
    asked = {"days": 30, "metric": "success", "minimum": 90} | covers
    policy = parse({"riskTier": "HIGH", "standingApprovals": "KEEP", "covers": asked})
    return [*evaluate(policy, LINE_TARGET, of, {}, None, NOW, incidents)]


def test_an_incident_is_covered_by_a_pack_in_which_the_candidate_reached_the_minimum() -> None:
    (check,) = checks(incident(GLASS, FILM), of=[measured(GLASS, 80), measured(FILM, 95, "evidence:f")])
    assert check.frozen() == {
        "code": "MET", "requirement": "incident:x is in a pack in which success is at least 90", "pack": FILM.id,
        "metric": "success", "threshold": 90.0, "direction": "HIGHER_IS_BETTER", "unit": "%", "measured": 95, "passed": True,
        "evidence": "evidence:f", "incident": "incident:x",
        "message": "incident:x is in pack:film@1: success is 95 % (evidence:f); the policy asks for at least 90 %",
    }  # fmt: skip
    # The newest measurement decides, not the best.
    (check,) = checks(incident(GLASS), of=[measured(GLASS, 99, days=2), measured(GLASS, 80, days=1)])
    assert not check.passed


@pytest.mark.parametrize(
    ("packs", "of", "why"),
    [
        ((), (), "no pack is sampled from it"),
        ((GLASS,), (), "success was not measured with pack:glass@1"),
        ((OTHER,), (), "pack:other@1 defines no metric success"),
        (
            (GLASS, FILM),
            (measured(GLASS, 80), measured(OTHER, 99)),
            "success is 80 % (evidence:e); the policy asks for at least 90 %; success was not measured with pack:film@1",
        ),
    ],
)
def test_what_is_missing_for_approval_names_each_incident_and_why_no_pack_covers_it(
    packs: tuple[Pack, ...], of: Any, why: str
) -> None:
    (reason,) = missing(checks(incident(*packs), of=of))
    assert (reason.code, reason.message, reason.remedy) == (
        "NOT_COVERED",
        f"incident:x (HIGH, {days_ago(3)[:10]}) is in no pack in which success is at least 90: {why}",
        "attach evidence of success with a pack that is sampled from it (sampledFrom)",
    )


def test_older_and_milder_incidents_are_not_asked_for_and_those_of_unknown_severity_are() -> None:
    asked = [incident(days=29), incident(severity=None), incident(severity=Severity.CRITICAL)]
    rest = [incident(days=31), incident(severity=Severity.MEDIUM)]
    assert len(checks(*asked, *rest, severity="HIGH")) == 3
    assert len(checks(*asked, *rest)) == 4


def test_an_approval_stands_whatever_happens_later_and_falls_with_the_evidence_that_covered() -> None:
    of = [measured(GLASS, 95)]
    frozen = [check.frozen() for check in checks(incident(GLASS), of=of)]
    assert fallen(frozen, of) == ()
    worse = MeasuredValue(**vars(measured(GLASS, 80, "evidence:f")))
    corrected = [MeasuredValue(**{**vars(of[0]), "superseded_by": "evidence:f"}), worse]
    assert len(fallen(frozen, corrected)) == 1


def test_what_is_wrong_with_it_is_named() -> None:
    with pytest.raises(InvalidPolicy) as refused:
        checks(days=0, minimum="90", slice="film")
    assert [str(m) for m in refused.value.mistakes] == [
        "covers.days: must be at least 1 (got 0)",
        "covers.minimum: expected a number (got '90')",
        "covers.slice: 'slice' is not known; known: severity, days, metric, minimum",
    ]
