"""Jinja2 for the page and its pictures: whatever is put into a template is cleaned and escaped."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from math import exp, isinf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiebreak.assurance import percent

if TYPE_CHECKING:
    from jinja2 import Environment

    from tiebreak.evaluation import LearningCurvePoint

_NOT_FOR_A_PAGE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls, what turns letters round, and what UTF-8 cannot hold."""


@cache
def templates() -> Environment:
    """The templates of this folder and the filters that write figures."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=cleaned,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "amount": amount,
        "e_value": e_value,
        "exp": exp,
        "first_up": lambda words: words[:1].upper() + words[1:],
        "log_e": log_e_words,
        "moment": lambda at: f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M:%S %Z}",
        "percent": percent,
        "label_span": label_span,
        "share": lambda part: f"{100 * part:.1f} %",
        "thousands": lambda n: f"{n:,}",
    }
    return environment


def cleaned(value: Any) -> Any:
    """Text rid of characters that may drive a page; markup was cleaned when it was made."""
    if hasattr(value, "__html__"):
        return value
    return _NOT_FOR_A_PAGE.sub("\N{REPLACEMENT CHARACTER}", str(value))


def log_e_words(log_e: float) -> str:
    """A log E to two digits; ∞ where the claim is sure, −∞ where it is known to be false."""
    if isinf(log_e):
        return "∞" if log_e > 0 else "−∞"
    return f"{round(log_e, 2) + 0.0:.2f}".replace("-", "−")


def e_value(log_e: float) -> str:
    """E itself."""
    if isinf(log_e):
        return "∞" if log_e > 0 else "0"
    return f"{exp(log_e):,.3g}" if log_e < 16 else f"10^{log_e / 2.302585:.0f}"


def amount(money: float) -> str:
    """An amount: cents, or more digits where it is small."""
    return f"{money:,.2f}" if money >= 1 or not money else f"{money:.4f}"


def label_span(point: LearningCurvePoint) -> str:
    """The labels that the heads of a learning curve's point had learnt from."""
    return str(point.most) if point.least == point.most else f"{point.least} to {point.most}"
