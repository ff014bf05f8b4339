"""The moments that an answer is about, and how nodes and edges are read as of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forebear.graph.declaration import RETRACTED, Edge, Property
from forebear.graph.dialect import known, state


@dataclass(frozen=True)
class Time:
    """The moments that an answer is about: in the world, and of our knowledge (`None`: now). Both are Cypher."""

    at: str
    known: str | None

    def holds(self, edge: str) -> str:
        """The condition that an edge with an interval holds."""
        return f"{edge}.validFrom <= {self.at} AND coalesce({edge}.validTo > {self.at}, true)"

    def pattern(self, n: str, e: str, m: str, edge: Edge, incoming: bool, kinds: Sequence[str]) -> tuple[str, list[str]]:
        """A pattern from a node over an edge to a neighbour, with the conditions that the edge was known."""
        types = edge.type.name + (f"|{RETRACTED}" if self.known else "")
        left, right = ("<", "") if incoming else ("", ">")
        conditions = [known(e, edge.type.name, self.known)] if self.known else []
        return f"({n}){left}-[{e}:{types}]-{right}({m}:{'|'.join(kinds)})", conditions

    def then(self, n: str) -> str:
        """The clause that brings a node's state, as it was known, into scope as `{n}_then`; nothing for now."""
        return f" WITH *, {state(n, self.known)} AS {n}_then" if self.known else ""

    def present(self, n: str) -> str:
        """The clauses that keep a looked-up node only if it stood."""
        if self.known is None:
            return f" WHERE {n}.retractedAt IS NULL"
        return f" WHERE {n}.recordedAt <= {self.known}{self.then(n)} WHERE {n}_then.retractedAt IS NULL"

    def described(self, n: str) -> str:
        """Whether a node's own fact had arrived."""
        return f"coalesce({n}_then.describedAt <= {self.known}, false)" if self.known else f"({n}.describedAt IS NOT NULL)"

    def read(self, n: str, p: Property) -> str:
        """A property of a node, as it was known."""
        if self.known is None or p.change.value == "UPDATED":
            return f"{n}.{p.name}"
        return f"CASE WHEN {n}_then.describedAt <= {self.known} THEN {n}_then.{p.name} END"

    def kept(self, n: str, p: Property) -> str:
        """A property that Forebear keeps, as it was known."""
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
