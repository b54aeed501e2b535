"""Project contexts on which a promise can be earned in a second: texts of two kinds, some labels
wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from contexts import make_context

from tiebreak.assurance.policy import PolicyContent
from tiebreak.domain.labels import Label, LabelSchema
from tiebreak.domain.ports import Store
from tiebreak.domain.reviews import Annotation, ReviewTask
from tiebreak.project.context import ProjectContext
from tiebreak.review.annotate import write_annotations

WORDS = {
    "refund": ("refund", "money", "charged", "invoice", "payment"),
    "login": ("password", "login", "account", "locked", "code"),
}


def two_kinds(n: int = 400, wrong: float = 0.0, seed: int = 1) -> list[dict[str, Any]]:
    """*n* rows whose text tells the label, but for a share *wrong* of them, which lie."""
    rng = np.random.default_rng(seed)
    names, rows = list(WORDS), []
    lies = set(rng.permutation(n)[: round(wrong * n)].tolist())
    for i in range(n):
        kind = names[i % 2]
        words = " ".join(rng.choice(WORDS[kind], size=4).tolist())
        label = names[1 - i % 2] if i in lies else kind
        rows.append({"id": str(i), "text": f"{words} {i}", "label": label, "split": "train"})
    return rows


def promise_bench(
    folder: Path,
    rows: list[dict[str, Any]] | None = None,
    *,
    store: Store | None = None,
    tiers: dict[str, str] | None = None,
    by_tier: dict[str, float] | None = None,
    **promise: Any,
) -> ProjectContext:
    """A project context with a promise in its settings; *tiers* by label, and the
    tolerated error *by_tier*."""
    labels = tuple(Label(name=n, tier=(tiers or {}).get(n, "normal")) for n in WORDS)
    asked: dict[str, Any] = {"max_error": 0.1, "labels": 30, "audits": 60, "audit_batch": 20}
    asked |= {"tiers": by_tier or {}, **promise}
    return make_context(
        folder,
        two_kinds() if rows is None else rows,
        settings={"promise": asked, "learn": {"head": "logistic"}},
        store=store,
        schema=LabelSchema(labels=labels),
    )


FITTED = {"head": "fitted", "demo_index": "fitted", "fusion": (), "rungs": ()}
"""The parts of a policy that follow from a fit, and from what was labelled because of one."""


def pin_coins(patch: pytest.MonkeyPatch, secret: bytes = bytes(32)) -> None:
    """Coins that follow from *secret* and the record alone.

    A policy's secret cannot be foreseen, and its version, which coins are drawn under as well, is a
    hash of its head's very bytes: their last bits differ from processor to processor. Here both are
    known, so that a scene's audits are the same ones everywhere. Everything else is as it is:
    policies still have versions of their own, and `verify` still finds a bundle that was changed in
    any other part.
    """
    patch.setattr("secrets.token_bytes", lambda n: secret[:n])
    whole = PolicyContent.fingerprint.fget  # type: ignore[attr-defined]
    pinned = property(lambda self: whole(replace(self, **FITTED)))
    patch.setattr(PolicyContent, "fingerprint", pinned)


def answer(
    context: ProjectContext, tasks: list[ReviewTask], who: str = "ann", **fields: Any
) -> None:
    """A person's answers to tasks, as the sealed labels have them; blind where the task is."""
    gold = context.store.gold.get([t.record_id for t in tasks])
    acts = [
        Annotation(
            record_id=t.record_id,
            who=who,
            source="person",
            outcome="label",
            **{
                "labels": gold[t.record_id],
                "shown": "blind" if t.blind else "evidence",
                **fields,
            },
        )
        for t in tasks
    ]
    write_annotations(context.store, context.schema, acts)


def waiting(context: ProjectContext, *reasons: str) -> list[ReviewTask]:
    """Open tasks, with these reasons alone if any are given."""
    return [t for t in context.store.queue.tasks() if not reasons or t.reason in reasons]
