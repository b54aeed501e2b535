"""Records, duplicate links and gold, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from tiebreak.domain.labels import LabelValue
from tiebreak.domain.ports import Added
from tiebreak.domain.records import Link, NewRecord, Record, RecordTable, content_hash
from tiebreak.store.jsontext import decode_json, encode_json
from tiebreak.store.memory.state import MemoryPart, locked
from tiebreak.store.rules import check_links


class MemoryRecords(MemoryPart):
    """`tiebreak.domain.ports.Records` in memory."""

    @locked
    def add(self, rows: Sequence[NewRecord]) -> Added:
        inserted: list[int] = []
        changed: list[str] = []
        existing = 0
        # Written out first: a value that is not JSON must not leave half of the rows behind.
        metadata = [encode_json(row.metadata) for row in rows]
        for row, written in zip(rows, metadata, strict=True):
            known = self._state.by_key.get((row.source, row.external_id))
            if known is None:
                inserted.append(self._insert(row, written))
                continue
            existing += 1
            if self._state.records[known].text != row.text:
                changed.append(row.external_id)
        return Added(inserted=tuple(inserted), existing=existing, changed=tuple(changed))

    def _insert(self, row: NewRecord, metadata: str) -> int:
        state = self._state
        record = Record(
            id=len(state.records) + 1,
            source=row.source,
            external_id=row.external_id,
            text=row.text,
            content_hash=content_hash(row.text),
            metadata=decode_json(metadata),
            split=row.split,
            heldout=row.heldout,
        )
        state.records[record.id] = record
        state.by_key[row.source, row.external_id] = record.id
        first = state.by_hash.setdefault((record.content_hash, row.heldout), record.id)
        if first != record.id:
            state.links[record.id] = Link(
                record_id=record.id, of_id=first, kind="exact", similarity=1.0
            )
        return record.id

    @locked
    def get(self, ids: Sequence[int]) -> list[Record]:
        self._check_known(set(ids))
        return [self._state.records[i] for i in ids]

    @locked
    def heldout(self, ids: Sequence[int]) -> set[int]:
        return {record.id for record in self.get(ids) if record.heldout}

    @locked
    def find(self, source: str, external_ids: Sequence[str]) -> dict[str, int]:
        known = self._state.by_key
        return {e: known[source, e] for e in external_ids if (source, e) in known}

    @locked
    def lookup(self, external_id: str) -> list[int]:
        return sorted(i for i, r in self._state.records.items() if r.external_id == external_id)

    @locked
    def scan(self, *, after: int = 0, limit: int = 1000) -> list[Record]:
        # Ids run from 1 without gaps, in the order of insertion.
        end = min(len(self._state.records), after + limit)
        return [self._state.records[i] for i in range(after + 1, end + 1)]

    @locked
    def table(self) -> RecordTable:
        rows = list(self._state.records.values())
        raw = b"".join(bytes.fromhex(r.content_hash) for r in rows)
        return RecordTable(
            ids=np.array([r.id for r in rows], dtype=np.int64),
            heldout=np.array([r.heldout for r in rows], dtype=np.bool_),
            hashes=np.frombuffer(raw, dtype="V32"),
        )

    @locked
    def splits(self) -> dict[tuple[str | None, bool], int]:
        return dict(Counter((r.split, r.heldout) for r in self._state.records.values()))

    @locked
    def link(self, links: Sequence[Link]) -> int:
        check_links(links)
        self._check_known({x.record_id for x in links} | {x.of_id for x in links})
        before = len(self._state.links)
        for link in links:
            self._state.links.setdefault(link.record_id, link)
        return len(self._state.links) - before

    @locked
    def links(self) -> list[Link]:
        return [link for _, link in sorted(self._state.links.items())]


class MemoryGold(MemoryPart):
    """`tiebreak.domain.ports.Gold` in memory."""

    @locked
    def put(self, labels: Mapping[int, LabelValue]) -> int:
        self._check_known(set(labels))
        new = {i: value for i, value in labels.items() if i not in self._state.gold}
        self._state.gold.update(new)
        return len(new)

    @locked
    def get(self, ids: Sequence[int]) -> dict[int, LabelValue]:
        return {i: self._state.gold[i] for i in sorted(set(ids)) if i in self._state.gold}

    @locked
    def count(self) -> int:
        return len(self._state.gold)
