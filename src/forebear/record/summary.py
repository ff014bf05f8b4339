"""Who records and from where, and what a recording came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from forebear.domain.roles import Actor

MAX_UNDESCRIBED = 100
"""How many undescribed ids a summary names; it counts all."""


@dataclass(frozen=True)
class Origin:
    """Who records, and from where."""

    actor: Actor
    source: str

    @property
    def recorder(self) -> str:
        """Under which name it is kept."""
        return self.actor.name


@dataclass(frozen=True)
class Rejection:
    """A fact that was not recorded: its position in the request, its id where it has one, and every reason."""

    position: int
    id: str | None
    reasons: tuple[str, ...]


@dataclass
class Summary:
    """What a recording came to, in facts by kind, and in what changed in the graph."""

    facts: Counter[str] = field(default_factory=Counter)
    described: int = 0
    connected: int = 0
    revised: int = 0
    updated: int = 0
    retracted: int = 0
    undescribed: set[str] = field(default_factory=set)
    rejections: list[Rejection] = field(default_factory=list)
    amended: set[str] = field(default_factory=set)
    """The nodes whose facts were taken back or corrected, or that a run's status says otherwise of."""
    mark: str | None = None
    """Of a file: what has come of it by then, as a digest that the next part names as what came before."""

    @property
    def changed(self) -> int:
        """How many nodes and edges were written; 0 where everything was known already."""
        return self.described + self.connected + self.revised + self.updated + self.retracted

    def add(self, other: Summary) -> None:
        """Adds another recording's summary."""
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
