"""What comes of an action: done, refused with every reason, or a conflict with what somebody else did meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Reason:
    """One reason of a refusal: a stable code, what is in the way, and what would satisfy it."""

    code: str
    message: str
    remedy: str
    unread: Reason | None = field(default=None, compare=False)
    """The same for whoever may not read what is stored, where this tells of it."""


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


@dataclass(frozen=True)
class Option:
    """What a decision weighed: whether it was chosen, every reason why it may not be, and what there is to say of it."""

    id: str
    chosen: bool
    reasons: tuple[Reason, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Planned:
    """A dry run: what would be done, and nothing was. `changes` holds values by node and property, as the audit trail would."""

    changes: Mapping[str, Any]
    considered: tuple[Option, ...] = ()


Outcome = Done | Refused | Conflict | Planned


def unread(outcome: Outcome) -> Outcome:
    """An outcome for whoever may not read what is stored: its reasons say that something differs, and not what it is."""
    if not isinstance(outcome, Refused):
        return outcome
    return replace(outcome, reasons=tuple(reason.unread or reason for reason in outcome.reasons))


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


@dataclass(frozen=True)
class Name:
    """A placeholder, and the external id that it was made by."""

    id: str
    external_id: str


@dataclass(frozen=True)
class Join:
    """A node takes the place of a placeholder, which was made by a name that is its own."""

    id: str
    placeholder: str


Effect = Describe | Revise | Update | Connect | Disconnect | Name | Join


def tell(effect: Effect, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Adds an effect to what is told of a change: values by node and property, and where edges lead."""
    now = after.setdefault(effect.id, {})
    match effect:
        case Describe(document):
            now |= {name: value for name, value in document.items() if name not in ("kind", "id")}
        case Revise(id, was, becomes):
            before.setdefault(id, {}).update(was)
            now |= becomes
        case Update(_, values):
            now |= values
        case Connect(_, edge, to, properties):
            now.setdefault(edge, []).append({"id": to, **properties} if properties else to)
        case Disconnect(id, edge, to, since):
            before.setdefault(id, {}).setdefault(edge, []).append({"id": to, "validFrom": since} if since else to)
            now.setdefault(edge, [])
        case Name(_, external_id):
            now["externalIds"] = [external_id]
        case Join(_, placeholder):
            after[placeholder] = None


@dataclass(frozen=True)
class Verdict:
    """A decision: what it is about, the effects that it has on the graph, and the reasons where it refuses.

    The effects of a refusal are those of recording it. `dry`: it was only asked what would be done; nothing is written.
    """

    subject: str
    effects: tuple[Effect, ...] = ()
    reasons: tuple[Reason, ...] = ()
    considered: tuple[Option, ...] = ()
    dry: bool = False
    told_by: str | None = None
    """The node whose audit chain tells of every effect; None where each effect is told in a chain of its own node."""

    @property
    def decisions(self) -> tuple[str, ...]:
        """The ids of the Decision nodes among the effects."""
        return tuple(e.id for e in self.effects if isinstance(e, Describe) and e.document["kind"] == "Decision")

    @property
    def outcome(self) -> Outcome:
        """What the client is told."""
        if self.reasons:
            return Refused(self.reasons, self.decisions)
        if self.dry:
            changes: dict[str, Any] = {}
            for effect in self.effects:
                tell(effect, {}, changes)
            return Planned(changes, self.considered)
        changed = dict.fromkeys(e.id for e in self.effects if not isinstance(e, Name))
        return Done(self.subject, self.decisions, tuple(changed), unchanged=not self.effects)
