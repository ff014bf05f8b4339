"""Batches of documents, read and ready to be written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from forebear.graph.document import json_text
from forebear.graph.facts import Facts
from forebear.graph.rows import Amendment, InvalidFact, Row
from forebear.record.level import Level, levels
from forebear.record.names import renamed
from forebear.record.summary import Rejection

MAX_FACT = 1024 * 1024
"""The longest fact, in characters of JSON."""


@dataclass
class Batch:
    """Documents that were read: rows with their positions, and rejected facts."""

    rows: list[tuple[int, Row]] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    canonical: dict[int, str] = field(default_factory=dict)
    """The documents of the rows by position, as the audit trail digests them."""
    imported: bool = False
    governed: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    """The documents of governed facts by position. Each is an action, and a transaction of its own."""
    present: Mapping[str, str] = field(default_factory=dict)
    """Where ids of the documents lead on, because another node has got the name. The rows have the new ids."""
    levels: list[Level] = field(init=False)
    """The rows in the order in which they are written. Cut when the batch is made, beside the loop."""

    def __post_init__(self) -> None:
        self.levels = levels(self.rows)

    def part(self, positions: Iterable[int]) -> Batch:
        """Return a batch of the rows at some positions."""
        members = {*positions}
        rows = [(p, row) for p, row in self.rows if p in members]
        return Batch(rows, [], self.canonical, self.imported, present=self.present)

    def renamed(self, present: Mapping[str, str]) -> Batch:
        """Return the batch with each id replaced by the one that it leads on to."""
        rows = renamed(self.rows, present)
        return Batch(rows, [], self.canonical, self.imported, present={**self.present, **present})

    def without(self, positions: Collection[int]) -> Batch:
        """Return the batch without some rows."""
        return self.part(p for p, _ in self.rows if p not in positions) if positions else self


def read(facts: Facts, documents: Iterable[tuple[int, object]], *, imported: bool = False) -> Batch:
    """Read documents with their positions: rows, and rejected facts with every reason.

    `imported` takes governed kinds as the history of an older registry.
    """
    rows: list[tuple[int, Row]] = []
    rejections: list[Rejection] = []
    texts: dict[int, str] = {}
    governed: dict[int, Mapping[str, Any]] = {}
    for position, document in documents:
        try:
            fact = None if imported else facts.governed(document)
            row = facts.read(document, imported=imported) if fact is None else None
            if len(text := json_text(document)) > MAX_FACT:
                message = f"a fact is at most {MAX_FACT} characters of JSON long; this one has {len(text)}"
                raise InvalidFact(None if row is None else subject(row), [message])
            if fact is not None:
                governed[position] = fact
            elif row is not None:
                rows.append((position, row))
                texts[position] = text
        except InvalidFact as error:
            rejections.append(Rejection(position, error.id, error.reasons))
    return Batch(rows, rejections, texts, imported, governed)


def subject(row: Row) -> str:
    """Return the id of the node that a row is about."""
    return row.of if isinstance(row, Amendment) else row.id
