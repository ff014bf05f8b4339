"""The whole graph over HTTP, for administrators: what `forebear export --url` writes into a file."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from forebear.api.http import last_line, permitted, streamed
from forebear.api.log import note
from forebear.api.registry import RunningRegistry
from forebear.record.archive import ArchiveError, export

PART = 64 * 1024
"""How many bytes of lines are sent together, at least."""

FAILED = "EXPORT_FAILED"
"""The code of an archive that ends early, since the graph cannot be exported or changed meanwhile."""


async def archive(request: Request, registry: RunningRegistry) -> Response:
    """GET /export: send the lines of an archive, as `record/archive.py` describes them.

    Raises `BadRequest` and `StoreError`.
    """
    await permitted(request, registry.authentication, "export")
    return streamed(request, _parts(request.scope, export(registry.store, registry.schema.graph)))


async def _parts(scope: Scope, lines: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    part = bytearray()
    try:
        async for line in lines:
            part += line
            if len(part) >= PART:
                yield bytes(part)
                part.clear()
    except ArchiveError as error:
        note(scope, error=FAILED)
        part += last_line(FAILED, str(error))
    yield bytes(part)
