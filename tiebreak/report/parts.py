"""Small builders of HTML: any text is escaped on its way in, unless it is markup already."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

_NOT_FOR_A_PAGE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls, what turns letters round, and what UTF-8 cannot hold."""


class Html(str):
    """Markup that may stand as it is. Whatever is made of it but by `el` and `join` is plain text
    again, and would be escaped: a mistake shows, and lets nothing through."""

    __slots__ = ()


def text(value: object) -> Html:
    """Anything as markup: text escaped, and rid of characters that may drive a page."""
    if isinstance(value, Html):
        return value
    return Html(escape(_NOT_FOR_A_PAGE.sub("\N{REPLACEMENT CHARACTER}", str(value))))


def join(parts: Iterable[object]) -> Html:
    """Parts one after another."""
    return Html("".join(map(text, parts)))


def el(name: str, *inside: object, **attributes: object) -> Html:
    """An element. An attribute None is left out; ``class_`` is class, ``aria_label`` aria-label."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{told}>{join(inside)}</{name}>")


def items(rows: Iterable[object], tag: str = "ul") -> Html:
    """A list."""
    return el(tag, *(el("li", row) for row in rows))


def table(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Html:
    """A table that scrolls by itself where it is wider than the page; each row's first cell names
    it. *name* is its caption."""
    body = [
        el("tr", el("th", first, scope="row"), *(el("td", cell) for cell in rest))
        for first, *rest in rows
    ]
    columns = el("thead", el("tr", *(el("th", title, scope="col") for title in head)))
    grid = el("table", el("caption", name), columns, el("tbody", *body))
    kind = "wide figures" if len(head) > 2 else "wide"
    return el("div", grid, class_=kind, role="region", aria_label=name, tabindex="0")


def section(title: str, *inside: object, level: int = 2, class_: str | None = None) -> Html:
    """A part of the page with its heading; nothing where there is nothing inside."""
    body = join(inside)
    if not body:
        return body
    return el("section", el(f"h{level}", title), body, class_=class_)


def moment(at: str) -> str:
    """A stored time, to the second."""
    return f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M:%S %Z}"
