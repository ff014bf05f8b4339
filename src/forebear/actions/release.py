"""The verbs of people who decide about a release."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from forebear.actions.action import Action, Given, Inquiry
from forebear.actions.cases import cases
from forebear.domain import release
from forebear.domain.case import Case
from forebear.domain.outcome import Reason, Verdict
from forebear.domain.release import By
from forebear.domain.roles import refusal
from forebear.domain.standing import Installed
from forebear.graph.declaration import PROSE, Value, prop

RELEASE = ("Release",)


class Approve(Value):
    """Votes for a release in its line. The vote that completes what the policy asks for approves the release. Forebear
    refuses the approval, on record, if evidence is missing or the vote cannot count."""

    release: str = prop("The release.", names=RELEASE)
    reason: str | None = prop("A reason, or any remark. It is kept in the audit trail.", default=None, length=PROSE)


class OnRelease(Value):
    """What is done about one release, for a reason."""

    release: str = prop("The release.", names=RELEASE)
    reason: str = prop("The reason. It is kept in the audit trail.", length=PROSE)


class Reject(OnRelease):
    """Decides against a release that is not approved. New evidence that suffices, or a restoration, brings it back."""


class WithdrawApproval(OnRelease):
    """Withdraws the approval of a release, so that it needs a new one. What runs goes on, unauthorised."""


class Deprecate(OnRelease):
    """Forbids new deployments of a release. What runs goes on. Rolling back to the release stays allowed, unless
    `rollbackAllowed` is false. You may deprecate it again to change that. If the release must not run at all, withdraw its
    approval (withdrawApproval)."""

    rollback_allowed: bool | None = prop("Whether rolling back to it stays allowed. By default it does.", default=None)


class Archive(OnRelease):
    """Closes a release for good. Forebear refuses this while the release runs or is about to, or while robots are seen to run
    it."""


class Restore(OnRelease):
    """Restores a deprecated release with its approval as it was, or reopens a rejected one."""


class Override(Value):
    """Lets a release run until a moment without an approval, in an emergency. Everything that it authorises names the
    override."""

    release: str = prop("The release.", names=RELEASE)
    reason: str = prop("Why it cannot wait.", length=PROSE)
    expires_at: datetime = prop("The moment until which it may run (exclusive).", ahead=True)


def on_release(
    name: str, input: type[Value], decide: Callable[[Case, By, Given], Verdict], ids: int = 1, facts: tuple[str, ...] = ()
) -> Action:
    """A verb about one release, by somebody who may write to its line; `facts` are what it rests on beside how that stands."""

    def decided(given: Given) -> Verdict:
        id = given.input["release"]
        found = next(iter(cases(given)), None)
        if found is None:
            reason = Reason("NOT_FOUND", f"release: {id} is not known, or not described yet", "register the candidate first")
            return Verdict(id, reasons=(reason,))
        if forbidden := refusal(given.actor, name, [found.line.id]):
            return Verdict(id, reasons=(forbidden,))
        return decide(found, By(given.actor, given.now, given.input.get("reason"), given.new_ids("decision", ids)), given)

    return Action(name, input, ("standing", *facts), decided, one_release)


def standing_of(**asked: Any) -> dict[str, Any]:
    """The parameters of `standing_facts`: those that are asked for, and nothing for the others."""
    none: dict[str, Any] = {
        "release": None,
        "version": None,
        "artifact": None,
        "compared": False,
        "lines": [],
        "completed": [],
        "candidates": [],
    }
    return {**none, **asked}


def one_release(given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of `standing_facts` for one release."""
    return standing_of(release=given["release"])


def _deprecate(found: Case, by: By, given: Given) -> Verdict:
    return release.deprecate(found, by, given.input.get("rollbackAllowed", True))


def _archive(found: Case, by: By, given: Given) -> Verdict:
    (installed,) = given.rows("installed", Installed)
    return release.archive(found, by, installed.robots)


def _missing(given: Given) -> list[dict[str, Any]]:
    found = cases(given)
    return [
        {"rank": f"{i:06}", "code": reason.code, "message": reason.message, "remedy": reason.remedy}
        for c in found
        for i, reason in enumerate(release.missing_for_approval(c))
    ]


ACTIONS = (
    on_release("approve", Approve, lambda found, by, _: release.approve(found, by), ids=3),
    on_release("reject", Reject, lambda found, by, _: release.reject(found, by)),
    on_release("withdrawApproval", WithdrawApproval, lambda found, by, _: release.withdraw_approval(found, by)),
    on_release("deprecate", Deprecate, _deprecate),
    on_release("archive", Archive, _archive, facts=("installed",)),
    on_release("restore", Restore, lambda found, by, _: release.restore(found, by)),
    on_release("override", Override, lambda found, by, given: release.override(found, by, given.input["expiresAt"])),
)

INQUIRIES = (Inquiry("missing_for_approval", ("standing",), _missing, one_release),)
