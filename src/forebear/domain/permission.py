"""Whether a release may run: on an approval or an override, and by which decisions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from forebear.domain.case import Case
from forebear.domain.outcome import Reason
from forebear.domain.remedy import whoever
from forebear.domain.roles import Role
from forebear.graph.kinds.release import Basis, DecisionType, ReleaseState, Verdict

NOT_APPROVED = "NOT_APPROVED"
APPROVAL_STALE = "APPROVAL_STALE"
DEPRECATED = "DEPRECATED"


@dataclass(frozen=True)
class Permission:
    """What lets a release run: its basis and the decisions behind it."""

    case: Case
    basis: Basis
    decisions: tuple[str, ...]

    @property
    def is_deprecated(self) -> bool:
        """Whether the release is deprecated, so that only a rollback may use its approval."""
        return self.case.release.state is ReleaseState.DEPRECATED and self.basis is not Basis.OVERRIDE

    @property
    def is_restored(self) -> bool:
        """Whether the release was deprecated before, and restored."""
        ways = [
            d.type for d in self.case.standing.decisions if d.type is not DecisionType.OVERRIDE and d.verdict is Verdict.GRANTED
        ]
        return bool(ways) and ways[-1] is DecisionType.RESTORATION


def permission(case: Case, *, goes_back: bool = False) -> Permission | Reason:
    """Return what lets a release run now, or why nothing does: an approval, else an override, else a stale approval.

    A stale approval, or that of a deprecated release, starts nothing new. With `goes_back` it does, because something ran on it
    before, unless the deprecation forbids that. Nothing lets what is recalled run.
    """
    if case.recalled:
        return case.recalled
    if case.is_approved and not case.is_stale:
        return Permission(case, Basis.APPROVAL, tuple(case.approvals))
    if override := overridden(case):
        return override
    if goes_back and (case.is_approved or case.is_way_back):
        return Permission(case, Basis.STALE_APPROVAL if case.is_stale else Basis.APPROVAL, tuple(case.approvals))
    release, line, state = case.release.id, case.line.id, case.release.state
    if case.is_approved:
        return Reason(
            APPROVAL_STALE,
            f"the approval of {release} is stale since {case.release.stale_from}: a newer policy of {line} asks for more, "
            "or its evidence was corrected",
            "have it approved anew (missingForApproval lists what is needed)",
        )
    remedy = _at_night(release, state) if goes_back else _REMEDIES[state]
    if state is ReleaseState.DEPRECATED:
        more = ", nor to be gone back to" if goes_back else ""
        return Reason(DEPRECATED, f"{release} is deprecated, so it is not to be deployed any more{more}", remedy)
    return Reason(NOT_APPROVED, f"{release} is {state}, not approved", remedy)


def overridden(case: Case) -> Permission | None:
    """Return the permission by an override that lets a release run now, if there is one."""
    override = case.override()
    return Permission(case, Basis.OVERRIDE, (override.id,)) if override else None


_APPROVE = "have it approved first (missingForApproval lists what is needed)"
_REMEDIES = {
    ReleaseState.CANDIDATE: _APPROVE,
    ReleaseState.EVALUATED: _APPROVE,
    ReleaseState.REJECTED: "restore it (restore), and have it approved",
    ReleaseState.DEPRECATED: "restore it first (restore)",
    ReleaseState.ARCHIVED: "it is put away for good: register a new version as a candidate",
}


def _at_night(release: str, state: ReleaseState) -> str:
    """Return who can do what about a release that is not approved, as commands to paste."""
    if state is ReleaseState.ARCHIVED:
        return _REMEDIES[state]
    overriding = whoever("let it run in an emergency", "override", Role.ADMIN, release, expires_at="8h", reason="…")
    restoring = whoever("restore it", "restore", Role.APPROVER, release, reason="…")
    approving = f"{whoever('approve it', 'approve', Role.APPROVER, release)} (missingForApproval lists what is needed)"
    ways = {ReleaseState.DEPRECATED: restoring, ReleaseState.REJECTED: f"{restoring}, and {approving}"}
    return f"{ways.get(state, approving)}; {overriding}"


def weakest(permissions: Iterable[Permission]) -> Basis | None:
    """Return the weakest basis of several permissions, such as those of two fleets; None without any."""
    return max((p.basis for p in permissions), key=list(Basis).index, default=None)
