"""What events of OpenLineage come to, as lines that one can read: nodes with their values, and edges."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from forebear.connect.openlineage.door import OpenLineage
from forebear.graph.kinds import GRAPH

TRANSLATOR = OpenLineage()


def folded(events: Iterable[Any]) -> dict[str, Any]:
    """The states of the things that events are about, by their names."""
    states: dict[str, Any] = {}
    for event in events:
        key = TRANSLATOR.key(event)
        states[key] = TRANSLATOR.fold(states.get(key, {}), event)
    return states


def facts_of(events: Iterable[Any]) -> list[Any]:
    """All facts, as one batch would have them."""
    return [fact for _, state in sorted(folded(events).items()) for fact in TRANSLATOR.facts(state)]


def drawn(events: Iterable[Any]) -> list[str]:
    """All facts as lines, each once and in order."""
    return sorted({line for fact in facts_of(events) for line in _lines(fact)})


def _lines(fact: Mapping[str, Any]) -> Iterable[str]:
    edges = {edge.name for edge in GRAPH.kinds[fact["kind"]].edges}
    asOf = f" from {fact['asOf']}" if "asOf" in fact else ""
    for name, value in fact.items():
        if name in edges:
            ends = [value] if isinstance(value, str) else value
            yield from (f"{fact['id']} {name} {end}" for end in ends)
        elif name not in ("kind", "id", "asOf"):
            yield f"{fact['id']} {name}: {json.dumps(value)}{asOf if name in ('status', 'endedAt', 'error') else ''}"
