"""The states of a release and the transitions between them: one constant, from which the error texts and the docs are made.

A decision changes the state only if it is GRANTED. A refusal is on record and changes no state. An event is no decision: it
has already happened, so nobody refuses it. If it has no transition from a state, the state stays (`observed`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from forebear.domain.outcome import Reason
from forebear.graph.kinds.release import DecisionType, ReleaseState

ILLEGAL_TRANSITION = "ILLEGAL_TRANSITION"
"""The code of a refusal because the release's state does not allow the decision."""

INITIAL = ReleaseState.CANDIDATE
"""The state of a new release."""


class Event(StrEnum):
    """What changes a release's state without a decision."""

    DEPLOYMENT_ACTIVE = "DEPLOYMENT_ACTIVE"
    LAST_DEPLOYMENT_ENDED = "LAST_DEPLOYMENT_ENDED"
    EVIDENCE_LAPSED = "EVIDENCE_LAPSED"
    DIGEST_CORRECTED = "DIGEST_CORRECTED"


@dataclass(frozen=True)
class Transition:
    """One transition from a state to another, or to itself: what causes it, and when."""

    source: ReleaseState
    by: DecisionType | Event
    target: ReleaseState
    when: str


_S, _D, _E = ReleaseState, DecisionType, Event

TRANSITIONS: tuple[Transition, ...] = (
    Transition(_S.CANDIDATE, _D.EVALUATION, _S.EVALUATED, "All evidence that the policy requires exists and suffices."),
    Transition(_S.CANDIDATE, _D.REJECTION, _S.REJECTED, "Somebody decides against it before its evidence is complete."),
    Transition(_S.EVALUATED, _D.EVALUATION, _S.EVALUATED, "Newer evidence came, or the policy changed, and it still suffices."),
    Transition(_S.EVALUATED, _E.EVIDENCE_LAPSED, _S.CANDIDATE, "Its evidence suffices no more, or the policy asks for more."),
    Transition(_S.EVALUATED, _E.DIGEST_CORRECTED, _S.CANDIDATE, "A digest was corrected: the evidence measured another one."),
    Transition(_S.EVALUATED, _D.VOTE, _S.EVALUATED, "Somebody votes for it, and more votes are needed."),
    Transition(_S.EVALUATED, _D.APPROVAL, _S.APPROVED, "Enough people voted for it, and its evidence suffices."),
    Transition(_S.EVALUATED, _D.PROMOTION, _S.APPROVED, "A policy of low risk promotes it, because its evidence suffices."),
    Transition(_S.EVALUATED, _D.REJECTION, _S.REJECTED, "Somebody decides against it."),
    Transition(_S.REJECTED, _D.EVALUATION, _S.EVALUATED, "New evidence came, and all that the policy requires suffices now."),
    Transition(_S.REJECTED, _D.RESTORATION, _S.CANDIDATE, "Somebody reopens it without new evidence."),
    Transition(_S.REJECTED, _D.ARCHIVAL, _S.ARCHIVED, "Somebody closes it for good."),
    Transition(_S.APPROVED, _E.DEPLOYMENT_ACTIVE, _S.DEPLOYED, "A report says that a deployment of it is active."),
    Transition(_S.DEPLOYED, _E.LAST_DEPLOYMENT_ENDED, _S.APPROVED, "A report says that its last active deployment is over."),
    *(
        transition
        for state in (_S.APPROVED, _S.DEPLOYED)
        for transition in (
            Transition(state, _D.VOTE, state, "Its approval is stale. Somebody votes for it again, and more votes are needed."),
            Transition(state, _D.APPROVAL, state, "Its approval was stale. Enough people voted for it again."),
            Transition(state, _D.PROMOTION, state, "Its approval was stale. A policy of low risk promotes it again."),
            Transition(state, _D.WITHDRAWAL, _S.EVALUATED, "Somebody withdraws its approval. What runs goes on, unauthorised."),
            Transition(state, _E.DIGEST_CORRECTED, _S.CANDIDATE, "A digest was corrected: people approved something else."),
            Transition(state, _D.DEPRECATION, _S.DEPRECATED, "Nobody is to deploy it any more. What runs goes on."),
        )
    ),
    *(
        Transition(state, _E.EVIDENCE_LAPSED, state, "Corrected evidence suffices no more, so the approval is stale.")
        for state in (_S.APPROVED, _S.DEPLOYED, _S.DEPRECATED)
    ),
    Transition(_S.DEPRECATED, _D.RESTORATION, _S.APPROVED, "Its approval holds again, and it may be deployed again."),
    Transition(_S.DEPRECATED, _D.DEPRECATION, _S.DEPRECATED, "Somebody says again whether one may still go back to it."),
    Transition(_S.DEPRECATED, _E.DIGEST_CORRECTED, _S.REJECTED, "A digest was corrected: people approved something else."),
    Transition(_S.DEPRECATED, _D.ARCHIVAL, _S.ARCHIVED, "Nothing of it runs any more, and somebody closes it for good."),
    *(
        Transition(state, _D.OVERRIDE, state, "An admin lets it run in an emergency. Its state stays, for all to see.")
        for state in _S
        if state is not _S.ARCHIVED
    ),
)  # fmt: skip
"""Every allowed transition. What is not here is not allowed."""

_WAYS = {(t.source, t.by): t for t in TRANSITIONS}


def ways(state: ReleaseState) -> tuple[Transition, ...]:
    """The transitions from a state, in the constant's order."""
    return tuple(t for t in TRANSITIONS if t.source == state)


def allowed(state: ReleaseState, by: DecisionType) -> ReleaseState | Reason:
    """Return the state after a granted decision, or why the release's state does not allow the decision."""
    if way := _WAYS.get((state, by)):
        return way.target
    possible = [t for t in ways(state) if isinstance(t.by, DecisionType)]
    listed = ", ".join(f"{t.by}" + (f" (to {t.target})" if t.target != state else "") for t in possible)
    sources = ", ".join(t.source for t in TRANSITIONS if t.by == by)
    return Reason(
        ILLEGAL_TRANSITION,
        f"the release is {state}, and {by} is possible from {sources} alone; "
        + (f"possible from here: {listed}" if listed else f"nothing is possible from {state}: it is final"),
        _remedy(state, by),
    )


def observed(state: ReleaseState, event: Event) -> ReleaseState:
    """Return the state after an event. Without a transition from `state`, `state` stays.

    So a report about a release that is not approved changes what runs, not the state. If a release becomes APPROVED while
    it runs, for example by a restoration, `observed(state, DEPLOYMENT_ACTIVE)` makes it DEPLOYED.
    """
    way = _WAYS.get((state, event))
    return way.target if way else state


_DONE_BY = {
    _D.EVALUATION: "attach the evidence that its policy asks for (attachEvidence)",
    _D.APPROVAL: "have it approved (approve)",
    _D.REJECTION: "have it rejected (reject)",
    _D.WITHDRAWAL: "have its approval withdrawn (withdrawApproval)",
    _D.DEPRECATION: "have it deprecated (deprecate)",
    _D.RESTORATION: "have it restored (restore)",
}
"""What people can do for a decision that changes a release's state. A promotion is up to the policy alone."""


def _remedy(state: ReleaseState, by: DecisionType) -> str:
    way = steps(state, by)
    if way is None:
        return "register a new version as a candidate (registerCandidate)"
    return "first " + ", then ".join(_DONE_BY[by] for by in way)


def steps(state: ReleaseState, by: DecisionType) -> tuple[DecisionType, ...] | None:
    """Return the shortest way to a state that allows `by`, over what people can do; None if there is none."""
    frontier: list[tuple[ReleaseState, tuple[DecisionType, ...]]] = [(state, ())]
    states = {state}
    for at, path in frontier:
        if (at, by) in _WAYS:
            return path
        for t in ways(at):
            if isinstance(t.by, DecisionType) and t.by in _DONE_BY and t.target not in states:
                states.add(t.target)
                frontier.append((t.target, (*path, t.by)))
    return None


def _in_order() -> Iterator[Transition]:
    return (t for state in ReleaseState for t in ways(state))


def diagram() -> str:
    """The lifecycle as a Mermaid state diagram."""
    return "\n".join(_diagram())


def _diagram() -> Iterator[str]:
    yield "stateDiagram-v2"
    yield f"    [*] --> {INITIAL}"
    labels: dict[tuple[ReleaseState, ReleaseState], list[str]] = {}
    for t in _in_order():
        labels.setdefault((t.source, t.target), []).append(t.by)
    for (source, target), by in labels.items():
        yield f"    {source} --> {target}: {', '.join(by)}"
    yield from (f"    {state} --> [*]" for state in ReleaseState if not ways(state))


def table() -> str:
    """The lifecycle as a Markdown table, a row for each transition."""
    rows = (f"| {t.source} | {t.by} | {t.target} | {t.when} |" for t in _in_order())
    return "\n".join(("| from | by | to | when |", "|---|---|---|---|", *rows))
