"""Drift marks and readings, monitor alarms and asked terms leave the JSON log of step reports.

They share one numbering. What the log had keeps its place: the number of its report. The first
look for near duplicates was what fixed the drift sensors' reference until somebody moved it.
"""

_TABLES = ("drift_marks", "drift_readings", "alarms", "promise_terms")

_CREATE = (
    """
    CREATE TABLE drift_marks (
        id {int} NOT NULL CONSTRAINT drift_marks_pk PRIMARY KEY,
        kind TEXT NOT NULL CONSTRAINT drift_marks_kind_ck
            CHECK (kind IN ('first_run', 'acknowledged')),
        up_to {int} NOT NULL,
        created_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE drift_readings (
        id {int} NOT NULL CONSTRAINT drift_readings_pk PRIMARY KEY,
        state TEXT NOT NULL CONSTRAINT drift_readings_state_ck
            CHECK (state IN ('ok', 'flag', 'pause')),
        reason TEXT NOT NULL,
        new {int} NOT NULL,
        after {int} NOT NULL,
        up_to {int} NOT NULL,
        groups TEXT NOT NULL,
        created_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE alarms (
        id {int} NOT NULL CONSTRAINT alarms_pk PRIMARY KEY,
        policy {int} NOT NULL CONSTRAINT alarms_policy_fk REFERENCES policies (number),
        tier TEXT NOT NULL,
        audits {int} NOT NULL,
        wrong {int} NOT NULL,
        since {int} NOT NULL,
        until {int} NOT NULL,
        created_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE promise_terms (
        id {int} NOT NULL CONSTRAINT promise_terms_pk PRIMARY KEY,
        max_error DOUBLE PRECISION NOT NULL,
        confidence DOUBLE PRECISION NOT NULL,
        promise TEXT NOT NULL CONSTRAINT promise_terms_promise_ck
            CHECK (promise IN ('label', 'dataset')),
        created_at TEXT NOT NULL
    )
    """,
)

STATEMENTS = _CREATE

_FROM_LOG = {
    "drift_marks": """
    INSERT INTO drift_marks
    SELECT id, CASE WHEN step = 'drift-looked' THEN 'acknowledged' ELSE 'first_run' END,
        {up_to}, created_at
    FROM reports WHERE step = 'drift-looked'
        OR id = (SELECT min(id) FROM reports WHERE step = 'near-duplicates')
    """,
    "drift_readings": """
    INSERT INTO drift_readings
    SELECT id, {state}, {reason}, {new}, {after}, {up_to}, {groups}, created_at
    FROM reports WHERE step = 'drift'
    """,
    "alarms": """
    INSERT INTO alarms
    SELECT id, {policy}, {tier}, {audits}, {wrong}, {since}, {until}, created_at
    FROM reports WHERE step = 'monitor'
    """,
    "promise_terms": """
    INSERT INTO promise_terms
    SELECT id, {max_error}, {confidence}, {kind}, created_at
    FROM reports WHERE step = 'promise'
    """,
}
_TEXTS = ("state", "reason", "tier", "kind", "groups")
_NUMBERS = ("max_error", "confidence")
_INTEGERS = ("up_to", "new", "after", "policy", "audits", "wrong", "since", "until")


def _postgresql(key: str) -> str:
    field = f"(payload::json ->> '{key}')"
    if key in _INTEGERS:
        return f"{field}::bigint"
    return f"{field}::double precision" if key in _NUMBERS else field


_KEYS = (*_TEXTS, *_NUMBERS, *_INTEGERS)
_IN_SQLITE = {key: f"json_extract(payload, '$.{key}')" for key in _KEYS}
_IN_POSTGRESQL = {key: _postgresql(key) for key in _KEYS}

SQLITE = (
    *(statement.format_map(_IN_SQLITE) for statement in _FROM_LOG.values()),
    *(
        f"""
        CREATE TRIGGER {table}_no_{event} BEFORE {event} ON {table}
        BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
        """
        for table in _TABLES
        for event in ("update", "delete")
    ),
)

POSTGRESQL = (
    *(statement.format_map(_IN_POSTGRESQL) for statement in _FROM_LOG.values()),
    *(
        f"""
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION tiebreak_append_only()
        """
        for table in _TABLES
    ),
)
