"""The types of questions: their rows and their fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from forebear.api.types.made import ID, UNSET, Argument, Field, Input, Types, list_of, optional
from forebear.api.types.pages import AFTER, AS_KNOWN_AT, AT, FIRST, connection
from forebear.api.types.scalars import JSON, DateTime
from forebear.graph.query.field import ColumnField, EdgePart, QuestionField
from forebear.graph.query.header import TypeRef
from forebear.graph.query.question import Question


class QuestionTypes:
    """The types of questions. `decided` returns the resolver of a question whose rows are decided."""

    def __init__(self, types: Types, decided: Callable[[Question], Callable[..., Any]]) -> None:
        self._types = types
        self._decided = decided

    def rows(self, question: Question) -> None:
        """Make the types of a question's rows, of their pages, and of what it takes."""
        for name, input in question.inputs.items():
            fields = {c.name: Input(self._column_type(c.type), c.doc) for c in input.members.columns}
            self._types.input(name, input.members.doc, fields, one_of=input.one_of)
        for row in (*question.types.values(), question.row):
            if row.name not in self._types:
                self._types.make(
                    row.name,
                    row.doc,
                    {c.name: Field(self._column_type(c.type), c.doc, ColumnField(c)) for c in row.columns},
                )
        name = f"{question.row.name}Connection"
        if question.paged and name not in self._types:
            self._types.make(
                f"{question.row.name}Edge",
                f"One row of {name}, with its cursor.",
                {
                    "node": Field(self._types.named(question.row.name), "The row.", EdgePart.NODE),
                    "cursor": Field(str, "The row's cursor.", EdgePart.CURSOR),
                },
            )
            edge, row = self._types.named(f"{question.row.name}Edge"), self._types.named(question.row.name)
            connection(self._types, name, edge, row, bounded=question.bounded is not None)

    def _column_type(self, ref: TypeRef) -> Any:
        named = {
            "ID": ID, "String": str, "Int": int, "Float": float, "Boolean": bool, "DateTime": DateTime, "JSON": JSON,
            "Value": JSON,
        }.get(ref.name)  # fmt: skip
        if ref.is_enum:
            named = self._types.enum(ref.name, dict.fromkeys(ref.kinds, ""), "One of the cases that a question tells apart.")
        elif named is None:
            named = self._types.made(ref.name) if self._types.is_enum(ref.name) else self._types.named(ref.name)
        return optional(list_of(named) if ref.many else named, not ref.required)

    def field(self, question: Question) -> Field:
        """Return the field of a question."""
        arguments: dict[str, Argument] = {}
        for p in question.parameters:
            default: Any = UNSET
            annotation = self._column_type(p.type)
            if p.default is not None:
                default = annotation[p.default] if p.type.is_enum else _default(p.default)
                if p.type.is_enum and not p.type.required:
                    default = self._types.made(p.type.name)[p.default]
            arguments[p.name] = Argument(annotation, p.doc, default)
        if question.paged:
            arguments["first"] = FIRST
            arguments["after"] = AFTER
        if question.timed:
            arguments["at"] = AT
        for name, moment in (question.taking.takes if question.taking else {}).items():
            if name in arguments:
                doc = f"{arguments[name].doc.partition(' By default')[0]} By default the `{moment}` of the node."
                arguments[name] = replace(arguments[name], doc=doc)
        if not question.on and not question.timeless:
            arguments["asKnownAt"] = AS_KNOWN_AT
        answer = self._types.named(f"{question.row.name}Connection" if question.paged else question.row.name)
        # A statement of its own may fail by itself, and the node around it is answered all the same.
        nullable = not question.on or not question.paged or question.taking is not None
        if question.decided and not question.on:
            return Field(optional(answer, nullable), question.doc, resolve=self._decided(question), arguments=arguments)
        return Field(optional(answer, nullable), question.doc, QuestionField(question), arguments)


def _default(text: str) -> Any:
    return {"true": True, "false": False}.get(text.strip(), int(text) if text.strip().isdigit() else text.strip())
