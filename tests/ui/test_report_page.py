"""The report's page in a browser: accessible in light, in dark and on a phone, and quite alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from browser import Scheme, Tab, accessibility
from once import made_once
from report_projects import earn, told_bench

from tiebreak.domain.evidence import Estimate
from tiebreak.drift import DriftState
from tiebreak.evaluation import LearningCurvePoint
from tiebreak.report.data import project_report
from tiebreak.report.html import report_html

pytestmark = pytest.mark.browser

DRIFT = DriftState(
    state="pause", reason="texts are farther from what was known", new=300, after=100, up_to=240,
    groups=(), do="Look at `tiebreak drift DIR`.",
)  # fmt: skip


def curve_point(labels: int, accuracy: float) -> LearningCurvePoint:
    """A point of forty control records, the naive figure below its band."""
    figure = Estimate(accuracy=accuracy, low=accuracy - 0.1, high=accuracy + 0.07, n=40)
    return LearningCurvePoint(
        labels=labels,
        least=labels - 9,
        most=labels + 9,
        accuracy=figure,
        plain=figure,
        selected=replace(figure, accuracy=0.55),
    )


CURVE = tuple(curve_point(*at) for at in ((30, 0.62), (60, 0.74), (110, 0.81), (160, 0.84)))


def make(place: Path) -> None:
    """People, simulated, earned a certificate; a second one is made up, which says SIMULATED."""
    context = told_bench(
        place / "p",
        project={"name": "Tickets of the help desk", "task": "What is the ticket about?" * 9},
        names=("refund " + "é" * 90, "login"),
    )
    earn(context)
    report = project_report(context)
    labels, certificate = report.labels, report.certificates[0]
    simulated = replace(report.promised[0], simulated=True, tier="strict")
    made_up = replace(
        report,
        promised=(*report.promised, simulated),
        certificates=(*report.certificates, replace(certificate, simulated=True, tier="strict")),
        labels=replace(
            labels, autonomous_simulated=60, unproved=20, simulated=30, none=labels.none - 110
        ),
        drift=DRIFT,
        curve=CURVE,
    )
    (place / "report.html").write_text(report_html(made_up), encoding="utf-8")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a project that earned a promise."""
    return made_once(tmp_path_factory, "report", make) / "report.html"


@pytest.mark.parametrize(
    ("colours", "width"), [("light", 1100), ("dark", 1100), ("light", 360), ("dark", 360)]
)
def test_the_page_is_accessible_and_asks_for_nothing(
    card_tab: Tab, file: Path, colours: Scheme, width: int
) -> None:
    with card_tab.visit(viewport={"width": width, "height": 800}, color_scheme=colours) as at:
        page = at.open(file.as_uri())
        assert page.get_by_role("heading", level=1).inner_text() == "Tickets of the help desk"
        assert page.locator(".simulated-sign").count() == 1
        assert accessibility(page, "main") == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert at.hosts == {""}
        assert at.errors == []
