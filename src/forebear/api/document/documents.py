"""The documents of operations: parsed, checked against the limits, validated and remembered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    NamedTypeNode,
    OperationDefinitionNode,
    OperationType,
    TypeNode,
    VariableNode,
    Visitor,
    get_operation_ast,
    parse,
    validate,
    visit,
)

from forebear.api.document import limits
from forebear.api.document.errors import RequestError, error_of

MAX_DOCUMENTS = 1_000
"""How many parsed and validated documents are kept."""

MAX_REMEMBERED = 1_000_000
"""How many characters they may have together. A parsed document takes some hundred bytes a character."""

MAX_MISTAKES = 20
"""How many mistakes of a document are named."""


@dataclass(frozen=True, eq=False)
class Document:
    """A parsed and validated document with one operation chosen."""

    ast: DocumentNode
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    ids: frozenset[str]
    conditions: frozenset[str]
    selects_by_arguments: bool
    """Whether a field below the root fields has arguments."""

    @cached_property
    def introspects_alone(self) -> bool:
        """Whether all its root fields are about the schema."""
        return self.is_query and all(
            isinstance(s, FieldNode) and s.name.value.startswith("__") for s in self.operation.selection_set.selections
        )

    @property
    def is_subscription(self) -> bool:
        """Whether it follows what happens."""
        return self.operation.operation is OperationType.SUBSCRIPTION

    @property
    def is_query(self) -> bool:
        """Whether it only reads."""
        return self.operation.operation is OperationType.QUERY


class Documents:
    """The recent documents for one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._found: OrderedDict[tuple[str, str | None], Document | RequestError] = OrderedDict()
        self._characters = 0

    def is_cached(self, query: str, operation_name: str | None) -> bool:
        """Return whether a document was used recently, so that it takes no time."""
        return (query, operation_name) in self._found

    def get(self, query: str, operation_name: str | None) -> Document:
        """Return a document, parsed and validated once. Raises `RequestError`, which is remembered as well."""
        if len(query) > limits.MAX_LENGTH:
            raise RequestError([error_of(f"the document is longer than {limits.MAX_LENGTH} characters", "TOO_LONG")])
        key = (query, operation_name)
        entry = self._found.pop(key, None)
        if entry is None:
            try:
                entry = self._parse(query, operation_name)
            except RequestError as error:
                entry = error
            self._characters += len(query)
        self._found[key] = entry
        while len(self._found) > MAX_DOCUMENTS or (self._characters > MAX_REMEMBERED and len(self._found) > 1):
            (oldest, _), _ = self._found.popitem(last=False)
            self._characters -= len(oldest)
        if isinstance(entry, RequestError):
            raise entry
        return entry

    def _parse(self, query: str, operation_name: str | None) -> Document:
        try:
            ast = parse(query, max_tokens=limits.MAX_TOKENS, no_location=False)
        except GraphQLError as error:
            if error.message.endswith("nested too deeply. Parsing aborted."):
                raise RequestError([error_of(limits.TOO_NESTED, "TOO_DEEP")]) from None
            error.extensions = {"code": "TOO_LONG" if error.message.endswith("tokens. Parsing aborted.") else "SYNTAX_ERROR"}
            raise RequestError([error]) from None
        try:
            limits.check(ast)
        except GraphQLError as error:
            raise RequestError([error]) from None
        if errors := validate(self._schema, ast, max_errors=MAX_MISTAKES):
            if errors[-1].message == "Validation aborted.":
                raise RequestError([error_of(limits.TOO_INTRICATE, "TOO_WIDE")])
            for invalid in errors:
                invalid.extensions = {"code": "INVALID_DOCUMENT"}
            raise RequestError(list(errors))
        operation = get_operation_ast(ast, operation_name)
        if operation is None:
            raise RequestError([error_of(_which(ast, operation_name), "UNKNOWN_OPERATION")])
        fragments = {d.name.value: d for d in ast.definitions if isinstance(d, FragmentDefinitionNode)}
        ids = frozenset(v.variable.name.value for v in operation.variable_definitions or () if _named(v.type) == "ID")
        return Document(ast, operation, fragments, ids, _conditions(ast), _selects_by_arguments(ast))


def _which(ast: DocumentNode, name: str | None) -> str:
    names = [d.name.value if d.name else "(unnamed)" for d in ast.definitions if isinstance(d, OperationDefinitionNode)]
    if not names:
        return "the document holds no operation"
    if name is None:
        return f"the document holds several operations; say by operationName which: {', '.join(names)}"
    return f"the document holds no operation called {name!r}; it holds {', '.join(names)}"


def _named(node: TypeNode) -> str:
    while not isinstance(node, NamedTypeNode):
        node = node.type  # type: ignore[attr-defined]
    return node.name.value


def _conditions(ast: DocumentNode) -> frozenset[str]:
    """Return the variables of @skip and @include, which decide what is selected."""
    names: set[str] = set()

    class ConditionFinder(Visitor):
        def enter_directive(self, node: Any, *_: Any) -> None:
            for argument in node.arguments or ():
                if isinstance(argument.value, VariableNode):
                    names.add(argument.value.name.value)

    visit(ast, ConditionFinder())
    return frozenset(names)


def _selects_by_arguments(ast: DocumentNode) -> bool:
    """Return whether a field below the root fields has arguments."""
    tops = {id(s) for d in ast.definitions if isinstance(d, OperationDefinitionNode) for s in d.selection_set.selections}
    selects = False

    class ArgumentFinder(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            nonlocal selects
            selects = selects or (bool(node.arguments) and id(node) not in tops)

    visit(ast, ArgumentFinder())
    return selects
