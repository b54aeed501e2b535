"""What the loop's steps tell, typed. The fields are the keys of the JSON documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CheckedPart = Literal["record", "decision", "head", "vectors", "promise"]


@dataclass(frozen=True, kw_only=True, slots=True)
class EstimatedStep:
    """A step that the next run will take: ``n`` of ``unit``, and about how many ``seconds`` (None:
    not known), on what ``basis``. ``disk`` is bytes more; ``tokens`` and ``money`` (None at an
    unknown price) are the agent's; ``line`` says more."""

    step: str
    n: int
    unit: str
    seconds: float | None
    basis: str
    disk: int = 0
    tokens: int = 0
    money: float | None = None
    line: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunEstimate:
    """About what the next run will take, until people are needed.

    Attributes:
        steps: in their order.
        seconds: of all steps whose time is known.
        memory: bytes at most: this process now, and the pool's vectors.
        disk: bytes more.
        calls: to the agent.
        tokens: the agent's.
        money: the agent's; None if a call has an unknown price.
        currency: as the settings have it.
        lines: all of it in sentences.
    """

    steps: tuple[EstimatedStep, ...]
    seconds: float
    memory: int
    disk: int
    calls: int
    tokens: int
    money: float | None
    currency: str
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class IntegrityProblem:
    """What does not match when a project is derived again.

    Attributes:
        part: what it is about.
        text: a sentence.
        record_id: the record, by its id in the project; None where it is not about one.
    """

    part: CheckedPart
    text: str
    record_id: int | None = None

    def __str__(self) -> str:
        return self.text
