"""A tracking server of MLflow, as far as its registry asks it: about a run, and about a logged model."""

from __future__ import annotations

from typing import Any

import httpx

SECONDS = 5.0
"""How long a registration waits for an answer. What is not answered by then is looked up later."""


class Unanswered(Exception):
    """The tracking server gave no answer that can be read, and may do so later."""


class Tracking:
    """A tracking server. A caller's token is never sent there."""

    def __init__(self, url: str, token: str | None = None, transport: httpx.AsyncBaseTransport | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        base = f"{url.rstrip('/')}/api/2.0/mlflow/"
        self._client = httpx.AsyncClient(base_url=base, headers=headers, timeout=SECONDS, transport=transport)

    async def aclose(self) -> None:
        """Close the connections to it."""
        await self._client.aclose()

    async def run(self, id: str) -> dict[str, Any] | None:
        """Return a run, or None if there is none. Raises `Unanswered`."""
        return await self._get("runs/get", "run", {"run_id": id})

    async def logged_model(self, id: str) -> dict[str, Any] | None:
        """Return a logged model, or None if there is none. Raises `Unanswered`."""
        return await self._get(f"logged-models/{id}", "model", {})

    async def _get(self, path: str, member: str, query: dict[str, str]) -> dict[str, Any] | None:
        try:
            answer = await self._client.get(path, params=query)
            if answer.status_code == 404:
                return None
            answer.raise_for_status()
            body = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unanswered(f"{type(error).__name__}: {error}") from None
        if not isinstance(body, dict) or not isinstance(body.get(member), dict) or "info" not in body[member]:
            raise Unanswered(f"{path} answers no {member}")
        return body
