"""What changed at a place, of a version or around an incident."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from tests.api.memory import Link, Node, State
from tests.api.questions.asking import Asking, Row
from tests.api.questions.view import View

Span = tuple[str, str]
"""From when until when, both included."""

EVER: Span = ("", "~")
EVENTS = {
    "Deployment": "DEPLOYMENT", "Installation": "INSTALLATION", "Incident": "INCIDENT", "MaintenanceEvent": "MAINTENANCE",
    "Decommissioning": "OUT_OF_SERVICE", "Evidence": "EVIDENCE", "Stop": "STOP",
}  # fmt: skip
BELONGINGS = {
    "Site": "SITE",
    "Customer": "CUSTOMER",
    "Fleet": "MEMBERSHIP",
    "Cohort": "MEMBERSHIP",
    "ReleaseLine": "RELEASE_LINE",
}
APART = ("INCIDENT", "MAINTENANCE", "OUT_OF_SERVICE")
"""What does not take the place of another where that ended at the same moment."""


@dataclass(frozen=True)
class Turn:
    """A change of a value; of an interval its beginning or its end."""

    change: str
    node: Node
    at: str | None
    by: str
    before: str | None = None
    after: str | None = None
    ends: bool = False


def changes(asking: Asking) -> Iterator[Row]:
    view, of = asking.view, asking.arguments["of"]
    since, until, types = asking.arguments["from"], asking.arguments.get("to") or asking.now, asking.arguments.get("types")
    spans: dict[Node, set[Span]] = defaultdict(set)
    for subject, span in _subjects(view, of):
        if span[0] <= span[1]:
            spans[subject].add(span)
    found: dict[tuple[Any, ...], str] = {}
    for subject, held in spans.items():
        for place, span_of, turn in _turns(view, of, subject, held):
            if types is not None and turn.change not in types:
                continue
            if turn.at and since <= turn.at < until and any(a <= turn.at <= b for a, b in span_of):
                key = (place, turn.change, turn.at, turn.node, turn.ends, turn.before, turn.after)
                found[key] = min(turn.by, found.get(key, turn.by))
    series: dict[tuple[Any, ...], tuple[list[Any], list[Any]]] = defaultdict(lambda: ([], []))
    for (place, change, at, node, ends, before, after), by in found.items():
        one = node.id if change in APART else node.kind.name
        series[place, change, at, one][0 if ends else 1].append((node.id, before or "", after or "", before, after, by, node))
    derived = {_key(row): row["by"] for row in asking.shown if row["change"] == "PERMISSION"}
    for (place, change, at, _), (gone, come) in series.items():
        for old, new in zip_longest(sorted(gone, key=lambda o: o[:3]), sorted(come, key=lambda n: n[:3])):
            *_, before, after, by, node = new or old
            before = old[3] if old and before is None else before
            columns = {"at": at, "change": change, "subject": place, "before": before, "after": after, "by": by, "node": node}
            # A permission is derived: no fact says who told of it.
            columns["by"] = derived.get((at, place.id, before, after), by) if change == "PERMISSION" else by
            yield Row((at, change, place.id, node.id, before or "", after or ""), columns)


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["at"], row["subject"]["id"], row["before"], row["after"]


# ── whose changes ───────────────────────────────────────────────────────────────────────────────────────────


def _subjects(view: View, of: Node) -> Iterator[tuple[Node, Span]]:
    """What the changes are of, each with when it belonged to what is asked about."""
    if of.kind.name == "ModelVersion":
        builds = view.origins([of], "BUILT_FROM")
        for node in (of, *builds, *view.origins([of, *builds], "OF", "Release")):
            yield node, EVER
        for thing in view.origins(builds, "OF", "Deployment", "Installation"):
            for place in view.ends([thing], "ON"):
                yield place, (_value(view, thing, "validFrom") or "~", _value(view, thing, "validTo") or "~")
        return
    places = [*_surroundings(view, of)]
    lines = view.ends((place for place, span in places if place.kind.name == "Fleet" and span[0] <= span[1]), "IN_LINE")
    for place, span in places:
        yield place, span
        for thing in view.origins([place], "ON", "Deployment", "Installation"):
            begun, over = _value(view, thing, "validFrom"), _value(view, thing, "validTo")
            ran = (max(span[0], begun or "~"), min(span[1], over or "~"))
            if begun is None or span[0] > span[1]:
                continue
            for artifact in view.ends([thing], "OF"):
                versions = view.ends([artifact], "BUILT_FROM")
                releases = view.origins(versions, "OF", "Release")
                for node in (artifact, *versions, *(r for r in releases if view.end(r, "IN_LINE") in lines)):
                    yield node, ran


def _surroundings(view: View, of: Node) -> Iterator[tuple[Node, Span]]:
    """The places that a place or an incident is about, each with when it was."""
    for start in view.ends([of], "AT") if of.kind.name == "Incident" else [of]:
        worked = [(link.source, _within(EVER, link)) for link in view.into(start, ("AT",)) if link.edge.interval]
        for near, held in ((start, EVER), *worked):
            yield from _near(view, near, held)


def _near(view: View, place: Node, held: Span) -> Iterator[tuple[Node, Span]]:
    """A place, what it belongs to and what belongs to it."""
    yield place, held
    for way in _ways(view, place, outwards=True):
        yield way[-1].target, _within(held, *way)
    for way in _ways(view, place, outwards=False):
        yield way[-1].source, _within(held, *way)


def _ways(view: View, place: Node, *, outwards: bool) -> Iterator[tuple[Link, ...]]:
    for link in (view.out if outwards else view.into)(place, ("MEMBER_OF", "PART_OF")):
        yield (link,)
        for way in _ways(view, link.target if outwards else link.source, outwards=outwards):
            yield (link, *way)


def _within(held: Span, *links: Link) -> Span:
    """The part of a span in which all of some links held."""
    begun = max(held[0], *(link.properties["validFrom"] for link in links))
    return begun, min(held[1], *(link.properties.get("validTo") or "~" for link in links))


# ── which changes ───────────────────────────────────────────────────────────────────────────────────────────


def _turns(view: View, of: Node, subject: Node, held: set[Span]) -> Iterator[tuple[Node, set[Span], Turn]]:
    """The changes of one subject: what changed, when that belonged to what is asked about, and the change."""
    happened = [n for t in ("ON", "AT", "ABOUT", "DECOMMISSIONS") for n in view.origins([subject], t, *EVENTS)]
    for node in happened:
        own = of in view.ends(view.ends([node], "OF"), "BUILT_FROM")
        for turn in _of_event(view, node):
            yield subject, {EVER} if own else held, turn
    for link in view.out(subject, ("MEMBER_OF", "PART_OF", "AT", "FOR", "IN_LINE", "PERMITTED")):
        basis = link.properties.get("basis")
        if "validFrom" in link.properties:
            change = "PERMISSION" if basis else BELONGINGS[link.target.kind.name]
            yield from ((subject, held, turn) for turn in _of_link(change, link, link.target, basis or link.target.id))
    if subject.kind.name == "Fleet" or of.kind.name == "ModelVersion":
        for runs in view.out(subject, ("IN_LINE",)):
            both = {_within(span, runs) for span in held} if runs.edge.interval else held
            for link in view.into(runs.target, ("GOVERNS",)):
                yield from ((runs.target, both, turn) for turn in _of_link("POLICY", link, link.source, link.source.id))
    if subject.kind.name == "Robot":
        yield from ((subject, held, turn) for turn in _told(view, subject, "software", "ROBOT_SOFTWARE"))
    for name, state in (("quarantinedAt", "QUARANTINED"), ("deletedAt", "DELETED")):
        if subject.kind.name == "Artifact":
            at = _value(view, subject, name)
            before, by = _before(view, subject, lambda s, name=name, at=at: s.values.get(name) == at)
            yield subject, held, Turn("ARTIFACT_STATE", subject, at, by, before and before.values.get("state"), state)


def _of_event(view: View, node: Node) -> Iterator[Turn]:
    kind = node.kind.name
    value = {
        "Incident": lambda: _value(view, node, "category"),
        "MaintenanceEvent": lambda: ", ".join(found) if (found := _value(view, node, "categories")) else None,
        "Decommissioning": lambda: _value(view, node, "reason"),
        "Stop": lambda: _value(view, node, "reason"),
        "Evidence": lambda: _value(view, node, "type"),
    }.get(kind, lambda: getattr(view.end(node, "OF"), "id", None))()
    for name in ("validFrom", "validTo", "measuredAt", "requestedAt"):
        if (at := _value(view, node, name)) is not None:
            _, by = _before(view, node, lambda s, name=name, at=at: s.values.get(name) == at)
            before, after = (value, None) if name == "validTo" else (None, value)
            yield Turn(EVENTS[kind], node, at, by, before, after, ends=name == "validTo")
    if kind == "Incident":
        yield from _told(view, node, "state", "INCIDENT_STATE")
        yield from _told(view, node, "severity", "INCIDENT_SEVERITY")
    before = None
    for report in (_value(view, node, "reports") or ()) if kind == "Deployment" else ():
        _, by = _before(view, node, lambda s, at=report["at"]: at in [r["at"] for r in s.values.get("reports") or ()])
        yield Turn("DEPLOYMENT_STATE", node, report["at"], by, before, report["state"])
        before = report["state"]


def _told(view: View, node: Node, name: str, change: str) -> Iterator[Turn]:
    state = node.state(view.time.known)
    before = None
    for at, value in state.told.get(name, ()) if state else ():
        if value != before:
            _, by = _before(view, node, lambda s, at=at: at in [moment for moment, _ in s.told.get(name, ())])
            yield Turn(change, node, at, by, before, value)
        before = value


def _of_link(change: str, link: Link, node: Node, value: str) -> Iterator[Turn]:
    said = [
        other
        for other in link.source.outgoing
        if (other.edge.type, other.target, other.properties.get("validFrom"))
        == (link.edge.type, link.target, link.properties["validFrom"])
        and (other is link or (other.retracted_at is not None and other.recorded[0] < link.recorded[0]))
    ]
    first = min(said, key=lambda other: other.recorded[0])
    yield Turn(change, node, link.properties["validFrom"], first.recorded[1], None, value)
    yield Turn(change, node, link.properties.get("validTo"), link.recorded[1], value, None, ends=True)


def _value(view: View, node: Node, name: str) -> Any:
    state = node.state(view.time.known)
    return state.values.get(name) if state else None


def _before(view: View, node: Node, says: Callable[[State], bool]) -> tuple[State | None, str]:
    """The last state of a node that did not say a thing yet, if there is one, and who said it then."""
    changed = [
        (old, new)
        for old, new in zip(node.states, node.states[1:], strict=False)
        if new.revision > old.revision and (view.time.known is None or new.since <= view.time.known) and not says(old)
    ]
    return (changed[-1][0], changed[-1][1].by) if changed else (None, node.recorded[1])
