"""Embeddings, vector indexes, duplicates, neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.retrieval.candidates import (
        Near as Near,
        PoolLimits as PoolLimits,
        Uncertainty as Uncertainty,
        anchors as anchors,
        preselect as preselect,
    )
    from tiebreak.retrieval.duplicates import near_duplicates as near_duplicates
    from tiebreak.retrieval.embedding import embed_missing as embed_missing
    from tiebreak.retrieval.faiss_index import FaissIndex as FaissIndex
    from tiebreak.retrieval.kept import KeptIndex as KeptIndex
    from tiebreak.retrieval.neighbours import nearest_labelled as nearest_labelled
    from tiebreak.retrieval.ranking import blocks as blocks

__getattr__ = lazy_face(
    __name__,
    {
        "candidates": "Near PoolLimits Uncertainty anchors preselect",
        "duplicates": "near_duplicates",
        "embedding": "embed_missing",
        "faiss_index": "FaissIndex",
        "kept": "KeptIndex",
        "neighbours": "nearest_labelled",
        "ranking": "blocks",
    },
)
