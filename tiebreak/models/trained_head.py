"""A head fresh from its fit, with what its card tells of how it was made."""

from __future__ import annotations

from dataclasses import dataclass

from tiebreak.domain.batches import HeadComparison
from tiebreak.domain.ports import Head


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainedHead:
    """What a way of training returns; the fields are those of `tiebreak.domain.batches.ModelInfo`.

    ``kind`` is the classifier's name.
    """

    head: Head
    kind: str
    c: float
    c_chosen_at: int
    temperature: float
    calibrated_on: int
    trial: HeadComparison | None = None
