"""Whether a release may run: on an approval or an override, and by which decisions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from forebear.domain.outcome import Reason
from forebear.domain.standing import Case
from forebear.graph.kinds import Basis, DecisionType, ReleaseState, Verdict

NOT_APPROVED = "NOT_APPROVED"
APPROVAL_STALE = "APPROVAL_STALE"
DEPRECATED = "DEPRECATED"


@dataclass(frozen=True)
class Permission:
    """What lets a release run: the decisions that say so, and of which kind they are."""

    case: Case
    basis: Basis
    decisions: tuple[str, ...]

    @property
    def is_restored(self) -> bool:
        """Whether the release was deprecated before, and brought back."""
        ways = [
            d.type for d in self.case.standing.decisions if d.type is not DecisionType.OVERRIDE and d.verdict is Verdict.GRANTED
        ]
        return bool(ways) and ways[-1] is DecisionType.RESTORATION


def permission(case: Case, *, stale_counts: bool = False) -> Permission | Reason:
    """What lets a release run now, or why nothing does.

    A stale approval starts nothing new. Where `stale_counts`, it does: for going back to what ran on it before.
    """
    if case.is_approved and not case.is_stale:
        return Permission(case, Basis.APPROVAL, tuple(case.approvals))
    if case.is_approved and stale_counts:
        return Permission(case, Basis.STALE_APPROVAL, tuple(case.approvals))
    if override := case.override():
        return Permission(case, Basis.OVERRIDE, (override.id,))
    release, line, state = case.release.id, case.line.id, case.release.state
    if case.is_approved:
        return Reason(
            APPROVAL_STALE,
            f"the approval of {release} is stale since {case.release.stale_from}: a newer policy of {line} asks for more, "
            "or its evidence was corrected",
            "have it approved anew (missingForApproval lists what is needed)",
        )
    if state is ReleaseState.DEPRECATED:
        return Reason(
            DEPRECATED, f"{release} is deprecated, so it is not to be deployed any more", "restore it first (restore)"
        )
    return Reason(NOT_APPROVED, f"{release} is {state}, not approved", _REMEDIES[state])


_APPROVE = "have it approved first (missingForApproval lists what is needed)"
_REMEDIES = {
    ReleaseState.CANDIDATE: _APPROVE,
    ReleaseState.EVALUATED: _APPROVE,
    ReleaseState.REJECTED: "restore it (restore), and have it approved",
    ReleaseState.ARCHIVED: "it is put away for good: register a new version as a candidate",
}


def weakest(permissions: Iterable[Permission]) -> Basis | None:
    """What several permissions together rest on, such as those of two fleets; None where there are none."""
    return max((p.basis for p in permissions), key=list(Basis).index, default=None)
