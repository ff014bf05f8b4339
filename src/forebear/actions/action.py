"""What an action is: its input, the facts that its decision rests on, and the decision."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from forebear.domain.outcome import Verdict
from forebear.domain.roles import Actor
from forebear.graph.declaration import Value

F = TypeVar("F")


class Chain(msgspec.Struct, frozen=True):
    """How far the audit chain of a subject reaches."""

    id: str
    length: int
    hash: str


@dataclass(frozen=True)
class Given(Generic[F]):
    """What a decision is taken from. `input` holds JSON values by name, and only what was given."""

    input: Mapping[str, Any]
    facts: F
    actor: Actor
    now: str

    def new_id(self, prefix: str) -> str:
        """A new id that sorts by the moment it was made at."""
        at = datetime.fromisoformat(self.now)
        return f"{prefix}:{at:%Y%m%dT%H%M%S%f}-{secrets.token_hex(5)}"


@dataclass(frozen=True)
class Action(Generic[F]):
    """A verb.

    `facts` is the statement `cypher/actions/<facts>_facts.cypher` and `facts_type` the type of its row; `asks` makes its
    parameters of the input, by default those of the same names. `decide` is pure.
    """

    name: str
    input: type[Value]
    facts: str
    facts_type: type[F]
    decide: Callable[[Given[F]], Verdict]
    asks: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict

    @property
    def doc(self) -> str:
        """What it does."""
        return " ".join((self.input.__doc__ or "").split())
