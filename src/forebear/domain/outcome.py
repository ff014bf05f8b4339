"""What comes of an action: done, refused with every reason, or a conflict with what somebody else did meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reason:
    """One reason of a refusal: a stable code, what is in the way, and what would satisfy it."""

    code: str
    message: str
    remedy: str


@dataclass(frozen=True)
class Done:
    """It was done: which node it was about, and which nodes came of it. `unchanged`: it was so already."""

    subject: str
    decisions: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: bool = False


@dataclass(frozen=True)
class Refused:
    """It was not done, for all of these reasons. A refusal that is itself a decision is on record under `decisions`."""

    reasons: tuple[Reason, ...]
    decisions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conflict:
    """Somebody was faster: the subject has another revision than the one that was expected."""

    subject: str
    expected: int
    revision: int


Outcome = Done | Refused | Conflict


@dataclass(frozen=True)
class Describe:
    """A node that is new, as the document of its fact."""

    document: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The node's id."""
        return str(self.document["id"])


@dataclass(frozen=True)
class Revise:
    """Values of a node that change: what they were and what they become; a null takes one away."""

    id: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True)
class Update:
    """Values of a node that are simply replaced: names, descriptions, labels, owners, external ids."""

    id: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Connect:
    """An edge, by its field's name, from a node that stands."""

    id: str
    edge: str
    to: str
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Disconnect:
    """An edge that holds no more; what it was stays known. `valid_from` is part of its identity where it has an interval."""

    id: str
    edge: str
    to: str
    valid_from: str | None = None


Effect = Describe | Revise | Update | Connect | Disconnect


@dataclass(frozen=True)
class Verdict:
    """A decision: what it is about, the effects that it has on the graph, and the reasons where it refuses.

    The effects of a refusal are those of recording it.
    """

    subject: str
    effects: tuple[Effect, ...] = ()
    reasons: tuple[Reason, ...] = ()

    @property
    def decisions(self) -> tuple[str, ...]:
        """The ids of the Decision nodes among the effects."""
        return tuple(e.id for e in self.effects if isinstance(e, Describe) and e.document["kind"] == "Decision")

    @property
    def outcome(self) -> Outcome:
        """What the client is told."""
        if self.reasons:
            return Refused(self.reasons, self.decisions)
        changed = dict.fromkeys(e.id for e in self.effects)
        return Done(self.subject, self.decisions, tuple(changed), unchanged=not self.effects)
