"""Which act stands when people's acts on one record interleave: nobody takes back another's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from clock import TickingClock
from hypothesis import given, settings
from hypothesis import strategies as st
from stores import act, filled, task, undo

from tiebreak.domain.labels import Label, LabelSchema
from tiebreak.domain.reviews import Annotation, standing
from tiebreak.errors import UsageError
from tiebreak.review.annotate import write_annotations
from tiebreak.store.memory import MemoryStore

SCHEMA = LabelSchema(labels=(Label(name="a"), Label(name="b")))

who = st.sampled_from(["ada", "bob", "cleo"])
source = st.sampled_from(["person", "person", "imported", "simulated"])
kind = st.sampled_from(["a", "b", "none", "skip", "flag", "undo", "undo"])
MANY = settings(max_examples=300)
histories = st.lists(st.tuples(who, source, kind), max_size=14)


def acts_of(history: Sequence[tuple[str, str, str]]) -> list[Annotation]:
    """Acts on record 1, numbered as a store numbers them."""
    acts = []
    for seq, (name, origin, what) in enumerate(history, 1):
        fields: dict[str, Any] = {"who": name, "source": origin, "seq": seq}
        if what == "undo":
            acts.append(undo(1, **fields))
        elif what in ("a", "b"):
            acts.append(act(1, what, **fields))
        else:
            acts.append(act(1, None, outcome=what, **fields))
    return acts


def left_of(own: Sequence[Annotation]) -> list[Annotation]:
    """What is left of one person's acts: an undo takes the last real one, else the last."""
    left: list[Annotation] = []
    for each in own:
        if each.outcome != "undo":
            left.append(each)
        elif left:
            left.remove(([x for x in left if x.source != "simulated"] or left)[-1])
    return left


@MANY
@given(histories)
def test_each_persons_undos_take_back_their_own_acts_alone(
    history: list[tuple[str, str, str]],
) -> None:
    acts = acts_of(history)
    left = [
        x for name in {a.who for a in acts} for x in left_of([a for a in acts if a.who == name])
    ]
    real = [x for x in left if x.source != "simulated"] or left
    assert standing(acts) == max(real, key=lambda x: x.seq, default=None)


@MANY
@given(histories, who)
def test_an_undo_by_whoever_stands_takes_back_that_very_act(
    history: list[tuple[str, str, str]], name: str
) -> None:
    acts = acts_of(history)
    before = standing(acts)
    after = standing([*acts, undo(1, who=name, seq=99)])
    if before is not None and before.who == name:
        assert after == standing([a for a in acts if a.outcome == "undo" or a != before]) != before
    else:
        assert after == before


@MANY
@given(histories)
def test_an_undo_is_refused_exactly_where_it_is_not_ones_own(
    history: list[tuple[str, str, str]],
) -> None:
    store = filled(MemoryStore(TickingClock()))
    store.queue.open([task(1)])
    accepted: list[Annotation] = []
    for each in acts_of(history):
        stands = standing(accepted)
        own = stands is not None and stands.who == each.who
        try:
            accepted += write_annotations(store, SCHEMA, [replace(each, seq=0)])
            assert each.outcome != "undo" or own
        except UsageError:
            assert each.outcome == "undo"
            assert not own
    assert store.annotations.of(1) == accepted
    stands = standing(accepted)
    assert store.annotations.standing([1]) == ({1: stands} if stands else {})
    decision = store.decisions.latest([1]).get(1)
    labels = decision.labels if decision else None
    if stands is None:
        assert (labels, store.queue.count()) == (None, 1)
    elif stands.source != "simulated":
        assert (labels, store.queue.count()) == (stands.labels, 0)
    else:  # its label is in force, unless a person decided before
        assert labels in (None, stands.labels)
