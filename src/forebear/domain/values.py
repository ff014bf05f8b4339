"""Values that cannot be, as reasons of a refusal: what is no digest, and what has happened at a moment yet to come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from forebear.domain.outcome import Reason
from forebear.graph import digest
from forebear.graph.declaration import Property
from forebear.graph.values import IN_FUTURE, INVALID_DIGEST, impossible

_REMEDIES = {IN_FUTURE: "say it when it has happened, or set the clock right", INVALID_DIGEST: digest.REMEDY}


def against(properties: Iterable[Property], values: Mapping[str, Any], now: str, where: str = "") -> Iterator[Reason]:
    """What is wrong with the values of some properties at a moment; `where` begins the name of each."""
    for name, code, message in impossible(properties, values, now):
        yield Reason(code, f"{where}{name}: {message}", _REMEDIES[code])
