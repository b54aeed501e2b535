"""A reviewer in a process of its own, who may be killed at any point of the work."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from tiebreak.domain.ports import Store
from tiebreak.domain.reviews import Annotation
from tiebreak.store.sql import SqlStore

SECONDS = 0.4
"""How long a lease lasts: long beside the work on one record, short beside the test."""


def review(url: str, folder: Path, name: str, seed: int, deadly: float) -> None:
    """Lease and annotate until no task is open; at each point die with probability *deadly*.

    Whoever holds a record says so in a file of that name in *folder*, and complains in a file
    ``held-twice`` if the record is another's there whose lease cannot have ended yet.
    """
    rng = random.Random(seed)

    def perhaps_die() -> None:
        if rng.random() < deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    store = SqlStore.open(url, lambda: datetime.now(UTC))
    while waiting := [t.record_id for t in store.queue.tasks()]:
        ends = time.time() + SECONDS  # read before the store's clock, so never too late
        if rng.random() < 0.3:  # by name, as after an undo
            wanted = rng.sample(waiting, min(3, len(waiting)))
            held = store.queue.hold(name, wanted, seconds=SECONDS)
        else:
            leased = store.queue.lease(name, rng.randint(1, 3), seconds=SECONDS)
            held = [t.record_id for t in leased]
        perhaps_die()
        for record_id in held:
            _claim(folder, record_id, name, ends)
        if not held:
            time.sleep(0.02)
        for record_id in held:
            perhaps_die()
            _answer(store, folder, name, record_id, perhaps_die)
    store.close()


def _claim(folder: Path, record_id: int, name: str, ends: float) -> None:
    file = folder / str(record_id)
    with suppress(FileNotFoundError):
        other, _, until = file.read_text().rpartition(" ")
        if other != name and float(until) > time.time():
            with (folder / "held-twice").open("a") as complaints:
                complaints.write(f"{record_id}: {other} and {name}\n")
    mine = folder / f"{record_id}-{name}"
    mine.write_text(f"{name} {ends}")
    mine.replace(file)


def _answer(
    store: Store, folder: Path, name: str, record_id: int, perhaps_die: Callable[[], None]
) -> None:
    act = Annotation(record_id=record_id, who=name, source="person", outcome="label", labels=("a",))
    store.queue.heartbeat(name, [record_id], seconds=SECONDS)
    perhaps_die()
    with store.transaction():
        # Not a heartbeat: who closes a task locks it first, and its lease after.
        if store.queue.hold(name, [record_id], seconds=SECONDS) != [record_id]:
            return  # was slower than the lease: it may be another's by now
        store.annotations.append([act])
        perhaps_die()
        store.queue.close([record_id])
        (folder / str(record_id)).unlink(missing_ok=True)
        perhaps_die()
    perhaps_die()
