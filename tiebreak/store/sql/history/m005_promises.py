"""Promises: frozen policies, their candidates, the audits drawn, the certificates as they stood.

All four are append-only, and the engine itself refuses to change or remove a row. A second draw of
one record under one policy cannot be written: the primary key is in the way.
"""

_LOGS = ("policies", "candidates", "audits", "certificates")

STATEMENTS = (
    """
    CREATE TABLE policies (
        number {int} NOT NULL CONSTRAINT policies_pk PRIMARY KEY,
        version TEXT NOT NULL,
        promise TEXT NOT NULL CONSTRAINT policies_promise_ck
            CHECK (promise IN ('label', 'dataset')),
        max_error DOUBLE PRECISION NOT NULL,
        confidence DOUBLE PRECISION NOT NULL,
        tiers TEXT NOT NULL,
        parts TEXT NOT NULL,
        secret TEXT NOT NULL,
        simulated BOOLEAN NOT NULL,
        schema_version {int} NOT NULL,
        known {int} NOT NULL,
        candidates {int} NOT NULL,
        digest {bytes} NOT NULL,
        upto {int} NOT NULL,
        audit_rate DOUBLE PRECISION,
        created_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE candidates (
        policy {int} NOT NULL CONSTRAINT candidates_policy_fk REFERENCES policies (number),
        record_id {int} NOT NULL CONSTRAINT candidates_record_fk REFERENCES records (id),
        tier TEXT NOT NULL,
        labels TEXT NOT NULL,
        score DOUBLE PRECISION NOT NULL,
        coin {bytes} NOT NULL,
        pi DOUBLE PRECISION,
        release BOOLEAN NOT NULL,
        seal {bytes} NOT NULL,
        CONSTRAINT candidates_pk PRIMARY KEY (policy, record_id)
    )
    """,
    """
    CREATE TABLE audits (
        policy {int} NOT NULL,
        record_id {int} NOT NULL,
        created_at TEXT NOT NULL,
        CONSTRAINT audits_pk PRIMARY KEY (policy, record_id),
        CONSTRAINT audits_candidate_fk FOREIGN KEY (policy, record_id)
            REFERENCES candidates (policy, record_id)
    )
    """,
    """
    CREATE TABLE certificates (
        policy {int} NOT NULL CONSTRAINT certificates_policy_fk REFERENCES policies (number),
        tier TEXT NOT NULL,
        mode TEXT NOT NULL CONSTRAINT certificates_mode_ck CHECK (mode IN ('file', 'stream')),
        seq {int} NOT NULL,
        rungs TEXT NOT NULL,
        bound TEXT,
        released {int},
        labels {int} NOT NULL,
        simulated BOOLEAN NOT NULL,
        evidence TEXT NOT NULL,
        created_at TEXT NOT NULL,
        CONSTRAINT certificates_pk PRIMARY KEY (policy, tier, mode, seq)
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

POSTGRESQL = tuple(
    f"""
    CREATE TRIGGER {log}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {log}
    FOR EACH STATEMENT EXECUTE FUNCTION tiebreak_append_only()
    """
    for log in _LOGS
)
