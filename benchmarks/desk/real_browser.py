"""Debian's Chromium, driven by Playwright; nothing is fetched for it."""

from __future__ import annotations

import importlib.util
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--in-process-gpu",  # a process less: a quarter of the work of a short test
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
]


def missing() -> str:
    """Why no browser can be started here, or ""."""
    if shutil.which("chromium") is None:
        return "chromium not found: install Debian's package chromium"
    if importlib.util.find_spec("playwright") is None:
        return "playwright not found: pip install playwright"
    return ""


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser.

    While it runs, this thread counts as inside an event loop, and ``asyncio.run`` refuses to work
    there.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), headless=True, args=FLAGS
        )
        try:
            yield browser
        finally:
            browser.close()


def hold(page: Page, key: str, code: str, *, repeats: int, seconds: float = 0.0) -> None:
    """Hold a key down: one press, then the repeats that an operating system makes of it."""
    devtools = page.context.new_cdp_session(page)
    parts = {"key": key, "code": code, "text": "\r" if key == "Enter" else key}
    for number in range(repeats + 1):
        devtools.send(
            "Input.dispatchKeyEvent", {"type": "keyDown", "autoRepeat": number > 0, **parts}
        )
        time.sleep(seconds / (repeats + 1))
    devtools.send("Input.dispatchKeyEvent", {"type": "keyUp", "key": key, "code": code})
