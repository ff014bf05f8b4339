"""The hosts that a request may name."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from forebear.api.log import note
from forebear.api.refusal import BadRequest

ANY = "*"


class Hosts:
    """Refuses requests that name another host. A page can lead a name of its own to this machine (DNS rebinding)."""

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self._app, self._allowed = app, allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or say which setting names the hosts."""
        if scope["type"] == "lifespan" or ANY in self._allowed or _name(scope) in self._allowed:
            await self._app(scope, receive, send)
            return
        host = Headers(scope=scope).get("host", "")
        message = f"the service does not answer to the host {host[:100]!r}: name it in FOREBEAR_ALLOWED_HOSTS"
        refusal = BadRequest(400, message, "UNKNOWN_HOST")
        note(scope, error=refusal.code)
        await refusal.response()(scope, receive, send)


def _name(scope: Scope) -> str | None:
    try:
        return urlsplit(f"//{Headers(scope=scope).get('host', '')}").hostname
    except ValueError:
        return None
