"""The table and the page of benchmarks/promise/run.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TITLES = {
    "exact": "Arithmetic",
    "streams": "Rules that are looked at all the time",
    "banking77": "BANKING77, an agent of 86 %, logistic regression",
    "clinc150": "CLINC150, the same",
    "banking77-default": "BANKING77, the default head",
    "clinc150-default": "CLINC150, the default head",
    "weak": "A weak agent",
    "file": "The specification's file of 10,000",
    "recorded": "Recorded agents",
    "triage": "Streams",
    "fusion": "Fusion",
    "estimates": "Estimates",
}
HEAD = """# The promise, measured

`python -m benchmarks.promise.run --report{quick}`. How it is played is told in the modules
`benchmarks/promise/*.py`. People are **simulated** everywhere: they answer audits at once, blind
and by the data set's label. Campaigns are looked at after every single audit; *broken* means that
at any such moment more than eps of the labels that were out, and that nobody had looked at, were
wrong. *Autonomous* never counts an audited record, and is a share of **all** records of the set,
people's labels among them. The seeds are none on which anything was chosen.
"""


def markdown(sections: Mapping[str, Mapping[str, Any]]) -> str:
    """All rows in one table."""
    return "\n".join(_table([row for part in sections.values() for row in part["rows"]]))


def page(sections: Mapping[str, Mapping[str, Any]], *, quick: bool) -> str:
    """The page: a table for each section, and what lies behind the shares."""
    lines = [HEAD.format(quick=" --quick" if quick else "")]
    for name, part in sections.items():
        if not part["rows"]:
            continue
        lines += [f"## {TITLES[name]}", "", *_table(part["rows"]), *_behind(part["rows"]), ""]
    return "\n".join(lines).rstrip() + "\n"


def _table(rows: list[dict[str, Any]]) -> list[str]:
    verdicts = {True: "met", False: "**not met**", None: "–"}
    lines = ["| what | measured | reach | | data |", "|---|---|---|---|---|"]
    lines += [
        f"| {r['what']} | {r['measured']} | {r['reach']} | {verdicts[r['met']]} | {r['kind']} |"
        for r in rows
    ]
    return lines


def _behind(rows: list[dict[str, Any]]) -> list[str]:
    lines = []
    for r in rows:
        notes = []
        if "could" in r:
            notes.append(
                f"somebody who knew every error could free {r['could']} after as many audits"
            )
        if "naive" in r:
            notes.append(f"a threshold set on one sample breaks eps in {r['naive']} of runs")
        if "truth" in r:
            notes.append(", ".join(f"{k} {v:,}" for k, v in r["truth"].items()))
        if notes:
            lines.append(f"- {r['what'].split(':')[0]}: " + "; ".join(notes) + ".")
    return ["", *lines] if lines else []
