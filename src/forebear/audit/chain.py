"""The audit trail: entries that form a hash chain for each subject, and heads over all chains.

The hash is over netstrings (a text's length in UTF-8 bytes, `:`, the text, `,`): one for the name of the format, and one for
each field in a fixed order. An absent field is `-,`, and a number its decimal digits. So every byte belongs to one field, and
nothing depends on how JSON writes numbers, escapes texts or orders keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from json import dumps
from typing import Any, Self, cast

from forebear.graph.digest import of_fields

ENTRY_FORMAT = "forebear.audit.entry.1"
HEAD_FORMAT = "forebear.audit.head.1"


@dataclass(frozen=True, slots=True)
class Entry:
    """What one action, or one batch of facts, changed: the link of its subject's chain.

    `before` and `after` are JSON texts. `previous` is the hash of the subject's entry before. The first one has none.
    """

    subject: str
    number: int
    at: str
    by: str
    action: str
    reason: str | None
    request: str | None
    before: str | None
    after: str | None
    previous: str | None
    hash: str

    @classmethod
    def stored(cls, properties: Mapping[str, Any]) -> Self:
        """Return an entry from the graph or an export, where an absent field is null or left out."""
        return cls(*map(cast(Any, properties.get), cls.__slots__))

    @property
    def id(self) -> str:
        """Its id. No two entries of a subject have the same number."""
        return f"{self.subject}#{self.number}"

    @property
    def properties(self) -> dict[str, Any]:
        """The properties that the graph keeps of it."""
        return {"id": self.id, **{name: getattr(self, name) for name in self.__slots__}}

    def recomputed(self) -> str:
        """The hash that its fields must have."""
        return of_fields(
            (
                ENTRY_FORMAT,
                self.subject,
                self.number,
                self.at,
                self.by,
                self.action,
                self.reason,
                self.request,
                self.before,
                self.after,
                self.previous,
            )
        )


def entry(
    chain_length: int,
    chain_hash: str | None,
    *,
    subject: str,
    at: str,
    by: str,
    action: str,
    reason: str | None = None,
    request: str | None = None,
    before: str | None = None,
    after: str | None = None,
) -> Entry:
    """Return the next entry of a chain with `chain_length` entries, the last of which has `chain_hash`."""
    unsealed = Entry(subject, chain_length, at, by, action, reason, request, before, after, chain_hash, "")
    return replace(unsealed, hash=unsealed.recomputed())


@dataclass(frozen=True, slots=True)
class Tip:
    """The end of a chain: how many entries it has, and the hash of the last."""

    length: int
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """How far the chains reach at a moment: those that grew since the last head, and the numbers of chains and entries.

    `grown` is the JSON text of an object `{subject: [length, hash], …}` with sorted keys. Through `previous`, a head stands for
    all heads before it.
    """

    number: int
    at: str
    chains: int
    entries: int
    grown: str
    previous: str | None
    hash: str

    @classmethod
    def stored(cls, properties: Mapping[str, Any]) -> Self:
        """Return a head from the graph or an export, where an absent field is null or left out."""
        return cls(*map(cast(Any, properties.get), cls.__slots__))

    @property
    def id(self) -> str:
        """Its id. No two heads have the same number."""
        return f"head#{self.number}"

    @property
    def properties(self) -> dict[str, Any]:
        """The properties that the graph keeps of it."""
        return {"id": self.id, **{name: getattr(self, name) for name in self.__slots__}}

    def recomputed(self) -> str:
        """The hash that its fields must have."""
        return of_fields((HEAD_FORMAT, self.number, self.at, self.chains, self.entries, self.grown, self.previous))


def head(previous: Head | None, *, at: str, grown: Mapping[str, tuple[int, Tip]]) -> Head:
    """Return the next head over chains that grew: by subject, the length at its head before (0: new), and its tip."""
    number, chains, entries, link = (
        (previous.number + 1, previous.chains, previous.entries, previous.hash) if previous else (0, 0, 0, None)
    )
    chains += sum(1 for covered, _ in grown.values() if covered == 0)
    entries += sum(tip.length - covered for covered, tip in grown.values())
    text = dumps(
        {subject: [tip.length, tip.hash] for subject, (_, tip) in grown.items()},
        ensure_ascii=False,
        separators=(",", ":"),
        sort_keys=True,
    )
    unsealed = Head(number, at, chains, entries, text, link, "")
    return replace(unsealed, hash=unsealed.recomputed())
