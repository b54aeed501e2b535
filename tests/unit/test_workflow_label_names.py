"""The labels' names as vectors: what is embedded, where it is kept, that the head gets it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benches import make_bench

from tiebreak.domain.batches import Trial
from tiebreak.domain.labels import Label
from tiebreak.learner import trial
from tiebreak.workflow import choose_head, label_names
from tiebreak.workflow.embed import embed
from tiebreak.workflow.loop import run
from tiebreak.workflow.running import RunOptions


@pytest.mark.parametrize(
    ("label", "text"),
    [
        (Label(name="card_arrival"), "card arrival"),
        (Label(name="top-up / failed"), "top up failed"),
        (Label(name="spam", definition=" Unasked-for mail. "), "spam. Unasked-for mail."),
    ],
)
def test_a_label_in_words(label: Label, text: str) -> None:
    assert label_names.name_text(label) == text


def test_names_are_embedded_once_and_kept_with_the_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make_bench(tmp_path)
    before = label_names.prototypes(bench)
    embed(bench)
    size = len(bench.vectors)
    assert size == len(set(bench.table.hashes.tolist())) + len(bench.schema.names)
    embed(bench)
    assert len(bench.vectors) == size
    said: list[str] = []
    monkeypatch.setattr(bench.embedder, "embed", said.extend)
    np.testing.assert_array_equal(label_names.prototypes(bench), before)
    assert said == []


def test_a_trial_is_held_with_the_choice_of_c_and_its_outcome_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make_bench(tmp_path)
    held: list[trial.Data] = []

    def lost(data: trial.Data, *_: Any) -> Trial:
        held.append(data)
        return Trial(n=9, won=0, lost=9)

    monkeypatch.setattr(choose_head, "hold", lost)
    run(bench, RunOptions(batch=16, rounds=2, reviewer="labels"))
    assert [(c.head, c.trial) for c in bench.store.notes.models()] == 2 * [
        ("semi_supervised", None)
    ]  # 32 labels of 12 classes: too few for either choice
    run(bench, RunOptions(batch=16, rounds=4, reviewer="labels"))
    tried = ("logistic", Trial(n=9, won=0, lost=9))
    assert [(c.head, c.trial) for c in bench.store.notes.models()[2:]] == [tried, tried]
    (data,) = held
    assert data.prototypes is not None
    assert data.prototypes.shape == (len(bench.schema.names), bench.embedder.dim)
    drawn = {
        i.record_id for b in bench.store.batches.all()[:3] for i in b.items if i.arm == "control"
    }
    assert len(data.control) == len(drawn)


def test_a_head_that_was_asked_for_is_not_tried(tmp_path: Path) -> None:
    bench = make_bench(tmp_path, settings={"learn": {"head": "logistic"}})
    run(bench, RunOptions(batch=40, rounds=1, reviewer="labels"))
    (card,) = bench.store.notes.models()
    assert (card.head, card.trial) == ("logistic", None)
