"""The page: one file without a script, first for who decides, then for who checks."""

from __future__ import annotations

from dataclasses import dataclass

from tiebreak.report.charts import FIGURE, Frame, control_curves
from tiebreak.report.rendering import templates
from tiebreak.report.results import LabelCounts, Report

SEGMENTS = {
    "human": "labelled by people",
    "simulated": "SIMULATED: labelled as by people, from the file's own labels",
    "autonomous": "autonomous, under a certificate",
    "autonomous_simulated": "autonomous, under a SIMULATED certificate",
    "unproved": "UNPROVED: from the machine, not proven (yet)",
    "none": "no label yet",
}
"""Names of the fields of `LabelCounts` that parts of the pool are."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the pool: how many records, and the name with that number."""

    kind: str
    count: int
    words: str


def report_html(report: Report) -> str:
    """The report as an HTML document."""
    curves = control_curves(report.curve)
    return templates().get_template("report.html").render(
        report=report,
        segment_names=SEGMENTS,
        segments=_segments(report.labels),
        streams=[one for one in report.certificates if one.mode == "stream"],
        curves=curves,
        frame=Frame.around(curves, FIGURE) if len(report.curve) > 1 else None,
    )  # fmt: skip


def _segments(labels: LabelCounts) -> list[Segment]:
    counts = [(kind, name, getattr(labels, kind)) for kind, name in SEGMENTS.items()]
    return [
        Segment(kind, count, f"{name}: {count:,} ({100 * count / labels.pool:.1f} %)")
        for kind, name, count in counts
        if count
    ]
