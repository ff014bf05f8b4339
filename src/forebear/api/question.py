"""How a question is asked, over HTTP: a client needs its name alone."""

from __future__ import annotations

from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from forebear.api.refusal import BadRequest
from forebear.api.registry import RunningRegistry
from forebear.graph.complaint import meant, shown
from forebear.view.questions import asked


async def question(request: Request, registry: RunningRegistry) -> Response:
    """GET /schema/question/{name}: answer the document that asks a question for all of its answer.

    The name is that of its field. Raises `BadRequest`.
    """
    name = request.path_params["name"]
    questions = {each.field_name: each for each in registry.schema.questions}
    if name not in questions:
        message = f"no question is called {shown(name)}{meant(name, questions)}"
        raise BadRequest(404, message, "NOT_FOUND")
    return JSONResponse(asdict(asked(questions[name], registry.schema.graph)))
