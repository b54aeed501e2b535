"""Draw the pictures in ``docs/pictures``: ``python docs/make_screenshots.py [FOLDER]``.

A real project (the shipped slice of BANKING77, 96 labels simulated from the file, the embedded
agent), a real server, Debian's Chromium. Needs the ``local`` and ``dev`` extras.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.desk.driver import CARD, DeskServer, watched_page
from benchmarks.desk.real_browser import chromium
from tiebreak.api.project import Project
from tiebreak.files import labels_of_column
from tiebreak.simulation.demo import TASK, data_file

OUT = Path(__file__).with_name("pictures")
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 800}},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2},
}
TAUGHT, WAITING = 96, 36


def make_project(folder: Path) -> None:
    """A project whose next batch waits with the embedded agent's answers."""
    names = labels_of_column(data_file(), "label")
    Project.create(folder, labels=names, task=TASK, agent="embedded").close()
    with Project.open(folder, agent="none") as project:
        project.import_file(data_file(), labels_are="gold")
        project.run(batch=TAUGHT // 2, rounds=2, reviewer="labels")
    with Project.open(folder) as project:
        project.run(batch=WAITING)


def to_a_tie(page: Any) -> None:
    """Skip to a card on which agent and model disagree."""
    for _ in range(WAITING):
        if page.get_by_text("≠ model disagrees").count():
            return
        record = page.locator(CARD).get_attribute("data-record")
        page.keyboard.press("s")
        page.wait_for_selector(f"{CARD}:not([data-record='{record}'])[data-painted]")


def draw(server: DeskServer, browser: Any, out: Path) -> None:
    """Every picture."""
    for look, options in LOOKS.items():
        with watched_page(browser, f"{server.url}/?who={look.title()}", **options) as page:
            to_a_tie(page)
            page.wait_for_timeout(500)
            page.screenshot(path=out / f"desk-{look}.png")
            if look == "light":
                _keys_and_status(page, server, out)


def _keys_and_status(page: Any, server: DeskServer, out: Path) -> None:
    page.keyboard.press("?")
    page.locator(".tb-sheet").wait_for()
    page.wait_for_timeout(300)
    page.screenshot(path=out / "desk-keys.png")
    page.keyboard.press("Escape")
    page.goto(f"{server.url}/status?who=Light")
    page.get_by_text("How good agent and model are").wait_for()
    page.wait_for_timeout(1000)
    page.screenshot(path=out / "status-light.png")


def main() -> None:
    """Make the project and the pictures."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, chromium() as browser:
        folder = Path(place) / "cards"
        make_project(folder)
        with DeskServer(folder, ("--no-learn",)) as server:
            draw(server, browser, out)


if __name__ == "__main__":
    main()
