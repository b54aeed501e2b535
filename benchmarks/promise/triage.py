"""Streams: the caught-error bound on mail and pull requests, in order, over many coin draws.

Labels and texts are **real**, the head is the product's default; there is no agent, and the blind
person is **simulated** (the file's label). The head and its threshold are frozen before the stream
begins. A record with a likeliest label of at least `SURE` is a candidate; one in ten of them is
audited by its coin, the others are decided for release. At every record it is asked whether more
candidates were wrong than U(S) says, and whether autonomy is in force (hold-back: what is held goes
out when it is).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.agents.simulated_agent import read_rows
from benchmarks.promise.files import DELTA, Row, Setting, row
from benchmarks.selection.contenders import Trainer
from benchmarks.selection.loop import data_file, embed, embed_names
from tiebreak.assurance.rates import allowed
from tiebreak.assurance.stream import most_errors
from tiebreak.learner.calibration import softmax

PI, SURE, FIRST = 0.1, 0.9, 600
KIND = "real texts and labels, no agent, simulated person"
Flags = npt.NDArray[np.bool_]


def bounds(
    wrong: Flags, eps: Sequence[float], draws: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Coin draws over candidates in order of arrival, bool[n] of which are wrong.

    ``missed``: draws in which the errors ever pass U(S). By eps: ``issued``, the mean number of
    labels that left unaudited under a bound in force; ``above``: draws in which what had left was
    ever above eps (more of it wrong than eps of it); ``force``: share of draws in force at the end.
    """
    size = len(wrong)
    table = np.array([most_errors(s, PI, DELTA) for s in range(min(int(wrong.sum()), 400) + 1)])
    left_at = {e: np.array([allowed(e, n) for n in range(size + 1)]) for e in eps}
    errors, missed = np.cumsum(wrong), 0
    issued, above, force = (dict.fromkeys(eps, 0) for _ in range(3))
    for _ in range(draws):
        audited = rng.random(size) < PI
        caught = np.cumsum(wrong & audited)
        most = table[np.minimum(caught, len(table) - 1)]
        missed += bool((errors > most).any())
        free = np.cumsum(~audited)
        loose = np.cumsum(wrong & ~audited)
        for e in eps:
            on = most - caught <= left_at[e][free]
            if on.any():
                last = int(np.flatnonzero(on)[-1])
                issued[e] += int(free[last])
                above[e] += bool((loose[on] > left_at[e][free[on]]).any())
                force[e] += bool(on[-1])
    return {
        "missed": missed,
        "issued": {e: issued[e] / draws for e in eps},
        "above": above,
        "force": {e: force[e] / draws for e in eps},
    }


def triage(setting: Setting) -> list[Row]:
    """Row 6."""
    rows, draws = [], 100 if setting.quick else 2000
    for name, candidates, truth, size in _streams(setting):
        tally = bounds(~truth, (0.05, 0.1, 0.2), draws, setting.rng(3))
        issued = ", ".join(
            f"{tally['issued'][e] / size:.0%} at eps {e:.0%} (in force at the end in"
            f" {tally['force'][e]:.0%} of draws; above eps while in force in {tally['above'][e]})"
            for e in tally["issued"]
        )
        rows.append(
            row(
                f"stream, {name}: moments at which errors passed the bound",
                f"in {tally['missed']} of {draws:,} draws; {candidates} of {size:,} were"
                f" candidates, {1 - truth.mean():.1%} of them wrong; issued unaudited: {issued}",
                f"≤ {DELTA:.0%} of draws",
                tally["missed"] <= DELTA * draws,
                KIND,
            )
        )
    return rows


def _streams(setting: Setting) -> Iterator[tuple[str, int, Flags, int]]:
    """(name, candidates, whether each is right in order of arrival, records that arrive)."""
    rng = setting.rng(4)
    if not setting.quick:
        rows = [r for r in read_rows(data_file("spamassassin")) if r.get("label")]
        shuffled = rng.permutation(len(rows))
        first, rest = shuffled[:FIRST], np.sort(shuffled[FIRST:])
        ways = {
            "spam, shuffled": (first, rng.permutation(rest)),
            "spam, in the file's order (ham, then spam), head of 600 by lot": (first, rest),
            "spam, in the file's order, head of the first 600 (ham alone)": (
                np.arange(FIRST),
                np.arange(FIRST, len(rows)),
            ),
        }
        for name, (known, coming) in ways.items():
            yield name, *_judged(rows, known, coming, setting)
    rows = [r for r in read_rows(data_file("vue_pull_requests")) if r.get("label")]
    order = np.array(sorted(range(len(rows)), key=lambda i: rows[i]["date"]))
    early = np.array([rows[i]["split"] == "train" for i in order])
    yield "pull requests by date", *_judged(rows, order[early], order[~early], setting)


def _judged(
    rows: Sequence[dict[str, Any]],
    known: npt.NDArray[np.int64],
    coming: npt.NDArray[np.int64],
    setting: Setting,
) -> tuple[int, Flags, int]:
    classes = tuple(sorted({r["label"] for r in rows}))
    labels = np.array([classes.index(r["label"]) for r in rows])
    vectors = embed([r["text"] for r in rows], setting.cache)
    trainer = Trainer("product", classes, embed_names(classes, setting.cache), setting.rng(5))
    head: Any = trainer.fit(vectors[known], labels[known], vectors[known[:0]], np.arange(0))
    p = softmax(head.logits(vectors[coming]))
    sure = p.max(axis=1) >= SURE
    right = (p.argmax(axis=1) == labels[coming])[sure]
    return int(sure.sum()), right, len(coming)
