"""The promise under simulated streams and files: how often a rule certifies what is not so.

1. Streams of audits, looked at after every one: the e-process beside rules in use (the running
   rate, a re-checked Clopper-Pearson bound, "90 % agreement on 50 items").
2. The caught-error bound under drift and under an adversary who sees the coins of the past.
3. A file of 10,000 with an agreement set of 8,000 at 4 % error: share autonomous *and unaudited*
   after so many audits, and campaigns that broke the promise.
Every agent and annotator here is **simulated**.

    python -m benchmarks.promise.streams [--quick]      # full: many minutes; quick: under one
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from math import log

import numpy as np
import numpy.typing as npt

from tiebreak.assurance import finite, ladder, stream
from tiebreak.assurance.ladder import AuditAnswer
from tiebreak.assurance.rungs import Plan, freeze_ladder

EPS, DELTA = 0.05, 0.05
FILE, AGREED = 10_000, 8_000
Flags = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]


def table(first: Callable[[int], int], size: int = 250) -> Callable[[Counts, Counts], Flags]:
    """A rule "certified from first(S) audits on", over arrays of (audits, errors)."""
    at = np.array([first(s) for s in range(size)])
    return lambda n, s: (s < size) & (n >= at[np.minimum(s, size - 1)])


def clopper_pearson(wrong: int) -> int:
    from scipy.special import betaincinv

    n = max(wrong + 1, int(wrong / EPS))
    while betaincinv(wrong + 1, n - wrong, 1 - DELTA) > EPS:
        n += 1
    return n


def ninety_on_fifty(n: Counts, s: Counts) -> Flags:
    return (n % 50 == 0) & (np.diff(s[..., 49::50], axis=-1, prepend=0) <= 5).repeat(50, axis=-1)


def false_certificates(runs: int, length: int, rng: np.random.Generator) -> dict[str, object]:
    """Share of streams that a rule certifies at a time when the mean rate so far is >= eps."""
    t = np.arange(length)
    worlds = {
        "p = eps": np.full(length, EPS),
        "p = 1.2 eps": np.full(length, 1.2 * EPS),
        "waves": EPS + 0.04 * np.sin(t / 40),
        "worse and worse": np.linspace(0, 0.15, length),
        "errors first": np.where(t < 200, 0.25, 0.0),
    }
    rules = {
        "e-process": table(lambda s: stream.audits_to_open(EPS, s, DELTA)),
        "running rate": table(lambda s: max(20, round(s / EPS))),
        "Clopper-Pearson": table(clopper_pearson),
    }
    rates: dict[str, object] = {}
    n = t + 1
    for world, rate in worlds.items():
        s = np.cumsum(rng.random((runs, length)) < rate, axis=1)
        above = np.cumsum(rate) >= EPS * n - 1e-9
        rates[world] = {k: round(float((r(n, s) & above).any(axis=1).mean()), 4)
                        for k, r in rules.items()}  # fmt: skip
    weak = np.cumsum(rng.random((runs, 250)) < 0.15, axis=1)
    rates["90 % on 50 frees an agent of 85 % within 250"] = round(
        float(ninety_on_fifty(np.arange(1, 251), weak).any(axis=1).mean()), 4
    )
    return rates


def bound_missed(runs: int, length: int, rng: np.random.Generator) -> dict[str, float]:
    """Share of streams in which the true errors ever pass U(S). pi = .1."""
    u = np.array([stream.most_errors(s, 0.1, DELTA) for s in range(600)])
    caught_by = rng.random((runs, length)) < 0.1
    t = np.arange(length)
    worlds = {
        "all wrong": np.ones((runs, length), dtype=bool),
        "drift": rng.random((runs, length)) < np.linspace(0, 0.3, length),
    }
    greedy = np.zeros((runs, length), dtype=bool)  # errs until it is caught, then waits
    errs = np.ones(runs, dtype=bool)
    since = np.zeros(runs, dtype=np.int64)
    for i in t:
        greedy[:, i] = errs
        hit = errs & caught_by[:, i]
        since = np.where(hit, 0, since + 1)
        errs = np.where(hit, False, errs | (since > 30))
    worlds["waits after it was caught"] = greedy
    missed = {}
    for world, wrong in worlds.items():
        caught = np.minimum(np.cumsum(wrong & caught_by, axis=1), 599)
        missed[world] = round(float((np.cumsum(wrong, axis=1) > u[caught]).any(axis=1).mean()), 4)
    return missed


def campaign(plan: Plan, steep: float, rng: np.random.Generator) -> tuple[float, bool]:
    """(share autonomous and unaudited in the end, whether the promise was ever broken)"""
    rank = rng.permutation(AGREED) / AGREED
    wrong = rng.random(AGREED) < np.minimum(0.04 * (steep + 1) * rank**steep, 1)
    scores = 1 - rank
    rungs = freeze_ladder(scores, plan)
    answers = np.full(AGREED, AuditAnswer.NOT_DRAWN, dtype=np.int8)
    left, broken, share = plan.audits, False, 0.0
    while True:
        at = ladder.released(ladder.standings(rungs, scores, answers))
        share = 0.0
        if at is not None:
            out = (scores >= rungs.rungs[at].threshold) & (answers == AuditAnswer.NOT_DRAWN)
            share = float(out.sum()) / FILE
            of = int(out.sum()) if plan.promise == "label" else plan.file_size
            broken |= int((wrong & out).sum()) > plan.eps * of
        draw = ladder.next_audits(rungs, scores, answers, min(20, left))
        if not len(draw):
            return share, broken
        answers[draw] = wrong[draw]
        left -= len(draw)


def files(runs: int, steep: float, rng: np.random.Generator) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for promise, credit in (("label", False), ("label", True), ("dataset", False)):
        for eps in (0.05, 0.02):
            for audits in (200, 400, 800, 1600):
                plan = Plan(
                    eps=eps, delta=DELTA, audits=audits, promise=promise, file_size=FILE,
                    credit=credit,
                )  # fmt: skip
                done = [campaign(plan, steep, rng) for _ in range(runs)]
                rows.append(
                    {
                        "promise": promise + (" with credit" if credit else ""),
                        "eps": eps,
                        "audits": audits,
                        "autonomous": round(float(np.mean([share for share, _ in done])), 3),
                        "broken": round(float(np.mean([bad for _, bad in done])), 3),
                    }
                )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--steep", type=float, default=5.0, help="error ~ rank ** STEEP")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rng, began = np.random.default_rng(args.seed), time.perf_counter()
    runs, campaigns = (400, 2) if args.quick else (4000, 300)
    start = time.perf_counter()
    whole = finite.crossings(finite.per_file(1000, EPS, 1000), DELTA)
    seconds = time.perf_counter() - start
    report = {
        "crossings N=1000": {"first": whole[:4], "rows": len(whole), "seconds": round(seconds, 3)},
        "false certificates": false_certificates(runs, 2000, rng),
        "two standard errors above 5 %": round(0.05 + 2 * (0.05 * 0.95 / runs) ** 0.5, 4),
        "bound missed": bound_missed(runs, 3000, rng),
        "log E threshold": round(-log(DELTA), 4),
        "files": files(campaigns, args.steep, rng),
        "runs": {"streams": runs, "campaigns": campaigns, "steep": args.steep, "seed": args.seed},
        "seconds": round(time.perf_counter() - began, 1),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
