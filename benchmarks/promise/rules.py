"""Rules by themselves: exact crossings, false certificates on made-up streams, and fusion."""

from __future__ import annotations

import numpy as np

from benchmarks.promise.files import DELTA, Row, Setting, row
from benchmarks.promise.fusion import Learnt, build, fused, simulated
from benchmarks.promise.streams import bound_missed, false_certificates
from tiebreak.assurance import finite, stream

Known = tuple[int, ...]
WHOLE: dict[tuple[int, float], Known] = {
    (1000, 0.05): (68, 120, 159, 194),
    (500, 0.05): (64, 112, 147, 177),
    (1000, 0.02): (160, 273, 355, 425),
}
WITH_REPLACEMENT: dict[float, Known] = {
    0.05: (72, 130, 174, 213, 250, 285),
    0.02: (186, 329, 440, 538, 630, 717),
    0.10: (35,),
}
BOUNDS: dict[float, Known] = {0.1: (35, 63, 85, 104, 122, 139), 0.02: (187, 329, 439)}
MADE_UP = "simulated streams"


def exact(setting: Setting) -> list[Row]:
    """Row 1, first half: the numbers of the specification."""
    off = []
    for (size, eps), known in WHOLE.items():
        computed: tuple[int, ...] = finite.crossings(finite.per_file(size, eps, size), DELTA)[
            : len(known)
        ]
        off += [f"N {size}, eps {eps}: {computed}"] if computed != known else []
    for eps, known in WITH_REPLACEMENT.items():
        computed = tuple(stream.audits_to_open(eps, s, DELTA) for s in range(len(known)))
        off += [f"with replacement, eps {eps}: {computed}"] if computed != known else []
    for pi, known in BOUNDS.items():
        computed = tuple(stream.most_errors(s, pi, DELTA) for s in range(len(known)))
        off += [f"U at pi {pi}: {computed}"] if computed != known else []
    numbers = sum(len(v) for t in (WHOLE, WITH_REPLACEMENT, BOUNDS) for v in t.values())
    return [
        row(
            "crossings of 20 without and with replacement, and U(S)",
            "; ".join(off) or f"all {numbers} as in the specification",
            "exactly",
            not off,
            "arithmetic",
        )
    ]


def streams(setting: Setting) -> list[Row]:
    """Row 1, second half: looked at after every audit, 2,000 audits long."""
    runs = 400 if setting.quick else 4000
    rates = false_certificates(runs, 2000, setting.rng(8))
    worlds = {k: v for k, v in rates.items() if isinstance(v, dict)}
    highest = DELTA + 2 * (DELTA * (1 - DELTA) / runs) ** 0.5
    rows = []
    for world, rules in worlds.items():
        share, at = rules["e-process"], world == "p = eps"
        low = 0.02 if at else 0.0
        rows.append(
            row(
                f"false certificates, {runs:,} streams, {world}",
                f"{share:.1%}; running rate {rules['running rate']:.0%}, re-checked"
                f" Clopper-Pearson {rules['Clopper-Pearson']:.0%}",
                "2 % to 5 %" if at else f"≤ {highest:.1%}",
                # in quick mode the band has the noise of its few streams
                low - (0.015 if setting.quick else 0) <= share
                and share <= (highest if not at or setting.quick else DELTA),
                MADE_UP,
            )
        )
    freed = next(v for k, v in rates.items() if not isinstance(v, dict))
    assert isinstance(freed, float)
    rows.append(
        row(
            '"90 % agreement on 50 items", an agent of 85 %, looked at after each 50 of 250',
            f"frees it in {freed:.0%} of streams",
            "shown failing",
            freed > DELTA,
            MADE_UP,
        )
    )
    for world, share in bound_missed(min(runs, 2000), 3000, setting.rng(9)).items():
        rows.append(
            row(
                f"caught-error bound passed, {min(runs, 2000):,} streams of 3,000: {world}",
                f"{share:.1%}",
                f"≤ {highest:.1%}",
                share <= highest,
                MADE_UP,
            )
        )
    return rows


def fusion(setting: Setting) -> list[Row]:
    """Row 7, as promise/fusion.py plays it: both about 85 % right, wrong on the same records."""
    rows = []
    for name in ("banking77",) if setting.quick else ("banking77", "clinc150"):
        gains = []
        for seed in range(1 if setting.quick else 2):
            world = build(name, "test", setting.seed + seed, setting.cache)
            answers = simulated(world)(0.85, setting.seed + seed)
            gains.append(fused(world, Learnt.of(world, "logistic"), answers))
        mean = {key: float(np.mean([one[key] for one in gains])) for key in gains[0]}
        rows.append(
            row(
                f"fusion over the better of agent and model, correlated errors, {name}",
                f"{100 * mean['gain']:+.1f} points: agent {mean['agent']:.1%}, model"
                f" {mean['model']:.1%}, fused {mean['fused']:.1%}; agreed {mean['agree']:.0%} with"
                f" {mean['wrong where they agree']:.1%} wrong",
                "≥ +4 points",
                mean["gain"] >= 0.04,
                "simulated agent",
                numbers=mean,
            )
        )
    return rows
