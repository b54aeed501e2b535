"""The desk: events in once and in order, leases by tab, cards out, a new epoch noticed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from clock import TickingClock
from desk_visits import ADA, BOB, event, learned_bench, visit

from tiebreak.domain.reviews import ReviewTask
from tiebreak.errors import UsageError
from tiebreak.loop.run import run_loop
from tiebreak.loop.running import RunOptions
from tiebreak.review.protocol import read_sync_request
from tiebreak.review.sync import ReviewSession, holder_of
from tiebreak.store.sql import SqlStore


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[ReviewSession]:
    context = learned_bench(tmp_path)
    yield ReviewSession(context)
    context.close()


def labels_of(desk: ReviewSession) -> dict[int, tuple[str, str | None]]:
    """(who, label) of what people, not the simulated ones, hold of each record."""
    return {
        i: (a.who, a.labels[0] if a.labels else None)
        for i, a in desk.context.store.annotations.standing().items()
        if a.source == "person"
    }


def test_cards_come_best_first_and_blind_ones_carry_no_machine_answer(desk: ReviewSession) -> None:
    cards = desk.sync("Ada", visit(want=24)).cards
    assert len(cards) == 24
    priorities = [c.task.priority for c in cards]
    assert priorities == sorted(priorities, reverse=True)
    blind = [c for c in cards if c.task.blind]
    assert blind
    assert all(
        (c.suggestion, c.model, c.model_version, c.neighbours) == (None, (), None, ())
        for c in blind
    )
    shown = [c for c in cards if not c.task.blind]
    assert all(len(c.model) == 12 and c.model_version == 2 for c in shown)
    assert all(1 <= len(c.neighbours) <= 3 for c in shown)
    assert all(a[1] >= b[1] for c in shown for a, b in zip(c.model, c.model[1:], strict=False))


def test_an_event_is_stored_once_however_often_it_comes(desk: ReviewSession) -> None:
    (card,) = desk.sync("Ada", visit(want=1)).cards
    name = desk.context.schema.names[3]
    sent = visit(ADA, event(card.record.id, name, seconds=1.5, model=2))
    for _ in range(3):
        answer = desk.sync("Ada", sent)
        assert (answer.acked, answer.refused, answer.mine) == (1, (), 1)
    (act,) = desk.context.store.annotations.of(card.record.id)
    assert (act.who, act.labels, act.seconds, act.model_version) == ("Ada", (name,), 1.5, 2)
    assert desk.context.store.decisions.latest()[card.record.id].by == "human"


def test_a_bad_event_holds_up_no_good_one(desk: ReviewSession) -> None:
    first, second, third = (c.record.id for c in desk.sync("Ada", visit(want=3)).cards)
    name = desk.context.schema.names[0]
    answer = desk.sync(
        "Ada",
        visit(
            ADA,
            event(first, name, seq=1),
            event(second, "no such label", seq=2),
            event(10**9, name, seq=3),
            event(third, "flag", seq=4, note="odd"),
        ),
    )
    assert answer.acked == 4
    assert [r.event.seq for r in answer.refused] == [2, 3]
    assert "no such label" in answer.refused[0].problem.fact
    assert "1000000000" in answer.refused[1].problem.fact
    assert labels_of(desk) == {first: ("Ada", name), third: ("Ada", None)}


def test_undo_brings_the_record_back_to_the_same_tab(desk: ReviewSession) -> None:
    (card,) = desk.sync("Ada", visit(want=1)).cards
    record, name = card.record.id, desk.context.schema.names[0]
    desk.sync("Ada", visit(ADA, event(record, name, seq=1)))
    answer = desk.sync("Ada", visit(ADA, event(record, "undo", seq=2)))
    assert (answer.refused, answer.mine) == ((), 0)
    theirs = {c.record.id for c in desk.sync("Bob", visit(BOB, want=100)).cards}
    assert theirs
    assert record not in theirs
    answer = desk.sync("Ada", visit(ADA, event(record, "none", seq=3)))
    assert labels_of(desk) == {record: ("Ada", None)}
    assert [a.outcome for a in desk.context.store.annotations.of(record)] == [
        "label",
        "undo",
        "none",
    ]


def test_nobody_undoes_anothers_answer(desk: ReviewSession) -> None:
    (card,) = desk.sync("Ada", visit(want=1)).cards
    record, name = card.record.id, desk.context.schema.names[0]
    desk.sync("Ada", visit(ADA, event(record, name)))
    answer = desk.sync("Bob", visit(BOB, event(record, "undo")))
    assert [r.event.record for r in answer.refused] == [record]
    assert labels_of(desk) == {record: ("Ada", name)}


def test_two_tabs_never_hold_one_record_and_a_lost_reply_is_asked_again(
    desk: ReviewSession,
) -> None:
    ada = {c.record.id for c in desk.sync("Ada", visit(want=10)).cards}
    other_tab = {c.record.id for c in desk.sync("Ada", visit("another-tab-of-ada", want=10)).cards}
    bob = {c.record.id for c in desk.sync("Bob", visit(BOB, want=10)).cards}
    assert (len(ada), len(other_tab), len(bob)) == (10, 10, 4)
    assert not (ada & other_tab or ada & bob or other_tab & bob)
    again = {c.record.id for c in desk.sync("Ada", visit(want=10)).cards}
    assert again == ada


def test_a_lease_that_ran_out_is_taken_up_again_or_is_lost(tmp_path: Path) -> None:
    desk = ReviewSession(learned_bench(tmp_path), lease_seconds=60)
    clock = desk.context.clock
    assert isinstance(clock, TickingClock)
    held = [c.record.id for c in desk.sync("Ada", visit(want=4)).cards]
    clock.advance(61)
    taken = [c.record.id for c in desk.sync("Bob", visit(BOB, want=2)).cards]
    assert taken == held[:2]
    answer = desk.sync("Ada", visit(held=held))
    assert answer.lost == tuple(held[:2])
    clock.advance(30)
    assert desk.sync("Bob", visit(BOB, want=100, held=taken)).cards
    assert desk.sync("Ada", visit(held=held[2:])).lost == ()


def test_a_tab_that_leaves_holds_nothing(desk: ReviewSession) -> None:
    held = [c.record.id for c in desk.sync("Ada", visit(want=3)).cards]
    name = desk.context.schema.names[0]
    answer = desk.sync("Ada", visit(ADA, event(held[0], name), leaving=True))
    assert (answer.acked, answer.cards) == (1, ())
    theirs = [c.record.id for c in desk.sync("Bob", visit(BOB, want=2)).cards]
    assert theirs == held[1:]


def test_released_records_go_to_the_next_who_asks(desk: ReviewSession) -> None:
    held = [c.record.id for c in desk.sync("Ada", visit(want=3)).cards]
    desk.sync("Ada", visit(held=held[:1], release=held[1:]))
    assert [c.record.id for c in desk.sync("Bob", visit(BOB, want=2)).cards] == held[1:]


def test_a_new_head_is_a_new_epoch(desk: ReviewSession) -> None:
    before = desk.sync("Ada", visit()).epoch
    assert not desk.refresh()
    run_loop(desk.context, RunOptions(batch=24, rounds=3, reviewer="labels"))
    assert desk.sync("Ada", visit()).epoch == before
    assert desk.refresh()
    answer = desk.sync("Ada", visit())
    assert answer.epoch != before
    assert answer.batch is not None
    assert answer.batch["round"] == 3


def test_what_is_left_is_counted(desk: ReviewSession) -> None:
    answer = desk.sync("Ada", visit(want=1))
    assert answer.left == 24
    assert answer.batch == {"round": 3, "size": 24, "left": 24}
    desk.sync("Ada", visit(ADA, event(answer.cards[0].record.id, "skip")))
    desk.refresh()
    answer = desk.sync("Ada", visit())
    assert answer.left == 23
    assert answer.batch == {"round": 3, "size": 24, "left": 23}


def test_gone_vectors_leave_people_their_work(desk: ReviewSession) -> None:
    for file in (desk.context.folder / "vectors").iterdir():
        file.unlink()
    cards = ReviewSession(desk.context).sync("Ada", visit(want=24)).cards
    assert len(cards) == 24
    assert all(c.model == () and c.neighbours == () for c in cards)


def test_a_record_without_a_vector_is_shown_without_the_model(desk: ReviewSession) -> None:
    from tiebreak.domain.records import NewRecord

    store = desk.context.store
    (new,) = store.records.add([NewRecord(source="s", external_id="e", text="new")]).inserted
    store.queue.open([ReviewTask(record_id=new, reason="selected", priority=9.0)])
    (card,) = desk.sync("Ada", visit(want=1)).cards
    assert (card.record.id, card.model, card.neighbours) == (new, (), ())


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        (b"", "the body"),
        (b"[]", "the body"),
        (b'{"client": "short"}', "client"),
        (b'{"client": "long-enough", "want": 1000}', "want"),
        (b'{"client": "long-enough", "surprise": 1}', "surprise"),
        (b'{"client": "long-enough", "held": ["1"]}', "held.0"),
        (
            b'{"client": "long-enough", "events": [{"key": "12345678", "seq": 1, "record": 1, '
            b'"outcome": "skip", "label": "x", "shown": "blind"}]}',
            "events.0",
        ),
    ],
)
def test_a_request_that_does_not_fit_is_refused_by_field(raw: bytes, where: str) -> None:
    with pytest.raises(UsageError, match=f"fit at {where}"):
        read_sync_request(raw)


def test_the_desk_serves_a_database_to_threads(
    tmp_path: Path, clock: TickingClock, database_url: str
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    store = SqlStore.open(database_url, clock)
    desk = ReviewSession(learned_bench(tmp_path, store=store))
    name = desk.context.schema.names[1]

    def work(number: int) -> list[int]:
        who, client, done = f"person {number}", f"client-{number:04d}", []
        while cards := desk.sync(who, visit(client, want=3)).cards:
            for card in cards:
                desk.sync(who, visit(client, event(card.record.id, name)))
                done.append(card.record.id)
        return done

    with ThreadPoolExecutor(4) as pool:
        done = [i for part in pool.map(work, range(4)) for i in part]
    assert len(done) == len(set(done)) == 24
    assert {i: (w.split()[0], label) for i, (w, label) in labels_of(desk).items()} == dict.fromkeys(
        done, ("person", name)
    )
    store.close()


def test_holders_are_told_apart_by_tab() -> None:
    assert holder_of("Ada", "12345678-aaaa") != holder_of("Ada", "87654321-aaaa")
    assert holder_of("Ada", "12345678-aaaa").startswith("Ada ")
