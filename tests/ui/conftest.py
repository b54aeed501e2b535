"""One browser for these tests, one tab at desks, and one port for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from browser import Tab, chromium

from benchmarks.desk.driver import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="package")
def card_tab(browser: Browser) -> Tab:
    """For pages with the card alone."""
    return Tab(browser, "/blank")


@pytest.fixture(scope="package")
def tab(browser: Browser) -> Tab:
    """For desks."""
    return Tab(browser, "/_stcore/health")


@pytest.fixture(scope="package")
def port() -> int:
    """Where one test after another has a desk of its own: the browser keeps its files."""
    return free_port()
