"""The page that the demo says to open, in a browser: asking, wrong questions, and no service."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests import browser
from tests.cli.terminal import Service

pytestmark = pytest.mark.skipif(browser.missing() is not None, reason=f"the console: {browser.missing()}")

WIDTH, HEIGHT = 1280, 800


@dataclass
class Console:
    """The open page, what it asked the network for, and what the browser complained about."""

    page: Page
    service: Service
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    async def ask(self, query: str, variables: str = "") -> None:
        """Writes a query and runs it."""
        await self.page.fill("#query", query)
        await self.page.fill("#variables", variables)
        await self.page.click("#run")

    async def says(self, status: str) -> None:
        """Waits until the page says this."""
        await expect(self.page.locator("#status")).to_contain_text(status)

    async def answer(self) -> Any:
        """The answer that is shown; None for none."""
        text = await self.page.locator("#result").inner_text()
        return json.loads(text) if text else None


@pytest.fixture
async def console(demo: Service, tmp_path: Path) -> AsyncIterator[Console]:
    async with browser.opened(tmp_path, WIDTH, HEIGHT) as page:
        opened = Console(page, demo)
        page.on("request", lambda request: opened.requests.append(request.url.removeprefix(demo.url)))
        page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        page.on("console", lambda said: opened.complaints.append(said.text) if said.type in ("error", "warning") else None)
        await page.goto(demo.url)
        await expect(page.locator("#who")).not_to_be_empty()
        opened.requests.clear()
        yield opened


async def test_an_example_is_answered_at_a_click(console: Console) -> None:
    for i in range(await console.page.locator("#examples button").count()):
        await console.page.locator("#examples button").nth(i).click()
        await console.says("Answered in ")
        query, variables = await console.page.input_value("#query"), await console.page.input_value("#variables")
        shown = await console.answer()
        assert shown["data"] == console.service.ask(query, **json.loads(variables))
        assert [root["nodes"] for root in shown["data"].values()] != [[]]


async def test_it_asks_nobody_but_its_service_and_breaks_no_policy(console: Console) -> None:
    await console.page.reload()
    await console.ask("{ __typename }")
    await console.says("Answered in ")
    assert set(console.requests) == {"/", "/graphql"}
    assert console.complaints == []


@pytest.mark.parametrize("place", ["#variables", "body"])
async def test_ctrl_enter_runs_the_query_wherever_one_is(console: Console, place: str) -> None:
    await console.page.fill("#query", "query ($id: ID!) { model(id: $id) { id } }")
    await console.page.fill("#variables", '{"id": "model:parcel-picker"}')
    await console.page.evaluate("document.activeElement.blur()")
    await console.page.press(place, "Control+Enter")
    await console.says("Answered in ")
    assert await console.answer() == {"data": {"model": {"id": "model:parcel-picker"}}, "extensions": {"cost": 1}}


async def test_a_wrong_query_is_refused_with_its_reason(console: Console) -> None:
    await console.ask("{ nothing }")
    await console.says("Refused (400) with 1 error in ")
    assert [error["message"] for error in (await console.answer())["errors"]] == [
        "Cannot query field 'nothing' on type 'Query'."
    ]


async def test_variables_that_are_no_json_are_not_sent(console: Console) -> None:
    await console.ask("{ __typename }")
    await console.says("Answered in ")
    await console.ask("{ __typename }", "{id:")
    await console.says("Not asked: the variables are no JSON (")
    assert await console.answer() is None
    assert console.requests == ["/graphql"]


async def test_where_the_service_is_gone_no_former_answer_is_left(console: Console) -> None:
    await console.ask("{ __typename }")
    await console.says("Answered in ")
    await console.page.context.set_offline(True)
    await console.ask("{ models { nodes { id } } }")
    await console.says("No answer: ")
    assert await console.answer() is None


async def test_a_question_that_is_still_open_gives_way_to_the_next(console: Console) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def slow(route: Route) -> None:
        reached.set()
        await go_on.wait()
        await route.abort()

    await console.page.route("**/graphql", slow, times=1)
    await console.ask("{ first: __typename }")
    await reached.wait()
    async with console.page.expect_event("requestfailed", lambda request: "first" in request.post_data):
        await console.ask("{ second: __typename }")
    await console.says("Answered in ")
    assert await console.answer() == {"data": {"second": "Query"}, "extensions": {"cost": 1}}
    go_on.set()


@pytest.mark.parametrize("height", [HEIGHT, 600])
async def test_the_button_stays_in_sight_however_long_the_answer_is(console: Console, height: int) -> None:
    await console.page.set_viewport_size({"width": WIDTH, "height": height})
    await console.ask('{ lineage(of: "model:parcel-picker@2", first: 500) { nodes { node { id name description } } } }')
    await console.says("Answered in ")
    button = await console.page.locator("#run").bounding_box()
    assert button is not None
    assert button["y"] >= 0
    assert button["y"] + button["height"] <= height


async def test_it_says_as_whom_one_asks(console: Console) -> None:
    who, token = console.page.locator("#who"), console.page.locator("#token")
    await expect(who).to_have_text("development")
    await token.fill("wrong")
    await token.blur()
    await expect(who).to_contain_text("token")
    await console.ask("{ __typename }")
    await console.says("Refused (401) with 1 error in ")
