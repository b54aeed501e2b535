"""Verify: derive again what can be derived, and say what does not match."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import pairwise
from typing import Any

from tiebreak.domain.decisions import Decision, may_replace
from tiebreak.domain.records import content_hash
from tiebreak.domain.reviews import DECIDED_BY, DECIDING, Annotation, decision_of, standing
from tiebreak.errors import ModelFileError
from tiebreak.loop.results import IntegrityProblem
from tiebreak.project import ProjectContext, wiring
from tiebreak.promise import verify_promises

PAGE = 2000
PEOPLE = frozenset(DECIDED_BY.values())
_SURROGATES = ("created_at", "seconds", "cost_nanos", "usage")


def project_hash(context: ProjectContext) -> str:
    """One SHA-256 over records, suggestions, annotations, decisions, batches and promises.

    Records stand by source and external id, never by a surrogate id; clocks and meters are left
    out, and so is the order in which different records were written.
    """
    names = {r.id: [r.source, r.external_id] for r in _records(context)}
    digest = hashlib.sha256()
    for line in _lines(context, names):
        raw = json.dumps(line, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        digest.update(raw.encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()


def _lines(context: ProjectContext, names: dict[int, list[str]]) -> Iterator[Any]:
    store = context.store
    yield from (
        ["record", r.source, r.external_id, r.content_hash, r.split, r.heldout]
        for r in sorted(_records(context), key=lambda r: (r.source, r.external_id))
    )
    yield from _log("suggestion", store.suggestions.scan(), names)
    yield from _log("annotation", store.annotations.scan(), names)
    yield from _log("decision", store.decisions.scan(), names)
    for batch in store.batches.all():
        body = asdict(batch)
        body.pop("created_at")
        for item in body["items"]:
            item["record_id"] = names[item["record_id"]]
        yield ["batch", body]
    for policy in store.promises.policies():
        drawn = store.promises.drawn(policy.number)
        yield ["policy", policy.version, policy.promise, policy.confidence, policy.simulated]
        yield from sorted(
            ["candidate", policy.number, *names[c.record_id], c.tier, list(c.labels), c.score,
             c.record_id in drawn, c.pi, c.release]
            for c in store.promises.candidates(policy.number)
        )  # fmt: skip


def _log(kind: str, items: Iterable[Any], names: dict[int, list[str]]) -> list[list[Any]]:
    rows = [[kind, *names[x.record_id], _bare(x, names)] for x in items]
    return sorted(rows, key=lambda row: (row[1], row[2], row[3]["seq"]))


def _bare(item: Any, names: dict[int, list[str]]) -> dict[str, Any]:
    body = {k: v for k, v in asdict(item).items() if k not in _SURROGATES}
    body.pop("record_id")
    if "neighbours" in body:
        body["neighbours"] = [names[i] for i in body["neighbours"]]
    return body


def _records(context: ProjectContext) -> Iterator[Any]:
    after = 0
    while page := context.store.records.scan(after=after, limit=PAGE):
        yield from page
        after = page[-1].id


def verify_project(context: ProjectContext) -> list[IntegrityProblem]:
    """What does not match when it is derived again; an empty list is a clean project.

    Checks content hashes, the precedence of decisions, that each decision in force follows from
    the standing annotation, that no held-out record was labelled, the heads' files, and every
    promise with its evidence.
    """
    context.read_anew()
    problems = [
        IntegrityProblem(
            part="record",
            record_id=r.id,
            text=f"Record {r.external_id!r} of {r.source!r}: its text does not match its content "
            "hash.",
        )
        for r in _records(context)
        if content_hash(r.text) != r.content_hash
    ]
    heldout = set(context.table.ids[context.table.heldout].tolist())
    acts: dict[int, list[Annotation]] = {}
    for act in context.store.annotations.scan():
        acts.setdefault(act.record_id, []).append(act)
    decisions: dict[int, list[Decision]] = {}
    for decision in context.store.decisions.scan():
        decisions.setdefault(decision.record_id, []).append(decision)
    for record_id in sorted(acts.keys() | decisions.keys()):
        sentences = _check_record(
            record_id, acts.get(record_id, []), decisions.get(record_id, []), record_id in heldout
        )
        problems += [
            IntegrityProblem(part="decision", text=x, record_id=record_id) for x in sentences
        ]
    return [
        *problems,
        *(IntegrityProblem(part="head", text=x) for x in _check_heads(context)),
        *(IntegrityProblem(part="vectors", text=x) for x in _check_vectors(context)),
        *(IntegrityProblem(part="promise", text=x) for x in verify_promises(context)),
    ]


def _check_vectors(context: ProjectContext) -> Iterator[str]:
    if not (context.folder / "vectors").exists():
        return
    damaged = context.vectors.damaged()
    if damaged:
        yield (
            f"{damaged} vectors in {context.vectors.data.name!r} do not match their checksums. "
            "Delete that file and its .keys file: the next run embeds again."
        )


def _check_heads(context: ProjectContext) -> Iterator[str]:
    """The newest head must be there and whole; an older one may be gone, but not be damaged."""
    cards = context.store.notes.models()
    for card in cards:
        if card is cards[-1] or wiring.head_file(context.folder, card.version).exists():
            try:
                wiring.read_head(context.folder, card)
            except ModelFileError as problem:
                yield str(problem)


def _check_record(
    record_id: int, acts: list[Annotation], decisions: list[Decision], heldout: bool
) -> Iterator[str]:
    if heldout:
        yield f"Record {record_id} is held out, and was annotated or decided."
    for before, after in pairwise(decisions):
        if not may_replace(before, after):
            yield f"Record {record_id}: a {before.by} decision was replaced by {after.by}."
    act = standing(acts)
    last = decisions[-1] if decisions else None
    labels = last.labels if last else None
    expected = decision_of(act) if act is not None and act.outcome in DECIDING else None
    if expected is not None and may_replace(last, expected):
        if labels != expected.labels:
            yield f"Record {record_id}: people say {expected.labels!r}, the decision {labels!r}."
    elif last and labels is not None and last.by in PEOPLE:
        stands = f"a {act.source} {act.outcome!r}" if act else "nothing"
        yield f"Record {record_id}: {stands} stands, and the decision in force is {labels!r}."
