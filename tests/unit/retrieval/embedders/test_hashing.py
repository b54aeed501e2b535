import numpy as np
import pytest

from tiebreak.errors import UsageError
from tiebreak.retrieval.embedders.hashing import create


def test_the_vectors_are_pinned():
    row = create(dim=8).embed(["tie"])[0]
    assert np.round(row, 3).tolist() == [
        0.0,
        0.40799999237060547,
        0.40799999237060547,
        0.40799999237060547,
        0.40799999237060547,
        -0.40799999237060547,
        0.40799999237060547,
        0.0,
    ]


def test_another_dimension_is_another_encoder():
    assert create(dim=8).id != create(dim=16).id
    assert create(dim=16).embed(["a"]).shape == (1, 16)
    with pytest.raises(UsageError, match="dim = 1"):
        create(dim=1)


def test_company_changes_no_byte():
    encoder = create()
    texts = ["one", "two words", "three"]
    together = encoder.embed(texts)
    assert all((encoder.embed([t])[0] == row).all() for t, row in zip(texts, together, strict=True))


def test_counts_that_cancel_still_give_a_unit_vector():
    rows = create(dim=2).embed([str(i) for i in range(300)])
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-6)
