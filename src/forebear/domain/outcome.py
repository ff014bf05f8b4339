"""The outcome of an action: done, refused with every reason, or in conflict with another action."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from forebear.graph.document import json_text


@dataclass(frozen=True)
class Reason:
    """One reason of a refusal: a code that stays the same, what stands in the way, and what to do about it."""

    code: str
    message: str
    remedy: str
    unread: Reason | None = field(default=None, compare=False)
    """The same reason for an actor who may not read, if this one shows stored values."""


@dataclass(frozen=True)
class Done:
    """The action was done. `subject` is the node that it was about, and `changed` are the nodes that it wrote.

    `unchanged`: nothing had to change, because it was so already.
    """

    subject: str
    decisions: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: bool = False
    undescribed: tuple[str, ...] = ()
    """Nodes that the action named and that nobody has described: they are placeholders."""
    rejected: tuple[Reason, ...] = ()
    """Why parts of it were left out. Each message begins with the part, such as `sightings.3.at`."""


@dataclass(frozen=True)
class Refused:
    """The action was refused, for all of these reasons. A refusal that is itself a decision is on record in `decisions`."""

    reasons: tuple[Reason, ...]
    decisions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conflict:
    """Somebody changed the subject since the expected revision."""

    subject: str
    expected: int
    revision: int


@dataclass(frozen=True)
class Option:
    """One option that a decision weighed: whether it was chosen, every reason against it, and remarks."""

    id: str
    chosen: bool
    reasons: tuple[Reason, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Planned:
    """The result of a dry run. `changes` holds by node and property what the action would write, as the audit trail would."""

    changes: Mapping[str, Any]
    considered: tuple[Option, ...] = ()


Outcome = Done | Refused | Conflict | Planned


def unread(outcome: Outcome) -> Outcome:
    """Return the outcome for an actor who may not read: its reasons say that a value differs, and not which."""
    if not isinstance(outcome, Refused):
        return outcome
    return replace(outcome, reasons=tuple(reason.unread or reason for reason in outcome.reasons))


def encoded(outcome: Outcome) -> str:
    """Return an outcome as text, which is kept for a repeated request."""
    return json_text({"type": type(outcome).__name__, **msgspec.to_builtins(outcome)})


def decoded(text: str) -> Outcome:
    """Return the outcome that a text holds."""
    document = json.loads(text)
    kind: type[Outcome] = {"Done": Done, "Refused": Refused, "Conflict": Conflict}[document.pop("type")]
    return msgspec.convert(document, kind)


@dataclass(frozen=True)
class Describe:
    """A new node, as the document of its fact. `kept` are values that no fact gives, as the graph holds them."""

    document: Mapping[str, Any]
    kept: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The node's id."""
        return str(self.document["id"])


@dataclass(frozen=True)
class Revise:
    """Values of a node that change, before and after. A null takes a value away."""

    id: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True)
class Update:
    """New values of a node that leave no revision: names, descriptions, labels, owners, external ids."""

    id: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Connect:
    """A new edge from an existing node, by its field's name."""

    id: str
    edge: str
    to: str
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Disconnect:
    """An edge that ends. It stays known. `identity` tells it from others between the same nodes, such as by `validFrom`."""

    id: str
    edge: str
    to: str
    identity: Mapping[str, Any] = field(default_factory=dict)


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
    """Add an effect to the description of a change: values by node and property, and the ends of edges."""
    now = after.setdefault(effect.id, {})
    match effect:
        case Describe(document, kept):
            now |= {name: value for name, value in document.items() if name not in ("kind", "id")} | dict(kept)
        case Revise(id, was, becomes):
            before.setdefault(id, {}).update(was)
            now |= becomes
        case Update(_, values):
            now |= values
        case Connect(_, edge, to, properties):
            now.setdefault(edge, []).append({"id": to, **properties} if properties else to)
        case Disconnect(id, edge, to, identity):
            before.setdefault(id, {}).setdefault(edge, []).append({"id": to, **identity} if identity else to)
            now.setdefault(edge, [])
        case Name(_, external_id):
            now["externalIds"] = [external_id]
        case Join(_, placeholder):
            after[placeholder] = None


@dataclass(frozen=True)
class Ruling:
    """What a verb decides: its subject, the effects on the graph, and the reasons if it refuses.

    The effects of a refusal record the refusal. `dry`: the client only asks what would happen, so nothing is written.
    """

    subject: str
    effects: tuple[Effect, ...] = ()
    reasons: tuple[Reason, ...] = ()
    considered: tuple[Option, ...] = ()
    dry: bool = False
    derived: tuple[Connect | Disconnect, ...] = ()
    """Derived edges that begin and end with the effects. No audit entry holds them: verification computes them anew."""
    undescribed: tuple[str, ...] = ()
    """The nodes that it names and that nobody has described."""
    rejected: tuple[Reason, ...] = ()
    """Why parts of a batch were left out, while the others were taken."""
    told_by: str | None = None
    """The node whose audit chain holds every effect. None: each effect is in the chain of its own node."""

    @property
    def decisions(self) -> tuple[str, ...]:
        """The ids of the Decision nodes among the effects."""
        return tuple(e.id for e in self.effects if isinstance(e, Describe) and e.document["kind"] == "Decision")

    @property
    def outcome(self) -> Outcome:
        """What the client receives."""
        if self.reasons:
            return Refused(self.reasons, self.decisions)
        if self.dry:
            changes: dict[str, Any] = {}
            for effect in self.effects:
                tell(effect, {}, changes)
            return Planned(changes, self.considered)
        changed = dict.fromkeys(e.id for e in self.effects if not isinstance(e, Name))
        return Done(self.subject, self.decisions, tuple(changed), not self.effects, self.undescribed, self.rejected)
