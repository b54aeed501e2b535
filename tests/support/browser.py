"""A real Chromium for the tests, what a page did in it, and its accessibility findings."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def missing() -> str:
    """Why no browser can be started here, or ""."""
    if shutil.which("chromium") is None:
        return "chromium not found: install Debian's package chromium"
    if importlib.util.find_spec("playwright") is None:
        return "playwright not found: pip install playwright"
    return ""


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser; skips the test where there is none.

    Keep it to a module's tests: while it runs, this thread counts as inside an event loop, and
    ``asyncio.run`` refuses to work there.
    """
    if why := missing():
        pytest.skip(why)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), headless=True, args=FLAGS
        )
        try:
            yield browser
        finally:
            browser.close()


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


def hold(page: Page, key: str, code: str, *, repeats: int) -> None:
    """Holds a key down: one press, then the repeats that an operating system makes of it."""
    devtools = page.context.new_cdp_session(page)
    parts = {"key": key, "code": code, "text": "\r" if key == "Enter" else key}
    for number in range(repeats + 1):
        devtools.send(
            "Input.dispatchKeyEvent", {"type": "keyDown", "autoRepeat": number > 0, **parts}
        )
    devtools.send("Input.dispatchKeyEvent", {"type": "keyUp", "key": key, "code": code})


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
