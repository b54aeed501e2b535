from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from agent_parts import labeller, ledger, schema, task

from tiebreak.agents.backends.scripted import ScriptedModel, answer_script, text_reply
from tiebreak.agents.calling import money
from tiebreak.agents.calling.calls import (
    CallEstimate,
    Reply,
    call_all,
    estimate_calls,
    request_hash,
)
from tiebreak.agents.labelling.composing import Prepared
from tiebreak.config import Price
from tiebreak.domain.evidence import NANOS, Usage
from tiebreak.domain.ports import Completion, Ledger, Message, Request
from tiebreak.errors import (
    BudgetExceeded,
    LLMForbidden,
    LLMRejected,
    LLMUnavailable,
    PriceMissing,
)

PRICE = Price(input=1.0, output=1.0)


def prepared(*texts: str) -> list[Prepared]:
    asks = labeller(ScriptedModel(["x"], max_top_logprobs=0))
    return [asks.prepare(task(text, i)) for i, text in enumerate(texts)]


def many(n: int) -> list[Prepared]:
    return prepared(*(f"text {i}" for i in range(n)))


def outcomes(replies: list[Reply]) -> list[type]:
    return [type(r.outcome) for r in replies]


def keep(into: list[Reply], replies: Iterator[Reply]) -> None:
    for reply in replies:
        into.append(reply)


def test_a_stored_reply_is_not_bought_twice() -> None:
    model, book = ScriptedModel(["yes"]), ledger()
    first = list(call_all(model, many(5), book))
    again = list(call_all(model, many(5), book))
    assert len(model.requests) == 5
    assert {r.request_hash: r.outcome for r in first} == {r.request_hash: r.outcome for r in again}
    assert book.totals().calls == 5


def test_a_failed_reply_is_never_stored() -> None:
    model = ScriptedModel([LLMUnavailable("down"), LLMRejected("too long"), "yes"])
    book = ledger()
    found = [outcomes(list(call_all(model, many(1), book)))[0] for _ in range(3)]
    assert found == [LLMUnavailable, LLMRejected, Completion]
    assert len(model.requests) == 3
    assert book.totals().calls == 1
    assert book.totals().reserved_nanos == 0


def test_an_unusable_reply_was_paid_for_and_is_stored() -> None:
    model, book = ScriptedModel(["no json at all"]), ledger()
    for _ in range(2):
        list(call_all(model, many(1), book))
    assert len(model.requests) == 1


def test_identical_requests_under_way_share_one_call() -> None:
    gate = threading.Barrier(2)

    def script(request: Request) -> str:
        if "same" in request.messages[-1].content:
            gate.wait(timeout=10)
        return "yes"

    model = ScriptedModel(script)
    work = prepared("first", "same", "same", "same", "same other")
    found = list(call_all(model, work, ledger(), concurrency=4))
    assert sorted(r.prepared.task.record_id for r in found) == [0, 1, 2, 3, 4]
    assert len(model.requests) == 3


def test_no_more_calls_at_once_than_asked_and_as_many() -> None:
    def script(request: Request) -> str:
        time.sleep(0.02)
        return "yes"

    model = ScriptedModel(script)
    assert len(list(call_all(model, many(30), ledger(), concurrency=5))) == 30
    assert model.peak == 5


def test_the_network_is_in_threads_and_the_ledger_is_not() -> None:
    here, calls_in, ledger_in = threading.get_ident(), set(), set()

    class Watched:
        def __init__(self, inner: Ledger) -> None:
            self.inner = inner

        def __getattr__(self, name: str) -> Any:
            ledger_in.add(threading.get_ident())
            return getattr(self.inner, name)

    def script(request: Request) -> str:
        calls_in.add(threading.get_ident())
        return "yes"

    list(call_all(ScriptedModel(script), many(8), Watched(ledger()), concurrency=3))
    assert ledger_in == {here}
    assert here not in calls_in


def test_requests_are_written_only_when_there_is_room_for_them() -> None:
    written = 0

    def source() -> Iterator[Prepared]:
        nonlocal written
        for one in many(50):
            written += 1
            yield one

    replies = call_all(ScriptedModel(["yes"]), source(), ledger(), concurrency=4)
    next(replies)
    assert written <= 1 + 4
    replies.close()


def test_the_budget_stops_new_calls_and_keeps_what_is_under_way() -> None:
    worst = money.worst_case(many(1)[0].request, PRICE)
    reply = Completion(text="yes", usage=Usage(prompt=worst // 4000))  # a fourth of the worst
    model, book, got = ScriptedModel([reply]), ledger(), []
    limit = worst * 10
    with pytest.raises(BudgetExceeded):
        keep(got, call_all(model, many(200), book, limit_nanos=limit, concurrency=4, price=PRICE))
    totals = book.totals()
    assert len(got) == len(model.requests) == totals.calls
    assert limit - 1.01 * worst < totals.nanos <= limit
    assert totals.reserved_nanos == 0


def test_actual_cost_is_settled_and_the_rest_let_go() -> None:
    book = ledger()
    request = many(1)[0].request
    list(call_all(ScriptedModel([text_reply("a b", request)]), many(1), book, price=PRICE))
    words = sum(len(m.content.split()) for m in request.messages)
    assert book.totals().nanos == (words + 2) * NANOS // 1_000_000


def test_a_budget_needs_a_price_before_anything_is_asked() -> None:
    model = ScriptedModel(["yes"], id="openai:m", remote=True)
    with pytest.raises(PriceMissing, match=r'\[prices\."openai:m"\]'):
        list(call_all(model, many(1), ledger(), limit_nanos=1))
    assert model.requests == []


def test_five_records_without_an_answer_mean_that_the_server_is_down() -> None:
    model, got = ScriptedModel([LLMUnavailable("500")]), []
    with pytest.raises(LLMUnavailable):
        keep(got, call_all(model, many(100), ledger(), concurrency=4))
    assert outcomes(got) == [LLMUnavailable] * 5
    assert len(model.requests) == 5


def test_scattered_failures_do_not_end_a_run() -> None:
    model = ScriptedModel([*[LLMUnavailable("500"), "yes"] * 10])
    found = outcomes(list(call_all(model, many(20), ledger())))
    assert found.count(LLMUnavailable) == 10


def test_a_refused_connection_at_the_start_ends_the_run_at_once() -> None:
    down = LLMUnavailable("cannot be reached")
    down.__cause__ = ConnectionRefusedError()
    model = ScriptedModel([down])
    with pytest.raises(LLMUnavailable):
        list(call_all(model, many(9), ledger()))
    assert len(model.requests) == 1


@pytest.mark.parametrize(
    "problem", [LLMRejected("key", status=401), LLMForbidden("switch"), ZeroDivisionError()]
)
def test_what_would_meet_every_request_ends_the_run_at_once(problem: Exception) -> None:
    book = ledger()
    with pytest.raises(type(problem)):
        list(call_all(ScriptedModel(["yes", problem]), many(9), book, concurrency=1))
    assert book.totals().calls == 1
    assert book.totals().reserved_nanos == 0


def test_a_rejected_record_does_not_count_as_the_server_being_down() -> None:
    model = ScriptedModel([LLMRejected("context", status=400)])
    assert outcomes(list(call_all(model, many(9), ledger()))) == [LLMRejected] * 9


def test_a_consumer_that_stops_loses_no_reply_that_was_paid_for() -> None:
    started = threading.Event()

    def script(request: Request) -> str:
        if model.requests.index(request) == 2:
            started.set()
            time.sleep(0.1)
        return "yes"

    model, book = ScriptedModel(script), ledger()
    replies = call_all(model, many(50), book, concurrency=2)
    next(replies)
    next(replies)
    started.wait(10)
    replies.close()
    assert book.totals().calls == len(model.requests) >= 3
    assert book.totals().reserved_nanos == 0


REQUEST = Request(messages=(Message(role="user", content="x"),), max_tokens=1)


def test_the_hash_is_of_all_that_matters() -> None:
    others = [
        replace(REQUEST, messages=(Message(role="system", content="x"),)),
        replace(REQUEST, messages=(Message(role="user", content="y"),)),
        replace(REQUEST, max_tokens=2),
        replace(REQUEST, temperature=0.5),
        replace(REQUEST, top_logprobs=1),
        replace(REQUEST, schema={"type": "object"}),
    ]
    hashes = {request_hash("m", REQUEST), request_hash("n", REQUEST)}
    hashes |= {request_hash("m", other) for other in others}
    assert len(hashes) == 8
    assert request_hash("m", REQUEST)[:12] == "f49b1db2c918"  # a stored reply must be found again


def test_the_forecast_scales_a_sample() -> None:
    asks = labeller(ScriptedModel(answer_script({})), schema("a", "b"))
    sample = [task(f"some text {i}", i) for i in range(10)]
    plan = estimate_calls(asks, sample, 1000, Price(input=1, output=1))
    assert plan.calls == 1000
    assert plan.tokens == 100 * estimate_calls(asks, sample, 10, None).tokens
    assert plan.money == pytest.approx(plan.tokens / 1_000_000)
    assert estimate_calls(asks, sample, 5, None) == CallEstimate(
        calls=5, tokens=plan.tokens // 200, money=0.0, priced=False
    )
