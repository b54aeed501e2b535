"""Agent and model as one opinion: q(y | x, l) ∝ p(y | x)^(1/T) · C[y, l]^w.

p is the model's probability of label y, T its temperature, l what the agent said, and C[y, l] the
chance that the agent says l of a record whose label is y. All of it is learnt from labels that
people gave blind to a uniform draw (the control arm). Two voters alone would be unidentified
(Dawid and Skene, 1979); people's labels are the anchor.

Source, for w = 1: Kerrigan, Smyth and Steyvers, Combining Human Predictions with Model
Probabilities via Confusion Matrices and Calibration, 2021 (2109.14591). It is Bayes' rule where
agent and model err independently. They do not: hard records are hard for both, and both then say
what is likely at first sight. So the agent's word is weighted as in a logarithmic opinion pool
(Genest and Zidek, 1986; 2408.08083 for teams of people and models), by a w that verified records
choose between 0 and 1. At w = 1 weak simulated agents that err on hard records take up to 14 points
from the model they are fused with; at the fitted w, about .1 (benchmarks/promise/fusion.py).

Even so q is an estimate for ranking, for priority and for training, and never a guarantee.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from tiebreak.domain.arrays import Floats64, Positions
from tiebreak.errors import UsageError
from tiebreak.learner.calibration import FLOOR, MIN_ROWS, fit_temperature, softmax
from tiebreak.learner.opinion.confidence import ConfidenceCurve, fit_confidence

PRIOR = (4, 5)
"""Hits and answers that an agent is credited with before anything of it is verified: .8."""
OWN_ROW = 20
"""Verified records of a class from which on its row of C is its own."""
SHRINK = 10.0
"""Records that the common row counts for in a class's own row."""

USUAL_WEIGHT, SPREAD = 0.5, 0.25
"""What w is before enough is verified, and how far the search lightly holds it to that (a normal
prior). Fitted weights of agents .85 to .92 right were .3 to .7 on parts of train splits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fusion:
    """Fitted parameters of the formula; a value, without state.

    ``temperature``: T. ``right``: a, the chance that the agent says a record's label; the other
    labels share 1 - a evenly. ``weight``: w, from 0 (the agent's word adds nothing to the model's)
    to 1 (it errs independently of the model). ``rows``: (position of a class, its own row of C, k
    chances) for classes with enough verified records. ``curve``: what the agent's confidence is
    worth, or None where it is worth nothing. ``n``: verified records that the agent answered; it
    says how well the rest is known and decides nothing.
    """

    temperature: float = 1.0
    right: float = PRIOR[0] / PRIOR[1]
    weight: float = 1.0
    rows: tuple[tuple[int, tuple[float, ...]], ...] = ()
    curve: ConfidenceCurve | None = None
    n: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.right <= 1:
            raise UsageError(
                f"An agent that is right with chance {self.right!r} cannot be fused.",
                mend="Give a number above 0, up to 1.",
            )
        if not 0 <= self.weight <= 1:
            raise UsageError(
                f"An agent's word cannot have weight {self.weight!r}.",
                mend="Give a number from 0 to 1.",
            )

    def parameters(self) -> tuple[tuple[str, float], ...]:
        """Names and numbers of all that decides a q, for a policy's content hash, by name."""
        numbers = {"temperature": self.temperature, "right": self.right, "weight": self.weight}
        if self.curve is not None:
            numbers |= {"intercept": self.curve.intercept, "slope": self.curve.slope}
        for place, row in self.rows:
            numbers |= {f"C[{place},{answer}]": chance for answer, chance in enumerate(row)}
        return tuple(sorted(numbers.items()))

    @classmethod
    def of(cls, parameters: Iterable[tuple[str, float]]) -> Fusion:
        """What `parameters` gave, as itself again (but for the counts, which decide nothing)."""
        numbers = dict(parameters)
        cells = sorted(
            (*map(int, name[2:-1].split(",")), value)
            for name, value in numbers.items()
            if name.startswith("C[")
        )
        rows: dict[int, tuple[float, ...]] = {}
        for place, _, chance in cells:
            rows[int(place)] = (*rows.get(int(place), ()), chance)
        curve = None
        if "slope" in numbers:
            curve = ConfidenceCurve(intercept=numbers["intercept"], slope=numbers["slope"], n=0)
        return cls(
            temperature=numbers["temperature"],
            right=numbers["right"],
            weight=numbers["weight"],
            rows=tuple(rows.items()),
            curve=curve,
        )

    def confusion(self, k: int) -> Floats64:
        """C as float64[k, k]: row y has the chances of each answer to a record with label y."""
        table = np.array([_common_row(y, k, self.right) for y in range(k)]).reshape(k, k)
        for place, row in self.rows:
            if place >= k or len(row) != k:
                raise UsageError(
                    f"A fusion fitted on {len(row)} labels was used for {k}.",
                    mend="Fit it again under the labels in force.",
                )
            table[place] = row
        return table


def fit_fusion(
    p: Floats64, answers: Positions, truth: Positions, confidence: Floats64 | None = None
) -> Fusion:
    """Learn T, C, w and the worth of confidence from verified records.

    T by `fit_temperature`. a = (hits + 4) / (answers + 5). A class with at least 20 verified
    records has its row shrunk to the common one: (count + 10 · common) / (n_y + 10). An abstention
    is no answer: it counts for T alone. No record: a = .8, T = 1 and w = .5.

    Args:
        p: float64[n, k] probabilities at T = 1, of a head that had not seen the record's label.
        answers: int64[n], the position of the agent's label, -1 where there is none.
        truth: int64[n], the position of the label that a person gave blind. The records must be a
            uniform draw: actively chosen ones are harder than the pool.
        confidence: float64[n] of the agent in [0, 1], nan where it gave none.

    Raises:
        UsageError: arrays of different lengths, or a position that is no label's.
    """
    _check(p, answers)
    _check(p, truth, least=0)
    answered = answers >= 0
    label, y = answers[answered], truth[answered]
    right = label == y
    a = (int(right.sum()) + PRIOR[0]) / (len(right) + PRIOR[1])
    with np.errstate(divide="ignore"):
        temperature = fit_temperature(np.log(p), truth)
    sure = None if confidence is None else confidence[answered]
    fusion = Fusion(
        temperature=temperature,
        right=a,
        rows=_own_rows(label, y, p.shape[1], a),
        curve=None if sure is None else fit_confidence(sure, right),
        n=len(right),
    )
    return replace(fusion, weight=_fit_weight(fusion, p[answered], label, y, sure))


def _fit_weight(
    fusion: Fusion, p: Floats64, label: Positions, truth: Positions, confidence: Floats64 | None
) -> float:
    """The w of least log-loss of q, lightly held to `USUAL_WEIGHT`; that for fewer than 30 records.

    log q is linear in w before it is normalised, so that but for `FLOOR` the loss is convex.
    """
    if len(label) < MIN_ROWS or p.shape[1] < 2:
        return USUAL_WEIGHT
    from scipy.optimize import minimize_scalar

    model, agent = _log_parts(fusion, p, label, confidence)
    at = np.arange(len(truth))

    def loss(weight: float) -> float:
        q = softmax(model + weight * agent)[at, truth]
        pull = ((weight - USUAL_WEIGHT) / SPREAD) ** 2 / 2
        return pull - float(np.log(np.maximum(q, FLOOR)).sum())

    return float(minimize_scalar(loss, bounds=(0.0, 1.0), method="bounded").x)


def fuse(
    fusion: Fusion, p: Floats64, answers: Positions, confidence: Floats64 | None = None
) -> Floats64:
    """q float64[m, k]: what agent and model say together; rows sum to 1.

    Where the agent abstained (or there is none) it is p^(1/T), normalised. A label that the head
    never saw has p = 0, which no word of the agent's could overcome; where the agent says it, it
    counts as `FLOOR`. Where the agent gave a confidence, and a curve says what that is worth, a is
    replaced by it, and the rest of each row of C keeps its proportions.

    Args:
        p: float64[m, k] probabilities at T = 1, of a head that was not trained on what the agent
            said of these records.
        answers: int64[m], the position of the agent's label, or -1.
        confidence: float64[m], nan where there is none.

    Raises:
        UsageError: arrays of different lengths, or a position that is no label's.
    """
    _check(p, answers)
    answered = np.flatnonzero(answers >= 0)
    with np.errstate(divide="ignore"):
        logits = np.log(np.asarray(p, dtype=np.float64)) / fusion.temperature
    if fusion.weight > 0:
        sure = None if confidence is None else confidence[answered]
        model, agent = _log_parts(fusion, p[answered], answers[answered], sure)
        logits[answered] = model + fusion.weight * agent
    return softmax(logits)


def _log_parts(
    fusion: Fusion, p: Floats64, label: Positions, confidence: Floats64 | None
) -> tuple[Floats64, Floats64]:
    """log p^(1/T) and log C[., l] of answered records, float64[n, k] each."""
    odds = np.array(p, dtype=np.float64)
    at = np.arange(len(label))
    odds[at, label] = np.where(odds[at, label] > 0, odds[at, label], FLOOR)
    columns = fusion.confusion(p.shape[1]).T[label]
    if confidence is not None and fusion.curve is not None:
        columns = _replaced(fusion, columns, label, fusion.curve(confidence))
    with np.errstate(divide="ignore"):
        return np.log(odds) / fusion.temperature, np.log(columns)


def _replaced(fusion: Fusion, columns: Floats64, label: Positions, sure: Floats64) -> Floats64:
    """Columns of C float64[m, k] with each answer's own chance to be right in place of a."""
    k = columns.shape[1]
    diagonal = np.diag(fusion.confusion(k))
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = columns / (1 - diagonal)  # of the answers that are wrong
    shares = np.where(diagonal < 1, shares, 1 / max(k - 1, 1))
    replaced = shares * (1 - sure)[:, None]
    replaced[np.arange(len(label)), label] = sure
    return np.where(np.isnan(sure)[:, None] | (k == 1), columns, replaced)


def _common_row(y: int, k: int, a: float) -> Floats64:
    """Row y of C: a for label y, the rest shared evenly by the others."""
    row = np.full(k, (1 - a) / max(k - 1, 1))
    row[y] = a if k > 1 else 1.0
    return row


def _own_rows(
    answers: Positions, truth: Positions, k: int, a: float
) -> tuple[tuple[int, tuple[float, ...]], ...]:
    if k < 2:  # nothing to confuse it with
        return ()
    counts = np.zeros((k, k))
    np.add.at(counts, (truth, answers), 1)
    rows = []
    for y in np.flatnonzero(counts.sum(axis=1) >= OWN_ROW).tolist():
        row = (counts[y] + SHRINK * _common_row(y, k, a)) / (counts[y].sum() + SHRINK)
        rows.append((y, tuple(row.tolist())))
    return tuple(rows)


def _check(p: Floats64, places: Positions, least: int = -1) -> None:
    if p.ndim != 2 or len(p) != len(places):
        raise UsageError(
            f"Probabilities of shape {p.shape!r} came with {len(places)} answers or labels.",
            mend="Give one row for each.",
        )
    odd = places[(places < least) | (places >= p.shape[1])]
    if len(odd):
        raise UsageError(
            f"Position {int(odd[0])} is none of {p.shape[1]} labels.",
            mend="Count from 0; -1 is an agent's silence.",
        )
