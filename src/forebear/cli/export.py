"""Writing the whole graph into a file: `export`."""

from __future__ import annotations

import gzip
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from forebear.cli import terminal
from forebear.cli.registry import Interrupted, remote
from forebear.cli.terminal import Code, Failure, Token, Url, counted, err

if TYPE_CHECKING:
    from forebear.app import Forebear

PATIENT = {"read_timeout": 3600.0}
"""The read timeout for an export. The embedded engine ends every statement after it, and some look at the whole graph."""

ArchiveFile = Annotated[
    str, typer.Argument(help="A file of NDJSON, as gzip if its name ends with .gz. - is a pipe.", show_default=False)
]


def export(file: ArchiveFile = "-", url: Url = None, token: Token = None) -> None:
    """Write everything into a file: every node, edge and revision, with both clocks. Nobody may write meanwhile.

    A running service streams the same to an ADMIN. The exit code 0 and the last line both say that the file is whole.
    A service on a large embedded graph needs a longer FOREBEAR_READ_TIMEOUT for this.
    """

    async def work() -> int:
        count = -2
        async with _exporting(url, token) as (parts, total):
            with writing(file) as target, terminal.progress("exporting", total) as show:
                async for part in parts:
                    target.write(part)
                    count += part.count(b"\n")
                    show(count)
        return count

    terminal.configure_logs("warning")
    err().print(f"{counted(terminal.run(work()), 'records')} exported", markup=False)


@asynccontextmanager
async def _exporting(url: str | None, token: str | None) -> AsyncIterator[tuple[AsyncIterator[bytes], int | None]]:
    """Return the lines of an archive, some at a time, and how many there will be, if that is known."""
    from forebear.record.archive import ArchiveError, contents
    from forebear.record.archive import export as lines

    try:
        if url is not None:
            async with remote(url, token) as service:
                yield service.archive(), None
            return
        async with whole_graph() as registry:
            yield lines(registry.store, registry.schema.graph), len(await contents(registry.store)) + 2
    except ArchiveError as error:
        raise Failure(str(error)) from None
    except Interrupted as error:
        raise Failure(str(error), Code.UNREACHABLE) from None


@asynccontextmanager
async def whole_graph() -> AsyncIterator[Forebear]:
    """Open the registry itself, with time for statements that look at all of it."""
    from forebear.app import Forebear
    from forebear.store.errors import DataDirectoryInUse

    try:
        async with Forebear.open(terminal.settings().model_copy(update=PATIENT)) as registry:
            yield registry
    except DataDirectoryInUse as error:
        serves = f", or export from it with --url {error.address}" if error.address else ""
        raise Failure(f"{error} Stop it first{serves}.", Code.UNREACHABLE) from None


@contextmanager
def writing(file: str) -> Iterator[IO[bytes]]:
    """Open a file that appears under its name only when it is complete."""
    if file == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = Path(f"{file}.part")
    try:
        with ExitStack() as stack:
            target: Any = stack.enter_context(part.open("wb"))
            if file.endswith(".gz"):
                # Without a name and a time in it, equal graphs are equal files here, too.
                target = stack.enter_context(gzip.GzipFile("", "wb", 6, target, mtime=0))
            yield target
        os.replace(part, file)
    except OSError as error:
        raise Failure(f"{file} cannot be written: {error.strerror}", Code.WRONG) from None
    finally:
        part.unlink(missing_ok=True)
