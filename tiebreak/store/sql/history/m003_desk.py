"""The review desk: an act may be a flag, and says which evidence was on screen.

The desk shows how much of a batch is left, so counting that gets an index.

SQLite cannot change a constraint, so the table is made anew with its rows. No other table refers
to it, and a DROP fires no trigger; the triggers that keep the log append-only go with the old
table and are made again.
"""

STATEMENTS = ("CREATE INDEX tasks_batch_ix ON tasks (batch, record_id) WHERE status = 'open'",)

SQLITE = (
    """
    CREATE TABLE annotations_with_desk (
        record_id INTEGER NOT NULL CONSTRAINT annotations_record_fk REFERENCES records (id),
        seq INTEGER NOT NULL,
        who TEXT NOT NULL,
        source TEXT NOT NULL CONSTRAINT annotations_source_ck
            CHECK (source IN ('person', 'imported', 'simulated')),
        outcome TEXT NOT NULL CONSTRAINT annotations_outcome_ck
            CHECK (outcome IN ('label', 'none', 'skip', 'flag', 'undo')),
        labels TEXT,
        schema_version INTEGER NOT NULL,
        seconds DOUBLE PRECISION,
        shown TEXT NOT NULL,
        note TEXT NOT NULL,
        key TEXT CONSTRAINT annotations_key_uq UNIQUE,
        created_at TEXT NOT NULL,
        suggestion INTEGER,
        model_version INTEGER,
        CONSTRAINT annotations_pk PRIMARY KEY (record_id, seq)
    )
    """,
    """
    INSERT INTO annotations_with_desk
    SELECT record_id, seq, who, source, outcome, labels, schema_version, seconds, shown, note, key,
        created_at, NULL, NULL
    FROM annotations
    """,
    "DROP TABLE annotations",
    "ALTER TABLE annotations_with_desk RENAME TO annotations",
    *(
        f"""
        CREATE TRIGGER annotations_no_{event} BEFORE {event} ON annotations
        BEGIN SELECT RAISE(ABORT, 'annotations is append-only'); END
        """
        for event in ("update", "delete")
    ),
)

POSTGRESQL = (
    """
    ALTER TABLE annotations
        DROP CONSTRAINT annotations_outcome_ck,
        ADD CONSTRAINT annotations_outcome_ck
            CHECK (outcome IN ('label', 'none', 'skip', 'flag', 'undo')),
        ADD COLUMN suggestion BIGINT,
        ADD COLUMN model_version BIGINT
    """,
)
