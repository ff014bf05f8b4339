"""Pages about the service itself: the console and the schema."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from forebear.api.registry import RunningRegistry

_CONSOLE = (Path(__file__).parent / "console.html").read_text("utf-8")
_CONSOLE_POLICY = "default-src 'none'; connect-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"


async def console(request: Request, registry: RunningRegistry) -> Response:
    """GET /: answer the console for a browser."""
    return HTMLResponse(_CONSOLE, headers={"Content-Security-Policy": _CONSOLE_POLICY})


async def schema(request: Request, registry: RunningRegistry) -> Response:
    """GET /schema.graphql: answer the schema in GraphQL's schema language."""
    return PlainTextResponse(registry.schema.sdl)
