"""Which act counts as a record's blind answer."""

from __future__ import annotations

from typing import Any

import pytest
from stores import act, undo

from tiebreak.domain.reviews import Annotation, blind_answer


def blind(label: str | None = "a", **fields: Any) -> Annotation:
    return act(1, label, shown="blind", **fields)


def seen(label: str | None = "a", **fields: Any) -> Annotation:
    return act(1, label, shown="evidence", **fields)


@pytest.mark.parametrize(
    ("history", "counts"),
    [
        ([], None),
        ([blind()], 0),
        ([seen()], None),
        ([act(1)], None),  # nobody says what was on screen
        ([seen(who="bob"), blind()], 1),
        ([seen(), blind()], None),  # who saw the machines' answers is not blind later
        ([seen(None, outcome="skip"), blind()], None),
        ([seen(), undo(1), blind()], None),
        ([blind("a"), blind("b", who="bob")], 0),  # the first, not the one in force
        ([blind("a"), seen("b")], 0),
        ([blind("a"), undo(1), blind("b")], 2),
        ([blind("a"), undo(1)], None),
        ([blind(None)], 0),  # no label fits: an answer, too
        ([blind(None, outcome="skip")], None),
        ([blind(None, outcome="flag"), blind("b")], 1),
        ([blind(source="simulated"), blind("b", who="bob")], 1),  # people before simulated ones
        ([blind(source="simulated")], 0),
        ([blind(source="imported")], None),
    ],
)
def test_the_first_blind_answer_that_nobody_took_back(
    history: list[Annotation], counts: int | None
) -> None:
    found = blind_answer(iter(history))
    assert found is (None if counts is None else history[counts])
