"""One person at the review card, before a stub of the desk's routes: what its tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from browser import Tab, visit
from card_page import LIGHT, Desk, card, schema, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, ViewportSize

LABELS = ("card_arrival", "fee", "top_up", "other")
WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
INERT = 300  # ms, past the time in which a card takes no accept


class Reader:
    """One person at the card: a page, its desk, and what both should agree on."""

    def __init__(
        self, page: Page, desk: Desk, url: str, errors: list[str], hosts: set[str]
    ) -> None:
        self.page, self.desk, self.url, self.errors, self.hosts = page, desk, url, errors, hosts

    def at(self, selector: str, **parts: Any) -> Locator:
        return self.page.locator(selector, **parts)

    @property
    def record(self) -> int:
        return int(self.at(".tb-card").get_attribute("data-record") or 0)

    def on(self, record: int) -> None:
        """Waits until the record is on screen and painted."""
        self.at(f".tb-card[data-painted='{record}'][data-record='{record}']").wait_for()

    def press(self, key: str, *, on: int | None = None) -> None:
        """Presses a key, on a painted card that takes accepts."""
        if on is not None:
            self.on(on)
        self.page.wait_for_timeout(INERT if key in ("Enter", "a") else 0)
        self.page.keyboard.press(key)

    def saved(self) -> None:
        """Waits until nothing is unsaved."""
        self.at(".tb-saved[data-unsaved='0']", has_text="● all saved").wait_for()

    def until(self, holds: Callable[[], Any]) -> Any:
        """Waits for something at the desk's side; gives what was found."""
        for _ in range(400):
            if found := holds():
                return found
            self.page.wait_for_timeout(20)
        raise AssertionError("it never came")

    def decided(self) -> list[tuple[int, str, str | None]]:
        self.saved()
        return self.desk.decisions()

    def run(self, script: str, *parts: Any) -> Any:
        return self.page.evaluate(script, *parts)


Open = Callable[..., Reader]


@pytest.fixture
def reader(browser: Browser, card_tab: Tab) -> Iterator[Open]:
    """Opens the card before a desk with these cards; checks at the end that nothing was odd.

    A test that changes the page for good, or says how its context is, gets a *fresh* one.
    """
    with ExitStack() as stack:
        opened: list[Reader] = []

        def open_card(
            cards: list[dict[str, Any]] | None = None,
            labels: tuple[str, ...] = LABELS,
            *,
            desk: Desk | None = None,
            colours: dict[str, str] = LIGHT,
            viewport: ViewportSize = WIDE,
            fresh: bool = False,
            **options: Any,
        ) -> Reader:
            desk = desk or Desk(cards or [card(n) for n in range(1, 61)], schema(*labels))
            url = stack.enter_context(served(desk, colours))
            seen = stack.enter_context(
                visit(browser, viewport=viewport, **options)
                if fresh or options
                else card_tab.visit(viewport=viewport)
            )
            page = seen.open(url)
            page.locator(".tb-card").wait_for()
            opened.append(Reader(page, desk, url, seen.errors, seen.hosts))
            return opened[-1]

        yield open_card
        for each in opened:
            assert each.errors == []
            assert each.hosts <= {each.url.split("/")[2], ""}  # "" is data:
