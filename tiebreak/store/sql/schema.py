"""The tables as queries see them. Constraints, indexes and triggers are made by migrations.

A column is named as the field of the type that it holds, so that a row is an item.
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Double, MetaData, Table, Text
from sqlalchemy.types import TypeEngine

from tiebreak.domain.batches import HeadComparison
from tiebreak.domain.evidence import Usage
from tiebreak.store.sql.types import AnyText, HexBytes, Json, JsonOf, JsonTuple

metadata = MetaData()


def _table(
    name: str, key: tuple[str, ...], /, **columns: type[TypeEngine[Any]] | TypeEngine[Any]
) -> Table:
    """A table of these columns, in this order, with the primary key *key*.

    Nothing is numbered by the database: see `tiebreak.store.sql.part.highest`.
    """
    return Table(
        name,
        metadata,
        *(
            Column(column, type_, primary_key=column in key, autoincrement=False)
            for column, type_ in columns.items()
        ),
    )


# fmt: off
records = _table(
    "records", ("id",), id=BigInteger, heldout=Boolean, content_hash=HexBytes, source=AnyText,
    external_id=AnyText, split=AnyText, metadata=Json, text=AnyText,
)
links = _table(
    "links", ("record_id",), record_id=BigInteger, of_id=BigInteger, kind=Text, similarity=Double,
)
gold = _table(
    "gold", ("record_id",), record_id=BigInteger, labels=JsonTuple,
)
schemas = _table(
    "schemas", ("version",), version=BigInteger, fingerprint=Text, labels=Json, guidelines=AnyText,
)
suggestions = _table(
    "suggestions", ("record_id", "seq"), record_id=BigInteger, seq=BigInteger, purpose=Text,
    agent=AnyText, mode=Text, prompt=AnyText, request_hash=AnyText, schema_version=BigInteger,
    labels=JsonTuple, abstain=AnyText, confidence=Double, rationale=AnyText, rationale_by=Text,
    neighbours=JsonTuple, cut=AnyText, usage=JsonOf(Usage), cost_nanos=BigInteger, created_at=Text,
)
annotations = _table(
    "annotations", ("record_id", "seq"), record_id=BigInteger, seq=BigInteger, who=AnyText,
    source=Text, outcome=Text, labels=JsonTuple, schema_version=BigInteger, seconds=Double,
    shown=AnyText, note=AnyText, key=AnyText, created_at=Text, suggestion=BigInteger,
    model_version=BigInteger,
)
decisions = _table(
    "decisions", ("record_id", "seq"), record_id=BigInteger, seq=BigInteger, by=Text,
    labels=JsonTuple, reasons=JsonTuple, schema_version=BigInteger, policy_version=AnyText,
    confidence=Double, created_at=Text,
)
routes = _table(
    "routes", ("record_id", "seq"), record_id=BigInteger, seq=BigInteger, outcome=Text, reason=Text,
    labels=JsonTuple, agent_labels=JsonTuple, model_label=AnyText, agent_confidence=Double,
    model_confidence=Double, priority=Double, model_version=BigInteger, created_at=Text,
)
tasks = _table(
    "tasks", ("id",), id=BigInteger, record_id=BigInteger, reason=Text, priority=Double,
    blind=Boolean, batch=BigInteger, status=Text, created_at=Text,
)
leases = _table(
    "leases", ("record_id",), record_id=BigInteger, who=AnyText, expires_at=Double,
)
batches = _table(
    "batches", ("round",), round=BigInteger, strategy=AnyText, seed=BigInteger,
    schema_version=BigInteger, model_version=BigInteger, phase=Text, created_at=Text,
)
batch_items = _table(
    "batch_items", ("round", "record_id"), round=BigInteger, record_id=BigInteger,
    position=BigInteger, arm=Text, reason=AnyText, probability=Double, utilities=Json,
    model_version=BigInteger, model_probabilities=JsonTuple, agent=AnyText, agent_labels=JsonTuple,
)
replies = _table(
    "replies", ("request_hash",), request_hash=AnyText, completion=Json, created_at=Text,
)
spend = _table(
    "spend", ("id",), id=BigInteger, request_hash=AnyText, model=AnyText, state=Text,
    nanos=BigInteger, usage=JsonOf(Usage), created_at=Text,
)
balance = _table(
    "balance", ("id",), id=BigInteger, settled_nanos=BigInteger, lost_nanos=BigInteger,
    reserved_nanos=BigInteger, calls=BigInteger, prompt_tokens=BigInteger,
    completion_tokens=BigInteger, lost=BigInteger,
)
models = _table(
    "models", ("version",), version=BigInteger, round=BigInteger, classes=JsonTuple, c=Double,
    c_chosen_at=BigInteger, temperature=Double, calibrated_on=BigInteger, trained_on=Json,
    embedder=AnyText, schema_version=BigInteger, labels_hash=Text, sha256=Text, head=Text,
    trial=JsonOf(HeadComparison), created_at=Text,
)
policies = _table(
    "policies", ("number",), number=BigInteger, version=Text, promise=Text, max_error=Double,
    confidence=Double, tiers=Json, parts=Json, secret=Text, simulated=Boolean,
    schema_version=BigInteger, known=BigInteger, candidates=BigInteger, digest=HexBytes,
    upto=BigInteger, audit_rate=Double, created_at=Text,
)
candidates = _table(
    "candidates", ("policy", "record_id"), policy=BigInteger, record_id=BigInteger, tier=AnyText,
    labels=JsonTuple, score=Double, coin=HexBytes, pi=Double, release=Boolean, seal=HexBytes,
)
audits = _table(
    "audits", ("policy", "record_id"), policy=BigInteger, record_id=BigInteger, created_at=Text,
)
certificates = _table(
    "certificates", ("policy", "tier", "mode", "seq"), policy=BigInteger, tier=AnyText, mode=Text,
    seq=BigInteger, rungs=Json, bound=Json, released=BigInteger, labels=BigInteger,
    simulated=Boolean, evidence=Json, created_at=Text,
)
drift_marks = _table(
    "drift_marks", ("id",), id=BigInteger, kind=Text, up_to=BigInteger, created_at=Text,
)
drift_readings = _table(
    "drift_readings", ("id",), id=BigInteger, state=Text, reason=AnyText, new=BigInteger,
    after=BigInteger, up_to=BigInteger, groups=JsonTuple, created_at=Text,
)
alarms = _table(
    "alarms", ("id",), id=BigInteger, policy=BigInteger, tier=AnyText, audits=BigInteger,
    wrong=BigInteger, since=BigInteger, until=BigInteger, created_at=Text,
)
promise_terms = _table(
    "promise_terms", ("id",), id=BigInteger, max_error=Double, confidence=Double, promise=Text,
    created_at=Text,
)
reports = _table(
    "reports", ("id",), id=BigInteger, step=AnyText, round=BigInteger, payload=Json,
    created_at=Text,
)
# fmt: on
