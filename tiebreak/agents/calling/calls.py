"""Many calls at once, each bought at most once: recall, reserve, call, settle.

The network runs in threads; the ledger and every result stay in the calling thread. Identical
requests under way share one call. A call is reserved at its worst case before it starts and
settled, together with its reply, when it ends; a call that failed is released.
"""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Protocol

from tiebreak.agents.calling import money
from tiebreak.agents.calling.interrupts import SafePoints
from tiebreak.agents.labelling import fitting
from tiebreak.agents.labelling.composing import LabelTask, Prepared
from tiebreak.config import Price
from tiebreak.domain.evidence import NANOS, Usage
from tiebreak.domain.ports import Completion, LabelModel, Ledger, Request
from tiebreak.errors import BudgetExceeded, LLMRejected, LLMUnavailable

MAX_FAILURES_IN_A_ROW = 5
"""So many records in a row without an answer mean that the server is down, not the records bad."""
REQUEST_ERRORS = frozenset({400, 413, 422})
"""Refusals that say something about one request; the others (401, 403, 404 …) meet every one."""
UNREACHABLE = (ConnectionRefusedError, socket.gaierror)
"""Causes that no record can have; a broken connection or a timeout may be one record's doing."""
POLL_SECONDS = 0.2
"""Seconds between looks for Ctrl-C while calls are under way."""
USUAL_RATIONALE = 60
"""Tokens of a typical generated answer, for forecasts only."""


@dataclass(frozen=True)
class Failure:
    """No answer for this record: the server failed at it, after retries. Asking again may help."""

    record_id: int
    error: str


@dataclass(frozen=True)
class Reply:
    """What came of a prepared request: a completion, or the server's refusal of this request."""

    prepared: Prepared
    request_hash: str
    outcome: Completion | LLMRejected | LLMUnavailable


class Preparer(Protocol):
    """What a forecast needs of a labeller."""

    def prepare(self, task: LabelTask) -> Prepared:
        """The request that would be sent for a task."""
        ...


def request_hash(model_id: str, request: Request) -> str:
    """SHA-256 (hex) of all that decides a reply: model, messages, limits, schema."""
    body = [
        model_id,
        [[m.role, m.content] for m in request.messages],
        request.max_tokens,
        request.temperature,
        request.top_logprobs,
        request.schema,
    ]
    raw = json.dumps(body, ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(raw.encode()).hexdigest()


def call_all(
    model: LabelModel,
    prepared: Iterable[Prepared],
    ledger: Ledger,
    *,
    limit_nanos: int | None = None,
    concurrency: int = 1,
    price: Price | None = None,
) -> Generator[Reply]:
    """Send requests, at most *concurrency* at once, and yield replies as they arrive.

    Until a first call succeeds they go one by one. Whatever ends the iteration (an error, a
    budget, the consumer), calls under way are waited for and settled: they are paid for.

    Raises:
        PriceMissing: a budget over a model without a price.
        BudgetExceeded: the next call could pass the budget; after all under way were yielded.
        LLMUnavailable: the connection was refused at the start, or five records in a row failed.
        LLMRejected: a refusal that would meet every request (401, 403, 404 …).
        LLMForbidden: the kill switch is on.
    """
    money.require_price(model, price, limit_nanos)
    with (
        SafePoints() as safe,
        ThreadPoolExecutor(concurrency, thread_name_prefix="tiebreak-agent") as pool,
    ):
        run = _Calls(model, ledger, limit_nanos, concurrency, price, pool, safe)
        try:
            yield from run.all(iter(prepared))
        finally:
            run.drain()


@dataclass
class _Flight:
    reservation: int
    request: Request
    waiting: list[Prepared]


@dataclass
class _Source:
    """Requests to send, of which one can be put back."""

    items: Iterator[Prepared]
    returned: Prepared | None = None

    def next(self) -> Prepared | None:
        item, self.returned = self.returned, None
        return item or next(self.items, None)

    def put_back(self, item: Prepared) -> None:
        self.returned = item


@dataclass
class _Calls:
    """The state of one `call_all`."""

    model: LabelModel
    ledger: Ledger
    limit: int | None
    concurrency: int
    price: Price | None
    pool: ThreadPoolExecutor
    safe: SafePoints
    flights: dict[str, _Flight] = field(default_factory=dict)
    under_way: dict[Future[Completion], str] = field(default_factory=dict)
    successes: int = 0
    failures_in_a_row: int = 0

    def all(self, prepared: Iterator[Prepared]) -> Iterator[Reply]:
        stop: BaseException | None = None
        source = _Source(prepared)
        while True:
            while stop is None and self._may_start() and (one := source.next()) is not None:
                try:
                    known = self._start(one)
                except BudgetExceeded as problem:
                    source.put_back(one)
                    if not self.under_way:
                        stop = problem
                    break  # what is under way may cost less than was reserved: then try again
                if known is not None:
                    yield known
            if not self.under_way:
                break
            done, _ = wait(self.under_way, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
            self.safe.check()
            for future in done:
                replies, fatal = self._land(future)
                yield from replies
                stop = stop or fatal
        if stop is not None:
            raise stop

    def _may_start(self) -> bool:
        return len(self.under_way) < (self.concurrency if self.successes else 1)

    def _start(self, one: Prepared) -> Reply | None:
        key = request_hash(self.model.id, one.request)
        if key in self.flights:
            self.flights[key].waiting.append(one)
            return None
        known = self.ledger.recall(key)
        if known is not None:
            return Reply(one, key, known)
        worst = money.worst_case(one.request, self.price)
        reservation = self.ledger.reserve(key, self.model.id, worst, limit=self.limit)
        self.flights[key] = _Flight(reservation, one.request, [one])
        self.under_way[self.pool.submit(self.model.complete, one.request)] = key
        return None

    def _land(self, future: Future[Completion]) -> tuple[list[Reply], BaseException | None]:
        """Settle or release one call; its replies, and an error that must end the run."""
        key = self.under_way.pop(future)
        flight = self.flights.pop(key)
        problem = future.exception()
        if problem is None:
            completion = future.result()
            nanos = money.charge(flight.request, completion, self.price)
            self.ledger.settle(flight.reservation, completion, nanos)
            self.successes += 1
            self.failures_in_a_row = 0
            return [Reply(one, key, completion) for one in flight.waiting], None
        self.ledger.release(flight.reservation)
        if isinstance(problem, LLMRejected) and problem.status in REQUEST_ERRORS:
            self.failures_in_a_row = 0
            return [Reply(one, key, problem) for one in flight.waiting], None
        if not isinstance(problem, LLMUnavailable):
            return [], problem
        self.failures_in_a_row += 1
        refused = not self.successes and isinstance(problem.__cause__, UNREACHABLE)
        over = refused or self.failures_in_a_row >= MAX_FAILURES_IN_A_ROW
        replies = [Reply(one, key, problem) for one in flight.waiting]
        return replies, problem if over else None

    def drain(self) -> None:
        """Wait for what is under way and settle it; nobody hears of the replies any more."""
        while self.under_way:
            done, _ = wait(self.under_way, return_when=FIRST_COMPLETED)
            for future in done:
                self._land(future)


@dataclass(frozen=True, kw_only=True, slots=True)
class CallEstimate:
    """About what ``calls`` will take: ``tokens`` sent and received, and ``money`` in the currency's
    unit; 0 without a price, and then ``priced`` is false."""

    calls: int
    tokens: int
    money: float
    priced: bool


def estimate_calls(
    labeller: Preparer, tasks_sample: Sequence[LabelTask], n_total: int, price: Price | None
) -> CallEstimate:
    """About what asking about *n_total* records will take, from a sample of their prompts."""
    sent = received = 0
    for task in tasks_sample:
        request = labeller.prepare(task).request
        sent += sum(fitting.tokens(m.content) + fitting.PER_MESSAGE for m in request.messages)
        received += min(request.max_tokens, USUAL_RATIONALE)
    share = n_total / max(len(tasks_sample), 1)
    usage = Usage(prompt=round(sent * share), completion=round(received * share))
    return CallEstimate(
        calls=n_total,
        tokens=usage.prompt + usage.completion,
        money=money.cost(usage, price) / NANOS,
        priced=price is not None,
    )
