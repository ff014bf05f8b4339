"""What robots were seen to run, as a gateway of a fleet posts it: JSON, NDJSON or CSV."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from forebear.actions.performer import Requester
from forebear.api.actions import client_outcome
from forebear.api.body import MAX_ARRAY, media_type, read_all, read_json
from forebear.api.http import JSON, NDJSON, permitted
from forebear.api.log import note
from forebear.api.refusal import BadRequest
from forebear.api.registry import RunningRegistry
from forebear.domain.outcome import Refused
from forebear.verbs.sighting import ReportSightings, SightingReport

CSV = "text/csv"

FEWER = "send fewer sightings at a time"

Document = Mapping[str, Any]


async def sightings(request: Request, registry: RunningRegistry) -> Response:
    """POST /sightings: take sightings, as the mutation `reportSightings` does, and answer its outcome.

    The body is a JSON array of objects, NDJSON, or CSV whose first line names the members. An empty cell is left out. The
    status is 200, or 422 if nothing was taken. Raises `BadRequest` and `StoreError`.
    """
    actor = await permitted(request, registry.authentication, "reportSightings")
    kind = media_type(request, JSON, NDJSON, "application/jsonl", "application/ndjson", CSV)
    if kind == JSON:
        documents: Sequence[Document] = await read_json(
            request, MAX_ARRAY, "JSON array of sightings", list[dict[str, Any]], FEWER
        )
    else:
        body = await read_all(request, MAX_ARRAY, FEWER)
        documents = await asyncio.to_thread(_read, _table if kind == CSV else _lines, body)
    outcome = await registry.performer.do(ReportSightings.action.name, {"sightings": documents}, Requester(actor, "http"))
    note(request.scope, rows=len(documents))
    answer = await asyncio.to_thread(lambda: msgspec.json.encode(client_outcome(outcome)))
    return Response(answer, 422 if isinstance(outcome, Refused) else 200, media_type=JSON)


def _read(reader: Callable[[str], Sequence[Document]], body: bytes) -> Sequence[Document]:
    try:
        return reader(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadRequest(400, "the body is not UTF-8", "BAD_REQUEST") from None


def _lines(text: str) -> Sequence[Document]:
    documents = []
    for n, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                documents.append(msgspec.json.decode(line, type=dict[str, Any]))
            except msgspec.MsgspecError as error:
                raise BadRequest(400, f"line {n} is no JSON object: {error}", "BAD_REQUEST") from None
    return documents


def _table(text: str) -> Sequence[Document]:
    names = [p.name for p in SightingReport.members]
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        if unknown := sorted({*(reader.fieldnames or ())} - {*names}):
            raise BadRequest(400, f"no column is called {unknown[0]!r:.100}; they are {', '.join(names)}", "BAD_REQUEST")
        documents = []
        for row in reader:
            # DictReader puts cells without a name under None, and gives None to names without a cell.
            if None in row or None in row.values():
                raise BadRequest(400, f"line {reader.line_num} has not as many cells as the first line", "BAD_REQUEST")
            documents.append({name: cell for name, cell in row.items() if cell})
    except csv.Error as error:
        raise BadRequest(400, f"line {reader.line_num} is no CSV: {error}", "BAD_REQUEST") from None
    return documents
