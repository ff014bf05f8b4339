"""Filters and orders of rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from forebear.api.types.made import ID, Input, Types, list_of
from forebear.api.types.properties import PropertyTypes
from forebear.api.types.scalars import DateTime, Long
from forebear.graph import declaration
from forebear.graph.declaration import COMMON, Graph, Property

ORDERED = ("eq", "in", "lt", "lte", "gt", "gte", "isNull")
"""The operators on values that have an order."""


class FilterTypes:
    """The filters and orders of the kinds of a graph."""

    def __init__(self, types: Types, properties: PropertyTypes, graph: Graph) -> None:
        self._types = types
        self._properties = properties
        self._graph = graph

    def comparisons(self) -> None:
        """Make the conditions on a value, one for each scalar, and the directions of an order."""
        self._types.enum("OrderDirection", {"ASC": "", "DESC": ""}, "The direction of an order.")
        for name, scalar, operators in (
            ("ID", ID, ("eq", "in", "startsWith")),
            ("String", str, (*ORDERED, "contains", "containsIgnoringCase", "startsWith")),
            ("Int", int, ORDERED),
            ("Long", Long, ORDERED),
            ("Float", float, ORDERED),
            ("DateTime", DateTime, ORDERED),
            ("Boolean", bool, ("eq", "isNull")),
            ("Strings", str, ("has", "isNull")),
            ("Document", str, ("isNull",)),
        ):
            self._comparison(f"{name}Comparison", scalar, operators, f"A condition on a {name}. All operators in it must hold.")

    def _comparison(self, name: str, scalar: Any, operators: Iterable[str], doc: str) -> None:
        docs = {
            "eq": "The value equals this.",
            "in": "The value is one of these.",
            "lt": "The value is less than this.",
            "lte": "The value is less than this or equal to it.",
            "gt": "The value is greater than this.",
            "gte": "The value is greater than this or equal to it.",
            "isNull": "Whether the value is missing.",
            "contains": "The text contains this text. Case matters.",
            "containsIgnoringCase": "The text contains this text, in whichever case.",
            "startsWith": "The text begins with this text. Case matters.",
            "has": "The list contains this.",
        }
        fields = {}
        for operator in operators:
            annotation = list_of(scalar) if operator == "in" else bool if operator == "isNull" else scalar
            fields[operator] = Input(annotation | None, docs[operator])
        self._types.input(name, doc, fields)

    def _comparison_of(self, p: Property) -> Any:
        if p.is_json:
            return self._types.named("DocumentComparison")
        if p.item_type is not None:
            return self._types.named("StringsComparison")
        if p.is_enum:
            name = f"{p.type.__name__}Comparison"
            if name not in self._types:
                self._comparison(
                    name,
                    self._properties.annotation(p, input=True),
                    ORDERED if p.scale else ("eq", "in", "isNull"),
                    f"A condition on a "
                    f"{p.type.__name__}, such as `{{eq: {next(iter(p.type))}}}`. All operators in it must hold.",
                )
            return self._types.named(name)
        names = {
            str: "String", int: "Int", float: "Float", bool: "Boolean", datetime: "DateTime", declaration.Long: "Long",
            declaration.Digest: "String", declaration.ExternalName: "String",
        }  # fmt: skip
        return self._types.named(f"{names[p.type]}Comparison")

    def filter(self, name: str) -> None:
        """Make the conditions on nodes of a kind, or of any."""
        own = self._types.named(f"{name}Filter")
        fields: dict[str, Input] = {
            "and": Input(list_of(own) | None, "All of these conditions hold."),
            "or": Input(list_of(own) | None, "At least one of these conditions holds."),
            "not": Input(own | None, "This condition does not hold."),
            "id": Input(self._types.named("IDComparison") | None, "A condition on the id."),
            "recordedAt": Input(self._types.named("DateTimeComparison") | None, "A condition on the moment of recording."),
            "described": Input(self._types.named("BooleanComparison") | None, "Whether the node's own fact has arrived."),
        }
        kind = self._graph.kinds.get(name)
        for p in kind.properties.values() if kind else COMMON:
            fields[p.name] = Input(self._comparison_of(p) | None, p.doc)
        if kind:
            for edge in kind.edges:
                target = edge.targets[0] if len(edge.targets) == 1 else "Node"
                fields[edge.name] = Input(
                    self._types.named(f"{target}Filter") | None,
                    f"At least one meets these conditions: {_lower_first(edge.doc)}",
                )
            for edge in self._graph.back_edges(name):
                fields[edge.back] = Input(
                    self._types.named(f"{edge.source}Filter") | None,
                    f"At least one meets these conditions: {_lower_first(edge.back_doc)}",
                )
        self._types.input(f"{name}Filter", "Conditions on a node. All of them must hold.", fields)

    def order(self, name: str) -> None:
        """Make the orders of nodes of a kind, or of any."""
        kind = self._graph.kinds.get(name)
        properties = kind.properties.values() if kind else COMMON
        members = {"id": "", "recordedAt": "", **{p.name: "" for p in properties if p.is_orderable}}
        field = self._types.enum(f"{name}OrderField", members, f"The properties by which you can order {name} rows.")
        self._types.input(
            f"{name}Order",
            "An order of rows. Forebear orders equal rows by id.",
            {
                "field": Input(field, "The property to order by."),
                "direction": Input(
                    self._types.made("OrderDirection"),
                    "The direction. Rows without a value come last in either.",
                    self._types.made("OrderDirection")["ASC"],
                ),
            },
        )


def _lower_first(sentence: str) -> str:
    """Return a sentence that can follow a colon."""
    return sentence[0].lower() + sentence[1:]
