"""The page: one file without a script, first for who decides, then for who checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tiebreak.report import promise_sections as proof
from tiebreak.report import quality_sections as knowledge
from tiebreak.report.charts import patterns, stacked, swatch
from tiebreak.report.parts import Html, el, items, join, moment, section, text
from tiebreak.report.style import STYLE

Told = Mapping[str, Any]

SEGMENTS = {
    "human": "labelled by people",
    "simulated": "SIMULATED: labelled as by people, from the file's own labels",
    "autonomous": "autonomous, under a certificate",
    "autonomous_simulated": "autonomous, under a SIMULATED certificate",
    "unproved": "UNPROVED: from the machine, not proven (yet)",
    "none": "no label yet",
}
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(told: Told) -> str:
    """The report `tiebreak.report.data.project_report` as an HTML document."""
    body = join(
        [
            patterns(),
            el("main", _head(told), _manager(told), _statistician(told)),
        ]
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"{el('title', told['project']['name'], ': what is promised of its labels')}"
        f"<style>{STYLE}</style></head>\n<body>{body}</body></html>\n"
    )


def _head(told: Told) -> Html:
    about = told["project"]
    return el(
        "header",
        el("h1", about["name"]),
        el("p", about["task"]),
        el(
            "p",
            f"{about['labels']} labels to choose from. Report of {moment(about['at'])}, "
            f"by Tiebreak {about['tiebreak']}.",
            class_="dim",
        ),
    )


def _manager(told: Told) -> Html:
    return join(
        [
            section("What is promised now", _promised(told)),
            section("Where the labels come from", _tiles(told), _bar(told["labels"])),
            section("What would buy more, and why it is not more", _more(told)),
        ]
    )


def _statistician(told: Told) -> Html:
    return join(
        [
            section("Certificates", proof.certificates(told), class_="part-two"),
            section("How good agent and model are", knowledge.accuracies(told)),
            section("The model by labels", knowledge.curve(told["curve"])),
            section("How common each label is", knowledge.shares(told["prevalence"])),
            section("People", knowledge.people(told["people"])),
            section("Spend", knowledge.spend(told["spend"])),
            section("Drift", knowledge.drift(told["drift"])),
            section("What is promised, and what is not", proof.meaning()),
            section("The method", proof.method(told)),
            section("What was frozen", proof.bundles(told["policies"])),
            section("Check it again", proof.again()),
        ]
    )


def _promised(told: Told) -> Html:
    if told["nothing"] is None:
        return join(_promise(one) for one in told["promised"])
    nothing = told["nothing"]
    return el(
        "div",
        el("p", el("strong", "Nothing is promised.")),
        join(el("p", why) for why in nothing["why"]),
        el("p", "What it would take:"),
        items(nothing["takes"]),
        class_="nothing",
    )


def _promise(one: Told) -> Html:
    sign = el("p", el("span", "SIMULATED", class_="simulated-sign")) if one["simulated"] else ""
    return el(
        "div",
        sign,
        el("p", one["sentence"], class_="words"),
        el("p", proof.name_of(one), class_="dim"),
        class_="promise played" if one["simulated"] else "promise",
    )


def _tiles(told: Told) -> Html:
    labels, spend = told["labels"], told["spend"]
    shown: list[tuple[object, str]] = [("Records in the pool", f"{labels['pool']:,}")]
    shown += [
        (_sign(name), f"{labels[key]:,}")
        for key, name in SEGMENTS.items()
        if labels[key] or key in ("human", "autonomous")
    ]
    shown += [
        ("Waiting for a person", f"{told['queue']:,}"),
        (f"{spend['currency']} spent, on {spend['calls']:,} calls", knowledge.money(spend)),
    ]
    return el("dl", *(el("div", el("dt", name), el("dd", n)) for name, n in shown), class_="tiles")


def _sign(name: str) -> Html:
    """A part's name, with its SIMULATED and UNPROVED in bold letters."""
    words = [el("strong", w) if w.strip(":").isupper() else w for w in _first_up(name).split(" ")]
    return join(x for word in words for x in (word, " "))


def _bar(labels: Told) -> Html:
    """All records of the pool, by who labelled them; each part keeps its name and its number."""
    parts = [(key, labels[key]) for key in SEGMENTS if labels[key]]
    if not parts:
        return text("")
    named = [f"{SEGMENTS[key]}: {n:,} ({100 * n / labels['pool']:.1f} %)" for key, n in parts]
    legend = [
        el("li", swatch(key), el("span", name)) for (key, _), name in zip(parts, named, strict=True)
    ]
    stale = (
        el("p", f"{labels['stale']:,} of the autonomous labels are no longer covered by a "
           "certificate. The next run takes them back.", class_="warn")
        if labels["stale"] else ""
    )  # fmt: skip
    return join(
        [
            el("figure", stacked(parts, "The pool. " + "; ".join(named)),
               el("ul", *legend, class_="legend")),
            stale,
            el("p", "These are different things, and are never added up: people looked at their "
               "labels alone, and only what a certificate by people covers is promised.",
               class_="dim"),
        ]
    )  # fmt: skip


def _more(told: Told) -> Html:
    rows = []
    for one in told["certificates"]:
        said = [f"{_first_up(one['next']['text'])}."] if one["next"] else []
        said += [one["why"]] if one["why"] else []
        if said:
            name = el("strong", f"{proof.name_of(one)}: ")
            rows.append(join([name, " ".join(said)]))
    more = [items(rows)] if rows else []
    if told["forecast"] is not None:
        more.append(el("p", "Labels for the model: ", told["forecast"]["text"].replace("->", "→")))
    return join(more)


def _first_up(words: str) -> str:
    return words[:1].upper() + words[1:]
