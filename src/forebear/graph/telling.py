"""Tellings: the values of a property that changes in the world, each with the moment from which it holds.

All tellings of a property are kept with the node, as two lists in the order of those moments. The last one is the present
value, and the property's own. So the order in which they arrive does not matter. Of two with the same moment, the later
recorded one holds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from forebear.graph.declaration import Property
from forebear.graph.values import agree


@dataclass(frozen=True, slots=True)
class Telling:
    """One value of a property, and from when it holds. None: from its recording on."""

    of: Property
    value: Any
    as_of: str | None

    @property
    def row(self) -> dict[str, Any]:
        """Return it as a statement looks for it."""
        return {"told": self.of.told, "since": self.of.since, "value": self.value, "asOf": self.as_of}


def stored_tellings(stored: Mapping[str, Any], tellings: Iterable[Telling], now: str) -> dict[str, Any]:
    """Return the stored values of the properties that tellings are about, once they are recorded at `now`.

    A telling that is on record changes nothing, nor does one without a moment that repeats the present value.
    """
    after: dict[str, Any] = {}
    # Tellings that hold from now on come last.
    for telling in sorted(tellings, key=lambda t: t.as_of is None):
        p, value, as_of = telling.of, telling.value, telling.as_of
        values, since = _tellings({**stored, **after}, p, now)
        pairs = [*zip(values, since, strict=True)]
        is_stored = any(at == as_of and agree(p, v, value) for v, at in pairs)
        if is_stored or (as_of is None and values and agree(p, values[-1], value)):
            continue
        if as_of is None and (value, now) in pairs:
            del values[pairs.index((value, now))], since[pairs.index((value, now))]
        # What holds from now on is the newest, also if a sender whose clock is ahead told something before.
        at = as_of or max([now, *since[-1:]])
        place = bisect_right(since, at)
        values.insert(place, value)
        since.insert(place, at)
        after |= _stored(p, values, since)
    return after


def corrected(stored: Mapping[str, Any], p: Property, value: Any, as_of: str | None, now: str) -> dict[str, Any]:
    """Return the stored values of a property after a correction of the telling that holds at a moment. Null removes it.

    Without a moment it is the present one. If none holds then, the value is told.
    """
    values, since = _tellings(stored, p, now)
    place = bisect_right(since, as_of) - 1 if as_of else len(since) - 1
    if place < 0:
        return {} if value is None else stored_tellings(stored, [Telling(p, value, as_of)], now)
    if value is None:
        del values[place], since[place]
    else:
        values[place] = value
    return _stored(p, values, since)


def _tellings(stored: Mapping[str, Any], p: Property, now: str) -> tuple[list[Any], list[str]]:
    values, since = [*(stored.get(p.told) or ())], [*(stored.get(p.since) or ())]
    if not since and stored.get(p.name) is not None:
        # It was recorded by a version that kept no tellings.
        return [stored[p.name]], [stored.get("describedAt") or now]
    return values, since


def _stored(p: Property, values: list[Any], since: list[str]) -> dict[str, Any]:
    return {p.name: values[-1] if values else None, p.told: values or None, p.since: since or None}
