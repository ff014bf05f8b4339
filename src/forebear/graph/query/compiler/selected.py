"""The compiler's view of an operation: its selected fields and their arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from forebear.graph.query.field import Rule


class InvalidArgument(ValueError):
    """An argument that cannot be answered. `code` is its kind, and the message names the argument and the reason."""

    def __init__(self, message: str, code: str = "INVALID_ARGUMENT") -> None:
        super().__init__(message)
        self.code = code


class Arguments(Protocol):
    """The arguments of a selected field."""

    @property
    def values(self) -> Mapping[str, Any]:
        """Their coerced values in the request that is compiled. Only their shape may enter the text."""

    @property
    def source(self) -> int:
        """Where they are read again for each request."""


class Selected(Protocol):
    """A selected field."""

    @property
    def key(self) -> str:
        """Its response key."""

    @property
    def rule(self) -> Rule | None:
        """Its meaning. None for a field that needs nothing of the graph."""

    @property
    def arguments(self) -> Arguments:
        """Its arguments."""

    def fields(self, type_name: str) -> Sequence[Selected]:
        """Return what is selected of it if its value is of a type."""

    def type_names(self) -> Sequence[str]:
        """The object types that its value may have. Empty for a leaf."""

    def is_abstract(self) -> bool:
        """Whether its type is an interface, so that each value names its type."""
