"""The labels' names as vectors: what is embedded, where it is kept, that the head gets it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from contexts import make_context

from tiebreak.domain.batches import HeadComparison
from tiebreak.domain.labels import Label
from tiebreak.loop.run import run_loop
from tiebreak.loop.running import RunOptions
from tiebreak.models import head_selection as choose_head
from tiebreak.models.embed import embed_records, name_text, prototypes


@pytest.mark.parametrize(
    ("label", "text"),
    [
        (Label(name="card_arrival"), "card arrival"),
        (Label(name="top-up / failed"), "top up failed"),
        (Label(name="spam", definition=" Unasked-for mail. "), "spam. Unasked-for mail."),
    ],
)
def test_a_label_in_words(label: Label, text: str) -> None:
    assert name_text(label) == text


def test_names_are_embedded_once_and_kept_with_the_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = make_context(tmp_path)
    before = prototypes(context)
    embed_records(context)
    size = len(context.vectors)
    assert size == len(set(context.table.hashes.tolist())) + len(context.schema.names)
    embed_records(context)
    assert len(context.vectors) == size
    said: list[str] = []
    monkeypatch.setattr(context.embedder, "embed", said.extend)
    np.testing.assert_array_equal(prototypes(context), before)
    assert said == []


def test_a_trial_is_held_with_the_choice_of_c_and_its_outcome_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = make_context(tmp_path)
    held: list[choose_head.TrainingData] = []

    def lost(data: choose_head.TrainingData, *_: Any) -> HeadComparison:
        held.append(data)
        return HeadComparison(n=9, won=0, lost=9)

    monkeypatch.setattr(choose_head, "compare_heads", lost)
    run_loop(context, RunOptions(batch=16, rounds=2, reviewer="labels"))
    assert [(c.head, c.trial) for c in context.store.notes.models()] == 2 * [
        ("semi_supervised", None)
    ]  # 32 labels of 12 classes: too few for either choice
    run_loop(context, RunOptions(batch=16, rounds=4, reviewer="labels"))
    tried = ("logistic", HeadComparison(n=9, won=0, lost=9))
    assert [(c.head, c.trial) for c in context.store.notes.models()[2:]] == [tried, tried]
    (data,) = held
    assert data.prototypes is not None
    assert data.prototypes.shape == (len(context.schema.names), context.embedder.dim)
    drawn = {
        i.record_id for b in context.store.batches.all()[:3] for i in b.items if i.arm == "control"
    }
    assert len(data.control) == len(drawn)


def test_a_head_that_was_asked_for_is_not_tried(tmp_path: Path) -> None:
    context = make_context(tmp_path, settings={"learn": {"head": "logistic"}})
    run_loop(context, RunOptions(batch=40, rounds=1, reviewer="labels"))
    (card,) = context.store.notes.models()
    assert (card.head, card.trial) == ("logistic", None)
