"""Questions as fields of nodes: a root question whose parameters are taken from a node.

    // field Incident.whatWasRunning(place: at, at: validFrom): Lists what ran where the incident happened, when it began.

The parameter `place` is what the incident's edge `at` leads to, and the moment `at` is its property `validFrom`. A parameter
that is taken from `id` is the node itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from forebear.graph.declaration import Graph, Kind
from forebear.graph.query.dialect import InvalidStatement
from forebear.graph.query.header import FieldOf, Parameter
from forebear.graph.query.question import Question


def of_nodes(question: Question, graph: Graph) -> tuple[Question, ...]:
    """Return a question as each field of a node that its header declares. Raises `InvalidStatement`, which names the field."""
    try:
        return tuple(_asked_of(question, field, graph) for field in question.fields)
    except ValueError as error:
        raise InvalidStatement(f"{question.name}.cypher: {error}") from None


def _asked_of(question: Question, field: FieldOf, graph: Graph) -> Question:
    wrong = f"field {field.kind}.{field.name}"
    kind = graph.kinds.get(field.kind)
    if kind is None:
        raise ValueError(f"{wrong}: no such kind")
    members = {*kind.properties, *(e.name for e in kind.edges), *(e.back for e in graph.back_edges(kind.name))}
    if field.name in members:
        raise ValueError(f"{wrong}: {field.kind} has a member of that name")
    if question.on or question.verb != "query":
        raise ValueError(f"{wrong}: it is for root fields that everybody may ask who may `query`")
    own = replace(question, doc=field.doc, on=(kind.name,), fields=(), taking=field)
    for parameter, member in field.takes.items():
        try:
            own = _taken(own, parameter, member, kind)
        except ValueError as error:
            raise ValueError(f"{wrong}: {parameter}: {error}") from None
    if own.decided and own.parameters:
        raise ValueError(f"{wrong}: a decision takes all its parameters from the node, and {own.parameters[0].name} is not")
    return own


def _taken(question: Question, name: str, member: str, kind: Kind) -> Question:
    """Return a question that takes a parameter from a member of a node."""
    p = next((p for p in question.parameters if p.name == name), None)
    if (name == "at" and question.timed) or (p and p.type.name == "DateTime"):
        found = kind.properties.get(member)
        if found is None or found.type is not datetime:
            raise ValueError(f"{kind.name} has no moment called {member}")
        return question
    if p is None or p.type.name != "ID" or p.type.many:
        raise ValueError("it is no id and no moment of the question")
    left = replace(question, parameters=tuple(other for other in question.parameters if other is not p))
    if question.decided:
        if member != "id":
            raise ValueError(f"a decision is about the node itself, so take it from id instead of {member}")
        _refuse_others((kind.name,), p)
        return left
    if member == "id":
        _refuse_others((kind.name,), p)
        return _with_text(left, lambda text: _itself(text, name, kind))
    edge = next((edge for edge in kind.edges if edge.name == member), None)
    if edge is None:
        raise ValueError(f"{kind.name} has no edge called {member}")
    _refuse_others(edge.targets, p)
    begin = re.compile(rf"MATCH \((?P<node>\w+) /\* of {name} \*/ \{{id: \${name}\}}\) WHERE true")
    if len(begin.findall(question.text)) != 1 or len(re.findall(rf"\${name}\b", question.text)) != 1:
        raise ValueError(f"the statement must say once `MATCH (… /* of {name} */ {{id: ${name}}}) WHERE true`")
    there = rf"MATCH (self:{kind.name} {{id: $self}})-[leads:{edge.type.name}]->(\g<node>:{'|'.join(edge.targets)}) WHERE true"
    return _with_text(left, lambda text: begin.sub(there, text))


def _refuse_others(kinds: Iterable[str], p: Parameter) -> None:
    """Raise `ValueError` for the first kind that a parameter may not be of."""
    for kind in kinds:
        if kind not in p.type.kinds:
            raise ValueError(f"{kind} is none of {', '.join(p.type.kinds)}")


def _itself(text: str, name: str, kind: Kind) -> str:
    labelled = re.sub(rf"(:[A-Za-z|]+)? /\* of {name} \*/", f":{kind.name}", text)
    return re.sub(rf"\${name}\b", "$self", labelled)


def _with_text(question: Question, change: Callable[[str], str]) -> Question:
    """Return a question with another text."""
    columns = tuple(replace(c, expression=change(c.expression)) for c in question.row.columns)
    return replace(
        question,
        body=change(question.body),
        bounded=question.bounded and change(question.bounded),
        row=replace(question.row, columns=columns),
        order=tuple(map(change, question.order)),
    )
