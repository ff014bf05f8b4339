"""A connection's filter, as a condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any

from forebear.graph.declaration import COMMON, Digest, Edge, ExternalName, Kind, Property, Scale
from forebear.graph.digest import normal_or_same
from forebear.graph.query.compiler.selected import Arguments, InvalidArgument
from forebear.graph.query.compiler.statement import Statement
from forebear.graph.query.compiler.time import Time

_OPERATORS = {
    "eq": "{read} = {given}",
    "in": "{read} IN {given}",
    "lt": "{read} < {given}",
    "lte": "{read} <= {given}",
    "gt": "{read} > {given}",
    "gte": "{read} >= {given}",
    "contains": "{read} CONTAINS {given}",
    "containsIgnoringCase": "toLower({read}) CONTAINS toLower({given})",
    "startsWith": "{read} STARTS WITH {given}",
    "has": "{given} IN {read}",
}

_ORDERED = ("lt", "lte", "gt", "gte")

_COMMON = {p.name: p for p in COMMON}

FLAT = 16
"""How many conditions one row holds."""

Path = tuple[str | int, ...]
"""The place of a part of a filter in the arguments."""


@dataclass(frozen=True)
class Filter:
    """A filter in the arguments. The operators enter the text, and the values are parameters."""

    statement: Statement
    arguments: Arguments

    def condition(self, value: Mapping[str, Any], path: Path, n: str, kinds: Sequence[str], time: Time) -> str:
        """Return a filter as a condition on a node. Raises `InvalidArgument`."""
        kind = self.statement.graph.kinds[kinds[0]] if len(kinds) == 1 else None
        properties = kind.properties if kind else _COMMON
        conditions = []
        for name, operand in value.items():
            here = (*path, name)
            if operand is None:
                raise InvalidArgument(f"{_dotted(here)}: null filters nothing; leave it out, or use isNull")
            if name in ("and", "or"):
                parts = [self.condition(item, (*here, i), n, kinds, time) for i, item in enumerate(operand)]
                joined = _joined(f" {name.upper()} ", [f"({p})" for p in parts])
                conditions.append(f"({joined})" if parts else ("true" if name == "and" else "false"))
            elif name == "not":
                conditions.append(f"NOT coalesce({self.condition(operand, here, n, kinds, time)}, false)")
            elif name in ("id", "recordedAt"):
                conditions += self.compare(f"{n}.{name}", operand, here)
            elif name == "described":
                conditions += self.compare(time.described(n), operand, here)
            elif name in properties:
                conditions += self.compare(time.read(n, properties[name]), operand, here, properties[name])
            else:
                assert kind is not None
                conditions.append(self.neighbours(operand, here, n, *self._edge(kind, name), time))
        return " AND ".join(conditions) or "true"

    def neighbours(self, value: Mapping[str, Any], path: Path, n: str, edge: Edge, incoming: bool, time: Time) -> str:
        """Return a filter as the condition that a node has such a neighbour."""
        kinds = (edge.source,) if incoming else edge.targets
        e, m = self.statement.name("e"), self.statement.name("n")
        match, conditions = time.pattern(n, e, m, edge, incoming, kinds)
        if edge.interval:
            conditions.append(time.holds(e))
        inner = self.condition(value, path, m, kinds, time)
        if time.known:
            return f"EXISTS {{ MATCH {match}{where(conditions)}{time.then(m)} WHERE {inner} RETURN {m} }}"
        return f"EXISTS {{ MATCH {match}{where([*conditions, inner])} }}"

    def compare(self, read: str, operand: Mapping[str, Any], path: Path, p: Property | None = None) -> list[str]:
        """Return the conditions of comparisons with an expression, which reads a property.

        A digest matches however it is written. The values of a scale compare by their ranks.
        """
        conditions = []
        digest = p is not None and (p.item_type or p.type) in (Digest, ExternalName)
        for operator, value in operand.items():
            here = (*path, operator)
            if value is None:
                raise InvalidArgument(f"{_dotted(here)}: null compares with nothing; use isNull")
            if operator == "isNull":
                parameter = self.statement.bind(self.arguments, *here)
                conditions.append(f"({read} IS NULL) = {parameter}")
                continue
            if p and p.scale and operator in _ORDERED:
                parameter = self.statement.bind(self.arguments, *here, convert=partial(_rank, p.scale))
                conditions.append(_OPERATORS[operator].format(read=ranked(read, p.scale), given=parameter))
                continue
            parameter = self.statement.bind(self.arguments, *here, convert=_digests if digest else plain)
            conditions.append(_OPERATORS[operator].format(read=read, given=parameter))
        return conditions

    def _edge(self, kind: Kind, name: str) -> tuple[Edge, bool]:
        """Return the edge that a field of a kind follows, and whether it does so from the edge's end."""
        for edge in kind.edges:
            if edge.name == name:
                return edge, False
        return next(e for e in self.statement.graph.back_edges(kind.name) if e.back == name), True


def _joined(operator: str, parts: list[str]) -> str:
    """Join conditions as a balanced tree: the embedded engine's parser goes one level deeper for each of a flat list."""
    if len(parts) <= FLAT:
        return operator.join(parts)
    half = len(parts) // 2
    return f"({_joined(operator, parts[:half])}){operator}({_joined(operator, parts[half:])})"


def where(conditions: Sequence[str]) -> str:
    """Return a WHERE of conditions, or nothing if there are none."""
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def plain(value: Any) -> Any:
    """Return a coerced argument as a parameter: enums by name."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.name if isinstance(value, Enum) else value


def ranked(read: str, scale: type[Scale]) -> str:
    """Return an expression for the rank of a value of a scale. It is null if there is no value."""
    cases = " ".join(f"WHEN '{member}' THEN {member.rank}" for member in scale)
    return f"CASE {read} {cases} END"


def _rank(scale: type[Scale], value: Enum) -> int:
    return scale[value.name].rank


def _digests(value: Any) -> Any:
    if isinstance(value, list):
        return [_digests(item) for item in value]
    return value if value is None else normal_or_same(value)


def _dotted(path: Path) -> str:
    return ".".join(str(step) for step in path)
