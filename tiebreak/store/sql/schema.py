"""The tables as queries see them. Constraints, indexes and triggers are made by migrations.

A column is named as the field of the type that it holds, so that a row is an item.
"""

from sqlalchemy import BigInteger, Boolean, Column, Double, MetaData, Table, Text

from tiebreak.domain.batches import HeadComparison
from tiebreak.domain.evidence import Usage
from tiebreak.store.sql.types import AnyText, HexBytes, Json, JsonOf, JsonTuple

metadata = MetaData()

records = Table(
    "records",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("heldout", Boolean),
    Column("content_hash", HexBytes),
    Column("source", AnyText),
    Column("external_id", AnyText),
    Column("split", AnyText),
    Column("metadata", Json),
    Column("text", AnyText),
)

links = Table(
    "links",
    metadata,
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("of_id", BigInteger),
    Column("kind", Text),
    Column("similarity", Double),
)

gold = Table(
    "gold",
    metadata,
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("labels", JsonTuple),
)

schemas = Table(
    "schemas",
    metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("fingerprint", Text),
    Column("labels", Json),
    Column("guidelines", AnyText),
)

suggestions = Table(
    "suggestions",
    metadata,
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("purpose", Text),
    Column("agent", AnyText),
    Column("mode", Text),
    Column("prompt", AnyText),
    Column("request_hash", AnyText),
    Column("schema_version", BigInteger),
    Column("labels", JsonTuple),
    Column("abstain", AnyText),
    Column("confidence", Double),
    Column("rationale", AnyText),
    Column("rationale_by", Text),
    Column("neighbours", JsonTuple),
    Column("cut", AnyText),
    Column("usage", JsonOf(Usage)),
    Column("cost_nanos", BigInteger),
    Column("created_at", Text),
)

annotations = Table(
    "annotations",
    metadata,
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("who", AnyText),
    Column("source", Text),
    Column("outcome", Text),
    Column("labels", JsonTuple),
    Column("schema_version", BigInteger),
    Column("seconds", Double),
    Column("shown", AnyText),
    Column("note", AnyText),
    Column("key", AnyText),
    Column("created_at", Text),
    Column("suggestion", BigInteger),
    Column("model_version", BigInteger),
)

decisions = Table(
    "decisions",
    metadata,
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("by", Text),
    Column("labels", JsonTuple),
    Column("reasons", JsonTuple),
    Column("schema_version", BigInteger),
    Column("policy_version", AnyText),
    Column("confidence", Double),
    Column("created_at", Text),
)

routes = Table(
    "routes",
    metadata,
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("outcome", Text),
    Column("reason", Text),
    Column("labels", JsonTuple),
    Column("agent_labels", JsonTuple),
    Column("model_label", AnyText),
    Column("agent_confidence", Double),
    Column("model_confidence", Double),
    Column("priority", Double),
    Column("model_version", BigInteger),
    Column("created_at", Text),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("record_id", BigInteger),
    Column("reason", Text),
    Column("priority", Double),
    Column("blind", Boolean),
    Column("batch", BigInteger),
    Column("status", Text),
    Column("created_at", Text),
)

leases = Table(
    "leases",
    metadata,
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("who", AnyText),
    Column("expires_at", Double),
)

batches = Table(
    "batches",
    metadata,
    Column("round", BigInteger, primary_key=True, autoincrement=False),
    Column("strategy", AnyText),
    Column("seed", BigInteger),
    Column("schema_version", BigInteger),
    Column("model_version", BigInteger),
    Column("phase", Text),
    Column("created_at", Text),
)

batch_items = Table(
    "batch_items",
    metadata,
    Column("round", BigInteger, primary_key=True, autoincrement=False),
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger),
    Column("arm", Text),
    Column("reason", AnyText),
    Column("probability", Double),
    Column("utilities", Json),
    Column("model_version", BigInteger),
    Column("model_probabilities", JsonTuple),
    Column("agent", AnyText),
    Column("agent_labels", JsonTuple),
)

replies = Table(
    "replies",
    metadata,
    Column("request_hash", AnyText, primary_key=True),
    Column("completion", Json),
    Column("created_at", Text),
)

spend = Table(
    "spend",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("request_hash", AnyText),
    Column("model", AnyText),
    Column("state", Text),
    Column("nanos", BigInteger),
    Column("usage", JsonOf(Usage)),
    Column("created_at", Text),
)

balance = Table(
    "balance",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("settled_nanos", BigInteger),
    Column("lost_nanos", BigInteger),
    Column("reserved_nanos", BigInteger),
    Column("calls", BigInteger),
    Column("prompt_tokens", BigInteger),
    Column("completion_tokens", BigInteger),
    Column("lost", BigInteger),
)

models = Table(
    "models",
    metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("round", BigInteger),
    Column("classes", JsonTuple),
    Column("c", Double),
    Column("c_chosen_at", BigInteger),
    Column("temperature", Double),
    Column("calibrated_on", BigInteger),
    Column("trained_on", Json),
    Column("embedder", AnyText),
    Column("schema_version", BigInteger),
    Column("labels_hash", Text),
    Column("sha256", Text),
    Column("head", Text),
    Column("trial", JsonOf(HeadComparison)),
    Column("created_at", Text),
)

policies = Table(
    "policies",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("version", Text),
    Column("promise", Text),
    Column("max_error", Double),
    Column("confidence", Double),
    Column("tiers", Json),
    Column("parts", Json),
    Column("secret", Text),
    Column("simulated", Boolean),
    Column("schema_version", BigInteger),
    Column("known", BigInteger),
    Column("candidates", BigInteger),
    Column("digest", HexBytes),
    Column("upto", BigInteger),
    Column("audit_rate", Double),
    Column("created_at", Text),
)

candidates = Table(
    "candidates",
    metadata,
    Column("policy", BigInteger, primary_key=True, autoincrement=False),
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("tier", AnyText),
    Column("labels", JsonTuple),
    Column("score", Double),
    Column("coin", HexBytes),
    Column("pi", Double),
    Column("release", Boolean),
    Column("seal", HexBytes),
)

audits = Table(
    "audits",
    metadata,
    Column("policy", BigInteger, primary_key=True, autoincrement=False),
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("created_at", Text),
)

certificates = Table(
    "certificates",
    metadata,
    Column("policy", BigInteger, primary_key=True, autoincrement=False),
    Column("tier", AnyText, primary_key=True),
    Column("mode", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("rungs", Json),
    Column("bound", Json),
    Column("released", BigInteger),
    Column("labels", BigInteger),
    Column("simulated", Boolean),
    Column("evidence", Json),
    Column("created_at", Text),
)

drift_marks = Table(
    "drift_marks",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text),
    Column("up_to", BigInteger),
    Column("created_at", Text),
)

drift_readings = Table(
    "drift_readings",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("state", Text),
    Column("reason", AnyText),
    Column("new", BigInteger),
    Column("after", BigInteger),
    Column("up_to", BigInteger),
    Column("groups", JsonTuple),
    Column("created_at", Text),
)

alarms = Table(
    "alarms",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("policy", BigInteger),
    Column("tier", AnyText),
    Column("audits", BigInteger),
    Column("wrong", BigInteger),
    Column("since", BigInteger),
    Column("until", BigInteger),
    Column("created_at", Text),
)

promise_terms = Table(
    "promise_terms",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("max_error", Double),
    Column("confidence", Double),
    Column("promise", Text),
    Column("created_at", Text),
)

reports = Table(
    "reports",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("step", AnyText),
    Column("round", BigInteger),
    Column("payload", Json),
    Column("created_at", Text),
)
