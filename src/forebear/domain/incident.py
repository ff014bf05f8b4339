"""Incidents: what reports tell of one comes to the same history, in whatever order they come and however often.

An incident is what was told of it: its state, its severity and its category, each with the moment from which it holds, and the
intervals of reports. Nothing that was told is lost, and what holds now is the newest. Of two that hold from the same moment the
later in the order of their values counts, so that an incident which is reported again is open only from a later moment on. The
present values follow from all that was told, and never from the order in which it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forebear.domain.outcome import Connect, Describe, Effect, Revise, Update
from forebear.domain.standing import Row
from forebear.graph.declaration import camel
from forebear.graph.document import json_text
from forebear.graph.ids import composed, named_id, nameof
from forebear.graph.kinds.incident import IncidentState, Severity

Told = tuple[tuple[str, str], ...]
"""Values that were told, each behind the moment from which it holds, in order."""

ORDERS: Mapping[str, tuple[str, ...]] = {"state": tuple(IncidentState), "severity": tuple(Severity), "category": ()}
"""The told properties, and the orders of their values. An open vocabulary has the order of its texts."""


class StoredIncidentRow(Row, frozen=True):
    """A stored incident. `lines` are those of the fleets that it happened at."""

    id: str
    described: bool = False
    valid_from: str | None = None
    valid_to: str | None = None
    state: str | None = None
    state_told: tuple[str, ...] | None = None
    state_since: tuple[str, ...] | None = None
    severity: str | None = None
    severity_told: tuple[str, ...] | None = None
    severity_since: tuple[str, ...] | None = None
    category: str | None = None
    category_told: tuple[str, ...] | None = None
    category_since: tuple[str, ...] | None = None
    intervals: str | None = None
    measured: str | None = None
    logs: tuple[str, ...] | None = None
    description: str | None = None
    external_ids: tuple[str, ...] = ()
    retracted_at: str | None = None
    at: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    duplicate_of: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()

    def value(self, name: str) -> Any:
        """Return a property as the graph holds it."""
        value = getattr(self, name if name.islower() else _SNAKE[name])
        return list(value) or None if isinstance(value, tuple) else value

    def ends(self, edge: str) -> tuple[str, ...]:
        """Return where an edge leads."""
        return {"at": self.at, "artifacts": self.artifacts, "duplicateOf": self.duplicate_of}[edge]


_SNAKE = {camel(name): name for name in StoredIncidentRow.__struct_fields__}


class NamedRow(Row, frozen=True):
    """A name in another system, and the incident that has it."""

    name: str
    id: str


class ReportedFactsRow(Row, frozen=True):
    """The row of `cypher/actions/reported_facts.cypher`."""

    known: tuple[StoredIncidentRow, ...] = ()
    named: tuple[NamedRow, ...] = ()
    described: tuple[str, ...] = ()


@dataclass(frozen=True)
class IncidentInterval:
    """The interval of an incident, in the report that holds from a moment."""

    as_of: str
    since: str
    until: str | None = None

    @property
    def document(self) -> dict[str, str]:
        """It as the graph keeps it."""
        document = {"asOf": self.as_of, "validFrom": self.since, "validTo": self.until}
        return {name: value for name, value in document.items() if value is not None}


@dataclass(frozen=True)
class IncidentTelling:
    """What somebody tells of an incident, and the moment from which it holds.

    `now`: whether nobody gave the moment. What repeats the present values then changes nothing.
    """

    as_of: str
    state: str | None = None
    severity: str | None = None
    category: str | None = None
    interval: IncidentInterval | None = None
    now: bool = False
    description: str | None = None
    measured: tuple[Mapping[str, Any], ...] = ()
    logs: tuple[str, ...] = ()
    external_ids: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    duplicate_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class IncidentHistory:
    """All that was told of an incident."""

    told: Mapping[str, Told]
    intervals: tuple[IncidentInterval, ...] = ()

    @staticmethod
    def of(stored: StoredIncidentRow) -> IncidentHistory:
        """Return the history of an incident. One that only a fact recorded was open from its beginning until its end."""
        told: dict[str, Told] = {name: tuple(zip(*_kept(stored, name), strict=True)) for name in ORDERS}
        intervals = tuple(
            IncidentInterval(i["asOf"], i["validFrom"], i.get("validTo")) for i in json.loads(stored.intervals or "[]")
        )
        if stored.intervals is None and stored.valid_from is not None:
            intervals = (IncidentInterval(stored.valid_from, stored.valid_from, stored.valid_to),)
            if not told["state"]:
                over = () if stored.valid_to is None else ((stored.valid_to, IncidentState.RESOLVED.value),)
                told["state"] = _in_order("state", ((stored.valid_from, IncidentState.OPEN.value), *over))
        return IncidentHistory(told, intervals)

    def with_(self, telling: IncidentTelling) -> IncidentHistory:
        """It with what somebody tells besides."""
        told = dict(self.told)
        for name in ORDERS:
            value = getattr(telling, name)
            repeats = telling.now and self.present(name) == value
            if value is not None and not repeats:
                told[name] = _in_order(name, (*told[name], (telling.as_of, value)))
        intervals = self.intervals
        if (interval := telling.interval) is not None:
            # A report tells that it was open when it began, whenever it holds from.
            told["state"] = _in_order("state", (*told["state"], (interval.since, IncidentState.OPEN.value)))
            intervals = tuple(sorted({*intervals, interval}, key=lambda i: (i.as_of, i.since, i.until or "")))
        return IncidentHistory(told, intervals)

    def present(self, name: str) -> str | None:
        """Return the current value of a property."""
        return self.told[name][-1][1] if self.told[name] else None

    @property
    def newest(self) -> str:
        """The newest moment from which anything holds."""
        return max(at for told in self.told.values() for at, _ in told)

    @property
    def began(self) -> str:
        """When it began: the earliest beginning in a report, or the earliest moment of anything told."""
        reported = [i.since for i in self.intervals]
        return min(reported or [at for told in self.told.values() for at, _ in told])

    @property
    def over(self) -> str | None:
        """When it was over after it was last open: in the newest report, or when it stopped being open."""
        states = self.told["state"]
        opened = max((n for n, (_, state) in enumerate(states) if state == IncidentState.OPEN), default=-1)
        since = states[opened][0] if opened >= 0 else ""
        ends = [i.until for i in self.intervals if i.until is not None and i.as_of >= since]
        closed = [at for at, _ in states[opened + 1 :]]
        return ends[-1] if ends else min(closed, default=None)

    @property
    def values(self) -> dict[str, Any]:
        """Return what the graph keeps of it."""
        values: dict[str, Any] = {"validFrom": self.began, "validTo": self.over}
        values["intervals"] = json_text([i.document for i in self.intervals])
        for name, told in self.told.items():
            values[name] = self.present(name)
            values[f"{name}Told"] = [value for _, value in told] or None
            values[f"{name}Since"] = [at for at, _ in told] or None
        return values


def _kept(stored: StoredIncidentRow, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    told, since = getattr(stored, f"{name}_told"), getattr(stored, f"{name}_since")
    value = getattr(stored, name)
    if not since and value is not None and stored.valid_from is not None:
        # An older version kept no moments.
        return (stored.valid_from,), (value,)
    return since or (), told or ()


def _in_order(name: str, told: Iterable[tuple[str, str]]) -> Told:
    order = ORDERS[name]
    return tuple(sorted({*told}, key=lambda pair: (pair[0], order.index(pair[1]) if order else 0, pair[1])))


def id_of(telling: IncidentTelling) -> str:
    """Return the id of a reported incident: made from its first external id, or else from what happened when and where."""
    if telling.external_ids:
        return named_id("incident", telling.external_ids[0])
    since = telling.interval.since if telling.interval else telling.as_of
    where = (nameof(place) for place in sorted(telling.at))
    return composed("incident:", *where, since.replace(".000000", ""), telling.category or "incident", plain=-1)


def told(id: str, stored: StoredIncidentRow | None, tellings: Sequence[IncidentTelling]) -> Iterable[Effect]:
    """Return what tellings change of an incident. What was told before changes nothing."""
    present = stored if stored is not None and stored.described and stored.retracted_at is None else None
    before = IncidentHistory.of(present or StoredIncidentRow(id))
    after = before
    for telling in tellings:
        after = after.with_(telling)
    values = after.values if after != before else {}
    values |= _added(present or StoredIncidentRow(id), tellings)
    edges = {
        "at": _ends(t.at for t in tellings),
        "artifacts": _ends(t.artifacts for t in tellings),
        "duplicateOf": _ends(t.duplicate_of for t in tellings),
    }
    newest = max(tellings, key=lambda t: (t.description is not None, t.as_of, t.description or ""))
    names = _ends(t.external_ids for t in tellings)
    if present is not None:
        if values := {name: value for name, value in values.items() if value != present.value(name)}:
            yield Revise(id, {name: present.value(name) for name in values}, values)
        yield from _updated(present, newest, names, is_newest=newest.as_of >= before.newest)
        for edge, ends in edges.items():
            yield from (Connect(id, edge, end) for end in ends if end not in present.ends(edge))
        return
    values_told = {"validFrom": values.pop("validFrom"), "description": newest.description, "externalIds": names, **edges}
    yield Describe({"kind": "Incident", "id": id, **{name: value for name, value in values_told.items() if value}}, values)
    if stored is not None and stored.retracted_at is not None:
        yield Revise(id, {"retractedAt": stored.retracted_at}, {"retractedAt": None})


def _ends(each: Iterable[tuple[str, ...]]) -> list[str]:
    return list(dict.fromkeys(id for ids in each for id in ids))


def _added(stored: StoredIncidentRow, tellings: Sequence[IncidentTelling]) -> dict[str, Any]:
    """Return the measurements and links to logs, with those of the tellings."""
    added: dict[str, Any] = {}
    if measured := [m for t in tellings for m in t.measured]:
        each = {json_text(m): m for m in (*json.loads(stored.measured or "[]"), *measured)}
        added["measured"] = json_text([each[text] for text in sorted(each)])
    if logs := {link for t in tellings for link in t.logs}:
        added["logs"] = sorted({*(stored.logs or ()), *logs})
    return added


def _updated(stored: StoredIncidentRow, telling: IncidentTelling, names: Iterable[str], *, is_newest: bool) -> Iterable[Effect]:
    """Return the description of the newest report, and the names that the incident lacks."""
    values: dict[str, Any] = {}
    if telling.description not in (None, stored.description) and (is_newest or stored.description is None):
        values["description"] = telling.description
    if new := [name for name in names if name not in stored.external_ids]:
        values["externalIds"] = [*stored.external_ids, *new]
    if values:
        yield Update(stored.id, values)
