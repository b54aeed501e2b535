BEGIN TRANSACTION;
CREATE TABLE annotations (
        record_id INTEGER NOT NULL CONSTRAINT annotations_record_fk REFERENCES records (id),
        seq INTEGER NOT NULL,
        who TEXT NOT NULL,
        source TEXT NOT NULL CONSTRAINT annotations_source_ck
            CHECK (source IN ('person', 'imported', 'simulated')),
        outcome TEXT NOT NULL CONSTRAINT annotations_outcome_ck
            CHECK (outcome IN ('label', 'none', 'skip', 'undo')),
        labels TEXT,
        schema_version INTEGER NOT NULL,
        seconds DOUBLE PRECISION,
        shown TEXT NOT NULL,
        note TEXT NOT NULL,
        key TEXT CONSTRAINT annotations_key_uq UNIQUE,
        created_at TEXT NOT NULL,
        CONSTRAINT annotations_pk PRIMARY KEY (record_id, seq)
    );
INSERT INTO "annotations" VALUES(4,1,'ann','person','label','["a"]',1,NULL,'','','key 1','2026-01-01T00:00:00.000000+00:00');
INSERT INTO "annotations" VALUES(5,1,'ann','person','label','["a"]',1,NULL,'','','key 2','2026-01-01T00:00:00.000000+00:00');
CREATE TABLE balance (
        id INTEGER NOT NULL CONSTRAINT balance_pk PRIMARY KEY
            CONSTRAINT balance_one_row_ck CHECK (id = 1),
        settled_nanos INTEGER NOT NULL,
        lost_nanos INTEGER NOT NULL,
        reserved_nanos INTEGER NOT NULL,
        calls INTEGER NOT NULL,
        prompt_tokens INTEGER NOT NULL,
        completion_tokens INTEGER NOT NULL,
        lost INTEGER NOT NULL
    );
INSERT INTO "balance" VALUES(1,14,0,6,2,20,4,0);
CREATE TABLE batch_items (
        round INTEGER NOT NULL CONSTRAINT batch_items_batch_fk REFERENCES batches (round),
        record_id INTEGER NOT NULL CONSTRAINT batch_items_record_fk REFERENCES records (id),
        position INTEGER NOT NULL,
        arm TEXT NOT NULL CONSTRAINT batch_items_arm_ck CHECK (arm IN ('control', 'active')),
        reason TEXT NOT NULL,
        probability DOUBLE PRECISION,
        utilities TEXT NOT NULL,
        model_version INTEGER,
        model_probabilities TEXT,
        agent TEXT,
        agent_labels TEXT,
        CONSTRAINT batch_items_pk PRIMARY KEY (round, record_id)
    );
INSERT INTO "batch_items" VALUES(1,4,0,'control','margin',0.25,'{"margin":0.0}',NULL,NULL,NULL,NULL);
INSERT INTO "batch_items" VALUES(2,5,0,'control','margin',0.25,'{"margin":0.0}',NULL,NULL,NULL,NULL);
CREATE TABLE batches (
        round INTEGER NOT NULL CONSTRAINT batches_pk PRIMARY KEY,
        strategy TEXT NOT NULL,
        seed INTEGER NOT NULL,
        schema_version INTEGER NOT NULL,
        model_version INTEGER,
        phase TEXT NOT NULL,
        created_at TEXT NOT NULL
    );
INSERT INTO "batches" VALUES(1,'margin',7,1,NULL,'answered','2026-01-01T00:00:00.000000+00:00');
INSERT INTO "batches" VALUES(2,'margin',7,1,NULL,'selected','2026-01-01T00:00:00.000000+00:00');
CREATE TABLE decisions (
        record_id INTEGER NOT NULL CONSTRAINT decisions_record_fk REFERENCES records (id),
        seq INTEGER NOT NULL,
        "by" TEXT NOT NULL CONSTRAINT decisions_by_ck
            CHECK ("by" IN ('human', 'simulated', 'autonomous', 'unproved')),
        labels TEXT,
        reasons TEXT NOT NULL,
        schema_version INTEGER NOT NULL,
        policy_version TEXT NOT NULL,
        confidence DOUBLE PRECISION,
        created_at TEXT NOT NULL,
        CONSTRAINT decisions_pk PRIMARY KEY (record_id, seq)
    );
INSERT INTO "decisions" VALUES(4,1,'human','["a"]','[]',1,'',NULL,'2026-01-01T00:00:00.000000+00:00');
INSERT INTO "decisions" VALUES(5,1,'human','["a"]','[]',1,'',NULL,'2026-01-01T00:00:00.000000+00:00');
CREATE TABLE gold (
        record_id INTEGER NOT NULL CONSTRAINT gold_pk PRIMARY KEY
            CONSTRAINT gold_record_fk REFERENCES records (id),
        labels TEXT NOT NULL
    );
INSERT INTO "gold" VALUES(4,'["a"]');
INSERT INTO "gold" VALUES(5,'["a"]');
CREATE TABLE leases (
        record_id INTEGER NOT NULL CONSTRAINT leases_pk PRIMARY KEY
            CONSTRAINT leases_record_fk REFERENCES records (id),
        who TEXT NOT NULL,
        expires_at DOUBLE PRECISION NOT NULL
    );
INSERT INTO "leases" VALUES(4,'ann',1767226600.0);
INSERT INTO "leases" VALUES(5,'ann',1767226600.0);
CREATE TABLE links (
        record_id INTEGER NOT NULL CONSTRAINT links_pk PRIMARY KEY
            CONSTRAINT links_record_fk REFERENCES records (id),
        of_id INTEGER NOT NULL CONSTRAINT links_of_fk REFERENCES records (id),
        kind TEXT NOT NULL CONSTRAINT links_kind_ck CHECK (kind IN ('exact', 'near')),
        similarity DOUBLE PRECISION NOT NULL,
        CONSTRAINT links_earlier_ck CHECK (of_id < record_id)
    );
INSERT INTO "links" VALUES(5,4,'exact',1.0);
CREATE TABLE migrations (name TEXT NOT NULL CONSTRAINT migrations_pk PRIMARY KEY);
INSERT INTO "migrations" VALUES('m001_records');
INSERT INTO "migrations" VALUES('m002_loop');
CREATE TABLE models (
        version INTEGER NOT NULL CONSTRAINT models_pk PRIMARY KEY,
        round INTEGER NOT NULL,
        classes TEXT NOT NULL,
        c DOUBLE PRECISION NOT NULL,
        c_chosen_at INTEGER NOT NULL,
        temperature DOUBLE PRECISION NOT NULL,
        calibrated_on INTEGER NOT NULL,
        trained_on TEXT NOT NULL,
        embedder TEXT NOT NULL,
        schema_version INTEGER NOT NULL,
        labels_hash TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        created_at TEXT NOT NULL
    );
INSERT INTO "models" VALUES(1,1,'["a","b"]',30.0,6,1.25,31,'{"human":5,"simulated":1}','mini',1,'1111111111111111111111111111111111111111111111111111111111111111','0000000000000000000000000000000000000000000000000000000000000000','2026-01-01T00:00:00.000000+00:00');
INSERT INTO "models" VALUES(2,2,'["a","b"]',30.0,6,1.25,31,'{"human":5,"simulated":1}','mini',1,'1111111111111111111111111111111111111111111111111111111111111111','0000000000000000000000000000000000000000000000000000000000000000','2026-01-01T00:00:00.000000+00:00');
CREATE TABLE records (
        id INTEGER NOT NULL CONSTRAINT records_pk PRIMARY KEY,
        heldout BOOLEAN NOT NULL,
        content_hash BLOB NOT NULL,
        source TEXT NOT NULL,
        external_id TEXT NOT NULL,
        split TEXT,
        metadata TEXT NOT NULL,
        text TEXT NOT NULL,
        CONSTRAINT records_external_id_source_uq UNIQUE (external_id, source),
        CONSTRAINT records_content_hash_ck CHECK (length(content_hash) = 32)
    );
INSERT INTO "records" VALUES(1,0,X'900A4469DF00CCBFD0C145C6D1E4B7953DD0AFAFADD7534E3A4019E8D38FC663','a.csv','1',NULL,'{}','text 1');
INSERT INTO "records" VALUES(2,0,X'AD0387B3BD8652F730CA46D25F9C170AF0FD589F42E7F23F5A9E6412D97D7E56','a.csv','2',NULL,'{}','text 2');
INSERT INTO "records" VALUES(3,0,X'65CA03E4108B9338827EA3B3F28F6A515D869B40363384E5E2F675F80BC48BE6','a.csv','3',NULL,'{}','text 3');
INSERT INTO "records" VALUES(4,0,X'50E721E49C013F00C62CF59F2163542A9D8DF02464EFEB615D31051B0FDDC326','w','1',NULL,'{}','w');
INSERT INTO "records" VALUES(5,0,X'50E721E49C013F00C62CF59F2163542A9D8DF02464EFEB615D31051B0FDDC326','w','2',NULL,'{}','w');
CREATE TABLE replies (
        request_hash TEXT NOT NULL CONSTRAINT replies_pk PRIMARY KEY,
        completion TEXT NOT NULL,
        created_at TEXT NOT NULL
    );
INSERT INTO "replies" VALUES('h1','{"text":"yes","usage":{"prompt":10,"completion":2,"cached":0},"refusal":null,"finish":"stop","top":[["A",-0.1],["B",-2.5]]}','2026-01-01T00:00:00.000000+00:00');
INSERT INTO "replies" VALUES('h2','{"text":"yes","usage":{"prompt":10,"completion":2,"cached":0},"refusal":null,"finish":"stop","top":[["A",-0.1],["B",-2.5]]}','2026-01-01T00:00:00.000000+00:00');
CREATE TABLE reports (
        id INTEGER NOT NULL CONSTRAINT reports_pk PRIMARY KEY,
        step TEXT NOT NULL,
        round INTEGER NOT NULL,
        payload TEXT NOT NULL,
        created_at TEXT NOT NULL
    );
INSERT INTO "reports" VALUES(1,'step',1,'{}','2026-01-01T00:00:00.000000+00:00');
INSERT INTO "reports" VALUES(2,'step',2,'{}','2026-01-01T00:00:00.000000+00:00');
CREATE TABLE routes (
        record_id INTEGER NOT NULL CONSTRAINT routes_record_fk REFERENCES records (id),
        seq INTEGER NOT NULL,
        outcome TEXT NOT NULL CONSTRAINT routes_outcome_ck
            CHECK (outcome IN ('proposed', 'review')),
        reason TEXT NOT NULL,
        labels TEXT,
        agent_labels TEXT,
        model_label TEXT,
        agent_confidence DOUBLE PRECISION,
        model_confidence DOUBLE PRECISION,
        priority DOUBLE PRECISION NOT NULL,
        model_version INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        CONSTRAINT routes_pk PRIMARY KEY (record_id, seq)
    );
INSERT INTO "routes" VALUES(4,1,'review','disagreement',NULL,'["a"]','b',0.75,0.5,1.5,1,'2026-01-01T00:00:00.000000+00:00');
INSERT INTO "routes" VALUES(5,1,'review','disagreement',NULL,'["a"]','b',0.75,0.5,1.5,1,'2026-01-01T00:00:00.000000+00:00');
CREATE TABLE schemas (
        version INTEGER NOT NULL CONSTRAINT schemas_pk PRIMARY KEY,
        fingerprint TEXT NOT NULL,
        labels TEXT NOT NULL,
        guidelines TEXT NOT NULL
    );
INSERT INTO "schemas" VALUES(1,'56b4e8bad9eff8a0d7d1bd4d5e7ac1e2c4f1de291e6984b4070f2b337fec22bc','[["a","is a",["a","aa"],"normal"],["b1","is b1",["b1","b1b1"],"normal"]]','');
INSERT INTO "schemas" VALUES(2,'9c629a5844816788348092b17a87244588a2717209a5df01c4fefd013534f7bb','[["a","is a",["a","aa"],"normal"],["b2","is b2",["b2","b2b2"],"normal"]]','');
CREATE TABLE spend (
        id INTEGER NOT NULL CONSTRAINT spend_pk PRIMARY KEY,
        request_hash TEXT NOT NULL,
        model TEXT NOT NULL,
        state TEXT NOT NULL CONSTRAINT spend_state_ck
            CHECK (state IN ('reserved', 'settled', 'released', 'lost')),
        nanos INTEGER NOT NULL,
        usage TEXT NOT NULL,
        created_at TEXT NOT NULL
    );
INSERT INTO "spend" VALUES(1,'h1','m','settled',7,'{"prompt":10,"completion":2,"cached":0}','2026-01-01T00:00:00.000000+00:00');
INSERT INTO "spend" VALUES(2,'r1','m','reserved',3,'{"prompt":0,"completion":0,"cached":0}','2026-01-01T00:00:00.000000+00:00');
INSERT INTO "spend" VALUES(3,'h2','m','settled',7,'{"prompt":10,"completion":2,"cached":0}','2026-01-01T00:00:00.000000+00:00');
INSERT INTO "spend" VALUES(4,'r2','m','reserved',3,'{"prompt":0,"completion":0,"cached":0}','2026-01-01T00:00:00.000000+00:00');
CREATE TABLE suggestions (
        record_id INTEGER NOT NULL CONSTRAINT suggestions_record_fk REFERENCES records (id),
        seq INTEGER NOT NULL,
        purpose TEXT NOT NULL,
        agent TEXT NOT NULL,
        mode TEXT NOT NULL,
        prompt TEXT NOT NULL,
        request_hash TEXT NOT NULL,
        schema_version INTEGER NOT NULL,
        labels TEXT,
        abstain TEXT,
        confidence DOUBLE PRECISION,
        rationale TEXT NOT NULL,
        rationale_by TEXT NOT NULL,
        neighbours TEXT NOT NULL,
        cut TEXT NOT NULL,
        usage TEXT NOT NULL,
        cost_nanos INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        CONSTRAINT suggestions_pk PRIMARY KEY (record_id, seq)
    );
INSERT INTO "suggestions" VALUES(4,1,'batch','openai:m','score','classify/v1','hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh',1,'["a"]',NULL,3.00000000000000044408e-01,'because','neighbours','[2,3]','1 demonstration','{"prompt":10,"completion":2,"cached":4}',12345678901234,'2026-01-01T00:00:00.000000+00:00');
INSERT INTO "suggestions" VALUES(5,1,'batch','openai:m','score','classify/v1','hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh',1,'["a"]',NULL,3.00000000000000044408e-01,'because','neighbours','[2,3]','1 demonstration','{"prompt":10,"completion":2,"cached":4}',12345678901234,'2026-01-01T00:00:00.000000+00:00');
CREATE TABLE tasks (
        id INTEGER NOT NULL CONSTRAINT tasks_pk PRIMARY KEY,
        record_id INTEGER NOT NULL CONSTRAINT tasks_record_fk REFERENCES records (id),
        reason TEXT NOT NULL,
        priority DOUBLE PRECISION NOT NULL,
        blind BOOLEAN NOT NULL,
        batch INTEGER,
        status TEXT NOT NULL CONSTRAINT tasks_status_ck
            CHECK (status IN ('open', 'done', 'cancelled')),
        created_at TEXT NOT NULL
    );
INSERT INTO "tasks" VALUES(1,4,'selected',1.0,0,NULL,'open','2026-01-01T00:00:00.000000+00:00');
INSERT INTO "tasks" VALUES(2,5,'selected',1.0,0,NULL,'open','2026-01-01T00:00:00.000000+00:00');
CREATE INDEX records_content_hash_ix ON records (content_hash, heldout, id);
CREATE UNIQUE INDEX tasks_open_uq ON tasks (record_id, reason) WHERE status = 'open';
CREATE INDEX tasks_order_ix ON tasks (priority DESC, record_id) WHERE status = 'open';
CREATE INDEX tasks_record_ix ON tasks (record_id);
CREATE INDEX leases_who_ix ON leases (who);
CREATE INDEX spend_reserved_ix ON spend (id) WHERE state = 'reserved';
CREATE TRIGGER suggestions_no_update BEFORE update ON suggestions
    BEGIN SELECT RAISE(ABORT, 'suggestions is append-only'); END;
CREATE TRIGGER suggestions_no_delete BEFORE delete ON suggestions
    BEGIN SELECT RAISE(ABORT, 'suggestions is append-only'); END;
CREATE TRIGGER annotations_no_update BEFORE update ON annotations
    BEGIN SELECT RAISE(ABORT, 'annotations is append-only'); END;
CREATE TRIGGER annotations_no_delete BEFORE delete ON annotations
    BEGIN SELECT RAISE(ABORT, 'annotations is append-only'); END;
CREATE TRIGGER decisions_no_update BEFORE update ON decisions
    BEGIN SELECT RAISE(ABORT, 'decisions is append-only'); END;
CREATE TRIGGER decisions_no_delete BEFORE delete ON decisions
    BEGIN SELECT RAISE(ABORT, 'decisions is append-only'); END;
CREATE TRIGGER routes_no_update BEFORE update ON routes
    BEGIN SELECT RAISE(ABORT, 'routes is append-only'); END;
CREATE TRIGGER routes_no_delete BEFORE delete ON routes
    BEGIN SELECT RAISE(ABORT, 'routes is append-only'); END;
COMMIT;
