"""Limits on what one operation may ask, so that no document can occupy the service.

Counts are remembered by fragment, so the time to check a document grows with its length alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
)
from graphql.validation.rules import overlapping_fields_can_be_merged

from forebear.graph.document import MAX_DEPTH as MAX_JSON_DEPTH

MAX_TOKENS = 4_000
"""The most lexical tokens of a document."""

MAX_LENGTH = 100_000
"""The longest document, in characters."""

MAX_DEPTH = 25
"""The deepest field. Each field below another is one deeper."""

MAX_BREADTH = 1_000
"""The most fields of one document with its fragments spread, aliases included."""

MAX_ROOTS = 30
"""The most root fields. Each is a question of its own."""

MAX_VALUES = 500
"""The most objects in the variables of a query. Each is a condition of a filter, or part of a simulated policy."""

MAX_COST = 5_000_000
"""The most rows that an operation may ask for: the sum of the products of nested `first`."""

MAX_DOCUMENT_DEPTH = MAX_JSON_DEPTH + 16
"""The deepest value in the variables of a mutation and in a document: the deepest JSON, in a fact, in a list."""

MAX_INTROSPECTION = 150_000
"""The most fields of an introspection. The usual one has some 42,000 and takes a sixth of a second."""

MAX_INTROSPECTION_BESIDE = 2_000
"""The same beside other fields, since it cannot run in a thread of its own then."""

LIGHT = 100
"""Variables with more values are read beside the loop."""

MAX_COMPARISONS = 50_000

TOO_NESTED = (
    f"the document is nested too deeply to be read: fields may be {MAX_DEPTH} deep, and a value {MAX_DOCUMENT_DEPTH} values"
)

TOO_INTRICATE = (
    f"the document is too intricate to be validated: more than {MAX_COMPARISONS} comparisons of fields with the same name, "
    "or fragments nested too deeply"
)

# The rule compares each pair of fields with the same name. So many comparisons are enough for any dashboard.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = MAX_COMPARISONS


@dataclass(frozen=True)
class _Size:
    depth: int
    fields: int
    directives: int


MAX_DIRECTIVES = 50
"""The most directives, with fragments spread."""


def check(document: DocumentNode) -> None:
    """Raise `GraphQLError` with a code if a document is deeper or wider than the limits."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    memo: dict[str, _Size] = {}

    def fragment(name: str, open: frozenset[str]) -> _Size:
        if name not in memo:
            if name in open or name not in fragments:
                return _Size(0, 0, 0)  # a cycle, or unknown: validation says so
            memo[name] = selection(fragments[name].selection_set, open | {name})
        return memo[name]

    def selection(selections: SelectionSetNode | None, open: frozenset[str]) -> _Size:
        depth = fields = directives = 0
        for node in selections.selections if selections else ():
            match node:
                case FieldNode():
                    for argument in node.arguments or ():
                        _check_literal(argument.value)
                    inner = selection(node.selection_set, open)
                    inner = _Size(inner.depth + 1, inner.fields + 1, inner.directives)
                case InlineFragmentNode():
                    inner = selection(node.selection_set, open)
                case FragmentSpreadNode():
                    inner = fragment(node.name.value, open)
                case _:
                    continue
            depth = max(depth, inner.depth)
            fields = min(fields + inner.fields, 10**9)
            directives = min(directives + inner.directives + len(node.directives or ()), 10**9)
        return _Size(depth, fields, directives)

    for definition in document.definitions:
        if not isinstance(definition, OperationDefinitionNode):
            continue
        size = selection(definition.selection_set, frozenset())
        if size.depth > MAX_DEPTH:
            _refuse("TOO_DEEP", f"the operation is {size.depth} fields deep; at most {MAX_DEPTH} are answered")
        if size.fields > MAX_BREADTH:
            _refuse("TOO_WIDE", f"the operation comes to {size.fields} fields; at most {MAX_BREADTH} are answered")
        if size.directives > MAX_DIRECTIVES:
            _refuse(
                "TOO_WIDE",
                f"the operation has {size.directives} directives; at most {MAX_DIRECTIVES} are answered",
            )
        if len(definition.selection_set.selections) > MAX_ROOTS:
            _refuse("TOO_WIDE", f"the operation has more than {MAX_ROOTS} root selections; send them apart")


def _check_literal(value: ValueNode) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DOCUMENT_DEPTH:
            _refuse("TOO_DEEP", f"a value in the document is more than {MAX_DOCUMENT_DEPTH} values deep")
        lists = [v.values for v in level if isinstance(v, ListValueNode)]
        objects = [[f.value for f in v.fields] for v in level if isinstance(v, ObjectValueNode)]
        level = [inner for values in (*lists, *objects) for inner in values]


def check_variables(variables: Mapping[str, Any], *, reads: bool) -> None:
    """Raise `GraphQLError` with a code if variables are deeper or, in a query, wider or longer than the limits."""
    level: list[Any] = [*variables.values()]
    objects = depth = characters = 0
    deepest = MAX_DEPTH if reads else MAX_DOCUMENT_DEPTH
    while level:
        if reads:
            characters += sum(len(value) for value in level if isinstance(value, str))
            if characters > MAX_LENGTH:
                _refuse("TOO_LONG", f"the texts of the variables have more than {MAX_LENGTH} characters")
        level = [value for value in level if isinstance(value, (dict, list))]
        if not level:
            return
        depth += 1
        objects += sum(isinstance(value, dict) for value in level)
        if depth > deepest:
            _refuse("TOO_DEEP", f"the variables are more than {deepest} values deep")
        if reads and objects > MAX_VALUES:
            _refuse("TOO_WIDE", f"the variables have more than {MAX_VALUES} objects: ask in parts")
        level = [member for value in level for member in (value.values() if isinstance(value, dict) else value)]


def is_light(variables: object) -> bool:
    """Return whether variables are so few that it takes no time to read them."""
    level: list[Any] = [variables]
    count = 0
    while level:
        count += len(level)
        if count > LIGHT or any(isinstance(value, str) and len(value) > 100 * LIGHT for value in level):
            return False
        level = [m for v in level if isinstance(v, (dict, list)) for m in (v.values() if isinstance(v, dict) else v)]
    return True


def introspects_too_much(most: int) -> str:
    """Explain why an introspection is not answered."""
    return f"the introspection comes to more than {most} fields" + (
        "" if most == MAX_INTROSPECTION else "; ask it by itself, without other fields"
    )


def refuse_cost(cost: int) -> None:
    """Raise `GraphQLError` if an operation asks for too many rows."""
    if cost > MAX_COST:
        _refuse(
            "TOO_COSTLY",
            f"the operation may come to {cost} rows; at most {MAX_COST} are answered: lower `first`",
        )


def _refuse(code: str, message: str, **extensions: Any) -> None:
    raise GraphQLError(message, extensions={"code": code, **extensions})
