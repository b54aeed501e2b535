"""The part for who checks: certificates with their evidence, what they mean, method, bundles."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import exp
from typing import Any

from tiebreak.assurance.sentence import percent
from tiebreak.report import words
from tiebreak.report.charts import evidence, factor, number
from tiebreak.report.parts import Html, el, items, join, moment, section, table, text

Told = Mapping[str, Any]

ARRIVES = ", what arrives"

_MARKED = re.compile(r"\*\*(.+?)\*\*|\*(.+?)\*|`(.+?)`")
COLUMNS = (
    "policy, tier", "state now", "tolerated error", "confidence", "share of δ", "audits", "wrong",
    "pending", "labels out", "frozen at",
)  # fmt: skip
RUNGS = (
    "rung", "state", "log E against log 1/δ′", "log E", "E", "audits", "wrong", "pending",
    "records N", "too many K₀", "looked at", "may be yet", "score at least",
)  # fmt: skip
STREAM = (
    "policy, tier", "errors caught or waiting", "uncaught at most",
    "decided for release, not audited",
    "of them not yet proven", "held back", "released from score", "stopped because",
)  # fmt: skip
PARTS = {
    "agent": "agent", "encoder": "encoder", "head": "model (SHA-256)", "prompt": "prompt and task",
    "guideline": "guideline", "demo_index": "examples",
}  # fmt: skip


def certificates(told: Told) -> Html:
    """Every certificate as it stands, and the evidence of each of its rungs."""
    rows = told["certificates"]
    if not rows:
        return el("p", "No policy was frozen yet, so there is no certificate.")
    return join(
        [
            table("Certificates, those in force first", COLUMNS, [_row(one) for one in rows]),
            section(
                "Evidence, rung by rung",
                el(
                    "p",
                    "A bar that reaches the mark is enough: there E is 1/δ′. The claim of a rung "
                    "lapses when people look at more of its records than they may.",
                    class_="dim",
                ),
                *(_rungs(one) for one in rows if one["mode"] == "file"),
                level=3,
            ),
            section("What arrived since", _arrived(rows), level=3),
        ]
    )


def _row(one: Told) -> list[object]:
    force = "in force" if one["in_force"] else "not in force"
    state = join([force, " ", el("span", "SIMULATED", class_="mark")])
    return [
        _name(one),
        state if one["simulated"] else force,
        f"{percent(one['max_error'])}, {one['promise']}",
        percent(one["confidence"]),
        f"{one['delta']:.3g}",
        f"{one['audited']:,}",
        f"{one['wrong']:,}",
        f"{one['pending']:,}",
        f"{one['labels']:,} ({percent(one['share'])})",
        moment(one["frozen_at"]),
    ]


def _name(one: Told) -> str:
    return f"{one['policy']}, {one['tier']}{ARRIVES if one['mode'] == 'stream' else ''}"


def name_of(one: Told) -> str:
    """A certificate's name in a sentence."""
    return f"Policy {one['policy']}, tier {one['tier']}{ARRIVES if one['mode'] == 'stream' else ''}"


def _arrived(rows: Sequence[Told]) -> Html:
    """The caught-error bound of each tier of a stream; nothing without one."""
    streams = [one for one in rows if one["mode"] == "stream"]
    if not streams:
        return text("")
    return table("The caught-error bound", STREAM, [_stream(one) for one in streams])


def _stream(one: Told) -> list[object]:
    out = one["labels"] + one["marked"]
    return [
        _name(one) + (" (SIMULATED)" if one["simulated"] else ""),
        f"{one['wrong']:,}",
        f"{one['uncaught']:,}",
        f"{out + one['back']:,}",
        f"{one['marked']:,}",
        f"{one['back']:,}",
        "nothing now" if one["gate"] is None else f"{one['gate']:.6g}",
        one["stop"] or "–",
    ]


def _rungs(one: Told) -> Html:
    name = name_of(one)
    mark = " (SIMULATED)" if one["simulated"] else ""
    if not one["rungs"]:
        return el("p", f"{name}{mark}: no rung. {one['why']}")
    rows = [_rung(at, rung) for at, rung in enumerate(one["rungs"], 1)]
    need = one["rungs"][0]["log_e_needed"]
    return table(f"{name}{mark}: needed log E {need:.2f}, E {exp(need):.3g}", RUNGS, rows)


def _rung(at: int, rung: Told) -> list[object]:
    value = float(rung["log_e"])
    state = "in force" if rung["in_force"] else "proven, lapsed" if rung["proven"] else "not proven"
    return [
        str(at),
        state,
        evidence(rung["log_e"], rung["log_e_needed"]),
        number(value),
        factor(value),
        f"{rung['audited']:,}",
        f"{rung['wrong']:,}",
        f"{rung['pending']:,}",
        f"{rung['size']:,}",
        f"{rung['too_many']:,}",
        f"{rung['seen']:,}",
        f"{rung['room']:,}".replace("-", "−"),
        f"{rung['threshold']:.6g}",
    ]


def meaning() -> Html:
    """What a promise is about, what it is not about, and what breaks it."""
    return join(
        [
            items(map(marked, words.IS)),
            section("What is not promised", items(map(marked, words.IS_NOT)), level=3),
            section("What breaks it", items(map(marked, words.BREAKS)), level=3),
        ]
    )


def method(told: Told) -> Html:
    """Ten steps, those of a stream where there is one, and their sources."""
    streams = any(one["mode"] == "stream" for one in told["certificates"])
    more = section("In a stream", items(map(marked, words.STREAM), "ol"), level=3)
    sources = section("Sources", items(map(marked, words.SOURCES)), level=3)
    return join([items(map(marked, words.METHOD), "ol"), more if streams else "", sources])


def bundles(policies: Sequence[Told]) -> Html:
    """The hash of each frozen policy, and of what it is made of."""
    return join(_bundle(policy) for policy in policies)


def _bundle(policy: Told) -> Html:
    parts = policy["parts"]
    rows = [("version", policy["version"])]
    rows += [(name, parts[key]) for key, name in PARTS.items()]
    rows += [
        ("fusion", ", ".join(f"{name} {value:.6g}" for name, value in parts["fusion"]) or "none"),
        ("candidates (SHA-256 over their seals)", f"{policy['candidates']:,}: {policy['digest']}"),
        ("labels known when it was frozen", f"{policy['known']:,}"),
        ("frozen at", moment(policy["created_at"])),
    ]
    listed = [part for name, value in rows for part in (el("dt", name), el("dd", _hash(value)))]
    mark = " (SIMULATED)" if policy["simulated"] else ""
    return section(f"Policy {policy['number']}{mark}", el("dl", *listed, class_="hashes"), level=3)


def _hash(value: str) -> Html:
    return el("code", value)


def again() -> Html:
    """How anybody can check it."""
    steps = (
        "`tiebreak verify DIR` computes every certificate again from the log, bit for bit: the "
        "hashes above, each candidate's coin and seal, each audit's answer, each log E. A row that "
        "was changed is named.",
        "`tiebreak export DIR labels.csv` says of each label who gave it, and under which policy.",
        "`tiebreak report DIR --json` has every number of this page.",
    )
    return items(map(marked, steps))


def marked(line: str) -> Html:
    """Our own text with **strong**, *emphasis* and `code`."""
    parts: list[object] = []
    end = 0
    for found in _MARKED.finditer(line):
        parts.append(line[end : found.start()])
        for tag, inside in zip(("strong", "em", "code"), found.groups(), strict=True):
            if inside is not None:
                parts.append(el(tag, inside))
        end = found.end()
    return join([*parts, line[end:]])
