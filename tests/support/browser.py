"""A real Chromium for the tests, what a page did in it, and its accessibility findings."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import pytest

from benchmarks.desk import real_browser
from benchmarks.desk.real_browser import hold, missing

__all__ = ["Tab", "Visit", "accessibility", "chromium", "hold", "missing", "visit"]

if TYPE_CHECKING:
    from playwright.sync_api import (
        Browser,
        BrowserContext,
        ConsoleMessage,
        Page,
        Request,
        ViewportSize,
        WebError,
    )

Scheme = Literal["light", "dark"]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser; skips the test where there is none. Keep it to a module's tests."""
    if why := missing():
        pytest.skip(why)
    with real_browser.chromium() as browser:
        yield browser


class Visit:
    """What one test does in a browser context; notes what must not happen: errors, and requests
    elsewhere. Its first page is *page*, if one is given."""

    def __init__(self, context: BrowserContext, page: Page | None = None) -> None:
        self.context, self._page = context, page
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        context.on("request", self._asked)
        context.on("console", self._said)
        context.on("weberror", self._failed)

    def open(self, url: str) -> Page:
        """A page at `url`."""
        page, self._page = self._page or self.context.new_page(), None
        page.goto(url)
        return page

    def end(self) -> None:
        """Notes no more; the pages stay."""
        self.context.remove_listener("request", self._asked)
        self.context.remove_listener("console", self._said)
        self.context.remove_listener("weberror", self._failed)

    def _asked(self, request: Request) -> None:
        self.hosts.add(urlsplit(request.url).netloc)

    def _said(self, message: ConsoleMessage) -> None:
        # A request that a test makes fail is reported as an error too, by the browser itself.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.errors.append(message.text)

    def _failed(self, error: WebError) -> None:
        self.errors.append(str(error.error))


def _context(browser: Browser, **options: Any) -> BrowserContext:
    context = browser.new_context(**{"reduced_motion": "reduce", **options})
    context.set_default_timeout(8_000)
    return context


@contextmanager
def visit(browser: Browser, **options: Any) -> Iterator[Visit]:
    """A `Visit` in a context of its own; options as of ``new_context`` (has_touch, …). Its pages
    are closed without asking them."""
    context = _context(browser, **options)
    try:
        yield Visit(context)
    finally:
        context.close()


class Tab:
    """One page that tests visit in turn: a new one costs the processor half a second, and two at
    an app whose scripts it has not compiled yet.

    After a visit it leaves as a reader would and forgets what its address stored; only the
    browser's cache of files stays. What a page cannot take back (a clock, listeners, touch)
    needs a `visit` of its own. *blank* is a path at which every address has some plain document.
    """

    def __init__(self, browser: Browser, blank: str) -> None:
        self._browser, self._blank = browser, blank
        self._page: Page | None = None

    @contextmanager
    def visit(
        self, *, viewport: ViewportSize | None = None, color_scheme: Scheme = "light"
    ) -> Iterator[Visit]:
        """The page, for one test."""
        page = self._page or _context(self._browser).new_page()
        self._page = None  # is taken up again only if all goes well
        try:
            page.set_viewport_size(viewport or {"width": 1280, "height": 720})
            page.emulate_media(color_scheme=color_scheme)
            seen = Visit(page.context, page)
            yield seen
            seen.end()
            self._forget(page)
            self._page = page
        finally:
            if self._page is None:
                page.context.close()

    def _forget(self, page: Page) -> None:
        at = urlsplit(page.url)
        if at.netloc:
            page.goto(f"{at.scheme}://{at.netloc}{self._blank}")
            page.evaluate("localStorage.clear(); sessionStorage.clear()")
        page.goto("about:blank")
        page.context.clear_cookies()
        page.mouse.move(0, 0)
        for other in page.context.pages:
            if other is not page:
                other.close()


def accessibility(page: Page, within: str) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA in `within`, as "rule: markup" lines."""
    package = importlib.util.find_spec("axe_playwright_python")
    if package is None or not package.submodule_search_locations:
        pytest.skip("axe not found: pip install axe-playwright-python")
    script = Path(package.submodule_search_locations[0]) / "axe.min.js"
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(script.read_text(encoding="utf-8"))
    run = "([within, tags]) => axe.run(within, {runOnly: {type: 'tag', values: tags}})"
    told = "({violations, passes}) => ({violations, passes: passes.length})"
    found = page.evaluate(f"(given) => ({run})(given).then({told})", [within, WCAG])
    if not found["passes"]:
        raise AssertionError(f"axe looked at nothing in {within!r}")
    return [
        f"{rule['id']}: {node['html']}" for rule in found["violations"] for node in rule["nodes"]
    ]
