"""Embed every record that has no vector yet, link near duplicates, keep a large pool's index."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from tiebreak.retrieval.duplicates import near_duplicates
from tiebreak.retrieval.embedding import embed_missing
from tiebreak.workflow import label_names
from tiebreak.workflow.bench import Bench

NEAR = "near-duplicates"
"""The step in the log; its ``up_to`` is the last pool record that was looked at."""


def embed(bench: Bench) -> dict[str, Any]:
    """Bring vectors up to the records; returns what was done (nothing, the second time)."""
    hashes = bench.table.hashes
    report: dict[str, Any] = {"embedded": 0, "cut": 0}
    if bool((bench.placed < 0).any()):
        done = embed_missing(
            hashes, partial(_texts, bench), bench.vectors, bench.embedder, bench.progress
        )
        report = {**asdict(done), "texts_per_second": round(done.texts_per_second, 1)}
        bench.store.notes.report("embed", 0, report)
        bench.progress.note(
            f"embedded {done.embedded} texts ({done.texts_per_second:.0f} a second); "
            f"{done.cut} are longer than the encoder's window of {done.window} tokens"
        )
    label_names.keep(bench.schema, bench.vectors, bench.embedder)
    if len(bench.table.pool) > bench.settings.index.candidates_above and bench.near_rows:
        bench.near_rows.ready()  # now, not when people wait for their next batch
    return {**report, "near_duplicates": _link_near(bench)}


def _texts(bench: Bench, positions: npt.NDArray[np.int64]) -> list[str]:
    return [r.text for r in bench.store.records.get(bench.table.ids[positions].tolist())]


def _link_near(bench: Bench) -> int:
    """Link near duplicates within the pool, of records that came in since the last look."""
    pool = bench.table.pool
    looks = [p for step, _, p in bench.store.notes.reports() if step == NEAR]
    after = int(looks[-1]["up_to"]) if looks else 0
    if not len(pool) or pool[-1] <= after:
        return 0
    report: dict[str, Any] = {"up_to": int(pool[-1]), "linked": 0}
    most = bench.settings.index.near_duplicates_max
    if len(pool) > most:
        report["skipped"] = f"more records than index.near_duplicates_max = {most}"
        bench.progress.note(f"near duplicates were not looked for: {report['skipped']}")
    else:
        known = np.array([x.record_id for x in bench.store.records.links()], dtype=np.int64)
        ids = pool[~np.isin(pool, known)]
        bench.progress.start("near duplicates", None)
        links = near_duplicates(
            ids, bench.rows(ids), threshold=bench.settings.index.near_duplicate, after=after
        )
        bench.progress.done()
        report["linked"] = bench.store.records.link(links)
    bench.store.notes.report(NEAR, 0, report)
    return int(report["linked"])
