"""Refusals of impossible values: malformed digests, and moments in the future of what has happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from forebear.domain.outcome import Reason
from forebear.graph import digest
from forebear.graph.declaration import Property
from forebear.graph.values import IN_FUTURE, INVALID_DIGEST, impossible

_REMEDIES = {IN_FUTURE: "say it when it has happened, or set the clock right", INVALID_DIGEST: digest.REMEDY}


def against(properties: Iterable[Property], values: Mapping[str, Any], now: str, where: str = "") -> Iterator[Reason]:
    """Return a reason for each property whose value is impossible at a moment. `where` is the prefix of their names."""
    for name, code, message in impossible(properties, values, now):
        yield Reason(code, f"{where}{name}: {message}", _REMEDIES[code])
