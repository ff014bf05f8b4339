"""The request that a governed fact makes: its verb and its input."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

Document = Mapping[str, Any]


class NoAction(ValueError):
    """No verb does what a governed fact says. Each message begins with the member that is wrong."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True)
class VerbRequest:
    """The input of a verb that a governed fact makes, and which member of the fact each part of the input is.

    `read` are members that say which verb it is, or what must be true already. `key` is its idempotency key, if it has one.
    """

    input: dict[str, Any]
    members: Mapping[str, str] = field(default_factory=dict)
    read: Collection[str] = ()
    key: str | None = None

    def fact_message(self, message: str) -> str:
        """Return a message about the verb's input as a message about the fact's member: `to: …` → `artifact: …`."""
        path, colon, rest = message.partition(":")
        name, dot, below = path.partition(".")
        return f"{self.members.get(name, name)}{dot}{below}{colon}{rest}"


def named(fact: Document, *read: str, key: str | None = None, **members: str) -> VerbRequest:
    """Return a request from members of a fact, by the verb's own names for them."""
    return VerbRequest({name: fact[of] for name, of in members.items() if of in fact}, members, read, key)
