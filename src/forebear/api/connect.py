"""The doors of connectors, which are those of the catalogue: each takes events of one protocol."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from forebear.api.body import MAX_ARRAY, media_type, read_json
from forebear.api.http import JSON, asker
from forebear.api.log import note
from forebear.api.refusal import BadRequest
from forebear.api.registry import RunningRegistry
from forebear.connect.intake import MAX_EVENTS
from forebear.connect.translator import ConnectorDoor, InvalidEvent, Received, Status, Translator
from forebear.verbs.permissions import refusal_of_all

FEWER = "send fewer events at a time"


async def taken(translator: Translator, door: ConnectorDoor, request: Request, registry: RunningRegistry) -> Response:
    """POST to a connector: take its events. Raises `BadRequest` and `StoreError`.

    A code of 4xx is for what can never be taken as it is. If the database is away, it is 503, and the sender tries again.
    """
    translator = registry.intake.catalogue.get(translator.name, translator)
    actor = await asker(request, registry.authentication)
    note(request.scope, operation=translator.name)
    if reason := refusal_of_all(actor, translator.verbs):
        raise BadRequest(403, f"{reason.message}; {reason.remedy}", reason.code)
    kind = media_type(request, *door.media_types)
    body = await read_json(request, MAX_ARRAY, "JSON event", remedy=FEWER)
    try:
        events = door.events(Received(kind, request.headers, body))
    except InvalidEvent as error:
        raise BadRequest(400, str(error), "BAD_REQUEST") from None
    if len(events) > MAX_EVENTS:
        raise BadRequest(413, f"at most {MAX_EVENTS} events at a time; {len(events)} were sent: {FEWER}", "TOO_LARGE")
    outcomes = await registry.intake.take(translator, events, actor)
    note(request.scope, rows=len(outcomes))
    if refused := [reason for outcome in outcomes if outcome.status is Status.REJECTED for reason in outcome.reasons]:
        note(request.scope, error="REJECTED", reason=refused[0])
    status, content = door.answer(outcomes)
    return Response(msgspec.json.encode(content), status, media_type=JSON)
