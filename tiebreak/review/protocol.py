"""What a client of the review desk sends: what its person did, and what it holds and wants.

The wire format of ``POST …/sync``; anything that does not fit is refused as a whole, by name.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tiebreak.domain.labels import LabelValue
from tiebreak.errors import UsageError

MAX_EVENTS = 200
MAX_HELD = 400
MAX_LABELS = 1000

RecordId = Annotated[int, Field(ge=1, le=2**53)]
Name = Annotated[str, Field(max_length=1000)]
Version = Annotated[int, Field(ge=1, le=2**53)] | None


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ReviewEvent(_Wire):
    """What a person did with a card. ``key`` makes a repeated event a no-op.

    ``seq`` counts from 1 within a client. ``seconds``: how long the card was on screen.
    ``labels`` stands for ``label`` where any number may apply. ``suggestion`` and ``model`` say
    which of the machine's answers were shown.
    """

    key: str = Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9-]+$")
    seq: int = Field(ge=1, le=2**53)
    record: RecordId
    outcome: Literal["label", "none", "skip", "flag", "undo"]
    label: Name | None = None
    labels: tuple[Name, ...] | None = Field(None, max_length=MAX_LABELS, strict=False)
    seconds: float | None = Field(None, ge=0, le=1e7, allow_inf_nan=False)
    shown: Literal["blind", "evidence"]
    suggestion: Version = None
    model: Version = None
    note: str = Field("", max_length=2000)

    @model_validator(mode="after")
    def _label_with_outcome(self) -> ReviewEvent:
        n_given = (self.label is not None) + (self.labels is not None)
        if n_given != (self.outcome == "label"):
            raise ValueError("a label, or labels, goes with the outcome 'label' and with no other")
        return self

    @property
    def value(self) -> LabelValue | None:
        """The label value, if the event has one."""
        return self.labels if self.label is None else (self.label,)


class SyncRequest(_Wire):
    """One request of a client (a browser's tab). See the fields' use in `ReviewSession.sync`."""

    client: str = Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9-]+$")
    events: tuple[ReviewEvent, ...] = Field((), max_length=MAX_EVENTS, strict=False)
    held: tuple[RecordId, ...] = Field((), max_length=MAX_HELD, strict=False)
    release: tuple[RecordId, ...] = Field((), max_length=MAX_HELD, strict=False)
    want: int = Field(0, ge=0, le=100)
    epoch: str = Field("", max_length=40)
    leaving: bool = False


def read_sync_request(raw: bytes) -> SyncRequest:
    """The request in an HTTP body.

    Raises:
        UsageError: it is not one; says which field.
    """
    try:
        return SyncRequest.model_validate_json(raw)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the body"
        raise UsageError(
            f"The request does not fit at {where}: {first['msg']}.",
            mend="Reload the page: it may be of another version.",
        ) from None
