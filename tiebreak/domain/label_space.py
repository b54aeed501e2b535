"""The one place where records with one label each and with any number of labels differ: here what
follows from values and probabilities, in `tiebreak.learner.label_space` what is learnt of them.

`label_space` gives the implementation for a schema: `SINGLE` or `MULTI`, both stateless. A label
value is *coded* as a row of int64: its label's position in the classes, int64[n, 1], or for each
class whether it applies, int64[n, k] of 0 and 1. Equal values have equal codes, so that whoever
compares values (`agrees`) need not know which of the two it is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np

from tiebreak.domain import uncertainty
from tiebreak.domain.arrays import Flags, Floats64, Positions
from tiebreak.domain.labels import LabelValue
from tiebreak.domain.ports.learning import Head, HeadLink
from tiebreak.domain.uncertainty import GuessErrors, Measure, MeasureName
from tiebreak.errors import LabelError

THRESHOLD = 0.5
"""From this probability on, a label of a multi-label record is taken to apply."""


class LabelSpace(ABC):
    """What label values are, and how they follow from k probabilities of the classes.

    ``link`` is that of the heads that predict them; ``uncertainty`` are measures of doubt by name.
    """

    link: HeadLink
    uncertainty: Mapping[MeasureName, Measure]

    @abstractmethod
    def best(self, p: Iterable[float], classes: tuple[str, ...]) -> tuple[LabelValue, float]:
        """The most probable value under probabilities of *classes*, and its probability."""

    @abstractmethod
    def confidence(self, p: Floats64) -> Floats64:
        """The probability of the most probable value of each row [n, k], float64[n]."""

    @abstractmethod
    def decide(self, p: Floats64) -> Positions:
        """The codes of the most probable value of each row [n, k]."""

    @abstractmethod
    def decide_logits(self, logits: Floats64) -> Positions:
        """`decide`, from logits float64[n, k]."""

    @abstractmethod
    def encode(self, values: Sequence[LabelValue], classes: tuple[str, ...]) -> Positions:
        """The codes of label values; a name outside *classes* is a `LabelError`."""

    @abstractmethod
    def errors(self, p: Floats64) -> GuessErrors:
        """What the most probable values leave over of probabilities float64[n, k]."""


class SingleLabel(LabelSpace):
    """Each record has one label of all: the one of the greatest probability is the best."""

    link: HeadLink = "softmax"
    uncertainty = uncertainty.OF_LABELS

    def best(self, p: Iterable[float], classes: tuple[str, ...]) -> tuple[LabelValue, float]:
        row = np.asarray(p, dtype=np.float64)
        at = int(row.argmax())
        return (classes[at],), float(row[at])

    def confidence(self, p: Floats64) -> Floats64:
        return np.asarray(p.max(axis=1))

    def decide(self, p: Floats64) -> Positions:
        return np.asarray(p.argmax(axis=1)[:, None])

    def decide_logits(self, logits: Floats64) -> Positions:
        return self.decide(logits)

    def encode(self, values: Sequence[LabelValue], classes: tuple[str, ...]) -> Positions:
        return label_codes([value[0] for value in values], classes).reshape(-1, 1)

    def errors(self, p: Floats64) -> GuessErrors:
        return uncertainty.LabelErrors(p)


class MultiLabel(LabelSpace):
    """Any number of labels apply to a record, each with a probability of its own.

    The best value has the labels from `THRESHOLD` on. Its probability is prod_l max(p_l, 1 - p_l),
    that each single label is decided rightly if they err independently.
    """

    link: HeadLink = "sigmoid"
    uncertainty = uncertainty.OF_SETS

    def best(self, p: Iterable[float], classes: tuple[str, ...]) -> tuple[LabelValue, float]:
        row = np.asarray(p, dtype=np.float64)
        value = tuple(name for name, on in zip(classes, row >= THRESHOLD, strict=True) if on)
        return value, float(np.maximum(row, 1 - row).prod())

    def confidence(self, p: Floats64) -> Floats64:
        return np.asarray(np.maximum(p, 1 - p).prod(axis=1))

    def decide(self, p: Floats64) -> Positions:
        return np.asarray(p >= THRESHOLD, dtype=np.int64)

    def decide_logits(self, logits: Floats64) -> Positions:
        return np.asarray(logits >= 0, dtype=np.int64)  # the sigmoid of 0 is one half

    def encode(self, values: Sequence[LabelValue], classes: tuple[str, ...]) -> Positions:
        return memberships(values, classes).astype(np.int64)

    def errors(self, p: Floats64) -> GuessErrors:
        return uncertainty.SetErrors(p, THRESHOLD)


SINGLE, MULTI = SingleLabel(), MultiLabel()


class HasMultiple(Protocol):
    """A label schema, a pool, predictions: whatever says if any number of labels may apply."""

    @property
    def multiple(self) -> bool: ...


def label_space(schema: HasMultiple) -> LabelSpace:
    """The label space of a schema, or of a pool or predictions under it."""
    return MULTI if schema.multiple else SINGLE


def head_space(head: Head) -> LabelSpace:
    """The label space that a head predicts in, by its link."""
    return MULTI if head.link == MULTI.link else SINGLE


def agrees(first: Positions, second: Positions) -> Flags:
    """Which label values are equal, bool[n], from their codes [n, w]."""
    return np.asarray((first == second).all(axis=1))


def label_codes(labels: Sequence[str], classes: tuple[str, ...]) -> Positions:
    """int64[n], the position of each label in *classes*; one outside them is a `LabelError`."""
    place = _places(labels, classes)
    return np.array([place[name] for name in labels], dtype=np.int64)


def memberships(sets: Sequence[LabelValue], classes: tuple[str, ...]) -> Flags:
    """Which labels each value has, bool[n, k]; a name outside *classes* is a `LabelError`."""
    place = _places((name for value in sets for name in value), classes)
    out = np.zeros((len(sets), len(classes)), dtype=np.bool_)
    for row, value in enumerate(sets):
        out[row, [place[name] for name in value]] = True
    return out


def _places(names: Iterable[str], classes: tuple[str, ...]) -> dict[str, int]:
    place = {name: at for at, name in enumerate(classes)}
    for name in names:
        if name not in place:
            raise LabelError(f"Label {name!r} is not in the schema.", mend="Add it to labels.yaml.")
    return place
