"""The status page of a project with a history: curve, forecast, advice, and a pause.

The history is simulated: labels come from the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Scheme, Tab, accessibility
from contexts import slice_rows
from once import made_once

from benchmarks.desk.driver import DeskServer
from tiebreak.api.project import Project
from tiebreak.domain.monitoring import DriftReading

pytestmark = pytest.mark.browser


def make(place: Path) -> None:
    rows = slice_rows(240, 0)
    names = sorted({row["label"] for row in rows})
    with Project.create(
        place, labels=names, agent="none", embedder="hashing",
        settings={
            "select": {"control_share": 0.9, "batch": 20}, "learn": {"head": "logistic"},
        },
    ) as project:  # fmt: skip
        project.add({"id": row["id"], "text": row["text"]} for row in rows)
        ids = {r.external_id: r.id for r in project.context.store.records.scan(limit=500)}
        project.context.store.gold.put({ids[r["id"]]: (r["label"],) for r in rows})
        project.run(reviewer="labels", rounds=7)
        project.context.store.monitoring.put_reading(
            DriftReading(
                state="pause", reason="texts are farther from what was known", new=300, after=100,
                up_to=240,
            )
        )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "status", lambda at: make(at / "p")) / "p"


@pytest.fixture(scope="module")
def desk(folder: Path, port: int) -> Iterator[DeskServer]:
    with DeskServer(folder, ("--no-learn", "--who", "Ada"), port=port) as running:
        yield running


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_page_shows_where_it_goes_and_how_honestly_it_is_known(
    tab: Tab, folder: Path, desk: DeskServer, colours: Scheme
) -> None:
    with Project.open(folder, agent="none") as project:
        told = project.status()
    with tab.visit(color_scheme=colours) as at:
        page = at.open(f"{desk.url}/status")
        page.get_by_role("heading", name="The model by labels").wait_for()
        image = page.get_by_role("img", name="The figures of the next table as curves.")
        image.wait_for()
        page.wait_for_function(
            "() => [...document.images].some((i) => i.alt && i.complete && i.naturalWidth > 300)"
        )
        page.get_by_text("not of your data").wait_for()
        body = page.locator("[data-testid='stMain']").inner_text()
        assert told.forecast.text.replace("->", "→") in body
        assert told.forecast.stop.why in body
        assert "Paused: texts are farther from what was known." in body
        cells = page.locator("td").all_inner_texts()
        for point in told.curve:
            assert str(point.labels) in cells
            assert f"{point.accuracy.accuracy:.3f} [" in body
            assert point.selected is not None
            assert f"{point.selected.accuracy:.3f} [" in body
        assert accessibility(page, "[data-testid='stImage']") == []
        assert at.hosts <= {f"127.0.0.1:{desk.port}", ""}
        assert at.errors == []
