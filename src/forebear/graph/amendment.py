"""Amendments: documents that retract or correct a fact, with a reason.

{"kind": "Retraction", "of": "run:a", "reason": "never ran"}
{"kind": "Correction", "of": "run:a", "edge": "trainedOn", "to": "dataset:b@1", "values": {"weight": 0.5}, "reason": "…"}
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, BaseModel, Field, ValidationError, create_model

from forebear.graph.complaint import a, reasons_of, unknown
from forebear.graph.declaration import LINE, PROSE, Admission, Edge, Graph, Kind, Property
from forebear.graph.ids import Ids, InvalidId
from forebear.graph.rows import Amendment, InvalidFact
from forebear.graph.values import CONFIG, DECIDED, Moment, annotation, backwards, written


class Retraction(BaseModel):
    """Retracts a node with all its edges, or one edge of it."""

    model_config = CONFIG

    kind: Literal["Retraction"]
    of: str = Field(description="Id of the node that is retracted, or whose edge is.")
    edge: str | None = Field(
        default=None,
        max_length=LINE,
        description="The name of the edge's field, such as trainedOn. Leave it out to mean the node.",
    )
    to: str | None = Field(default=None, description="Id of the node that the edge leads to.")
    reason: Annotated[str, Field(max_length=PROSE, description="Why."), AfterValidator(written)]


class Correction(BaseModel):
    """Replaces values of a node, or of one edge of it."""

    model_config = CONFIG

    kind: Literal["Correction"]
    of: str = Field(description="Id of the node that is corrected, or whose edge is.")
    edge: str | None = Field(
        default=None,
        max_length=LINE,
        description="The name of the edge's field, such as trainedOn. Leave it out to mean the node.",
    )
    to: str | None = Field(default=None, description="Id of the node that the edge leads to.")
    values: dict[str, Any] = Field(description="The corrected values by property. A null takes a value away.")
    asOf: Moment | None = Field(
        default=None, description="Of what changes in the world: the moment at which what is corrected held; by default now."
    )
    reason: Annotated[str, Field(max_length=PROSE, description="Why."), AfterValidator(written)]


class Amendments:
    """Reads the amendments of one graph. Their models also have the properties that identify edges."""

    def __init__(self, graph: Graph, ids: Ids) -> None:
        self._graph = graph
        self._ids = ids
        parts: dict[str, Any] = {
            name: (annotation(p) | None, Field(default=None, description=which(p))) for name, p in graph.identities.items()
        }
        self.models: Mapping[str, type[BaseModel]] = {
            base.__name__: create_model(base.__name__, __base__=base, __doc__=base.__doc__, **parts)
            for base in (Retraction, Correction)
        }
        """By kind."""

    def read(self, document: Mapping[str, Any]) -> Amendment:
        """Return a Retraction or a Correction as a row. Raises `InvalidFact` with every reason."""
        id = document.get("of")
        id = id if isinstance(id, str) else None
        try:
            model = cast(Retraction | Correction, self.models[document["kind"]].model_validate(document))
        except ValidationError as error:
            raise InvalidFact(id, reasons_of(error)) from None
        try:
            kind = self._graph.kinds[self._ids.kind(model.of)]
        except InvalidId as error:
            raise InvalidFact(id, [f"of: {error}"]) from None
        if kind.standing is Admission.GOVERNED:
            raise InvalidFact(id, [f"of: {kind.name} is governed: it is retracted or corrected by actions"])
        if kind.standing is Admission.SETTLED:
            message = f"of: decisions rest on {a(kind.name)}, so it is neither retracted nor corrected: record another one"
            raise InvalidFact(id, [message])
        edge = next((e for e in kind.stated if e.name == model.edge), None)
        reasons = []
        if model.edge is not None and edge is None:
            reasons.append(f"edge: {unknown(model.edge, [e.name for e in kind.stated])}")
        if (model.edge is None) != (model.to is None):
            reasons.append("edge and to name an edge together: give both, or neither for the node itself")
        to_kind = None
        if model.to is not None:
            try:
                to_kind = self._ids.kind(model.to)
            except InvalidId as error:
                reasons.append(f"to: {error}")
            if edge and to_kind and to_kind not in edge.targets:
                reasons.append(f"to: {edge.name} leads to {' or '.join(edge.targets)}, not to {to_kind}")
        identity = {name: value for name in self._graph.identities if (value := model.__dict__[name]) is not None}
        if edge:
            if edge.interval and "validFrom" not in identity:
                reasons.append(f"validFrom: it is part of the identity of {edge.name}, so give it")
            parts = [p.name for p in edge.identity]
            reasons += [
                f"{name}: {edge.name} has no {'interval' if name == 'validFrom' else name}"
                for name in identity
                if name not in parts
            ]
        values = as_of = None
        if isinstance(model, Correction) and not reasons:
            declared = edge.stored_properties if edge else tuple(kind.properties.values())
            values, reasons = _corrected(kind, edge, {p.name: p for p in declared}, model.values)
            as_of = model.asOf
            if as_of and (edge or not {p.name for p in kind.told} & values.keys()):
                reasons.append("asOf: says when what is corrected held, and nothing that changes in the world is corrected")
        if reasons:
            raise InvalidFact(id, reasons)
        return Amendment(kind, model.of, model.reason, values, edge, model.to, to_kind, identity, as_of)


def which(part: Property) -> str:
    """Return the description of an amendment's field that names a part of an edge's identity."""
    return f"Which of several edges between the two nodes. {part.doc}"


def corrected(kind: Kind, document: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the corrected values of a governed node in the graph's form, and what is wrong with them."""
    return _corrected(kind, None, kind.properties, document, DECIDED)


def _corrected(
    kind: Kind,
    edge: Edge | None,
    declared: Mapping[str, Property],
    document: Mapping[str, Any],
    context: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], list[str]]:
    owner = f"{kind.name}.{edge.name}" if edge else kind.name
    reasons: list[str] = []
    values: dict[str, Any] = {}
    if not document:
        reasons.append("values: name at least one value to correct")
    for name, value in document.items():
        p = declared.get(name)
        if p is None:
            reasons.append(f"values.{name}: {unknown(name, list(declared))}")
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
        try:
            model = _model(p).model_validate({name: value}, context=dict(context or {}))
        except ValidationError as error:
            reasons += [f"values.{r}" for r in reasons_of(error)]
        else:
            values[name] = model.__dict__[name]
    reasons += (f"values.{reason}" for reason in backwards(declared.values(), values))
    return values, reasons


@functools.cache
def _model(p: Property) -> type[BaseModel]:
    fields: dict[str, Any] = {p.name: (annotation(p), ...)}
    return create_model("value", __config__=CONFIG, **fields)
