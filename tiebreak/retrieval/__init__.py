"""Embeddings, vector indexes, duplicates, neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.retrieval.candidates import Near, PoolLimits, Uncertainty, anchors, preselect
    from tiebreak.retrieval.duplicates import near_duplicates
    from tiebreak.retrieval.embedding import embed_missing
    from tiebreak.retrieval.faiss_index import FaissIndex
    from tiebreak.retrieval.kept import KeptIndex
    from tiebreak.retrieval.neighbours import nearest_labelled
    from tiebreak.retrieval.ranking import blocks

__getattr__ = lazy_face(__name__)
