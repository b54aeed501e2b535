"""The page's pictures, as SVG in the page: coloured by its style sheet, said in words beside them.

Each is stretched by percentages of its own width, so that it needs no script to fit a phone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, exp, floor
from typing import Any

from tiebreak.report.curve_svg import step_of
from tiebreak.report.parts import Html, el, join

WIDTH, HEIGHT = 360, 200
LEFT, RIGHT, TOP, BOTTOM = 40, 14, 10, 36
ROOM = 1.25
"""A bar of evidence ends beyond its threshold by this much."""


def patterns() -> Html:
    """Hatching for what was simulated; once in a page."""
    line = el("path", d="M0 8 L8 0 M-2 2 L2 -2 M6 10 L10 6", class_="hatch")
    made = [
        el(
            "pattern",
            el("rect", width=8, height=8, class_=f"fill {name}"),
            line,
            id=f"hatch-{name}",
            width=8,
            height=8,
            patternUnits="userSpaceOnUse",
        )
        for name in ("simulated", "autonomous_simulated")
    ]
    return el("svg", el("defs", *made), width=0, height=0, aria_hidden="true", class_="defs")


def swatch(name: str) -> Html:
    """A part's colour, for a legend."""
    box = el("rect", width="100%", height="100%", class_=f"part {name}")
    return el("svg", box, class_="swatch", aria_hidden="true")


def stacked(parts: Sequence[tuple[str, int]], words: str) -> Html:
    """Counts side by side as shares of all; *words* say the same."""
    total = max(sum(n for _, n in parts), 1)
    at, boxes = 0.0, []
    for name, n in parts:
        width = 100 * n / total
        if n:
            boxes.append(
                el("rect", x=f"{at:.3f}%", width=f"{width:.3f}%", height="100%",
                   class_=f"part {name}")
            )  # fmt: skip
        at += width
    return el("svg", *boxes, class_="stack", role="img", aria_label=words)


def evidence(log_e: float | str, needed: float) -> Html:
    """log E of a rung against the log 1/delta that certifies it."""
    value = float(log_e)
    end = ROOM * needed
    share = 100 * min(max(value, 0.0), end) / end
    state = "enough" if value >= needed else "short"
    return el(
        "svg",
        el("rect", width="100%", height="100%", rx=3, class_="track"),
        el("rect", width=f"{share:.2f}%", height="100%", rx=3, class_=f"bar {state}"),
        el("rect", x=f"{100 / ROOM:.2f}%", width=2, height="100%", class_="tick"),
        class_="evidence",
        role="img",
        aria_label=f"log E {number(value)} of {needed:.2f} needed",
    )


def number(log_e: float) -> str:
    """A log E to two digits; ∞ where the claim is sure, −∞ where it is known to be false."""
    if log_e in (float("inf"), float("-inf")):
        return "∞" if log_e > 0 else "−∞"
    return f"{round(log_e, 2) + 0.0:.2f}".replace("-", "−")


def factor(log_e: float) -> str:
    """E itself."""
    if log_e in (float("inf"), float("-inf")):
        return "∞" if log_e > 0 else "0"
    return f"{exp(log_e):,.3g}" if log_e < 16 else f"10^{log_e / 2.302585:.0f}"


def whisker(value: dict[str, Any]) -> Html:
    """An accuracy and its interval between 0 and 100 %."""
    low, high, at = (100 * value[key] for key in ("low", "high", "accuracy"))
    return el(
        "svg",
        el("rect", width="100%", height="100%", rx=3, class_="track"),
        el("rect", x=f"{low:.2f}%", width=f"{max(high - low, 0.5):.2f}%", height="100%", rx=3,
           class_="interval"),
        el("circle", cx=f"{at:.2f}%", cy="50%", r=5, class_="dot"),
        class_="whisker",
        role="img",
        aria_label=f"{at:.1f} %, between {low:.1f} % and {high:.1f} %",
    )  # fmt: skip


def curve(points: Sequence[dict[str, Any]]) -> Html:
    """Accuracy by labels on the control arm, with its band; open squares: the naive figure."""
    naive = [p for p in points if p["selected"] is not None]
    seen = [p["accuracy"][key] for p in points for key in ("low", "high")]
    seen += [p["selected"]["accuracy"] for p in naive]
    low: float = floor(min(seen) * 10 + 1e-9) / 10
    high: float = max(ceil(max(seen) * 10 - 1e-9) / 10, low + 0.1)
    most = float(max(1, *(p["labels"] for p in points)))

    def x(labels: float) -> float:
        return LEFT + labels / most * (WIDTH - LEFT - RIGHT)

    def y(accuracy: float) -> float:
        return HEIGHT - BOTTOM - (accuracy - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def path(key: str) -> list[str]:
        return [f"{x(p['labels']):.1f},{y(p['accuracy'][key]):.1f}" for p in points]

    last = points[-1]
    parts = [
        *(_across(y(v), v) for v in _ticks(low, high, 5)),
        *(_below(x(v), v) for v in _ticks(0, most, 5)),
        el("text", "labels that it learnt from", x=(LEFT + WIDTH - RIGHT) / 2, y=HEIGHT - 4,
           text_anchor="middle"),
        el("polygon", points=" ".join(path("high") + path("low")[::-1]), class_="band"),
        el("polyline", points=" ".join(path("accuracy")), class_="line"),
        *(el("circle", cx=f"{x(p['labels']):.1f}", cy=f"{y(p['accuracy']['accuracy']):.1f}",
             r=3.5, class_="dot") for p in points),
        *(el("rect", x=f"{x(p['labels']) - 3.5:.1f}", y=f"{y(p['selected']['accuracy']) - 3.5:.1f}",
             width=7, height=7, class_="naive") for p in naive),
    ]  # fmt: skip
    words = (
        f"Accuracy by labels: {100 * last['accuracy']['accuracy']:.1f} % with {last['labels']} "
        "labels; all figures are in the next table."
    )
    return el(
        "svg", join(parts), class_="curve", viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img",
        aria_label=words,
    )  # fmt: skip


def _ticks(low: float, high: float, most: int) -> Iterator[float]:
    step = step_of(max(high - low, 1e-9), most)
    for i in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1):
        yield i * step


def _across(y: float, value: float) -> Html:
    line = el("line", x1=LEFT, x2=WIDTH - RIGHT, y1=f"{y:.1f}", y2=f"{y:.1f}", class_="grid")
    words = el("text", f"{100 * value:.0f} %", x=LEFT - 6, y=f"{y + 4:.1f}", text_anchor="end")
    return join([line, words])


def _below(x: float, value: float) -> Html:
    return el("text", f"{value:.0f}", x=f"{x:.1f}", y=HEIGHT - BOTTOM + 15, text_anchor="middle")
