"""A run over a server that misbehaves in every way at once, from the labeller down to HTTP."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest
from agent_parts import labeller, ledger, task
from chat_stub import ChatStub, error, refusal, reset, truncated

from benchmarks.agents.chat_server import Sent, chat_reply
from tiebreak.agents.backends.openai_chat import OpenAIChat
from tiebreak.agents.calling.calls import Failure
from tiebreak.agents.labelling.fencing import fenced
from tiebreak.domain.evidence import Suggestion
from tiebreak.errors import LLMRejected, LLMUnavailable

GOOD = Sent(chat_reply('{"label": "ham", "rationale": "It is lunch."}'))
FAULTS = {
    "refused": refusal(),
    "truncated": truncated(),
    "invalid-json": Sent(chat_reply("ham, I think")),
    "unknown-label": Sent(chat_reply('{"label": "eggs"}')),
    "empty": Sent(chat_reply("")),
    "rejected": error(400, "This is longer than the context."),
}
DOWN = {"down": error(500, Retry_After="0.01"), "reset": reset()}


def by_text(replies: dict[str, Sent], body: dict[str, Any]) -> Sent:
    return replies.get(fenced(body["messages"][-1]["content"]) or "", GOOD)


def run(
    url: str, texts: list[str], book: Any, *, concurrency: int = 3
) -> dict[str, Suggestion | Failure]:
    model = OpenAIChat("m", base_url=url, retries=1, timeout=5, top_logprobs=0)
    tasks = [task(text, i) for i, text in enumerate(texts)]
    try:
        found = list(labeller(model).label(tasks, book, concurrency=concurrency))
    finally:
        model.close()
    return {texts[s.record_id]: s for s in found}


def test_each_fault_is_told_and_nothing_good_is_lost() -> None:
    texts = ["fine 1", *FAULTS, "fine 2", *DOWN, "fine 3"]
    with ChatStub(lambda body: by_text(FAULTS | DOWN, body)) as stub:
        found = run(stub.url, texts, ledger())
    for text, said in found.items():
        if text in DOWN:
            assert isinstance(said, Failure)
        else:
            assert isinstance(said, Suggestion)
            assert said.abstain == (text if text in FAULTS else None)
            assert said.labels == (None if text in FAULTS else ("ham",))
    assert len(found) == len(texts)


def test_replies_are_bought_once_and_failures_are_asked_again() -> None:
    texts = ["fine 1", *FAULTS, *DOWN, "fine 2"]
    book = ledger()
    with ChatStub(lambda body: by_text(FAULTS | DOWN, body)) as stub:
        first = run(stub.url, texts, book)
        seen = stub.calls
        second = run(stub.url, texts, book)
        asked_again = Counter(
            fenced(body["messages"][-1]["content"]) for body in stub.bodies[seen:]
        )
    assert first == second
    assert asked_again == {"rejected": 1, "down": 2, "reset": 2}  # two: one retry each
    stored = [text for text in texts if text not in DOWN and text != "rejected"]
    assert book.totals().calls == len(stored)
    assert book.totals().reserved_nanos == 0


def test_a_server_that_recovers_is_asked_for_what_it_failed_at() -> None:
    book, replies = ledger(), dict(DOWN)
    with ChatStub(lambda body: by_text(replies, body)) as stub:
        assert isinstance(run(stub.url, ["fine", "down"], book)["down"], Failure)
        replies.clear()
        assert isinstance(run(stub.url, ["fine", "down"], book)["down"], Suggestion)
        assert book.totals().calls == 2


def test_the_server_never_sees_more_at_once_than_asked() -> None:
    gate = threading.Semaphore(0)

    def slow(body: dict[str, Any]) -> Sent:
        if stub.calls > 1:
            gate.acquire(timeout=0.2)
        return GOOD

    with ChatStub(slow) as stub:
        found = run(stub.url, [f"text {i}" for i in range(24)], ledger(), concurrency=4)
    assert len(found) == 24
    assert stub.peak == 4


def test_a_429_in_the_middle_delays_and_loses_nothing() -> None:
    waited: set[str] = set()

    def busy_once(body: dict[str, Any]) -> Sent:
        text = fenced(body["messages"][-1]["content"]) or ""
        if text not in waited:
            waited.add(text)
            return error(429, Retry_After="0.02")
        return GOOD

    with ChatStub(busy_once) as stub:
        found = run(stub.url, [f"text {i}" for i in range(6)], ledger(), concurrency=1)
    assert all(isinstance(s, Suggestion) for s in found.values())
    assert stub.calls == 12
    assert stub.answered == 6


def test_a_refused_key_ends_the_run_after_one_call() -> None:
    with ChatStub(error(401, "no such key")) as stub:
        with pytest.raises(LLMRejected, match="OPENAI_API_KEY"):
            run(stub.url, ["a", "b", "c"], ledger())
        assert stub.calls == 1


def test_a_server_that_stays_down_ends_the_run_after_five_records() -> None:
    with ChatStub(error(503, "gone", Retry_After="0.01")) as stub:
        with pytest.raises(LLMUnavailable, match="503"):
            run(stub.url, [f"text {i}" for i in range(50)], ledger())
        assert stub.calls == 5 * 2
