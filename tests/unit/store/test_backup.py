"""Backup and restore between engines, and of archives that are not what they should be."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from clock import TickingClock
from sqlalchemy import MetaData, Table, text
from stores import act, everything, filled, rows, suggestion, write_everywhere

from tiebreak.domain.records import content_hash
from tiebreak.errors import StoreCorrupt, StoreError, UsageError
from tiebreak.store import backup
from tiebreak.store.backup import MANIFEST, backup_tables, restore_tables
from tiebreak.store.sql import SqlStore, migrations
from tiebreak.store.sql.database import Database
from tiebreak.store.sql.engine import connect

DATA = Path(__file__).parents[2] / "data" / "migrations"


@pytest.fixture
def still() -> TickingClock:
    return TickingClock(step=0)


@pytest.fixture
def store(database_url: str, still: TickingClock) -> Any:
    opened = SqlStore.open(database_url, still)
    yield opened
    opened.close()


@pytest.fixture
def make(tmp_path: Path, still: TickingClock) -> Any:
    """Opens fresh SQLite stores."""
    opened: list[SqlStore] = []

    def open_() -> SqlStore:
        opened.append(SqlStore.open(tmp_path / f"fresh-{len(opened)}.db", still))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()


def archived(store: SqlStore) -> tuple[bytes, dict[str, int]]:
    """A backup of the store, as bytes, and what `backup_tables` said."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        told = backup_tables(store, archive)
    return buffer.getvalue(), told


def restored(store: SqlStore, raw: bytes) -> dict[str, int]:
    """Restore from bytes."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return restore_tables(store, archive)


def rewritten(raw: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """The archive with each member changed, or left out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            if (data := change(name, old.read(name))) is not None:
                new.writestr(name, data)
    return buffer.getvalue()


def with_manifest(raw: bytes, **values: Any) -> bytes:
    """The archive with other values in its manifest."""
    return rewritten(
        raw, lambda name, d: json.dumps(json.loads(d) | values).encode() if name == MANIFEST else d
    )


def test_what_was_backed_up_comes_back_on_the_other_engine(
    store: SqlStore, make: Callable[[], SqlStore]
) -> None:
    here, there = store, make()
    write_everywhere(here, 1)
    here.suggestions.append([suggestion(1, rationale="nul \0, half \ud800, é")])
    write_everywhere(here, 2)
    here.annotations.append([act(2, None, outcome="flag", suggestion=1, model_version=2)])
    raw, told = archived(here)
    assert told["records"] == 2
    assert told["suggestions"] == 3
    assert restored(there, raw) == told
    assert everything(there) == everything(here)
    again, _ = archived(there)
    back, _ = archived(here)
    assert json.loads(zipfile.ZipFile(io.BytesIO(again)).read(MANIFEST)) == json.loads(
        zipfile.ZipFile(io.BytesIO(back)).read(MANIFEST)
    )
    write_everywhere(there, 3)
    assert [r.id for r in there.records.scan()] == [1, 2, 3]


def test_a_backup_of_sqlite_restores_on_either_engine(
    store: SqlStore, make: Callable[[], SqlStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "CHUNK", 2)
    there, here = store, make()
    here.records.add(rows([f"t{i % 4}" for i in range(7)], metadata={"é": [1, None]}))
    write_everywhere(here, 1)
    raw, told = archived(here)
    assert restored(there, raw) == told
    assert everything(there) == everything(here)
    assert there.database.where != here.database.where


def test_a_backup_shows_one_moment(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(store, 2)
    write, written = backup._write, []

    def and_meanwhile(*args: Any) -> Any:
        done = write(*args)
        if not written:
            written.append(store.annotations.append([act(1)]))
        return done

    monkeypatch.setattr(backup, "_write", and_meanwhile)
    _, told = archived(store)
    assert (told["annotations"], store.annotations.count()) == (0, 1)


def test_a_database_that_holds_something_is_left_alone(
    store: SqlStore, make: Callable[[], SqlStore]
) -> None:
    write_everywhere(store, 1)
    there = make()
    filled(there)
    before = everything(there)
    with pytest.raises(UsageError, match="3 rows of 'records'"):
        restored(there, archived(store)[0])
    assert everything(there) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda name, data: None if name == MANIFEST else data,
        lambda name, data: None if name == "store/spend.jsonl" else data,
        lambda name, data: b"{" if name == MANIFEST else data,
        lambda name, data: b"[]" if name == MANIFEST else data,
        lambda name, data: data.replace(b"wild", b"mild") if "suggestions" in name else data,
        lambda name, data: data[: len(data) // 2] if "records" in name else data,
        lambda name, data: b"" if "decisions" in name else data,
    ],
)
def test_a_changed_archive_is_refused_whole(
    make: Callable[[], SqlStore], change: Callable[[str, bytes], bytes | None]
) -> None:
    store, there = make(), make()
    write_everywhere(store, 1)
    store.suggestions.append([suggestion(1, rationale="wild")])
    raw = rewritten(archived(store)[0], change)
    with pytest.raises(StoreCorrupt, match="Take another backup"):
        restored(there, raw)
    assert there.records.scan() == []
    assert there.ledger.totals().nanos == 0


def test_an_archive_with_damaged_bytes_is_refused_whole(make: Callable[[], SqlStore]) -> None:
    store, there = make(), make()
    write_everywhere(store, 1)
    raw = bytearray(archived(store)[0])
    at = raw.index(b"store/records.jsonl") + len("store/records.jsonl") + 30
    raw[at : at + 8] = b"\xff" * 8
    with pytest.raises(StoreCorrupt, match="Take another backup"):
        restored(there, bytes(raw))
    assert there.records.scan() == []


def test_an_archive_of_a_newer_version_asks_for_an_upgrade(make: Callable[[], SqlStore]) -> None:
    store, there = make(), make()
    write_everywhere(store, 1)
    newer = with_manifest(archived(store)[0], migrations=[*migrations.NAMES, "m999_future"])
    with pytest.raises(StoreError, match=r"m999_future.*Upgrade"):
        restored(there, newer)
    assert there.records.scan() == []


def test_an_archive_of_an_earlier_version_is_brought_up_to_date(
    store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Database(connect(tmp_path / "old.db"))
    migrations.migrate(old, stop_before="m002_loop")
    first = {n: t for n, t in backup.metadata.tables.items() if n in EARLY}
    with old.transaction() as conn:
        row = {"hash": bytes.fromhex(content_hash("old")), "meta": '{"n":1}'}
        conn.execute(
            text("INSERT INTO records VALUES (1, 1, :hash, 's', 'e', NULL, :meta, 'old')"), row
        )
    buffer = io.BytesIO()
    with monkeypatch.context() as patch, zipfile.ZipFile(buffer, "w") as archive:
        patch.setattr(backup, "metadata", type("Old", (), {"tables": first}))
        backup_tables(type("Store", (), {"database": old})(), archive)  # type: ignore[arg-type]
    old.close()
    assert restored(store, buffer.getvalue())["records"] == 1
    (record,) = store.records.get([1])
    assert (record.text, record.metadata, record.heldout) == ("old", {"n": 1}, True)
    assert store.ledger.reserve("h", "m", 5, limit=10) == 1


def test_acts_of_version_0_1_are_restored_with_no_evidence_named(
    store: SqlStore, make: Callable[[], SqlStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(tmp_path / "old.db")) as connection:
        connection.executescript((DATA / "v0_1.sql").read_text(encoding="utf-8"))
    old, today = MetaData(), make()
    later = {"annotations": {"suggestion", "model_version"}, "models": {"head", "trial"}}
    newer = {"policies", "candidates", "audits", "certificates"}
    newer |= {"drift_marks", "drift_readings", "alarms", "promise_terms"}
    for name, found in backup.metadata.tables.items():
        if name in newer:
            continue
        new = later.get(name, set())
        Table(name, old, *(c._copy() for c in found.columns if c.name not in new))
    buffer = io.BytesIO()
    with monkeypatch.context() as patch, zipfile.ZipFile(buffer, "w") as archive:
        patch.setattr(backup, "metadata", old)
        database = Database(connect(tmp_path / "old.db"))
        backup_tables(type("Store", (), {"database": database})(), archive)  # type: ignore[arg-type]
        database.close()
    assert restored(store, buffer.getvalue())["annotations"] == 2
    write_everywhere(filled(today), 1, promise=False)
    write_everywhere(today, 2, promise=False)
    assert everything(store) == everything(today)
    assert store.annotations.append([act(4, None, outcome="flag", suggestion=1)])[0].seq == 2


EARLY = {"records", "links", "gold", "schemas"}
