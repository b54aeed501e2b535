"""**Simulated** people at a project context: named as such, with a clock between their answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from contexts import make_context

from tiebreak.domain.labels import Label, LabelSchema
from tiebreak.domain.reviews import Annotation, ReviewTask
from tiebreak.project.context import ProjectContext
from tiebreak.review.annotate import write_annotations

NAMES = ("bug", "praise", "question")
ADA, BOB, CAY = "simulated Ada", "simulated Bob", "simulated Cay"


def crowd_bench(folder: Path, n: int = 60, **settings: Any) -> ProjectContext:
    """A project context of *n* records, ids 1 to n, under three labels; nothing is sealed."""
    rows = [{"id": f"r{i}", "text": f"text {i}", "label": "", "split": "train"} for i in range(n)]
    schema = LabelSchema(labels=tuple(Label(name=name) for name in NAMES))
    return make_context(folder, rows, settings=settings, gold=False, schema=schema)


def say(
    context: ProjectContext,
    who: str,
    answers: Mapping[int, str],
    *,
    shown: str = "blind",
    seconds: float = 4.0,
    **more: Any,
) -> list[Annotation]:
    """*who* answers these records, one after the other, in *seconds* each; "" is none of these."""
    written = []
    for record_id, label in answers.items():
        context.clock.advance(seconds)  # type: ignore[attr-defined]
        act = Annotation(
            record_id=record_id, who=who, source="person", shown=shown, seconds=seconds,
            outcome="label" if label else "none", labels=(label,) if label else None, **more,
        )  # fmt: skip
        written += write_annotations(context.store, context.schema, [act])
    return written


def ask(context: ProjectContext, ids: Sequence[int], reason: Any, *, blind: bool = True) -> None:
    """Open a task for each of these records."""
    context.store.queue.open(
        [ReviewTask(record_id=i, reason=reason, priority=2.0, blind=blind) for i in ids]
    )


def reasons(context: ProjectContext) -> dict[int, str]:
    """The reason of each record's open task."""
    return {task.record_id: task.reason for task in context.store.queue.tasks()}
