"""Money and replies, in memory."""

from __future__ import annotations

from dataclasses import replace

from tiebreak.domain.ports import Completion, Spend
from tiebreak.store.memory.state import MemoryPart, Reservation, locked
from tiebreak.store.rules import not_reserved, over_budget


class MemoryLedger(MemoryPart):
    """`tiebreak.domain.ports.Ledger` in memory."""

    @locked
    def recall(self, request_hash: str) -> Completion | None:
        return self._state.replies.get(request_hash)

    @locked
    def reserve(self, request_hash: str, model: str, nanos: int, *, limit: int | None) -> int:
        totals = self.totals()
        spent = totals.nanos + totals.reserved_nanos
        if limit is not None and spent + nanos > limit:
            raise over_budget(nanos, spent, limit)
        number = len(self._state.spend) + 1
        self._state.spend[number] = Reservation(nanos=nanos, request_hash=request_hash)
        return number

    @locked
    def settle(self, reservation: int, completion: Completion, nanos: int) -> None:
        entry = self._open(reservation)
        self._state.replies.setdefault(entry.request_hash, completion)
        self._state.spend[reservation] = replace(
            entry, state="settled", nanos=nanos, usage=completion.usage
        )

    @locked
    def release(self, reservation: int) -> None:
        self._state.spend[reservation] = replace(self._open(reservation), state="released", nanos=0)

    @locked
    def abandon(self) -> int:
        waiting = {k: v for k, v in self._state.spend.items() if v.state == "reserved"}
        self._state.spend.update({k: replace(v, state="lost") for k, v in waiting.items()})
        return len(waiting)

    @locked
    def totals(self) -> Spend:
        entries = list(self._state.spend.values())
        settled = [e for e in entries if e.state == "settled"]
        lost = [e for e in entries if e.state == "lost"]
        return Spend(
            nanos=sum(e.nanos for e in settled) + sum(e.nanos for e in lost),
            reserved_nanos=sum(e.nanos for e in entries if e.state == "reserved"),
            calls=len(settled),
            prompt_tokens=sum(e.usage.prompt for e in settled),
            completion_tokens=sum(e.usage.completion for e in settled),
            lost=len(lost),
        )

    def _open(self, reservation: int) -> Reservation:
        # A reservation counted as lost may still be closed: its process was only slow.
        entry = self._state.spend.get(reservation)
        if entry is None or entry.state not in ("reserved", "lost"):
            raise not_reserved(reservation, entry.state if entry else None)
        return entry
