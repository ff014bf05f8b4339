"""The verb by which what was measured becomes evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from forebear.actions.action import Action, Given
from forebear.actions.artifact import build
from forebear.actions.cases import cases
from forebear.actions.release import standing_of
from forebear.domain.attachment import Attachment, Grounds
from forebear.domain.outcome import Verdict
from forebear.domain.release import DECISIONS, By
from forebear.domain.roles import refusal
from forebear.graph.declaration import PROSE, Fact, Value, prop


class AttachEvidence(Value):
    """Attaches the result of a measurement of a version, or of an artifact on its hardware target. Forebear refuses a metric
    or a slice that the pack does not define. Nobody can change evidence: newer evidence supersedes it. Forebear evaluates at
    once every release that the evidence concerns. The release may become EVALUATED, a policy of low risk may promote it, or
    it may become a CANDIDATE again."""

    evidence: Fact = prop("The evidence.", names=("Evidence",))
    reason: str | None = prop("A reason, or any remark. It is kept in the audit trail.", default=None, length=PROSE)


def _decide(given: Given) -> Verdict:
    document = given.input["evidence"]
    (grounds,) = given.rows("evidence", Grounds)
    if grounds.artifact and (built := build(given).artifact):
        # By now its lock is held: whoever has put it in quarantine meanwhile is done.
        grounds = replace(grounds, artifact=replace(grounds.artifact, state=built.state))
    found = cases(given)
    if forbidden := refusal(given.actor, "attachEvidence", {c.line.id for c in found}):
        return Verdict(document["id"], reasons=(forbidden,))
    by = By(given.actor, given.now, given.input.get("reason"), given.new_ids("decision", DECISIONS * len(found)))
    return Attachment(document, given.described(document), grounds, found, by).verdict()


def _asks(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the facts statements take: all that the evidence names, and the releases of what it is about."""
    fact = given["evidence"]
    about = next(iter(fact.get("about") or ()), "")
    artifact = about if about.startswith("artifact:") else None
    version = None if artifact else about
    return {
        **standing_of(version=version, artifact=artifact, compared=True),
        "evidence": fact["id"],
        "packs": fact.get("measuredWith") or [],
        "superseded": fact.get("supersedes") or [],
        "intent": None,
        "place": None,
    }


ACTIONS = (Action("attachEvidence", AttachEvidence, ("evidence", "standing", "artifact"), _decide, _asks),)
