"""Whether the service is alive, and whether it is ready."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from forebear.api.registry import RunningRegistry
from forebear.graph.statements.constraints import wanted
from forebear.store import indexes
from forebear.store.errors import StorageFull, StoreError


async def alive(request: Request, registry: RunningRegistry) -> Response:
    """GET /healthz: answer that the process lives."""
    return JSONResponse({"status": "alive"})


async def ready(request: Request, registry: RunningRegistry) -> Response:
    """GET /readyz: answer whether the service is ready, and why not."""
    try:
        absent = await indexes.missing(registry.store, wanted(registry.schema.graph))
    except StoreError as error:
        return JSONResponse({"status": "unavailable", "reason": str(error)}, status_code=503, headers={"Retry-After": "1"})
    if absent:
        return JSONResponse({"status": "incomplete", "missing": [str(a) for a in absent]}, status_code=503)
    if registry.store.full:
        return JSONResponse({"status": "full", "reason": str(StorageFull())}, status_code=503)
    if not request.app.state.prepared.is_set():
        reason = "the database is planning the largest questions"
        return JSONResponse({"status": "planning", "reason": reason}, status_code=503, headers={"Retry-After": "5"})
    return JSONResponse({"status": "ready", "engine": registry.store.engine.value})
