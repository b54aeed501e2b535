"""Run ``tiebreak run`` and die by SIGKILL at the n-th crash point: a child of the kill test.

``killed_run.py WHAT N COUNTS -- ARGUMENTS``. WHAT is ``reply`` (a reply has arrived and is not
committed), ``promise`` (a freeze, a draw or a certificate comes next) or ``any`` (any of the
writes below, before or after). N 0 lives, and writes how many
points of each sort it passed into the file COUNTS.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tiebreak.cli.main import main
from tiebreak.learner import heads
from tiebreak.store.sql.batches import SqlBatches
from tiebreak.store.sql.ledger import SqlLedger
from tiebreak.store.sql.logs import SqlAnnotations, SqlLog
from tiebreak.store.sql.monitoring import SqlMonitoring
from tiebreak.store.sql.notes import SqlNotes
from tiebreak.store.sql.promises import SqlPromises
from tiebreak.store.sql.queue import SqlQueue
from tiebreak.store.sql.records import SqlRecords
from tiebreak.store.vectors import VectorFile

what, nth, counts_file = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
passed: Counter[str] = Counter()


def point(*sorts: str) -> None:
    for sort in sorts:
        passed[sort] += 1
        if sort == what and passed[sort] == nth:
            os.kill(os.getpid(), signal.SIGKILL)


def around(owner: Any, name: str, *before: str) -> None:
    work: Callable[..., Any] = getattr(owner, name)

    @functools.wraps(work)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        point("any", *before)
        result = work(*args, **kwargs)
        point("any")
        return result

    setattr(owner, name, wrapped)


around(SqlLedger, "settle", "reply")
around(SqlLedger, "reserve")
around(SqlLog, "append")
around(SqlAnnotations, "append")
around(SqlBatches, "add")
around(SqlBatches, "advance")
around(SqlBatches, "answer")
around(SqlMonitoring, "_put")
around(SqlNotes, "put_model")
around(SqlNotes, "report")
around(SqlQueue, "open")
around(SqlQueue, "close")
around(SqlRecords, "link")
around(SqlPromises, "freeze", "promise")
around(SqlPromises, "draw", "promise")
around(SqlPromises, "certify", "promise")
around(VectorFile, "append")
around(heads, "save_head")

try:
    main(sys.argv[sys.argv.index("--") + 1 :])
finally:
    counts_file.write_text(json.dumps(passed))
