"""Facts: documents that say what happened, validated against the declaration.

A fact is one node with its outgoing edges:

    {"kind": "Run", "id": "run:octo-base", "status": "SUCCEEDED",
     "trainedOn": [{"id": "dataset:bridge_orig@1.0.0", "weight": 1.0}], "ran": ["code:octo@241fb35"]}

Two more kinds of documents take back what was said, or put it right: see `forebear.graph.amendment`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, ValidationError, create_model

from forebear.graph.amendment import Amendments
from forebear.graph.complaint import reasons_of, unknown, wrong_kind
from forebear.graph.declaration import AS_OF, EDGES, Admission, Change, Edge, Graph, Kind, Property, Value
from forebear.graph.digest import InvalidDigest, in_name
from forebear.graph.ids import Ids, InvalidId
from forebear.graph.rows import EdgeRow, InvalidFact, NodeRow, Row
from forebear.graph.telling import Telling
from forebear.graph.values import CONFIG, DECIDED, Moment, backwards, field


@dataclass(frozen=True)
class _Shape:
    """How documents of a kind are read: their model, and how its fields become rows."""

    model: type[BaseModel]
    guaranteed: tuple[str, ...]
    updated: tuple[str, ...]
    edges: tuple[tuple[Edge, tuple[str, ...]], ...]
    """The edges, each with the names of its properties."""
    intervals: tuple[Property, ...]
    """The properties that end intervals."""


class Facts:
    """The facts of one graph: their models, their JSON schema, and how a document becomes rows."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.ids = Ids(graph)
        self._amendments = Amendments(graph, self.ids)
        self._shapes: dict[str, _Shape] = {}

    def model(self, kind: str) -> type[BaseModel]:
        """Return the pydantic model of a kind's facts. Its validated values are in the graph's form."""
        return self._shape(self.graph.kinds[kind]).model

    def _shape(self, kind: Kind) -> _Shape:
        """Return the shape of a kind. It is made at the first use."""
        shape = self._shapes.get(kind.name)
        if shape is None:
            shape = self._shapes[kind.name] = _Shape(
                self._make(kind),
                tuple(p.name for p in kind.guaranteed if p.change is not Change.TOLD),
                tuple(p.name for p in kind.properties.values() if not p.is_guaranteed),
                tuple((e, tuple(p.name for p in e.stored_properties)) for e in kind.stated),
                tuple(p for p in kind.properties.values() if p.after is not None),
            )
        return shape

    def input(self, value: type[Value]) -> type[BaseModel]:
        """Return the pydantic model of an action's input. It checks ids against the kinds that they may name."""
        fields: dict[str, Any] = {}
        for p in value.members:
            annotation, described = field(p)
            if p.value_type is not None:
                annotation = Annotated[list[self.input(p.value_type)], Field(max_length=p.items)]  # type: ignore[misc]
                annotation = annotation if p.required else annotation | None
            elif p.names:
                annotation = self.model(p.names[0]) if p.is_fact else self._id(p.names)
                if p.item_type is not None:
                    annotation = Annotated[list[annotation], Field(max_length=p.items)]  # type: ignore[valid-type]
                annotation = annotation if p.required else annotation | None
            fields[p.name] = (annotation, described)
        return create_model(value.__name__, __config__=CONFIG, __doc__=value.__doc__, **fields)

    @cached_property
    def json_schema(self) -> dict[str, Any]:
        """Return the JSON schema of every fact, one definition a kind."""
        kinds = [*self.graph.kinds, *self._amendments.models]
        definitions: dict[str, Any] = {}
        for name in kinds:
            model: type[BaseModel] = self._amendments.models.get(name) or self.model(name)
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
        """Return a document as rows. Raises `InvalidFact` with every reason.

        `imported`: it is history from an older registry, so governed kinds are taken and marked.
        """
        if not isinstance(document, Mapping):
            raise InvalidFact(None, ["a fact is a JSON object"])
        name = document.get("kind")
        id = document.get("id", document.get("of"))
        id = id if isinstance(id, str) else None
        if name in ("Retraction", "Correction"):
            return self._amendments.read(document)
        if not isinstance(name, str) or name not in self.graph.kinds:
            raise InvalidFact(id, [f"kind: {unknown(name, [*self.graph.kinds, 'Retraction', 'Correction'])}"])
        kind = self.graph.kinds[name]
        if kind.standing is Admission.GOVERNED and not imported:
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
            raise InvalidFact(id, reasons_of(error, kind.members)) from None
        return self._rows(kind, shape, model, imported=imported and kind.standing is Admission.GOVERNED)

    def governed(self, document: object) -> Mapping[str, Any] | None:
        """Return the document of a governed fact, or of a correction of a governed node. None for any other.

        A fact is returned as a tidy document. Raises `InvalidFact` if it does not fit its kind.
        """
        if not isinstance(document, Mapping) or not isinstance(name := document.get("kind"), str):
            return None
        if name == "Correction":
            name = self._of_node(document)
        kind = self.graph.kinds.get(name)
        if kind is None or kind.standing is not Admission.GOVERNED:
            return None
        if document["kind"] == "Correction":
            return document
        try:
            return self.document(name, document)
        except ValidationError as error:
            id = document.get("id")
            raise InvalidFact(id if isinstance(id, str) else None, reasons_of(error, kind.members)) from None

    def _of_node(self, document: Mapping[str, Any]) -> str:
        """Return the kind of the node that a Correction is of. Empty if it is of an edge, or of nothing."""
        of = document.get("of")
        if not isinstance(of, str) or document.get("edge") is not None:
            return ""
        try:
            return self.ids.kind(of)
        except InvalidId:
            return ""

    def document(self, kind: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return a fact as a tidy document: only members that were sent, values in the graph's form.

        Free JSON and lists of values stay as they are. Raises `ValidationError`.
        """
        model = self.model(kind).model_validate(document, context=DECIDED)
        properties, edges = self.graph.kinds[kind].properties, {e.name: e for e in self.graph.kinds[kind].edges}
        tidy: dict[str, Any] = {}
        for name in model.__pydantic_fields_set__:
            value = model.__dict__[name]
            if value is None:
                continue
            if name in edges:
                ends = [_end_document(end) for end in ([value] if edges[name].one else value)]
                tidy[name] = ends[0] if edges[name].one else ends
            else:
                tidy[name] = document[name] if name in properties and properties[name].is_json else value
        return tidy

    def described(self, document: Mapping[str, Any]) -> NodeRow:
        """Return the document of a governed fact as rows, as an action writes it. Raises `ValidationError`."""
        kind = self.graph.kinds[document["kind"]]
        shape = self._shape(kind)
        return self._rows(kind, shape, shape.model.model_validate(document, context=DECIDED), imported=False)

    def _rows(self, kind: Kind, shape: _Shape, model: BaseModel, *, imported: bool) -> NodeRow:
        members, values = model.__pydantic_fields_set__, model.__dict__
        guaranteed = {name: values[name] for name in shape.guaranteed if values[name] is not None}
        if imported:
            guaranteed["imported"] = True
        updated = {name: values[name] for name in shape.updated if name in members}
        as_of = values.get(AS_OF)
        tellings = tuple(Telling(p, values[p.name], as_of) for p in kind.told if values[p.name] is not None)
        node: str = values["id"]
        edges: list[EdgeRow] = []
        reasons = [*backwards(shape.intervals, values)]
        if as_of is not None and not tellings:
            reasons.append(f"{AS_OF}: says from when {' and '.join(p.name for p in kind.told)} hold, and this fact gives none")
        for e, names in shape.edges:
            ends = values[e.name]
            if ends is None:
                continue
            rows: dict[tuple[str, tuple[Any, ...]], EdgeRow] = {}
            for i, end in enumerate([ends] if e.one else ends):
                named = end.__dict__
                target: str = named["id"]
                properties = {name: named[name] for name in names if named[name] is not None}
                target_kind = e.targets[0] if len(e.targets) == 1 else self.ids.kind(target)
                row = EdgeRow(e, node, target, target_kind, properties)
                if rows.setdefault((target, row.identity), row).properties != properties:
                    reasons.append(f"{e.name}.{i}: {target} was named before with other values")
                if target == node:
                    reasons.append(f"{e.name}.{i}: {node} is the node itself, and an edge leads to another one")
                reasons += (f"{e.name}.{i}.{reason}" for reason in backwards(e.stored_properties, properties))
            reasons += _vague(e, rows.values())
            edges += rows.values()
        if reasons:
            raise InvalidFact(node, reasons)
        return NodeRow(kind, node, guaranteed, updated, tuple(edges), tellings)

    def _make(self, kind: Kind) -> type[BaseModel]:
        fields: dict[str, Any] = {
            "kind": (Literal[kind.name], Field(description="The kind of node.")),
            "id": (self._id((kind.name,), own=True), Field(description=f"Its id: {_example(kind)}.")),
        }
        for p in kind.properties.values():
            fields[p.name] = field(p)
        if kind.told:
            fields[AS_OF] = (Moment | None, Field(default=None, description=as_of_doc(kind)))
        for e in kind.stated:
            end = self._end(e)
            fields[e.name] = (
                (end | None, Field(default=None, description=e.doc))
                if e.one
                else (Annotated[list[end], Field(max_length=EDGES)] | None, Field(default=None, description=e.doc))  # type: ignore[valid-type]
            )
        return create_model(kind.name, __config__=CONFIG, __doc__=kind.doc, **fields)

    def _end(self, edge: Edge) -> Any:
        fields: dict[str, Any] = {"id": (self._id(edge.targets), Field(description=edge.doc))}
        for p in edge.stored_properties:
            fields[p.name] = field(p)
        model = create_model(f"{edge.source}_{edge.name}", __config__=CONFIG, __doc__=edge.doc, **fields)

        def read(end: Any) -> Any:
            if isinstance(end, str):
                return {"id": end}
            if not isinstance(end, Mapping):
                raise ValueError("an edge's end is an id, or an object with its id and the edge's values")
            return end

        return Annotated[model, BeforeValidator(read)]

    def _id(self, kinds: tuple[str, ...], *, own: bool = False) -> Any:
        def check(text: Any) -> Any:
            if not isinstance(text, str):
                raise ValueError("an id is a text")
            kind = self.ids.kind(text)
            if kind not in kinds:
                raise ValueError(wrong_kind(text, kind, kinds))
            if self.graph.kinds[kind].by_digest and not own:
                _check_digest(text)
            return text

        return Annotated[str, BeforeValidator(check)]


def _end_document(end: BaseModel) -> Any:
    """Return an edge's end as a document has it: the id alone if there is nothing else."""
    values = {name: value for name in end.__pydantic_fields_set__ if (value := end.__dict__[name]) is not None}
    return values["id"] if len(values) == 1 else values


def as_of_doc(kind: Kind) -> str:
    """Return the description of a fact's field that holds the moment of its told values."""
    names = " and ".join(p.name for p in kind.told)
    return f"From when {names} hold as this fact gives them; by default from when it is recorded."


def _vague(edge: Edge, rows: Iterable[EdgeRow]) -> list[str]:
    """Refuse edges of one fact if one of them lacks what tells it from another."""
    by_place: dict[Any, list[EdgeRow]] = defaultdict(list)
    for row in rows if edge.vague else ():
        by_place[row.target, row.properties.get("validFrom")].append(row)
    return [
        f"{edge.name}: {same[0].target} is named with {edge.vague.name} and without; say of each use which it is"
        for same in by_place.values()
        if edge.vague and len(same) > 1 and any(row.is_vague for row in same)
    ]


def _check_digest(id: str) -> None:
    """Raise `ValueError` if the digest in an id is malformed or not in its normal form."""
    prefix, _, name = id.partition(":")
    try:
        digest_of_name = in_name(name)
    except InvalidDigest as error:
        raise ValueError(f"{id}: {name} {error}; give all of it") from None
    if digest_of_name != name:
        raise ValueError(f"{id}: its digest is kept in another form; write {prefix}:{digest_of_name}")


def _example(kind: Kind) -> str:
    return f"{kind.prefix}:name@version" if kind.versioned else f"{kind.prefix}:name"
