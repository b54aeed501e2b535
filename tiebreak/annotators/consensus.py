"""One label out of several people's: majority vote, Dawid-Skene, CROWDLAB.

Dawid & Skene, Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm (1979),
by the package ``crowd-kit`` (Apache-2.0, the extra ``people``); Goh, Tkachenko & Mueller, CROWDLAB
(2022, 2210.06812), by ``cleanlab`` (Apache-2.0 from 2.8 on).
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tiebreak.errors import LabelError, MissingPackage, UsageError

EM_STEPS = 100

Unit = Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Consensus:
    """``labels``: one for each unit; ``confidence`` float64[n]: how sure the method is of it;
    ``people``: each one's accuracy, as the method sees it."""

    labels: tuple[str, ...]
    confidence: npt.NDArray[np.float64]
    people: Mapping[str, float]


def majority(units: Sequence[Unit]) -> Consensus:
    """The label that most gave; of several the one that is more frequent overall, then by name."""
    _check(units)
    overall = Counter(label for unit in units for label in unit.values())
    votes = [Counter(unit.values()) for unit in units]
    labels = tuple(min(v, key=lambda x: (-v[x], -overall[x], x)) for v in votes)
    shares = [v[label] / v.total() for v, label in zip(votes, labels, strict=True)]
    return Consensus(labels=labels, confidence=np.array(shares), people=_accuracies(units, labels))


def dawid_skene(units: Sequence[Unit], steps: int = EM_STEPS) -> Consensus:
    """Each person's confusion matrix and the labels together, by expectation maximisation.

    Raises:
        MissingPackage: crowd-kit is not installed.
        UsageError: a unit without an answer.
    """
    _check(units)
    try:
        from crowdkit.aggregation.classification.dawid_skene import DawidSkene
    except ImportError:
        raise MissingPackage(
            "Dawid-Skene needs the package 'crowd-kit'.",
            mend="Install it with: pip install 'tiebreak[people]'",
        ) from None
    import pandas as pd

    rows = [(i, who, label) for i, unit in enumerate(units) for who, label in unit.items()]
    answers = pd.DataFrame(rows, columns=["task", "worker", "label"])
    with warnings.catch_warnings():  # crowd-kit 1.4 over pandas 3.1 and its DataFrame.eval
        warnings.simplefilter("ignore", DeprecationWarning)
        fitted: Any = DawidSkene(n_iter=steps).fit(answers)
    chances = fitted.probas_.sort_index()
    names = [str(name) for name in chances.columns]
    p = chances.to_numpy(dtype=np.float64)
    labels = tuple(names[i] for i in p.argmax(axis=1))
    return Consensus(labels=labels, confidence=p.max(axis=1), people=_accuracies(units, labels))


def crowdlab(
    units: Sequence[Unit], probabilities: npt.NDArray[np.float64], classes: Sequence[str]
) -> Consensus:
    """People and a classifier together, each weighed by how good it proves.

    Args:
        units: for each record who gave which label, out of *classes*.
        probabilities: float64[n, k] of a classifier that did not learn from these records' labels
            (out of fold), rows summing to 1.
        classes: the k labels.

    Raises:
        LabelError: a label outside *classes*.
        UsageError: a unit without an answer, or another count of probabilities.
    """
    _check(units)
    if probabilities.shape != (len(units), len(classes)):
        raise UsageError(
            f"Probabilities of shape {probabilities.shape!r} do not fit {len(units)} records and"
            f" {len(classes)} labels.",
            mend="Give a row for each record and a column for each label.",
        )
    from cleanlab.multiannotator import get_label_quality_multiannotator

    people = sorted({who for unit in units for who in unit})
    given = _codes(units, people, classes)
    # cleanlab wants every label given at least once: those that nobody gave cannot be a consensus
    present = np.unique(given[~np.isnan(given)]).astype(np.int64)
    if len(present) < 2:
        return majority(units)
    present_p = probabilities[:, present] + 1e-12
    compact = np.where(np.isnan(given), np.nan, np.searchsorted(present, np.nan_to_num(given)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its advice on people who share no record with others
        result = get_label_quality_multiannotator(
            compact,
            present_p / present_p.sum(axis=1, keepdims=True),
            verbose=False,
            return_detailed_quality=False,
        )
    best = result["label_quality"]["consensus_label"].to_numpy().astype(np.int64)
    quality: Any = result["annotator_stats"]["annotator_quality"]
    return Consensus(
        labels=tuple(classes[present[i]] for i in best),
        confidence=result["label_quality"]["consensus_quality_score"].to_numpy(dtype=np.float64),
        people={people[int(i)]: float(value) for i, value in quality.items()},
    )


def _codes(
    units: Sequence[Unit], people: Sequence[str], classes: Sequence[str]
) -> npt.NDArray[np.float64]:
    """float64[n, people]: the position of each label in *classes*, nan for no answer."""
    place = {name: i for i, name in enumerate(classes)}
    column = {who: j for j, who in enumerate(people)}
    codes = np.full((len(units), len(people)), np.nan)
    for row, unit in zip(codes, units, strict=True):
        for who, label in unit.items():
            if label not in place:
                raise LabelError(
                    f"Label {label!r} is not in the schema.", mend="Add it to labels.yaml."
                )
            row[column[who]] = place[label]
    return codes


def _accuracies(units: Sequence[Unit], labels: Sequence[str]) -> dict[str, float]:
    """Each person's share of answers that equal the consensus."""
    answers: dict[str, list[bool]] = {}
    for unit, label in zip(units, labels, strict=True):
        for who, answer in unit.items():
            answers.setdefault(who, []).append(answer == label)
    return {who: float(np.mean(answers[who])) for who in sorted(answers)}


def _check(units: Sequence[Unit]) -> None:
    for i, unit in enumerate(units):
        if not unit:
            raise UsageError(f"Record {i!r} has no answer.", mend="Leave such records out.")
