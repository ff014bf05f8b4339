"""The spool: facts that wait on disk until the registry takes them, in the order in which they were told.

There is one file for each registry, a JSON object a line, named after the registry's URL. It is only for its owner (mode
0600), it has a largest size, and it holds facts and no environment or token. Several processes may write to it at once, and
one at a time sends from it. A kill at any moment loses no fact whose `add` has returned.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from forebear.graph.moments import moment

MAX_BYTES = 64 * 1024 * 1024
"""The largest file of waiting facts, and the largest of refused ones, in bytes."""


LOCK_SECONDS = 1.0
"""How long a writer waits at most for others. A training must not wait for a process that hangs."""


class SpoolFull(OSError):
    """The spool has no room for a fact."""


def state_folder() -> Path:
    """Return where Forebear keeps what its programs have to remember: `forebear` in the user's folder for state."""
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "forebear"


def default_folder() -> Path:
    """Return where spools lie: `FOREBEAR_SPOOL`, or else `spool` where Forebear's programs keep what they remember."""
    if named := os.environ.get("FOREBEAR_SPOOL"):
        return Path(named)
    return state_folder() / "spool"


@dataclass(frozen=True)
class SpooledFact:
    """A fact in a spool: a key of its own, when it was told and, if it was refused, why."""

    key: str
    told_at: str
    fact: Mapping[str, Any]
    reasons: tuple[str, ...] = ()

    def line(self) -> bytes:
        """Return it as a line of a spool's file."""
        entry: dict[str, Any] = {"key": self.key, "toldAt": self.told_at, "fact": self.fact}
        entry |= {"reasons": self.reasons} if self.reasons else {}
        return json.dumps(entry, ensure_ascii=False).encode(errors="surrogatepass") + b"\n"

    @classmethod
    def read(cls, line: bytes) -> SpooledFact:
        """Return the fact of a line. If the line is damaged, as by a power cut, its text with the reason against it."""
        try:
            entry = json.loads(line.decode(errors="surrogatepass"))
            return cls(entry["key"], entry["toldAt"], {**entry["fact"]}, tuple(entry.get("reasons", ())))
        except (ValueError, LookupError, TypeError):
            return cls(sha256(line).hexdigest(), "", {"text": line.decode(errors="replace")}, ("the line is damaged",))


class Spool:
    """The facts that wait for one registry, and those that it refused."""

    def __init__(self, folder: Path, url: str, most: int = MAX_BYTES) -> None:
        self.url = url
        self._most = most
        name = quote(url, safe="")
        self._waiting = folder / f"{name}.jsonl"
        self._refused = folder / f"{name}.refused.jsonl"
        self._lock = folder / f"{name}.lock"
        self._sending = folder / f"{name}.sending"

    @classmethod
    def all(cls, folder: Path) -> list[Spool]:
        """Return the spools in a folder that hold anything."""
        names = {file.name.removesuffix(".jsonl").removesuffix(".refused") for file in folder.glob("*.jsonl")}
        spools = [cls(folder, unquote(name)) for name in sorted(names)]
        return [spool for spool in spools if spool.waiting() or spool.refused()]

    def add(self, facts: Sequence[Mapping[str, Any]]) -> None:
        """Append facts. Raises `SpoolFull`, and `OSError` if the file cannot be written; then none of them is in it."""
        told_at = moment(datetime.now(UTC))
        lines = b"".join(SpooledFact(uuid.uuid4().hex, told_at, fact).line() for fact in facts)
        self._waiting.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(self._lock), _owned(self._waiting) as file:
            end = _whole(file)
            if end + len(lines) > self._most:
                raise SpoolFull(f"{self._waiting} is full ({end} of {self._most} bytes): `forebear spool flush` sends it")
            try:
                _write(file, lines)
            except OSError:
                os.ftruncate(file, end)
                raise

    def waiting(self, most: int | None = None, size: int | None = None) -> list[SpooledFact]:
        """Return the first facts that wait: at most so many, and one or so many bytes. Raises `OSError`."""
        return [SpooledFact.read(line) for line in _lines(self._waiting, most, size)]

    def refused(self) -> list[SpooledFact]:
        """Return the facts that the registry refused. Raises `OSError`."""
        return [SpooledFact.read(line) for line in _lines(self._refused)]

    def settle(self, sent: Sequence[SpooledFact], refused: Sequence[SpooledFact]) -> None:
        """Take out the first facts, which were sent. Those that were refused move aside. Raises `OSError`."""
        with _locked(self._lock):
            # They move aside first: if a kill comes between, they are sent and refused once more, and not moved again.
            aside = {fact.key for fact in self.refused()} if refused else set()
            if lines := b"".join(fact.line() for fact in refused if fact.key not in aside):
                with _owned(self._refused) as file:
                    if _whole(file) + len(lines) <= self._most:
                        _write(file, lines)
            new = self._waiting.with_suffix(".new")
            with _owned(new) as file:
                os.ftruncate(file, 0)
                for line in _lines(self._waiting, after=len(sent)):
                    _write(file, line)
            new.replace(self._waiting)

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Let nobody else send from it meanwhile. Waits for whoever does."""
        self._sending.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _owned(self._sending) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock among processes. It ends with the process at the latest. Raises `TimeoutError`."""
    deadline = time.monotonic() + LOCK_SECONDS
    with _owned(path) as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{path} is held by another process") from None
                time.sleep(0.002)
        yield


@contextmanager
def _owned(path: Path) -> Iterator[int]:
    """Open a file of the spool to append to it. It is for its owner alone."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        yield file
    finally:
        os.close(file)


def _whole(file: int) -> int:
    """Return the size of a file in bytes, after it has been cut behind its last whole line."""
    size = os.fstat(file).st_size
    end = size
    while end and os.pread(file, 1, end - 1) != b"\n":
        end -= 1
    if end < size:
        os.ftruncate(file, end)
    return end


def _write(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]


def _lines(path: Path, most: int | None = None, size: int | None = None, *, after: int = 0) -> Iterator[bytes]:
    """Return the whole lines of a file behind the first ones: at most so many, and one or so many bytes."""
    taken = 0
    try:
        with path.open("rb") as file:
            for n, line in enumerate(islice(file, after, None)):
                taken += len(line)
                if n == most or (n and size is not None and taken > size) or not line.endswith(b"\n"):
                    return
                yield line
    except FileNotFoundError:
        return
