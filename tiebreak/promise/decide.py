"""The one decision path: what a policy says of records or texts, how surely, and what follows.

Pure: it needs no loop, no lock and no store. A freeze, a stream's arrivals and whoever else asks
(a mailbox, a forge) go through it, so that one text never gets two answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from tiebreak.domain.label_space import MULTI
from tiebreak.domain.labels import LabelValue
from tiebreak.domain.ports import Floats, Head
from tiebreak.learner.opinion import Fusion, fuse
from tiebreak.models import probabilities

Ids = npt.NDArray[np.int64]
Outcome = Literal["release", "review", "abstain"]
Vectors = Callable[[Ids], Floats]
"""Gives the vectors float32[m, d] of positions int64[m] among what is decided on."""


@dataclass(frozen=True, slots=True)
class AgentAnswer:
    """What the agent says of a record: a label value, with its confidence where it gave one."""

    labels: LabelValue
    confidence: float | None


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class Rules:
    """What decisions follow from, all of it frozen.

    ``head`` is (version, temperature, weights). ``with_agent``: agent and model must say the same;
    else the model alone decides. ``tier_of`` gives a label value's risk tier, None where a person
    always decides. ``gates``: the least score that is released now, by tier; a tier that is not
    there, or None, releases nothing.
    """

    head: tuple[int, float, Head]
    fusion: Fusion
    multiple: bool
    with_agent: bool
    tier_of: Callable[[LabelValue], str | None]
    gates: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """``labels`` is what agent and model both say, None where they do not; ``score`` the fused
    probability of that: good for ranking, no guarantee of anything. ``why`` is for people."""

    outcome: Outcome
    labels: LabelValue | None
    score: float
    tier: str | None
    why: str


def decide(rules: Rules, answers: Sequence[AgentAnswer | None], vectors: Vectors) -> list[Verdict]:
    """A verdict for each of n records or texts, by the agent's answers (None: it gave none)."""
    verdicts = [_NO_ANSWER] * len(answers)
    committed = [i for i, a in enumerate(answers) if a is not None or not rules.with_agent]
    at = np.array(committed, dtype=np.int64)
    opinions = _sets if rules.multiple else _single_labels
    for i, (labels, score) in zip(committed, opinions(rules, answers, at, vectors), strict=True):
        verdicts[i] = _DISAGREE if labels is None else _verdict(rules, labels, score)
    return verdicts


_NO_ANSWER = Verdict("abstain", None, float("nan"), None, "the agent gave no label")
_DISAGREE = Verdict("review", None, float("nan"), None, "agent and model do not say the same")


def _verdict(rules: Rules, labels: LabelValue, score: float) -> Verdict:
    tier = rules.tier_of(labels)
    if tier is None:
        return Verdict("review", labels, score, None, "a person always decides on such labels")
    gate = rules.gates.get(tier)
    if gate is None:
        return Verdict("review", labels, score, tier, "no audits allow a release yet")
    if score < gate:
        return Verdict("review", labels, score, tier, f"less sure than is released ({gate:.3g})")
    return Verdict("release", labels, score, tier, f"as sure as audits allow ({gate:.3g})")


Opinion = tuple[LabelValue | None, float]


def _single_labels(
    rules: Rules, answers: Sequence[AgentAnswer | None], at: Ids, vectors: Vectors
) -> list[Opinion]:
    """The model's label where the agent says so, too, with the fused probability of it."""
    classes = rules.head[2].classes
    place = {name: i for i, name in enumerate(classes)}
    p = probabilities(rules.head, vectors(at), calibrated=False)
    label, confidence = np.full(len(at), -1, dtype=np.int64), np.full(len(at), np.nan)
    for row, i in enumerate(at.tolist()):
        answer = answers[i]
        if answer is not None and answer.labels and answer.labels[0] in place:
            label[row] = place[answer.labels[0]]
            confidence[row] = np.nan if answer.confidence is None else answer.confidence
    best = p.argmax(axis=1) if len(p) else np.zeros(0, dtype=np.int64)
    agree = label == best if rules.with_agent else np.full(len(best), True)
    q = fuse(rules.fusion, p[agree], label[agree], confidence[agree])
    opinions: list[Opinion] = [(None, float("nan"))] * len(at)
    for row, at_q in zip(np.flatnonzero(agree).tolist(), range(len(q)), strict=True):
        chosen = int(best[row])
        opinions[row] = (classes[chosen],), float(q[at_q, chosen])
    return opinions


def _sets(
    rules: Rules, answers: Sequence[AgentAnswer | None], at: Ids, vectors: Vectors
) -> list[Opinion]:
    """In a multi-label project: the same set, scored by the model's probability of it."""
    rows = probabilities(rules.head, vectors(at))
    opinions: list[Opinion] = []
    for i, row in zip(at.tolist(), rows, strict=True):
        labels, score = MULTI.best(row, rules.head[2].classes)
        answer = answers[i]
        agree = not rules.with_agent or (answer is not None and answer.labels == labels)
        opinions.append((labels, score) if agree else (None, score))
    return opinions
