"""What every store does: one suite for memory, SQLite and PostgreSQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clock import TickingClock
from stores import (
    act,
    alarm,
    batch,
    candidate,
    card,
    certificate,
    decision,
    everything,
    filled,
    policy,
    reading,
    reply,
    route,
    rows,
    schema,
    suggestion,
    task,
    undo,
    write_everywhere,
)

from tiebreak.domain.batches import HeadComparison
from tiebreak.domain.monitoring import AskedTerms, DriftMark
from tiebreak.domain.ports import Store
from tiebreak.domain.records import Link, NewRecord, content_hash
from tiebreak.errors import BudgetExceeded, Conflict, InputError, StoreError, UsageError
from tiebreak.store.memory import MemoryStore
from tiebreak.store.sql import SqlStore

ENGINES = ["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=ENGINES)
def open_store(
    request: pytest.FixtureRequest, clock: TickingClock, tmp_path: Path
) -> Iterator[Callable[[], Store]]:
    """Opens the same store again at each call (memory: hands the one out)."""
    opened: list[Store] = []
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""

    def open_() -> Store:
        if request.param == "memory":
            opened.append(opened[0] if opened else MemoryStore(clock))
        else:
            opened.append(SqlStore.open(url or tmp_path / "store.db", clock))
        return opened[-1]

    yield open_
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()


def stripped(items: Any) -> list[Any]:
    """Items without what the store sets, except for ``seq``."""
    return [replace(item, created_at="") for item in items]


# ------------------------------------------------------------------------------------- records


def test_add_inserts_once(store: Store) -> None:
    first = store.records.add(rows(["one", "two"]))
    again = store.records.add(rows(["one", "two", "three"]))
    assert (first.inserted, first.existing, first.changed) == ((1, 2), 0, ())
    assert (again.inserted, again.existing, again.changed) == ((3,), 2, ())


def test_add_keeps_a_changed_text_as_it_was_and_says_so(store: Store) -> None:
    store.records.add(rows(["one", "two"]))
    added = store.records.add(rows(["one", "other"]))
    assert (added.inserted, added.existing, added.changed) == ((), 2, ("2",))
    assert [r.text for r in store.records.scan()] == ["one", "two"]


def test_add_sees_repeats_within_one_call(store: Store) -> None:
    same = rows(["one"]) + rows(["one"]) + rows(["uno"])
    added = store.records.add(same)
    assert (added.inserted, added.existing, added.changed) == ((1,), 2, ("1",))


def test_the_same_external_id_in_two_sources_is_two_records(store: Store) -> None:
    store.records.add(rows(["one"], "a.csv"))
    store.records.add(rows(["uno"], "b.csv"))
    assert store.records.lookup("1") == [1, 2]
    assert store.records.lookup("9") == []
    assert store.records.find("b.csv", ["9", "1"]) == {"1": 2}


def test_records_come_back_as_they_went_in(store: Store) -> None:
    text = "Zażółć \U0001f600 'quoted' %s :x\r\n\t"
    metadata = {"n": 1, "x": [1.5, None, True], "é": {"deep": "ü"}}
    new = NewRecord(source="s", external_id="é", text=text, metadata=metadata, split="test")
    store.records.add([replace(new, heldout=True, labels=("a",))])
    (record,) = store.records.get([1])
    assert record.text == text
    assert record.content_hash == content_hash(text)
    assert dict(record.metadata) == metadata
    assert (record.id, record.source, record.external_id) == (1, "s", "é")
    assert (record.split, record.heldout) == ("test", True)


@pytest.mark.parametrize("text", ["nul \0 inside", "half \ud800 pair", "\ufdd0", '\ufdd0"x"', ""])
def test_any_text_can_be_stored(store: Store, text: str) -> None:
    store.records.add([NewRecord(source=text, external_id=text, text=text, metadata={"t": text})])
    (record,) = store.records.get(store.records.lookup(text))
    assert (record.source, record.external_id, record.text) == (text, text, text)
    assert record.metadata == {"t": text}
    assert store.records.find(text, [text]) == {text: 1}
    store.suggestions.append([suggestion(1, rationale=text, labels=(text,))])
    assert store.suggestions.of(1)[0].rationale == text


def test_metadata_that_is_not_json_leaves_nothing_behind(store: Store) -> None:
    bad = NewRecord(source="s", external_id="2", text="t", metadata={"x": object()})
    with pytest.raises(InputError, match="JSON"):
        store.records.add([*rows(["one"]), bad])
    assert store.records.scan() == []
    assert store.records.add(rows(["one"])).inserted == (1,)


def test_exact_duplicates_link_to_the_earliest_of_their_side(store: Store) -> None:
    store.records.add(rows(["x", "y", "x"]))
    store.records.add(rows(["x", "z", "x"], "b.csv"))
    store.records.add(rows(["x", "x"], "test.csv", heldout=True))
    links = store.records.links()
    assert [(x.record_id, x.of_id) for x in links] == [(3, 1), (4, 1), (6, 1), (8, 7)]
    assert {(x.kind, x.similarity) for x in links} == {("exact", 1.0)}


def test_get_keeps_the_order_asked_and_names_what_is_missing(store: Store) -> None:
    filled(store, 4)
    assert [r.id for r in store.records.get([3, 1, 3])] == [3, 1, 3]
    with pytest.raises(StoreError, match="99"):
        store.records.get([1, 99])


def test_held_out_records_are_told_apart(store: Store) -> None:
    filled(store, 2)
    store.records.add(rows(["x", "y"], "t.csv", heldout=True))
    assert store.records.heldout([4, 1, 3, 3]) == {3, 4}
    assert store.records.heldout([]) == set()
    with pytest.raises(StoreError, match="99"):
        store.records.heldout([3, 99])


def test_scan_pages_by_id(store: Store) -> None:
    filled(store, 5)
    assert [r.id for r in store.records.scan(limit=2)] == [1, 2]
    assert [r.id for r in store.records.scan(after=2, limit=2)] == [3, 4]
    assert [r.id for r in store.records.scan(after=4)] == [5]
    assert store.records.scan(after=5) == []


def test_table_has_the_bare_columns(store: Store) -> None:
    empty = store.records.table()
    assert (len(empty.ids), len(empty.heldout), len(empty.hashes)) == (0, 0, 0)
    store.records.add(rows(["x", "y"]))
    store.records.add(rows(["z"], "t.csv", heldout=True))
    table = store.records.table()
    assert table.ids.dtype == np.int64
    assert table.ids.tolist() == [1, 2, 3]
    assert table.heldout.tolist() == [False, False, True]
    assert table.pool.tolist() == [1, 2]
    assert [bytes(h).hex() for h in table.hashes] == [content_hash(t) for t in "xyz"]


def test_splits_are_counted_by_side(store: Store) -> None:
    store.records.add(rows(["1", "2"], "a", split="train"))
    store.records.add(rows(["3"], "b", split="test", heldout=True))
    store.records.add(rows(["4"], "c"))
    assert store.records.splits() == {("train", False): 2, ("test", True): 1, (None, False): 1}


def test_the_first_link_of_a_record_stays(store: Store) -> None:
    filled(store, 4)
    near = [Link(record_id=3, of_id=i, kind="near", similarity=0.98) for i in (1, 2)]
    assert store.records.link(near) == 1
    assert store.records.link([near[1]]) == 0
    assert store.records.links() == [near[0]]


@pytest.mark.parametrize(("record_id", "of_id"), [(2, 2), (1, 2), (9, 1)])
def test_a_link_to_no_earlier_record_is_refused(store: Store, record_id: int, of_id: int) -> None:
    filled(store)
    with pytest.raises(StoreError):
        store.records.link([Link(record_id=record_id, of_id=of_id, kind="near", similarity=1.0)])
    assert store.records.links() == []


def test_gold_is_sealed_once(store: Store) -> None:
    filled(store)
    assert store.gold.put({2: ("b",), 1: ("a", "c")}) == 2
    assert store.gold.put({1: ("z",), 3: ("c",)}) == 1
    assert list(store.gold.get([3, 1, 99, 1]).items()) == [(1, ("a", "c")), (3, ("c",))]
    assert store.gold.count() == 3
    with pytest.raises(StoreError, match="99"):
        store.gold.put({99: ("a",)})


# ---------------------------------------------------------------------------------------- logs


def test_logs_count_per_record_and_stamp_the_time(store: Store, clock: TickingClock) -> None:
    filled(store)
    stored = store.suggestions.append([suggestion(1), suggestion(2), suggestion(1)])
    stored += store.suggestions.append([suggestion(1)])
    assert [(s.record_id, s.seq) for s in stored] == [(1, 1), (2, 1), (1, 2), (1, 3)]
    assert all(s.created_at.startswith("2026-01-01T00:00:00") for s in stored)
    assert stored[0].created_at < stored[-1].created_at
    assert stripped(stored[:1]) == [suggestion(1, seq=1)]
    assert store.suggestions.of(1) == [s for s in stored if s.record_id == 1]
    assert store.suggestions.of(3) == []
    assert store.suggestions.count() == 4


def test_logs_are_read_by_record_then_seq(store: Store) -> None:
    filled(store)
    stored = store.suggestions.append([suggestion(i) for i in (3, 1, 2, 1)])
    by_id = sorted(stored, key=lambda s: (s.record_id, s.seq))
    assert list(store.suggestions.scan()) == by_id
    latest = store.suggestions.latest()
    assert [(i, s.seq) for i, s in latest.items()] == [(1, 2), (2, 1), (3, 1)]
    assert list(store.suggestions.latest([3, 1, 99])) == [1, 3]
    assert store.suggestions.latest([]) == {}


def test_every_field_of_every_log_comes_back(store: Store) -> None:
    filled(store)
    items: dict[Any, Any] = {
        store.suggestions: [suggestion(1), suggestion(2, labels=None, abstain="refused: \0")],
        store.annotations: [
            act(1, seconds=1.5, shown="blind", note="hm", key="k", schema_version=2),
            act(2, None, outcome="flag", shown="evidence", suggestion=3, model_version=5),
        ],
        store.decisions: [
            decision(1, reasons=("person", "x"), policy_version="p", confidence=0.7),
            decision(2, "unproved", schema_version=3),
        ],
        store.routes: [route(1), route(2, outcome="proposed", labels=("a",), agent_labels=None)],
    }
    for log, given in items.items():
        log.append(given)
        assert stripped(log.scan()) == [replace(item, seq=1) for item in given]


def test_an_empty_append_is_nothing(store: Store) -> None:
    assert store.suggestions.append([]) == []
    assert store.records.add([]).inserted == ()
    assert list(store.suggestions.scan()) == []


def test_an_item_of_an_unknown_record_is_refused_whole(store: Store) -> None:
    filled(store)
    for log, good, bad in [
        (store.suggestions, suggestion(1), suggestion(99)),
        (store.annotations, act(1), act(99)),
        (store.decisions, decision(1), decision(99)),
        (store.routes, route(1), route(99)),
    ]:
        with pytest.raises(StoreError, match="99"):
            log.append([good, bad])  # type: ignore[attr-defined]
        assert log.count() == 0  # type: ignore[attr-defined]


def test_an_annotation_with_a_known_key_is_written_once(store: Store) -> None:
    filled(store)
    first = store.annotations.append([act(1, key="k1"), act(2), act(1, "b", key="k1")])
    assert [(a.record_id, a.seq) for a in first] == [(1, 1), (2, 1)]
    again = store.annotations.append([act(1, key="k1"), act(1, "c", key="k2"), act(2)])
    assert [(a.record_id, a.seq) for a in again] == [(1, 2), (2, 2)]


def test_standing_follows_the_rule(store: Store) -> None:
    filled(store, 5)
    store.annotations.append(
        [
            act(1, "a"),
            act(1, "b"),
            undo(1),
            act(2, "a", source="simulated"),
            act(2, "b", source="imported"),
            act(2, "c", source="simulated"),
            act(3),
            undo(3),
            act(4, None),
        ]
    )
    standing = store.annotations.standing()
    found = [(i, a.outcome, a.labels) for i, a in standing.items()]
    assert found == [(1, "label", ("a",)), (2, "label", ("b",)), (4, "none", None)]
    assert store.annotations.standing([4, 1, 3, 5]) == {i: standing[i] for i in (1, 4)}


def test_an_undo_is_for_its_authors_own_standing_act(store: Store) -> None:
    filled(store)
    store.annotations.append([act(1, "a", who="ann"), act(1, "b", who="bob")])
    with pytest.raises(UsageError, match=r"record 1 is from 'bob', and 'ann'.*Answer it anew"):
        store.annotations.append([act(2), undo(1, who="ann")])
    with pytest.raises(UsageError, match="Record 2 has no answer that 'ann'"):
        store.annotations.append([undo(2, who="ann")])
    assert store.annotations.count() == 2  # refused whole
    store.annotations.append([undo(1, who="bob"), undo(1, who="ann")])
    assert store.annotations.standing() == {}
    with pytest.raises(UsageError, match="Record 1 has no answer"):
        store.annotations.append([undo(1, who="ann")])


def test_an_undo_sees_what_stands_before_it_in_one_call(store: Store) -> None:
    filled(store)
    items = [act(1, who="ann"), undo(1, who="ann"), act(1, "b", who="bob"), undo(1, who="bob")]
    assert len(store.annotations.append(items)) == 4
    with pytest.raises(UsageError, match="is from 'bob'"):
        store.annotations.append([act(1, who="ann"), act(1, who="bob"), undo(1, who="ann")])
    assert store.annotations.standing() == {}


def test_a_repeated_undo_is_written_once_and_not_refused(store: Store) -> None:
    filled(store)
    store.annotations.append([act(1, key="1"), undo(1, key="2")])
    assert store.annotations.append([undo(1, key="2")]) == []
    store.annotations.append([act(1, "b", who="bob")])
    assert store.annotations.append([undo(1, key="2"), undo(1, key="2")]) == []
    assert store.annotations.standing()[1].who == "bob"


def test_people_decide_over_simulated_people_over_machines(store: Store) -> None:
    filled(store)
    orders = [("unproved", 1), ("simulated", 1), ("autonomous", 0), ("human", 1), ("simulated", 0)]
    for n, (by, kept) in enumerate(orders):
        assert len(store.decisions.append([decision(1, by, f"l{n}")])) == kept
    assert [d.by for d in store.decisions.of(1)] == ["unproved", "simulated", "human"]
    assert store.decisions.latest()[1].labels == ("l3",)


def test_a_withdrawn_human_decision_still_holds_machines_off(store: Store) -> None:
    filled(store)
    store.decisions.append([decision(1), decision(1, label=None)])
    assert store.decisions.append([decision(1, "simulated"), decision(1, "unproved")]) == []
    assert store.decisions.latest()[1].labels is None
    assert len(store.decisions.append([decision(1, label="b")])) == 1


def test_a_decision_that_changes_nothing_is_not_written(store: Store) -> None:
    filled(store)
    twice = [decision(1), decision(1, confidence=0.5), decision(1, label="b"), decision(1)]
    assert [d.seq for d in store.decisions.append(twice)] == [1, 2, 3]
    assert store.decisions.append([decision(1)]) == []
    assert len(store.decisions.append([decision(2), decision(1, label="b")])) == 2


def test_a_route_that_says_the_same_is_not_written(store: Store) -> None:
    filled(store)
    store.routes.append([route(1), route(1, priority=9.0, model_version=2)])
    assert store.routes.append([route(1, model_confidence=0.1)]) == []
    for change in ({"outcome": "proposed"}, {"labels": ("a",)}, {"model_label": "c"}):
        assert len(store.routes.append([route(1, **change)])) == 1
    assert [r.seq for r in store.routes.of(1)] == [1, 2, 3, 4]


# --------------------------------------------------------------------------------------- queue


def test_one_open_task_per_record_and_reason(store: Store) -> None:
    filled(store)
    assert store.queue.open([task(1), task(1, "control", blind=True), task(1), task(2)]) == 3
    assert store.queue.open([task(1, priority=9.0), task(2, "abstained")]) == 1
    found = store.queue.tasks()
    assert [(t.record_id, t.reason) for t in found] == [
        (1, "control"),
        (1, "selected"),
        (2, "abstained"),
        (2, "selected"),
    ]
    assert len({t.id for t in found}) == 4
    assert found[0].blind
    assert found[0].created_at.startswith("2026")
    with pytest.raises(StoreError, match="99"):
        store.queue.open([task(99)])


def test_records_with_an_open_task_are_counted_once(store: Store) -> None:
    filled(store, 4)
    assert (store.queue.count(), store.queue.count(batch=1)) == (0, 0)
    store.queue.open([task(1, batch=1), task(1, "uncertain"), task(2, batch=1), task(3, batch=2)])
    store.queue.lease("ann", 1, seconds=60)
    assert store.queue.count() == 3
    assert [store.queue.count(batch=n) for n in (1, 2, 3)] == [2, 1, 0]
    store.queue.close([1])
    store.queue.close([3], cancel=["selected"])
    assert (store.queue.count(), store.queue.count(batch=1)) == (1, 1)


def test_tasks_come_by_priority_and_can_be_narrowed(store: Store) -> None:
    filled(store, 4)
    store.queue.open([task(3, priority=1.5, batch=1), task(1, priority=0.5), task(2, batch=2)])
    store.queue.open([task(4, priority=1.5, batch=2)])
    assert [t.record_id for t in store.queue.tasks()] == [3, 4, 2, 1]
    assert [t.record_id for t in store.queue.tasks(batch=2)] == [4, 2]
    store.queue.close([4])
    assert [t.record_id for t in store.queue.tasks(batch=2)] == [2]
    assert [t.record_id for t in store.queue.tasks(batch=2, status=None)] == [4, 2]
    assert [t.record_id for t in store.queue.tasks(status="done")] == [4]


def test_closing_is_for_the_whole_record_or_for_some_reasons(store: Store) -> None:
    filled(store)
    store.queue.open([task(1), task(1, "control"), task(2), task(2, "uncertain"), task(3)])
    assert store.queue.close([1]) == 2
    assert store.queue.close([1]) == 0
    assert store.queue.close([2, 3], cancel=("uncertain", "abstained")) == 1
    statuses = {(t.record_id, t.reason): t.status for t in store.queue.tasks(status=None)}
    assert statuses == {
        (1, "control"): "done",
        (1, "selected"): "done",
        (2, "selected"): "open",
        (2, "uncertain"): "cancelled",
        (3, "selected"): "open",
    }


def test_a_closed_task_can_be_opened_again(store: Store) -> None:
    filled(store)
    store.queue.open([task(1), task(1, "uncertain"), task(2)])
    store.queue.close([1], cancel=["uncertain"])
    store.queue.close([1, 2])
    assert store.queue.reopen([1]) == 1
    assert store.queue.reopen([1]) == 0
    assert [(t.record_id, t.reason) for t in store.queue.tasks()] == [(1, "selected")]


def test_reopening_brings_one_task_per_reason_back(store: Store) -> None:
    filled(store)
    for round_ in (1, 2):
        store.queue.open([task(1, batch=round_)])
        store.queue.close([1])
    assert store.queue.reopen([1, 2]) == 1
    assert [t.batch for t in store.queue.tasks()] == [2]
    store.queue.close([1])
    store.queue.open([task(1, batch=3)])
    assert store.queue.reopen([1]) == 0


def test_a_lease_serves_each_record_once_best_first(store: Store) -> None:
    filled(store, 4)
    store.queue.open([task(1), task(2, "uncertain", 3.0), task(2, "control", 2.0, blind=True)])
    store.queue.open([task(2, "abstained", 3.0), task(3, priority=2.5), task(4, priority=1.0)])
    served = store.queue.lease("ann", 3, seconds=60)
    assert [(t.record_id, t.reason) for t in served] == [
        (2, "abstained"),
        (3, "selected"),
        (1, "selected"),
    ]
    assert [t.blind for t in served] == [True, False, False]
    assert store.queue.lease("ann", 0, seconds=60) == []


def test_two_people_never_hold_one_record(store: Store) -> None:
    filled(store, 5)
    store.queue.open([task(i, priority=float(i)) for i in range(1, 6)])
    ann = [t.record_id for t in store.queue.lease("ann", 2, seconds=60)]
    bob = [t.record_id for t in store.queue.lease("bob", 2, seconds=60)]
    eve = [t.record_id for t in store.queue.lease("eve", 2, seconds=60)]
    assert (ann, bob, eve) == ([5, 4], [3, 2], [1])
    assert store.queue.lease("kim", 2, seconds=60) == []


def test_asking_again_gives_the_same_records_first(store: Store) -> None:
    filled(store, 4)
    store.queue.open([task(1), task(2, priority=2.0)])
    assert [t.record_id for t in store.queue.lease("ann", 1, seconds=60)] == [2]
    store.queue.open([task(3, priority=9.0)])
    assert [t.record_id for t in store.queue.lease("ann", 1, seconds=60)] == [2]
    assert [t.record_id for t in store.queue.lease("ann", 3, seconds=60)] == [2, 3, 1]


def test_an_expired_lease_is_anybodys(store: Store, clock: TickingClock) -> None:
    filled(store)
    store.queue.open([task(1)])
    store.queue.lease("ann", 1, seconds=60)
    clock.advance(59)
    assert store.queue.lease("bob", 1, seconds=60) == []
    clock.advance(2)
    assert [t.record_id for t in store.queue.lease("bob", 1, seconds=60)] == [1]
    assert store.queue.heartbeat("ann", [1], seconds=60) == []
    assert store.queue.lease("ann", 1, seconds=60) == []


def test_a_lease_of_no_time_is_over_at_once(store: Store) -> None:
    filled(store)
    store.queue.open([task(1), task(2)])
    assert [t.record_id for t in store.queue.lease("ann", 5, seconds=0)] == [1, 2]
    assert [t.record_id for t in store.queue.lease("bob", 5, seconds=60)] == [1, 2]


def test_named_records_are_held_unless_they_are_anothers(store: Store) -> None:
    filled(store, 6)
    store.queue.open([task(i) for i in (1, 2, 3, 4)] + [task(1, "uncertain"), task(5)])
    store.queue.close([5])
    assert [t.record_id for t in store.queue.lease("bob", 1, seconds=60)] == [1]
    assert store.queue.hold("ann", [4, 1, 5, 6, 99, 2], seconds=60) == [4, 2]
    assert store.queue.hold("ann", [], seconds=60) == []
    assert [t.record_id for t in store.queue.lease("bob", 9, seconds=60)] == [1, 3]
    assert store.queue.heartbeat("ann", [4, 2], seconds=60) == [4, 2]


def test_holding_again_extends_and_takes_up_what_ran_out(store: Store, clock: TickingClock) -> None:
    filled(store)
    store.queue.open([task(1), task(2), task(3)])
    store.queue.lease("ann", 3, seconds=60)
    clock.advance(50)
    assert store.queue.hold("ann", [1, 2], seconds=60) == [1, 2]
    clock.advance(50)
    assert [t.record_id for t in store.queue.lease("bob", 3, seconds=100)] == [3]
    clock.advance(20)  # all of ann's ran out; nobody took 1 and 2
    assert store.queue.heartbeat("ann", [1, 2, 3], seconds=60) == []
    assert store.queue.hold("ann", [3, 2, 1], seconds=60) == [2, 1]
    assert store.queue.lease("bob", 3, seconds=60)[0].record_id == 3


def test_what_was_undone_comes_back_to_its_author(store: Store) -> None:
    filled(store)
    store.queue.open([task(1)])
    store.queue.lease("ann", 1, seconds=60)
    store.queue.close([1])
    assert store.queue.hold("ann", [1], seconds=60) == []  # it waits for nobody
    with store.transaction():
        store.queue.reopen([1])
        assert store.queue.hold("ann", [1], seconds=60) == [1]
    assert store.queue.lease("bob", 1, seconds=60) == []
    assert [t.record_id for t in store.queue.lease("ann", 1, seconds=60)] == [1]


def test_a_heartbeat_extends_a_live_lease_only(store: Store, clock: TickingClock) -> None:
    filled(store)
    store.queue.open([task(1), task(2), task(3)])
    store.queue.lease("ann", 2, seconds=60)
    clock.advance(50)
    assert store.queue.heartbeat("ann", [2, 1, 3], seconds=60) == [2, 1]
    clock.advance(50)
    assert store.queue.lease("bob", 3, seconds=60)[0].record_id == 3
    clock.advance(20)
    assert store.queue.heartbeat("ann", [1, 2], seconds=60) == []


def test_asking_again_extends_the_lease(store: Store, clock: TickingClock) -> None:
    filled(store)
    store.queue.open([task(1)])
    store.queue.lease("ann", 1, seconds=60)
    clock.advance(50)
    store.queue.lease("ann", 1, seconds=60)
    clock.advance(50)
    assert store.queue.lease("bob", 1, seconds=60) == []


def test_a_released_record_can_be_leased(store: Store) -> None:
    filled(store, 4)
    store.queue.open([task(i) for i in (1, 2, 3, 4)])
    store.queue.lease("ann", 3, seconds=60)
    assert store.queue.release("ann", [2, 4]) == 1
    assert store.queue.release("bob") == 0
    assert [t.record_id for t in store.queue.lease("bob", 5, seconds=60)] == [2, 4]
    assert store.queue.release("ann") == 2
    assert store.queue.release("ann") == 0
    assert [t.record_id for t in store.queue.lease("eve", 5, seconds=60)] == [1, 3]


def test_closing_lets_the_lease_go(store: Store) -> None:
    filled(store)
    store.queue.open([task(1), task(2), task(2, "uncertain")])
    store.queue.lease("ann", 2, seconds=60)
    store.queue.close([1])
    store.queue.close([2], cancel=["uncertain"])
    assert store.queue.heartbeat("ann", [1, 2], seconds=60) == [2]
    store.queue.reopen([1])
    assert [t.record_id for t in store.queue.lease("bob", 2, seconds=60)] == [1]


# ------------------------------------------------------------------------------------- batches


def test_batches_come_back_as_they_went_in(store: Store) -> None:
    filled(store, 5)
    assert store.batches.last() is None
    assert store.batches.all() == []
    store.batches.add(batch(2, [5, 1], model_version=1))
    store.batches.add(batch(1, [3, 2, 4]))
    assert replace(store.batches.get(1), created_at="") == batch(1, [3, 2, 4])
    assert [b.round for b in store.batches.all()] == [1, 2]
    last = store.batches.last()
    assert last is not None
    assert replace(last, created_at="") == batch(2, [5, 1], model_version=1)
    assert last.created_at.startswith("2026")


def test_a_round_has_one_batch(store: Store) -> None:
    filled(store)
    store.batches.add(batch(1, [1]))
    with pytest.raises(Conflict, match="1"):
        store.batches.add(batch(1, [2]))
    with pytest.raises(StoreError, match="99"):
        store.batches.add(batch(2, [99]))
    assert [i.record_id for i in store.batches.get(1).items] == [1]
    assert len(store.batches.all()) == 1


def test_a_missing_round_is_an_error(store: Store) -> None:
    for call in (
        lambda: store.batches.get(7),
        lambda: store.batches.advance(7, "routed"),
        lambda: store.batches.answer(7, []),
    ):
        with pytest.raises(StoreError, match="7"):
            call()


def test_a_batch_advances_and_never_goes_back(store: Store) -> None:
    filled(store)
    store.batches.add(batch(1, [1]))
    store.batches.advance(1, "answered")
    store.batches.advance(1, "prelabelled")
    assert store.batches.get(1).phase == "answered"
    store.batches.advance(1, "closed")
    assert store.batches.get(1).phase == "closed"


def test_answers_are_written_once(store: Store) -> None:
    filled(store)
    store.batches.add(batch(1, [1, 2]))
    one, two = store.batches.get(1).items
    model = replace(one, model_version=3, model_probabilities=(0.1, 0.7, 0.2))
    store.batches.answer(1, [model])
    assert store.batches.get(1).items == (model, two)
    agent = replace(model, model_probabilities=(1.0, 0.0, 0.0), agent="m", agent_labels=("a",))
    store.batches.answer(1, [agent, replace(two, agent="m", agent_labels=None)])
    store.batches.answer(1, [replace(two, agent="m2", agent_labels=("b",))])
    assert store.batches.get(1).items == (
        replace(model, agent="m", agent_labels=("a",)),
        replace(two, agent="m"),
    )
    with pytest.raises(StoreError, match="3"):
        store.batches.answer(1, [replace(one, record_id=3)])


# -------------------------------------------------------------------------------------- ledger


def test_a_settled_reply_can_be_recalled(store: Store) -> None:
    assert store.ledger.recall("h") is None
    number = store.ledger.reserve("h", "m", 100, limit=None)
    assert store.ledger.recall("h") is None
    assert store.ledger.totals().reserved_nanos == 100
    completion = replace(reply("a \0 \ud800 é"), refusal="no", finish="length")
    store.ledger.settle(number, completion, 40)
    assert store.ledger.recall("h") == completion
    totals = store.ledger.totals()
    assert (totals.nanos, totals.reserved_nanos, totals.calls, totals.lost) == (40, 0, 1, 0)
    assert (totals.prompt_tokens, totals.completion_tokens) == (10, 2)


def test_the_first_reply_stays_and_both_are_paid(store: Store) -> None:
    for text in ("first", "second"):
        number = store.ledger.reserve("h", "m", 10, limit=None)
        store.ledger.settle(number, replace(reply(text), top=None), 10)
    recalled = store.ledger.recall("h")
    assert recalled is not None
    assert recalled.text == "first"
    assert (store.ledger.totals().nanos, store.ledger.totals().calls) == (20, 2)


def test_reserving_counts_all_spending_against_the_limit(store: Store) -> None:
    first = store.ledger.reserve("a", "m", 600, limit=1000)
    with pytest.raises(BudgetExceeded):
        store.ledger.reserve("b", "m", 401, limit=1000)
    second = store.ledger.reserve("b", "m", 400, limit=1000)
    store.ledger.settle(first, reply(), 100)
    store.ledger.release(second)
    assert store.ledger.totals().nanos == 100
    store.ledger.reserve("c", "m", 900, limit=1000)
    assert store.ledger.abandon() == 1
    assert store.ledger.abandon() == 0
    totals = store.ledger.totals()
    assert (totals.nanos, totals.reserved_nanos, totals.lost) == (1000, 0, 1)
    with pytest.raises(BudgetExceeded):
        store.ledger.reserve("d", "m", 1, limit=1000)
    assert store.ledger.reserve("d", "m", 0, limit=1000) > second


def test_a_reservation_closes_once(store: Store) -> None:
    settled = store.ledger.reserve("a", "m", 10, limit=None)
    store.ledger.settle(settled, reply(), 10)
    released = store.ledger.reserve("b", "m", 10, limit=None)
    store.ledger.release(released)
    for number in (settled, released, 99):
        with pytest.raises(Conflict, match=str(number)):
            store.ledger.settle(number, reply(), 10)
        with pytest.raises(Conflict, match=str(number)):
            store.ledger.release(number)
    assert (store.ledger.totals().nanos, store.ledger.totals().calls) == (10, 1)


def test_a_lost_reservation_can_still_be_closed(store: Store) -> None:
    slow = store.ledger.reserve("a", "m", 100, limit=None)
    failed = store.ledger.reserve("b", "m", 100, limit=None)
    store.ledger.abandon()
    store.ledger.settle(slow, reply(), 30)
    store.ledger.release(failed)
    totals = store.ledger.totals()
    assert (totals.nanos, totals.reserved_nanos, totals.lost, totals.calls) == (30, 0, 0, 1)
    assert store.ledger.recall("a") == reply()


# --------------------------------------------------------------------------------------- notes


def test_a_new_schema_gets_the_next_version(store: Store) -> None:
    assert store.notes.schema() is None
    first = store.notes.put_schema(replace(schema("a", "b", guidelines="be kind"), version=9))
    assert first == replace(schema("a", "b", guidelines="be kind"), version=1)
    assert store.notes.put_schema(schema("a", "b", guidelines="be kind")) == first
    second = store.notes.put_schema(schema("a", "b"))
    assert (second.version, store.notes.schema()) == (2, second)
    assert store.notes.schema(1) == first
    assert store.notes.schema(3) is None
    assert store.notes.put_schema(first).version == 3
    assert store.notes.schema() == replace(first, version=3)


def test_model_cards_are_kept_by_version(store: Store) -> None:
    assert store.notes.models() == []
    assert store.notes.last_model() is None
    tried = card(2, c=3.0, head="semi_supervised", trial=HeadComparison(n=7, won=3, lost=1))
    store.notes.put_model(tried)
    store.notes.put_model(card(1))
    store.notes.put_model(card(1))
    assert store.notes.last_model() == store.notes.models()[-1]
    assert stripped(store.notes.models()) == [card(1), tried]
    assert store.notes.models()[0].created_at.startswith("2026")
    with pytest.raises(Conflict, match="1"):
        store.notes.put_model(card(1, temperature=2.0))


def test_reports_come_in_the_order_written(store: Store) -> None:
    store.notes.report("train", 2, {"n": 1, "deep": {"x": [1.5, None]}})
    store.notes.report("embed", 1, {})
    assert store.notes.reports() == [
        ("train", 2, {"n": 1, "deep": {"x": [1.5, None]}}),
        ("embed", 1, {}),
    ]


# ------------------------------------------------------------------------------------ promises


def test_a_policy_is_frozen_once(store: Store) -> None:
    filled(store)
    made = [candidate(1), candidate(2, labels=("a", "b\ud800"), score=1 / 3)]
    store.promises.freeze(policy(), made)
    store.promises.freeze(policy(), [])  # a repeated step
    with pytest.raises(Conflict):
        store.promises.freeze(policy(secret="cd" * 32), made)
    store.promises.freeze(policy(2, simulated=True), [candidate(3, 2)])
    assert stripped(store.promises.policies()) == [policy(), policy(2, simulated=True)]
    assert store.promises.candidates(1) == made
    assert [c.record_id for c in store.promises.candidates(2)] == [3]
    assert store.promises.candidates(3) == []


def test_a_candidate_that_is_no_record_leaves_no_policy(store: Store) -> None:
    filled(store)
    with pytest.raises(StoreError):
        store.promises.freeze(policy(), [candidate(1), candidate(9)])
    assert store.promises.policies() == []
    assert store.promises.candidates(1) == []


def test_a_record_is_drawn_once_for_a_policy(store: Store) -> None:
    filled(store)
    store.promises.freeze(policy(), [candidate(1), candidate(2)])
    assert store.promises.draw(1, [2]) == 1
    assert store.promises.draw(1, [2, 1, 1]) == 1
    assert store.promises.draw(1, [1, 2]) == 0
    assert store.promises.drawn(1) == {1, 2}
    assert store.promises.drawn(2) == set()
    with pytest.raises(StoreError, match="no candidate"):
        store.promises.draw(1, [1, 3])
    assert store.promises.drawn(1) == {1, 2}


def test_a_certificate_is_appended_when_it_says_something_new(store: Store) -> None:
    filled(store)
    store.promises.freeze(policy(), [candidate(1)])
    store.promises.freeze(policy(2), [candidate(1, 2)])
    states = [certificate(), certificate(wrong=1), certificate(2)]
    assert [store.promises.certify(state) for state in states] == [True, True, True]
    assert not store.promises.certify(certificate(wrong=1))
    assert store.promises.certify(certificate())  # as before the last one: that is new again
    found = store.promises.certificates()
    assert [(c.policy, c.seq, c.rungs[0].wrong) for c in found] == [
        (1, 1, 0), (1, 2, 1), (1, 3, 0), (2, 1, 0),
    ]  # fmt: skip
    assert replace(found[1], seq=0, created_at="") == certificate(wrong=1)
    assert float.fromhex(found[1].rungs[0].log_e) == -float("inf")
    assert [(c.policy, c.seq) for c in store.promises.certificates(last=True)] == [(1, 3), (2, 1)]


def test_arrivals_are_appended_once(store: Store) -> None:
    filled(store)
    store.promises.freeze(policy(audit_rate=0.1, upto=1), [candidate(1)])
    made = [candidate(2, pi=0.1, release=True), candidate(3, pi=0.1)]
    assert store.promises.arrive(made) == 2
    assert store.promises.arrive(made[:1]) == 0  # a repeated step
    assert store.promises.arrivals() == made
    assert store.promises.candidates(1) == [candidate(1), *made]
    assert store.promises.policies()[0].audit_rate == 0.1
    for other in (candidate(2, pi=0.1), candidate(1, pi=0.1)):
        with pytest.raises(Conflict, match="has arrived already"):
            store.promises.arrive([other])
    assert store.promises.draw(1, [2]) == 1
    assert store.promises.arrivals() == made


def test_a_policy_without_a_stream_takes_no_arrivals(store: Store) -> None:
    filled(store)
    store.promises.freeze(policy(), [])
    store.promises.freeze(policy(2, audit_rate=0.1), [])
    for bad in (candidate(2, pi=0.1), candidate(2, 2), candidate(2, 3, pi=0.1)):
        with pytest.raises(StoreError, match="stream"):
            store.promises.arrive([bad])
    with pytest.raises(StoreError):
        store.promises.arrive([candidate(9, 2, pi=0.1)])  # no record
    assert store.promises.arrivals() == []


def test_a_files_certificate_and_a_streams_stand_side_by_side(store: Store) -> None:
    filled(store)
    store.promises.freeze(policy(audit_rate=0.1), [])
    bound = {"lanes": [[0.1, 0.1 + 0.2, 3]], "in_force": False}
    states = [certificate(), certificate(mode="stream", rungs=(), bound=bound)]
    assert [store.promises.certify(state) for state in states * 2] == [True, True, False, False]
    for found in (store.promises.certificates(), store.promises.certificates(last=True)):
        assert [replace(c, seq=0, created_at="") for c in found] == states
        assert [c.seq for c in found] == [1, 1]


# ---------------------------------------------------------------------------------- monitoring


def test_marks_readings_alarms_and_terms_share_one_numbering(store: Store) -> None:
    filled(store)
    store.promises.freeze(policy(1), [candidate(1, 1)])
    kept = store.monitoring
    assert (kept.last_mark(), kept.last_reading(), kept.last_terms(), kept.alarms()) == (
        None, None, None, [],
    )  # fmt: skip
    first = kept.put_mark(DriftMark(kind="first_run", up_to=3))
    seen = kept.put_reading(reading(3, groups=(5, 2)))
    terms = kept.put_terms(AskedTerms(max_error=0.1, confidence=0.9, promise="dataset"))
    raised = [kept.put_alarm(alarm(1, tier="high \0")), kept.put_alarm(alarm(1))]
    last = kept.put_mark(DriftMark(kind="acknowledged", up_to=9))
    assert [x.id for x in (first, seen, terms, *raised, last)] == [1, 2, 3, 4, 5, 6]
    assert all(x.created_at for x in (first, seen, terms, *raised, last))
    assert (kept.last_mark(), kept.last_reading(), kept.last_terms(), kept.alarms()) == (
        last, seen, terms, raised,
    )  # fmt: skip
    assert seen.groups == (5, 2)


def test_versions_grow_with_each_log_and_with_nothing_else(store: Store) -> None:
    assert set(asdict(store.versions()).values()) == {0}
    write_everywhere(store, 1)
    before = store.versions()
    assert {name for name, rows in asdict(before).items() if not rows} == {"links", "answers"}
    store.queue.open([task(1, reason="relabel")])
    store.notes.report("step", 1, {})
    store.batches.advance(1, "routed")
    assert store.versions() == before
    store.batches.answer(1, [replace(store.batches.get(1).items[0], agent="m")])
    assert store.versions() == replace(before, answers=before.answers + 1)


def test_the_last_report_of_a_step(store: Store) -> None:
    assert store.notes.last_report("run") is None
    for n in (1, 2):
        store.notes.report("run", n, {"n": n})
    store.notes.report("embed", 3, {"n": 3})
    assert store.notes.last_report("run") == {"n": 2}


# -------------------------------------------------------------------------------- transactions


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    write_everywhere(store, 1)
    before = everything(store)
    with pytest.raises(ZeroDivisionError), store.transaction():
        write_everywhere(store, 2)
        assert everything(store) != before
        raise ZeroDivisionError
    assert everything(store) == before
    write_everywhere(store, 2)
    assert [r.id for r in store.records.scan()] == [1, 2]


def test_a_transaction_is_seen_by_others_as_a_whole(open_store: Callable[[], Store]) -> None:
    store, other = open_store(), open_store()
    with store.transaction():
        write_everywhere(store, 1)
        write_everywhere(store, 2)
        if other is not store:
            assert other.records.scan() == []
            assert other.suggestions.count() == 0
    assert everything(other) == everything(store)


def test_a_nested_transaction_joins_the_outer_one(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.transaction():
        with store.transaction():
            write_everywhere(store, 1)
        raise ZeroDivisionError
    assert store.records.scan() == []
    with store.transaction(), store.transaction():
        write_everywhere(store, 1)
    assert len(store.records.scan()) == 1


def test_a_refusal_inside_a_transaction_can_be_survived(store: Store) -> None:
    filled(store)
    with store.transaction():
        store.batches.add(batch(1, [1]))
        with pytest.raises(Conflict):
            store.batches.add(batch(1, [2]))
        with pytest.raises(BudgetExceeded):
            store.ledger.reserve("h", "m", 5, limit=4)
        with pytest.raises(StoreError):
            store.annotations.append([act(99)])
        with pytest.raises(UsageError):
            store.annotations.append([act(3), undo(1)])
        store.annotations.append([act(2)])
    assert store.annotations.count() == 1
    assert len(store.batches.all()) == 1


def test_an_annotation_and_its_undo_flow(store: Store) -> None:
    filled(store)
    store.queue.open([task(1)])
    store.queue.lease("ann", 1, seconds=60)
    with store.transaction():
        store.annotations.append([act(1, key="1")])
        store.decisions.append([decision(1)])
        store.queue.close([1])
    with store.transaction():
        store.annotations.append([undo(1, key="2")])
        assert store.annotations.standing([1]) == {}
        store.decisions.append([decision(1, label=None, reasons=("undone",))])
        store.queue.reopen([1])
    assert [d.labels for d in store.decisions.of(1)] == [("a",), None]
    assert [t.record_id for t in store.queue.lease("bob", 1, seconds=60)] == [1]


def test_larger_numbers_than_one_statement_takes(store: Store) -> None:
    n = 12_000
    added = store.records.add(rows([f"t{i % 9000}" for i in range(n)]))
    assert added.inserted == tuple(range(1, n + 1))
    assert len(store.records.links()) == 3000
    assert store.records.add(rows([f"t{i % 9000}" for i in range(n)])).existing == n
    ids = list(range(n, 0, -1))
    assert [r.id for r in store.records.get(ids)] == ids
    assert len(store.records.find("a.csv", [str(i) for i in ids])) == n
    assert len(store.decisions.append([decision(i) for i in ids])) == n
    assert list(store.decisions.latest(ids)) == sorted(ids)
    assert Counter(d.seq for d in store.decisions.scan()) == {1: n}
    assert store.queue.open([task(i) for i in ids]) == n
    assert store.queue.close(ids) == n
    assert store.records.table().ids.tolist() == sorted(ids)
