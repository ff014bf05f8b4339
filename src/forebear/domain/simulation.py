"""What a policy would decide about a release if it were adopted now."""

from __future__ import annotations

from dataclasses import dataclass

from forebear.domain import release
from forebear.domain.adoption import Rule, succeeded
from forebear.domain.case import Case
from forebear.domain.evidence import CheckResult
from forebear.domain.outcome import Reason, Revise
from forebear.domain.release import DECISIONS, Decider
from forebear.domain.roles import Actor
from forebear.graph.kinds.release import ReleaseState


@dataclass(frozen=True)
class SimulatedRelease:
    """A release under a policy: its state, its checks, what approval still needs, and the effect on its approval.

    `stale_from` is when its approval would become stale, and `fleets` are those that run it on that approval. They are None and
    empty if the policy leaves the approval as it is.
    """

    release: str
    becomes: ReleaseState
    checks: tuple[CheckResult, ...]
    missing: tuple[Reason, ...]
    stale_from: str | None
    fleets: tuple[str, ...]


def simulated(case: Case, rule: Rule) -> SimulatedRelease:
    """Return the release as the policy would leave it, by the same decisions as its adoption."""
    after = rule.over(case, case.now)
    nobody = Decider(Actor("nobody", frozenset()), case.now, None, ["decision:simulated"] * DECISIONS)
    states = {"state": case.release.state.value, "staleFrom": case.release.stale_from}
    for effect in succeeded(case, after, nobody, evaluates=True):
        if isinstance(effect, Revise):
            states |= effect.after
    case_after = after.with_release(state=ReleaseState(str(states["state"])), stale_from=states["staleFrom"])
    stale_from = case_after.release.stale_from
    stale = stale_from if stale_from != case.release.stale_from else None
    fleets = tuple(sorted({fleet for d in case.running for fleet in d.fleets})) if stale else ()
    return SimulatedRelease(
        case.release.id, case_after.release.state, after.checks, release.missing_for_approval(case_after), stale, fleets
    )
