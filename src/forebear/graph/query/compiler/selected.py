"""What the compiler sees of an operation: its selected fields and their arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from forebear.graph.query.field import Rule


class InvalidArgument(ValueError):
    """An argument that cannot be answered; `code` says which way, the message names argument and reason."""

    def __init__(self, message: str, code: str = "INVALID_ARGUMENT") -> None:
        super().__init__(message)
        self.code = code


class Arguments(Protocol):
    """The arguments of a selected field."""

    @property
    def values(self) -> Mapping[str, Any]:
        """Their coerced values in the request that is compiled; only their shape may enter the text."""

    @property
    def source(self) -> int:
        """Where they are read anew for each request."""


class Selected(Protocol):
    """A selected field."""

    @property
    def key(self) -> str:
        """Its response key."""

    @property
    def rule(self) -> Rule | None:
        """What it means; `None` for what needs nothing of the graph."""

    @property
    def arguments(self) -> Arguments:
        """Its arguments."""

    def fields(self, type_name: str) -> Sequence[Selected]:
        """What is selected of it, where its value is of a type."""

    def type_names(self) -> Sequence[str]:
        """The object types that its value may be of; none for a leaf."""

    def is_abstract(self) -> bool:
        """Whether its type is an interface, so that each value says its type."""
