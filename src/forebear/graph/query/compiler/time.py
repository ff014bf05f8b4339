"""The moments of an answer, and how to read nodes and edges at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forebear.graph.declaration import RETRACTED, Change, Edge, Property
from forebear.graph.query.known import known, state


@dataclass(frozen=True)
class Time:
    """The moments of an answer: in the world, and of our knowledge (None: now). Both are Cypher."""

    at: str
    known: str | None
    told: bool = False
    """Whether the client asks about `at`. If not, present values are read."""

    def holds(self, edge: str) -> str:
        """Return the condition that an edge with an interval holds."""
        return f"{edge}.validFrom <= {self.at} AND coalesce({edge}.validTo > {self.at}, true)"

    def pattern(self, n: str, e: str, m: str, edge: Edge, incoming: bool, kinds: Sequence[str]) -> tuple[str, list[str]]:
        """Return a pattern from a node over an edge to a neighbour, and the conditions that the edge was known."""
        types = edge.type.name + (f"|{RETRACTED}" if self.known else "")
        start, right = ("<", "") if incoming else ("", ">")
        conditions = [known(e, edge.type.name, self.known)] if self.known else []
        return f"({n}){start}-[{e}:{types}]-{right}({m}:{'|'.join(kinds)})", conditions

    def then(self, n: str, behind: str | None = None) -> str:
        """Return the clause that brings a node's known state into scope as `{n}_then`; nothing for now.

        If the text `behind` the clause does not read that state, the clause is left out, too.
        """
        unread = behind is not None and f"{n}_then" not in behind
        return "" if self.known is None or unread else f" WITH *, {state(n, self.known)} AS {n}_then"

    def present(self, n: str) -> str:
        """Return the clauses that keep a looked-up node only if it was there."""
        if self.known is None:
            return f" WHERE {n}.retractedAt IS NULL"
        return f" WHERE {n}.recordedAt <= {self.known}{self.then(n)} WHERE {n}_then.retractedAt IS NULL"

    def described(self, n: str) -> str:
        """Return whether a node's own fact had arrived."""
        return f"coalesce({n}_then.describedAt <= {self.known}, false)" if self.known else f"({n}.describedAt IS NOT NULL)"

    def read(self, n: str, p: Property) -> str:
        """Return a property of a node as it was known. A told property has its value at the moment of the answer."""
        if self.known is not None and p.change is Change.LATEST:
            return "null"
        if self.known is None or p.change is Change.UPDATED:
            return self._held(n, p)
        return f"CASE WHEN {n}_then.describedAt <= {self.known} THEN {self._held(f'{n}_then', p)} END"

    def _held(self, n: str, p: Property) -> str:
        if p.change is not Change.TOLD or not self.told:
            return f"{n}.{p.name}"
        # Values that an older version recorded have no moments.
        value = f"([null] + {n}.{p.told})[size([x IN {n}.{p.since} WHERE x <= {self.at}])]"
        return f"CASE WHEN {n}.{p.since} IS NULL THEN {n}.{p.name} ELSE {value} END"

    def kept(self, n: str, p: Property) -> str:
        """Return a property that Forebear keeps, as it was known."""
        match p.name:
            case "imported" if self.known:
                return f"coalesce({n}_then.describedAt <= {self.known} AND {n}_then.imported, false)"
            case "imported":
                return f"coalesce({self.read(n, p)}, false)"
            case "describedAt" if self.known:
                return f"CASE WHEN {n}_then.describedAt <= {self.known} THEN {n}_then.describedAt END"
            case "revision" if self.known:
                return f"coalesce({n}_then.number, {n}_then.revision)"
        return f"{n}.{p.name}"
