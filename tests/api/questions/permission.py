"""What lets an artifact run at a moment: its version's standing in the lines of the fleets that it runs on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.api.memory import Node
from tests.api.questions.view import View

GRANTING = ("APPROVAL", "PROMOTION", "DEPRECATION")
TAKING = ("REJECTION", "WITHDRAWAL", "DEPRECATION", "ARCHIVAL")
MOVING = (*GRANTING, "REJECTION", "WITHDRAWAL", "RESTORATION", "ARCHIVAL")
DECIDED_ABOUT = frozenset(
    {
        "weightsDigest", "normalizationDigest", "actionSpaceDigest", "controllerDigest", "sensors", "actionSpace", "rateHz",
        "memoryMib", "robotSoftware",
    }
)  # fmt: skip
"""The properties of a version that a decision is about: it says nothing of other values."""

STRENGTH = ("APPROVAL", "STALE_APPROVAL", "OVERRIDE", None)
"""What something runs on, the weakest last."""


def usable(view: View, artifact: Node) -> bool:
    """Whether an artifact may be used; one of which nobody said so may not."""
    return bool(view.get(artifact, "state") == "AVAILABLE")


def basis(view: View, artifact: Node | None, fleets: Iterable[Node]) -> str | None:
    """What lets an artifact run on all of some fleets: the weakest of what lets it run on each; None where one has nothing."""
    found = [_on(view, artifact, fleet) for fleet in fleets] if artifact else []
    return max(found, key=STRENGTH.index, default=None)


def _on(view: View, artifact: Node, fleet: Node) -> str | None:
    """What lets an artifact run on a fleet: an approval, an override or a stale approval, whichever of its lines has it."""
    if any(view.current(out, view.time.at) for out in view.origins([fleet], "DECOMMISSIONS")):
        return None
    lines = {link.target for link in view.out(fleet, ("IN_LINE",)) if link.holds(view.time.at)}
    targets = view.ends([artifact], "FOR")
    found = [
        _of(view, release, version)
        for version in view.ends([artifact], "BUILT_FROM")
        for release in view.origins([version], "OF", "Release")
        for line in view.ends([release], "IN_LINE")
        if line in lines and set(view.ends([line], "FOR")) & set(targets)
    ]
    return min((way for way in found if way), default=None)


def _of(view: View, release: Node, version: Node) -> str | None:
    at = view.time.at
    decisions = [d for d in view.origins([release], "ABOUT", "Decision") if view.get(d, "verdict") == "GRANTED"]
    moving = [d for d in decisions if view.get(d, "type") in MOVING]
    if any((view.get(d, "decidedAt") or "") > at for d in moving):
        before = [d for d in moving if (view.get(d, "decidedAt") or "") <= at]
        last = max(before, key=lambda d: (view.get(d, "decidedAt") or "", d.id), default=None)
        approved = last is not None and _grants(view, last) and not _changed(view, version, last)
    else:
        approved = view.get(release, "state") in ("APPROVED", "DEPLOYED", "DEPRECATED")
    stale = view.get(release, "staleFrom")
    if approved and (stale is None or stale > at):
        return "APPROVAL"
    if any(_overrides(view, d, decisions, version) for d in decisions):
        return "OVERRIDE"
    return "STALE_APPROVAL" if approved else None


def _grants(view: View, decision: Node) -> bool:
    restored = view.get(decision, "type") == "RESTORATION" and view.get(decision, "state") in ("APPROVED", "DEPLOYED")
    return restored or view.get(decision, "type") in GRANTING


def _overrides(view: View, override: Node, decisions: Iterable[Node], version: Node) -> bool:
    at, decided, until = view.time.at, view.get(override, "decidedAt"), view.get(override, "expiresAt")
    return (
        view.get(override, "type") == "OVERRIDE"
        and view.get(override, "digest") is not None
        and (decided or "") <= at < (until or "~")
        and not any(
            decided and view.get(d, "type") in TAKING and decided < (view.get(d, "decidedAt") or "") <= at for d in decisions
        )
        and not _changed(view, version, override)
    )


def _changed(view: View, version: Node, decision: Node) -> bool:
    """Whether what a decision is about was put right since, by the moment that is asked about."""
    decided = view.get(decision, "decidedAt")
    return decided is not None and any(
        decided < since <= view.time.at and (view.time.known is None or since <= view.time.known)
        for since, names in _revisions(version)
        if names & DECIDED_ABOUT
    )


def _revisions(node: Node) -> Iterator[tuple[str, frozenset[str]]]:
    """When a node's values were changed, and which."""
    for old, new in zip(node.states, node.states[1:], strict=False):
        if new.revision > old.revision:
            names = old.values.keys() | new.values.keys()
            yield new.since, frozenset(name for name in names if old.values.get(name) != new.values.get(name))
