"""Who records and from where, and the result of a recording."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from forebear.domain.roles import Actor

MAX_UNDESCRIBED = 100
"""How many undescribed ids a summary names. It counts all."""


@dataclass(frozen=True)
class Origin:
    """Who records, and from where."""

    actor: Actor
    source: str

    @property
    def recorder(self) -> str:
        """The name under which Forebear keeps who recorded."""
        return self.actor.name


@dataclass(frozen=True)
class Rejection:
    """A fact that was not recorded: its position in the request, its id if it has one, and every reason."""

    position: int
    id: str | None
    reasons: tuple[str, ...]


@dataclass
class Summary:
    """The result of a recording: facts by kind, and what changed in the graph."""

    facts: Counter[str] = field(default_factory=Counter)
    described: int = 0
    connected: int = 0
    revised: int = 0
    updated: int = 0
    retracted: int = 0
    undescribed: set[str] = field(default_factory=set)
    rejections: list[Rejection] = field(default_factory=list)
    amended: set[str] = field(default_factory=set)
    """The nodes whose facts were retracted or corrected, or whose run has another status now."""
    mark: str | None = None
    """The mark of a file: a digest of all so far, which the next part names as what came before."""

    @property
    def changed(self) -> int:
        """How many nodes and edges were written. It is 0 if everything was on record already."""
        return self.described + self.connected + self.revised + self.updated + self.retracted

    def add(self, other: Summary) -> None:
        """Add another recording's summary."""
        self.facts += other.facts
        self.described += other.described
        self.connected += other.connected
        self.revised += other.revised
        self.updated += other.updated
        self.retracted += other.retracted
        self.undescribed |= other.undescribed
        self.rejections += other.rejections
        self.amended |= other.amended
        self.mark = other.mark or self.mark
