"""What a release may go on running on, and when: the intervals of its `PERMITTED` edges.

An approval lets a release run until somebody withdraws it, it becomes stale, or the release is archived. A stale approval and
an override also let it go on. Each is an interval of its own, and intervals may overlap. To *start* something,
`domain.permission` asks for more.

The intervals follow from decisions, policies and corrections. Each change of a release is a step: `settled` ends and begins
intervals, and writes the end of a grace ahead. `following` takes that step for an action, and `domain.permit_history` takes all
steps of a release's history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forebear.domain.outcome import Connect, Describe, Disconnect, Effect, Revise
from forebear.domain.standing import BOUND
from forebear.graph.kinds.release import Basis, DecisionType, ReleaseState, Verdict

EDGE = "permittedIn"
"""The edge that holds an interval, from a release to its line."""

BEGINNING = "0001-01-01T00:00:00.000000Z"
"""The beginning of an interval if nobody says when it began, such as an imported approval without a decision."""

STANDS = (ReleaseState.APPROVED, ReleaseState.DEPLOYED, ReleaseState.DEPRECATED)
"""The states in which an approval lets a release go on running."""

ENDS_OVERRIDE = (DecisionType.REJECTION, DecisionType.WITHDRAWAL, DecisionType.DEPRECATION, DecisionType.ARCHIVAL)
"""The decisions against a release that also end its override."""


@dataclass(frozen=True, order=True)
class Permit:
    """A release may go on running on a basis, from a moment until another (exclusive), or until further notice."""

    basis: Basis
    valid_from: str
    valid_to: str | None = None

    def __str__(self) -> str:
        until = f" until {self.valid_to}" if self.valid_to else ""
        return f"{self.basis} since {self.valid_from}{until}"

    @property
    def properties(self) -> dict[str, str]:
        """The properties of its edge."""
        end = {} if self.valid_to is None else {"validTo": self.valid_to}
        return {"basis": self.basis.value, "validFrom": self.valid_from, **end}

    @classmethod
    def stored(cls, properties: Mapping[str, Any]) -> Permit:
        """Return the permit that the properties of an edge hold."""
        return cls(Basis(properties["basis"]), properties["validFrom"], properties.get("validTo"))


NEVER = ""
"""The end of an override that is not in force: a moment before all others."""


@dataclass(frozen=True)
class PermitState:
    """The state of a release after a step: whether it is approved, from when that is stale, and until when an override lasts.

    `NEVER`: there is no override. None: it lasts for good.
    """

    approved: bool = False
    stale_from: str | None = None
    overridden_until: str | None = NEVER


def settled(before: Iterable[Permit], at: str, holds: PermitState) -> frozenset[Permit]:
    """Return the intervals after a step at a moment. Those before it stay, and from then on there is what `holds`."""
    ahead: dict[Basis, tuple[str, str | None]] = {}
    if holds.approved:
        stale = holds.stale_from
        if stale is None or stale > at:
            ahead[Basis.APPROVAL] = (at, stale)
        if stale is not None:
            ahead[Basis.STALE_APPROVAL] = (max(at, stale), None)
    if holds.overridden_until is None or holds.overridden_until > at:
        ahead[Basis.OVERRIDE] = (at, holds.overridden_until)
    after = set()
    for permit in before:
        if permit.valid_to is not None and permit.valid_to < at:
            after.add(permit)
        elif permit.valid_from < at:
            since, until = ahead.get(permit.basis, (None, None))
            goes_on = since == at
            after.add(Permit(permit.basis, permit.valid_from, until if goes_on else at))
            if goes_on:
                del ahead[permit.basis]
    return frozenset(after | {Permit(basis, *interval) for basis, interval in ahead.items()})


def following(rows: Iterable[Mapping[str, Any]], effects: Sequence[Effect], now: str) -> tuple[Connect | Disconnect, ...]:
    """Return how the intervals of releases change with the effects of an action. Most actions change none.

    `rows` are those of `cypher/actions/standing_facts.cypher`, before the action.
    """
    releases = {row["release"]["id"]: row for row in rows if row["release"] is not None}
    new = {e.id: e.document for e in effects if isinstance(e, Describe) and e.document["kind"] == "Release"}
    changes: list[Connect | Disconnect] = []
    for id in (*releases, *(id for id in new if id not in releases)):
        row = releases.get(id)
        before = frozenset(Permit.stored(each) for each in row["permitted"]) if row else frozenset()
        line = str(row["line"]["id"] if row else new[id]["line"])
        holds = _after(id, row, before, effects, now)
        if holds is not None:
            changes += _changed(id, line, before, settled(before, now, holds))
    return tuple(changes)


def _after(
    id: str, row: Mapping[str, Any] | None, before: Iterable[Permit], effects: Iterable[Effect], now: str
) -> PermitState | None:
    """Return the state of a release after effects, or None if no effect changes it."""
    release = row["release"] if row else {}
    state, stale_from = release.get("state", ReleaseState.CANDIDATE), release.get("staleFrom")
    ends = (p.valid_to for p in before if p.basis is Basis.OVERRIDE and (p.valid_to is None or p.valid_to > now))
    until: str | None = next(ends, NEVER)
    concerned = False
    for effect in effects:
        match effect:
            case Revise(changed, _, after) if changed == id and after.keys() & {"state", "staleFrom"}:
                state, stale_from = after.get("state", state), after.get("staleFrom", stale_from)
                concerned = True
            case Revise(changed, _, after) if row and changed == row["version"]["id"] and after.keys() & BOUND:
                until, concerned = NEVER, True
            case Describe(document) if document["kind"] == "Decision" and id in document["about"]:
                if document["verdict"] != Verdict.GRANTED:
                    continue
                if document["type"] in ENDS_OVERRIDE:
                    until, concerned = NEVER, True
                elif document["type"] == DecisionType.OVERRIDE:
                    until, concerned = later(until, document.get("expiresAt")), True
    return PermitState(state in STANDS, stale_from, until) if concerned else None


def later(until: str | None, other: str | None) -> str | None:
    """Return the later of two ends."""
    return None if until is None or other is None else max(until, other)


def _changed(id: str, line: str, before: frozenset[Permit], after: frozenset[Permit]) -> Iterator[Connect | Disconnect]:
    for permit in sorted(before - after, key=in_order):
        yield Disconnect(id, EDGE, line, {"basis": permit.basis.value, "validFrom": permit.valid_from})
    for permit in sorted(after - before, key=in_order):
        yield Connect(id, EDGE, line, permit.properties)


def in_order(permit: Permit) -> tuple[str, str]:
    """Return the sort key of an interval: its beginning."""
    return permit.valid_from, permit.basis.value
