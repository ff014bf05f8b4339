"""Facts: documents that say what happened, validated against the declaration.

A fact is one node with its outgoing edges:

    {"kind": "Run", "id": "run:octo-base", "status": "SUCCEEDED",
     "trainedOn": [{"id": "dataset:bridge_orig@1.0.0", "weight": 1.0}], "ran": ["code:octo@241fb35"]}

Two more kinds of documents take back what was said, with a reason. `Retraction` takes back a node with all its edges,
or one edge of it; `Correction` replaces values of a node, or of one edge:

    {"kind": "Retraction", "of": "run:a", "reason": "never ran"}
    {"kind": "Correction", "of": "run:a", "edge": "trainedOn", "to": "dataset:b@1", "values": {"weight": 0.5}, "reason": "…"}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Literal

import msgspec
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StrictBool,
    ValidationError,
    WithJsonSchema,
    create_model,
)

from forebear.graph.complaint import complaint, meant
from forebear.graph.declaration import Change, Edge, Fact, Graph, Json, Kind, Property, Standing, Value
from forebear.graph.ids import Ids, InvalidId
from forebear.graph.moments import parse

MAX_INT = 2**31 - 1
"""Largest integer: GraphQL's Int has 32 bits."""


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """One edge of a fact, ready to be written."""

    edge: Edge
    source: str
    target: str
    target_kind: str
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NodeRow:
    """One described node, ready to be written, with its edges.

    `guaranteed` and `updated` hold the given properties by how they may change; JSON is already text.
    """

    kind: Kind
    id: str
    guaranteed: dict[str, Any]
    updated: dict[str, Any]
    edges: tuple[EdgeRow, ...]


@dataclass(frozen=True, slots=True)
class Amendment:
    """A retraction (`values` is `None`) or a correction of a node, or of the edge named by `edge`, `to` and `valid_from`."""

    kind: Kind
    of: str
    reason: str
    values: dict[str, Any] | None = None
    edge: Edge | None = None
    to: str | None = None
    to_kind: str | None = None
    valid_from: str | None = None


Row = NodeRow | Amendment


class InvalidFact(ValueError):
    """A document that is no fact of this graph, with every reason, each naming the field."""

    def __init__(self, id: str | None, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.id = id
        self.reasons = tuple(reasons)


def _moment(value: Any) -> str:
    # Left alone, pydantic reads "2024" and 2024 as seconds, or milliseconds, since 1970.
    if not isinstance(value, str):
        raise ValueError("a moment is a text, such as 2026-11-23T14:52:06Z")
    return parse(value)


Moment = Annotated[
    str,
    PlainValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "description": "ISO 8601 with an offset."}),
]


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a boolean is no number")
    if isinstance(value, str):
        raise ValueError("a text is no number")
    return value


def json_text(value: object) -> str:
    """A JSON value as the graph holds it: text with sorted keys, so that equal values are equal texts."""
    return msgspec.json.encode(value, order="sorted").decode()


@dataclass(frozen=True)
class _Shape:
    """How the documents of a kind are read: their model, and what becomes of its fields."""

    model: type[BaseModel]
    guaranteed: tuple[str, ...]
    updated: tuple[str, ...]
    edges: tuple[tuple[Edge, tuple[str, ...]], ...]
    """Each with the names of its properties."""


class Facts:
    """The facts of one graph: their models, their JSON schema, and how a document becomes rows."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.ids = Ids(graph)
        self._shapes: dict[str, _Shape] = {}

    def model(self, kind: str) -> type[BaseModel]:
        """The pydantic model of a kind's facts, whose validated values are as the graph holds them."""
        return self._shape(self.graph.kinds[kind]).model

    def _shape(self, kind: Kind) -> _Shape:
        """Made when first asked for."""
        shape = self._shapes.get(kind.name)
        if shape is None:
            shape = self._shapes[kind.name] = _Shape(
                self._make(kind),
                tuple(p.name for p in kind.guaranteed),
                tuple(p.name for p in kind.properties.values() if p.change is Change.UPDATED),
                tuple((e, tuple(p.name for p in e.stored_properties)) for e in kind.edges),
            )
        return shape

    def input(self, value: type[Value]) -> type[BaseModel]:
        """The pydantic model of an action's input, whose ids are checked against the kinds that they may name."""
        fields: dict[str, Any] = {}
        for p in value.members:
            annotation, described = _field(p)
            if p.names:
                annotation = self.model(p.names[0]) if p.is_fact else self._id(p.names)
                annotation = list[annotation] if p.item_type is not None else annotation  # type: ignore[valid-type]
                annotation = annotation if p.required else annotation | None
            fields[p.name] = (annotation, described)
        return create_model(value.__name__, __config__=_CONFIG, __doc__=value.__doc__, **fields)

    @cached_property
    def json_schema(self) -> dict[str, Any]:
        """The JSON schema of every fact, one definition a kind."""
        kinds = [*self.graph.kinds, *_AMENDMENTS]
        definitions: dict[str, Any] = {}
        for name in kinds:
            model = _AMENDMENTS.get(name) or self.model(name)
            schema = model.model_json_schema(ref_template="#/$defs/{model}")
            definitions |= schema.pop("$defs", {})
            definitions[name] = schema
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Fact",
            "oneOf": [{"$ref": f"#/$defs/{name}"} for name in kinds],
            "$defs": definitions,
        }

    def read(self, document: object, *, imported: bool = False) -> Row:
        """A document as rows. Raises `InvalidFact` with every reason.

        `imported`: it is history from an older registry, so governed kinds are taken and marked.
        """
        if not isinstance(document, Mapping):
            raise InvalidFact(None, ["a fact is a JSON object"])
        name = document.get("kind")
        id = document.get("id", document.get("of"))
        id = id if isinstance(id, str) else None
        if name in ("Retraction", "Correction"):
            return self._amendment(str(name), document, id)
        if not isinstance(name, str) or name not in self.graph.kinds:
            raise InvalidFact(id, [f"kind: {_unknown(name, [*self.graph.kinds, 'Retraction', 'Correction'])}"])
        kind = self.graph.kinds[name]
        if kind.standing is Standing.GOVERNED and not imported:
            raise InvalidFact(
                id,
                [
                    f"kind: {name} is governed and cannot be recorded as a plain fact; "
                    "history from an older registry is recorded with `imported`"
                ],
            )
        shape = self._shape(kind)
        try:
            model = shape.model.model_validate(document)
        except ValidationError as error:
            raise InvalidFact(id, self.reasons(error, kind)) from None
        return self._rows(kind, shape, model, imported=imported and kind.standing is Standing.GOVERNED)

    def governed(self, document: object) -> Mapping[str, Any] | None:
        """The document, where it is the fact of a governed kind, or corrects a node of one; None where it is any other.

        A fact is answered as a tidy document. Raises `InvalidFact` where it is none of its kind.
        """
        if not isinstance(document, Mapping) or not isinstance(name := document.get("kind"), str):
            return None
        if name == "Correction":
            name = self._of_node(document)
        kind = self.graph.kinds.get(name)
        if kind is None or kind.standing is not Standing.GOVERNED:
            return None
        if document["kind"] == "Correction":
            return document
        try:
            return self.document(name, document)
        except ValidationError as error:
            id = document.get("id")
            raise InvalidFact(id if isinstance(id, str) else None, self.reasons(error, kind)) from None

    def _of_node(self, document: Mapping[str, Any]) -> str:
        """The kind of the node that a Correction is of; empty where it is of an edge, or of nothing."""
        of = document.get("of")
        if not isinstance(of, str) or document.get("edge") is not None:
            return ""
        try:
            return self.ids.kind(of)
        except InvalidId:
            return ""

    def document(self, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """A fact as the document that it would be had its sender been tidy: only what was said, moments in the graph's form.

        Free JSON and lists of values stay as they were given. Raises `ValidationError`.
        """
        model = self.model(kind).model_validate(given)
        properties, edges = self.graph.kinds[kind].properties, {e.name: e for e in self.graph.kinds[kind].edges}
        tidy: dict[str, Any] = {}
        for name in model.__pydantic_fields_set__:
            value = model.__dict__[name]
            if value is None:
                continue
            if name in edges:
                ends = [_said(end) for end in ([value] if edges[name].one else value)]
                tidy[name] = ends[0] if edges[name].one else ends
            else:
                tidy[name] = given[name] if name in properties and properties[name].is_json else value
        return tidy

    def described(self, document: Mapping[str, Any]) -> NodeRow:
        """The document of a governed fact as rows, as an action writes it. Raises `ValidationError`."""
        kind = self.graph.kinds[document["kind"]]
        shape = self._shape(kind)
        return self._rows(kind, shape, shape.model.model_validate(document), imported=False)

    def _rows(self, kind: Kind, shape: _Shape, model: BaseModel, *, imported: bool) -> NodeRow:
        given, values = model.__pydantic_fields_set__, model.__dict__
        guaranteed = {name: values[name] for name in shape.guaranteed if values[name] is not None}
        if imported:
            guaranteed["imported"] = True
        updated = {name: values[name] for name in shape.updated if name in given}
        node: str = values["id"]
        edges: list[EdgeRow] = []
        reasons = _backwards(guaranteed, "")
        for e, names in shape.edges:
            ends = values[e.name]
            if ends is None:
                continue
            rows: dict[tuple[str, str | None], EdgeRow] = {}
            for i, end in enumerate([ends] if e.one else ends):
                named = end.__dict__
                target: str = named["id"]
                properties = {name: named[name] for name in names if named[name] is not None}
                target_kind = e.targets[0] if len(e.targets) == 1 else self.ids.kind(target)
                row = EdgeRow(e, node, target, target_kind, properties)
                if rows.setdefault((target, properties.get("validFrom")), row).properties != properties:
                    reasons.append(f"{e.name}.{i}: {target} was named before with other values")
                reasons += _backwards(properties, f"{e.name}.{i}.")
            edges += rows.values()
        if reasons:
            raise InvalidFact(node, reasons)
        return NodeRow(kind, node, guaranteed, updated, tuple(edges))

    def _amendment(self, name: str, document: Mapping[str, Any], id: str | None) -> Amendment:
        try:
            model = (Retraction if name == "Retraction" else Correction).model_validate(document)
        except ValidationError as error:
            raise InvalidFact(id, self.reasons(error, None)) from None
        try:
            kind = self.graph.kinds[self.ids.kind(model.of)]
        except InvalidId as error:
            raise InvalidFact(id, [f"of: {error}"]) from None
        if kind.standing is Standing.GOVERNED:
            raise InvalidFact(id, [f"of: {kind.name} is governed: it is retracted or corrected by actions"])
        if kind.standing is Standing.SETTLED:
            said = f"of: decisions rest on a {kind.name}, so it is neither retracted nor corrected: record another one"
            raise InvalidFact(id, [said])
        edge = next((e for e in kind.edges if e.name == model.edge), None)
        reasons = []
        if model.edge is not None and edge is None:
            reasons.append(f"edge: {_unknown(model.edge, [e.name for e in kind.edges])}")
        if (model.edge is None) != (model.to is None):
            reasons.append("edge and to name an edge together: give both, or neither for the node itself")
        to_kind = None
        if model.to is not None:
            try:
                to_kind = self.ids.kind(model.to)
            except InvalidId as error:
                reasons.append(f"to: {error}")
            if edge and to_kind and to_kind not in edge.targets:
                reasons.append(f"to: {edge.name} leads to {' or '.join(edge.targets)}, not to {to_kind}")
        if edge and edge.interval and model.validFrom is None:
            reasons.append(f"validFrom: it is part of the identity of {edge.name}, so give it")
        if edge and not edge.interval and model.validFrom is not None:
            reasons.append(f"validFrom: {edge.name} has no interval")
        values = None
        if isinstance(model, Correction) and not reasons:
            declared = edge.stored_properties if edge else tuple(kind.properties.values())
            values, reasons = self._corrected(kind, edge, {p.name: p for p in declared}, model.values)
        if reasons:
            raise InvalidFact(id, reasons)
        return Amendment(kind, model.of, model.reason, values, edge, model.to, to_kind, model.validFrom)

    def corrected(self, kind: Kind, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """Corrected values of a node in the graph's form, and what is wrong with them."""
        return self._corrected(kind, None, kind.properties, given)

    def _corrected(
        self, kind: Kind, edge: Edge | None, declared: Mapping[str, Property], given: Mapping[str, Any]
    ) -> tuple[dict[str, Any], list[str]]:
        owner = f"{kind.name}.{edge.name}" if edge else kind.name
        reasons: list[str] = []
        values: dict[str, Any] = {}
        if not given:
            reasons.append("values: name at least one value to correct")
        for name, value in given.items():
            p = declared.get(name)
            if p is None:
                reasons.append(f"values.{name}: {_unknown(name, list(declared))}")
                continue
            if edge and edge.interval and name == "validFrom":
                reasons.append("values.validFrom: it is part of the edge's identity: retract the edge and record it anew")
                continue
            if value is None:
                if p.required:
                    reasons.append(f"values.{name}: {owner}.{name} is required and cannot be null")
                else:
                    values[name] = None
                continue
            checker = create_model("value", __config__=_CONFIG, **{name: (_annotation(p), ...)})  # type: ignore[call-overload]
            try:
                model = checker.model_validate({name: value})
            except ValidationError as error:
                reasons += [f"values.{r}" for r in self.reasons(error, None)]
            else:
                values[name] = model.__dict__[name]
        return values, reasons

    def _make(self, kind: Kind) -> type[BaseModel]:
        fields: dict[str, Any] = {
            "kind": (Literal[kind.name], Field(description="The kind of node.")),
            "id": (self._id((kind.name,)), Field(description=f"Its id: {_example(kind)}.")),
        }
        for p in kind.properties.values():
            fields[p.name] = _field(p)
        for e in kind.edges:
            end = self._end(e)
            fields[e.name] = (
                (end | None, Field(default=None, description=e.doc))
                if e.one
                else (list[end] | None, Field(default=None, description=e.doc))  # type: ignore[valid-type]
            )
        return create_model(kind.name, __config__=_CONFIG, __doc__=kind.doc, **fields)

    def _end(self, edge: Edge) -> Any:
        fields: dict[str, Any] = {"id": (self._id(edge.targets), Field(description=edge.doc))}
        for p in edge.stored_properties:
            fields[p.name] = _field(p)
        model = create_model(f"{edge.source}_{edge.name}", __config__=_CONFIG, __doc__=edge.doc, **fields)

        def read(end: Any) -> Any:
            if isinstance(end, str):
                return {"id": end}
            if not isinstance(end, Mapping):
                raise ValueError("an edge's end is an id, or an object with its id and the edge's values")
            return end

        return Annotated[model, BeforeValidator(read)]

    def _id(self, kinds: tuple[str, ...]) -> Any:
        def check(text: Any) -> Any:
            if not isinstance(text, str):
                raise ValueError("an id is a text")
            kind = self.ids.kind(text)
            if kind not in kinds:
                raise ValueError(f"{text} is the id of a {kind}; expected one of {' or '.join(kinds)}")
            return text

        return Annotated[str, BeforeValidator(check)]

    def reasons(self, error: ValidationError, kind: Kind | None) -> list[str]:
        """What pydantic found, a sentence each, naming the field."""
        reasons = []
        for e in error.errors(include_url=False):
            path = ".".join(str(step) for step in e["loc"])
            message = complaint(e)
            if e["type"] == "extra_forbidden":
                known = [*kind.properties, *(edge.name for edge in kind.edges)] if kind and len(e["loc"]) == 1 else []
                message = _unknown(e["loc"][-1], known)
            reasons.append(f"{path}: {message}")
        return reasons


_CONFIG = ConfigDict(extra="forbid", strict=False, allow_inf_nan=False, use_enum_values=True, protected_namespaces=())


class Retraction(BaseModel):
    """Takes back a node with all its edges, or one edge of it."""

    model_config = _CONFIG

    kind: Literal["Retraction"]
    of: str = Field(description="Id of the node that is retracted, or whose edge is.")
    edge: str | None = Field(default=None, description="The edge's field, such as trainedOn.")
    to: str | None = Field(default=None, description="Id of the node that the edge leads to.")
    validFrom: Moment | None = Field(default=None, description="Since when the edge held, where it has an interval.")
    reason: str = Field(min_length=1, description="Why.")


class Correction(BaseModel):
    """Replaces values of a node, or of one edge of it."""

    model_config = _CONFIG

    kind: Literal["Correction"]
    of: str = Field(description="Id of the node that is corrected, or whose edge is.")
    edge: str | None = Field(default=None, description="The edge's field, such as trainedOn.")
    to: str | None = Field(default=None, description="Id of the node that the edge leads to.")
    validFrom: Moment | None = Field(default=None, description="Since when the edge held, where it has an interval.")
    values: dict[str, Any] = Field(description="The corrected values by property; null takes one away.")
    reason: str = Field(min_length=1, description="Why.")


def _said(end: BaseModel) -> Any:
    """An edge's end as a document says it: its id alone where there is nothing else to say."""
    values = {name: value for name in end.__pydantic_fields_set__ if (value := end.__dict__[name]) is not None}
    return values["id"] if len(values) == 1 else values


def _backwards(values: Mapping[str, Any], where: str) -> list[str]:
    since, until = values.get("validFrom"), values.get("validTo")
    if since is None or until is None or since <= until:
        return []
    return [f"{where}validTo: {until} lies before validFrom, {since}"]


_AMENDMENTS: Mapping[str, type[BaseModel]] = {"Retraction": Retraction, "Correction": Correction}


def _annotation(p: Property) -> Any:
    """What a property's value must be, and how the graph holds it."""
    if p.type in (Json, Fact):
        return Annotated[Any, PlainValidator(_json), WithJsonSchema({})]
    if p.type is datetime:
        return Moment
    if p.type is int:
        return Annotated[int, BeforeValidator(_number), Field(ge=-MAX_INT - 1, le=MAX_INT)]
    if p.type is float:
        return Annotated[float, BeforeValidator(_number)]
    if p.type is bool:
        return StrictBool
    if p.value_type is not None:
        return Annotated[list[_value_model(p.value_type)], AfterValidator(_values)]  # type: ignore[misc]
    return p.type


def _json(value: Any) -> str:
    try:
        return json_text(value)
    except (TypeError, ValueError, UnicodeError) as error:
        raise ValueError(f"no JSON value: {error}") from None


def _values(items: list[BaseModel]) -> str:
    return json_text([item.model_dump(exclude_none=True) for item in items])


_value_models: dict[type[Value], type[BaseModel]] = {}


def _value_model(value: type[Value]) -> type[BaseModel]:
    if value not in _value_models:
        fields: dict[str, Any] = {p.name: _field(p) for p in value.members}
        _value_models[value] = create_model(value.__name__, __config__=_CONFIG, __doc__=value.__doc__, **fields)
    return _value_models[value]


def _field(p: Property) -> Any:
    annotation = _annotation(p)
    if p.required:
        return annotation, Field(description=p.doc)
    return annotation | None, Field(default=None, description=p.doc)


def _example(kind: Kind) -> str:
    return f"{kind.prefix}:name@version" if kind.versioned else f"{kind.prefix}:name"


def _unknown(name: object, known: Sequence[str]) -> str:
    return f"{name!r} is not known" + meant(str(name), known)
