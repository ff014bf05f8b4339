"""One service over HTTP: requests, which of them are repeated, and what its answers mean."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from random import SystemRandom
from typing import Any

import httpx

from forebear.client.errors import RegistryError, Unreachable

RETRIABLE = frozenset({408, 429, 502, 503, 504})
"""The statuses after which the same request may succeed later."""

FIRST_PAUSE = 0.1
"""The pause before the first repetition, in seconds. Each further one is twice as long, up to `LONGEST_PAUSE`."""

LONGEST_PAUSE = 5.0

# The training's own random numbers must stay what they are without the client.
_CHANCE = SystemRandom()


class Service:
    """A running service at a URL. It may be used from several threads."""

    def __init__(self, url: str, token: str | None = None) -> None:
        """Raises `ValueError` if the URL or the token can be none. No request is sent."""
        if token and not (token.isascii() and token.isprintable()):
            raise ValueError("token: it holds characters that no token has")
        try:
            base = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise ValueError(f"url: {url!r}: {error}; write one such as http://127.0.0.1:8080") from None
        if base.scheme not in ("http", "https") or not base.host:
            raise ValueError(f"url: {url!r} is no address of a service; write one such as http://127.0.0.1:8080")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.url = str(base.copy_with(userinfo=b"")).rstrip("/")
        self._client = httpx.Client(base_url=base, headers=headers, timeout=httpx.Timeout(30, connect=5), trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, path: str, patience: float) -> Any:
        """Return the JSON at a path. Raises `RegistryError`."""
        return self._patiently("GET", path, None, {}, patience)

    def post(self, path: str, body: object, patience: float, query: Mapping[str, str] | None = None) -> Any:
        """Post JSON and return the JSON of the answer. Raises `RegistryError`.

        For so many seconds, the same request is repeated if that may help: after a broken connection or a status that says to
        try later, with growing pauses. With a patience of 0 it is sent once.
        """
        # Numbers that JSON lacks stay as they are, so that the service can name their place.
        content = json.dumps(body, ensure_ascii=False).encode(errors="surrogatepass")
        return self._patiently("POST", path, content, query or {}, patience)

    def _patiently(self, method: str, path: str, content: bytes | None, query: Mapping[str, str], patience: float) -> Any:
        deadline, pause = time.monotonic() + patience, FIRST_PAUSE
        while True:
            try:
                response = self._client.request(
                    method, path, content=content, params=query, headers={"Content-Type": "application/json"} if content else {}
                )
                if response.status_code not in RETRIABLE:
                    return self._answer(response)
                error = f"{self.url}: {_message(response)}"
                asked = float(text) if (text := response.headers.get("Retry-After", "")).isdecimal() else 0.0
            except httpx.TransportError as cause:
                error = f"{self.url} cannot be reached ({cause or type(cause).__name__}): does a service run there?"
                asked = 0.0
            wait = max(asked, pause * _CHANCE.uniform(0.5, 1))
            if time.monotonic() + wait > deadline:
                raise Unreachable(error)
            time.sleep(wait)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _answer(self, response: httpx.Response) -> Any:
        try:
            answer = response.json()
        except ValueError:
            message = f"{self.url} is no Forebear: it answered {response.status_code} without JSON"
            raise RegistryError("NO_REGISTRY", message) from None
        # 422 is the answer of /facts that some facts are rejected.
        if response.status_code in (200, 422) or (response.status_code == 400 and "data" in answer):
            return answer
        raise RegistryError(_code(answer), _message(response))


def _code(answer: Any) -> str:
    try:
        return str(answer["errors"][0]["extensions"]["code"])
    except (LookupError, TypeError):
        return "NO_REGISTRY"


def _message(response: httpx.Response) -> str:
    try:
        return str(response.json()["errors"][0]["message"])
    except (ValueError, LookupError, TypeError):
        return f"status {response.status_code}"
