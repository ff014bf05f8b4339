"""The whole graph as a file: `export` and `restore`."""

from __future__ import annotations

import gzip
import os
import shutil
import sys
import tempfile
import zlib
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
"""The embedded engine ends every statement after this, and some look at the whole graph."""

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


def restore(file: ArchiveFile) -> None:
    """Read an exported file into an empty database. Forebear refuses a damaged file before it writes anything.

    Stop the service first: the command writes to the database itself.
    """
    if service := os.environ.get("FOREBEAR_URL"):
        raise Failure(
            f"a restore is not done through a service, and FOREBEAR_URL names {service}: unset it, and name the database by "
            "FOREBEAR_GRAPH_URI or FOREBEAR_DATA_DIR",
            Code.WRONG,
        )
    from forebear.graph.kinds import GRAPH
    from forebear.record.archive import ArchiveError, records
    from forebear.record.archive import restore as written

    settings = terminal.settings()
    where = settings.graph_uri or f"the embedded engine in {settings.data_dir.absolute()}"

    async def work(source: IO[bytes]) -> int:
        done = 0
        try:
            total = sum(1 for _ in records(_lines(file, source), GRAPH))
            source.seek(0)
            async with _opened() as registry:
                with terminal.progress("restoring", total) as show:
                    async for done in written(registry.store, GRAPH, _lines(file, source)):
                        show(done)
        except ArchiveError as error:
            raise Failure(str(error)) from None
        except BaseException:
            if done:
                err().print("What was restored so far is incomplete: empty the database before the next try.", markup=False)
            raise
        return done

    terminal.configure_logs("warning")
    with _rereadable(file) as source:
        err().print(f"{counted(terminal.run(work(source)), 'records')} restored into {where}", markup=False)


@asynccontextmanager
async def _exporting(url: str | None, token: str | None) -> AsyncIterator[tuple[AsyncIterator[bytes], int | None]]:
    """The lines of an archive, some at a time, and how many there will be, where that is known."""
    from forebear.record.archive import ArchiveError, contents
    from forebear.record.archive import export as lines

    try:
        if url is not None:
            async with remote(url, token) as service:
                yield service.archive(), None
            return
        async with _opened() as registry:
            yield lines(registry.store, registry.schema.graph), len(await contents(registry.store)) + 2
    except ArchiveError as error:
        raise Failure(str(error)) from None
    except Interrupted as error:
        raise Failure(str(error), Code.UNREACHABLE) from None


@asynccontextmanager
async def _opened() -> AsyncIterator[Forebear]:
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
    """What appears as the file when it is whole."""
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


@contextmanager
def _rereadable(file: str) -> Iterator[IO[bytes]]:
    """The file, or a pipe's content on disk: it is read twice, first to see whether it is whole."""
    with ExitStack() as stack:
        try:
            if file != "-":
                yield stack.enter_context(open(file, "rb"))
                return
        except OSError as error:
            raise Failure(f"{file}: {error.strerror}", Code.WRONG) from None
        spooled = stack.enter_context(tempfile.TemporaryFile())
        shutil.copyfileobj(sys.stdin.buffer, spooled)
        spooled.seek(0)
        yield spooled


def _lines(file: str, source: IO[bytes]) -> Iterator[bytes]:
    zipped = source.read(2) == b"\x1f\x8b"
    source.seek(0)
    try:
        yield from gzip.GzipFile(fileobj=source) if zipped else source
    except (OSError, EOFError, zlib.error) as error:
        raise Failure(f"{file} cannot be read to its end ({error}): this is no whole archive") from None
