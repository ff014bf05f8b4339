"""The whole declaration, and the checks of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property

from forebear.graph.declaration.bookkeeping import (
    AS_OF,
    BOOKKEEPING,
    EXTERNAL_ID,
    IDENTIFIES,
    KEPT,
    KEPT_OF_NODES,
    RETRACTED,
    REVISES,
    REVISION,
    SAME_AS,
)
from forebear.graph.declaration.edges import INTERVAL, Edge, EdgeClass, EdgeType
from forebear.graph.declaration.nodes import COMMON, Admission, Kind, Node
from forebear.graph.declaration.properties import Change, DeclarationError, Property

_OWN_NAMES = frozenset({*BOOKKEEPING, "Retraction", "Correction", "Node", "Query", "Mutation"})
_OF_NODES = frozenset({"id", "kind", "described", "lock", SAME_AS, *(p.name for p in KEPT_OF_NODES), *BOOKKEEPING[REVISION]})
_OF_EDGES = frozenset({"id", "node", "cursor", *(p.name for p in (*KEPT, *INTERVAL)), *BOOKKEEPING[RETRACTED]})

_OF_AMENDMENTS = frozenset({"kind", "of", "edge", "to", "values", "reason"})


@dataclass(frozen=True, eq=False)
class Graph:
    """The whole declaration, checked: kinds by name and every edge between them.

    Raises `DeclarationError` if it contradicts itself.
    """

    kinds: Mapping[str, Kind]
    edges: tuple[Edge, ...] = field(init=False)
    edge_types: Mapping[str, EdgeType] = field(init=False)

    def __init__(self, nodes: Iterable[type[Node]]) -> None:
        kinds: dict[str, Kind] = {}
        for node in nodes:
            if node.kind.name in kinds:
                raise DeclarationError(f"two kinds are called {node.kind.name}")
            kinds[node.kind.name] = node.kind
        edges = tuple(e for kind in kinds.values() for e in kind.edges)
        object.__setattr__(self, "kinds", kinds)
        object.__setattr__(self, "edges", edges)
        object.__setattr__(self, "edge_types", {e.type.name: e.type for e in edges})
        self._check()

    @cached_property
    def lock_order(self) -> tuple[str, ...]:
        """The order of kinds in which actions lock nodes. Two actions that keep to it never wait for each other in a circle."""
        following = {kind.locked_after: kind.name for kind in self.kinds.values() if kind.locked_after}
        order = [EXTERNAL_ID]
        while order[-1] in following:
            order.append(following.pop(order[-1]))
        return tuple(order)

    def _check_locks(self) -> None:
        for kind in self.kinds.values():
            if kind.locked_after and kind.name not in self.lock_order:
                raise DeclarationError(
                    f"{kind.name} is locked after {kind.locked_after}, which is not in the order or has another kind after it"
                )

    def _check(self) -> None:
        self._check_kinds()
        self._check_locks()
        for i, e in enumerate(self.edges):
            self._check_edge(e, self.edges[:i])
        for kind in self.kinds.values():
            self._check_names(kind)

    def _check_kinds(self) -> None:
        by_prefix: dict[tuple[str, bool], str] = {}
        by_plural: dict[str, str] = {}
        by_property: dict[str, tuple[bool, str]] = {}
        for kind in self.kinds.values():
            if kind.name in _OWN_NAMES:
                raise DeclarationError(f"{kind.name} is a name of Forebear's own")
            other = by_prefix.setdefault((kind.prefix, kind.versioned), kind.name)
            if other != kind.name:
                raise DeclarationError(f"{kind.name} and {other} share the id prefix {kind.prefix!r}")
            other = by_plural.setdefault(kind.plural, kind.name)
            if other != kind.name:
                raise DeclarationError(f"{kind.name} and {other} share the plural {kind.plural!r}")
            for p in kind.own_properties:
                self.check_names(kind.name, p)
                if p.name in _OF_NODES or any(p.name == c.name for c in COMMON):
                    raise DeclarationError(f"{kind.name}.{p.name}: every node already has {p.name!r}")
                if p.identity:
                    raise DeclarationError(f"{kind.name}.{p.name}: a node's identity is its id")
                if p.change is Change.TOLD and (p.item_type is not None or p.required):
                    raise DeclarationError(f"{kind.name}.{p.name}: what is told is one value, and may be left out")
            if double := [name for name in kind.kept if kind.kept.count(name) > 1 or (kind.told and name == AS_OF)]:
                raise DeclarationError(f"{kind.name}.{double[0]}: what is told of its properties needs this name")
            for p in kind.guaranteed:
                is_json, other = by_property.setdefault(p.name, (p.is_json, kind.name))
                if is_json != p.is_json:
                    raise DeclarationError(f"{kind.name}.{p.name} and {other}.{p.name}: only one of them is a document")

    def _check_edge(self, e: Edge, before: Iterable[Edge]) -> None:
        where = f"{e.source}.{e.name}"
        if e.type.name in (RETRACTED, REVISES, IDENTIFIES):
            raise DeclarationError(f"{where}: {e.type.name} is a relationship type of Forebear's own")
        if not re.fullmatch(r"[A-Z][A-Z_]*", e.type.name):
            raise DeclarationError(f"{where}: relationship type {e.type.name!r} must be upper-case letters and underscores")
        for target in e.targets:
            if target not in self.kinds:
                raise DeclarationError(f"{where} leads to {target!r}, which is not declared")
        declared = self.edge_types[e.type.name]
        if declared.edge_class is not e.type.edge_class:
            raise DeclarationError(f"{where}: {e.type.name} is {e.type.edge_class} here and {declared.edge_class} elsewhere")
        for other in before:
            common = sorted({*e.targets} & {*other.targets})
            if other.source == e.source and other.type.name == e.type.name and common:
                raise DeclarationError(
                    f"{where} and {e.source}.{other.name} cannot be told apart: both are {e.type.name} to a {common[0]}"
                )
        for p in e.properties:
            self.check_names(where, p)
            if p.name in _OF_EDGES:
                raise DeclarationError(f"{where}.{p.name}: every edge already has {p.name!r}")
            if p.is_json or p.change is Change.TOLD:
                raise DeclarationError(f"{where}.{p.name}: an edge holds plain values only, no JSON and nothing that is told")
            if p.identity and p.name in _OF_AMENDMENTS:
                raise DeclarationError(f"{where}.{p.name}: an amendment names edges by it, and already has {p.name!r}")
            if p.identity and any(o.name == p.name and o.type != p.type for other in before for o in other.identity):
                raise DeclarationError(f"{where}.{p.name}: it has another type in the identity of another edge")
        if len(vague := [p.name for p in e.identity if not p.required]) > 1:
            raise DeclarationError(f"{where}: a fact may leave out one part of the identity only, not {' and '.join(vague)}")

    def _check_names(self, kind: Kind) -> None:
        names: dict[str, str] = dict.fromkeys((*_OF_NODES, *kind.properties), "a property")
        for e in kind.edges:
            if e.name in names:
                raise DeclarationError(f"{kind.name}.{e.name} is both an edge and {names[e.name]}")
            names[e.name] = "an edge"
        for e in self.back_edges(kind.name):
            if e.back in names:
                raise DeclarationError(f"{kind.name}.{e.back}, the way back of {e.source}.{e.name}, is already {names[e.back]}")
            names[e.back] = f"the way back of {e.source}.{e.name}"

    def check_names(self, owner: str, p: Property) -> None:
        """Raise `DeclarationError` if a property names a kind that is not declared. `owner` has the property."""
        for name in p.names:
            if name not in self.kinds:
                near = get_close_matches(name, self.kinds, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise DeclarationError(f"{owner}.{p.name} names {name!r}, which is no kind{hint}")
        for member in p.value_type.members if p.value_type else ():
            self.check_names(f"{owner}.{p.name}", member)

    @cached_property
    def documents(self) -> frozenset[str]:
        """The names of the guaranteed properties that are stored as the text of a JSON document."""
        return frozenset(p.name for kind in self.kinds.values() for p in kind.guaranteed if p.is_json)

    @cached_property
    def identities(self) -> dict[str, Property]:
        """The properties that identify edges which facts state, by name."""
        return {p.name: p for e in reversed(self.edges) if not e.derived for p in e.identity}

    def back_edges(self, kind: str) -> tuple[Edge, ...]:
        """Return the edges that lead to a kind."""
        return tuple(e for e in self.edges if kind in e.targets)

    def holding(self, kind: str) -> tuple[Edge, ...]:
        """Return the edges that keep a node of a kind from retraction: those that no plain fact takes back.

        Empty if no node of the kind can be retracted at all.
        """
        if self.kinds[kind].standing in (Admission.GOVERNED, Admission.SETTLED):
            return ()
        return tuple(e for e in self.back_edges(kind) if self.kinds[e.source].standing is not Admission.PLAIN)

    def types_of(self, *classes: EdgeClass) -> tuple[str, ...]:
        """Return the relationship types of some classes, sorted by name."""
        return tuple(sorted(t.name for t in self.edge_types.values() if t.edge_class in classes))
