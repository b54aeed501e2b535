"""What the loop writes: evidence, reviews, batches, spending, models, reports.

Suggestions, annotations, decisions and routes are append-only, and the engine itself refuses to
change or remove a row of theirs.
"""

_LOGS = ("suggestions", "annotations", "decisions", "routes")

STATEMENTS = (
    """
    CREATE TABLE suggestions (
        record_id {int} NOT NULL CONSTRAINT suggestions_record_fk REFERENCES records (id),
        seq {int} NOT NULL,
        purpose TEXT NOT NULL,
        agent TEXT NOT NULL,
        mode TEXT NOT NULL,
        prompt TEXT NOT NULL,
        request_hash TEXT NOT NULL,
        schema_version {int} NOT NULL,
        labels TEXT,
        abstain TEXT,
        confidence DOUBLE PRECISION,
        rationale TEXT NOT NULL,
        rationale_by TEXT NOT NULL,
        neighbours TEXT NOT NULL,
        cut TEXT NOT NULL,
        usage TEXT NOT NULL,
        cost_nanos {int} NOT NULL,
        created_at TEXT NOT NULL,
        CONSTRAINT suggestions_pk PRIMARY KEY (record_id, seq)
    )
    """,
    """
    CREATE TABLE annotations (
        record_id {int} NOT NULL CONSTRAINT annotations_record_fk REFERENCES records (id),
        seq {int} NOT NULL,
        who TEXT NOT NULL,
        source TEXT NOT NULL CONSTRAINT annotations_source_ck
            CHECK (source IN ('person', 'imported', 'simulated')),
        outcome TEXT NOT NULL CONSTRAINT annotations_outcome_ck
            CHECK (outcome IN ('label', 'none', 'skip', 'undo')),
        labels TEXT,
        schema_version {int} NOT NULL,
        seconds DOUBLE PRECISION,
        shown TEXT NOT NULL,
        note TEXT NOT NULL,
        key TEXT CONSTRAINT annotations_key_uq UNIQUE,
        created_at TEXT NOT NULL,
        CONSTRAINT annotations_pk PRIMARY KEY (record_id, seq)
    )
    """,
    """
    CREATE TABLE decisions (
        record_id {int} NOT NULL CONSTRAINT decisions_record_fk REFERENCES records (id),
        seq {int} NOT NULL,
        "by" TEXT NOT NULL CONSTRAINT decisions_by_ck
            CHECK ("by" IN ('human', 'simulated', 'autonomous', 'unproved')),
        labels TEXT,
        reasons TEXT NOT NULL,
        schema_version {int} NOT NULL,
        policy_version TEXT NOT NULL,
        confidence DOUBLE PRECISION,
        created_at TEXT NOT NULL,
        CONSTRAINT decisions_pk PRIMARY KEY (record_id, seq)
    )
    """,
    """
    CREATE TABLE routes (
        record_id {int} NOT NULL CONSTRAINT routes_record_fk REFERENCES records (id),
        seq {int} NOT NULL,
        outcome TEXT NOT NULL CONSTRAINT routes_outcome_ck
            CHECK (outcome IN ('proposed', 'review')),
        reason TEXT NOT NULL,
        labels TEXT,
        agent_labels TEXT,
        model_label TEXT,
        agent_confidence DOUBLE PRECISION,
        model_confidence DOUBLE PRECISION,
        priority DOUBLE PRECISION NOT NULL,
        model_version {int} NOT NULL,
        created_at TEXT NOT NULL,
        CONSTRAINT routes_pk PRIMARY KEY (record_id, seq)
    )
    """,
    """
    CREATE TABLE tasks (
        id {int} NOT NULL CONSTRAINT tasks_pk PRIMARY KEY,
        record_id {int} NOT NULL CONSTRAINT tasks_record_fk REFERENCES records (id),
        reason TEXT NOT NULL,
        priority DOUBLE PRECISION NOT NULL,
        blind BOOLEAN NOT NULL,
        batch {int},
        status TEXT NOT NULL CONSTRAINT tasks_status_ck
            CHECK (status IN ('open', 'done', 'cancelled')),
        created_at TEXT NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX tasks_open_uq ON tasks (record_id, reason) WHERE status = 'open'",
    "CREATE INDEX tasks_order_ix ON tasks (priority DESC, record_id) WHERE status = 'open'",
    "CREATE INDEX tasks_record_ix ON tasks (record_id)",
    """
    CREATE TABLE leases (
        record_id {int} NOT NULL CONSTRAINT leases_pk PRIMARY KEY
            CONSTRAINT leases_record_fk REFERENCES records (id),
        who TEXT NOT NULL,
        expires_at DOUBLE PRECISION NOT NULL
    )
    """,
    "CREATE INDEX leases_who_ix ON leases (who)",
    """
    CREATE TABLE batches (
        round {int} NOT NULL CONSTRAINT batches_pk PRIMARY KEY,
        strategy TEXT NOT NULL,
        seed {int} NOT NULL,
        schema_version {int} NOT NULL,
        model_version {int},
        phase TEXT NOT NULL,
        created_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE batch_items (
        round {int} NOT NULL CONSTRAINT batch_items_batch_fk REFERENCES batches (round),
        record_id {int} NOT NULL CONSTRAINT batch_items_record_fk REFERENCES records (id),
        position {int} NOT NULL,
        arm TEXT NOT NULL CONSTRAINT batch_items_arm_ck CHECK (arm IN ('control', 'active')),
        reason TEXT NOT NULL,
        probability DOUBLE PRECISION,
        utilities TEXT NOT NULL,
        model_version {int},
        model_probabilities TEXT,
        agent TEXT,
        agent_labels TEXT,
        CONSTRAINT batch_items_pk PRIMARY KEY (round, record_id)
    )
    """,
    """
    CREATE TABLE replies (
        request_hash TEXT NOT NULL CONSTRAINT replies_pk PRIMARY KEY,
        completion TEXT NOT NULL,
        created_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE spend (
        id {int} NOT NULL CONSTRAINT spend_pk PRIMARY KEY,
        request_hash TEXT NOT NULL,
        model TEXT NOT NULL,
        state TEXT NOT NULL CONSTRAINT spend_state_ck
            CHECK (state IN ('reserved', 'settled', 'released', 'lost')),
        nanos {int} NOT NULL,
        usage TEXT NOT NULL,
        created_at TEXT NOT NULL
    )
    """,
    "CREATE INDEX spend_reserved_ix ON spend (id) WHERE state = 'reserved'",
    """
    CREATE TABLE balance (
        id {int} NOT NULL CONSTRAINT balance_pk PRIMARY KEY
            CONSTRAINT balance_one_row_ck CHECK (id = 1),
        settled_nanos {int} NOT NULL,
        lost_nanos {int} NOT NULL,
        reserved_nanos {int} NOT NULL,
        calls {int} NOT NULL,
        prompt_tokens {int} NOT NULL,
        completion_tokens {int} NOT NULL,
        lost {int} NOT NULL
    )
    """,
    "INSERT INTO balance VALUES (1, 0, 0, 0, 0, 0, 0, 0)",
    """
    CREATE TABLE models (
        version {int} NOT NULL CONSTRAINT models_pk PRIMARY KEY,
        round {int} NOT NULL,
        classes TEXT NOT NULL,
        c DOUBLE PRECISION NOT NULL,
        c_chosen_at {int} NOT NULL,
        temperature DOUBLE PRECISION NOT NULL,
        calibrated_on {int} NOT NULL,
        trained_on TEXT NOT NULL,
        embedder TEXT NOT NULL,
        schema_version {int} NOT NULL,
        labels_hash TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        created_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE reports (
        id {int} NOT NULL CONSTRAINT reports_pk PRIMARY KEY,
        step TEXT NOT NULL,
        round {int} NOT NULL,
        payload TEXT NOT NULL,
        created_at TEXT NOT NULL
    )
    """,
)

SQLITE = tuple(
    f"""
    CREATE TRIGGER {log}_no_{event} BEFORE {event} ON {log}
    BEGIN SELECT RAISE(ABORT, '{log} is append-only'); END
    """
    for log in _LOGS
    for event in ("update", "delete")
)

POSTGRESQL = (
    """
    CREATE FUNCTION tiebreak_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$
    """,
    *(
        f"""
        CREATE TRIGGER {log}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {log}
        FOR EACH STATEMENT EXECUTE FUNCTION tiebreak_append_only()
        """
        for log in _LOGS
    ),
)
