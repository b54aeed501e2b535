"""Learning curves as SVG: in the report's page, beside a simulation, in the app.

The geometry is reckoned here and drawn by ``templates/chart.svg``; equal figures give equal bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tiebreak.evaluation import LearningCurvePoint
from tiebreak.report.rendering import templates

NAME_HEIGHT = 15
"""Least distance of two names, in pixels."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """Pixels: a picture's size, the margins of its plot, and from an axis to its words; at most
    ``max_ticks`` parts an axis."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    beside: int
    below: int
    title_lift: int
    max_ticks: int


DOCUMENT = Layout(
    width=780, height=460, left=62, right=190, top=64, bottom=54,
    beside=9, below=20, title_lift=12, max_ticks=8,
)  # fmt: skip
"""A picture by itself, each curve named at its end."""
FIGURE = Layout(
    width=360, height=200, left=40, right=14, top=10, bottom=36,
    beside=6, below=15, title_lift=4, max_ticks=5,
)  # fmt: skip
"""A picture in the page, as wide as a phone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """Accuracies by ascending label counts, sequences of one length; with None in ``low`` there is
    no band."""

    name: str
    labels: Sequence[int]
    accuracy: Sequence[float]
    low: Sequence[float | None]
    high: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Frame:
    """From labels (from 0 to ``most``) and accuracies (from ``low`` to ``high``) to pixels."""

    layout: Layout
    most: float
    low: float
    high: float

    @classmethod
    def around(cls, curves: Sequence[Curve], layout: Layout) -> Frame:
        """The frame that has room for all *curves*, to the next full 10 % of accuracy."""
        values = [
            value
            for curve in curves
            for value in (*curve.accuracy, *curve.low, *curve.high)
            if value is not None
        ]
        low = math.floor(min(values) * 10 + 1e-9) / 10
        high = max(math.ceil(max(values) * 10 - 1e-9) / 10, low + 0.1)
        return cls(layout, float(max(1, *(curve.labels[-1] for curve in curves))), low, high)

    @property
    def end(self) -> int:
        """The plot's right edge."""
        return self.layout.width - self.layout.right

    @property
    def floor(self) -> int:
        """The plot's lower edge."""
        return self.layout.height - self.layout.bottom

    def x(self, labels: float) -> float:
        """Pixels from the left."""
        return self.layout.left + labels / self.most * (self.end - self.layout.left)

    def y(self, accuracy: float) -> float:
        """Pixels from the top."""
        part = (accuracy - self.low) / (self.high - self.low)
        return self.floor - part * (self.floor - self.layout.top)

    @property
    def across(self) -> Iterator[float]:
        """The accuracies that get a line across."""
        return ticks(self.low, self.high, self.layout.max_ticks)

    @property
    def along(self) -> Iterator[float]:
        """The label counts that are marked on the axis."""
        return ticks(0, self.most, self.layout.max_ticks)

    def points(self, curve: Curve) -> list[tuple[str, str]]:
        """A curve's points in pixels."""
        return self._path(curve.labels, curve.accuracy)

    def band(self, curve: Curve) -> list[tuple[str, str]]:
        """The corners of a curve's band, up its upper edge and back along the lower."""
        if None in curve.low:
            return []
        return self._path(curve.labels, curve.high) + self._path(curve.labels, curve.low)[::-1]

    def _path(self, labels: Sequence[int], values: Sequence[float | None]) -> list[tuple[str, str]]:
        return [
            (f"{self.x(n):.1f}", f"{self.y(value):.1f}")
            for n, value in zip(labels, values, strict=True)
            if value is not None
        ]


def curves_svg(
    curves: Sequence[Curve], *, title: str, subtitle: str, targets: Sequence[float] = ()
) -> str:
    """Curves as an SVG document, light or dark as the viewer prefers.

    The last curve is drawn as what the others are held to. *targets* are accuracies that get a line
    across where the picture reaches them.
    """
    frame = Frame.around(curves, DOCUMENT)
    ends = [frame.y(curve.accuracy[-1]) for curve in curves]
    return templates().get_template("chart.svg").render(
        curves=curves,
        frame=frame,
        name_places=moved_apart(ends, NAME_HEIGHT, frame.layout.top, frame.floor),
        subtitle=subtitle,
        targets=[target for target in targets if frame.low <= target <= frame.high],
        title=title,
    )  # fmt: skip


def control_curves(points: Sequence[LearningCurvePoint]) -> list[Curve]:
    """The points of `tiebreak.evaluation.learning_curve` as curves: that of the control arm, and
    the naive one if there is any, without a band: no interval makes it one of anybody's data."""
    naive = [(p.labels, p.selected.accuracy) for p in points if p.selected is not None]
    none = [None] * len(naive)
    curves = [
        Curve(
            name="control arm",
            labels=[p.labels for p in points],
            accuracy=[p.accuracy.accuracy for p in points],
            low=[p.accuracy.low for p in points],
            high=[p.accuracy.high for p in points],
        ),
        Curve(
            name="naive",
            labels=[labels for labels, _ in naive],
            accuracy=[accuracy for _, accuracy in naive],
            low=none,
            high=none,
        ),
    ]
    return curves if naive else curves[:1]


def ticks(low: float, high: float, most: int) -> Iterator[float]:
    """Round numbers from *low* to *high*, at most *most* steps."""
    step = round_step(high - low, most)
    for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1):
        yield i * step


def round_step(span: float, most: int) -> float:
    """The least of 1, 2 or 5 times a power of ten that cuts *span* into at most *most* parts."""
    power = 10.0 ** math.floor(math.log10(span / most))
    return next(m * power for m in (1, 2, 5, 10) if span / (m * power) <= most + 1e-9)


def moved_apart(wanted: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Places as near to *wanted* as a walk down and one back up bring them, *least* apart.

    Within *low* and *high* where there is room for all.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = list(wanted)
    above = low - least
    for i in order:
        placed[i] = above = max(wanted[i], above + least)
    below = max(high, low + least * (len(wanted) - 1)) + least
    for i in reversed(order):
        placed[i] = below = min(placed[i], below - least)
    return placed
