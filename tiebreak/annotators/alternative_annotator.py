"""The alternative-annotator test: may an agent take the place of one of the people?

Calderon, Reichart & Dror, The Alternative Annotator Test for LLM-as-a-Judge, ACL 2025 (2501.10970).
"""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tiebreak.errors import UsageError

COSTS: Mapping[str, float] = {"expert": 0.2, "skilled": 0.15, "crowd": 0.1}
"""The advantage that a person starts with, by how dear the people are (the authors' values)."""
MIN_ITEMS = 30
MIN_PEOPLE = 3
Q = 0.05
PASS = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class AnnotatorComparison:
    """The agent against one person.

    Attributes:
        who: the person.
        items: records that this person and another one answered blind.
        agent: share of the items on which the agent agrees with at least as many of the others as
            the person does.
        person: the same share, of the person.
        p: of the one-sided t-test that the agent is worse than the person by the cost.
        adjusted: p after the correction for several people (Benjamini & Yekutieli).
        won: whether ``adjusted`` is at most .05.
    """

    who: str
    items: int
    agent: float
    person: float
    p: float
    adjusted: float
    won: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class AlternativeAnnotatorTest:
    """Whether the agent may take the place of one of the people.

    Attributes:
        annotators: how dear the people are: a key of `COSTS`.
        duels: the comparison with each person, by name.
        winning: the share of people that the agent can stand in for.
        advantage: the mean of the agent's shares in the comparisons.
        passed: whether ``winning`` is at least one half.
    """

    annotators: str
    duels: tuple[AnnotatorComparison, ...]
    winning: float
    advantage: float
    passed: bool


def alternative_annotator_test(
    units: Sequence[Mapping[str, Hashable]], agent: Sequence[Hashable], annotators: str
) -> AlternativeAnnotatorTest | None:
    """The test over records that people answered blind; None for too few people or answers.

    Leave one person j out. On each record that j and another answered, the agent (j) scores the
    share of the others it (j) agrees with; the better one wins, a tie is both's. With d = (j wins)
    - (agent wins), H0: E d >= cost is tested by a one-sided t-test; rejections are those of
    Benjamini & Yekutieli at q = .05. Passed if the agent wins against at least half of the people.

    Args:
        units: who answered what, for each record.
        agent: the agent's answers to the same records.
        annotators: how dear the people are: a key of `COSTS`, whose value is the cost.

    People with under 30 such records are left out, and at least 3 must be left.
    """
    if len(units) != len(agent):
        raise UsageError(
            f"{len(agent)} answers of the agent came with {len(units)} records.",
            mend="Give one for each record.",
        )
    people = sorted({who for unit in units for who in unit})
    outcomes = {who: _outcomes(who, units, agent) for who in people}
    judged = {who: won for who, won in outcomes.items() if len(won) >= MIN_ITEMS}
    if len(judged) < MIN_PEOPLE:
        return None
    cost = COSTS[annotators]
    from scipy.stats import false_discovery_control

    ps = [_p(won, cost) for won in judged.values()]
    adjusted = false_discovery_control(ps, method="by")
    duels = tuple(
        AnnotatorComparison(
            who=who,
            items=len(won),
            agent=float(won[:, 0].mean()),
            person=float(won[:, 1].mean()),
            p=p,
            adjusted=float(q),
            won=bool(q <= Q),
        )
        for (who, won), p, q in zip(judged.items(), ps, adjusted, strict=True)
    )
    winning = sum(duel.won for duel in duels) / len(duels)
    return AlternativeAnnotatorTest(
        annotators=annotators,
        duels=duels,
        winning=winning,
        advantage=float(np.mean([duel.agent for duel in duels])),
        passed=winning >= PASS,
    )


def _outcomes(
    who: str, units: Sequence[Mapping[str, Hashable]], agent: Sequence[Hashable]
) -> npt.NDArray[np.bool_]:
    """bool[records, 2]: did the agent, did the person, agree with at least as many others?"""
    rows = []
    for unit, suggested in zip(units, agent, strict=True):
        others = [answer for name, answer in unit.items() if name != who]
        if who in unit and others:
            agreeing, person = others.count(suggested), others.count(unit[who])
            rows.append((agreeing >= person, person >= agreeing))
    return np.array(rows, dtype=np.bool_).reshape(len(rows), 2)


def _p(won: npt.NDArray[np.bool_], cost: float) -> float:
    """P(mean of d this low | E d = cost); where all d are equal there is no t, but no doubt."""
    from scipy.stats import ttest_1samp

    d = won[:, 1].astype(np.float64) - won[:, 0]
    if np.ptp(d) == 0:
        return 0.0 if d[0] < cost else 1.0
    with warnings.catch_warnings():  # nearly equal d lose digits, and are as clear
        warnings.simplefilter("ignore", RuntimeWarning)
        return float(ttest_1samp(d, cost, alternative="less").pvalue)
