"""The types of nodes: a type for each kind, their connections, and the root fields that find them."""

from __future__ import annotations

from collections.abc import Sequence

from forebear.api.types.filters import FilterTypes
from forebear.api.types.made import ID, Argument, Field, Types, list_of, optional
from forebear.api.types.pages import AFTER, AS_KNOWN_AT, AT, FIRST, page_info
from forebear.api.types.pages import connection as connection_type
from forebear.api.types.properties import PropertyTypes, docstring
from forebear.api.types.questions import QuestionTypes
from forebear.api.types.scalars import DateTime
from forebear.graph.declaration import COMMON, KEPT, KEPT_OF_NODES, Change, Edge, EdgeClass, Graph, Kind, Property
from forebear.graph.query.compiler import TYPE_KEY
from forebear.graph.query.field import (
    ConnectionField,
    EdgePart,
    KindField,
    LookupField,
    LookupsField,
    NeighbourField,
    NodeField,
    PropertyField,
)
from forebear.graph.query.node_question import of_nodes
from forebear.graph.query.question import Question


class NodeTypes:
    """The types of a graph's kinds, with the questions about their nodes."""

    def __init__(
        self,
        types: Types,
        properties: PropertyTypes,
        graph: Graph,
        questions: Sequence[Question],
        question_types: QuestionTypes,
    ) -> None:
        self._types = types
        self._properties = properties
        self._filters = FilterTypes(types, properties, graph)
        self._graph = graph
        self._questions = questions
        self._question_types = question_types

    def make(self) -> None:
        """Make the types of all kinds, of their connections and of the questions."""
        page_info(self._types)
        self._types.enum("Kind", dict.fromkeys(self._graph.kinds, ""), "A kind of node.")
        self._types.enum("EdgeClass", {c.name: "" for c in EdgeClass}, docstring(EdgeClass))
        self._types.enum("EdgeType", dict.fromkeys(sorted(self._graph.edge_types), ""), "A type of edge.")
        self._filters.comparisons()
        self._types.make("Node", "A node of any kind.", self._node_fields(), interface=True)
        for name in ("Node", *self._graph.kinds):
            self._filters.filter(name)
            self._filters.order(name)
            self._connection(name, f"{name}Connection", f"{name}Edge", name, None)
        for kind in self._graph.kinds.values():
            self._kind(kind)
        for question in self._questions:
            self._question_types.rows(question)

    def _node_fields(self) -> dict[str, Field]:
        fields: dict[str, Field] = {
            "id": Field(ID, "The node's id. People can read it, and it never changes.", NodeField.ID),
            "kind": Field(self._types.made("Kind"), "Its kind.", NodeField.KIND),
            "described": Field(
                bool,
                "Whether the node's own fact has arrived. It is false as long as only edges name the node.",
                NodeField.DESCRIBED,
            ),
        }
        for p in COMMON:
            fields[p.name] = Field(self._properties.output(p), p.doc, PropertyField(p))
        always = ("recordedAt", "recordedBy", "source", "imported", "revision")
        for p in KEPT_OF_NODES:
            if p.name in (*always, "describedAt"):
                rule = PropertyField(p, kept=True)
                fields[p.name] = Field(self._properties.output(p, nullable=p.name not in always), p.doc, rule)
        return fields

    def _kind(self, kind: Kind) -> None:
        fields: dict[str, Field] = {}
        for p in kind.own_properties:
            fields[p.name] = self._property_field(p)
        for edge in kind.edges:
            fields[edge.name] = self._edge_field(edge, incoming=False)
        for edge in self._graph.back_edges(kind.name):
            fields[edge.back] = self._edge_field(edge, incoming=True)
        for question in self._questions:
            for asked in (question, *of_nodes(question, self._graph)):
                if kind.name in asked.on:
                    fields[asked.field_name] = self._question_types.field(asked)
        self._types.make(kind.name, kind.doc, fields, bases=(self._types.made("Node"),))
        self._types.told_by(kind.name, lambda value: bool(value.get(TYPE_KEY, kind.name) == kind.name))

    def _property_field(self, p: Property) -> Field:
        if p.change is not Change.TOLD:
            return Field(self._properties.output(p), p.doc, PropertyField(p))
        at = (
            "The moment at which the value held. By default it is the moment of the enclosing field. If "
            "that has none, Forebear answers the present value."
        )
        arguments = {"at": Argument(DateTime | None, at)}
        return Field(self._properties.output(p), p.doc, rule=PropertyField(p), arguments=arguments)

    def _edge_field(self, edge: Edge, *, incoming: bool) -> Field:
        target = edge.source if incoming else (edge.targets[0] if len(edge.targets) == 1 else "Node")
        doc = edge.back_doc if incoming else edge.doc
        if edge.one and not incoming:
            return Field(optional(self._types.named(target), True), doc, NeighbourField(edge))
        connection = f"{target}Connection"
        if edge.stored_properties:
            stem = f"{edge.targets[0] if len(edge.targets) == 1 else 'Node'}" if incoming else edge.source
            stem += edge.back[0].upper() + edge.back[1:] if incoming else edge.name[0].upper() + edge.name[1:]
            connection = f"{stem}Connection"
            if connection not in self._types:
                self._connection(target, connection, f"{stem}Edge", f"{stem}", edge)
        arguments: dict[str, Argument] = self._connection_arguments(target)
        if edge.interval:
            arguments["at"] = Argument(
                DateTime | None,
                "The moment at which the edge must hold. By default it is the moment of the enclosing field, or now.",
            )
            arguments["allTime"] = Argument(bool, "Whether to list edges that held at any time.", False)
        return Field(self._types.named(connection), doc, rule=ConnectionField(edge, incoming), arguments=arguments)

    def _connection_arguments(self, target: str) -> dict[str, Argument]:
        return {
            "first": FIRST,
            "after": AFTER,
            "filter": Argument(self._types.named(f"{target}Filter") | None, "The conditions that a row must meet."),
            "orderBy": Argument(
                self._types.named(f"{target}Order") | None, "The order of the rows. By default they are ordered by id."
            ),
        }

    def _connection(self, target: str, connection: str, edge_name: str, stem: str, edge: Edge | None) -> None:
        fields: dict[str, Field] = {}
        if edge is not None:
            for p in edge.stored_properties:
                fields[p.name] = Field(self._properties.output(p, nullable=not p.required), p.doc, PropertyField(p))
        for p in KEPT:
            doc = p.doc.replace("it was", "the edge was" if edge else "the edge, or in a list of all of a kind the node, was")
            fields[p.name] = Field(self._properties.output(p, nullable=False), doc, PropertyField(p))
        fields["node"] = Field(self._types.named(target), "The node.", EdgePart.NODE)
        fields["cursor"] = Field(str, "The row's cursor.", EdgePart.CURSOR)
        self._types.make(edge_name, f"One row of {connection}, with its cursor.", fields)
        connection_type(self._types, connection, self._types.named(edge_name), self._types.named(target))

    def roots(self) -> dict[str, Field]:
        """Return the root fields: nodes by id, all nodes of a kind, and the questions that start at no node."""
        fields: dict[str, Field] = {}
        moments = {"at": AT, "asKnownAt": AS_KNOWN_AT}
        id: dict[str, Argument] = {"id": Argument(ID, "Its id.")}
        fields["node"] = Field(
            self._types.named("Node") | None,
            "Finds a node of any kind by its id. Answers null if nobody knows the id.",
            rule=LookupField(tuple(self._graph.kinds), required=False),
            arguments=id | moments,
        )
        fields["nodes"] = Field(
            list_of(self._types.named("Node") | None),
            "Finds nodes of any kind and answers them in the order of the ids, with null for an id that nobody knows.",
            rule=LookupsField(),
            arguments={"ids": Argument(list[ID], "The ids, at most 1000.")} | moments,
        )
        for kind in self._graph.kinds.values():
            one = kind.name[0].lower() + kind.name[1:]
            if one == kind.plural:
                one += "Item"
            fields[one] = Field(
                self._types.named(kind.name) | None,
                f"{kind.doc} Finds one by its id. An unknown id is the error NOT_FOUND.",
                rule=LookupField((kind.name,), required=True),
                arguments=id | moments,
            )
            fields[kind.plural] = Field(
                self._types.named(f"{kind.name}Connection"),
                f"Lists all nodes of the kind {kind.name}. {kind.doc}",
                rule=KindField(kind),
                arguments=self._connection_arguments(kind.name) | moments,
            )
        for question in self._questions:
            if not question.on:
                fields[question.field_name] = self._question_types.field(question)
        return fields
