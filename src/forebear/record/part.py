"""Parts of files, which the graph remembers, so that the same file again changes nothing."""

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
    """A part of a file was recorded before, but for some of its rows."""

    def __init__(self, open: Iterable[int], undescribed: Iterable[str]) -> None:
        super().__init__()
        self.left = frozenset(open)
        self.undescribed = frozenset(undescribed)


@dataclass
class FilePart:
    """A part of a file: its rows, and as digests what came before them and what has come with them."""

    rows: Sequence[tuple[int, Row]]
    source: str
    after: str
    through: str
    left: frozenset[int] | None = None
    """Where it was recorded before: which of its rows were left out."""
    undescribed: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, rows: Sequence[tuple[int, Row]], canonical: Mapping[int, str], source: str, after: str, *, imported: bool
    ) -> Self:
        """Rows and what they were read from by position, as what follows the part that `after` is the mark of."""
        texts = (unified(canonical[p]) for p, _ in rows)
        return cls(rows, source, after, of_fields((after, "imported" if imported else None, *texts)))

    async def claim(self, transaction: WriteTransaction) -> None:
        """Locks its mark. Raises `AlreadyRecorded` if it turns out to have been recorded before."""
        (stored,) = cast(list[dict[str, Any]], await transaction.run(mark.CLAIM, {"id": self._id(self.after)}))
        open = frozenset(stored["left"]) if stored["digest"] == self.through else None
        if open is not None and open != self.left:
            raise AlreadyRecorded(open, stored["undescribed"])
        self.left = open

    async def set(self, transaction: WriteTransaction, rows: Sequence[tuple[int, Row]], undescribed: Iterable[str]) -> None:
        """Notes that of its rows these are in; in the transaction in which it was claimed."""
        positions = {position for position, _ in rows}
        open = [n for n, (p, _) in enumerate(self.rows) if p not in positions and (self.left is None or n in self.left)]
        # What was left out before and is taken now is no reason to record the parts that follow once more.
        next = self._id(self.through) if self.left is None else ""
        values = {"digest": self.through, "left": open, "undescribed": [*self.undescribed.union(undescribed)]}
        await transaction.run(mark.SET, {"id": self._id(self.after), "mark": values, "next": next})

    def _id(self, digest: str) -> str:
        return composed("", self.source, digest, plain=0)
