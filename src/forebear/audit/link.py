"""Edges between two nodes, compared with the audit entries about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from forebear.audit.statement import AuditStatement, last
from forebear.graph.document import json_text

Statements = dict[str | None, list[AuditStatement]]
"""The audit statements about one edge: the values of each property and, under None, its retractions."""


@dataclass(frozen=True)
class Links:
    """The edges of one kind between two nodes."""

    what: str
    """The edges' name in a finding: `trainedOn to dataset:b@1`."""
    edges: Sequence[Mapping[str, Any]]
    """The edges in the graph, as `trail.current` answers them."""
    statements: Mapping[str, Statements]
    """The audit statements by the identity that entries give an edge, as JSON.

    An older entry may give only a part of it, and mean any edge that fits.
    """
    retractions: Sequence[AuditStatement]
    """The retractions of one of the nodes, which end the edges as well."""

    def differing(self) -> Iterator[str]:
        """Return how the edges differ from the entries."""
        for text, statements in self.statements.items():
            identity = msgspec.json.decode(text)
            edges = [e for e in self.edges if all(e["values"].get(part) == value for part, value in identity.items())]
            differences = [list(self._edge(e, statements)) for e in edges]
            if [] in differences:
                continue
            changed = _values(statements)
            ends = self._retractions_of(identity)
            newest = last(changed, ends)
            # The edge that an older entry means may be gone, while there are others that it does not mean.
            others = {*ends} - {*self.retractions, *statements.get(None, [])}
            if differences and not any(s in others for s in newest):
                yield from differences[0]
            elif not any(s in ends for s in newest):
                yield f"has no edge {self.what}, and by {newest[-1].entry} it has"

    def _retractions_of(self, identity: Mapping[str, Any]) -> list[AuditStatement]:
        """Return the retractions of edges that may have an identity."""
        alike = [s for text, s in self.statements.items() if _agree(msgspec.json.decode(text), identity)]
        return [*self.retractions, *(one for statements in alike for one in statements.get(None, []))]

    def _edge(self, edge: Mapping[str, Any], of_field: Statements) -> Iterator[str]:
        values = edge["values"]
        identity = {part: values.get(part) for text in self.statements for part in msgspec.json.decode(text)}
        ends = self._retractions_of(identity)
        newest = last(_values(of_field), ends)
        at = newest[-1].at
        if edge["recordedAt"] > at or (edge["recordedAt"] == at and any(s in ends for s in newest)):
            # Somebody recorded it again since, as a new fact, which its batch's digest covers.
            return
        if all(s in ends for s in newest):
            yield f"has an edge {self.what}, and {newest[-1].entry} took it back"
            return
        for property, statements in of_field.items():
            if property is None:
                continue
            now, latest = values.get(property), last(statements, ends)
            if not any(s in ends or s.value == now for s in latest):
                then = f"{json_text(now)}, and by {latest[-1].entry} it is {json_text(latest[-1].value)}"
                yield f"has an edge {self.what} with {property} {then}"


def _values(of_field: Statements) -> list[AuditStatement]:
    return [s for property, statements in of_field.items() if property is not None for s in statements]


def _agree(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two identities may be of one edge: they agree in what both have."""
    return all(one[part] == other[part] for part in one.keys() & other.keys())
