"""Reading a file into an empty database: `restore`."""

from __future__ import annotations

import gzip
import os
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING

from forebear.cli import terminal
from forebear.cli.export import ArchiveFile, whole_graph
from forebear.cli.terminal import Code, Failure, counted, err

if TYPE_CHECKING:
    pass


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
            async with whole_graph() as registry:
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


@contextmanager
def _rereadable(file: str) -> Iterator[IO[bytes]]:
    """Open the file, or a copy of a pipe's content on disk. It is read twice, first to see whether it is complete."""
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
