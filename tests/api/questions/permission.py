"""What lets an artifact run at a moment: its version's standing in the lines of the fleets that it runs on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.api.memory import Link, Memory, Node, State, Time
from tests.api.questions.view import View

GRANTING = ("APPROVAL", "PROMOTION", "DEPRECATION")
BEGINNING = "0001-01-01T00:00:00.000000Z"
STANDS = ("APPROVED", "DEPLOYED", "DEPRECATED")
TAKING = ("REJECTION", "WITHDRAWAL", "DEPRECATION", "ARCHIVAL")
MOVING = (*GRANTING, "REJECTION", "WITHDRAWAL", "RESTORATION", "ARCHIVAL")
DECIDED_ABOUT = frozenset(
    {
        "weightsDigest", "normalizationDigest", "actionSpaceDigest", "controllerDigest", "sensors", "actionSpace", "rateHz",
        "memoryMib", "robotSoftware",
    }
)  # fmt: skip
"""The properties of a version that a decision is about: it says nothing of other values."""

STRENGTH = ("APPROVAL", "OVERRIDE", "STALE_APPROVAL", None)
"""What something runs on, the weakest last."""


def usable(view: View, artifact: Node) -> bool:
    """Whether an artifact may be used; one of which nobody said so may not."""
    gone = view.get(artifact, "quarantinedAt") or view.get(artifact, "deletedAt") or ""
    return view.get(artifact, "state") == "AVAILABLE" or gone > view.time.at


def basis(view: View, artifact: Node | None, fleets: Iterable[Node]) -> str | None:
    """What lets an artifact run on all of some fleets: the weakest of what lets it run on each; None where one has nothing or
    a recall names it."""
    found = [_on(view, artifact, fleet) for fleet in fleets] if artifact and not recalls(view, artifact) else []
    return max(found, key=STRENGTH.index, default=None)


def recalls(view: View, thing: Node | None) -> list[Node]:
    """The recalls that stand and name a thing, something that it descends from, or the dataset or model of that."""
    sources = view.walk([thing], view.lineage, inwards=False) if thing else ()
    named = view.origins([*sources, *view.ends(sources, "VERSION_OF")], "RECALLS")
    return [recall for recall in named if view.current(recall, view.time.at)]


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
    return min(_ways(view, release, [version]), default=None)


def _ways(view: View, release: Node, versions: list[Node]) -> set[str]:
    """All that lets a release go on running at the moment that is asked about."""
    decisions = [d for d in view.origins([release], "ABOUT", "Decision") if view.get(d, "verdict") == "GRANTED"]
    approved, stale = _approval(view, release, [d for d in decisions if view.get(d, "type") in MOVING], versions)
    ways = {"STALE_APPROVAL" if stale is not None and stale <= view.time.at else "APPROVAL"} if approved else set()
    return ways | {"OVERRIDE" for d in decisions if _overrides(view, d, decisions, versions)}


def intervals(view: View, release: Node) -> set[tuple[str, str, str | None]]:
    """When a release may go on running on which basis: `(basis, from, to)`, found by looking at every moment at which
    something may change."""
    moments = {BEGINNING}
    for decision in view.origins([release], "ABOUT", "Decision"):
        moments |= {moment for name in ("decidedAt", "expiresAt") if (moment := view.get(decision, name))}
    for node in (release, *view.ends([release], "OF")):
        moments |= {moment for state in node.states for moment in (state.since, state.values.get("staleFrom")) if moment}
    ordered = sorted(moments)
    found: list[tuple[str, str, str | None]] = []
    open: dict[str, str] = {}
    for moment in ordered:
        ways = _ways(View(view.memory, Time(moment, view.time.known)), release, view.ends([release], "OF"))
        found += [(basis, open.pop(basis), moment) for basis in [*open] if basis not in ways]
        open |= {basis: moment for basis in ways if basis not in open}
    return {*found, *((basis, since, None) for basis, since in open.items())}


def permit(memory: Memory, stamp: tuple[str, str, str]) -> None:
    """Has the intervals of all releases follow from what was recorded at a moment."""
    for release in [node for node in memory.nodes.values() if node.kind.name == "Release"]:
        line = next((link for link in release.outgoing if link.edge.name == "line"), None)
        if line is None:
            continue
        held = [link for link in release.outgoing if link.edge.derived and link.retracted_at is None]
        follow = intervals(View(memory, Time(stamp[0], None)), release)
        for link in held:
            given = (link.properties["basis"], link.properties["validFrom"], link.properties.get("validTo"))
            if given in follow:
                follow.remove(given)
            else:
                link.retracted_at = stamp[0]
        for basis, since, until in sorted(follow, key=lambda each: each[:2]):
            properties = {"basis": basis, "validFrom": since, **({"validTo": until} if until else {})}
            edge = next(e for e in release.kind.edges if e.derived)
            memory.add(Link(edge, release, line.target, properties, stamp))


def _approval(view: View, release: Node, moving: list[Node], versions: list[Node]) -> tuple[bool, str | None]:
    """Whether an approval stood at the moment that is asked about, and from when it is stale: by the last decision until then;
    after the last of all by the release itself, as it was recorded and revised."""
    at = view.time.at

    def order(d: Node) -> tuple[str, str]:
        return view.get(d, "decidedAt") or BEGINNING, d.id

    ends = max((order(d)[0] for d in moving), default=BEGINNING)
    revisions = [*_stood(view, release)]
    if at < ends:
        before = max((d for d in moving if order(d)[0] <= at), key=order, default=None)
        if before is None or not _grants(view, before) or _changed(view, versions, before):
            return False, None
        approval = max((order(d) for d in moving if view.get(d, "type") in ("APPROVAL", "PROMOTION")), default=("", ""))
        return True, revisions[0].values.get("staleFrom") if revisions and order(before) >= approval else None
    then: State | None = None
    latest = "~"
    for n, state in reversed([*enumerate(revisions)]):
        since = min(state.since, state.values.get("staleFrom") or state.since) if n else ends
        latest = min(latest, since)
        if latest <= at:
            then = state
            break
    return then is not None and then.values.get("state") in STANDS, then.values.get("staleFrom") if then else None


def _stood(view: View, release: Node) -> Iterator[State]:
    """The states of a release that were known, one for each revision."""
    known = [s for s in release.states if s.described_at and (view.time.known is None or s.since <= view.time.known)]
    revisions: dict[int, State] = {}
    for state in known:
        revisions.setdefault(state.revision, state)
    return iter(revisions.values())


def _grants(view: View, decision: Node) -> bool:
    restored = view.get(decision, "type") == "RESTORATION" and view.get(decision, "state") in ("APPROVED", "DEPLOYED")
    return restored or view.get(decision, "type") in GRANTING


def _overrides(view: View, override: Node, decisions: Iterable[Node], versions: list[Node]) -> bool:
    at, decided, until = view.time.at, view.get(override, "decidedAt") or BEGINNING, view.get(override, "expiresAt")
    return (
        view.get(override, "type") == "OVERRIDE"
        and view.get(override, "digest") is not None
        and decided <= at < (until or "~")
        and not any(
            view.get(d, "type") in TAKING and decided < (view.get(d, "decidedAt") or BEGINNING) <= at for d in decisions
        )
        and not _changed(view, versions, override)
    )


def _changed(view: View, versions: list[Node], decision: Node) -> bool:
    """Whether what a decision is about was put right since, by the moment that is asked about."""
    decided = view.get(decision, "decidedAt") or BEGINNING
    return any(
        decided < since <= view.time.at and (view.time.known is None or since <= view.time.known)
        for version in versions
        for since, names in _revisions(version)
        if names & DECIDED_ABOUT
    )


def _revisions(node: Node) -> Iterator[tuple[str, frozenset[str]]]:
    """When a node's values were changed, and which."""
    for old, new in zip(node.states, node.states[1:], strict=False):
        if new.revision > old.revision:
            names = old.values.keys() | new.values.keys()
            yield new.since, frozenset(name for name in names if old.values.get(name) != new.values.get(name))
