"""A real Chromium for the tests, what a page did in it, and its accessibility findings."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import real_browser
from real_browser import hold, missing

__all__ = ["Visit", "accessibility", "chromium", "hold", "missing", "visit"]

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser; skips the test where there is none. Keep it to a module's tests."""
    if why := missing():
        pytest.skip(why)
    with real_browser.chromium() as browser:
        yield browser


class Visit:
    """A browser context that notes what must not happen in it: errors, and requests elsewhere."""

    def __init__(self, browser: Browser, **options: Any) -> None:
        self.context: BrowserContext = browser.new_context(**options)
        self.context.set_default_timeout(8_000)
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        self.context.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        self.context.on("console", self._said)
        self.context.on("weberror", lambda error: self.errors.append(str(error.error)))

    def open(self, url: str) -> Page:
        """A new page at `url`."""
        page = self.context.new_page()
        page.goto(url)
        return page

    def close(self) -> None:
        """Closes every page, without asking them."""
        self.context.close()

    def _said(self, message: ConsoleMessage) -> None:
        # A request that a test makes fail is reported as an error too, by the browser itself.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.errors.append(message.text)


@contextmanager
def visit(browser: Browser, **options: Any) -> Iterator[Visit]:
    """A `Visit` for one test; options as of ``new_context`` (viewport, color_scheme, …)."""
    opened = Visit(browser, **options)
    try:
        yield opened
    finally:
        opened.close()


def accessibility(page: Page, within: str) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA in `within`, as "rule: markup" lines."""
    package = importlib.util.find_spec("axe_playwright_python")
    if package is None or not package.submodule_search_locations:
        pytest.skip("axe not found: pip install axe-playwright-python")
    script = Path(package.submodule_search_locations[0]) / "axe.min.js"
    page.evaluate(script.read_text(encoding="utf-8"))
    run = "([within, tags]) => axe.run(within, {runOnly: {type: 'tag', values: tags}})"
    found = page.evaluate(run, [within, WCAG])
    if not found["passes"]:
        raise AssertionError(f"axe looked at nothing in {within!r}")
    return [
        f"{rule['id']}: {node['html']}" for rule in found["violations"] for node in rule["nodes"]
    ]
