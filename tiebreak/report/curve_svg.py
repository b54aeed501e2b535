"""Learning curves as an SVG: axes, ticks, bands over seeds, each curve named at its end.

Drawn by hand, so that it needs no package and equal figures give equal bytes. Light or dark as the
viewer prefers; curves differ in dash as well as in colour.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 780, 460
LEFT, RIGHT, TOP, BOTTOM = 62, 190, 64, 54
LONGEST = 50
"""Characters of the data's name that have room in the title."""
LINE = 15
"""Least distance of two names, in pixels."""

_COLOURS = (
    ("#1d4ed8", "#7aa7ff"), ("#b45309", "#f0a94a"), ("#047857", "#4fd1a5"), ("#7e22ce", "#c79bff"),
    ("#be123c", "#ff8fa3"), ("#0e7490", "#59cbe8"),
)  # fmt: skip
_BASE = ("#4b5563", "#aab2bf")
_DASHES = ("", "7 4", "2 3", "10 3 2 3")


@dataclass(frozen=True, slots=True)
class Frame:
    """From labels and accuracies to pixels."""

    right: float
    low: float
    high: float

    def x(self, labels: float) -> float:
        """Pixels from the left; labels count from 0."""
        return LEFT + labels / self.right * (WIDTH - LEFT - RIGHT)

    def y(self, accuracy: float) -> float:
        """Pixels from the top."""
        part = (accuracy - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)

    def at(self, labels: float, accuracy: float) -> str:
        """A point of a path."""
        return f"{self.x(labels):.1f},{self.y(accuracy):.1f}"


def draw(told: Mapping[str, Any]) -> str:
    """The curves of a simulation's report as an SVG document."""
    curves = told["strategies"]
    data, seeds = told["data"], len(told["protocol"]["seeds"])
    name = data["name"] if len(data["name"]) <= LONGEST else data["name"][: LONGEST - 1] + "…"
    band = f"; band: 95 % interval of the mean over {seeds} seeds" if seeds > 1 else ""
    order = sorted(curves, key=lambda name: name == told["baseline"])
    return picture(
        {name: curves[name] for name in order},
        title=f"{name}: accuracy on {data['test']} test records",
        under=f"mean of {seeds} seeds{band}" if seeds > 1 else "one seed, so no interval",
        targets=told["targets"],
    )


def picture(
    curves: Mapping[str, Mapping[str, Any]], *, title: str, under: str, targets: Sequence[float]
) -> str:
    """Curves by name as an SVG document, the last of them drawn as what the others are held to.

    Args:
        curves: each ``{labels, accuracy, low, high}``, lists of one length; with a None in ``low``
            it gets no band.
        title, under: the picture's two lines of words.
        targets: accuracies that get a line across.
    """
    frame = _frame(curves.values())
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-labelledby="title desc">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="desc">{escape(_words(curves))}</desc>',
        _style(len(curves)),
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>',
        f'<text class="title" x="{LEFT}" y="26">{escape(title)}</text>',
        f'<text class="small" x="{LEFT}" y="45">{escape(under)}</text>',
        *_axes(frame),
        *_targets(frame, targets),
    ]
    for at, name in reversed([*enumerate(curves)]):
        parts += _curve(frame, f"s{at}", curves[name])
    parts += _names(frame, curves)
    return "\n".join([*parts, "</svg>", ""])


def _words(curves: Mapping[str, Any]) -> str:
    """The picture in words, for those who do not see it."""
    return "; ".join(
        f"{name} ends at {100 * c['accuracy'][-1]:.1f} % with {c['labels'][-1]} labels"
        for name, c in curves.items()
    )


def _frame(curves: Any) -> Frame:
    lows, highs, labels = [], [], []
    for curve in curves:
        lows += [v for v in (*curve["accuracy"], *curve["low"]) if v is not None]
        highs += [v for v in (*curve["accuracy"], *curve["high"]) if v is not None]
        labels += curve["labels"]
    low = math.floor(min(lows) * 10 + 1e-9) / 10
    high = math.ceil(max(highs) * 10 - 1e-9) / 10
    return Frame(right=float(max(labels)), low=low, high=max(high, low + 0.1))


def step_of(span: float, most: int = 8) -> float:
    """The least of 1, 2 or 5 times a power of ten that cuts *span* into at most *most* parts."""
    power = 10.0 ** math.floor(math.log10(span / most))
    return next(m * power for m in (1, 2, 5, 10) if span / (m * power) <= most + 1e-9)


def _ticks(low: float, high: float) -> Iterator[float]:
    step = step_of(high - low)
    for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1):
        yield i * step


def _axes(frame: Frame) -> Iterator[str]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    for value in _ticks(frame.low, frame.high):
        y = frame.y(value)
        yield f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield (
            f'<text class="small" x="{LEFT - 9}" y="{y + 4:.1f}" text-anchor="end">'
            f"{100 * value:.0f} %</text>"
        )
    yield f'<line class="axis" x1="{LEFT}" x2="{right}" y1="{bottom}" y2="{bottom}"/>'
    yield f'<line class="axis" x1="{LEFT}" x2="{LEFT}" y1="{TOP}" y2="{bottom}"/>'
    for value in _ticks(0, frame.right):
        x = frame.x(value)
        yield f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 5}"/>'
        yield (
            f'<text class="small" x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">'
            f"{value:.0f}</text>"
        )
    yield (
        f'<text class="small" x="{(LEFT + right) / 2:.0f}" y="{HEIGHT - 12}" '
        'text-anchor="middle">labels by people</text>'
    )


def _targets(frame: Frame, targets: Sequence[float]) -> Iterator[str]:
    for target in targets:
        if frame.low <= target <= frame.high:
            y = frame.y(target)
            yield (
                f'<line class="target" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            )


def _curve(frame: Frame, name: str, curve: Mapping[str, Any]) -> Iterator[str]:
    labels = curve["labels"]
    if None not in curve["low"]:
        edge = [frame.at(n, v) for n, v in zip(labels, curve["high"], strict=True)]
        back = [frame.at(n, v) for n, v in zip(labels, curve["low"], strict=True)]
        yield f'<polygon class="band {name}" points="{" ".join(edge + back[::-1])}"/>'
    points = [frame.at(n, v) for n, v in zip(labels, curve["accuracy"], strict=True)]
    yield f'<polyline class="line {name}" points="{" ".join(points)}"/>'
    for point in points:
        x, y = point.split(",")
        yield f'<circle class="dot {name}" cx="{x}" cy="{y}" r="2.6"/>'


def _names(frame: Frame, curves: Mapping[str, Any]) -> Iterator[str]:
    """Each curve's name and last accuracy at its end, moved apart where they would overlap."""
    ends = [frame.y(curve["accuracy"][-1]) for curve in curves.values()]
    places = apart(ends, LINE, TOP, HEIGHT - BOTTOM)
    for at, (name, curve) in enumerate(curves.items()):
        yield (
            f'<text class="name s{at}" x="{WIDTH - RIGHT + 10}" y="{places[at] + 4:.1f}">'
            f"{escape(name)} {100 * curve['accuracy'][-1]:.1f}</text>"
        )


def apart(wanted: Sequence[float], least: float, low: float, high: float) -> list[float]:
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


def _style(n: int) -> str:
    """The style sheet: light by default, dark where the viewer asks for it."""
    pairs = [_BASE if i == n - 1 else _COLOURS[i % len(_COLOURS)] for i in range(n)]
    rules = ["text{font-family:system-ui,sans-serif}.title{font-size:15px;font-weight:600}"]
    rules.append(".small{font-size:12px}.name{font-size:12px;font-weight:600}")
    rules.append(".line{fill:none;stroke-width:2}.band{opacity:.16;stroke:none}")
    rules.append(".target{stroke-width:1;stroke-dasharray:3 4}")
    rules += [
        f".line.s{i}{{stroke-dasharray:{_DASHES[i // len(_COLOURS) % len(_DASHES)] or 'none'}}}"
        for i in range(n - 1)
    ]
    rules.append(f".line.s{n - 1}{{stroke-dasharray:7 4}}")
    rules.append(_scheme("#ffffff", "#1f2933", "#52606d", "#e4e7eb", [light for light, _ in pairs]))
    dark = _scheme("#14181d", "#e6e9ee", "#aab2bf", "#2c333b", [dark for _, dark in pairs])
    rules.append(f"@media (prefers-color-scheme:dark){{{dark}}}")
    return "<style>" + "".join(rules) + "</style>"


def _scheme(paper: str, ink: str, soft: str, grid: str, colours: Sequence[str]) -> str:
    rules = [f".paper{{fill:{paper}}}text{{fill:{soft}}}.title{{fill:{ink}}}"]
    rules.append(f".grid{{stroke:{grid}}}.axis,.target{{stroke:{soft}}}")
    for i, colour in enumerate(colours):
        rules.append(
            f".line.s{i}{{stroke:{colour}}}.band.s{i},.dot.s{i},text.s{i}{{fill:{colour}}}"
        )
    return "".join(rules)
