"""The request that a governed fact makes: the verb that records it, and its input."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

Document = Mapping[str, Any]


class NoAction(ValueError):
    """No action comes to what a governed fact says; the messages say why, each beginning with the member."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True)
class VerbRequest:
    """The input of the verb that a governed fact asks for, and the fact's member that each part of the input is.

    `read`: members that say which verb it is, or what must hold already. `key` is its idempotency key, if it has one.
    """

    input: dict[str, Any]
    members: Mapping[str, str] = field(default_factory=dict)
    read: Collection[str] = ()
    key: str | None = None

    def said(self, message: str) -> str:
        """What the verb says of its input, said of the fact's member."""
        path, colon, rest = message.partition(":")
        name, dot, below = path.partition(".")
        return f"{self.members.get(name, name)}{dot}{below}{colon}{rest}"


def named(fact: Document, *read: str, key: str | None = None, **members: str) -> VerbRequest:
    """A request that takes members of a fact, by the verb's own names for them."""
    return VerbRequest({name: fact[of] for name, of in members.items() if of in fact}, members, read, key)
