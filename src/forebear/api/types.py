"""The GraphQL types, generated from the declaration: nobody writes a field of the graph twice."""

from __future__ import annotations

import functools
import inspect
import keyword
import sys
import types
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from functools import partial
from operator import or_
from typing import Annotated, Any, cast

import strawberry
from graphql import GraphQLError, GraphQLResolveInfo
from strawberry.types.field import StrawberryField

from forebear.actions.action import Undecidable
from forebear.api.context import Context
from forebear.api.metadata import RESOLVE, RULE
from forebear.api.scalars import JSON, DateTime, Long
from forebear.graph import declaration
from forebear.graph.declaration import (
    COMMON,
    KEPT,
    KEPT_OF_NODES,
    Change,
    Edge,
    EdgeClass,
    Graph,
    Kind,
    Property,
    Value,
)
from forebear.graph.query.compiler import TYPE_KEY
from forebear.graph.query.field import (
    ColumnField,
    ConnectionField,
    ConnectionPart,
    EdgePart,
    KindField,
    LookupField,
    LookupsField,
    NeighbourField,
    NodeField,
    PagePart,
    PropertyField,
    QuestionField,
    Rule,
)
from forebear.graph.query.header import TypeRef
from forebear.graph.query.question import Question


class OrderDirection(Enum):
    """The direction of an order."""

    ASC = "ASC"
    DESC = "DESC"


_SCALARS: Mapping[Any, Any] = {
    str: str, int: int, float: float, bool: bool, datetime: DateTime, declaration.Json: JSON, declaration.Long: Long,
    declaration.Digest: str, declaration.ExternalName: str,
}  # fmt: skip


class TypeBuilder:
    """Makes the Strawberry types of one graph and its questions. Types refer to each other by name, lazily."""

    def __init__(self, graph: Graph, questions: Iterable[Question], module: str) -> None:
        self.graph = graph
        self.questions = tuple(questions)
        self._module = types.ModuleType(module)
        sys.modules[module] = self._module
        self._made: dict[str, Any] = {}

    # ── making types ────────────────────────────────────────────────────────────────────────────────────

    def named(self, name: str) -> Any:
        """A type by name, whether it is already made or not."""
        return Annotated[name, strawberry.lazy(self._module.__name__)]

    def make(
        self,
        name: str,
        doc: str,
        fields: Mapping[str, tuple[Any, Any]],
        *,
        input: bool = False,
        one_of: bool = False,
        interface: bool = False,
        bases: tuple[type, ...] = (),
    ) -> Any:
        """Makes a type of `{name: (annotation, field)}`."""
        body: dict[str, Any] = {"__module__": self._module.__name__}
        body["__annotations__"] = {n: annotation for n, (annotation, _) in fields.items() if annotation is not None}
        body |= {n: f for n, (_, f) in fields.items()}
        cls = types.new_class(name, bases, {}, lambda ns: ns.update(body))
        if input:
            made = strawberry.input(cls, name=name, description=doc, one_of=one_of or None)
        elif interface:
            made = strawberry.interface(cls, name=name, description=doc)
        else:
            made = strawberry.type(cls, name=name, description=doc)
        setattr(self._module, name, made)
        self._made[name] = made
        return made

    def enum(self, name: str, members: Mapping[str, str], doc: str) -> Any:
        """Makes an enum of names with descriptions."""
        if name not in self._made:
            values = {n: strawberry.enum_value(n, description=d) if d else n for n, d in members.items()}
            declared = Enum(name, values, module=self._module.__name__)  # type: ignore[misc]
            self._made[name] = strawberry.enum(declared, name=name, description=doc)
            setattr(self._module, name, self._made[name])
        return self._made[name]

    def output(self, p: Property, *, nullable: bool = True) -> Any:
        """A property's GraphQL type in answers."""
        return self._optional(self._annotation(p, input=False), nullable)

    def _annotation(self, p: Property, *, input: bool) -> Any:
        if p.value_type is not None:
            return list_of(self.value(p.value_type, input=input))
        if p.item_type is not None:
            return list_of(_SCALARS[p.item_type])
        if p.is_enum:
            return self.enum(p.type.__name__, {m.name: "" for m in p.type}, _doc(p.type))
        return _SCALARS[p.type]

    def input(self, p: Property) -> Any:
        """A property's GraphQL type in facts."""
        return self._optional(self._annotation(p, input=True), not p.required)

    def made(self, name: str) -> Any:
        """A type that is made already."""
        return self._made[name]

    def union(self, name: str, doc: str, *members: str) -> Any:
        """A union of types that are made already."""
        made = functools.reduce(or_, (self._made[member] for member in members))
        return annotated(made, strawberry.union(name, description=doc))

    def _optional(self, annotation: Any, nullable: bool) -> Any:
        return annotation | None if nullable else annotation

    def value(self, value: type[Value], *, input: bool) -> Any:
        """A structured value's type, in answers or in facts."""
        name = value.__name__ + ("Input" if input else "")
        if name not in self._made:
            fields = {
                p.name: (
                    self._optional(self._annotation(p, input=input), not p.required),
                    input_field(p.doc, required=p.required) if input else _field(p.doc, PropertyField(p)),
                )
                for p in value.members
            }
            self.make(name, _doc(value), fields, input=input)
        return self.named(name)

    # ── nodes ───────────────────────────────────────────────────────────────────────────────────────────

    def build(self, resolved: Mapping[str, StrawberryField]) -> type:
        """Makes everything; returns the Query type, with root fields that are `resolved` besides those of the graph."""
        self._page_info()
        self.enum("Kind", dict.fromkeys(self.graph.kinds, ""), "A kind of node.")
        self.enum("EdgeClass", {c.name: "" for c in EdgeClass}, _doc(EdgeClass))
        self.enum("EdgeType", dict.fromkeys(sorted(self.graph.edge_types), ""), "A type of edge.")
        self._made["OrderDirection"] = strawberry.enum(OrderDirection)
        self._operators()
        self._node_interface()
        for name in ("Node", *self.graph.kinds):
            self._filter(name)
            self._order(name)
            self._connection(name, f"{name}Connection", f"{name}Edge", name, None)
        for kind in self.graph.kinds.values():
            self._kind(kind)
        for question in self.questions:
            self._rows(question)
        return self._query(resolved)

    def _page_info(self) -> None:
        self.make(
            "PageInfo",
            "Where a page stands among all rows.",
            {
                "hasNextPage": (bool, _field("Whether more rows follow.", PagePart.HAS_NEXT)),
                "hasPreviousPage": (
                    bool,
                    _field("Whether `after` skipped rows.", PagePart.HAS_PREVIOUS),
                ),
                "startCursor": (str | None, _field("The first row's cursor.", PagePart.START)),
                "endCursor": (
                    str | None,
                    _field("The last row's cursor. Pass it as `after` to get the next page.", PagePart.END),
                ),
            },
        )

    def _node_fields(self) -> dict[str, tuple[Any, Any]]:
        fields: dict[str, tuple[Any, Any]] = {
            "id": (strawberry.ID, _field("The node's id. People can read it, and it never changes.", NodeField.ID)),
            "kind": (self._made["Kind"], _field("Its kind.", NodeField.KIND)),
            "described": (
                bool,
                _field(
                    "Whether the node's own fact has arrived. It is false as long as only edges name the node.",
                    NodeField.DESCRIBED,
                ),
            ),
        }
        for p in COMMON:
            fields[p.name] = (self.output(p), _field(p.doc, PropertyField(p)))
        always = ("recordedAt", "recordedBy", "source", "imported", "revision")
        for p in KEPT_OF_NODES:
            if p.name in (*always, "describedAt"):
                rule = PropertyField(p, kept=True)
                fields[p.name] = (self.output(p, nullable=p.name not in always), _field(p.doc, rule))
        return fields

    def _node_interface(self) -> None:
        self.make("Node", "A node of any kind.", self._node_fields(), interface=True)

    def _kind(self, kind: Kind) -> None:
        fields: dict[str, tuple[Any, Any]] = {}
        for p in kind.own_properties:
            fields[p.name] = self._property_field(p)
        for edge in kind.edges:
            fields[edge.name] = self._edge_field(edge, incoming=False)
        for edge in self.graph.back_edges(kind.name):
            fields[edge.back] = self._edge_field(edge, incoming=True)
        for question in self.questions:
            if kind.name in question.on:
                fields[_field_name(question)] = self._question_field(question)
        made = self.make(kind.name, kind.doc, fields, bases=(self._made["Node"],))
        made.__strawberry_definition__.is_type_of = lambda value, info, name=kind.name: value.get(TYPE_KEY, name) == name

    def _property_field(self, p: Property) -> tuple[Any, Any]:
        if p.change is not Change.TOLD:
            return self.output(p), _field(p.doc, PropertyField(p))
        at = (
            "The moment at which the value held. By default it is the moment of the enclosing field. If "
            "that has none, Forebear answers the present value."
        )
        arguments = {"at": (DateTime | None, at, strawberry.UNSET)}
        return None, self.resolved(p.doc, {RULE: PropertyField(p)}, self.output(p), arguments)

    def _edge_field(self, edge: Edge, *, incoming: bool) -> tuple[Any, Any]:
        target = edge.source if incoming else (edge.targets[0] if len(edge.targets) == 1 else "Node")
        doc = edge.back_doc if incoming else edge.doc
        if edge.one and not incoming:
            return self._optional(self.named(target), True), _field(doc, NeighbourField(edge))
        connection = f"{target}Connection"
        if edge.stored_properties:
            stem = f"{edge.targets[0] if len(edge.targets) == 1 else 'Node'}" if incoming else edge.source
            stem += edge.back[0].upper() + edge.back[1:] if incoming else edge.name[0].upper() + edge.name[1:]
            connection = f"{stem}Connection"
            if connection not in self._made:
                self._connection(target, connection, f"{stem}Edge", f"{stem}", edge)
        arguments: dict[str, tuple[Any, str, Any]] = self._connection_arguments(target)
        if edge.interval:
            arguments["at"] = (
                DateTime | None,
                "The moment at which the edge must hold. By default it is the moment of the enclosing field, or now.",
                strawberry.UNSET,
            )
            arguments["allTime"] = (bool, "Whether to list edges that held at any time.", False)
        return None, self.resolved(doc, {RULE: ConnectionField(edge, incoming)}, self.named(connection), arguments)

    def _connection_arguments(self, target: str) -> dict[str, tuple[Any, str, Any]]:
        return {
            "first": (int | None, "The number of rows to answer, at most 1000.", 20),
            "after": (str | None, "The cursor of the last row of the page before.", strawberry.UNSET),
            "filter": (self.named(f"{target}Filter") | None, "The conditions that a row must meet.", strawberry.UNSET),
            "orderBy": (
                self.named(f"{target}Order") | None,
                "The order of the rows. By default they are ordered by id.",
                strawberry.UNSET,
            ),
        }

    def _connection(self, target: str, connection: str, edge_name: str, stem: str, edge: Edge | None) -> None:
        fields: dict[str, tuple[Any, Any]] = {}
        if edge is not None:
            for p in edge.stored_properties:
                fields[p.name] = (self.output(p, nullable=not p.required), _field(p.doc, PropertyField(p)))
        for p in KEPT:
            doc = p.doc.replace("it was", "the edge was" if edge else "the edge, or in a list of all of a kind the node, was")
            fields[p.name] = (self.output(p, nullable=False), _field(doc, PropertyField(p)))
        fields["node"] = (self.named(target), _field("The node.", EdgePart.NODE))
        fields["cursor"] = (str, _field("The row's cursor.", EdgePart.CURSOR))
        self.make(edge_name, f"One row of {connection}, with its cursor.", fields)
        self._connection_of(connection, self.named(edge_name), self.named(target))

    def _connection_of(self, name: str, edge: Any, node: Any, *, bounded: bool = False) -> None:
        fields = {
            "edges": (
                list_of(edge),
                _field("The rows, each with its cursor and the properties of its edge.", ConnectionPart.EDGES),
            ),
            "nodes": (list_of(node), _field("The nodes of the rows.", ConnectionPart.NODES)),
            "pageInfo": (self.named("PageInfo"), _field("Where the page stands among all rows.", ConnectionPart.PAGE_INFO)),
            "totalCount": (int, _field("The number of rows on all pages.", ConnectionPart.TOTAL_COUNT)),
        }
        if bounded:
            doc = "Whether a walk met its bound. If so, there may be more rows than all pages hold."
            fields["truncated"] = (bool, _field(doc, ConnectionPart.TRUNCATED))
        self.make(name, "One page of rows.", fields)

    # ── filters and orders ──────────────────────────────────────────────────────────────────────────────

    def _operators(self) -> None:
        ordered = ("eq", "in", "lt", "lte", "gt", "gte", "isNull")
        for name, scalar, operators in (
            ("ID", strawberry.ID, ("eq", "in", "startsWith")),
            ("String", str, (*ordered, "contains", "startsWith")),
            ("Int", int, ordered),
            ("Long", Long, ordered),
            ("Float", float, ordered),
            ("DateTime", DateTime, ordered),
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
            "startsWith": "The text begins with this text. Case matters.",
            "has": "The list contains this.",
        }
        fields = {}
        for operator in operators:
            annotation = list_of(scalar) if operator == "in" else bool if operator == "isNull" else scalar
            attribute = "in_" if operator == "in" else operator
            fields[attribute] = (
                annotation | None,
                strawberry.field(name=operator, description=docs[operator], default=strawberry.UNSET),
            )
        self.make(name, doc, fields, input=True)

    def _comparison_of(self, p: Property) -> Any:
        if p.is_json:
            return self.named("DocumentComparison")
        if p.item_type is not None:
            return self.named("StringsComparison")
        if p.is_enum:
            name = f"{p.type.__name__}Comparison"
            if name not in self._made:
                self._comparison(
                    name,
                    self._annotation(p, input=True),
                    ("eq", "in", "isNull"),
                    f"A condition on a "
                    f"{p.type.__name__}, such as `{{eq: {next(iter(p.type))}}}`. All operators in it must hold.",
                )
            return self.named(name)
        names = {
            str: "String", int: "Int", float: "Float", bool: "Boolean", datetime: "DateTime", declaration.Long: "Long",
            declaration.Digest: "String", declaration.ExternalName: "String",
        }  # fmt: skip
        return self.named(f"{names[p.type]}Comparison")

    def _filter(self, name: str) -> None:
        own = self.named(f"{name}Filter")
        fields: dict[str, tuple[Any, Any]] = {
            "and_": (list_of(own) | None, _renamed("and", "All of these conditions hold.")),
            "or_": (list_of(own) | None, _renamed("or", "At least one of these conditions holds.")),
            "not_": (own | None, _renamed("not", "This condition does not hold.")),
            "id": (self.named("IDComparison") | None, input_field("A condition on the id.", required=False)),
            "recordedAt": (
                self.named("DateTimeComparison") | None,
                input_field("A condition on the moment of recording.", required=False),
            ),
            "described": (
                self.named("BooleanComparison") | None,
                input_field("Whether the node's own fact has arrived.", required=False),
            ),
        }
        kind = self.graph.kinds.get(name)
        for p in kind.properties.values() if kind else COMMON:
            fields[p.name] = (self._comparison_of(p) | None, input_field(p.doc, required=False))
        if kind:
            for edge in kind.edges:
                target = edge.targets[0] if len(edge.targets) == 1 else "Node"
                fields[edge.name] = (
                    self.named(f"{target}Filter") | None,
                    input_field(f"At least one meets these conditions: {_lower_first(edge.doc)}", required=False),
                )
            for edge in self.graph.back_edges(name):
                fields[edge.back] = (
                    self.named(f"{edge.source}Filter") | None,
                    input_field(f"At least one meets these conditions: {_lower_first(edge.back_doc)}", required=False),
                )
        self.make(f"{name}Filter", "Conditions on a node. All of them must hold.", fields, input=True)

    def _order(self, name: str) -> None:
        kind = self.graph.kinds.get(name)
        properties = kind.properties.values() if kind else COMMON
        members = {"id": "", "recordedAt": "", **{p.name: "" for p in properties if p.is_orderable}}
        field = self.enum(f"{name}OrderField", members, f"The properties by which you can order {name} rows.")
        self.make(
            f"{name}Order",
            "An order of rows. Forebear orders equal rows by id.",
            {
                "field": (field, strawberry.field(description="The property to order by.")),
                "direction": (
                    self._made["OrderDirection"],
                    strawberry.field(
                        description="The direction. Nulls come last in ascending order and first in descending order.",
                        default=OrderDirection.ASC,
                    ),
                ),
            },
            input=True,
        )

    # ── questions ───────────────────────────────────────────────────────────────────────────────────────

    def _rows(self, question: Question) -> None:
        for row in (*question.types.values(), question.row):
            if row.name not in self._made:
                self.make(
                    row.name,
                    row.doc,
                    {c.name: (self._column_type(c.type), _field(c.doc, ColumnField(c))) for c in row.columns},
                )
        connection = f"{question.row.name}Connection"
        if question.paged and connection not in self._made:
            self.make(
                f"{question.row.name}Edge",
                f"One row of {connection}, with its cursor.",
                {
                    "node": (self.named(question.row.name), _field("The row.", EdgePart.NODE)),
                    "cursor": (str, _field("The row's cursor.", EdgePart.CURSOR)),
                },
            )
            edge, row = self.named(f"{question.row.name}Edge"), self.named(question.row.name)
            self._connection_of(connection, edge, row, bounded=question.bounded is not None)

    def _column_type(self, ref: TypeRef) -> Any:
        named = {
            "ID": strawberry.ID, "String": str, "Int": int, "Float": float, "Boolean": bool, "DateTime": DateTime, "JSON": JSON,
            "Value": JSON,
        }.get(ref.name)  # fmt: skip
        if ref.is_enum:
            named = self.enum(ref.name, dict.fromkeys(ref.kinds, ""), "One of the cases that a question tells apart.")
        elif named is None:
            is_enum = isinstance(self._made.get(ref.name), type) and issubclass(self._made[ref.name], Enum)
            named = self._made[ref.name] if is_enum else self.named(ref.name)
        return self._optional(list_of(named) if ref.many else named, not ref.required)

    def _question_field(self, question: Question) -> tuple[Any, Any]:
        arguments: dict[str, tuple[Any, str, Any]] = {}
        for p in question.parameters:
            default: Any = strawberry.UNSET
            annotation = self._column_type(p.type)
            if p.default is not None:
                default = annotation[p.default] if p.type.is_enum else _default(p.default)
                if p.type.is_enum and not p.type.required:
                    default = self._made[p.type.name][p.default]
            elif p.type.required:
                default = None
            arguments[p.name] = (annotation, p.doc, default)
        if question.paged:
            arguments["first"] = (int | None, "The number of rows to answer, at most 1000.", 20)
            arguments["after"] = (str | None, "The cursor of the last row of the page before.", strawberry.UNSET)
        if question.timed:
            arguments |= _at_argument()
        if not question.on and not question.timeless:
            arguments |= _known_argument()
        answer = self.named(f"{question.row.name}Connection" if question.paged else question.row.name)
        nullable = not question.on or not question.paged
        metadata = {RESOLVE: partial(decided, question)} if question.decided else {RULE: QuestionField(question)}
        return None, self.resolved(question.doc, metadata, self._optional(answer, nullable), arguments)

    def _query(self, resolved: Mapping[str, StrawberryField]) -> type:
        fields: dict[str, tuple[Any, Any]] = {}
        moments = _at_argument() | _known_argument()
        id: dict[str, tuple[Any, str, Any]] = {"id": (strawberry.ID, "Its id.", None)}
        fields["node"] = (
            None,
            self.resolved(
                "Finds a node of any kind by its id. Answers null if nobody knows the id.",
                {RULE: LookupField(tuple(self.graph.kinds), required=False)},
                self.named("Node") | None,
                id | moments,
            ),
        )
        fields["nodes"] = (
            None,
            self.resolved(
                "Finds nodes of any kind and answers them in the order of the ids, with null for an id that nobody knows.",
                {RULE: LookupsField()},
                list_of(self.named("Node") | None),
                {"ids": (list[strawberry.ID], "The ids, at most 1000.", None)} | moments,
            ),
        )
        for kind in self.graph.kinds.values():
            one = kind.name[0].lower() + kind.name[1:]
            if one == kind.plural:
                one += "Item"
            fields[one] = (
                None,
                self.resolved(
                    f"{kind.doc} Finds one by its id. An unknown id is the error NOT_FOUND.",
                    {RULE: LookupField((kind.name,), required=True)},
                    self.named(kind.name) | None,
                    id | moments,
                ),
            )
            fields[kind.plural] = (
                None,
                self.resolved(
                    f"Lists all nodes of the kind {kind.name}. {kind.doc}",
                    {RULE: KindField(kind)},
                    self.named(f"{kind.name}Connection"),
                    self._connection_arguments(kind.name) | moments,
                ),
            )
        for question in self.questions:
            if not question.on:
                fields[_field_name(question)] = self._question_field(question)
        fields |= {name: (None, field) for name, field in resolved.items()}
        return cast(type, self.make("Query", "What can be asked.", fields))

    def resolved(
        self,
        doc: str,
        metadata: Mapping[str, Any],
        answer: Any,
        arguments: Mapping[str, tuple[Any, str, Any]],
    ) -> StrawberryField:
        """A field with arguments `{name: (annotation, doc, default)}`; a default of `None` means required."""
        safe = {n: f"{n}_" if keyword.iskeyword(n) else n for n in arguments}
        annotations = {safe[n]: annotated(a[0], strawberry.argument(name=n, description=a[1])) for n, a in arguments.items()}

        def resolve(**arguments: Any) -> Any:
            raise AssertionError("answered from the fetched tree")

        vars(resolve)["__signature__"] = inspect.Signature(
            [
                inspect.Parameter(
                    safe[n],
                    inspect.Parameter.KEYWORD_ONLY,
                    default=inspect.Parameter.empty if a[2] is None else a[2],
                    annotation=annotations[safe[n]],
                )
                for n, a in arguments.items()
            ],
            return_annotation=answer,
        )
        resolve.__annotations__ = annotations | {"return": answer}
        resolve.__module__ = self._module.__name__
        return cast(StrawberryField, strawberry.field(resolver=resolve, description=doc, metadata=metadata))


def list_of(item: Any) -> Any:
    """A list of a type that is made at run time."""
    return types.GenericAlias(list, (item,))


def annotated(made: Any, about: Any) -> Any:
    """A type that is made at run time, with what Strawberry is to know of it."""
    return Annotated[made, about]


async def decided(question: Question, root: object, info: GraphQLResolveInfo[Context], **arguments: Any) -> Any:
    """Resolves a question whose rows are decided: they are parameters of the statement that fetches what is selected."""
    context: Context = info.context
    asked = {name: plain(value) for name, value in arguments.items()}
    fetch = context.fetcher.fetching(info, QuestionField(question), {**arguments, "decided": []})
    try:
        rows = await context.performer.ask(question.name, asked, context.actor)
    except Undecidable as error:
        raise GraphQLError(f"{info.field_name}: {error}", extensions={"code": "INVALID_ARGUMENT"}) from None
    answer = await fetch(decided=rows)
    if answer is None:
        named = ", ".join(str(arguments[p.name]) for p in question.parameters if p.type.name == "ID" and p.name in arguments)
        raise GraphQLError(f"{info.field_name}: {named} is not known", extensions={"code": "NOT_FOUND"})
    return answer


def _at_argument() -> dict[str, tuple[Any, str, Any]]:
    return {
        "at": (
            DateTime | None,
            "The moment in the world that you ask about. By default it is now.",
            strawberry.UNSET,
        )
    }


def _known_argument() -> dict[str, tuple[Any, str, Any]]:
    return {
        "asKnownAt": (
            DateTime | None,
            "Answers from what was recorded by this moment, and takes this moment for now. By default "
            "Forebear answers from everything that is recorded.",
            strawberry.UNSET,
        )
    }


def _field_name(question: Question) -> str:
    stem = question.name.rpartition("/")[2]
    head, *tail = stem.split("_")
    return head + "".join(part.capitalize() for part in tail)


def _default(text: str) -> Any:
    return {"true": True, "false": False}.get(text.strip(), int(text) if text.strip().isdigit() else text.strip())


def _field(doc: str, rule: Rule) -> Any:
    return strawberry.field(description=doc, metadata={RULE: rule})


def input_field(doc: str, *, required: bool) -> Any:
    """A field of an input type; one that is not required may be left out."""
    return strawberry.field(description=doc) if required else strawberry.field(description=doc, default=strawberry.UNSET)


def _renamed(name: str, doc: str) -> Any:
    return strawberry.field(name=name, description=doc, default=strawberry.UNSET)


def _lower_first(sentence: str) -> str:
    """A sentence, to go on after a colon."""
    return sentence[0].lower() + sentence[1:]


def _doc(cls: type) -> str:
    return " ".join((cls.__doc__ or "").split())


def plain(value: Any) -> Any:
    """A coerced input value as JSON holds it."""
    match value:
        case dict():
            return {k: plain(v) for k, v in value.items()}
        case list():
            return [plain(v) for v in value]
        case Enum():
            return value.name
    return value
