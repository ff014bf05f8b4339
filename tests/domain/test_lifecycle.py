"""Which ways the state of a release may take: one constant, and nothing else."""

import re
from pathlib import Path

import pytest

from forebear.domain.lifecycle import (
    INITIAL,
    TRANSITIONS,
    Event,
    allowed,
    diagram,
    observed,
    steps,
    table,
    ways,
)
from forebear.domain.outcome import Reason
from forebear.graph.kinds.release import DecisionType, ReleaseState
from forebear.verbs.permissions import PERMISSIONS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "lifecycle.md").read_text("utf-8")

S, D = ReleaseState, DecisionType


def test_a_state_has_one_way_by_each_decision_and_event() -> None:
    assert len({(t.source, t.by) for t in TRANSITIONS}) == len(TRANSITIONS)


@pytest.mark.parametrize("state", ReleaseState)
def test_every_state_but_archived_has_a_way_on_that_somebody_can_decide(state: ReleaseState) -> None:
    onward = [t for t in ways(state) if t.target is not state and isinstance(t.by, DecisionType)]
    assert bool(onward) == (state is not S.ARCHIVED)


@pytest.mark.parametrize("state", ReleaseState)
def test_every_state_can_be_reached(state: ReleaseState) -> None:
    reached = {INITIAL}
    while more := {t.target for t in TRANSITIONS if t.source in reached} - reached:
        reached |= more
    assert state in reached


@pytest.mark.parametrize("state", set(ReleaseState) - {ReleaseState.ARCHIVED})
def test_every_state_can_come_to_be_deployed_and_to_be_archived(state: ReleaseState) -> None:
    reached = {state}
    while more := {t.target for t in TRANSITIONS if t.source in reached} - reached:
        reached |= more
    assert {S.DEPLOYED, S.ARCHIVED} <= reached


@pytest.mark.parametrize("of", [*DecisionType, *Event])
def test_every_decision_and_event_is_the_way_from_some_state(of: DecisionType | Event) -> None:
    assert [t for t in TRANSITIONS if t.by is of]


def test_only_votes_or_a_low_risk_policy_approve_and_only_what_was_evaluated() -> None:
    into_approved = {(t.source, t.by) for t in TRANSITIONS if t.target is S.APPROVED and t.source is not S.APPROVED}
    assert into_approved == {
        (S.EVALUATED, D.APPROVAL),
        (S.EVALUATED, D.PROMOTION),
        (S.DEPRECATED, D.RESTORATION),
        (S.DEPLOYED, Event.LAST_DEPLOYMENT_ENDED),
    }


def test_only_a_report_makes_a_release_deployed_and_only_an_approved_one() -> None:
    into_deployed = {(t.source, t.by) for t in TRANSITIONS if t.target is S.DEPLOYED and t.source is not S.DEPLOYED}
    assert into_deployed == {(S.APPROVED, Event.DEPLOYMENT_ACTIVE)}


def test_an_override_never_changes_the_state() -> None:
    assert {t.source: t.target for t in TRANSITIONS if t.by is D.OVERRIDE} == {
        state: state for state in ReleaseState if state is not S.ARCHIVED
    }


def test_a_corrected_digest_leaves_nothing_approved() -> None:
    after = {state: observed(state, Event.DIGEST_CORRECTED) for state in ReleaseState}
    assert after == {
        S.CANDIDATE: S.CANDIDATE,
        S.EVALUATED: S.CANDIDATE,
        S.APPROVED: S.CANDIDATE,
        S.DEPLOYED: S.CANDIDATE,
        S.REJECTED: S.REJECTED,
        S.DEPRECATED: S.REJECTED,
        S.ARCHIVED: S.ARCHIVED,
    }


@pytest.mark.parametrize("state", ReleaseState)
@pytest.mark.parametrize("by", DecisionType)
def test_what_the_constant_has_is_allowed_and_the_rest_refused(state: ReleaseState, by: DecisionType) -> None:
    (target,) = [t.target for t in TRANSITIONS if (t.source, t.by) == (state, by)] or [None]
    answer = allowed(state, by)
    if target is not None:
        assert answer is target
        return
    assert isinstance(answer, Reason)
    assert answer.code == "ILLEGAL_TRANSITION"
    assert answer.message.startswith(f"the release is {state}, and {by} is possible from ")
    assert [t.by for t in ways(state) if isinstance(t.by, DecisionType) and t.by not in answer.message] == []
    assert answer.remedy


@pytest.mark.parametrize("state", ReleaseState)
@pytest.mark.parametrize("by", DecisionType)
def test_the_remedy_of_a_refusal_is_what_people_do_and_leads_to_where_the_decision_is_allowed(
    state: ReleaseState, by: DecisionType
) -> None:
    refusal, way = allowed(state, by), steps(state, by)
    if isinstance(refusal, Reason):
        verbs = re.findall(r"\((\w+)\)", refusal.remedy)
        assert len(verbs) == len(way or ["registerCandidate"])
        assert {*verbs} <= PERMISSIONS.keys()
    for step in way or ():
        after = allowed(state, step)
        assert isinstance(after, ReleaseState)
        state = after
    assert isinstance(allowed(state, by), ReleaseState) == (way is not None)


def test_a_refusal_says_the_state_what_is_possible_and_how_to_get_there() -> None:
    assert allowed(S.CANDIDATE, D.DEPRECATION) == Reason(
        "ILLEGAL_TRANSITION",
        "the release is CANDIDATE, and DEPRECATION is possible from APPROVED, DEPLOYED, DEPRECATED alone; "
        "possible from here: EVALUATION (to EVALUATED), REJECTION (to REJECTED), OVERRIDE",
        "first attach the evidence that its policy asks for (attachEvidence), then have it approved (approve)",
    )
    assert allowed(S.ARCHIVED, D.RESTORATION) == Reason(
        "ILLEGAL_TRANSITION",
        "the release is ARCHIVED, and RESTORATION is possible from REJECTED, DEPRECATED alone; "
        "nothing is possible from ARCHIVED: it is final",
        "register a new version as a candidate (registerCandidate)",
    )


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("state", ReleaseState)
def test_an_event_takes_its_way_or_leaves_the_state_alone(state: ReleaseState, event: Event) -> None:
    (target,) = [t.target for t in TRANSITIONS if (t.source, t.by) == (state, event)] or [state]
    assert observed(state, event) is target


def test_states_and_decisions_may_come_as_the_graph_holds_them() -> None:
    assert allowed("APPROVED", "WITHDRAWAL") is S.EVALUATED  # type: ignore[arg-type]
    assert allowed("ARCHIVED", "VOTE") == allowed(S.ARCHIVED, D.VOTE)  # type: ignore[arg-type]
    assert allowed("CANDIDATE", "VOTE") == allowed(S.CANDIDATE, D.VOTE)  # type: ignore[arg-type]


def test_the_page_has_the_diagram_and_the_table_of_the_constant() -> None:
    assert f"```mermaid\n{diagram()}\n```\n" in PAGE
    assert f"\n\n{table()}\n\n" in PAGE


def test_the_diagram_has_every_transition() -> None:
    arrows = {}
    for line in diagram().splitlines()[1:]:
        ends, _, by = line.strip().partition(": ")
        arrows[tuple(ends.split(" --> "))] = by.split(", ") if by else []
    assert arrows.pop(("[*]", "CANDIDATE")) == []
    assert arrows.pop(("ARCHIVED", "[*]")) == []
    assert {(source, by, target) for (source, target), each in arrows.items() for by in each} == {
        (t.source, t.by, t.target) for t in TRANSITIONS
    }
