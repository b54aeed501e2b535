"""How every record of the pool stands: answered, labelled, open, out, awaited, withheld.

A step reads this once and hands it on. What was read of a log that only grows stands until the log
has grown, so that reading again costs one statement that counts rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from tiebreak.domain.arrays import Ids
from tiebreak.domain.batches import ModelInfo, QueryBatch
from tiebreak.domain.decisions import Decision
from tiebreak.domain.labels import LabelSchema, LabelValue
from tiebreak.domain.monitoring import Alarm
from tiebreak.domain.ports import Store
from tiebreak.domain.promises import Candidate, Policy
from tiebreak.domain.reviews import DECIDING, Annotation, ReviewTask, standing

if TYPE_CHECKING:
    from tiebreak.project.context import ProjectContext

T = TypeVar("T")

NOT_PROVEN = "not-yet-proven"
"""Reason of a label that was decided for release in a stream and goes out without a proof."""


@dataclass(frozen=True, eq=False)
class PoolState:
    """What the logs said when this was read.

    ``pool`` int64[n]: ids of the records that may be labelled. ``histories``: every act of each
    record that has any, by seq; ``standing``: the one in force. ``decisions``: the latest of each
    record. ``links``: the earlier record that a duplicate repeats. ``models``: by
    version. ``batches``: by round, each in the phase that it had when this was read. ``arrivals``:
    of a stream, under whatever policy; ``drawn``: record ids audited, by policy number. ``stream``:
    the settings ask for one.
    """

    schema: LabelSchema
    pool: Ids
    histories: Mapping[int, Sequence[Annotation]]
    standing: Mapping[int, Annotation]
    decisions: Mapping[int, Decision]
    links: Mapping[int, int]
    models: tuple[ModelInfo, ...]
    batches: tuple[QueryBatch, ...]
    policies: tuple[Policy, ...]
    arrivals: tuple[Candidate, ...]
    drawn: Mapping[int, Collection[int]]
    alarms: tuple[Alarm, ...]
    stream: bool

    @property
    def newest_policy(self) -> Policy | None:
        """The policy that was frozen last."""
        return self.policies[-1] if self.policies else None

    @cached_property
    def labelled(self) -> dict[int, tuple[str, LabelValue]]:
        """(by, labels) of each record that a person, real or simulated, labelled.

        These alone train the head and serve as demonstrations; never held-out records, never
        machine labels, never a label that the schema no longer has.
        """
        fits = self.schema.fits
        return {
            record_id: (d.by, d.labels)
            for record_id, d in self.decisions.items()
            if d.labels is not None and d.by in ("human", "simulated") and fits(d.labels)
        }

    @cached_property
    def answered_by_people(self) -> int:
        """Records that a person, real or simulated, labelled or found no label for."""
        return sum(
            act.source != "imported" and act.outcome in DECIDING for act in self.standing.values()
        )

    @cached_property
    def released(self) -> dict[int, Decision]:
        """Labels in force that went out under a certificate, by record."""
        return {
            record_id: decision
            for record_id, decision in self.decisions.items()
            if decision.by == "autonomous" and decision.labels is not None
        }

    @cached_property
    def unproven(self) -> dict[int, Decision]:
        """Labels of a stream in force that went out without a proof, by record: not autonomous."""
        return {
            record_id: decision
            for record_id, decision in self.decisions.items()
            if decision.labels is not None and decision.reasons[:1] == (NOT_PROVEN,)
        }

    @cached_property
    def taken_back(self) -> frozenset[tuple[int, int]]:
        """(policy, record id) of the arrivals whose labels an alarm took back, for good."""
        return frozenset(
            (c.policy, c.record_id)
            for c in (self.arrivals if self.alarms else ())
            for alarm in self.alarms
            if (alarm.policy, alarm.tier) == (c.policy, c.tier) and alarm.took_back(c.record_id)
        )

    @cached_property
    def awaited(self) -> frozenset[int]:
        """Arrivals of a stream that people are asked about in audits alone: audited ones, and those
        that were decided for release, out or held back. Empty where no stream is asked for."""
        if not self.stream:
            return frozenset()
        current = {p.number for p in self.policies if p.schema_version == self.schema.version}
        return frozenset(
            c.record_id
            for c in self.arrivals
            if c.policy in current
            and (c.release or c.record_id in self.drawn[c.policy])
            and c.record_id not in self.histories
            and (c.policy, c.record_id) not in self.taken_back
        )

    @cached_property
    def unlabelled(self) -> Ids:
        """Ids of pool records without an answer: nobody annotated them, with whatever outcome, no
        certificate covers their label, and no stream is about to give them one."""
        answered = np.fromiter(self.standing, dtype=np.int64)
        out = np.fromiter(self.released.keys() | self.awaited, dtype=np.int64)
        return self.pool[~np.isin(self.pool, np.concatenate([answered, out]))]

    def withheld(self, tasks: Sequence[ReviewTask], frozen: Collection[int]) -> set[int]:
        """Records that people are not asked to label now: what is out, and while audits of the
        newest policy wait among the open *tasks*, all its *frozen* candidates (record ids). A look
        at one of those would be one label less to prove."""
        out = set(self.released) | self.awaited
        waiting = {task.record_id for task in tasks if task.reason == "audit"}
        return out | set(frozen) if not waiting.isdisjoint(frozen) else out


def read_pool(context: ProjectContext) -> PoolState:
    """How the pool stands now; the same object as long as no log has grown."""
    store, stream, table = context.store, context.settings.promise.stream, context.table
    now = store.versions()
    key = (now, stream)
    kept: tuple[object, object, PoolState] | None = context.memo.get("pool")
    if kept is not None and kept[0] == key and kept[1] is table:
        return kept[2]
    known = kept[2] if kept is not None else None
    _since(context, "schema", now.schemas, context.refresh_schema)
    histories = _since(context, "acts", now.annotations, store.annotations.histories)
    policies = _since(context, "policies", now.policies, store.promises.policies)
    state = PoolState(
        schema=context.schema,
        pool=table.pool,
        histories=histories,
        standing=_since(context, "standing", now.annotations, lambda: _standing(histories)),
        decisions=_since(context, "decisions", now.decisions, store.decisions.latest),
        links=_since(
            context,
            "links",
            now.links,
            lambda: {x.record_id: x.of_id for x in store.records.links()},
        ),
        models=_since(context, "models", now.models, lambda: _models(store, known)),
        batches=_since(
            context, "batches", (now.batches, now.answers), lambda: _batches(store, known)
        ),
        policies=tuple(policies),
        arrivals=tuple(
            _since(context, "arrivals", now.candidates, lambda: _arrivals(store, policies))
        ),
        drawn=_since(
            context,
            "drawn",
            (now.audits, now.policies),
            lambda: {p.number: store.promises.drawn(p.number) for p in policies},
        ),
        alarms=tuple(_since(context, "alarms", now.alarms, store.monitoring.alarms)),
        stream=stream,
    )
    context.memo["pool"] = key, table, state
    return state


def frozen_candidates(context: ProjectContext, policy: Policy) -> tuple[Candidate, ...]:
    """The candidates of a policy's freeze, by record id; read once, for they never change."""
    return _since(
        context,
        f"candidates {policy.number}",
        policy.version,
        lambda: tuple(c for c in context.store.promises.candidates(policy.number) if c.pi is None),
    )


def frozen_ids(context: ProjectContext, policy: Policy | None) -> Collection[int]:
    """Their record ids; none without a policy."""
    if policy is None:
        return ()
    return _since(
        context,
        f"frozen {policy.number}",
        policy.version,
        lambda: frozenset(c.record_id for c in frozen_candidates(context, policy)),
    )


def _standing(histories: Mapping[int, Sequence[Annotation]]) -> dict[int, Annotation]:
    acts = ((record_id, standing(history)) for record_id, history in histories.items())
    return {record_id: act for record_id, act in acts if act is not None}


def _models(store: Store, known: PoolState | None) -> tuple[ModelInfo, ...]:
    """All models: those known and the one that came since, or read anew."""
    last, before = store.notes.last_model(), known.models if known is not None else ()
    if last is not None and before and last.version == before[-1].version + 1:
        return (*before, last)
    return tuple(store.notes.models())


def _batches(store: Store, known: PoolState | None) -> tuple[QueryBatch, ...]:
    """All batches: the newest ones read again, for only these are still answered."""
    last, before = store.batches.last(), known.batches if known is not None else ()
    if last is not None and before and last.round - before[-1].round in (0, 1):
        again = [store.batches.get(before[-1].round)] if last.round > before[-1].round else []
        return (*before[:-1], *again, last)
    return tuple(store.batches.all())


def _arrivals(store: Store, policies: Sequence[Policy]) -> list[Candidate]:
    takes_any = any(policy.audit_rate is not None for policy in policies)
    return store.promises.arrivals() if takes_any else []


def _since(context: ProjectContext, name: str, version: object, read: Callable[[], T]) -> T:
    """What *read* gives of a log, read again only when its *version* is another."""
    known: tuple[object, T] | None = context.memo.get(("log", name))
    if known is None or known[0] != version:
        known = context.memo["log", name] = version, read()
    return known[1]


def withheld_records(context: ProjectContext, tasks: Sequence[ReviewTask]) -> set[int]:
    """`PoolState.withheld` now, by the open *tasks*."""
    state = context.pool_state()
    return state.withheld(tasks, frozen_ids(context, state.newest_policy))


def batch_size(context: ProjectContext, requested: int | None) -> int:
    """Records per batch: as asked, as set, or one per label between 16 and 100."""
    return (
        requested or context.settings.select.batch or min(max(len(context.schema.names), 16), 100)
    )


def current_round(context: ProjectContext) -> int:
    """The number of the last batch; 0 before the first."""
    last = context.store.batches.last()
    return last.round if last else 0
