"""Verifies an audit trail as it streams by.

The claims of heads are looked up when their chain comes. Until then a temporary database on disk keeps them, so that memory
stays flat.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from forebear.audit.chain import Entry, Head, Tip
from forebear.audit.check import ChainCheck, Claim, Finding, HeadsCheck
from forebear.audit.trail import HEADER


class NotATrail(Exception):
    """The input is no audit trail, or not all of one."""


class Verification:
    """A verification in progress. It checks chains and heads, each by itself and together.

    `heads_kept` are hashes of heads that somebody kept elsewhere. `witness` receives each entry.
    """

    def __init__(self, heads_kept: Collection[str] = (), witness: Callable[[Entry], None] = lambda entry: None) -> None:
        self.heads = self.chains = self.entries = 0
        self.expected = 0
        """How many heads and entries will come. The first line says it."""
        self._kept = set(heads_kept)
        self._witness = witness
        self._headed = HeadsCheck()
        self._chain: ChainCheck | None = None
        self._differing: list[str] = []
        self._astray: set[str] = set()
        self._whole = False
        # A database without a name is on disk once it is large, and gone with its connection.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute(
            "CREATE TABLE claim (subject TEXT, length INTEGER, hash TEXT, head TEXT, "
            "PRIMARY KEY (subject, length)) WITHOUT ROWID"
        )
        self._db.execute("BEGIN")
        self._takes: Mapping[str, Callable[[Any], Iterator[Finding]]] = {
            "head": self._head,
            "chain": self._begin_chain,
            "entry": self._entry,
            "stray": self._stray,
            "end": self._end,
        }

    def add(self, lines: Iterable[bytes]) -> Iterator[Finding]:
        """Take lines, and return what does not fit. Raises `NotATrail`."""
        for line in lines:
            try:
                record = msgspec.json.decode(line, type=dict[str, Any])
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise NotATrail(f"a line is damaged or incomplete: {error}") from None
            if not self.expected:
                if not record.items() >= HEADER.items():
                    raise NotATrail("it does not begin like an audit trail of this version of Forebear")
                self.expected = 1 + record["heads"] + record["entries"]
                continue
            for what, content in record.items():
                if what not in self._takes:
                    raise NotATrail(f"a line holds {what!r}, which is no part of an audit trail")
                yield from self._takes[what](content)

    def close(self) -> None:
        """End the input. Raises `NotATrail` if the last line is missing."""
        if not self._whole:
            raise NotATrail("it ends too early: its last line is missing")

    def _head(self, content: Mapping[str, Any]) -> Iterator[Finding]:
        head, unbroken = Head.stored(content), self._headed.finding is None
        self.heads += 1
        self._kept.discard(head.hash)
        claims = self._headed.add(head, self._covered)
        if unbroken and self._headed.finding:
            yield self._headed.finding
        rows = [(subject, tip.length, tip.hash, head.id) for subject, tip in claims.items()]
        self._db.executemany("INSERT OR REPLACE INTO claim VALUES (?, ?, ?, ?)", rows)

    def _covered(self, subject: str) -> int:
        (length,) = self._db.execute("SELECT max(length) FROM claim WHERE subject = ?", (subject,)).fetchone()
        return length or 0

    def _begin_chain(self, content: Mapping[str, Any]) -> Iterator[Finding]:
        yield from self._end_chain()
        self.chains += 1
        subject = content["subject"]
        rows = self._db.execute("SELECT length, hash, head FROM claim WHERE subject = ? ORDER BY length", (subject,))
        claims = [Claim(head, Tip(length, hash)) for length, hash, head in rows]
        self._db.execute("DELETE FROM claim WHERE subject = ?", (subject,))
        if content["covered"] != (claims[-1].tip.length if claims else 0):
            self._differing.append(subject)
        # A length that is no number was tampered with.
        length = content["length"] if isinstance(content["length"], int) else 0
        self._chain = ChainCheck(subject, length, content["hash"], claims)

    def _end_chain(self) -> Iterator[Finding]:
        if self._chain and (finding := self._chain.end()):
            yield finding
        self._chain = None

    def _entry(self, content: Mapping[str, Any]) -> Iterator[Finding]:
        entry = Entry.stored(content)
        self.entries += 1
        if self._chain is None:
            yield Finding(entry.id, "stands outside of any chain")
            return
        self._chain.add(entry)
        self._witness(entry)

    def _stray(self, content: Mapping[str, Any]) -> Iterator[Finding]:
        yield from self._end_chain()
        # The first finding about a subject says enough.
        if content["subject"] not in self._astray:
            self._astray.add(content["subject"])
            yield Finding(content["id"], f"is not counted by the chain of its subject, {content['subject']}")

    def _end(self, content: Mapping[str, int]) -> Iterator[Finding]:
        yield from self._end_chain()
        self._whole = True
        lost = self._db.execute("SELECT subject, max(length), head FROM claim GROUP BY subject ORDER BY subject")
        for subject, length, head in lost:
            yield Finding(subject, f"is missing: {head} knows {length} entries of it")
        # A head that was written meanwhile covers chains that are read after it.
        if self._differing and not self._headed.finding and not content["later"]:
            more = f" and {len(self._differing) - 1} more chains" if len(self._differing) > 1 else ""
            yield Finding(
                f"head#{self.heads}", f"is missing: how far heads cover {self._differing[0]}{more} is not what the heads say"
            )
        for hash in sorted(self._kept):
            yield Finding("heads", f"have none with the hash {hash}: some are missing or were replaced")
        counts = {"heads": self.heads, "chains": self.chains, "entries": self.entries}
        for what, number in counts.items():
            if content[what] != number:
                yield Finding("end", f"counts {content[what]} {what}, and {number} are there")
