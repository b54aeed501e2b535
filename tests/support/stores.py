"""Builders of what stores hold, short to write in a test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tiebreak.domain.batches import BatchItem, ModelInfo, QueryBatch
from tiebreak.domain.decisions import Decision, Route
from tiebreak.domain.evidence import Suggestion, Usage
from tiebreak.domain.labels import Label, LabelSchema
from tiebreak.domain.monitoring import Alarm, AskedTerms, DriftMark, DriftReading
from tiebreak.domain.ports import Completion, Store
from tiebreak.domain.promises import (
    Candidate,
    Certificate,
    Evidence,
    FrozenRung,
    FrozenTier,
    Policy,
    RungState,
)
from tiebreak.domain.records import NewRecord
from tiebreak.domain.reviews import Annotation, ReviewTask


def rows(texts: Sequence[str], source: str = "a.csv", **fields: Any) -> list[NewRecord]:
    """One new record per text; external ids count from 1."""
    return [
        NewRecord(source=source, external_id=str(i), text=text, **fields)
        for i, text in enumerate(texts, 1)
    ]


def filled(store: Store, n: int = 3) -> Store:
    """The store with records 1 to *n*, no two alike."""
    store.records.add(rows([f"text {i}" for i in range(1, n + 1)]))
    return store


def act(record_id: int, label: str | None = "a", **fields: Any) -> Annotation:
    """A person's annotation: the label, or the outcome given."""
    outcome = "label" if label else "none"
    labels = (label,) if label else None
    base: dict[str, Any] = {"who": "ann", "source": "person", "outcome": outcome, "labels": labels}
    return Annotation(record_id=record_id, **(base | fields))


def undo(record_id: int, **fields: Any) -> Annotation:
    """Takes back the latest act."""
    return act(record_id, None, outcome="undo", **fields)


def decision(record_id: int, by: Any = "human", label: str | None = "a", **f: Any) -> Decision:
    """A decision for one label, or a withdrawn one."""
    return Decision(record_id=record_id, by=by, labels=(label,) if label else None, **f)


def route(record_id: int, **fields: Any) -> Route:
    """A disagreement, sent to review."""
    base: dict[str, Any] = {
        "outcome": "review",
        "reason": "disagreement",
        "labels": None,
        "agent_labels": ("a",),
        "model_label": "b",
        "agent_confidence": 0.75,
        "model_confidence": 0.5,
        "priority": 1.5,
        "model_version": 1,
    }
    return Route(record_id=record_id, **(base | fields))


def suggestion(record_id: int, **fields: Any) -> Suggestion:
    """A suggestion with every field filled."""
    base: dict[str, Any] = {
        "purpose": "batch",
        "agent": "openai:m",
        "mode": "score",
        "prompt": "classify/v1",
        "request_hash": "h" * 64,
        "schema_version": 1,
        "labels": ("a",),
        "confidence": 0.1 + 0.2,
        "rationale": "because",
        "rationale_by": "neighbours",
        "neighbours": (2, 3),
        "cut": "1 demonstration",
        "usage": Usage(prompt=10, completion=2, cached=4),
        "cost_nanos": 12345678901234,
    }
    return Suggestion(record_id=record_id, **(base | fields))


def task(record_id: int, reason: Any = "selected", priority: float = 1.0, **f: Any) -> ReviewTask:
    """A review task."""
    return ReviewTask(record_id=record_id, reason=reason, priority=priority, **f)


def batch(round_: int, record_ids: Sequence[int], **fields: Any) -> QueryBatch:
    """A batch of these records, the first of them its control arm."""
    items = tuple(
        BatchItem(
            record_id=i,
            position=position,
            arm="active" if position else "control",
            reason="margin",
            probability=None if position else 0.25,
            utilities={"margin": 0.1 * position},
        )
        for position, i in enumerate(record_ids)
    )
    base: dict[str, Any] = {"strategy": "margin", "seed": 7, "schema_version": 1}
    return QueryBatch(round=round_, items=items, **(base | {"model_version": None} | fields))


def card(version: int = 1, **fields: Any) -> ModelInfo:
    """A model card."""
    base: dict[str, Any] = {
        "round": version,
        "classes": ("a", "b"),
        "c": 30.0,
        "c_chosen_at": 6,
        "temperature": 1.25,
        "calibrated_on": 31,
        "trained_on": {"human": 5, "simulated": 1},
        "embedder": "mini",
        "schema_version": 1,
        "labels_hash": "1" * 64,
        "sha256": "0" * 64,
    }
    return ModelInfo(version=version, **(base | fields))


def policy(number: int = 1, **fields: Any) -> Policy:
    """A frozen policy with one tier."""
    rung = FrozenRung(threshold=0.1 + 0.2, size=2, too_many=1, cap=1)
    base: dict[str, Any] = {
        "version": f"{number}-{'0' * 64}",
        "promise": "label",
        "max_error": 0.05,
        "confidence": 0.95,
        "tiers": (FrozenTier(name="normal", eps=0.05, delta=0.03, audits=2, rungs=(rung,)),),
        "parts": {"labels": ["a", "b"]},
        "secret": "ab" * 32,
        "simulated": False,
        "schema_version": 1,
        "known": 4,
        "candidates": 2,
        "digest": "0" * 64,
    }
    return Policy(number=number, **(base | fields))


def candidate(record_id: int, policy: int = 1, **fields: Any) -> Candidate:
    """A sealed candidate for label a."""
    base: dict[str, Any] = {"tier": "normal", "labels": ("a",), "score": 0.1 * record_id}
    coin = f"{record_id:064x}"
    made = Candidate(policy=policy, record_id=record_id, coin=coin, **(base | fields))
    return made.sealed()


def certificate(policy: int = 1, wrong: int = 0, **fields: Any) -> Certificate:
    """A state after one audit."""
    rung = RungState(
        audited=1, wrong=wrong, pending=0, seen=1, found=wrong, room=0,
        log_e=(-float("inf") if wrong else 0.1 + 0.2).hex(), proven=False, in_force=False,
    )  # fmt: skip
    base: dict[str, Any] = {
        "tier": "normal",
        "rungs": (rung,),
        "released": None,
        "labels": 0,
        "simulated": True,
        "evidence": (Evidence(1, 1, wrong),),
    }
    return Certificate(policy=policy, **(base | fields))


def schema(*names: str, guidelines: str = "") -> LabelSchema:
    """A schema of these labels."""
    labels = tuple(Label(name=n, definition=f"is {n}", examples=(n, n * 2)) for n in names)
    return LabelSchema(labels=labels, guidelines=guidelines)


def reply(text: str = "yes", prompt: int = 10, completion: int = 2) -> Completion:
    """A model's reply."""
    return Completion(
        text=text,
        usage=Usage(prompt=prompt, completion=completion),
        top=(("A", -0.1), ("B", -2.5)),
    )


def write_everywhere(store: Store, n: int, *, promise: bool = True) -> None:
    """One write of every kind, about record *n*; of version 0.1 without a *promise*."""
    (record_id,) = store.records.add([NewRecord(source="w", external_id=str(n), text="w")]).inserted
    store.gold.put({record_id: ("a",)})
    store.suggestions.append([suggestion(record_id)])
    store.annotations.append([act(record_id, key=f"key {n}")])
    store.decisions.append([decision(record_id)])
    store.routes.append([route(record_id)])
    store.queue.open([task(record_id)])
    store.queue.lease("ann", n, seconds=1000)
    store.batches.add(batch(n, [record_id]))
    store.batches.advance(1, "answered")
    settled = store.ledger.reserve(f"h{n}", "m", 10, limit=None)
    store.ledger.settle(settled, reply(), 7)
    store.ledger.reserve(f"r{n}", "m", 3, limit=None)
    store.notes.put_schema(schema("a", f"b{n}"))
    store.notes.put_model(card(n))
    store.notes.report("step", n, {})
    if not promise:
        return
    store.promises.freeze(policy(n), [candidate(record_id, n)])
    store.promises.draw(n, [record_id])
    store.promises.certify(certificate(n))
    store.monitoring.put_mark(DriftMark(kind="first_run", up_to=n))
    store.monitoring.put_reading(reading(n))
    store.monitoring.put_alarm(alarm(n))
    store.monitoring.put_terms(AskedTerms(max_error=0.05, confidence=0.95, promise="label"))


def reading(n: int, **fields: Any) -> DriftReading:
    """What the sensors saw of one record."""
    base: dict[str, Any] = {"state": "flag", "reason": "far texts", "new": 1, "groups": (1,)}
    return DriftReading(after=n, up_to=n + 1, **(base | fields))


def alarm(number: int, **fields: Any) -> Alarm:
    """The monitor's alarm about a policy."""
    base: dict[str, Any] = {"tier": "normal", "audits": 9, "wrong": 4, "since": 1, "until": 2}
    return Alarm(policy=number, **(base | fields))


def everything(store: Store) -> dict[str, Any]:
    """All that a store can be asked for."""
    return {
        "records": store.records.scan(),
        "links": store.records.links(),
        "gold": store.gold.get(range(10)),
        "logs": [
            list(log.scan())
            for log in (store.suggestions, store.annotations, store.decisions, store.routes)
        ],
        "tasks": store.queue.tasks(status=None),
        "leases": [store.queue.heartbeat("ann", [i], seconds=1000) for i in range(10)],
        "batches": store.batches.all(),
        "spend": store.ledger.totals(),
        "replies": [store.ledger.recall(f"h{i}") for i in range(10)],
        "schema": store.notes.schema(),
        "models": store.notes.models(),
        "reports": store.notes.reports(),
        "policies": store.promises.policies(),
        "candidates": [store.promises.candidates(i) for i in range(10)],
        "audits": [store.promises.drawn(i) for i in range(10)],
        "certificates": store.promises.certificates(),
        "alarms": store.monitoring.alarms(),
        "monitoring": [
            store.monitoring.last_mark(),
            store.monitoring.last_reading(),
            store.monitoring.last_terms(),
        ],
        "versions": store.versions(),
    }
