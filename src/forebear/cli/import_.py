"""Recording facts from a file or a pipe: `import`."""

from __future__ import annotations

import asyncio
import codecs
import gzip
import json
import sys
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import IO, TYPE_CHECKING, Annotated, Any, cast

import msgspec
import typer

from forebear.cli import terminal
from forebear.cli.registry import CommandRegistry, Interrupted, ask, opened
from forebear.cli.terminal import AsJson, Code, Failure, Token, Url, counted, err, out
from forebear.graph.document import InvalidDocument, decode
from forebear.view.actors import MAY
from forebear.view.nodes import DESCRIBED

if TYPE_CHECKING:
    from forebear.record.stream import Line

PATIENCE = 60.0
"""Seconds without progress after which an interrupted import gives up."""


def import_(
    file: Annotated[str, typer.Argument(help="A file of NDJSON or a JSON array, also as gzip. - reads standard input.")],
    imported: Annotated[
        bool, typer.Option("--imported", help="Import history from an older registry: take governed kinds and mark them.")
    ] = False,
    partial: Annotated[
        bool,
        typer.Option(
            "--partial/--all-or-nothing",
            help="Leave rejected facts out, or record nothing if one is rejected (of at most 10,000).",
        ),
    ] = True,
    source: Annotated[
        str | None,
        typer.Option(help="The source to keep with every node and edge. By default the file's name.", show_default=False),
    ] = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Record facts from a file. The same file again changes nothing, so run it again after an interruption.

    It prints each rejected fact with its line, its id and every reason. With --json each is a line of JSON, and the
    last line is the summary.
    """
    from forebear.record.recorder import MAX_FACTS
    from forebear.record.stream import BATCH

    terminal.configure_logs("warning")

    async def work() -> Import:
        async with opened(url, token) as registry:
            may = (await ask(registry, MAY, {}))["me"]["may"]
            named = source or ("stdin" if file == "-" else Path(file).name)
            done = Import(registry, named, imported, as_json, reads="query" in may)
            with terminal.progress("importing", size) as show:
                if partial:
                    while block := list(islice(lines, BATCH)):
                        await done.add(block)
                        show(position())
                else:
                    everything = list(islice(lines, MAX_FACTS + 1))
                    if len(everything) > MAX_FACTS:
                        raise Failure(f"{file} has more than {MAX_FACTS} facts, too many for --all-or-nothing", Code.WRONG)
                    await done.add_all(everything)
            await done.settle()
            return done

    with _reading(file) as (lines, position, size):
        done = terminal.run(work())
    done.end()


def record_lines(lines: Sequence[bytes], source: str, url: str | None, token: str | None, *, as_json: bool) -> None:
    """Record facts, a line each, without the rejected ones, and print what came of it. Raises `Failure` and `typer.Exit`."""
    from forebear.record.stream import BATCH

    terminal.configure_logs("warning")

    async def work() -> Import:
        async with opened(url, token) as registry:
            may = (await ask(registry, MAY, {}))["me"]["may"]
            done = Import(registry, source, imported=False, as_json=as_json, reads="query" in may)
            for start in range(0, len(lines), BATCH):
                await done.add(lines[start : start + BATCH])
            await done.settle()
            return done

    terminal.run(work()).end()


@dataclass
class Import:
    """A running import: what is in so far."""

    registry: CommandRegistry
    source: str
    imported: bool
    as_json: bool
    reads: bool
    """Whether the actor may read as well."""
    through: int = 0
    mark: str = ""
    rejected: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    changes: Counter[str] = field(default_factory=Counter)
    undescribed: set[str] = field(default_factory=set)

    async def add(self, lines: Sequence[bytes]) -> None:
        """Record a batch of lines without the rejected ones."""
        report = await self._patiently(
            lambda: self.registry.record(lines, self.source, imported=self.imported, after=self.mark)
        )
        self._take(report)
        self.through += len(lines)
        self.mark = report.mark or ""

    async def add_all(self, lines: Sequence[bytes]) -> None:
        """Record all of some lines, or nothing."""
        try:
            documents = [decode(line) for line in lines]
        except InvalidDocument as error:
            raise Failure(f"a line is no JSON ({error}); nothing was recorded") from None
        self._take(await self._patiently(lambda: self.registry.record_all(documents, self.source, imported=self.imported)))

    async def settle(self) -> None:
        """Forget undescribed ids that later facts described, if the actor may read that."""
        if self.undescribed and self.reads:
            answer = await ask(self.registry, DESCRIBED, {"ids": sorted(self.undescribed)})
            self.undescribed = {node["id"] for node in answer["nodes"] if node and not node["described"]}

    async def _patiently(self, attempt: Callable[[], Awaitable[Line]]) -> Line:
        deadline, delay = monotonic() + PATIENCE, 0.1
        while True:
            try:
                return await attempt()
            except Interrupted as error:
                if monotonic() > deadline:
                    raise Failure(
                        f"interrupted after line {self.through}: {error} What is in stays in: run the same import again.",
                        Code.UNREACHABLE,
                    ) from None
            await asyncio.sleep(delay)
            delay = min(2 * delay, 2)

    def _take(self, report: Line) -> None:
        self.kinds.update(report.kinds or {})
        for name in CHANGES:
            self.changes[name] += getattr(report, name) or 0
        # A registry names a hundred at most, and so do we.
        self.undescribed.update(islice(report.undescribed or (), max(0, 100 - len(self.undescribed))))
        self.rejected += len(report.rejections)
        for rejection in report.rejections:
            line = self.through + rejection["position"] + 1
            if self.as_json:
                print(msgspec.json.encode({"line": line, "id": rejection["id"], "reasons": rejection["reasons"]}).decode())
            else:
                message = f"line {line}: {rejection['id'] or '(no id)'}: {'; '.join(rejection['reasons'])}"
                err().print(terminal.printable(message), markup=False)

    def end(self) -> None:
        """Print the summary. Raises `typer.Exit` if something was rejected."""
        self.print()
        if self.rejected:
            raise typer.Exit(Code.NEGATIVE)

    def print(self) -> None:
        """Print the summary."""
        kinds, changes = dict(sorted(self.kinds.items())), dict(self.changes)
        if self.as_json:
            summary = {
                "done": True,
                "kinds": kinds,
                **changes,
                "undescribed": sorted(self.undescribed),
                "rejected": self.rejected,
            }
            print(msgspec.json.encode(summary).decode())
            return
        for kind, count in kinds.items():
            out().print(f"{count:>9,}  {kind}", markup=False)
        counts = ", ".join(counted(count, CHANGES[name]) for name, count in changes.items() if count)
        facts = sum(kinds.values())
        noun = "fact" if facts == 1 else "facts"
        out().print(f"{facts:>9,}  {noun}: {counts or 'nothing was new'}; {self.rejected:,} rejected", markup=False)
        if self.undescribed:
            out().print(f"Named, and not described by any fact yet: {', '.join(sorted(self.undescribed))}", markup=False)


CHANGES = {
    "described": "nodes described",
    "connected": "edges added",
    "revised": "values changed",
    "updated": "nodes updated",
    "retracted": "taken back",
}


@contextmanager
def _reading(file: str) -> Iterator[tuple[Iterator[bytes], Callable[[], int], int | None]]:
    """Return the facts of a file, a line each, how many bytes were read, and how many it has. Raises `Failure`."""
    with ExitStack() as stack:
        try:
            raw: Any = sys.stdin.buffer if file == "-" else stack.enter_context(open(file, "rb"))
        except OSError as error:
            raise Failure(f"{file}: {error.strerror}", Code.WRONG) from None
        size = Path(file).stat().st_size if file != "-" else None
        data = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if raw.peek(2)[:2] == b"\x1f\x8b" else raw
        yield _lines(file, data), raw.tell if size else lambda: 0, size


def _lines(file: str, data: Any) -> Iterator[bytes]:
    from forebear.record.stream import MAX_LINE

    try:
        if data.peek(1024).removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"[":
            for fact in decode(data.read()):
                # Pass it on as it is, even a number that JSON lacks: the reader of the fact names the field.
                yield json.dumps(fact, ensure_ascii=False).encode(errors="surrogatepass") + b"\n"
            return
        while line := data.readline(MAX_LINE + 1):
            if len(line) > MAX_LINE:
                raise Failure(
                    f"{file}: a line is longer than {MAX_LINE} bytes; a file of facts is NDJSON or a JSON array", Code.WRONG
                )
            yield line if line.endswith(b"\n") else line + b"\n"
    except InvalidDocument as error:
        raise Failure(f"{file} begins like a JSON array and is none: {error}", Code.WRONG) from None
    except (OSError, EOFError, zlib.error) as error:
        raise Failure(f"{file} cannot be read to its end: {error}", Code.WRONG) from None
