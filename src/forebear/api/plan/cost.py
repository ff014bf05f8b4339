"""The cost of an operation, in rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forebear.api.plan.selection import SelectedField
from forebear.graph.query.compiler.page import DEFAULT_FIRST
from forebear.graph.query.field import LookupsField


@dataclass(frozen=True)
class Cost:
    """The cost of a list of nodes: the rows that it may hold, times what is below it."""

    source: int
    argument: str
    """The argument that bounds the rows: `first` of a connection, `ids` of nodes."""
    below: tuple[Cost, ...]

    def rows(self, arguments: Sequence[Mapping[str, Any]]) -> int:
        """Return how many rows it may need, itself and below, by the request's arguments."""
        bound = arguments[self.source].get(self.argument)
        own = len(bound or ()) if self.argument == "ids" else max(DEFAULT_FIRST if bound is None else bound, 0)
        return own + max(own, 1) * sum(cost.rows(arguments) for cost in self.below)


def costs(selected: Iterable[SelectedField]) -> Iterator[Cost]:
    """Return the cost of each list of nodes that is selected."""
    for s in selected:
        below = tuple(cost for fields in s.selected.values() for cost in costs(fields))
        bounds = "ids" if isinstance(s.rule, LookupsField) else "first"
        if bounds in s.arguments.values:
            yield Cost(s.arguments.source, bounds, below)
        else:
            yield from below
