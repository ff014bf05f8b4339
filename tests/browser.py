"""A browser, as a page's readers have it: the chromium of this machine."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Page

CHROMIUM = shutil.which("chromium")

OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def missing() -> str | None:
    """Why no page can be opened here, or None if one can."""
    return None if CHROMIUM else "chromium is not installed"


@asynccontextmanager
async def opened(profile: Path, width: int, height: int) -> AsyncIterator["Page"]:
    """An empty page in a window of this many pixels, of a browser that has never been used."""
    from playwright.async_api import async_playwright

    async with (
        async_playwright() as playwright,
        await playwright.chromium.launch_persistent_context(
            profile, executable_path=CHROMIUM, args=OPTIONS, viewport={"width": width, "height": height}
        ) as context,
    ):
        yield context.pages[0]
