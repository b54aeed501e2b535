"""The memory store and the SQL store tell the same story after any sequence of acts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from clock import TickingClock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stores import act, decision, reply, task, undo

from tiebreak.domain.ports import Store
from tiebreak.domain.records import NewRecord
from tiebreak.domain.reviews import standing
from tiebreak.errors import BudgetExceeded, Conflict, UsageError
from tiebreak.store.memory import MemoryStore
from tiebreak.store.sql import SqlStore

N = 3
"""Records of one example. The stores live through all examples: a new database costs most."""

FEW = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Twins:
    """Both stores under one clock that stands still unless told."""

    def __init__(self, folder: Path) -> None:
        self.clock = TickingClock(step=0)
        self.memory: Store = MemoryStore(self.clock)
        self.sql: Store = SqlStore.open(folder / "twin.db", self.clock)
        self._made = 0

    def new_records(self) -> list[int]:
        """Ids of *N* records that no example has touched, the same in both stores."""
        self._made += 1
        new = [
            NewRecord(source="s", external_id=f"{self._made}-{i}", text=f"{self._made} {i}")
            for i in range(N)
        ]
        ids = {store.records.add(new).inserted for store in (self.memory, self.sql)}
        assert len(ids) == 1
        return list(ids.pop())

    def same(self, call: Callable[[Store], Any]) -> Any:
        """The result of a call on both, which must be equal."""
        results = [call(store) for store in (self.memory, self.sql)]
        assert results[0] == results[1]
        return results[0]


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    made = Twins(tmp_path_factory.mktemp("twins"))
    yield made
    made.sql.close()


record = st.integers(0, N - 1)
label = st.sampled_from(["a", "b"])
source = st.sampled_from(["person", "imported", "simulated"])
who = st.sampled_from(["ann", "bob"])
outcome = st.sampled_from(["label", "none", "skip", "flag", "undo"])
annotate = st.tuples(record, who, outcome, source, label)
keys = st.one_of(st.none(), st.sampled_from(["1", "2", "3"]))


@FEW
@given(st.lists(st.lists(st.tuples(annotate, keys), max_size=4), max_size=6))
def test_the_same_annotations_stand(twins: Twins, acts: list[list[Any]]) -> None:
    ids = twins.new_records()

    def item(spec: Any) -> Any:
        (at, name, outcome, kind, label), key = spec
        fields = {"who": name, "source": kind, "key": key and f"{ids[0]}-{key}"}
        fields |= {"suggestion": 1, "model_version": 2} if label == "b" else {}
        if outcome == "undo":
            return undo(ids[at], **fields)
        return act(ids[at], label if outcome == "label" else None, outcome=outcome, **fields)

    def append(store: Store, items: list[Any]) -> Any:
        try:
            return store.annotations.append(items)
        except UsageError as refusal:
            return str(refusal)

    for some in acts:
        given_items = [item(spec) for spec in some]
        twins.same(lambda store, items=given_items: append(store, items))
    found = twins.same(lambda store: store.annotations.standing(ids))
    histories = {i: twins.same(lambda store, i=i: store.annotations.of(i)) for i in ids}
    assert found == {i: a for i, history in histories.items() if (a := standing(history))}


@FEW
@given(
    st.lists(
        st.tuples(record, st.sampled_from(["human", "simulated", "autonomous", "unproved"]), label),
        max_size=12,
    )
)
def test_a_person_is_never_overruled(twins: Twins, specs: list[Any]) -> None:
    ids = twins.new_records()
    twins.same(lambda store: store.decisions.append([decision(ids[i], b, x) for i, b, x in specs]))
    latest = twins.same(lambda store: store.decisions.latest(ids))
    for at, record_id in enumerate(ids):
        people = [name for i, by, name in specs if i == at and by == "human"]
        if people:
            assert (latest[record_id].by, latest[record_id].labels) == ("human", (people[-1],))


queue_op = st.one_of(
    st.tuples(
        st.just("open"), record, st.sampled_from(["selected", "control", "uncertain"]),
        st.sampled_from([0.5, 1.0, 2.0]), st.booleans(),
    ),
    st.tuples(st.just("lease"), who, st.integers(0, 3)),
    st.tuples(st.just("heartbeat"), who, st.lists(record, max_size=2)),
    st.tuples(st.just("hold"), who, st.lists(record, max_size=3)),
    st.tuples(st.just("release"), who, st.one_of(st.none(), st.lists(record, max_size=2))),
    st.tuples(st.just("close"), record, st.sampled_from([(), ("uncertain",)])),
    st.tuples(st.just("reopen"), record),
    st.tuples(st.just("wait"), st.sampled_from([1.0, 9.0, 10.0, 11.0])),
)  # fmt: skip


@FEW
@given(st.lists(queue_op, max_size=25))
def test_the_same_tasks_are_served(twins: Twins, ops: list[Any]) -> None:
    ids = twins.new_records()
    calls: dict[str, Callable[..., Callable[[Store], Any]]] = {
        "open": lambda i, reason, priority, blind: (
            lambda store: store.queue.open([task(ids[i], reason, priority, blind=blind)])
        ),
        "lease": lambda name, n: lambda store: store.queue.lease(name, n, seconds=10),
        "heartbeat": lambda name, some: (
            lambda store: store.queue.heartbeat(name, [ids[i] for i in some], seconds=10)
        ),
        "hold": lambda name, some: (
            lambda store: store.queue.hold(name, [ids[i] for i in some], seconds=10)
        ),
        "release": lambda name, some: (
            lambda store: store.queue.release(
                name, None if some is None else [ids[i] for i in some]
            )
        ),
        "close": lambda i, cancel: lambda store: store.queue.close([ids[i]], cancel=cancel),
        "reopen": lambda i: lambda store: store.queue.reopen([ids[i]]),
    }
    for name, *args in ops:
        if name == "wait":
            twins.clock.advance(*args)
        else:
            twins.same(calls[name](*args))
        twins.same(lambda store: store.queue.tasks(status=None))
        waiting = twins.same(lambda store: store.queue.count())
        assert waiting == len({t.record_id for t in twins.memory.queue.tasks()})
    # Nobody's leftovers for the next example.
    twins.same(lambda store: store.queue.close(ids))


spend_op = st.one_of(
    st.tuples(st.just("reserve"), st.integers(0, 50)),
    st.tuples(st.just("settle"), st.integers(0, 6), st.integers(0, 50)),
    st.tuples(st.just("release"), st.integers(0, 6)),
    st.tuples(st.just("abandon")),
)


@FEW
@given(st.lists(spend_op, max_size=20))
def test_money_is_counted_alike_and_never_passes_the_limit(twins: Twins, ops: list[Any]) -> None:
    start = twins.same(lambda store: store.ledger.totals())
    limit = start.nanos + start.reserved_nanos + 100
    base = twins.same(lambda store: store.ledger.reserve("base", "m", 0, limit=None))

    def run(store: Store, name: str, args: list[int]) -> Any:
        try:
            if name == "reserve":
                return store.ledger.reserve("h", "m", args[0], limit=limit)
            if name == "settle":
                # What is settled stays within what was reserved, as prices make sure of.
                return store.ledger.settle(base + args[0], reply(), 0)
            if name == "release":
                return store.ledger.release(base + args[0])
            return store.ledger.abandon()
        except (BudgetExceeded, Conflict) as error:
            return str(error)

    for name, *args in ops:
        twins.same(lambda store, name=name, args=args: run(store, name, args))
        totals = twins.same(lambda store: store.ledger.totals())
        assert totals.nanos + totals.reserved_nanos <= limit
