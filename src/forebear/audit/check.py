"""Checking an audit trail: what does not fit, and where that first shows."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from json import JSONDecodeError, loads

from forebear.audit.chain import Entry, Head, Tip


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not fit: the id of the first entry, chain, head or node that shows it, and a message."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where} {self.what}"


@dataclass(frozen=True, slots=True)
class Claim:
    """How far a chain reached when a head was written."""

    head: str
    tip: Tip


class ChainCheck:
    """Compares the entries of one subject, in order, with each other, the chain's tip and the claims of heads."""

    def __init__(self, subject: str, length: int, hash: str | None, claims: Sequence[Claim]) -> None:
        self.finding: Finding | None = None
        """The first thing that does not fit. The check ends there."""
        self._subject = subject
        self._length = length
        self._hash = hash
        self._claims = deque(claims)
        self._number = 0
        self._last: str | None = None

    def add(self, entry: Entry) -> None:
        """Take the next entry."""
        if self.finding is None and (what := self._wrong(entry)):
            self.finding = Finding(f"{self._subject}#{self._number}", what)
        self._number += 1
        self._last = entry.hash

    def _wrong(self, entry: Entry) -> str | None:
        if self._number >= self._length:
            return f"is not counted: the chain has {self._length} entries"
        if (entry.subject, entry.number) != (self._subject, self._number):
            return f"is missing: {entry.id} stands in its place"
        if entry.hash != (hash := entry.recomputed()):
            return f"was changed: what it says has the hash {hash}, and its hash is {entry.hash}"
        if entry.previous != self._last:
            return f"does not follow the entry before: that has the hash {self._last}, and this one follows {entry.previous}"
        while self._claims and self._claims[0].tip.length <= self._number + 1:
            claim = self._claims.popleft()
            if claim.tip != Tip(self._number + 1, entry.hash):
                return f"was replaced: {claim.head} knows it with the hash {claim.tip.hash}, and its hash is {entry.hash}"
        return None

    def end(self) -> Finding | None:
        """Return what does not fit, after all entries."""
        if self.finding:
            return self.finding
        following = f"{self._subject}#{self._number}"
        if self._number < self._length:
            return Finding(following, f"is missing: the chain has {self._length} entries")
        if self._claims:
            claim = self._claims[-1]
            return Finding(following, f"is missing: {claim.head} knows {claim.tip.length} entries, and {self._number} are left")
        if self._hash != self._last:
            return Finding(self._subject, f"ends with the hash {self._last}, and its chain says {self._hash}")
        return None


class HeadsCheck:
    """Compares the heads, in order, with each other."""

    def __init__(self) -> None:
        self.finding: Finding | None = None
        """The first thing that does not fit. The check ends there."""
        self._before: Head | None = None
        self._number = 0

    def add(self, head: Head, covered: Callable[[str], int]) -> Mapping[str, Tip]:
        """Take the next head, and how far the heads before it cover a subject's chain. Return its claims by subject.

        A head that does not fit its own hash claims nothing.
        """
        try:
            grown = {subject: Tip(int(length), str(hash)) for subject, (length, hash) in loads(head.grown).items()}
        except (JSONDecodeError, TypeError, ValueError, AttributeError):
            grown = {}
        lengths = {subject: covered(subject) for subject in grown}
        if self.finding is None and (what := self._wrong(head, grown, lengths)):
            self.finding = Finding(f"head#{self._number}", what)
        self._number += 1
        self._before = head
        return grown if head.hash == head.recomputed() else {}

    def _wrong(self, head: Head, grown: Mapping[str, Tip], lengths: Mapping[str, int]) -> str | None:
        if head.number != self._number:
            return f"is missing: {head.id} stands in its place"
        if head.hash != (hash := head.recomputed()):
            return f"was changed: what it says has the hash {hash}, and its hash is {head.hash}"
        before = self._before
        last = before.hash if before else None
        if head.previous != last:
            return f"does not follow the head before: that has the hash {last}, and this one follows {head.previous}"
        for subject, tip in grown.items():
            if tip.length <= lengths[subject]:
                return f"says that {subject} grew to {tip.length}, and an earlier one covers {lengths[subject]}"
        chains = (before.chains if before else 0) + sum(1 for length in lengths.values() if not length)
        entries = (before.entries if before else 0) + sum(tip.length - lengths[s] for s, tip in grown.items())
        if (head.chains, head.entries) != (chains, entries):
            return f"counts {head.chains} chains and {head.entries} entries, where {chains} and {entries} are covered"
        return None
