"""The intervals in which a release may run, computed from its history: for verification, imports and migrations.

The history of a release is its revisions, the decisions about it and the corrections of its version. Both clocks count: for
each moment of recording, the steps known then are taken in the order of the world.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import msgspec

from forebear.domain.permitted import BEGINNING, ENDS_OVERRIDE, NEVER, STANDS, Permit, PermitState, in_order, later, settled
from forebear.domain.standing import Row
from forebear.graph.kinds.release import Basis, DecisionType, ReleaseState, Verdict


class RevisionRow(Row, frozen=True):
    """A revision: when, by whom and from where."""

    revised_at: str
    revised_by: str | None = None
    revised_from: str | None = None


class FormerStateRow(RevisionRow, frozen=True, kw_only=True):
    """The state of a release until a revision."""

    state: ReleaseState | None = None
    stale_from: str | None = None


class DecisionTextRow(Row, frozen=True, kw_only=True):
    """The values of a decision."""

    type: DecisionType | None = None
    verdict: Verdict | None = None
    digest: str | None = None
    decided_at: str | None = None
    expires_at: str | None = None
    state: ReleaseState | None = None


class FormerDecisionTextRow(DecisionTextRow, frozen=True, kw_only=True):
    """The values of a decision until a revision. Imported history can be completed later."""

    revised_at: str
    revised_by: str | None = None
    revised_from: str | None = None


class DatedDecisionRow(DecisionTextRow, frozen=True, kw_only=True):
    """A decision about the release, with who recorded it, when and from where."""

    id: str
    recorded_at: str
    recorded_by: str | None = None
    source: str | None = None
    imported: bool | None = None
    stood: tuple[FormerDecisionTextRow, ...] = ()

    def as_known(self, moment: str) -> DatedDecisionRow | None:
        """Return the decision as it was known at a moment, or None if it was recorded later."""
        if self.recorded_at > moment:
            return None
        before = next((row for row in self.stood if row.revised_at > moment), None)
        if before is None:
            return self
        return msgspec.structs.replace(self, **{name: getattr(before, name) for name in DecisionTextRow.__struct_fields__})

    @property
    def at(self) -> str:
        """The moment of the decision in the world."""
        return self.decided_at or BEGINNING

    @property
    def moves(self) -> bool:
        """Whether an action may have changed the release by it."""
        return not self.imported and (self.type in _DECIDES or self.type is DecisionType.EVALUATION)


class StoredPermitRow(Row, frozen=True):
    """An interval as it is stored."""

    basis: Basis
    valid_from: str
    recorded_at: str
    valid_to: str | None = None

    @property
    def permit(self) -> Permit:
        """The interval itself."""
        return Permit(self.basis, self.valid_from, self.valid_to)


class ContentCorrectionRow(RevisionRow, frozen=True, kw_only=True):
    """A correction of what makes the version executable, and when it was known for this release."""

    known_at: str


class History(Row, frozen=True):
    """A row of `cypher/permits/history.cypher`: the history of a release, and its stored intervals."""

    id: str
    line: str
    since: str
    """When somebody recorded that the release is in its line."""
    recorded_at: str
    recorded_by: str | None = None
    source: str | None = None
    state: ReleaseState | None = None
    stale_from: str | None = None
    imported: bool | None = None
    stood: tuple[FormerStateRow, ...] = ()
    decisions: tuple[DatedDecisionRow, ...] = ()
    bound: tuple[ContentCorrectionRow, ...] = ()
    permitted: tuple[StoredPermitRow, ...] = ()
    former: tuple[StoredPermitRow, ...] = ()
    """Intervals that were retracted."""


@dataclass(frozen=True)
class KnownPermit:
    """An interval as it was known: who recorded it, when and from where, and until when it was known so."""

    permit: Permit
    recorded_at: str
    recorded_by: str | None = None
    source: str | None = None
    retracted_at: str | None = None
    retracted_by: str | None = None


@dataclass(frozen=True, order=True)
class _Step:
    """A change of a release at a moment of the world. Steps sort in the order in which they count."""

    at: str
    nth: int
    """The order of steps at one moment: decisions come before the release's own values."""
    id: str
    holds: Callable[[PermitState], PermitState] = field(compare=False)
    """Returns the state after the step, given the state before it."""


def derived(history: History) -> list[KnownPermit]:
    """Compute every interval of a release, with when it was known, from its history alone.

    For each moment of recording, the steps known then are taken in the order of the world.
    """
    permits: list[KnownPermit] = []
    current: dict[Permit, int] = {}
    for moment, (by, source) in sorted(_recorders(history).items()):
        after = _settled(_steps(history, moment))
        for permit in current.keys() - after:
            n = current.pop(permit)
            permits[n] = replace(permits[n], retracted_at=moment, retracted_by=by)
        for permit in sorted(after - current.keys(), key=in_order):
            current[permit] = len(permits)
            permits.append(KnownPermit(permit, moment, by, source))
    return permits


def _recorders(history: History) -> dict[str, tuple[str | None, str | None]]:
    """Return the moments of recording that intervals follow from, each with who recorded and from where."""
    recorded = dict.fromkeys((history.recorded_at, history.since), (history.recorded_by, history.source))
    recorded |= {d.recorded_at: (d.recorded_by, d.source) for d in history.decisions}
    recorded |= {row.revised_at: (row.revised_by, row.revised_from) for d in history.decisions for row in d.stood}
    recorded |= {row.known_at: (row.revised_by, row.revised_from) for row in history.bound}
    recorded |= {row.revised_at: (row.revised_by, row.revised_from) for row in history.stood}
    return {at: by for at, by in recorded.items() if at >= history.since}


def _settled(steps: Iterable[_Step]) -> frozenset[Permit]:
    permits: frozenset[Permit] = frozenset()
    holds = PermitState()
    for step in sorted(steps):
        holds = step.holds(holds)
        permits = settled(permits, step.at, holds)
    return permits


_DECIDES = (
    DecisionType.APPROVAL,
    DecisionType.PROMOTION,
    DecisionType.REJECTION,
    DecisionType.WITHDRAWAL,
    DecisionType.DEPRECATION,
    DecisionType.RESTORATION,
    DecisionType.ARCHIVAL,
)
"""The decisions that begin or end an approval."""


_APPROVES = (DecisionType.APPROVAL, DecisionType.PROMOTION)

AFTER_ALL = "~"
"""A moment after all others."""


def _steps(history: History, moment: str) -> Iterator[_Step]:
    """Return the steps of a release that were known at a moment."""
    decisions = [decision for d in history.decisions if (decision := d.as_known(moment))]
    granted = [d for d in decisions if d.verdict is Verdict.GRANTED]
    imported = [d for d in granted if d.imported and d.type in _DECIDES]
    since = max((d.at for d in imported), default=BEGINNING)
    first = history.stood[0] if history.stood else history
    approval = max(((d.at, d.id) for d in imported if d.type in _APPROVES), default=("", ""))
    for d in imported:
        # The moment from which it is stale belongs to its last approval.
        stale_from = first.stale_from if (d.at, d.id) >= approval else None
        yield _Step(d.at, 0, d.id, partial(replace, approved=_approves(d), stale_from=stale_from))
    for d in granted:
        if d.type in ENDS_OVERRIDE:
            yield _Step(d.at, 1, d.id, partial(replace, overridden_until=NEVER))
        elif d.type is DecisionType.OVERRIDE and d.digest is not None:
            yield _Step(d.at, 2, d.id, partial(_overridden, until=d.expires_at))
    for row in history.bound:
        if row.known_at <= moment:
            # An imported decision approved the version as it was then. Later the release's own state counts.
            was = {"approved": False} if history.imported and row.revised_at < since else {}
            yield _Step(row.revised_at, 3, "", partial(replace, overridden_until=NEVER, **was))
    # The state until a revision is in the revision's record, and the current one in the release.
    states = [*((row.state, row.stale_from) for row in history.stood), (history.state, history.stale_from)]
    starts = [history.recorded_at, *(row.revised_at for row in history.stood)]
    latest = AFTER_ALL
    for n in range(len(starts) - 1, -1, -1):
        (state, stale_from), recorded = states[n], starts[n]
        if recorded <= moment:
            at = since if history.imported and n == 0 else _at(recorded, decisions, stale_from)
            # Imported history comes in order: what is recorded earlier happened earlier.
            latest = min(at, latest)
            # Until the last imported decision the decisions say what held. From then on the release does.
            yield _Step(max(latest, since), 4, f"{n:09}", partial(replace, approved=state in STANDS, stale_from=stale_from))


def _at(recorded: str, decisions: Iterable[DatedDecisionRow], stale_from: str | None) -> str:
    """Return when a release became what a revision says: when that was decided or, without a decision, when it was recorded.

    If it is stale since an earlier moment, it became so then. Policies are also recorded afterwards.
    """
    decided = [d.at for d in decisions if d.recorded_at == recorded and d.moves]
    return max(decided, default=min(recorded, stale_from or recorded))


def _approves(d: DatedDecisionRow) -> bool:
    """Return whether an imported decision approves the release."""
    if d.type is DecisionType.RESTORATION:
        return d.state in (ReleaseState.APPROVED, ReleaseState.DEPLOYED)
    return d.type in (*_APPROVES, DecisionType.DEPRECATION)


def _overridden(holds: PermitState, until: str | None) -> PermitState:
    return replace(holds, overridden_until=later(holds.overridden_until, until))


@dataclass(frozen=True)
class Mending:
    """The changes that turn stored intervals into the right ones: rows for `record.cypher` and `retire.cypher`."""

    current: list[dict[str, Any]]
    former: list[dict[str, Any]]
    retired: list[dict[str, Any]]


def mending(history: History, now: str, by: str) -> Mending:
    """Return what to write if the stored intervals of a release are not those that follow from its history.

    Each carries the moments of recording of what caused it, so answers about the past stay the same. An interval that the
    history does not explain is retracted `now`, by `by`.
    """
    every = derived(history)
    current = {k.permit: k for k in every if k.retracted_at is None}
    former = {(k.permit, k.recorded_at): k for k in every if k.retracted_at is not None}
    obsolete = {(row.permit, row.recorded_at) for row in history.permitted if row.permit not in current}
    there = {row.permit for row in history.permitted}
    ends = {"release": history.id, "line": history.line}
    return Mending(
        [{**ends, "properties": _stamped(k)} for permit, k in current.items() if permit not in there],
        [
            {
                **ends,
                "properties": {
                    **_stamped(k),
                    "type": "PERMITTED",
                    "retractedAt": k.retracted_at,
                    "retractedBy": k.retracted_by,
                },
            }
            for key, k in former.items()
            if key not in obsolete and key not in {(row.permit, row.recorded_at) for row in history.former}
        ],
        [
            {
                **ends,
                "basis": permit.basis.value,
                "validFrom": permit.valid_from,
                "retractedAt": former[permit, at].retracted_at if (permit, at) in former else now,
                "retractedBy": former[permit, at].retracted_by if (permit, at) in former else by,
            }
            for permit, at in sorted(obsolete)
        ],
    )


def _stamped(permit: KnownPermit) -> dict[str, Any]:
    return {
        **permit.permit.properties,
        "recordedAt": permit.recorded_at,
        "recordedBy": permit.recorded_by,
        "source": permit.source,
    }
