"""The path below which a proxy serves the service."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


class Prefix:
    """Takes requests with the prefix in their path, and without it: some proxies remove it, and some do not."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app, self._prefix = app, prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request as the ASGI specification has it: the path holds the root path."""
        if scope["type"] != "lifespan":
            path = scope["path"]
            within = path == self._prefix or path.startswith(f"{self._prefix}/")
            scope = {**scope, "root_path": self._prefix, "path": path if within else self._prefix + path}
        await self._app(scope, receive, send)
