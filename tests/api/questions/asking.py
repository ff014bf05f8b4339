"""A question as it is asked, and the rows that it is answered with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.api.memory import Node
from tests.api.questions.view import View


@dataclass(frozen=True)
class Asking:
    """A question as it is asked."""

    view: View
    arguments: Mapping[str, Any]
    """What was given; nodes where it was their ids."""
    subject: Node | None
    """The node whose field it is."""
    checked: Mapping[str, Any]
    """The answer that is compared, where it is there."""
    now: str
    """The moment at which it is asked."""

    @property
    def shown(self) -> Sequence[Any]:
        """The rows of the answer that is compared."""
        return self.checked.get("nodes") or [edge["node"] for edge in self.checked.get("edges", ())]


@dataclass(frozen=True)
class Row:
    """A row of a paged answer: what it is ordered by, and its columns."""

    order: tuple[str, ...]
    columns: Mapping[str, Any]
