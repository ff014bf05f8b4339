"""Parts of files. The graph remembers them, so the same file again changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

from forebear.graph.digest import of_fields
from forebear.graph.document import unified
from forebear.graph.ids import composed
from forebear.graph.rows import Row
from forebear.graph.statements import mark
from forebear.store import WriteTransaction


class AlreadyRecorded(Exception):
    """A part of a file was recorded before, except for some of its rows."""

    def __init__(self, open: Iterable[int], undescribed: Iterable[str]) -> None:
        super().__init__()
        self.left = frozenset(open)
        self.undescribed = frozenset(undescribed)


@dataclass
class FilePart:
    """A part of a file: its rows, and digests of what came before them and of what has come with them."""

    rows: Sequence[tuple[int, Row]]
    source: str
    after: str
    through: str
    left: frozenset[int] | None = None
    """If it was recorded before, the rows that were left out then."""
    undescribed: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, rows: Sequence[tuple[int, Row]], canonical: Mapping[int, str], source: str, after: str, *, imported: bool
    ) -> Self:
        """Return the part that follows the part with the mark `after`: its rows, and their documents by position."""
        texts = (unified(canonical[p]) for p, _ in rows)
        return cls(rows, source, after, of_fields((after, "imported" if imported else None, *texts)))

    async def claim(self, transaction: WriteTransaction) -> None:
        """Lock its mark. Raises `AlreadyRecorded` if somebody recorded the part meanwhile."""
        (stored,) = cast(list[dict[str, Any]], await transaction.run(mark.CLAIM, {"id": self._id(self.after)}))
        open = frozenset(stored["left"]) if stored["digest"] == self.through else None
        if open is not None and open != self.left:
            raise AlreadyRecorded(open, stored["undescribed"])
        self.left = open

    async def set(self, transaction: WriteTransaction, rows: Sequence[tuple[int, Row]], undescribed: Iterable[str]) -> None:
        """Note which of its rows are in, in the transaction that claimed it."""
        positions = {position for position, _ in rows}
        open = [n for n, (p, _) in enumerate(self.rows) if p not in positions and (self.left is None or n in self.left)]
        # If only rows that were left out before are taken now, the parts that follow need not be recorded again.
        next = self._id(self.through) if self.left is None else ""
        values = {"digest": self.through, "left": open, "undescribed": [*self.undescribed.union(undescribed)]}
        await transaction.run(mark.SET, {"id": self._id(self.after), "mark": values, "next": next})

    def _id(self, digest: str) -> str:
        return composed("", self.source, digest, plain=0)
