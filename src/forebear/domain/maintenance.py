"""Maintenance: what reports tell of it comes to the same, in whatever order they come and however often.

Of one that is reported several times, the interval is the one that all reports lie in, and what was done is all that they name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from forebear.domain.incident import NamedRow
from forebear.domain.outcome import Connect, Describe, Effect, Revise, Update
from forebear.domain.standing import Row
from forebear.graph.ids import composed, named_id, nameof


class MaintenanceRow(Row, frozen=True):
    """Maintenance as it is stored. `lines` are those of the fleets that it was of."""

    id: str
    described: bool = False
    valid_from: str | None = None
    valid_to: str | None = None
    categories: tuple[str, ...] | None = None
    description: str | None = None
    external_ids: tuple[str, ...] = ()
    retracted_at: str | None = None
    at: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


class MaintainedFactsRow(Row, frozen=True):
    """The row of `cypher/actions/maintained_facts.cypher`."""

    known: tuple[MaintenanceRow, ...] = ()
    named: tuple[NamedRow, ...] = ()
    described: tuple[str, ...] = ()


@dataclass(frozen=True)
class MaintenanceWork:
    """A report of maintenance."""

    at: tuple[str, ...]
    since: str
    until: str | None = None
    category: str | None = None
    description: str | None = None
    external_ids: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The id that it gets: made from its first external id, or else from what was done when and where."""
        if self.external_ids:
            return named_id("maintenance", self.external_ids[0])
        where = (nameof(place) for place in sorted(self.at))
        return composed("maintenance:", *where, self.since.replace(".000000", ""), self.category or "maintenance", plain=-1)


def done(id: str, stored: MaintenanceRow | None, works: Sequence[MaintenanceWork]) -> Iterable[Effect]:
    """Return what reports change of maintenance. What was told before changes nothing."""
    present = stored if stored is not None and stored.described and stored.retracted_at is None else MaintenanceRow(id)
    ends = [end for end in (present.valid_to, *(w.until for w in works)) if end is not None]
    values: dict[str, Any] = {
        "validFrom": min(at for at in (present.valid_from, *(w.since for w in works)) if at is not None),
        "validTo": max(ends, default=None),
        "categories": sorted({*(present.categories or ()), *(w.category for w in works if w.category is not None)}) or None,
    }
    before = {"validFrom": present.valid_from, "validTo": present.valid_to}
    before |= {"categories": [*present.categories] if present.categories else None}  # type: ignore[dict-item]
    descriptions = (present.description, *(w.description for w in works))
    description = max((text for text in descriptions if text is not None), default=None)
    names = list(dict.fromkeys((*present.external_ids, *(name for w in works for name in w.external_ids))))
    places = list(dict.fromkeys(place for w in works for place in w.at if place not in present.at))
    if present.valid_from is None:
        new_values = {**values, "description": description, "externalIds": names, "at": places}
        yield Describe({"kind": "MaintenanceEvent", "id": id, **{name: value for name, value in new_values.items() if value}})
        if stored is not None and stored.retracted_at is not None:
            yield Revise(id, {"retractedAt": stored.retracted_at}, {"retractedAt": None})
        return
    if changed := {name: value for name, value in values.items() if value != before[name]}:
        yield Revise(id, {name: before[name] for name in changed}, changed)
    updated: dict[str, Any] = {"description": description} if description != present.description else {}
    if updated := updated | ({"externalIds": names} if len(names) > len(present.external_ids) else {}):
        yield Update(id, updated)
    yield from (Connect(id, "at", place) for place in places)
