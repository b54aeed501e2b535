"""Records, duplicate links, gold and label schemas.

``{int}`` and ``{bytes}`` are the engine's 64-bit integer and byte string. Small columns of a
record come first, so that reading them does not walk through long texts.
"""

STATEMENTS = (
    """
    CREATE TABLE records (
        id {int} NOT NULL CONSTRAINT records_pk PRIMARY KEY,
        heldout BOOLEAN NOT NULL,
        content_hash {bytes} NOT NULL,
        source TEXT NOT NULL,
        external_id TEXT NOT NULL,
        split TEXT,
        metadata TEXT NOT NULL,
        text TEXT NOT NULL,
        CONSTRAINT records_external_id_source_uq UNIQUE (external_id, source),
        CONSTRAINT records_content_hash_ck CHECK (length(content_hash) = 32)
    )
    """,
    "CREATE INDEX records_content_hash_ix ON records (content_hash, heldout, id)",
    """
    CREATE TABLE links (
        record_id {int} NOT NULL CONSTRAINT links_pk PRIMARY KEY
            CONSTRAINT links_record_fk REFERENCES records (id),
        of_id {int} NOT NULL CONSTRAINT links_of_fk REFERENCES records (id),
        kind TEXT NOT NULL CONSTRAINT links_kind_ck CHECK (kind IN ('exact', 'near')),
        similarity DOUBLE PRECISION NOT NULL,
        CONSTRAINT links_earlier_ck CHECK (of_id < record_id)
    )
    """,
    """
    CREATE TABLE gold (
        record_id {int} NOT NULL CONSTRAINT gold_pk PRIMARY KEY
            CONSTRAINT gold_record_fk REFERENCES records (id),
        labels TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE schemas (
        version {int} NOT NULL CONSTRAINT schemas_pk PRIMARY KEY,
        fingerprint TEXT NOT NULL,
        labels TEXT NOT NULL,
        guidelines TEXT NOT NULL
    )
    """,
)

SQLITE: tuple[str, ...] = ()
POSTGRESQL: tuple[str, ...] = ()
