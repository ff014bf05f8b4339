"""Statements as one runs them oneself, in cypher-shell or Neo4j Browser: whole, with a value for each parameter.

The browser takes several at once where its settings allow the editor multiple statements.

:param dataset => "dataset:x";
:param at => "2026-11-23T14:52:06.000000Z";

// trained: Which runs were trained on a dataset.
//
// $dataset ID(Dataset)!: The dataset.
// $at DateTime!: The moment in the world that the question is about.
MATCH (d:Dataset {id: $dataset})<-[on:TRAINED_ON]-(run:Run) WHERE …
RETURN run
ORDER BY run.id;
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from forebear.graph.declaration import OWN_LABELS, Graph
from forebear.graph.ids import Ids
from forebear.graph.query import search
from forebear.graph.query.dialect import Dialect, InvalidStatement
from forebear.graph.query.header import Parameter, TypeRef
from forebear.graph.query.question import Question
from forebear.graph.statements.constraints import full_text

_PARAMETER = re.compile(r"\$(\w+)")
_MOMENT = TypeRef("DateTime", required=True)
_TEXTS = TypeRef("String", required=True, many=True)
_ROWS = TypeRef("Map", required=True, many=True)

COMPUTED = (
    Parameter("self", TypeRef("ID", required=True), None, "The node that the question is about."),
    Parameter("at", _MOMENT, None, "The moment in the world that the question is about."),
    Parameter("asKnownAt", _MOMENT, None, "The moment of knowledge."),
    Parameter("words", _TEXTS, None, "The words to look for, as the full-text index takes them."),
    Parameter("indexes", _TEXTS, None, "The full-text indexes."),
    Parameter("digest", TypeRef("String"), None, "The name as a digest, if it is one."),
    Parameter("decided", _ROWS, None, "The rows, which a decision makes of facts that are read before."),
)
"""The parameters that no header declares, since Forebear computes them."""


def of_question(question: Question, graph: Graph, dialect: Dialect, now: str, *, as_known: bool = False) -> str:
    """Return a question's statement with all its columns, for a dialect's engine; with `as_known`, as of `$asKnownAt`.

    An id may be of every kind that its parameter names. Raises `InvalidStatement` if the question has no such form.
    """
    if as_known and (question.timeless or question.moments):
        why = "names its moments of knowledge itself" if question.moments else "is about now only"
        raise InvalidStatement(f"{question.name} {why}, so there is no statement of it as it was known")
    ids = [p for p in question.parameters if p.type.name == "ID"]
    labels = {f"of {p.name}": "|".join(p.type.kinds or graph.kinds) for p in ids}
    text = dialect.fill(dialect.rewrite(question.text, as_known=as_known), labels)
    used = _PARAMETER.findall(text)
    declared = [*question.parameters, *(_on(p, question.on) for p in COMPUTED)]
    parameters = [p for p in declared if p.name in used]
    values = {p.name: example(p, graph, now) for p in parameters} | {
        name: value
        for name, value in (("words", search.words("arm")), ("indexes", search.indexes(dialect.engine, full_text(graph))))
        if name in used
    }
    return printed(question.name, question.doc, parameters, values, text)


def _on(parameter: Parameter, kinds: tuple[str, ...]) -> Parameter:
    """Return a parameter, with kinds if it is the node that a question is about."""
    return replace(parameter, type=replace(parameter.type, kinds=kinds)) if parameter.name == "self" else parameter


def printed(name: str, doc: str, parameters: Sequence[Parameter], values: Mapping[str, object], text: str) -> str:
    """Return a statement behind a value for each parameter, and behind comments about it and them."""
    # The browser takes a map without parentheses for several parameters.
    literals = {name: f"({literal(value)})" if isinstance(value, Mapping) else literal(value) for name, value in values.items()}
    lines = [f":param {name} => {value};" for name, value in literals.items()]
    lines += ["", f"// {name}: {doc}", "//", *(f"// ${p.name} {p.type}: {p.doc}" for p in parameters)]
    return "\n".join([*lines, f"{text};", ""])


def example(parameter: Parameter, graph: Graph, now: str) -> object:
    """Return an example of a parameter's value: its default, null if it may be left out, or else one of its type."""
    type, default = parameter.type, parameter.default
    if default is not None:
        return json.loads(default) if type.many or type.name in ("Int", "Float", "Boolean") else default
    if type.name == "DateTime" and not type.many:
        return now
    if not type.required:
        return None
    if type.many:
        return []
    if type.name == "ID":
        kinds = [kind for kind in type.kinds or graph.kinds if kind not in OWN_LABELS]
        return Ids(graph).example(kinds[0]) if kinds else ""
    if type.is_enum:
        return type.kinds[0]
    return {"Boolean": False, "Int": (type.bounds or (0, 0))[0], "Float": 0.0, "JSON": "{}"}.get(type.name, "")


def literal(value: object) -> str:
    """A value as Cypher writes it.

    >>> literal({"ids": ["run:x"], "line": None, "exact": True})
    '{ids: ["run:x"], line: null, exact: true}'
    """
    match value:
        case Mapping():
            return f"{{{', '.join(f'{name}: {literal(each)}' for name, each in value.items())}}}"
        case list() | tuple():
            return f"[{', '.join(map(literal, value))}]"
    return json.dumps(value, ensure_ascii=False)
