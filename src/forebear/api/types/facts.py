"""The input types of facts."""

from __future__ import annotations

from typing import Any

from forebear.api.types.made import ID, Input, Types, list_of
from forebear.api.types.properties import PropertyTypes
from forebear.api.types.scalars import JSON, DateTime
from forebear.graph.amendment import which
from forebear.graph.declaration import AS_OF, Edge, Graph, Kind
from forebear.graph.facts import as_of_doc


class FactTypes:
    """The input types of facts, one for each kind, and of amendments."""

    def __init__(self, types: Types, properties: PropertyTypes, graph: Graph) -> None:
        self._types = types
        self._properties = properties
        self._graph = graph

    def make(self) -> None:
        """Make everything."""
        for kind in self._graph.kinds.values():
            self._fact(kind)
        self._amendments()
        self._fact_input()

    def _fact(self, kind: Kind) -> None:
        fields: dict[str, Input] = {"id": Input(ID, "Its id.")}
        for p in kind.properties.values():
            fields[p.name] = Input(self._properties.input(p), p.doc)
        if kind.told:
            fields[AS_OF] = Input(DateTime | None, as_of_doc(kind))
        for edge in kind.stated:
            end: Any = self._end(edge)
            annotation = end | None if edge.one else list_of(end) | None
            fields[edge.name] = Input(annotation, edge.doc)
        self._types.input(f"{kind.name}Fact", f"A fact of the kind {kind.name}. {kind.doc}", fields)

    def _end(self, edge: Edge) -> Any:
        if not edge.stored_properties:
            return ID
        name = f"{edge.source}{edge.name[0].upper()}{edge.name[1:]}Fact"
        fields: dict[str, Input] = {"id": Input(ID, "The id of the node that the edge leads to.")}
        for p in edge.stored_properties:
            fields[p.name] = Input(self._properties.input(p), p.doc)
        self._types.input(name, edge.doc, fields)
        return self._types.named(name)

    def _amendments(self) -> None:
        edge: dict[str, Input] = {
            "of": Input(ID, "The id of the node, or of the node where the edge begins."),
            "edge": Input(str | None, "The name of the edge's field, such as trainedOn. Leave it out to mean the node."),
            "to": Input(ID | None, "The id of the node that the edge leads to."),
            **{name: Input(self._properties.input(p) | None, which(p)) for name, p in self._graph.identities.items()},
            "reason": Input(str, "Why."),
        }
        values = {
            "values": Input(JSON, "The corrected values by property. A null takes a value away."),
            AS_OF: Input(
                DateTime | None,
                "For a property that changes in the world: the moment at which the corrected value held. By default it is now.",
            ),
        }
        self._types.input("RetractionFact", "Takes back a node with all its edges, or one edge of it.", edge)
        self._types.input("CorrectionFact", "Replaces values of a node, or of one edge of it.", edge | values)

    def _fact_input(self) -> None:
        fields: dict[str, Input] = {}
        for kind in self._graph.kinds.values():
            fields[_lower(kind.name)] = Input(self._types.named(f"{kind.name}Fact") | None, kind.doc)
        for name in ("Retraction", "Correction"):
            fields[_lower(name)] = Input(
                self._types.named(f"{name}Fact") | None, "Takes back or corrects what was recorded before."
            )
        self._types.input("FactInput", "One fact. Give exactly one of these fields.", fields, one_of=True)


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]
