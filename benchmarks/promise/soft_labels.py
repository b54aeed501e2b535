"""Training on people's labels and, at half weight, on what agent and model together make of others.

One step of expectation-maximisation: a head learns from people's labels alone; of each record that
only the agent labelled, q says what that head and the agent together believe; a second head learns
from people's rows and from every (record, label) with some q. To take the agent's word as it stands
("naive mix") costs points where the agent is wrong often; a q knows where it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tiebreak.domain.arrays import Floats, Floats64, Positions
from tiebreak.domain.batches import HeadComparison
from tiebreak.domain.ports import Classifier, Head
from tiebreak.learner.calibration import softmax
from tiebreak.learner.opinion.fusion import Fusion, fit_fusion, fuse
from tiebreak.models.head_selection import TrainingData, compare_fits

MIN_SHARE = 0.02
"""A label that is believed less than this of a record gives no row."""
WEIGHT = 0.5
"""What an agent-labelled record weighs in all, beside 1 for a person's label."""
MAX_TIMES = 2.0
"""All agent-labelled records together weigh at most so many times what people's labels do."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Verified:
    """Control records that the agent answered and a person labelled blind: what a fusion learns of.

    ``rows`` int64[n] are their positions in `TrainingData`. ``p`` float64[n, k] are probabilities
    at T = 1 by a head that had not seen the label; ``said`` int64[n] is the agent's label or -1,
    and ``confidence`` float64[n] its confidence, nan for none.
    """

    rows: Positions
    p: Floats64
    said: Positions
    confidence: Floats64


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class AgentLabels:
    """What the agent said of records that no person labelled, and how it fared where one did.

    ``vectors`` float32[m, d], ``said`` int64[m] (-1 for an abstention), ``confidence`` float64[m]
    (nan for none). A record that a person labels leaves this and joins `TrainingData`; held-out and
    gold records are never here.
    """

    vectors: Floats
    said: Positions
    confidence: Floats64
    verified: Verified


def soft_rows(q: Floats64, people: float) -> tuple[Positions, Positions, Floats64]:
    """Training rows of beliefs: positions int64[r] in *q*, labels int64[r], weights float64[r].

    A row for every label with q > .02, of weight q / 2; scaled down together where they would
    weigh more than twice as much as *people*, the weight of people's labels.
    """
    at, label = np.nonzero(q > MIN_SHARE)
    weight = WEIGHT * q[at, label]
    total = float(weight.sum())
    if total > MAX_TIMES * people:
        weight = weight * (MAX_TIMES * people / total)
    return at.astype(np.int64), label.astype(np.int64), weight


def fit_mixed(
    data: TrainingData, classifier: Classifier, agent: AgentLabels, rows: Positions | None = None
) -> Head | None:
    """A head of *classifier* from people's labels and the agent's, in the one step above.

    With *rows* (positions in *data*) only those people's labels take part, in the fusion, too.
    Without an answer of the agent's it is the head of people's labels, to the last bit; None where
    that is None.
    """
    at = np.arange(len(data.labels)) if rows is None else rows
    first = data.fit(classifier, at)
    asked = np.flatnonzero(agent.said >= 0)
    if first is None or not len(asked):
        return first
    vectors = agent.vectors[asked]
    fusion = fusion_of(data, agent.verified, at)
    p = softmax(first.logits(vectors))
    q = fuse(fusion, p, agent.said[asked], agent.confidence[asked])
    own = np.ones(len(at)) if data.weights is None else data.weights[at]
    whose, label, weight = soft_rows(q, float(own.sum()))
    mixed = replace(
        data,
        vectors=np.concatenate([data.vectors[at], vectors[whose]]),
        labels=[
            *(data.labels[i] for i in at.tolist()),
            *(data.classes[y] for y in label.tolist()),
        ],
        weights=np.concatenate([own, weight]),
        control=np.empty(0, dtype=np.int64),
    )
    return mixed.fit(classifier)


def fusion_of(data: TrainingData, verified: Verified, rows: Positions) -> Fusion:
    """The fusion that the verified ones among *rows* (positions in *data*) speak for."""
    place = {name: i for i, name in enumerate(data.classes)}
    kept = np.isin(verified.rows, rows)
    truth = [place[data.labels[i]] for i in verified.rows[kept].tolist()]
    return fit_fusion(
        verified.p[kept],
        verified.said[kept],
        np.array(truth, dtype=np.int64),
        verified.confidence[kept],
    )


def hold_mixed(
    data: TrainingData, classifier: Classifier, agent: AgentLabels, rng: np.random.Generator
) -> HeadComparison:
    """The mixed head against people's labels alone, on control records that neither learnt from.

    A fold's records are left out of both heads and of the fusion; see `hold`. Keep the mixed head
    unless it `yields`.
    """
    return compare_fits(
        data,
        lambda rest: fit_mixed(data, classifier, agent, rest),
        lambda rest: data.fit(classifier, rest),
        rng,
    )
