"""A project context that has all that a report tells of, and a reader of its page."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from contexts import make_context
from promise_projects import WORDS, answer, two_kinds, waiting

from tiebreak.domain.labels import Label, LabelSchema
from tiebreak.loop.run import run_loop
from tiebreak.loop.running import RunOptions
from tiebreak.project.context import ProjectContext
from tiebreak.promise.status import certificate_statuses

EMPTY = {"meta", "br"}


def told_bench(
    folder: Path,
    *,
    project: dict[str, Any] | None = None,
    names: tuple[str, str] = ("refund", "login"),
    tier: str = "normal",
) -> ProjectContext:
    """A project context of 400 records under two labels of one tier, with a promise of 10 % asked
    for."""
    new = dict(zip(WORDS, names, strict=True))
    asked = {"max_error": 0.1, "labels": 30, "audits": 60, "audit_batch": 20}
    return make_context(
        folder,
        [{**row, "label": new[row["label"]]} for row in two_kinds()],
        settings={
            "promise": asked,
            "learn": {"head": "logistic"},
            "select": {"control_share": 0.5},
            "project": project or {},
        },
        schema=LabelSchema(labels=tuple(Label(name=name, tier=tier) for name in names)),
    )


def earn(context: ProjectContext) -> None:
    """Two people, both simulated, answer what waits until a certificate is in force; Bob says again
    what Ann said of the first 20 that she answered blind."""
    options = RunOptions(batch=16)
    for _ in range(30):
        run_loop(context, options)
        if any(told.in_force for told in certificate_statuses(context)):
            break
        audits = waiting(context, "audit")
        answer(context, audits or waiting(context), who="Ann Secretive")
    else:
        raise AssertionError("nothing was certified")
    said = context.store.annotations.standing()
    first = sorted(i for i, act in said.items() if act.shown == "blind")[:20]
    tasks = [t for t in context.store.queue.tasks(status=None) if t.record_id in first]
    answer(context, tasks, who="Bob Discreet", shown="blind")


class PageReader(HTMLParser):
    """``tags`` and ``attributes`` (name, value) that a page uses, its ``text`` without the style
    sheet, and by their captions its ``tables``: rows of cells. ``terms`` are its dt and dd."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.terms: list[tuple[str, str]] = []
        self._open: list[str] = []
        self._text: list[str] = []
        self._rows: list[list[str]] = []
        self._said = {"caption": "", "dt": ""}
        self._cell = ""
        self.feed(page)
        self.close()
        assert self._open == [], f"left open: {self._open}"

    @property
    def text(self) -> str:
        """All words, one space apart."""
        return " ".join(" ".join(self._text).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag in EMPTY:
            return
        self._open.append(tag)
        if tag == "table":
            self._rows = []
        elif tag == "tr":
            self._rows.append([])
        if tag in {"caption", "th", "td", "dt", "dd"}:
            self._cell = ""

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag in {"th", "td"}:
            self._rows[-1].append(self._cell)
        elif tag in self._said:
            self._said[tag] = self._cell
        elif tag == "dd":
            self.terms.append((self._said["dt"].strip(), self._cell))
        elif tag == "table":
            self.tables[self._said["caption"]] = self._rows

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self._text.append(data)
            self._cell += data
