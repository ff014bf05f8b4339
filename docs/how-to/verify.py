"""Verifies an exported audit trail with Python's standard library alone; audit.md says what it is.

    python verify.py FILE [HASH…]

FILE is what `forebear audit export` writes, perhaps as .gz, or - for a pipe; each HASH is that of a head that was kept
elsewhere. Prints what does not fit, of each chain the first that does not. Exit code 1 where there is any.
"""

import gzip
import hashlib
import json
import sys

ENTRY = ("subject", "number", "at", "by", "action", "reason", "request", "before", "after", "previous")
HEAD = ("number", "at", "chains", "entries", "grown", "previous")


def sha256(form, record, names):
    """The hash of a record: a netstring for the name of its form and for each field, and `-,` for a field that is null."""
    text = b""
    for value in (form, *(record.get(name) for name in names)):
        data = str(value).encode()
        text += b"-," if value is None else b"%d:%b," % (len(data), data)
    return hashlib.sha256(text).hexdigest()


class Heads:
    """All heads so far: how far they cover each chain, and what each of them claims."""

    def __init__(self):
        self.number, self.last, self.broken = 0, None, False
        self.counted = 0, 0  # chains and entries
        self.covered = {}  # subject: length
        self.claims = {}  # subject: {length: hash}

    def add(self, head):
        """Takes the next head; what is wrong with it, unless something was wrong before."""
        unchanged = head["hash"] == sha256("forebear.audit.head.1", head, HEAD)
        grown = json.loads(head["grown"]) if unchanged else {}
        new = sum(subject not in self.covered for subject in grown)
        more = sum(length - self.covered.get(subject, 0) for subject, (length, _) in grown.items())
        counted, self.counted = self.counted, (head["chains"], head["entries"])
        wrong = (
            (head["number"] != self.number, "is missing"),
            (not unchanged, "was changed"),
            (head["previous"] != self.last, "does not follow the head before"),
            (any(n <= self.covered.get(s, 0) for s, (n, _) in grown.items()), "says that a chain did not grow"),
            (not self.broken and self.counted != (counted[0] + new, counted[1] + more), "counts wrongly"),
        )
        what = None if self.broken else next((what for is_so, what in wrong if is_so), None)
        self.broken = self.broken or what is not None
        self.number, self.last = self.number + 1, head["hash"]
        for subject, (length, hash) in grown.items():
            self.covered[subject] = length
            self.claims.setdefault(subject, {})[length] = hash
        return what


class Chain:
    """A chain, and how many of its entries have come."""

    def __init__(self, chain, claims):
        self.subject, self.hash, self.claims = chain["subject"], chain["hash"], claims
        self.length = chain["length"] if isinstance(chain["length"], int) else 0
        self.number, self.last, self.broken = 0, None, False

    def add(self, entry):
        """Takes the next entry; what is wrong with it, unless something was wrong before."""
        wrong = (
            (self.number >= self.length, "is not counted"),
            ((entry["subject"], entry["number"]) != (self.subject, self.number), "is missing"),
            (entry["hash"] != sha256("forebear.audit.entry.1", entry, ENTRY), "was changed"),
            (entry["previous"] != self.last, "does not follow the entry before"),
            (self.claims.get(self.number + 1, entry["hash"]) != entry["hash"], "was replaced: a head knows another"),
        )
        what = None if self.broken else next((what for is_so, what in wrong if is_so), None)
        self.broken = self.broken or what is not None
        self.number, self.last = self.number + 1, entry["hash"]
        return what

    def end(self):
        """Where something is wrong once all entries have come, and what."""
        if self.broken:
            return
        if self.number < max([self.length, *self.claims]):
            yield f"{self.subject}#{self.number}", "is missing"
        elif self.last != self.hash:
            yield self.subject, "does not end with the hash that it says"


def findings(lines, kept=()):
    """Where something does not fit, and what."""
    heads, chain, end, differing, astray = Heads(), None, None, False, set()
    kept, counts = set(kept), dict.fromkeys(("heads", "chains", "entries"), 0)
    header = json.loads(next(lines, b"{}"))
    if (header.get("audit"), header.get("version")) != ("forebear", 1):
        raise SystemExit("this is no audit trail that can be verified here")
    for line in lines:
        ((what, record),) = json.loads(line).items()
        if what in ("chain", "stray", "end") and chain:
            yield from chain.end()
            chain = None
        if what == "head":
            counts["heads"] += 1
            kept.discard(record["hash"])
            if wrong := heads.add(record):
                yield f"head#{heads.number - 1}", wrong
        elif what == "chain":
            counts["chains"] += 1
            subject = record["subject"]
            differing = differing or record["covered"] != heads.covered.get(subject, 0)
            chain = Chain(record, heads.claims.pop(subject, {}))
        elif what == "entry":
            counts["entries"] += 1
            if chain is None:
                yield f"{record['subject']}#{record['number']}", "stands outside of any chain"
            elif wrong := chain.add(record):
                yield f"{chain.subject}#{chain.number - 1}", wrong
        elif what == "stray" and record["subject"] not in astray:
            astray.add(record["subject"])
            yield record["id"], "is not counted by the chain of its subject"
        elif what == "end":
            end = record
    if end is None:
        raise SystemExit("the file ends too early")
    for subject in sorted(heads.claims):
        yield subject, "is missing: a head knows it"
    if differing and not heads.broken and not end["later"]:
        yield f"head#{heads.number}", "is missing: chains say that they are covered otherwise"
    for hash in sorted(kept):
        yield "heads", f"have none with the hash {hash}"
    for what, number in counts.items():
        if end[what] != number:
            yield "end", f"counts {end[what]} {what}, and {number} are there"


def main(name, *kept):
    """Prints what does not fit in a file."""
    opened = gzip.open if name.endswith(".gz") else open
    with opened(0 if name == "-" else name, "rb") as file:
        found = [print(where, what) for where, what in findings(file, kept)]
    print(f"{len(found)} {'does' if len(found) == 1 else 'do'} not fit" if found else "all of it holds")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if sys.argv[1:] else __doc__)
