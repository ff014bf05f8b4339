"""Whether a deployment may start now, for a gate in a pipeline, which looks at the status alone."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from forebear.api.http import permitted
from forebear.api.refusal import BadRequest
from forebear.api.registry import RunningRegistry

NOT_PERMITTED = "NOT_PERMITTED"
"""The code of a deployment that may not start. That of a missing right is FORBIDDEN."""


async def gate(request: Request, registry: RunningRegistry) -> Response:
    """GET /permitted/DEPLOYMENT: answer as the question `permitted` does, 200 if it may start and 403 with every reason if not.

    Raises `StoreError`, and `BadRequest` with the status 404 for a deployment that nobody requested.
    """
    actor = await permitted(request, registry.authentication, "query")
    (row,) = await registry.performer.ask("permitted", {"deployment": request.path_params["deployment"]}, actor)
    if row["artifact"] is None:
        # It was never requested, so nothing is on record that might be permitted.
        (reason,) = row["reasons"]
        raise BadRequest(404, f"{reason['message']}: {reason['remedy']}", "NOT_FOUND")
    if row["allowed"]:
        on = {name: row[name] for name in ("basis", "releases", "decisions")}
        return JSONResponse({"permitted": True, "deployment": row["deployment"], **on})
    refusal = {"permitted": False, "deployment": row["deployment"], "code": NOT_PERMITTED, "reasons": row["reasons"]}
    return JSONResponse(refusal, 403)
