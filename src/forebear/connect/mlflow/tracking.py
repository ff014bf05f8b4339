"""A tracking server of MLflow, as far as Forebear asks it: about runs, and about logged models."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx

SECONDS = 5.0
"""How long a registration waits for an answer. What is not answered by then is looked up later."""


class Unanswered(Exception):
    """The tracking server gave no answer that can be read, and may do so later."""


class Tracking:
    """A tracking server. A caller's token is never sent there."""

    def __init__(
        self,
        url: str,
        token: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        seconds: float = SECONDS,
    ) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        base = f"{url.rstrip('/')}/api/2.0/mlflow/"
        self._client = httpx.AsyncClient(base_url=base, headers=headers, timeout=seconds, transport=transport)

    async def aclose(self) -> None:
        """Close the connections to it."""
        await self._client.aclose()

    async def run(self, id: str) -> dict[str, Any] | None:
        """Return a run, or None if there is none. Raises `Unanswered`."""
        return await self._get("runs/get", "run", {"run_id": id})

    async def logged_model(self, id: str) -> dict[str, Any] | None:
        """Return a logged model, or None if there is none. Raises `Unanswered`."""
        return await self._get(f"logged-models/{id}", "model", {})

    async def pages(self, path: str, member: str, asked: Mapping[str, Any]) -> AsyncIterator[list[dict[str, Any]]]:
        """Return what a search answers, a page at a time. `member` is the name of its list. Raises `Unanswered`."""
        token = None
        while True:
            body = await self._answer("POST", path, json={**asked, **({"page_token": token} if token else {})})
            rows = body.get(member, []) if body is not None else None
            if not isinstance(rows, list):
                raise Unanswered(f"{path} answers no {member}")
            yield rows
            if not (token := body and body.get("next_page_token")):
                return

    async def _get(self, path: str, member: str, query: dict[str, str]) -> dict[str, Any] | None:
        body = await self._answer("GET", path, params=query)
        if body is not None and (not isinstance(body.get(member), dict) or "info" not in body[member]):
            raise Unanswered(f"{path} answers no {member}")
        return body

    async def _answer(self, method: str, path: str, **asked: Any) -> dict[str, Any] | None:
        """Return what is answered, or None if there is no such thing. Raises `Unanswered`."""
        try:
            answer = await self._client.request(method, path, **asked)
            if answer.status_code == 404:
                return None
            answer.raise_for_status()
            body = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise Unanswered(f"{type(error).__name__}: {error}") from None
        if not isinstance(body, dict):
            raise Unanswered(f"{path} answers no object")
        return body
