"""Pages of other origins may ask in a browser if a setting names them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest

from forebear.app import Forebear, application
from forebear.settings import Settings, SettingsError, load

DASH = "https://dash.example"
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization, content-type"}


@contextlib.asynccontextmanager
async def asking(registry: Forebear, *origins: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service that lets pages of these origins ask."""
    app = application(lambda: contextlib.nullcontext(registry), ["forebear"], origins)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://forebear") as client,
    ):
        yield client


def allowed(response: httpx.Response) -> dict[str, str]:
    """What a response lets a page do."""
    return {name: value for name, value in response.headers.items() if name.startswith("access-control-")}


async def test_a_page_of_a_named_origin_may_ask_and_read_the_answer_and_its_errors(registry: Forebear) -> None:
    async with asking(registry, DASH) as client:
        preflight = await client.options("/graphql", headers={"Origin": DASH, **PREFLIGHT})
        answer = await client.post("/graphql", json={"query": "{ __typename }"}, headers={"Origin": DASH})
        wrong = await client.post("/graphql", content=b"{", headers={"Origin": DASH, "Content-Type": "application/json"})
        elsewhere = await client.get("/healthz", headers={"Origin": DASH, "Host": "rebound.example"})
    assert (preflight.status_code, allowed(preflight)) == (
        200,
        {
            "access-control-allow-origin": DASH,
            "access-control-allow-methods": "DELETE, GET, PATCH, POST",
            "access-control-allow-headers": "authorization, content-type",
            "access-control-max-age": "600",
        },
    )
    readable = {
        "access-control-allow-origin": DASH,
        "access-control-expose-headers": "Retry-After, WWW-Authenticate, X-Request-Id",
    }
    for response, status in ((answer, 200), (wrong, 400), (elsewhere, 400)):
        assert (response.status_code, allowed(response), response.headers["vary"]) == (status, readable, "Origin")


async def test_a_page_of_another_origin_may_not_read_the_answer(registry: Forebear) -> None:
    async with asking(registry, DASH) as client:
        preflight = await client.options("/graphql", headers={"Origin": "https://evil.example", **PREFLIGHT})
        answer = await client.post("/graphql", json={"query": "{ __typename }"}, headers={"Origin": "https://evil.example"})
    assert (preflight.status_code, preflight.text) == (400, "Disallowed CORS origin")
    assert "access-control-allow-origin" not in allowed(preflight) | allowed(answer)


async def test_by_default_no_page_of_another_origin_may_ask(registry: Forebear) -> None:
    async with asking(registry) as client:
        preflight = await client.options("/graphql", headers={"Origin": DASH, **PREFLIGHT})
        answer = await client.post("/graphql", json={"query": "{ __typename }"}, headers={"Origin": DASH})
    assert (preflight.status_code, answer.status_code, allowed(preflight) | allowed(answer)) == (405, 200, {})


def test_origins_are_named_as_browsers_write_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOREBEAR_ALLOWED_ORIGINS", "https://dash.example, http://localhost:5173")
    assert load().allowed_origins == ("https://dash.example", "http://localhost:5173")
    assert Settings(allowed_origins=(DASH,)).allowed_origins == (DASH,)
    for wrong in ("*", "dash.example", "https://dash.example/", "https://Dash.example", "ftp://dash.example"):
        monkeypatch.setenv("FOREBEAR_ALLOWED_ORIGINS", f"{DASH},{wrong}")
        with pytest.raises(SettingsError) as raised:
            load()
        assert str(raised.value) == (
            f"FOREBEAR_ALLOWED_ORIGINS: {wrong!r} is no origin: write it as a browser does, such as https://dash.example or "
            "http://localhost:5173"
        )
