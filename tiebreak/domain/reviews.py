"""What people do: review tasks in the queue, annotations that answer them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from tiebreak.domain.decisions import By, Decision
from tiebreak.domain.labels import LabelValue

Source = Literal["person", "imported", "simulated"]
Outcome = Literal["label", "none", "skip", "flag", "undo"]
Reason = Literal[
    "selected",
    "control",
    "audit",
    "gold",
    "repeat",
    "second",
    "disagreement",
    "abstained",
    "uncertain",
    "relabel",
]

DECIDING: frozenset[Outcome] = frozenset({"label", "none"})
"""Outcomes that answer a record; the others only take it out of the queue, or take an act back."""

DECIDED_BY: dict[Source, By] = {"person": "human", "imported": "human", "simulated": "simulated"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Annotation:
    """What a person did with a record. Append-only; the latest not-undone one stands.

    ``outcome``: ``label`` (``labels`` holds it), ``none`` (no label of the schema fits), ``skip``
    (not now), ``flag`` (set aside for a second look), ``undo`` (takes back *who*'s standing one).
    ``shown`` is what the person saw (``blind`` or ``evidence``); ``suggestion`` is the ``seq`` of
    the record's suggestion that was on screen and ``model_version`` names the head whose
    probabilities were, both None where there was none and on a blind card. ``key`` makes a
    repeated write of the same act a no-op.
    """

    record_id: int
    who: str
    source: Source
    outcome: Outcome
    labels: LabelValue | None = None
    schema_version: int = 1
    seconds: float | None = None
    shown: str = ""
    suggestion: int | None = None
    model_version: int | None = None
    note: str = ""
    key: str | None = None
    created_at: str = ""
    seq: int = 0


def standing(history: Iterable[Annotation]) -> Annotation | None:
    """The annotation in force, from one record's *history* in ``seq`` order.

    A simulated act never displaces a real one (a person's or an imported one).
    """
    acts = surviving(history)
    last = _in_force(range(len(acts)), acts)
    return acts[last] if acts else None


def surviving(history: Iterable[Annotation]) -> list[Annotation]:
    """The acts of one record's *history* (in ``seq`` order) that nobody took back.

    An undo takes back the act of its own author that would stand if nobody else had acted, never
    another's, so two undos take back two of one's own acts.
    """
    acts: list[Annotation] = []
    for act in history:
        if act.outcome != "undo":
            acts.append(act)
        elif (undone := _in_force([i for i, a in enumerate(acts) if a.who == act.who], acts)) >= 0:
            del acts[undone]
    return acts


def blind_answer(history: Iterable[Annotation]) -> Annotation | None:
    """The first surviving act that answered the record without seeing a machine's answer.

    A person's before a simulated one; an imported label was seen by nobody here. The first, and
    not the one in force, so that no later look at the machines' answers can mend an audit. Who saw
    them on an earlier card of the record (and skipped it, say) is not blind on a later one.
    """
    history = list(history)
    stands = {id(act) for act in surviving(history)}
    acts: list[Annotation] = []
    saw_evidence: set[str] = set()
    for act in history:
        if act.shown == "evidence":
            saw_evidence.add(act.who)
        answers = id(act) in stands and act.outcome in DECIDING and act.source != "imported"
        if answers and act.shown == "blind" and act.who not in saw_evidence:
            acts.append(act)
    return next((a for a in acts if a.source == "person"), acts[0] if acts else None)


def _in_force(among: Sequence[int], acts: Sequence[Annotation]) -> int:
    """Which of these positions in *acts* holds the act in force; -1 for none at all."""
    real = [i for i in among if acts[i].source != "simulated"] or among
    return real[-1] if real else -1


def decision_of(act: Annotation) -> Decision:
    """The decision that follows from a standing ``label`` or ``none`` annotation."""
    return Decision(
        record_id=act.record_id,
        by=DECIDED_BY[act.source],
        labels=act.labels if act.outcome == "label" else None,
        reasons=(act.source if act.outcome == "label" else "none-of-these",),
        schema_version=act.schema_version,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewTask:
    """A queue entry. One open task per (record, reason). ``blind``: show no machine's answer.

    Higher ``priority`` is served first. ``status`` is ``open``, ``done`` or ``cancelled``.
    """

    record_id: int
    reason: Reason
    priority: float
    blind: bool = False
    batch: int | None = None
    status: Literal["open", "done", "cancelled"] = "open"
    created_at: str = ""
    id: int = 0


CHECKS: frozenset[Reason] = frozenset({"gold", "repeat", "second"})
"""Tasks that measure people: their records have an answer already."""


CHECK_PRIORITY = 2.0
"""That of a chosen record: the next batch does not wait for a check, but it need not come last."""


CONTROL_PRIORITY = 3.0
