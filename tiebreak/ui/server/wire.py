"""How the desk's answers look on the wire. A blind card's hidden fields are not in it at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tiebreak.domain.labels import LabelSchema, LabelValue
from tiebreak.review import Card, SyncReply

TEXT_CHARS = 20_000
"""Characters of a text that a card carries; the rest is fetched when it is asked for."""

NEAR_CHARS = 300
TOP = 3
DIGITS = 10
"""Labels that have a digit key."""

WHY = {
    "disagreement": "the agent and the model disagree",
    "abstained": "the agent did not commit itself to a label",
    "uncertain": "agent and model agree, but not surely enough",
    "selected": "chosen because its label would teach the model most",
    "relabel": "its label is in doubt; answer anew, as if it had none",
}
BLIND = "answer by yourself: what agent and model say is not shown here"
"""Of every blind card, whatever it is for: an audit must not be told from the others."""


def answer_on_wire(answer: SyncReply, schema: LabelSchema) -> dict[str, Any]:
    """An answer as JSON; the route adds token and learner."""
    place = {name: at for at, name in enumerate(schema.names)}
    return {
        "acked": answer.acked,
        "refused": [
            {
                "seq": r.event.seq,
                "key": r.event.key,
                "record": r.event.record,
                "fact": r.problem.fact,
                "mend": r.problem.mend,
            }
            for r in answer.refused
        ],
        "cards": [card_on_wire(card, place, multiple=schema.multiple) for card in answer.cards],
        "lost": list(answer.lost),
        "epoch": answer.epoch,
        "left": answer.left,
        "batch": answer.batch,
        "mine": answer.mine,
    }


def _order(card: Card, place: Mapping[str, int]) -> list[int]:
    """Labels by the model's score; in schema order where each has a digit of its own anyway.

    With few labels fingers learn the digits, and these must not change from card to card.
    """
    if len(place) <= DIGITS:
        return list(range(len(place)))
    return [place[label] for label, _ in card.model if label in place]


def _why(card: Card) -> str:
    """Why the record is here; a chosen one may be a tie as well."""
    suggestion = card.suggestion
    agent_labels = suggestion.labels if suggestion else None
    tie = None not in (agent_labels, card.model_labels) and agent_labels != card.model_labels
    if card.task.reason == "selected" and tie:
        return f"{WHY['selected']}; {WHY['disagreement']}"
    return WHY[card.task.reason]


def _value(value: LabelValue | None, multiple: bool) -> dict[str, Any]:
    """``labels``, a list, where any number may apply, else ``label``; null for none said."""
    if multiple:
        return {"labels": None if value is None else list(value)}
    return {"label": value[0] if value else None}


def card_on_wire(card: Card, place: Mapping[str, int], *, multiple: bool = False) -> dict[str, Any]:
    """A card as JSON; *place* is each label's position in the schema."""
    task, record = card.task, card.record
    shown: dict[str, Any] = {
        "record": record.id,
        "id": record.external_id,
        "text": record.text[:TEXT_CHARS],
        "chars": len(record.text),
        "reason": "blind" if task.blind else task.reason,
        "why": BLIND if task.blind else _why(card),
        "blind": task.blind,
    }
    if task.blind:
        return shown
    if card.suggestion is not None:
        suggestion = card.suggestion
        shown["suggestion"] = {
            "seq": suggestion.seq,
            **_value(suggestion.labels, multiple),
            "abstain": suggestion.abstain,
            "confidence": suggestion.confidence,
            "rationale": suggestion.rationale,
            "rationale_by": suggestion.rationale_by,
            "agent": suggestion.agent,
        }
    if card.model:
        shown["model"] = {
            "version": card.model_version,
            "top": [[label, round(p, 4)] for label, p in card.model[:TOP]],
            "order": _order(card, place),
            **({"labels": list(card.model_labels or ())} if multiple else {}),
        }
    shown["near"] = [
        {
            "text": near.text[:NEAR_CHARS],
            **_value(near.labels, multiple),
            "similarity": round(near.similarity, 3),
        }
        for near in card.neighbours
    ]
    return shown
