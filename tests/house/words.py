"""The words of the house: the field's, which are looked for, and a dialect, which is not spoken.

`BANNED` names identifiers and what to write instead; how often a room still uses them may only
shrink (`test_words.py`). A name says what it holds.
"""

from __future__ import annotations

DIALECT = ("told", "said", "heard", "held", "looks", "lot")
"""The six words by which the dialect is measured, for comparison over time."""

BANNED = {
    "told": "what it holds: row, payload, summary, suggestion",
    "said": "what it holds: answer, label, message",
    "heard": "agent_history",
    "held": "what it holds: withheld, leased, released",
    "looks": "batch_scores",
    "look": "batch_score",
    "lot": "sample, order",
    "lots": "sampling",
    "by_lot": "at random: sampled, is_sampled",
    "found": "what it holds: matches, candidates, tracks",
    "own": "what it holds",
    "here": "what it holds",
    "asked": "terms, options, arguments",
    "bench": "context",
    "machine": "scorer",
    "reach": "candidate_pool, limits",
    "outlook": "run_estimate",
    "doubt": "uncertainty",
    "doubts": "label_issues",
    "desk": "session",
    "deck": "card_builder",
    "visit": "request",
    "pursue": "campaign",
    "watchful": "monitor",
    "recheck": "verify",
    "hands": "hooks",
    "turn": "action",
    "flow": "stream_track",
    "view": "file_track",
    "champion": "baseline",
    "CHAMPION": "BASELINE",
    "TORN": "uncertainty",
    "trial": "head_comparison",
}
BANNED_PREFIXES = ("LEAST_", "MOST_", "ENOUGH", "ROOM_", "PATIENCE")
"""Limits are MIN_… and MAX_…."""
ALLOWED = ("LEAST_CONFIDENCE",)
"""The field's name of a strategy."""

TERMS = (
    *("agreement", "anchoring", "annotate", "audits", "backup", "budget", "calibration"),
    *("candidates", "cards", "certificate", "config", "consensus", "control arm", "drift"),
    *("duplicates", "embed", "evidence", "export", "fatigue", "forecast", "freeze", "fusion"),
    *("ingest", "label issues", "labeller", "learning curve", "ledger", "metrics"),
    *("monitor", "neighbours", "policy", "pool", "predict", "prelabel", "prevalence"),
    *("protocol", "prototypes", "routing", "sampling", "select", "settle", "simulate"),
    *("status", "stopping", "sync", "tasks", "terms", "train", "verify"),
)
"""Terms by which someone who knows the field looks for a file."""

GLOSSARY = (
    *("Record", "Label schema", "Pool", "Held out", "Neighbour", "Suggestion", "Prediction"),
    *("Query batch", "Control arm", "Route", "Review task", "Annotation", "Card", "Lease"),
    *("Gold", "Decision", "Head", "Policy", "Candidate", "Audit", "Certificate"),
    *("Project context", "Pool state", "Scorer", "Agent history", "Batch scores", "Model history"),
    *("Candidate pool", "Run estimate", "Label issue", "Promise terms", "Campaign", "Release"),
    *("Monitor", "Verify", "Track", "Review session", "Sync request", "Card builder"),
    *("Head comparison", "Uncertainty", "Settle", "Verdict"),
)
"""Words that the glossary explains."""
