"""The review queue and its leases, in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tiebreak.domain.reviews import ReviewTask
from tiebreak.store.memory.state import MemoryPart, locked
from tiebreak.store.rules import served, stamp, task_order


class MemoryQueue(MemoryPart):
    """`tiebreak.domain.ports.Queue` in memory."""

    @locked
    def open(self, tasks: Sequence[ReviewTask]) -> int:
        self._check_known({task.record_id for task in tasks})
        created_at = stamp(self._memory.clock)
        taken = self._open_keys()
        before = len(self._state.tasks)
        for task in tasks:
            if (task.record_id, task.reason) not in taken:
                taken.add((task.record_id, task.reason))
                number = len(self._state.tasks) + 1
                self._state.tasks[number] = replace(
                    task, status="open", created_at=created_at, id=number
                )
        return len(self._state.tasks) - before

    @locked
    def tasks(self, *, status: str | None = "open", batch: int | None = None) -> list[ReviewTask]:
        return sorted(
            self._where(
                lambda task: (
                    (status is None or task.status == status)
                    and (batch is None or task.batch == batch)
                )
            ),
            key=task_order,
        )

    @locked
    def count(self, *, batch: int | None = None) -> int:
        return len({task.record_id for task in self.tasks(batch=batch)})

    @locked
    def close(self, record_ids: Sequence[int], *, cancel: Sequence[str] = ()) -> int:
        ids = set(record_ids)
        closing = self._where(
            lambda task: (
                task.status == "open"
                and task.record_id in ids
                and (not cancel or task.reason in cancel)
            )
        )
        for task in closing:
            self._state.tasks[task.id] = replace(task, status="cancelled" if cancel else "done")
        for record_id in ids - {record_id for record_id, _ in self._open_keys()}:
            self._state.leases.pop(record_id, None)
        return len(closing)

    @locked
    def reopen(self, record_ids: Sequence[int]) -> int:
        ids = set(record_ids)
        done = self._where(lambda task: task.status == "done" and task.record_id in ids)
        taken = self._open_keys()
        # The last one closed of each reason: an earlier round's must not come back beside it.
        last = {(task.record_id, task.reason): task for task in sorted(done, key=lambda t: t.id)}
        opening = [task for key, task in last.items() if key not in taken]
        for task in opening:
            self._state.tasks[task.id] = replace(task, status="open")
        return len(opening)

    @locked
    def lease(self, who: str, n: int, *, seconds: float) -> list[ReviewTask]:
        now = self._now()
        by_record: dict[int, list[ReviewTask]] = {}
        for task in self.tasks():
            by_record.setdefault(task.record_id, []).append(task)
        leases = self._state.leases
        live = {i: holder for i, (holder, expires) in leases.items() if expires > now}
        renewed = [i for i in by_record if live.get(i) == who]
        free = [i for i in by_record if i not in live]
        chosen = (renewed + free)[: max(n, 0)]
        leases.update(dict.fromkeys(chosen, (who, now + seconds)))
        return [served(by_record[i]) for i in chosen]

    @locked
    def hold(self, who: str, record_ids: Sequence[int], *, seconds: float) -> list[int]:
        now = self._now()
        open_ids = {record_id for record_id, _ in self._open_keys()}
        leased = [i for i in record_ids if i in open_ids and self._holder(i, now) in (None, who)]
        self._state.leases.update(dict.fromkeys(leased, (who, now + seconds)))
        return leased

    @locked
    def heartbeat(self, who: str, record_ids: Sequence[int], *, seconds: float) -> list[int]:
        now = self._now()
        leased = [i for i in record_ids if self._holder(i, now) == who]
        self._state.leases.update(dict.fromkeys(leased, (who, now + seconds)))
        return leased

    @locked
    def release(self, who: str, record_ids: Sequence[int] | None = None) -> int:
        now = self._now()
        ids = list(self._state.leases) if record_ids is None else set(record_ids)
        leased = [i for i in ids if self._holder(i, now) == who]
        for i in leased:
            del self._state.leases[i]
        return len(leased)

    def _holder(self, record_id: int, now: float) -> str | None:
        """Whose live lease it is."""
        holder, expires = self._state.leases.get(record_id, (None, now))
        return holder if expires > now else None

    def _now(self) -> float:
        return self._memory.clock().timestamp()

    def _where(self, wanted: Callable[[ReviewTask], bool]) -> list[ReviewTask]:
        return [task for task in self._state.tasks.values() if wanted(task)]

    def _open_keys(self) -> set[tuple[int, str]]:
        return {(t.record_id, t.reason) for t in self._where(lambda task: task.status == "open")}
