"""Facts as a stream of lines, recorded batch by batch. Each batch is atomic, and memory stays flat."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from forebear.graph.document import InvalidDocument, decode
from forebear.record.batch import Batch
from forebear.record.recorder import Recorder
from forebear.record.summary import MAX_UNDESCRIBED, Origin, Rejection, Summary

BATCH = 5_000
"""How many facts one transaction has: enough that each of its statements has some hundreds of rows."""

BATCH_BYTES = 8_000_000
"""How many bytes of lines one transaction has at most. The embedded engine takes no statement of more than 16 MiB."""

MAX_LINE = 1024 * 1024
"""The longest line, and the longest fact of an array, in bytes."""

PIECE = 64 * 1024
"""How many bytes are cut into lines at once. Other requests are answered between two pieces."""


class Line(msgspec.Struct, omit_defaults=True):
    """A report of a stream: what is in so far or, at the end, the totals."""

    through: int
    """How many lines are done: recorded, unless rejected. To go on after an interruption, skip so many."""
    rejections: list[dict[str, Any]] = msgspec.field(default_factory=list)
    """The facts rejected since the last report. Positions count from the stream's first line, 0."""
    done: bool = False
    """Whether this is the last report."""
    stopped: bool = False
    """Whether the stream ended at a rejected fact, since it was not `partial`."""
    kinds: dict[str, int] | None = None
    described: int | None = None
    connected: int | None = None
    revised: int | None = None
    updated: int | None = None
    retracted: int | None = None
    undescribed: list[str] | None = None
    """At most 100 of the targets that some batch left undescribed. Facts of later batches may have described them."""
    mark: str | None = None
    """The mark of the file so far. The next part names it as what came before."""


async def record_lines(
    recorder: Recorder,
    chunks: AsyncIterator[bytes],
    origin: Origin,
    *,
    imported: bool = False,
    partial: bool = True,
    after: str | None = None,
) -> AsyncIterator[Line]:
    """Record NDJSON. Return a report for each batch that is in, and a last one.

    The next batch is read while one is written. A rejected fact is left out and reported. Unless `partial`, its batch is not
    written and the stream ends there. With `after` the lines are a file or continue one, and nothing of it is recorded twice:
    see `Recorder.write`. Raises `StoreError`. What was reported before is in.
    """
    progress = _Progress(partial)
    writing: asyncio.Task[Summary] | None = None
    count = blank = position = 0
    try:
        async for lines in _batches(chunks):
            if all(not line or line.isspace() for line in lines):
                blank += len(lines)
                continue
            # Read while the batch before is written, in a thread, so that others are served meanwhile.
            batch = await asyncio.to_thread(read_lines, recorder, lines, position + blank, imported=imported)
            if writing is not None:
                report = progress.report(await writing, count)
                writing = None
                yield report
                if report.stopped:
                    blank = 0
                    break
                after = report.mark
            count = blank + len(lines)
            position += count
            blank = 0
            writing = asyncio.create_task(recorder.write(batch, origin, partial=partial, after=after))
        if writing is not None:
            report = progress.report(await writing, count)
            writing = None
            yield report
            blank = 0 if report.stopped else blank
        progress.through += blank
    finally:
        if writing is not None:
            # The client went away in the middle. Finish what was begun, so that no transaction stays open.
            await asyncio.wait([writing])
    yield progress.end()


@dataclass
class _Progress:
    """How far a stream has come, and its totals."""

    partial: bool
    total: Summary = field(default_factory=Summary)
    through: int = 0

    def report(self, summary: Summary, lines: int) -> Line:
        """Return the report of a batch of so many lines."""
        ids = set(list(summary.undescribed)[:MAX_UNDESCRIBED])
        stops = bool(summary.rejections) and not self.partial
        self.through += 0 if stops else lines
        report = Line(self.through, [_report(r) for r in summary.rejections], stopped=stops, mark=summary.mark)
        summary.rejections = []
        summary.undescribed = ids if len(self.total.undescribed) < MAX_UNDESCRIBED else set()
        self.total.add(summary)
        return report

    def end(self) -> Line:
        """Return the last report."""
        total = self.total
        return Line(
            self.through,
            done=True,
            kinds=dict(sorted(total.facts.items())),
            described=total.described,
            connected=total.connected,
            revised=total.revised,
            updated=total.updated,
            retracted=total.retracted,
            undescribed=sorted(total.undescribed)[:MAX_UNDESCRIBED],
            mark=total.mark,
        )


def read_lines(recorder: Recorder, lines: list[bytes], offset: int = 0, *, imported: bool) -> Batch:
    """Read a batch of lines. A line that is no JSON is rejected like any other bad fact."""
    documents: list[tuple[int, object]] = []
    broken: list[Rejection] = []
    for position, line in enumerate(lines, offset):
        if not line.strip():
            continue
        if len(line) > MAX_LINE:
            broken.append(Rejection(position, None, (f"the line is longer than {MAX_LINE} bytes",)))
            continue
        try:
            documents.append((position, decode(line)))
        except InvalidDocument as error:
            broken.append(Rejection(position, None, (f"the line is no JSON: {error}",)))
    batch = recorder.read(documents, imported=imported)
    batch.rejections += broken
    return batch


async def _batches(chunks: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    lines: list[bytes] = []
    size = 0
    async for piece in _cut(chunks):
        for line in piece:
            if lines and (len(lines) == BATCH or size + len(line) > BATCH_BYTES):
                yield lines
                lines, size = [], 0
            lines.append(line)
            size += len(line)
    if lines:
        yield lines


async def _cut(chunks: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    """Return the lines as they come, several at a time."""
    rest, first = bytearray(), True
    async for chunk in chunks:
        for start in range(0, len(chunk), PIECE):
            if start:
                await asyncio.sleep(0)
            *lines, tail = chunk[start : start + PIECE].split(b"\n")
            if lines:
                lines[0] = bytes(rest) + lines[0] if rest else lines[0]
                # Some editors begin a file with a byte order mark.
                lines[0] = lines[0].removeprefix(codecs.BOM_UTF8) if first else lines[0]
                first = False
                rest.clear()
                yield lines
            # Keep only the beginning of a line that is too long.
            rest += tail[: MAX_LINE + 1 - len(rest)]
    if rest:
        yield [bytes(rest).removeprefix(codecs.BOM_UTF8) if first else bytes(rest)]


def _report(r: Rejection) -> dict[str, Any]:
    return {"position": r.position, "id": r.id, "reasons": list(r.reasons)}
