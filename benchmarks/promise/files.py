"""The ladder on whole files: BANKING77 and CLINC150, a weak agent, the specification's file, and
recorded agents. Each section gives rows for the page; see `assurance`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.agents.simulated_agent import read_rows
from benchmarks.promise.campaigns import (
    BUDGETS,
    Campaigns,
    World,
    campaigns,
    coin_order,
    naive_threshold,
    widest,
)
from benchmarks.promise.worlds import Ints, Texts, agreed, learn, synthetic, texts
from benchmarks.selection.loop import data_file, embed
from tiebreak.assurance.rungs import Plan, freeze_ladder
from tiebreak.domain.promises import Promise
from tiebreak.learner.classifiers.logistic import Logistic

DELTA = 0.05
ANY = "*"
MOST = BUDGETS[-1]
SIMULATED = "simulated agent and person"
RECORDED = "recorded agent, simulated person"
HEADS = {"logistic": "logistic", "product": "semi-supervised (default)"}
REACH = {
    ("banking77", 0.05): (0.50, 0.65, 0.72, 0.74),
    ("clinc150", 0.05): (0.50, 0.65, 0.72, 0.74),
    ("banking77", 0.02): (0.08, 0.20, 0.38, 0.48),
    ("clinc150", 0.02): (0.08, 0.25, 0.42, 0.55),
}


@dataclass(frozen=True)
class Setting:
    """How much is played. ``worlds``: seeds of agent, head and verified labels; ``coins``: draws
    of the coins in each world, so that there are worlds * coins campaigns."""

    cache: Path
    quick: bool = False
    worlds: int = 4
    coins: int = 250
    seed: int = 0

    def rng(self, *more: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, *more])

    def orders(self, size: int, world: int) -> list[Ints]:
        """As many coin orders, by the product's own coins."""
        return _orders(self.seed, self.coins, size, world)


@lru_cache(maxsize=8)
def _orders(seed: int, draws: int, size: int, world: int) -> list[Ints]:
    secret = b"assurance %6d %4d %6d"
    return [coin_order(size, secret % (seed, world, i)) for i in range(draws)]


Row = dict[str, Any]


def row(
    what: str, measured: str, reach: str, met: bool | None, kind: str = SIMULATED, **more: Any
) -> Row:
    """A line of the page; *met* is None where nothing was to be reached."""
    return {"what": what, "measured": measured, "reach": reach, "met": met, "kind": kind, **more}


def agreement(name: str, head: str) -> Callable[[Setting], list[Row]]:
    """Row 2: BANKING77 or CLINC150, agent .86. A quick run has the first alone."""
    slow = (name, head) != ("banking77", "logistic")

    def rows(setting: Setting) -> list[Row]:
        return [] if setting.quick and slow else list(_set(setting, name, head))

    return rows


def weak(setting: Setting) -> list[Row]:
    """Row 3: the agent is right on 45 %, so that agreement is often wrong."""
    rows = []
    for name in ("banking77",) if setting.quick else ("banking77", "clinc150"):
        worlds = _worlds(setting, name, "logistic", 0.45)
        budgets = _play(setting, [w for w, _ in worlds], 0.05, "label")
        broken, of = max(t.broken for t in budgets), budgets[0].campaigns
        naive = [_naive(setting, [w for w, _ in worlds], 0.05, n) for n in BUDGETS]
        rows.append(
            row(
                f"weak agent (.45), {name}, eps 5 %: campaigns that broke the promise",
                f"{_counts(budgets)} of {of:,}; {_shares(budgets)} autonomous",
                f"≤ {DELTA:.0%} of campaigns",
                broken <= DELTA * of,
                naive=" / ".join(f"{x:.0%}" for x in naive),
                truth=worlds[0][1],
                numbers=_numbers(budgets),
            )
        )
    return rows


def specified(setting: Setting) -> list[Row]:
    """Row 4: the specification's file of 10,000, under both promises."""
    known = {
        ("label", 0.05): "50/63/70/74 %",
        ("label", 0.02): "6/12/30/47 %",
        ("dataset", 0.05): "69/74/77/80 %",
        ("dataset", 0.02): "42/52/57/60 %",
    }
    rows = []
    for steep in (2.0, 5.0):
        worlds = [synthetic(setting.rng(1, i), steep) for i in range(setting.worlds)]
        promises: tuple[Promise, ...] = ("label", "dataset")
        for promise in promises:
            for eps in (0.05, 0.02):
                budgets = _play(setting, worlds, eps, promise)
                of = budgets[0].campaigns
                rows.append(
                    row(
                        f"file of 10,000, error ~ rank^{steep:.0f}, promise {promise},"
                        f" eps {eps:.0%}: autonomous after 200/400/800/1,600 audits",
                        f"{_shares(budgets)}; broken {_counts(budgets)} of {of:,}",
                        f"≤ 2 % broken (drafts gave {known[promise, eps]})",
                        max(t.broken for t in budgets) <= 0.02 * of,
                        numbers=_numbers(budgets),
                    )
                )
    return rows


def recorded(setting: Setting) -> list[Row]:
    """Row 5: answers that real models gave, kept in the data sets."""
    rows = []
    for name, what, world, wanted in _recordings(setting.cache):
        for eps in (0.05, 0.1):
            plan = Plan(eps=eps, delta=DELTA, audits=min(max(len(world.scores) // 2, 1), MOST))
            rungs = freeze_ladder(world.scores, plan)
            played = campaigns(world, plan, setting.orders(len(world.scores), 0), checks=1)
            if rungs.rungs:
                sizes = f"rungs of {rungs.rungs[0].pool.size} to {rungs.rungs[-1].pool.size},"
                can = f"{sizes} at most {rungs.rungs[-1].pool.cap} audits"
            else:
                can = "no rung is large enough for any certificate"
            met = {"some": played.share > 0, "none": played.share == 0}.get(wanted or "")
            rows.append(
                row(
                    f"{name}, eps {eps:.0%}: {what}",
                    f"{played.share:.1%} of {world.records:,} autonomous; broken {played.broken} of"
                    f" {played.campaigns:,}; error of the {len(world.scores):,} candidates"
                    f" {world.error:.1%}, of the better half {_half(world):.1%}; {can}",
                    {"some": "some autonomy", "none": "none certified"}.get(wanted, "reported"),
                    None if met is None else met and played.broken <= DELTA * played.campaigns,
                    RECORDED,
                )
            )
    return rows


def _set(setting: Setting, name: str, head: str) -> Iterator[Row]:
    worlds = _worlds(setting, name, head, 0.86)
    for eps in (0.05, 0.02):
        budgets = _play(setting, [w for w, _ in worlds], eps, "label")
        reach = REACH[name, eps]
        of = budgets[0].campaigns
        naive = [_naive(setting, [w for w, _ in worlds], eps, n) for n in BUDGETS]
        could = [float(np.mean([widest(w, eps, n) for w, _ in worlds])) for n in BUDGETS]
        yield row(
            f"{name}, {HEADS[head]} head, eps {eps:.0%}: autonomous and unaudited after"
            " 200/400/800/1,600 audits",
            f"{_shares(budgets)}; broken {_counts(budgets)} of {of:,}",
            f"≥ {'/'.join(f'{100 * x:.0f}' for x in reach)} %; broken ≤ {DELTA:.0%}",
            all(t.share >= r for t, r in zip(budgets, reach, strict=True))
            and max(t.broken for t in budgets) <= DELTA * of,
            could=" / ".join(f"{x:.0%}" for x in could),
            naive=" / ".join(f"{x:.0%}" for x in naive),
            truth=worlds[0][1],
            numbers=_numbers(budgets),
        )


def _worlds(
    setting: Setting, name: str, head: str, accuracy: float
) -> list[tuple[World, dict[str, float]]]:
    """Seeds from 0 on: none of those that anything was chosen on (100 and above)."""
    data: Texts = texts(name, setting.cache)
    made = []
    for i in range(setting.worlds):
        seed = setting.seed + i
        fitted = setting.seed + (i // 2 if head == "logistic" else 0)  # the other takes minutes
        learnt = learn(data, head, fitted, setting.cache)
        made.append(agreed(data, learnt, data.agent(accuracy, seed), seed))
    return made


def _play(
    setting: Setting, worlds: Sequence[World], eps: float, promise: Promise
) -> list[Campaigns]:
    """Campaigns of each budget over all worlds; in each world one is checked with the product."""
    by_budget: list[list[Campaigns]] = [[] for _ in BUDGETS]
    for i, world in enumerate(worlds):
        orders = setting.orders(len(world.scores), i)
        for at, audits in enumerate(BUDGETS):
            plan = Plan(
                eps=eps, delta=DELTA, audits=audits, promise=promise, file_size=world.records
            )
            by_budget[at].append(campaigns(world, plan, orders, checks=1 if at == i % 3 else 0))
    return [_together(budgets) for budgets in by_budget]


def _together(budgets: Sequence[Campaigns]) -> Campaigns:
    def mean(name: str) -> float:
        return float(np.mean([getattr(t, name) for t in budgets]))

    return Campaigns(
        budgets[0].audits, mean("share"), mean("low"), mean("high"), sum(t.broken for t in budgets),
        sum(t.campaigns for t in budgets), mean("used"),
    )  # fmt: skip


def _naive(setting: Setting, worlds: Sequence[World], eps: float, audits: int) -> float:
    runs = max(setting.coins, 50)
    rng = setting.rng(2, audits)
    return float(np.mean([naive_threshold(w, eps, audits, runs, rng)[0] for w in worlds]))


def _shares(budgets: Sequence[Campaigns]) -> str:
    return "/".join(f"{100 * t.share:.0f}" for t in budgets) + " %"


def _counts(budgets: Sequence[Campaigns]) -> str:
    return "/".join(str(t.broken) for t in budgets)


def _numbers(budgets: Sequence[Campaigns]) -> list[dict[str, float]]:
    return [
        {
            "audits": t.audits, "share": round(t.share, 4), "broken": t.broken,
            "campaigns": t.campaigns, "5 %": round(t.low, 4), "95 %": round(t.high, 4),
            "audits used": round(t.used, 1),
        }
        for t in budgets
    ]  # fmt: skip


def _half(world: World) -> float:
    if not len(world.scores):
        return 0.0
    best = np.argsort(-world.scores, kind="stable")[: max(len(world.scores) // 2, 1)]
    return float(world.wrong[best].mean())


def _recordings(cache: Path) -> Iterator[tuple[str, str, World, str]]:
    """(set, how it is scored, candidates, what is wanted: "some", "none" or nothing)."""
    rows = read_rows(data_file("sib200_llm"))
    votes = {
        r["sentence"]: r["llm_votes_all_languages"]["gpt4"]
        for r in rows
        if "llm_votes_all_languages" in r
    }
    yield (
        "sib200_llm, 40 languages",
        "GPT-4's own answer agrees with its vote",
        _voted([(r["llm"]["gpt4"]["label"], votes[r["sentence"]], r["label"]) for r in rows]),
        "some",
    )
    english = [r for r in rows if r["lang"] == "eng_Latn"]
    yield (
        "sib200_llm, English",
        "GPT-4's vote over languages, its share",
        _voted([(ANY, votes[r["sentence"]], r["label"]) for r in english]),
        "",
    )
    yield (
        "sib200_llm, English",
        "GPT-4's vote agrees with a head trained elsewhere",
        _with_head(english, votes, cache),
        "",
    )
    rows = [r for r in read_rows(data_file("climatex_llm")) if r.get("llm_runs")]
    yield (
        "climatex_llm",
        "gpt-4o, first sample, probability of its first token",
        _tokens(rows),
        "none",
    )
    rows = [r for r in read_rows(data_file("insurance_tickets_llm")) if r.get("llm_runs")]
    sure = np.array([float(r["llm_vote_share"]) for r in rows])
    wrong = np.array([r["llm_vote"] != r["label"] for r in rows])
    yield "insurance_tickets_llm", "15 runs' vote, its share", World(sure, wrong, len(rows)), ""


def _voted(rows: Sequence[tuple[str | None, dict[str, int], str]]) -> World:
    """Rows of (own answer, votes, truth); those whose own answer wins the vote, or all if ANY."""
    scores, wrong = [], []
    for answer, votes, truth in rows:
        vote = max((k for k in votes if k != "(none)"), key=lambda k: votes[k])
        if answer in (ANY, vote):
            scores.append(votes[vote] / sum(votes.values()))
            wrong.append(vote != truth)
    return World(np.array(scores), np.array(wrong), len(rows))


def _with_head(
    rows: Sequence[dict[str, Any]], votes: dict[str, dict[str, int]], cache: Path
) -> World:
    """Agreement with a head that learnt from other English sentences; score: its p times share."""
    others = [
        r
        for r in read_rows(data_file("sib200_topics"))
        if r["lang"] == "eng_Latn" and r["split"] == "train"
    ]
    classes = tuple(sorted({r["label"] for r in others}))
    vectors = embed([r["text"] for r in others], cache)
    head = Logistic().fit(vectors, [r["label"] for r in others], classes, 30.0)
    assert head is not None
    logits = head.logits(embed([r["text"] for r in rows], cache))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    scores, wrong = [], []
    for r, chances in zip(rows, p, strict=True):
        counts = votes[r["sentence"]]
        vote = max((k for k in counts if k != "(none)"), key=lambda k: counts[k])
        if classes[int(chances.argmax())] == vote:
            scores.append(counts[vote] / sum(counts.values()) * float(chances.max()))
            wrong.append(vote != r["label"])
    return World(np.array(scores), np.array(wrong), len(rows))


def _tokens(rows: Sequence[dict[str, Any]]) -> World:
    scores, wrong = [], []
    for r in rows:
        run = next(x for x in r["llm_runs"] if x["model"] == "gpt-4o")
        sample = run["samples"][0]
        scores.append(float(np.exp(sample["top5"][0][1])))
        wrong.append(sample["label"] != r["label"])
    return World(np.array(scores), np.array(wrong), len(rows))
