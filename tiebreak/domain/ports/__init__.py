"""The seams: what the steps need of a store, a language model, an encoder, an index, a strategy.

Implementations live in the folders above, one file each; `tiebreak.project.wiring` builds them.
"""

from tiebreak.domain.arrays import Floats
from tiebreak.domain.ports.evidence import Annotations, Decisions, Log, Routes
from tiebreak.domain.ports.language import Completion, LabelModel, Message, Request
from tiebreak.domain.ports.learning import (
    Classifier,
    Embedder,
    Head,
    HeadLink,
    Pick,
    Pool,
    QueryStrategy,
    SetClassifier,
    VectorIndex,
)
from tiebreak.domain.ports.monitoring import Monitoring
from tiebreak.domain.ports.promises import Promises
from tiebreak.domain.ports.records import Added, Gold, Records
from tiebreak.domain.ports.steps import Clock, Progress
from tiebreak.domain.ports.store import Batches, Ledger, Notes, Queue, Spend, Store, Versions

__all__ = [
    "Added",
    "Annotations",
    "Batches",
    "Classifier",
    "Clock",
    "Completion",
    "Decisions",
    "Embedder",
    "Floats",
    "Gold",
    "Head",
    "HeadLink",
    "LabelModel",
    "Ledger",
    "Log",
    "Message",
    "Monitoring",
    "Notes",
    "Pick",
    "Pool",
    "Progress",
    "Promises",
    "QueryStrategy",
    "Queue",
    "Records",
    "Request",
    "Routes",
    "SetClassifier",
    "Spend",
    "Store",
    "VectorIndex",
    "Versions",
]
