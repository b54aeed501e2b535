"""The status page of a project with a history: curve, forecast, advice, and a pause.

The history is simulated: labels come from the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from benches import slice_rows
from browser import accessibility, chromium, visit
from desk_driver import DeskServer

from tiebreak.workflow.project import Project

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("status") / "project"
    rows = slice_rows(240, 0)
    names = sorted({row["label"] for row in rows})
    with Project.create(
        place, labels=names, agent="none", embedder="hashing",
        settings={
            "select": {"control_share": 0.9, "batch": 20}, "learn": {"head": "logistic"},
        },
    ) as project:  # fmt: skip
        project.add({"id": row["id"], "text": row["text"]} for row in rows)
        ids = {r.external_id: r.id for r in project.bench.store.records.scan(limit=500)}
        project.bench.store.gold.put({ids[r["id"]]: (r["label"],) for r in rows})
        project.run(reviewer="labels", rounds=7)
        project.bench.store.notes.report(
            "drift", 0,
            {"state": "pause", "reason": "texts are farther from what was known", "new": 300,
             "after": 100, "up_to": 240, "groups": []},
        )  # fmt: skip
    return place


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_page_shows_where_it_goes_and_how_honestly_it_is_known(
    browser: Browser, folder: Path, colours: str
) -> None:
    with Project.open(folder, agent="none") as project:
        told = project.status()
    with (
        DeskServer(folder, ("--no-learn", "--who", "Ada")) as server,
        visit(browser, color_scheme=colours) as at,
    ):
        page = at.open(f"{server.url}/status")
        page.get_by_role("heading", name="The model by labels").wait_for()
        image = page.get_by_role("img", name="The figures of the next table as curves.")
        image.wait_for()
        page.wait_for_function(
            "() => [...document.images].some((i) => i.alt && i.complete && i.naturalWidth > 300)"
        )
        page.get_by_text("not of your data").wait_for()
        body = page.locator("[data-testid='stMain']").inner_text()
        assert told["forecast"]["text"].replace("->", "→") in body
        assert told["forecast"]["stop"]["why"] in body
        assert "Paused: texts are farther from what was known." in body
        cells = page.locator("td").all_inner_texts()
        for point in told["curve"]:
            assert str(point["labels"]) in cells
            assert f"{point['accuracy']['accuracy']:.3f} [" in body
            assert f"{point['selected']['accuracy']:.3f} [" in body
        assert accessibility(page, "[data-testid='stImage']") == []
        assert at.hosts <= {f"127.0.0.1:{server.port}", ""}
        assert at.errors == []
