"""The statements over HTTP, as `forebear schema cypher` prints them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from forebear.api.http import flag
from forebear.api.refusal import BadRequest
from forebear.api.registry import RunningRegistry
from forebear.graph.complaint import meant, shown
from forebear.graph.moments import moment
from forebear.graph.query.dialect import Engine, InvalidStatement
from forebear.store.statements import NoSuchStatement, whole


async def cypher(request: Request, registry: RunningRegistry) -> Response:
    """GET /schema/cypher/{name}: answer a statement for Neo4j Browser, for the service's engine or for `engine`.

    `asKnownAt=true` is its form as of a moment of knowledge. Raises `BadRequest`.
    """
    graph, engine = registry.schema.graph, registry.store.engine
    name, engine_name = request.path_params["name"], request.query_params.get("engine", engine.value)
    if engine_name not in [*Engine]:
        message = f"engine: {shown(engine_name)} is neither {' nor '.join(Engine)}{meant(engine_name, Engine)}"
        raise BadRequest(400, message, "BAD_REQUEST")
    as_known = flag(request.query_params.get("asKnownAt"), "asKnownAt")
    try:
        # The largest statement takes some 40 ms, so make it in a thread.
        text = await asyncio.to_thread(whole, name, graph, Engine(engine_name), moment(datetime.now(UTC)), as_known=as_known)
    except NoSuchStatement as error:
        raise BadRequest(404, str(error), "NOT_FOUND") from None
    except InvalidStatement as error:
        raise BadRequest(400, str(error), "BAD_REQUEST") from None
    return PlainTextResponse(text)
