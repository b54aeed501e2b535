"""Two heads on trial on the control arm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiebreak.domain.batches import HeadComparison
from tiebreak.domain.ports import Floats
from tiebreak.learner.classifiers.logistic import Logistic
from tiebreak.learner.heads import LinearHead
from tiebreak.models.head_selection import TrainingData, baseline_wins, compare_heads

CLASSES = ("a", "b")


class Says:
    """A classifier whose head knows one number of each row: which class to say."""

    name = "says"

    def __init__(self, column: int) -> None:
        self.column = column
        self.learnt: list[int] = []

    def fit(
        self,
        vectors: Floats,
        labels: Sequence[str],
        classes: tuple[str, ...],
        c: float,
        **_: object,
    ) -> LinearHead:
        self.learnt.append(len(vectors))
        coef = np.zeros((2, vectors.shape[1]))
        coef[0, self.column] = 1.0
        return LinearHead(classes=classes, c=c, coef=coef, intercept=np.array([0.0, 0.5]))


def data(right: np.ndarray, control: Sequence[int]) -> TrainingData:
    """Rows of class a: column 0 says who has it right by the first head, column 1 by the second."""
    return TrainingData(
        vectors=right.astype(np.float32),
        labels=["a"] * len(right),
        classes=CLASSES,
        c=1.0,
        control=np.array(control, dtype=np.int64),
        unlabelled=np.zeros((0, 2), dtype=np.float32),
    )


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=4, max_size=30), st.data())
def test_wins_and_losses_are_of_control_rows_alone_and_counted_once(
    pairs: list[tuple[bool, bool]], draw: st.DataObject
) -> None:
    right = np.array(pairs)
    control = draw.draw(st.lists(st.integers(0, len(right) - 1), unique=True, min_size=3))
    control = sorted(control)[: len(right) - 1]
    one, two = Says(0), Says(1)
    trial = compare_heads(data(right, control), one, two, np.random.default_rng(0))
    mine, theirs = right[control, 0], right[control, 1]
    assert trial.n == len(control)
    assert trial.won == (mine & ~theirs).sum()
    assert trial.lost == (theirs & ~mine).sum()
    # each control row was kept from training exactly once
    assert sum(len(right) - n for n in one.learnt) == len(control)


def test_no_control_rows_make_no_trial() -> None:
    assert compare_heads(
        data(np.ones((5, 2)), []), Says(0), Says(1), np.random.default_rng(0)
    ) == HeadComparison(n=0, won=0, lost=0)


def test_a_head_against_itself_neither_wins_nor_loses() -> None:
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(60, 4)).astype(np.float32)
    labels = ["a" if row[0] > 0 else "b" for row in vectors]
    played = TrainingData(
        vectors=vectors,
        labels=labels,
        classes=CLASSES,
        c=10.0,
        control=np.arange(20),
        unlabelled=vectors[:0],
    )
    assert compare_heads(played, Logistic(), Logistic(), rng) == HeadComparison(n=20, won=0, lost=0)


@pytest.mark.parametrize(
    ("won", "lost", "aside"),
    [
        (0, 0, False),
        (0, 2, False),  # chance .25
        (0, 3, True),  # .125
        (3, 3, False),
        (5, 7, False),  # .387
        (5, 9, False),  # .212
        (5, 10, True),  # .151
        (10, 0, False),
    ],
)
def test_the_challenger_yields_when_its_losses_are_unlikely_for_an_equal(
    won: int, lost: int, aside: bool
) -> None:
    assert baseline_wins(HeadComparison(n=99, won=won, lost=lost)) is aside
