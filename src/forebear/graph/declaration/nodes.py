"""Kinds of nodes: how they are written, what every node has, and the class that declares one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from forebear.graph.complaint import meant
from forebear.graph.declaration.bookkeeping import AS_OF
from forebear.graph.declaration.edges import Edge, edges_of
from forebear.graph.declaration.properties import (
    PROSE,
    Change,
    DeclarationError,
    ExternalName,
    Property,
    Value,
    camel,
    prop,
    properties_of,
)


class Admission(StrEnum):
    """How nodes of a kind are written."""

    PLAIN = "PLAIN"
    """By facts."""
    SETTLED = "SETTLED"
    """By facts. Nothing retracts or corrects them, because decisions rest on them."""
    OBSERVED = "OBSERVED"
    """By facts that are never refused for want of permission, because they have already happened."""
    GOVERNED = "GOVERNED"
    """By actions alone, or by facts as imported history."""


class Owner(Value):
    """Who answers for a node."""

    name: str = prop("A person or a team.")
    on_call: str | None = prop("Where to reach them now: an on-call link.", default=None)


COMMON = (
    Property("name", str, "What people call it.", Change.UPDATED, searchable=True),
    Property("description", str, "What there is to say about it.", Change.UPDATED, searchable=True, length=PROSE),
    Property("labels", list[str], "Free labels.", Change.UPDATED),
    Property("owners", list[Owner], "Who answers for it.", Change.UPDATED),
    Property(
        "externalIds",
        list[ExternalName],
        "Its names in other systems, as `system:name`: an MLflow run, a Hugging Face revision. `resolve` finds it by any.",
        Change.UPDATED,
    ),
)
"""What every node may have."""


@dataclass(frozen=True)
class Kind:
    """A kind of node: its label, its id prefix, its properties and outgoing edges."""

    name: str
    doc: str
    prefix: str
    versioned: bool
    standing: Admission
    plural: str
    own_properties: tuple[Property, ...]
    edges: tuple[Edge, ...]
    reported_by: tuple[str, ...] = ()
    """The properties by which others report it before it is described.

    Each makes a placeholder, which the node replaces later.
    """
    one_by_name: bool = False
    """Whether a fact under an external id is about the node that has it already, whatever its own id."""
    by_digest: bool = False
    """Whether the name in its ids is a digest, if it begins like one."""
    locked_after: str | None = None
    """The kind, or label, whose nodes an action locks before nodes of this kind; None if no action locks any."""

    @property
    def has_other_ids(self) -> bool:
        """Whether ids of placeholders that it replaced lead to it."""
        return bool(self.reported_by) or self.one_by_name

    @cached_property
    def properties(self) -> dict[str, Property]:
        """All properties by name: those of every node first, then its own."""
        return {p.name: p for p in (*COMMON, *self.own_properties)}

    @cached_property
    def guaranteed(self) -> tuple[Property, ...]:
        """The properties whose every value stays answerable `asKnownAt`: all except plain updates."""
        return tuple(p for p in self.properties.values() if p.is_guaranteed)

    @cached_property
    def told(self) -> tuple[Property, ...]:
        """The properties that change in the world. Every value is kept with the moment from which it holds."""
        return tuple(p for p in self.own_properties if p.change is Change.TOLD)

    @cached_property
    def kept(self) -> tuple[str, ...]:
        """The names under which guaranteed values are stored: those of the properties and of their tellings."""
        return (*(p.name for p in self.guaranteed), *(name for p in self.told for name in (p.told, p.since)))

    @cached_property
    def stated(self) -> tuple[Edge, ...]:
        """The edges that facts and actions state: all except the derived."""
        return tuple(e for e in self.edges if not e.derived)

    @cached_property
    def members(self) -> tuple[str, ...]:
        """The names of what a fact may say besides kind and id."""
        told = (AS_OF,) if self.told else ()
        return (*self.properties, *(e.name for e in self.stated), *told)

    @cached_property
    def searchable(self) -> tuple[Property, ...]:
        """The properties that full-text search reads."""
        return tuple(p for p in self.properties.values() if p.searchable)


class Node(Mapping[str, Any]):
    """A kind of node: subclass it, one class a kind.

    `prefix` begins its ids; `versioned` kinds are named `prefix:name@version`; `plural` names its root
    connection in GraphQL (by default the kind's name with an `s`). `reported_by`, `one_by_name`, `by_digest` and
    `locked_after` are as `Kind` has them.

    An instance is one fact of the kind, by the attributes of the class, and a mapping as its document is:

        Run("run:octo-base", status=RunStatus.RUNNING, trained_on=["dataset:bridge_orig@1.0.0"])

    It holds the values that it was made with. Whoever records it checks them.
    """

    kind: Kind

    def __init_subclass__(
        cls,
        *,
        prefix: str,
        versioned: bool = False,
        standing: Admission = Admission.PLAIN,
        plural: str | None = None,
        reported_by: tuple[str, ...] = (),
        one_by_name: bool = False,
        by_digest: bool = False,
        locked_after: str | None = None,
    ) -> None:
        name = cls.__name__
        if not (cls.__doc__ or "").strip():
            raise DeclarationError(f"{name} has no docstring: say in one sentence what it is")
        if not re.fullmatch(r"[a-z][a-z-]*", prefix):
            raise DeclarationError(f"{name}: prefix {prefix!r} must be lower-case letters and dashes")
        cls.kind = Kind(
            name=name,
            doc=_docstring(cls),
            prefix=prefix,
            versioned=versioned,
            standing=standing,
            plural=plural or name[0].lower() + name[1:] + "s",
            own_properties=properties_of(cls),
            edges=edges_of(cls),
            reported_by=reported_by,
            one_by_name=one_by_name,
            by_digest=by_digest,
            locked_after=locked_after,
        )
        if unknown := sorted({*reported_by} - {*cls.kind.properties}):
            raise DeclarationError(f"{name} is reported by {', '.join(unknown)}, which it does not have")

    def __init__(self, id: str, **values: Any) -> None:
        """Make a fact. Raises `TypeError` if the kind has no property or edge of a name."""
        kind = self.kind
        members = {attribute: camel(attribute) for attribute in values}
        if unknown := [attribute for attribute, name in members.items() if name not in kind.members]:
            close = meant(unknown[0], [re.sub("[A-Z]", lambda m: f"_{m[0].lower()}", name) for name in kind.members])
            raise TypeError(f"{kind.name} has no {unknown[0]}{close}")
        self.id = id
        self._said = {"kind": kind.name, "id": id, **{members[attribute]: value for attribute, value in values.items()}}

    def __getitem__(self, member: str) -> Any:
        return self._said[member]

    def __iter__(self) -> Iterator[str]:
        return iter(self._said)

    def __len__(self) -> int:
        return len(self._said)

    def __repr__(self) -> str:
        return f"{self.kind.name}({self._said!r})"


def _docstring(cls: type) -> str:
    return " ".join((cls.__doc__ or "").split())
