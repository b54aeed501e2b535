"""Migrations: from old data, all or nothing, and what they leave in the database."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from clock import TickingClock
from sqlalchemy import inspect, text
from stores import act, alarm, candidate, everything, filled, policy, undo, write_everywhere

from tiebreak.domain.batches import BatchItem, ModelInfo
from tiebreak.domain.decisions import Decision, Route
from tiebreak.domain.evidence import Suggestion
from tiebreak.domain.monitoring import DriftMark
from tiebreak.domain.promises import Candidate, Certificate, Policy
from tiebreak.domain.records import Link, Record, content_hash
from tiebreak.domain.reviews import Annotation, ReviewTask
from tiebreak.errors import StoreError, UsageError
from tiebreak.store.memory import MemoryStore
from tiebreak.store.sql import SqlStore, migrations, schema
from tiebreak.store.sql.database import Database
from tiebreak.store.sql.engine import connect

DATA = Path(__file__).parents[2] / "data" / "migrations"


@contextmanager
def database(url: str) -> Iterator[Database]:
    """An open database without any migration."""
    opened = Database(connect(url))
    try:
        yield opened
    finally:
        opened.close()


def test_rows_of_the_first_migration_are_read_through_todays_store(
    database_url: str, clock: TickingClock
) -> None:
    with database(database_url) as old:
        assert migrations.migrate(old, stop_before="m002_loop") == ["m001_records"]
        with old.transaction() as conn:
            conn.execute(
                text(
                    "INSERT INTO records (id, heldout, content_hash, source, external_id, split, "
                    "metadata, text) VALUES (1, false, :hash, 's', 'e', NULL, :meta, 'old')"
                ),
                {"hash": bytes.fromhex(content_hash("old")), "meta": '{"n":1}'},
            )
            conn.execute(text("INSERT INTO gold VALUES (1, '[\"a\"]')"))
    store = SqlStore.open(database_url, clock)
    (record,) = store.records.get([1])
    assert (record.text, record.metadata, record.content_hash) == (
        "old",
        {"n": 1},
        content_hash("old"),
    )
    assert store.gold.get([1]) == {1: ("a",)}
    assert store.annotations.append([act(1)])[0].seq == 1
    store.close()


def test_migrations_are_applied_once(database_url: str) -> None:
    with database(database_url) as fresh:
        assert tuple(migrations.migrate(fresh)) == migrations.NAMES
        assert migrations.migrate(fresh) == []
        with fresh.reading() as conn:
            assert migrations.applied(conn) == migrations.NAMES


def test_a_migration_that_fails_leaves_nothing_of_itself(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = migrations.HISTORY[1]
    broken = replace(good, statements=(*good.statements, "CREATE TABLE broken ("))
    with database(database_url) as fresh:
        with monkeypatch.context() as patch:
            patch.setattr(migrations, "HISTORY", (migrations.HISTORY[0], broken))
            with pytest.raises(StoreError):
                migrations.migrate(fresh)
        with fresh.reading() as conn:
            assert migrations.applied(conn) == ("m001_records",)
            assert not inspect(conn).has_table("suggestions")
        assert migrations.migrate(fresh) == list(migrations.NAMES[1:])


def test_a_newer_database_asks_for_an_upgrade(database_url: str, clock: TickingClock) -> None:
    store = SqlStore.open(database_url, clock)
    with store.database.transaction() as conn:
        conn.execute(text("INSERT INTO migrations VALUES ('m999_future')"))
    store.close()
    with pytest.raises(StoreError, match=r"m999_future.*pip install --upgrade tiebreak"):
        SqlStore.open(database_url, clock)


def test_an_unknown_place_to_stop_names_the_known_ones(tmp_path: Path) -> None:
    with (
        database(str(tmp_path / "x.db")) as fresh,
        pytest.raises(UsageError, match=r"m000.*m001_records, m002_loop, m003_desk, m004_trial"),
    ):
        migrations.migrate(fresh, stop_before="m000")


def test_several_can_open_a_new_database_at_once(database_url: str, clock: TickingClock) -> None:
    errors: list[BaseException] = []

    def open_and_close() -> None:
        try:
            SqlStore.open(database_url, clock).close()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=open_and_close) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    store = SqlStore.open(database_url, clock)
    assert store.ledger.totals().calls == 0
    store.close()


def test_the_database_has_exactly_the_columns_that_queries_use(database_url: str) -> None:
    with database(database_url) as fresh:
        migrations.migrate(fresh)
        with fresh.reading() as conn:
            made = {
                name: [column["name"] for column in inspect(conn).get_columns(name)]
                for name in inspect(conn).get_table_names()
            }
            keys = {
                name: inspect(conn).get_pk_constraint(name)["constrained_columns"] for name in made
            }
    del made["migrations"]
    tables = schema.metadata.tables
    assert {n: sorted(c) for n, c in made.items()} == {
        name: sorted(table.columns.keys()) for name, table in tables.items()
    }
    for name, table in tables.items():
        assert keys[name] == [column.name for column in table.primary_key.columns]


@pytest.mark.parametrize(
    ("cls", "table", "beside"),
    [
        (Record, schema.records, set()),
        (Link, schema.links, set()),
        (Suggestion, schema.suggestions, set()),
        (Annotation, schema.annotations, set()),
        (Decision, schema.decisions, set()),
        (Route, schema.routes, set()),
        (ReviewTask, schema.tasks, set()),
        (BatchItem, schema.batch_items, {"round"}),
        (ModelInfo, schema.models, set()),
        (Policy, schema.policies, set()),
        (Candidate, schema.candidates, set()),
        (Certificate, schema.certificates, set()),
    ],
)
def test_every_field_of_a_type_has_its_column(cls: type, table: object, beside: set[str]) -> None:
    columns = set(table.columns.keys())  # type: ignore[attr-defined]
    assert {f.name for f in fields(cls)} == columns - beside


@pytest.mark.postgres  # which tells the name of each, from the statements that SQLite gets too
def test_every_constraint_has_a_name_of_ours(postgres_url: str) -> None:
    with database(postgres_url) as fresh:
        migrations.migrate(fresh)
        with fresh.reading() as conn:
            seen = inspect(conn)
            names = []
            for table in seen.get_table_names():
                names.append(seen.get_pk_constraint(table)["name"])
                names += [c["name"] for c in seen.get_unique_constraints(table)]
                names += [c["name"] for c in seen.get_foreign_keys(table)]
                names += [c["name"] for c in seen.get_check_constraints(table)]
    assert len(names) > 40
    assert all(n and n.endswith(("_pk", "_uq", "_fk", "_ck")) for n in names), names


@pytest.mark.parametrize("log", ["suggestions", "annotations", "decisions", "routes"])
@pytest.mark.parametrize("change", ["UPDATE {} SET seq = 9", "DELETE FROM {}"])
def test_the_engine_refuses_to_change_a_log(
    database_url: str, clock: TickingClock, log: str, change: str
) -> None:
    store = SqlStore.open(database_url, clock)
    write_everywhere(store, 1)
    with (
        pytest.raises(StoreError, match=f"{log} is append-only"),
        store.database.transaction() as conn,
    ):
        conn.execute(text(change.format(log)))
    assert [item.seq for item in getattr(store, log).scan()] == [1]
    store.close()


@pytest.mark.parametrize("log", ["policies", "candidates", "audits", "certificates"])
@pytest.mark.parametrize("change", ["UPDATE {} SET created_at = ''", "DELETE FROM {}"])
def test_the_engine_refuses_to_change_what_a_promise_rests_on(
    database_url: str, clock: TickingClock, log: str, change: str
) -> None:
    store = SqlStore.open(database_url, clock)
    write_everywhere(store, 1)
    before = everything(store)
    own = change.replace("created_at = ''", "score = 0") if log == "candidates" else change
    with (
        pytest.raises(StoreError, match=f"{log} is append-only"),
        store.database.transaction() as conn,
    ):
        conn.execute(text(own.format(log)))
    assert everything(store) == before
    store.close()


@pytest.mark.postgres
def test_postgresql_refuses_to_empty_a_log(postgres_url: str, clock: TickingClock) -> None:
    store = SqlStore.open(postgres_url, clock)
    with (
        pytest.raises(StoreError, match="decisions is append-only"),
        store.database.transaction() as conn,
    ):
        conn.execute(text("TRUNCATE decisions"))
    store.close()


def test_a_database_of_version_0_1_opens_with_all_that_it_held(tmp_path: Path) -> None:
    clock = TickingClock(step=0)
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((DATA / "v0_1.sql").read_text(encoding="utf-8"))
    store, same = SqlStore.open(path, clock), MemoryStore(clock)
    fill_as_in_v0_1(same)
    assert everything(store) == everything(same)
    acts = list(store.annotations.scan())
    assert [(a.suggestion, a.model_version) for a in acts] == [(None, None)] * 2
    store.close()


BEFORE_THE_DESK = (
    "INSERT INTO records (id, heldout, content_hash, source, external_id, split, metadata, text) "
    "VALUES (1, false, :hash, 's', 'e', NULL, '{}', 'old')",
    "INSERT INTO annotations VALUES "
    "(1, 1, 'ann', 'person', 'label', '[\"a\"]', 2, 1.5, 'evidence', 'hm', 'k1', '2026-01-01')",
    "INSERT INTO annotations VALUES "
    "(1, 2, 'ann', 'person', 'undo', NULL, 2, NULL, '', '', NULL, '2026-01-02')",
)


def test_the_desks_migration_keeps_every_act_and_guards_it(
    database_url: str, clock: TickingClock
) -> None:
    with database(database_url) as old:
        migrations.migrate(old, stop_before="m003_desk")
        with old.transaction() as conn:
            for statement in BEFORE_THE_DESK:
                hashed = {"hash": bytes.fromhex(content_hash("old"))}
                conn.execute(text(statement), hashed if ":hash" in statement else {})
        before = guards_of(old)
        assert migrations.migrate(old, stop_before="m005_promises") == ["m003_desk", "m004_trial"]
        assert guards_of(old) == before
        assert migrations.migrate(old) == ["m005_promises", "m006_monitoring"]
    store = SqlStore.open(database_url, clock)
    assert store.annotations.of(1) == [
        act(1, schema_version=2, seconds=1.5, shown="evidence", note="hm", key="k1", seq=1,
            created_at="2026-01-01"),
        undo(1, schema_version=2, seq=2, created_at="2026-01-02"),
    ]  # fmt: skip
    for change in ("UPDATE annotations SET note = ''", "DELETE FROM annotations"):
        with pytest.raises(StoreError, match="annotations is append-only"):
            execute(store, change)
    for change, why in {
        str(FLAG).replace("'flag'", "'shrug'"): "annotations_outcome_ck|CHECK constraint",
        str(FLAG).replace("(1, 3", "(9, 3"): "(?i)foreign key",
        str(FLAG).replace("(1, 3", "(1, 2"): "(?i)unique",
        str(FLAG).replace("'k3'", "'k1'"): "(?i)unique",
    }.items():
        with pytest.raises(StoreError, match=why):
            execute(store, change)
    execute(store, str(FLAG))
    assert store.annotations.standing()[1] == act(
        1, None, outcome="flag", shown="evidence", suggestion=4, model_version=7, key="k3", seq=3,
        created_at="2026-01-03",
    )  # fmt: skip
    store.close()


LOG_BEFORE_ITS_TABLES = (
    ("embed", {"embedded": 3}),
    ("near-duplicates", {"up_to": 2, "linked": 0}),
    ("promise", {"max_error": 0.05, "confidence": 0.95, "kind": "dataset"}),
    ("near-duplicates", {"up_to": 3, "linked": 0}),
    (
        "drift",
        {"state": "pause", "reason": "it's far", "new": 1, "after": 2, "up_to": 3, "groups": [1]},
    ),
    ("monitor", {"policy": 1, "tier": "t", "audits": 9, "wrong": 4, "since": 1, "until": 2}),
    ("drift-looked", {"up_to": 3}),
    (
        "drift",
        {"state": "ok", "reason": "", "new": 0, "after": 3, "up_to": 3, "groups": []},
    ),
)


def test_what_the_log_of_reports_kept_goes_into_tables_in_its_order(
    database_url: str, clock: TickingClock
) -> None:
    with database(database_url) as old:
        migrations.migrate(old, stop_before="m006_monitoring")
        store = SqlStore(old, clock)
        filled(store)
        store.promises.freeze(policy(1), [candidate(1, 1)])
        for step, payload in LOG_BEFORE_ITS_TABLES:
            store.notes.report(step, 0, payload)
        assert migrations.migrate(old) == ["m006_monitoring"]
        reports = [step for step, _, _ in store.notes.reports()]
        assert reports == [step for step, _ in LOG_BEFORE_ITS_TABLES]  # nothing was taken out
        kept = store.monitoring
        with old.reading() as conn:
            marks = conn.exec_driver_sql("SELECT id, kind, up_to FROM drift_marks ORDER BY id")
            assert [tuple(row) for row in marks] == [(2, "first_run", 2), (7, "acknowledged", 3)]
            readings = conn.exec_driver_sql("SELECT id, state, reason FROM drift_readings")
            assert sorted(map(tuple, readings)) == [(5, "pause", "it's far"), (8, "ok", "")]
        last = kept.last_reading()
        assert last is not None
        assert (last.id, last.state, last.after, last.up_to, last.groups) == (8, "ok", 3, 3, ())
        terms = kept.last_terms()
        assert terms is not None
        assert (terms.max_error, terms.confidence, terms.promise) == (0.05, 0.95, "dataset")
        (raised,) = kept.alarms()
        assert replace(raised, created_at="") == alarm(
            1, tier="t", audits=9, wrong=4, since=1, until=2, id=6
        )
        assert kept.put_mark(DriftMark(kind="acknowledged", up_to=9)).id == 9
        for table in ("drift_marks", "drift_readings", "alarms", "promise_terms"):
            with pytest.raises(StoreError, match=f"{table} is append-only"):
                execute(store, f"DELETE FROM {table}")


FLAG = text(
    "INSERT INTO annotations (record_id, seq, who, source, outcome, schema_version, shown, note, "
    "key, created_at, suggestion, model_version) "
    "VALUES (1, 3, 'ann', 'person', 'flag', 1, 'evidence', '', 'k3', '2026-01-03', 4, 7)"
)


def execute(store: SqlStore, statement: str) -> None:
    with store.database.transaction() as conn:
        conn.execute(text(statement))


def guards_of(old: Database) -> tuple[Any, ...]:
    """What stands around ``annotations``: keys, indexes, references, triggers; nothing dangling."""
    with old.reading() as conn:
        seen = inspect(conn)
        if conn.dialect.name == "sqlite":
            assert conn.exec_driver_sql("PRAGMA foreign_key_check").all() == []
            find = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' ORDER BY 1"
        else:
            find = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1"
        return (
            seen.get_pk_constraint("annotations"),
            seen.get_unique_constraints("annotations"),
            seen.get_foreign_keys("annotations"),
            seen.get_indexes("annotations"),
            [c["name"] for c in seen.get_check_constraints("annotations")],
            [tuple(row) for row in conn.exec_driver_sql(find)],
            sorted(seen.get_table_names()),
        )


def fill_as_in_v0_1(store: SqlStore | MemoryStore) -> None:
    """What ``v0_1.sql`` was made from, by ``sqlite3.Connection.iterdump``, the clock at rest."""
    filled(store)
    write_everywhere(store, 1, promise=False)
    write_everywhere(store, 2, promise=False)
