"""The anchoring meter: how far a shown suggestion pulls people towards the agent.

People who see an answer tend to it, so that the agent looks better on the cards that showed it.
Which cards hide it is drawn at random; the difference between both kinds of cards is then the pull,
and the hidden ones alone tell how good the agent is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tiebreak.annotators.intervals import Interval, difference, share_interval


@dataclass(frozen=True, slots=True)
class RandomisedCard:
    """A card whose agent's answer was hidden (``blind``) or shown **at random**, and whether the
    person then gave that answer. Cards that are blind for any other reason must not enter: audits,
    the control arm and suspect labels are other records than the rest."""

    blind: bool
    agreed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Anchoring:
    """How far a shown suggestion pulls people; each figure is None where no card gives it.

    Attributes:
        pull: P(agent's answer | shown) - P(agent's answer | blind).
        accuracy: the agent's, from the blind cards alone.
        naive: the same from the cards that showed its answer.
        proven: whether the interval of the pull lies above 0.
    """

    pull: Interval | None
    accuracy: Interval | None
    naive: Interval | None
    proven: bool


def measure_anchoring(cards: Iterable[RandomisedCard], confidence: float = 0.95) -> Anchoring:
    """The pull with Newcombe's interval, and both accuracies with Clopper & Pearson's.

    Chance makes both kinds of cards alike but for what they showed, so that no label needs to be
    known as the truth for the pull. The accuracies are agreement with people.
    """
    counts = {True: [0, 0], False: [0, 0]}
    for card in cards:
        counts[card.blind][0] += card.agreed
        counts[card.blind][1] += 1
    (hidden, blind), (seen, shown) = counts[True], counts[False]
    pull = difference(seen, shown, hidden, blind, confidence)
    return Anchoring(
        pull=pull,
        accuracy=share_interval(hidden, blind, confidence),
        naive=share_interval(seen, shown, confidence),
        proven=pull is not None and pull.low > 0,
    )
